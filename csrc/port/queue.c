/*
 * queue.c - a growing byte queue. Used on both sides of the module's UART (host.c), where no size
 * is too large, and by the in-memory network. Keys pass through it, so what is freed is wiped.
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { SMALLEST = 256 };

static bool grow(struct queue *q, size_t len) {
    if (len > SIZE_MAX / 4 || q->used > SIZE_MAX / 4) {
        return false;
    }
    size_t size = q->size != 0 ? q->size : SMALLEST;
    while (size < q->used + len) {
        size *= 2;
    }
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return false;
    }
    if (q->bytes != NULL) {
        memcpy(bytes, q->bytes + q->head, q->used);
        explicit_bzero(q->bytes, q->size);
        free(q->bytes);
    }
    q->bytes = bytes;
    q->size = size;
    q->head = 0;
    return true;
}

bool spwf_queue_push(struct queue *q, const void *data, size_t len) {
    if (len == 0) {
        return true;
    }
    if (q->size - q->head - q->used < len) {
        /* Moving the rest to the front pays where at least half is free: each byte moves O(1)
         * times. */
        if (q->size - q->used >= len && q->used <= q->size / 2) {
            memmove(q->bytes, q->bytes + q->head, q->used);
            q->head = 0;
        } else if (!grow(q, len)) {
            return false;
        }
    }
    memcpy(q->bytes + q->head + q->used, data, len);
    q->used += len;
    return true;
}

const uint8_t *spwf_queue_front(const struct queue *q) {
    return q->used != 0 ? q->bytes + q->head : NULL;
}

void spwf_queue_drop(struct queue *q, size_t len) {
    if (len >= q->used) {
        spwf_queue_clear(q);
        return;
    }
    q->head += len;
    q->used -= len;
}

void spwf_queue_clear(struct queue *q) {
    if (q->bytes != NULL) {
        explicit_bzero(q->bytes, q->size);
        free(q->bytes);
    }
    *q = (struct queue){0};
}
