/*
 * fake_port.c - see fake_port.h. Used by the C tests only.
 */
#include "fake_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds, const char *rule) {
    if (!holds) {
        fprintf(stderr, "fake port: %s\n", rule);
        abort();
    }
}

uint32_t fake_random(uint32_t *state) {
    uint32_t x = *state; /* Marsaglia's xorshift */
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* ---------------------------------------------------------------- clock, entropy, heap -------- */

static uint64_t millis(void *ctx) {
    return ((struct fake *)ctx)->millis;
}

static int entropy(void *ctx, void *data, size_t len) {
    uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(fake_random(&((struct fake *)ctx)->random) >> 24);
    }
    return 0;
}

/* In front of each block, as large as any alignment, so that the block can be counted back. */
union block {
    size_t size;
    max_align_t align;
};

static void *allocate(void *ctx, size_t size) {
    struct fake *f = ctx;

    f->allocations++;
    if (f->allocations == f->fail_alloc_at) {
        return NULL;
    }
    union block *block = malloc(sizeof *block + size);
    require(block != NULL, "the machine has no memory");
    block->size = size;
    memset(block + 1, 0xA5, size); /* nobody may count on zeros */
    f->live_blocks++;
    f->live_bytes += size;
    f->peak_bytes = f->live_bytes > f->peak_bytes ? f->live_bytes : f->peak_bytes;
    return block + 1;
}

/* Each byte is zero and as the next one: memcmp() is quick under the sanitizers too. */
static bool is_wiped(const uint8_t *data, size_t size) {
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

static void release(void *ctx, void *memory) {
    struct fake *f = ctx;

    if (memory == NULL) {
        return;
    }
    union block *block = (union block *)memory - 1;
    f->dirty_release = f->dirty_release || !is_wiped(memory, block->size);
    f->live_blocks--;
    f->live_bytes -= block->size;
    free(block);
}

/* ---------------------------------------------------------------- flash ----------------------- */

static int flash_read(void *ctx, uint32_t offset, void *data, size_t len) {
    struct fake_flash *flash = &((struct fake *)ctx)->flash;

    require(offset <= flash->size && len <= flash->size - offset, "read outside of the flash");
    flash->reads++;
    if (flash->dead || flash->reads == flash->refuse_read_at) {
        return SPWF_E_NV;
    }
    memcpy(data, flash->bytes + offset, len);
    return 0;
}

/* What a torn operation leaves of the byte `is` that was to become `want`. */
static uint8_t torn(struct fake *f, bool first_half, uint8_t is, uint8_t want) {
    uint8_t noise = (uint8_t)(fake_random(&f->random) >> 24);

    switch (f->flash.tear) {
    case FAKE_TEAR_HALF:
        return first_half ? want : is;
    case FAKE_TEAR_BITS:
        return (uint8_t)((is & noise) | (want & ~noise));
    case FAKE_TEAR_GARBAGE:
        return noise;
    case FAKE_TEAR_ALL:
        return want;
    default:
        return is;
    }
}

/* Counts an operation over `len` bytes and carries it out: data NULL is an erase. */
static int operate(struct fake *f, uint32_t offset, const uint8_t *data, uint32_t len) {
    struct fake_flash *flash = &f->flash;
    uint8_t *at = flash->bytes + offset;

    flash->operations++;
    if (flash->dead || flash->operations == flash->refuse_at) {
        return SPWF_E_NV;
    }
    flash->dead = flash->operations == flash->cut_at;
    memset(flash->used + offset, data != NULL || flash->dead, len);
    if (flash->dead) {
        for (uint32_t i = 0; i < len; i++) {
            at[i] = torn(f, i < len / 2, at[i], data != NULL ? data[i] : 0xFF);
        }
        return SPWF_E_NV;
    }
    uint8_t worn = flash->bytes[flash->stuck_at];
    if (data != NULL) {
        memcpy(at, data, len);
    } else {
        memset(at, 0xFF, len);
    }
    if (flash->stuck_at != 0) {
        flash->bytes[flash->stuck_at] = worn;
    }
    return 0;
}

static int flash_program(void *ctx, uint32_t offset, const void *data, size_t len) {
    struct fake *f = ctx;
    uint32_t size = f->flash.size, unit = f->nv.unit;

    require(offset <= size && len <= size - offset && len > 0, "program outside of the flash");
    require(offset % unit == 0 && len % unit == 0, "program of less than a unit");
    for (size_t i = 0; i < len && !f->flash.dead; i++) {
        require(!f->flash.used[offset + i], "a unit programmed twice, or after a torn erase");
    }
    return operate(f, offset, data, (uint32_t)len);
}

static int flash_erase(void *ctx, uint32_t page) {
    struct fake *f = ctx;

    require(page < f->nv.pages, "erase outside of the flash");
    return operate(f, page * f->nv.page_size, NULL, f->nv.page_size);
}

void fake_flash_save(const struct fake *f, uint8_t *bytes, uint8_t *used) {
    memcpy(bytes, f->flash.bytes, f->flash.size);
    memcpy(used, f->flash.used, f->flash.size);
}

void fake_flash_load(struct fake *f, const uint8_t *bytes, const uint8_t *used) {
    memcpy(f->flash.bytes, bytes, f->flash.size);
    memcpy(f->flash.used, used, f->flash.size);
}

/* ---------------------------------------------------------------- the fake -------------------- */

void fake_init(struct fake *f, uint32_t page_size, uint32_t pages, uint32_t unit) {
    memset(f, 0, sizeof *f);
    f->random = 0x5EED5EEDu;
    f->port = (struct spwf_port){
        .millis = millis, .entropy = entropy, .alloc = allocate, .release = release};
    if (pages == 0) {
        return;
    }
    f->nv = (struct spwf_nv_port){.page_size = page_size,
                                  .pages = pages,
                                  .unit = unit,
                                  .read = flash_read,
                                  .program = flash_program,
                                  .erase = flash_erase};
    f->port.nv = &f->nv;
    f->flash.size = page_size * pages;
    f->flash.bytes = malloc(f->flash.size);
    f->flash.used = calloc(f->flash.size, sizeof *f->flash.used);
    require(f->flash.bytes != NULL && f->flash.used != NULL, "the machine has no memory");
    memset(f->flash.bytes, 0xFF, f->flash.size);
}

void fake_free(struct fake *f) {
    require(f->live_blocks == 0, "memory from alloc() was not released");
    free(f->flash.bytes);
    free(f->flash.used);
}

void fake_power_on(struct fake *f) {
    f->flash.dead = false;
    f->flash.operations = f->flash.reads = 0;
    f->flash.cut_at = f->flash.refuse_at = f->flash.refuse_read_at = 0;
}

struct spwf_config fake_config(struct fake *f) {
    return (struct spwf_config){.port = &f->port, .ctx = f};
}
