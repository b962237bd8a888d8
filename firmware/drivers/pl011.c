/*
 * pl011.c - uart.h on Arm's PrimeCell UART, with the 16-byte FIFOs on [Arm DDI 0183]. Its receive
 * interrupt rises when the FIFO half fills or when bytes have waited for 32 bit times.
 */
#include "uart.h"

#include "../cm3/cpu.h"

#define UARTDR(u) REGISTER((u)->base + 0x00)
#define UARTFR(u) REGISTER((u)->base + 0x18)
#define UARTIBRD(u) REGISTER((u)->base + 0x24)
#define UARTFBRD(u) REGISTER((u)->base + 0x28)
#define UARTLCR_H(u) REGISTER((u)->base + 0x2C)
#define UARTCR(u) REGISTER((u)->base + 0x30)
#define UARTIMSC(u) REGISTER((u)->base + 0x38)
#define UARTICR(u) REGISTER((u)->base + 0x44)

enum { RXFE = 1 << 4, TXFF = 1 << 5 };           /* UARTFR */
enum { FEN = 1 << 4, WLEN_8 = 3 << 5 };          /* UARTLCR_H */
enum { UARTEN = 1, TXE = 1 << 8, RXE = 1 << 9 }; /* UARTCR */
enum { RXIM = 1 << 4, RTIM = 1 << 6 };           /* UARTIMSC, UARTICR */

void uart_speed(struct uart *u, uint32_t baud) {
    uint32_t divisor = (8 * u->clock / baud + 1) / 2; /* 1/64ths of clock / 16 / baud, rounded */
    UARTCR(u) = 0;
    UARTIBRD(u) = divisor / 64;
    UARTFBRD(u) = divisor % 64;
    UARTLCR_H(u) = WLEN_8 | FEN; /* its write makes the divisor count */
    UARTCR(u) = UARTEN | TXE | RXE;
}

void uart_start(struct uart *u, uintptr_t base, uint32_t clock, uint32_t baud) {
    u->base = base;
    u->clock = clock;
    uart_speed(u, baud);
    UARTICR(u) = 0x7FF;
    UARTIMSC(u) = RXIM | RTIM;
}

void uart_interrupt(struct uart *u) {
    cpu_event = true;
    UARTICR(u) = RXIM | RTIM;
    while ((UARTFR(u) & RXFE) == 0) {
        if (u->tail - u->head == u->size) {
            UARTIMSC(u) = 0;
            return;
        }
        u->ring[u->tail % u->size] = (uint8_t)UARTDR(u);
        u->tail++;
    }
}

/* What stayed in the FIFO raises no interrupt by itself, so the handler is run by hand. */
void uart_refill(struct uart *u) {
    if (UARTIMSC(u) == 0) {
        uart_interrupt(u);
        UARTIMSC(u) = u->tail - u->head < u->size ? RXIM | RTIM : 0;
    }
}

size_t uart_write(struct uart *u, const void *data, size_t len) {
    const uint8_t *bytes = data;
    size_t sent = 0;
    while (sent < len && (UARTFR(u) & TXFF) == 0) {
        UARTDR(u) = bytes[sent++];
    }
    return sent;
}
