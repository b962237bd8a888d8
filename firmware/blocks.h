/*
 * blocks.h - what sockets have received and the host has not read: queues of bytes that share one
 * pool of small blocks. lwIP's own buffers go back to it at once, so a peer that sends byte by byte
 * cannot use them up.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block;

struct blocks { /* zeros: an empty queue */
    struct block *first, *last;
    uint16_t head; /* bytes of the first block that were taken */
    uint16_t tail; /* bytes in the last block */
    uint32_t used; /* bytes in the queue */
};

bool blocks_room(const struct blocks *q, size_t len);             /* whether so many would fit */
void blocks_push(struct blocks *q, const void *data, size_t len); /* there is room */
size_t blocks_take(struct blocks *q, void *data, size_t size);    /* data NULL: only drops */

#endif
