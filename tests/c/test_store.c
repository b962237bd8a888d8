/*
 * test_store.c - the store in use, full, without a memory, and on a flash that refuses or is worn.
 */
#include "store_life.h"

static void a_blank_memory_is_empty(void) {
    for (size_t g = 0; g < CHECK_COUNT(geometries); g++) {
        struct model nothing = {{NULL}};
        power_on(&geometries[g]);
        check(spwf_store_mount(&module) == SPWF_OK);
        check(holds(&nothing));
        check_equal(fake.flash.operations, 0);
        fake_free(&fake);
    }
}

static void a_life_in_one_session_and_with_a_mount_at_each_step(void) {
    for (size_t g = 0; g < 2 * CHECK_COUNT(geometries); g++) {
        struct model model = {{NULL}};
        power_on(&geometries[g / 2]);
        check(spwf_store_mount(&module) == SPWF_OK);
        for (size_t i = 0; i < STEPS; i++) {
            check_case(apply(&script[i]) == SPWF_OK, "step %zu, geometry %zu", i, g / 2);
            model = expect(&model, &script[i]);
            if (g % 2 != 0) {
                check(spwf_store_mount(&module) == SPWF_OK);
            }
            check_case(holds(&model), "step %zu, geometry %zu", i, g / 2);
            check_case(gone(&model, i + 1), "step %zu, geometry %zu", i, g / 2);
        }
        fake_free(&fake);
    }
}

static void records_of_the_largest_sizes_fit_together(void) {
    static const struct step large[] = {
        {1, 1, 960}, {2, 1, 3072}, {3, 1, 2990}, {4, 1, 2}, {5, 1, 80}};

    for (size_t g = 0; g < CHECK_COUNT(geometries); g++) {
        struct model model = {{NULL}};
        power_on(&geometries[g]);
        spwf_store_mount(&module);
        for (int round = 0; round < 3; round++) {
            for (size_t i = 0; i < CHECK_COUNT(large); i++) {
                check(apply(&large[i]) == SPWF_OK);
                model = expect(&model, &large[i]);
            }
            check(spwf_store_mount(&module) == SPWF_OK);
            check(holds(&model));
        }
        fake_free(&fake);
    }
}

static void what_does_not_fit_is_refused_and_the_old_record_stays(void) {
    static const struct step fill[] = {{2, 1, 3072}, {3, 1, 3072}, {1, 1, 900}};
    static const struct step over = {1, 2, 3000};
    static uint8_t huge[70000];
    struct model model = {{NULL}};

    power_on(&geometries[1]);
    spwf_store_mount(&module);
    for (size_t i = 0; i < CHECK_COUNT(fill); i++) {
        check(apply(&fill[i]) == SPWF_OK);
        model = expect(&model, &fill[i]);
    }
    uint32_t operations = fake.flash.operations;
    check_equal(apply(&over), SPWF_E_NO_ROOM);
    check_equal(spwf_store_write(&module, SPWF_RECORD_CA, huge, sizeof huge), SPWF_E_NO_ROOM);
    check_equal(spwf_store_write(&module, SPWF_RECORD_CA, huge, 65536), SPWF_E_NO_ROOM);
    check_equal(spwf_store_write(&module, SPWF_RECORD_CA, huge, SIZE_MAX), SPWF_E_NO_ROOM);
    check_equal(fake.flash.operations, operations);
    check(holds(&model));
    fake_free(&fake);
}

static void reading_into_too_little_room_writes_nothing(void) {
    uint8_t data[100] = {0};

    power_on(&geometries[1]);
    spwf_store_mount(&module);
    check(spwf_store_write(&module, SPWF_RECORD_CONFIG, content(1, 1, 100), 100) == SPWF_OK);
    check_equal(spwf_store_read(&module, SPWF_RECORD_CONFIG, data, 99), SPWF_E_NO_ROOM);
    check(data[0] == 0);
    check_equal(spwf_store_read(&module, SPWF_RECORD_CONFIG, data, 100), 100);
    fake_free(&fake);
}

static void an_empty_record_is_not_an_absent_one(void) {
    uint8_t byte;

    power_on(&geometries[4]);
    spwf_store_mount(&module);
    for (int round = 0; round < 2; round++) {
        check(spwf_store_write(&module, SPWF_RECORD_CONFIG, "", 0) == SPWF_OK);
        check_equal(spwf_store_size(&module, SPWF_RECORD_CONFIG), 0);
        check(spwf_store_mount(&module) == SPWF_OK);
        check_equal(spwf_store_read(&module, SPWF_RECORD_CONFIG, &byte, 1), 0);
    }
    check(spwf_store_remove(&module, CONFIG) == SPWF_OK);
    check_equal(spwf_store_size(&module, SPWF_RECORD_CONFIG), SPWF_E_ABSENT);
    fake_free(&fake);
}

static void writing_what_is_there_wears_nothing(void) {
    power_on(&geometries[3]);
    spwf_store_mount(&module);
    check(spwf_store_write(&module, SPWF_RECORD_CONFIG, content(1, 1, 900), 900) == SPWF_OK);
    spwf_store_mount(&module);
    uint32_t operations = fake.flash.operations;
    check(spwf_store_write(&module, SPWF_RECORD_CONFIG, content(1, 1, 900), 900) == SPWF_OK);
    check_equal(fake.flash.operations, operations);
    fake_free(&fake);
}

static void without_a_memory_everything_is_absent(void) {
    uint8_t byte = 0;

    power_on(&(struct geometry){0, 0, 0});
    check_equal(spwf_store_mount(&module), SPWF_E_ABSENT);
    check_equal(spwf_store_size(&module, SPWF_RECORD_CA), SPWF_E_ABSENT);
    check_equal(spwf_store_read(&module, SPWF_RECORD_CA, &byte, 1), SPWF_E_ABSENT);
    check_equal(spwf_store_write(&module, SPWF_RECORD_CA, &byte, 1), SPWF_E_ABSENT);
    check_equal(spwf_store_remove(&module, FILES), SPWF_E_ABSENT);
    fake_free(&fake);
}

static void a_geometry_outside_the_contract_is_not_touched(void) {
    static const struct geometry bad[] = {{4096, 4, 0}, {4096, 4, 3}, {4096, 4, 32}, {4096, 3, 1},
                                          {4096, 2, 1}, {0, 4, 1},    {8200, 2, 1}};

    for (size_t i = 0; i < CHECK_COUNT(bad); i++) {
        uint8_t byte = 0;
        power_on(&geometries[3]);
        fake.nv.page_size = bad[i].page_size;
        fake.nv.pages = bad[i].pages;
        fake.nv.unit = bad[i].unit;
        check_case(spwf_store_mount(&module) == SPWF_E_NV, "geometry %zu", i);
        check_equal(spwf_store_write(&module, SPWF_RECORD_CA, &byte, 1), SPWF_E_NV);
        check_equal(spwf_store_size(&module, SPWF_RECORD_CA), SPWF_E_NV);
        check_equal(fake.flash.operations + fake.flash.reads, 0);
        fake_free(&fake);
    }
}

/* ---------------------------------------------------------------- refusals -------------------- */

/* After a failed call the state is old or new, in memory and in the flash, and a second try works. */
static void refuse_everywhere(bool reads) {
    static struct snapshot start;
    struct model model = {{NULL}};

    power_on(&geometries[2]);
    spwf_store_mount(&module);
    module.store.sequence = UINT32_MAX - 2; /* wraps on the way */
    for (size_t i = 0; i < STEPS; i++) {
        struct model after = expect(&model, &script[i]);
        bool refused = true;
        save(&start);
        for (uint32_t n = 1; refused; n++) {
            restore(&start);
            *(reads ? &fake.flash.refuse_read_at : &fake.flash.refuse_at) = n;
            int result = apply(&script[i]);
            refused = (reads ? fake.flash.reads : fake.flash.operations) >= n;
            fake_power_on(&fake);
            check_case(result == SPWF_OK || result == SPWF_E_NV, "step %zu, call %u", i, n);
            check_case(holds(&after) || (result != 0 && holds(&model)), "step %zu, call %u", i, n);
            if (n % 2 == 0) { /* what was refused is not there: the flash agrees with the memory */
                bool is_new = holds(&after);
                check(spwf_store_mount(&module) == SPWF_OK);
                check_case(holds(is_new ? &after : &model) || (reads && holds(&after)),
                           "step %zu, call %u", i, n);
            }
            check_case(apply(&script[i]) == SPWF_OK, "step %zu, call %u", i, n);
            check_case(holds(&after) && gone(&after, i + 1), "step %zu, call %u", i, n);
        }
        restore(&start);
        check(apply(&script[i]) == SPWF_OK);
        model = after;
    }
    fake_free(&fake);
}

static void a_flash_that_refuses_leaves_old_or_new(void) {
    refuse_everywhere(false);
}

static void a_flash_that_cannot_be_read_leaves_old_or_new(void) {
    refuse_everywhere(true);
}

static void a_mount_that_cannot_read_changes_nothing(void) {
    struct model model = {{NULL}};
    bool refused = true;
    uint32_t n = 0;

    power_on(&geometries[3]);
    spwf_store_mount(&module);
    for (size_t i = 0; i < 6; i++) {
        check(apply(&script[i]) == SPWF_OK);
        model = expect(&model, &script[i]);
    }
    while (refused) {
        fake_power_on(&fake);
        fake.flash.refuse_read_at = ++n;
        int result = spwf_store_mount(&module);
        refused = fake.flash.reads >= n;
        fake_power_on(&fake); /* what follows is not refused */
        check(result == SPWF_OK || result == SPWF_E_NV);
        check(holds(&model) || spwf_store_write(&module, SPWF_RECORD_CONFIG, "x", 1) == SPWF_E_NV);
        check(spwf_store_mount(&module) == SPWF_OK);
        check_case(holds(&model), "read %u", n);
    }
    check(n > 8);
    fake_free(&fake);
}

static void worn_flash_fails_the_write_and_not_the_reading(void) {
    struct model model = {{NULL}};

    power_on(&geometries[3]);
    spwf_store_mount(&module);
    check(apply(&script[1]) == SPWF_OK);
    model = expect(&model, &script[1]);
    fake.flash.stuck_at = fake.nv.page_size * (module.store.bank == 0 ? 0u : 2u) + 500;
    check_equal(apply(&script[2]), SPWF_E_NV);
    check(holds(&model));
    check_equal(apply(&script[2]), SPWF_OK); /* in the other bank */
    model = expect(&model, &script[2]);
    check(holds(&model));
    fake_free(&fake);
}

static void a_removal_that_worn_flash_prevents_is_an_error(void) {
    struct model model = {{NULL}};

    power_on(&geometries[3]);
    spwf_store_mount(&module);
    check(apply(&script[4]) == SPWF_OK);
    fake.flash.stuck_at = fake.nv.page_size * (module.store.bank == 0 ? 0u : 2u) + 100;
    check_equal(spwf_store_remove(&module, FILES), SPWF_E_NV);
    check(holds(&model));
    check_equal(spwf_store_mount(&module), SPWF_E_NV); /* it is told again, and all else works */
    check(holds(&model));
    fake_free(&fake);
}

int main(int argc, char **argv) {
    static const struct check_test tests[] = {
        {"a blank memory is empty", a_blank_memory_is_empty},
        {"a life in one session, and with a mount at each step",
         a_life_in_one_session_and_with_a_mount_at_each_step},
        {"records of the largest sizes fit together", records_of_the_largest_sizes_fit_together},
        {"what does not fit is refused and the old record stays",
         what_does_not_fit_is_refused_and_the_old_record_stays},
        {"reading into too little room writes nothing",
         reading_into_too_little_room_writes_nothing},
        {"an empty record is not an absent one", an_empty_record_is_not_an_absent_one},
        {"writing what is there wears nothing", writing_what_is_there_wears_nothing},
        {"without a memory everything is absent", without_a_memory_everything_is_absent},
        {"a geometry outside the contract is not touched",
         a_geometry_outside_the_contract_is_not_touched},
        {"a flash that refuses leaves old or new", a_flash_that_refuses_leaves_old_or_new},
        {"a flash that cannot be read leaves old or new",
         a_flash_that_cannot_be_read_leaves_old_or_new},
        {"a mount that cannot read changes nothing", a_mount_that_cannot_read_changes_nothing},
        {"worn flash fails the write and not the reading",
         worn_flash_fails_the_write_and_not_the_reading},
        {"a removal that worn flash prevents is an error",
         a_removal_that_worn_flash_prevents_is_an_error},
    };

    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
