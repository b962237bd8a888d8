/*
 * test_certs.c - the TLS files: which twin counts, how large they may be together, and what becomes
 * of their memory.
 */
#include "check.h"
#include "fake_port.h"
#include "inner.h"

enum { ALL_SLOTS = (1 << SPWF_SLOTS) - 1 };

static const bool places[] = {true, false}; /* flash, RAM */
static struct fake fake;
static struct spwf module; /* only its config, store and certs are used */
static uint8_t text[2 * SPWF_BODY_MAX];

static void power_on(uint32_t pages) {
    fake_init(&fake, 2048, pages, 2);
    memset(&module, 0, sizeof module);
    memset(text, 'x', sizeof text);
    module.config = fake_config(&fake);
    (void)spwf_store_mount(&module);
}

/* Ends a test: nothing of the files stays in the heap, and nothing was given back unwiped. */
static void power_off(void) {
    spwf_certs_forget(&module);
    check_equal((long long)fake.live_blocks, 0);
    check(!fake.dirty_release);
    fake_free(&fake);
}

static int put(enum spwf_slot slot, bool flash, const char *content) {
    return spwf_certs_put(&module, slot, flash, content, strlen(content));
}

/* Whether `content` is what counts for the slot; "" where it is to be empty. */
static bool counts(enum spwf_slot slot, const char *content) {
    uint8_t *data = text;
    int len = spwf_certs_get(&module, slot, &data);
    bool same = len == (int)strlen(content) && (len == 0 ? data == NULL : data[len] == '\0');

    same = same && (len == 0 || memcmp(data, content, (size_t)len) == 0);
    spwf_certs_release(&module, data, len > 0 ? (size_t)len : 0);
    return same;
}

static void ram_comes_before_flash_slot_by_slot(void) {
    power_on(8);
    check(put(SPWF_SLOT_CA, true, "flash ca") == SPWF_OK);
    check(put(SPWF_SLOT_KEY, true, "flash key") == SPWF_OK);
    check(put(SPWF_SLOT_CA, false, "ram ca") == SPWF_OK);
    check(put(SPWF_SLOT_DOMAIN, false, "ram domain") == SPWF_OK);
    check(counts(SPWF_SLOT_CA, "ram ca"));
    check(counts(SPWF_SLOT_CERT, ""));
    check(counts(SPWF_SLOT_KEY, "flash key"));
    check(counts(SPWF_SLOT_DOMAIN, "ram domain"));
    spwf_certs_forget(&module);
    check(counts(SPWF_SLOT_CA, "flash ca"));
    check(counts(SPWF_SLOT_DOMAIN, ""));
    power_off();
}

static void each_place_is_cleaned_alone(void) {
    power_on(8);
    for (int slot = 0; slot < SPWF_SLOTS; slot++) {
        check(put((enum spwf_slot)slot, true, "flash") == SPWF_OK);
        check(put((enum spwf_slot)slot, false, "ram") == SPWF_OK);
    }
    check(spwf_certs_clean(&module, 1u << SPWF_SLOT_CERT, false) == SPWF_OK);
    check(spwf_certs_clean(&module, 1u << SPWF_SLOT_KEY, true) == SPWF_OK);
    check(counts(SPWF_SLOT_CERT, "flash"));
    check(counts(SPWF_SLOT_KEY, "ram"));
    check_equal(spwf_certs_size(&module, SPWF_SLOT_KEY, true), 0);
    check_equal(spwf_certs_size(&module, SPWF_SLOT_CERT, false), 0);
    check(spwf_certs_clean(&module, ALL_SLOTS, true) == SPWF_OK);
    for (int slot = 0; slot < SPWF_SLOTS; slot++) {
        check_equal(spwf_certs_size(&module, (enum spwf_slot)slot, true), 0);
    }
    check(counts(SPWF_SLOT_CA, "ram"));
    power_off();
}

static void cleaning_the_files_leaves_the_configuration(void) {
    power_on(8);
    check(spwf_store_write(&module, SPWF_RECORD_CONFIG, "settings", 8) == SPWF_OK);
    check(put(SPWF_SLOT_CA, true, "flash ca") == SPWF_OK);
    check(spwf_certs_clean(&module, ALL_SLOTS, true) == SPWF_OK);
    check_equal(spwf_store_size(&module, SPWF_RECORD_CONFIG), 8);
    power_off();
}

static void flash_files_outlive_a_reset(void) {
    power_on(8);
    check(put(SPWF_SLOT_CA, true, "flash ca") == SPWF_OK);
    check(put(SPWF_SLOT_CA, false, "ram ca") == SPWF_OK);
    spwf_certs_forget(&module);
    check(spwf_store_mount(&module) == SPWF_OK);
    check(counts(SPWF_SLOT_CA, "flash ca"));
    power_off();
}

/* 3072 bytes together, 6144 with limits_off; flash and RAM do not count for each other. */
static void files_are_limited_together(void) {
    for (size_t i = 0; i < 4; i++) {
        bool flash = places[i % 2];
        size_t limit = i < 2 ? 3072 : 6144, first = limit == 6144 ? 3072 : 1500;
        power_on(8);
        module.config.limits_off = i >= 2;
        check(spwf_certs_put(&module, SPWF_SLOT_CA, flash, text, first) == SPWF_OK);
        check(put(SPWF_SLOT_DOMAIN, flash, "server.example") == SPWF_OK);
        size_t left = limit - first - 14;
        check_equal(spwf_certs_check(&module, SPWF_SLOT_CERT, flash, left + 1), SPWF_R_SIZE);
        check_equal(spwf_certs_check(&module, SPWF_SLOT_CERT, !flash, left + 1), SPWF_OK);
        check_equal(spwf_certs_put(&module, SPWF_SLOT_CERT, flash, text, left + 1), SPWF_R_SIZE);
        check_equal(spwf_certs_size(&module, SPWF_SLOT_CERT, flash), 0);
        check_equal(spwf_certs_put(&module, SPWF_SLOT_CERT, flash, text, left), SPWF_OK);
        check_equal(spwf_certs_put(&module, SPWF_SLOT_KEY, flash, text, 1), SPWF_R_SIZE);
        /* What is replaced does not count. */
        check_equal(spwf_certs_check(&module, SPWF_SLOT_CERT, flash, left), SPWF_OK);
        check_equal(spwf_certs_size(&module, SPWF_SLOT_CERT, flash), (int)left);
        power_off();
    }
}

static void an_oversized_file_leaves_the_old_one(void) {
    for (size_t i = 0; i < CHECK_COUNT(places); i++) {
        power_on(8);
        check(put(SPWF_SLOT_CA, places[i], "old") == SPWF_OK);
        check_equal(spwf_certs_put(&module, SPWF_SLOT_CA, places[i], text, 3073), SPWF_R_SIZE);
        check(counts(SPWF_SLOT_CA, "old"));
        module.config.limits_off = true; /* one file is not larger for it */
        check_equal(spwf_certs_put(&module, SPWF_SLOT_CA, places[i], text, 3073), SPWF_R_SIZE);
        check_equal(spwf_certs_check(&module, SPWF_SLOT_CA, places[i], SIZE_MAX), SPWF_R_SIZE);
        check(counts(SPWF_SLOT_CA, "old"));
        check_equal(spwf_certs_put(&module, SPWF_SLOT_CA, places[i], text, 0), SPWF_R_ZERO);
        check(counts(SPWF_SLOT_CA, "old"));
        power_off();
    }
}

static void the_largest_file_comes_back_whole(void) {
    for (size_t i = 0; i < CHECK_COUNT(places); i++) {
        uint8_t *data;
        power_on(8);
        for (size_t k = 0; k < 3072; k++) {
            text[k] = (uint8_t)(k * 7);
        }
        check(spwf_certs_put(&module, SPWF_SLOT_KEY, places[i], text, 3072) == SPWF_OK);
        check_equal(spwf_certs_get(&module, SPWF_SLOT_KEY, &data), 3072);
        check(memcmp(data, text, 3072) == 0 && data[3072] == '\0');
        spwf_certs_release(&module, data, 3072);
        power_off();
    }
}

static void a_copy_outlives_what_it_was_made_of(void) {
    uint8_t *data;

    power_on(8);
    check(put(SPWF_SLOT_CA, false, "first") == SPWF_OK);
    check_equal(spwf_certs_get(&module, SPWF_SLOT_CA, &data), 5);
    check(put(SPWF_SLOT_CA, false, "second") == SPWF_OK);
    spwf_certs_forget(&module);
    check_text((char *)data, "first");
    spwf_certs_release(&module, data, 5);
    power_off();
}

static void without_a_flash_only_ram_holds_files(void) {
    power_on(0);
    check_equal(put(SPWF_SLOT_CA, true, "flash ca"), SPWF_E_ABSENT);
    check_equal(spwf_certs_size(&module, SPWF_SLOT_CA, true), 0);
    check(counts(SPWF_SLOT_CA, ""));
    check(put(SPWF_SLOT_CA, false, "ram ca") == SPWF_OK);
    check(counts(SPWF_SLOT_CA, "ram ca"));
    check_equal(spwf_certs_clean(&module, ALL_SLOTS, true), SPWF_E_ABSENT);
    power_off();
}

static void without_memory_the_old_file_stays(void) {
    uint8_t *data;

    power_on(8);
    check(put(SPWF_SLOT_CA, false, "old") == SPWF_OK);
    fake.fail_alloc_at = fake.allocations + 1;
    check_equal(put(SPWF_SLOT_CA, false, "new"), SPWF_E_NO_ROOM);
    check(counts(SPWF_SLOT_CA, "old"));
    fake.fail_alloc_at = fake.allocations + 1;
    check_equal(spwf_certs_get(&module, SPWF_SLOT_CA, &data), SPWF_E_NO_ROOM);
    check(data == NULL);
    check(counts(SPWF_SLOT_CA, "old"));
    power_off();
}

static void a_damaged_file_is_an_error_and_gives_its_memory_back(void) {
    uint8_t *data;
    bool found = false;

    power_on(8);
    check(put(SPWF_SLOT_CA, true, "a certificate") == SPWF_OK);
    for (uint32_t at = 0; !found && at + 13 < fake.flash.size; at++) {
        found = memcmp(fake.flash.bytes + at, "a certificate", 13) == 0;
        fake.flash.bytes[at + 3] ^= found ? 1 : 0;
    }
    check(found);
    check_equal(spwf_certs_get(&module, SPWF_SLOT_CA, &data), SPWF_E_NV);
    check(data == NULL);
    check(put(SPWF_SLOT_CA, true, "another") == SPWF_OK);
    check(counts(SPWF_SLOT_CA, "another"));
    power_off();
}

int main(int argc, char **argv) {
    static const struct check_test tests[] = {
        {"RAM comes before flash, slot by slot", ram_comes_before_flash_slot_by_slot},
        {"each place is cleaned alone", each_place_is_cleaned_alone},
        {"cleaning the files leaves the configuration",
         cleaning_the_files_leaves_the_configuration},
        {"flash files outlive a reset", flash_files_outlive_a_reset},
        {"files are limited together", files_are_limited_together},
        {"an oversized file leaves the old one", an_oversized_file_leaves_the_old_one},
        {"the largest file comes back whole", the_largest_file_comes_back_whole},
        {"a copy outlives what it was made of", a_copy_outlives_what_it_was_made_of},
        {"without a flash only RAM holds files", without_a_flash_only_ram_holds_files},
        {"without memory the old file stays", without_memory_the_old_file_stays},
        {"a damaged file is an error and gives its memory back",
         a_damaged_file_is_an_error_and_gives_its_memory_back},
    };

    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
