/*
 * arena.c - first fit over one piece of memory [design 3]. Called by a board's port; calls nobody.
 *
 * The memory is a row of blocks without gaps, each behind a head that tells its size, so the next
 * block is found by adding. Free neighbours are joined when a search passes them.
 */
#include "arena.h"

#include <stdbool.h>
#include <string.h>

struct head {
    _Alignas(max_align_t) uint32_t size; /* bytes of the block, without its head */
    bool used;
};

enum { UNIT = sizeof(struct head) };

static struct head *at(const struct spwf_arena *a, size_t offset) {
    return (struct head *)(void *)(a->memory + offset);
}

void spwf_arena_start(struct spwf_arena *a, void *memory, size_t size) {
    size -= size % UNIT;
    *a = (struct spwf_arena){.memory = memory, .size = size};
    *at(a, 0) = (struct head){.size = (uint32_t)(size - UNIT)};
}

static void join_free(const struct spwf_arena *a, size_t offset) {
    struct head *h = at(a, offset);
    size_t next = offset + UNIT + h->size;
    while (next < a->size && !at(a, next)->used) {
        h->size += UNIT + at(a, next)->size;
        next = offset + UNIT + h->size;
    }
}

static void *take(struct spwf_arena *a, size_t offset, uint32_t size) {
    struct head *h = at(a, offset);
    if (h->size > size) { /* what is over holds at least a head */
        *at(a, offset + UNIT + size) = (struct head){.size = h->size - size - UNIT};
        h->size = size;
    }
    h->used = true;
    a->live += size;
    a->blocks++;
    a->peak = a->live > a->peak ? a->live : a->peak;
    a->top = offset + UNIT + size > a->top ? offset + UNIT + size : a->top;
    return h + 1;
}

void *spwf_arena_alloc(struct spwf_arena *a, size_t size) {
    if (size > a->size) {
        return NULL;
    }
    size = (size + UNIT - 1) / UNIT * UNIT;
    for (size_t offset = 0; offset < a->size; offset += UNIT + at(a, offset)->size) {
        if (!at(a, offset)->used) {
            join_free(a, offset);
            if (at(a, offset)->size >= size) {
                return take(a, offset, (uint32_t)size);
            }
        }
    }
    return NULL;
}

void spwf_arena_release(struct spwf_arena *a, void *memory) {
    if (memory == NULL) {
        return;
    }
    struct head *h = (struct head *)memory - 1;
    void *(*volatile set)(void *, int, size_t) = memset; /* may not be left out */
    (void)set(memory, 0, h->size);
    h->used = false;
    a->live -= h->size;
    a->blocks--;
}
