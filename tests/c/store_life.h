/*
 * store_life.h - what the tests of the store share: a life of changes, and what must be true after
 * each of them, whatever happened to the power. Included once per test_store*.c.
 */
#ifndef STORE_LIFE_H
#define STORE_LIFE_H

#include "check.h"
#include "fake_port.h"
#include "inner.h"

enum {
    LARGEST = 3072, /* bytes of a content */
    FLASH = 16384,  /* bytes of each geometry */
    CONFIG = 1 << SPWF_RECORD_CONFIG,
    CA = 1 << SPWF_RECORD_CA,
    CERT = 1 << SPWF_RECORD_CERT,
    KEY = 1 << SPWF_RECORD_KEY,
    DOMAIN = 1 << SPWF_RECORD_DOMAIN,
    FILES = CA | CERT | KEY | DOMAIN
};

static const struct geometry {
    uint32_t page_size, pages, unit;
} geometries[] = {{8192, 2, 1}, {1024, 16, 2}, {2048, 8, 4}, {4096, 4, 8}, {4096, 4, 16}};

/* A change: `version` (1..) of a record with `len` bytes, or where len is 0 the removal of keys. */
struct step {
    uint32_t key; /* enum spwf_record, or for a removal bits 1 << key */
    uint32_t version;
    uint32_t len;
};

/* A life: clean and provision, save, replace each file, fill the bank, remove one, remove all. */
static const struct step script[] = {
    {FILES, 0, 0},
    {SPWF_RECORD_CONFIG, 1, 400},
    {SPWF_RECORD_CA, 1, 300},
    {SPWF_RECORD_CERT, 1, 201},
    {SPWF_RECORD_KEY, 1, 127},
    {SPWF_RECORD_DOMAIN, 1, 14},
    {SPWF_RECORD_CONFIG, 2, 400},
    {SPWF_RECORD_CONFIG, 2, 400}, /* the same: nothing happens */
    {SPWF_RECORD_CA, 2, 299},
    {SPWF_RECORD_KEY, 2, 141}, /* the key is replaced: a new bank */
    {SPWF_RECORD_CONFIG, 3, 31},
    {SPWF_RECORD_CERT, 2, 3000},
    {SPWF_RECORD_CERT, 3, 3001},
    {SPWF_RECORD_CERT, 4, 960}, /* the bank was full: a new one */
    {SPWF_RECORD_CONFIG, 4, 410},
    {DOMAIN, 0, 0},
    {SPWF_RECORD_DOMAIN, 2, 64},
    {CA | KEY, 0, 0},
    {SPWF_RECORD_KEY, 3, 140},
    {FILES, 0, 0},
};
enum { STEPS = sizeof script / sizeof *script };

/* What the store ought to hold: the step that made each record, NULL where it is absent. */
struct model {
    const struct step *by[SPWF_RECORDS];
};

static struct fake fake;
static struct spwf module; /* only its config and store are used */
static uint8_t content_bytes[LARGEST];

static inline void power_on(const struct geometry *g) {
    fake_init(&fake, g->page_size, g->pages, g->unit);
    memset(&module, 0, sizeof module);
    module.config = fake_config(&fake);
}

enum { GROUP = 8 }; /* bytes of a content that say whose they are, wherever they are found */

static inline const uint8_t *content(uint32_t key, uint32_t version, uint32_t len) {
    for (uint32_t i = 0; i < len; i++) {
        uint32_t n = i / GROUP;
        const uint8_t group[GROUP] = {
            0xC5, 0x3A, 0x96, 0x69, (uint8_t)key, (uint8_t)version, (uint8_t)n, (uint8_t)(n >> 8)};
        content_bytes[i] = group[i % GROUP];
    }
    return content_bytes;
}

static inline int apply(const struct step *step) {
    if (step->len == 0) {
        return spwf_store_remove(&module, step->key);
    }
    return spwf_store_write(&module, (enum spwf_record)step->key,
                            content(step->key, step->version, step->len), step->len);
}

static inline struct model expect(const struct model *before, const struct step *step) {
    struct model after = *before;

    for (uint32_t key = 0; key < SPWF_RECORDS; key++) {
        if (step->len == 0 && (step->key & 1u << key) != 0) {
            after.by[key] = NULL;
        }
        if (step->len != 0 && step->key == key) {
            after.by[key] = step;
        }
    }
    return after;
}

static inline bool holds_record(uint32_t key, const struct step *by) {
    uint8_t data[LARGEST];
    int len = spwf_store_read(&module, (enum spwf_record)key, data, sizeof data);

    if (by == NULL) {
        return len == SPWF_E_ABSENT &&
               spwf_store_size(&module, (enum spwf_record)key) == SPWF_E_ABSENT;
    }
    return len == (int)by->len && spwf_store_size(&module, (enum spwf_record)key) == len &&
           memcmp(data, content(key, by->version, by->len), by->len) == 0;
}

static inline bool holds(const struct model *model) {
    bool all = true;

    for (uint32_t key = 1; key < SPWF_RECORDS; key++) {
        all = all && holds_record(key, model->by[key]);
    }
    return all;
}

/* The versions (bits 1 << version) of each record of which a trace is anywhere in the flash. */
static inline void find_traces(uint32_t versions[SPWF_RECORDS]) {
    const uint8_t *mark = content(0, 0, GROUP);
    const uint8_t *at = fake.flash.bytes, *end = at + fake.flash.size - GROUP;

    memset(versions, 0, SPWF_RECORDS * sizeof *versions);
    while ((at = memchr(at, mark[0], (size_t)(end - at))) != NULL) {
        if (memcmp(at, mark, 4) == 0 && at[4] < SPWF_RECORDS) {
            versions[at[4]] |= 1u << at[5] % 32;
        }
        at++;
    }
}

/* Former keys, and whatever was removed, are nowhere: `done` is how many steps were completed. */
static inline bool gone(const struct model *now, size_t done) {
    uint32_t traces[SPWF_RECORDS];

    find_traces(traces);
    for (size_t i = 0; i < done; i++) {
        const struct step *s = &script[i];
        bool counts = s->len != 0 && (s->key == SPWF_RECORD_KEY || now->by[s->key] == NULL);
        if (counts && now->by[s->key] != s && (traces[s->key] & 1u << s->version) != 0) {
            return false;
        }
    }
    return true;
}

struct snapshot {
    uint8_t bytes[FLASH];
    uint8_t used[FLASH];
    struct spwf_store store;
};

static inline void save(struct snapshot *s) {
    fake_flash_save(&fake, s->bytes, s->used);
    s->store = module.store;
}

static inline void restore(const struct snapshot *s) {
    fake_flash_load(&fake, s->bytes, s->used);
    module.store = s->store;
    fake_power_on(&fake);
}

#endif
