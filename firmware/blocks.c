/*
 * blocks.c - blocks.h. Called by port_tcp.c; calls nobody.
 */
#include "blocks.h"

#include <string.h>

enum { BYTES = 252, COUNT = 18 }; /* one connection's window, and half of another's */

struct block {
    struct block *next;
    uint8_t bytes[BYTES];
};

static struct block pool[COUNT];
static struct block *unused; /* blocks that were given back */
static size_t fresh = COUNT; /* blocks that never were in use */

static size_t available(void) {
    size_t count = fresh;
    for (const struct block *b = unused; b != NULL; b = b->next) {
        count++;
    }
    return count * BYTES;
}

static struct block *get(void) {
    struct block *b = unused;
    if (b == NULL) {
        b = &pool[--fresh];
    } else {
        unused = b->next;
    }
    b->next = NULL;
    return b;
}

bool blocks_room(const struct blocks *q, size_t len) {
    size_t at_end = q->last != NULL ? (size_t)BYTES - q->tail : 0;
    return len <= at_end + available();
}

void blocks_push(struct blocks *q, const void *data, size_t len) {
    const uint8_t *from = data;
    q->used += (uint32_t)len;
    while (len > 0) {
        if (q->last == NULL) {
            q->first = q->last = get();
            q->head = q->tail = 0;
        } else if (q->tail == BYTES) {
            q->last->next = get();
            q->last = q->last->next;
            q->tail = 0;
        }
        size_t n = len < (size_t)BYTES - q->tail ? len : (size_t)BYTES - q->tail;
        memcpy(q->last->bytes + q->tail, from, n);
        q->tail = (uint16_t)(q->tail + n);
        from += n;
        len -= n;
    }
}

size_t blocks_take(struct blocks *q, void *data, size_t size) {
    uint8_t *to = data;
    size_t taken = 0;
    while (taken < size && q->first != NULL) {
        struct block *b = q->first;
        size_t here = (b == q->last ? q->tail : BYTES) - (size_t)q->head;
        size_t n = size - taken < here ? size - taken : here;
        if (to != NULL) {
            memcpy(to + taken, b->bytes + q->head, n);
        }
        taken += n;
        q->head = (uint16_t)(q->head + n);
        if (n == here) { /* an exhausted block goes back; the last one too */
            q->first = b->next;
            q->last = b->next != NULL ? q->last : NULL;
            q->head = 0;
            memset(b->bytes, 0, sizeof b->bytes);
            b->next = unused;
            unused = b;
        }
    }
    q->used -= (uint32_t)taken;
    return taken;
}
