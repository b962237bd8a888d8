/*
 * cmsdk_uart.c - uart.h on the UART of Arm's Cortex-M System Design Kit [Arm DDI 0479, 4.3]. It holds
 * one byte each way.
 */
#include "uart.h"

#include "../cm3/cpu.h"

#define DATA(u) REGISTER((u)->base + 0x00)
#define STATE(u) REGISTER((u)->base + 0x04)
#define CTRL(u) REGISTER((u)->base + 0x08)
#define INTCLEAR(u) REGISTER((u)->base + 0x0C)
#define BAUDDIV(u) REGISTER((u)->base + 0x10)

enum { TX_FULL = 1, RX_FULL = 1 << 1 };                            /* STATE */
enum { TX_ENABLE = 1, RX_ENABLE = 1 << 1, RX_INTERRUPT = 1 << 3 }; /* CTRL */
enum { RX_CLEAR = 1 << 1 };
enum { BAUDDIV_MIN = 16 };

void uart_speed(struct uart *u, uint32_t baud) {
    uint32_t divisor = u->clock / baud;
    BAUDDIV(u) = divisor > BAUDDIV_MIN ? divisor : BAUDDIV_MIN;
}

void uart_start(struct uart *u, uintptr_t base, uint32_t clock, uint32_t baud) {
    u->base = base;
    u->clock = clock;
    uart_speed(u, baud);
    CTRL(u) = RX_INTERRUPT | RX_ENABLE | TX_ENABLE;
    (void)DATA(u); /* QEMU asks its other end for bytes only after the first read */
}

void uart_interrupt(struct uart *u) {
    cpu_event = true;
    INTCLEAR(u) = RX_CLEAR;
    while ((STATE(u) & RX_FULL) != 0) {
        if (u->tail - u->head == u->size) {
            CTRL(u) = RX_ENABLE | TX_ENABLE;
            return;
        }
        u->ring[u->tail % u->size] = (uint8_t)DATA(u);
        u->tail++;
    }
}

/* A byte that waits raises no interrupt by itself, so the handler is run by hand. */
void uart_refill(struct uart *u) {
    if ((CTRL(u) & RX_INTERRUPT) == 0) {
        uart_interrupt(u);
        if (u->tail - u->head < u->size) {
            CTRL(u) = RX_INTERRUPT | RX_ENABLE | TX_ENABLE;
        }
    }
}

size_t uart_write(struct uart *u, const void *data, size_t len) {
    const uint8_t *bytes = data;
    size_t sent = 0;
    while (sent < len && (STATE(u) & TX_FULL) == 0) {
        DATA(u) = bytes[sent++];
    }
    return sent;
}
