/*
 * uart.h - a serial line; implemented by uart.c and pl011.c or cmsdk_uart.c, called by a board.
 *
 * Received bytes go into a ring by interrupt. When the ring is full the interrupt is masked and the
 * bytes stay in the controller, whose other end then waits (QEMU) or is told to by RTS (a board that
 * has the line): none is lost while the processor computes. Reading unmasks it.
 */
#ifndef UART_H
#define UART_H

#include <stddef.h>
#include <stdint.h>

struct uart {
    uint8_t *ring;
    uint32_t size; /* of the ring, a power of two */
    uintptr_t base;
    uint32_t clock;               /* Hz, of the controller */
    volatile uint32_t head, tail; /* bytes taken, bytes come; both only grow */
};

/* `ring` and `size` are the caller's. */
void uart_start(struct uart *u, uintptr_t base, uint32_t clock, uint32_t baud);
void uart_speed(struct uart *u, uint32_t baud);
void uart_interrupt(struct uart *u);
void uart_refill(struct uart *u); /* uart.c made room: interrupts again, if they were masked */
const uint8_t *uart_peek(const struct uart *u, size_t *len); /* in one piece */
void uart_drop(struct uart *u, size_t len);
size_t uart_write(struct uart *u, const void *data, size_t len); /* what fits the controller now */

#endif
