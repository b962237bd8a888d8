/*
 * uart.c - the half of uart.h that is the same for every controller: the reading end of the ring.
 */
#include "uart.h"

const uint8_t *uart_peek(const struct uart *u, size_t *len) {
    uint32_t at = u->head % u->size, used = u->tail - u->head;
    *len = used < u->size - at ? used : u->size - at;
    return u->ring + at;
}

void uart_drop(struct uart *u, size_t len) {
    if (len > 0) {
        u->head += (uint32_t)len;
        uart_refill(u);
    }
}
