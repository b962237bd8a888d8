/*
 * heap.c - the memory of one module: malloc() with an account. Called by the core through the port.
 * The account tells what a session costs and that nothing is left behind; `limit` makes the memory
 * as small as a module's.
 */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct block {
    alignas(max_align_t) size_t size;
};

void *spwf_heap_alloc(void *ctx, size_t size) {
    struct heap *h = &((struct world *)ctx)->heap;
    if (size > h->limit - h->live || size > SIZE_MAX - sizeof(struct block)) {
        return NULL;
    }
    struct block *b = malloc(sizeof *b + size);
    if (b == NULL) {
        return NULL;
    }
    b->size = size;
    h->live += size;
    h->blocks++;
    if (h->live > h->peak) {
        h->peak = h->live;
    }
    return b + 1;
}

void spwf_heap_release(void *ctx, void *memory) {
    if (memory == NULL) {
        return;
    }
    struct heap *h = &((struct world *)ctx)->heap;
    struct block *b = (struct block *)memory - 1;
    h->live -= b->size;
    h->blocks--;
    explicit_bzero(memory, b->size);
    free(b);
}
