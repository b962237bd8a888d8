/*
 * test_arena.c - a board's allocator: what it gives, what it counts, what it leaves behind.
 */
#include "arena.h"

#include <stdalign.h>
#include <string.h>

#include "check.h"

enum { SIZE = 1024 };

static alignas(max_align_t) uint8_t memory[SIZE];

static struct spwf_arena fresh(void) {
    struct spwf_arena a;
    spwf_arena_start(&a, memory, sizeof memory);
    return a;
}

static void blocks_are_aligned_and_apart(void) {
    struct spwf_arena a = fresh();
    uint8_t *first = spwf_arena_alloc(&a, 1), *second = spwf_arena_alloc(&a, 17);
    check((uintptr_t)first % alignof(max_align_t) == 0);
    check((uintptr_t)second % alignof(max_align_t) == 0);
    check(second > first);
    check(a.blocks == 2);
    check(a.live >= 18 && a.peak == a.live && a.top > a.live);
}

static void what_is_released_is_wiped_and_given_again(void) {
    struct spwf_arena a = fresh();
    uint8_t *secret = spwf_arena_alloc(&a, 64);
    memset(secret, 0x5A, 64);
    spwf_arena_release(&a, secret);
    for (int i = 0; i < 64; i++) {
        check(secret[i] == 0);
    }
    check(a.live == 0 && a.blocks == 0 && a.peak >= 64);
    check(spwf_arena_alloc(&a, 64) == secret);
}

static void neighbours_are_joined(void) {
    struct spwf_arena a = fresh();
    void *blocks[3];
    for (int i = 0; i < 3; i++) {
        blocks[i] = spwf_arena_alloc(&a, 200);
        check(blocks[i] != NULL);
    }
    for (int i = 0; i < 3; i++) {
        spwf_arena_release(&a, blocks[i]);
    }
    check(spwf_arena_alloc(&a, 700) == blocks[0]);
}

static void what_does_not_fit_is_refused(void) {
    struct spwf_arena a = fresh();
    check(spwf_arena_alloc(&a, SIZE) == NULL);
    check(spwf_arena_alloc(&a, SIZE_MAX) == NULL);
    void *all = spwf_arena_alloc(&a, SIZE - alignof(max_align_t));
    check(all != NULL);
    check(spwf_arena_alloc(&a, 1) == NULL);
    check(a.top == SIZE && a.blocks == 1);
    spwf_arena_release(&a, all);
    spwf_arena_release(&a, NULL);
    check(a.blocks == 0);
}

/* Blocks of many sizes come and go; each keeps its own pattern. */
static void no_block_touches_another(void) {
    enum { BLOCKS = 8, ROUNDS = 2000 };
    struct spwf_arena a = fresh();
    struct {
        uint8_t *at;
        size_t size;
    } held[BLOCKS] = {{NULL, 0}};
    uint32_t dice = 1;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        dice = dice * 1664525u + 1013904223u;
        uint32_t i = dice >> 29;
        for (size_t n = 0; n < held[i].size; n++) {
            check(held[i].at[n] == (uint8_t)(i + 1));
        }
        spwf_arena_release(&a, held[i].at);
        held[i].size = dice >> 8 & 0xFF;
        held[i].at = spwf_arena_alloc(&a, held[i].size);
        if (held[i].at == NULL) {
            held[i].size = 0;
        } else {
            memset(held[i].at, (int)i + 1, held[i].size);
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        spwf_arena_release(&a, held[i].at);
    }
    check(a.live == 0 && a.blocks == 0);
}

static const struct check_test tests[] = {
    {"blocks are aligned and apart", blocks_are_aligned_and_apart},
    {"what is released is wiped and given again", what_is_released_is_wiped_and_given_again},
    {"neighbours are joined", neighbours_are_joined},
    {"what does not fit is refused", what_does_not_fit_is_refused},
    {"no block touches another", no_block_touches_another},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
