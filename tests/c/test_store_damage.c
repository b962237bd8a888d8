/*
 * test_store_damage.c - flash that holds anything: it is never trusted, and can be used again. What
 * was stored may become unreadable, but not absent.
 */
#include "store_life.h"

static void scribble(uint32_t from, uint32_t to, uint32_t *seed) {
    for (uint32_t i = from; i < to; i++) {
        fake.flash.bytes[i] = (uint8_t)(fake_random(seed) >> 24);
        fake.flash.used[i] = 1;
    }
}

static void garbage_is_an_empty_memory_that_works(void) {
    uint32_t seed = 7;

    for (int round = 0; round < 100; round++) {
        const struct geometry *g = &geometries[(size_t)round % CHECK_COUNT(geometries)];
        struct model model = {{NULL}};
        power_on(g);
        scribble(round % 3 == 0 ? FLASH / 2 : 0, round % 3 == 1 ? FLASH / 2 : FLASH, &seed);
        check(spwf_store_mount(&module) == SPWF_OK);
        check(holds(&model));
        for (size_t i = 0; i < STEPS; i++) {
            check(apply(&script[i]) == SPWF_OK);
            model = expect(&model, &script[i]);
        }
        check(spwf_store_mount(&module) == SPWF_OK);
        check(holds(&model));
        fake_free(&fake);
    }
}

/* Cleaned, it takes all files again. */
static bool works_again(void) {
    struct model model = {{NULL}};
    bool works = spwf_store_remove(&module, FILES) == SPWF_OK;
    for (size_t i = 1; i < 6; i++) {
        works = works && apply(&script[i]) == SPWF_OK;
        model = expect(&model, &script[i]);
    }
    return works && holds(&model);
}

/* Whether a record is one of those that were written, or cannot be read. */
static bool is_known(uint32_t key, size_t steps) {
    uint8_t data[LARGEST];
    bool known = spwf_store_read(&module, (enum spwf_record)key, data, LARGEST) < 0;
    for (size_t i = 0; !known && i < steps; i++) {
        known = script[i].key == key && script[i].len > 0 && holds_record(key, &script[i]);
    }
    return known;
}

static void damage_is_an_error_and_never_a_wrong_content(void) {
    static struct snapshot whole;
    uint32_t seed = 99, damaged = 0;

    power_on(&geometries[3]);
    spwf_store_mount(&module);
    for (size_t i = 0; i < 11; i++) {
        check(apply(&script[i]) == SPWF_OK);
    }
    save(&whole);
    for (int round = 0; round < 3000; round++) {
        restore(&whole);
        for (uint32_t flips = fake_random(&seed) % 6 + 1; flips > 0; flips--) {
            uint32_t at = fake_random(&seed) % 8192 + module.store.bank * 8192u;
            at = flips == 1 ? at - at % 8192 + at % 64 : at; /* the heads more often */
            fake.flash.bytes[at] ^= (uint8_t)(1u << fake_random(&seed) % 8);
        }
        damaged += spwf_store_mount(&module) != SPWF_OK;
        for (uint32_t key = 1; key < SPWF_RECORDS; key++) {
            check_case(is_known(key, 11), "round %d, key %u", round, key);
        }
        check_case(works_again(), "round %d", round);
    }
    check(damaged > 300);
    fake_free(&fake);
}

/* A module that lost its CA must not take itself for one that never had any: each bit of a state that
 * a boot has seen. */
static void a_bit_that_flips_takes_no_record_away(void) {
    static struct snapshot whole;
    struct model model = {{NULL}};
    uint32_t lost = 0;

    power_on(&geometries[3]);
    spwf_store_mount(&module);
    for (size_t i = 0; i < 6; i++) {
        check(apply(&script[i]) == SPWF_OK);
        model = expect(&model, &script[i]);
    }
    check(spwf_store_mount(&module) == SPWF_OK);
    check(holds(&model));
    save(&whole);
    uint32_t start = module.store.bank * 8192u,
             end = start + 12 + 5 * 16 + 400 + 300 + 208 + 128 + 16;
    for (uint32_t bit = start * 8; bit < end * 8; bit++) {
        restore(&whole);
        fake.flash.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)spwf_store_mount(&module);
        for (uint32_t key = 1; key < SPWF_RECORDS; key++) {
            uint8_t data[LARGEST];
            bool unreadable = spwf_store_read(&module, key, data, LARGEST) == SPWF_E_NV;
            lost += unreadable;
            check_case(unreadable || holds_record(key, model.by[key]), "bit %u, key %u", bit, key);
        }
    }
    check(lost > (end - start) * 8);
    fake_free(&fake);
}

static uint32_t plain_crc(const uint8_t *data, size_t len) {
    uint32_t crc = 0xFFFFFFFFu;

    for (size_t i = 0; i < 8 * len; i++) {
        uint32_t bit = (crc ^ (uint32_t)data[i / 8] >> i % 8) & 1u;
        crc = crc >> 1 ^ (bit != 0 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void forge_head(uint32_t at, uint32_t first, uint32_t second) {
    uint32_t words[3] = {first, second, 0};

    words[2] = plain_crc((const uint8_t *)words, 8);
    memcpy(fake.flash.bytes + at, words, sizeof words);
    memset(fake.flash.used + at, 1, sizeof words);
}

/* Heads with a right CRC and any key and length: the fake ends the program at a step outside. */
static void forged_heads_lead_nowhere(void) {
    uint32_t seed = 3, found = 0;

    for (int round = 0; round < 2000; round++) {
        struct model model = {{NULL}};
        uint8_t data[65536];
        power_on(&geometries[(size_t)round % CHECK_COUNT(geometries)]);
        uint32_t at = fake_random(&seed) % 2 * 8192, limit = at + 8192;
        forge_head(at, 0x00575053u, fake_random(&seed)); /* which counts none */
        for (at += fake.nv.unit <= 4 ? 12 : 16; at + 12 <= limit;) {
            uint32_t key = fake_random(&seed) % 16 < 15 ? fake_random(&seed) % 5 + 1
                                                        : fake_random(&seed) & 0xFFFF;
            uint32_t len = fake_random(&seed) % 8 < 7 ? fake_random(&seed) % 2000
                                                      : fake_random(&seed) & 0xFFFF;
            forge_head(at, key << 16 | len, fake_random(&seed));
            at += (12 + fake.nv.unit - 1) / fake.nv.unit * fake.nv.unit;
            at += (len + fake.nv.unit - 1) / fake.nv.unit * fake.nv.unit;
        }
        check(spwf_store_mount(&module) == SPWF_OK);
        for (uint32_t key = 1; key < SPWF_RECORDS; key++) {
            found += spwf_store_size(&module, (enum spwf_record)key) >= 0;
            int len = spwf_store_read(&module, (enum spwf_record)key, data, sizeof data);
            check(len <= 0); /* the CRC of no byte is right by chance, that of nothing may be */
        }
        check(spwf_store_remove(&module, FILES | CONFIG) == SPWF_OK);
        check(holds(&model));
        fake_free(&fake);
    }
    check(found > 1000);
}

int main(int argc, char **argv) {
    static const struct check_test tests[] = {
        {"garbage is an empty memory that works", garbage_is_an_empty_memory_that_works},
        {"damage is an error and never a wrong content",
         damage_is_an_error_and_never_a_wrong_content},
        {"a bit that flips takes no record away", a_bit_that_flips_takes_no_record_away},
        {"forged heads lead nowhere", forged_heads_lead_nowhere},
    };

    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
