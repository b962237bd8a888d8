/*
 * arena.h - the allocator that a board gives its one module: first fit in one piece of memory, with
 * an account of what it costs. For ports without a heap of their own; the core itself knows only
 * port->alloc and port->release.
 */
#ifndef SPWF_ARENA_H
#define SPWF_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct spwf_arena {
    uint8_t *memory; /* aligned for any type */
    size_t size;     /* bytes of it */
    size_t live;     /* bytes that are in use, without the arena's own heads */
    size_t peak;     /* the most that `live` has been */
    size_t top;      /* bytes of `memory` that were ever in use, heads and gaps included */
    size_t blocks;   /* allocations that were not released */
};

/* `size` is rounded down to whole units of alignment. */
void spwf_arena_start(struct spwf_arena *a, void *memory, size_t size);

/* Aligned for any type; NULL where no gap is large enough. */
void *spwf_arena_alloc(struct spwf_arena *a, size_t size);

/* Wipes. NULL is allowed. */
void spwf_arena_release(struct spwf_arena *a, void *memory);

#endif
