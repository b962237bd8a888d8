/*
 * test_store_power.c - the power fails at every operation of a life, in every way: what is mounted
 * then is the state before the change or the one after it, and the change can be made.
 */
#include "store_life.h"

/* Where a cut was, for the report of a failure. */
struct cut {
    const struct geometry *geometry;
    size_t step;
    uint32_t first, second; /* operations; second 0: none */
    enum fake_tear tear, tear_again;
};

/* Mounts; the state must be all old or all new, and then the step can be done (again). */
static void recovers(const struct cut *cut, const struct model *before, const struct model *after) {
    fake_power_on(&fake);
    bool mounted = spwf_store_mount(&module) == SPWF_OK;
    bool is_new = holds(after);
    bool whole = is_new ? gone(after, cut->step + 1) : holds(before) && gone(before, cut->step);
    bool again = apply(&script[cut->step]) == SPWF_OK && holds(after) && gone(after, cut->step + 1);
    again = again && spwf_store_mount(&module) == SPWF_OK && holds(after);
    check_case(
        mounted && whole && again,
        "mounted %d, whole %d, again %d; unit %u, step %zu, cut at %u (tear %d), then %u (%d)",
        mounted, whole, again, cut->geometry->unit, cut->step, cut->first, (int)cut->tear,
        cut->second, (int)cut->tear_again);
}

/* The power fails again, at each operation of the mount and of the step after it. */
static void recovers_from_a_second_cut(struct cut *cut, const struct model *before,
                                       const struct model *after, uint32_t stride) {
    static struct snapshot torn;
    bool dead = true;

    save(&torn);
    for (cut->second = 1; dead; cut->second += cut->second < 3 ? 1 : stride) {
        cut->tear_again = (enum fake_tear)((cut->first + cut->second) % FAKE_TEARS);
        restore(&torn);
        fake.flash.cut_at = cut->second;
        fake.flash.tear = cut->tear_again;
        if (spwf_store_mount(&module) == SPWF_OK) {
            (void)apply(&script[cut->step]); /* may fail: the power does */
        }
        dead = fake.flash.dead;
        recovers(cut, before, after);
    }
    cut->second = 0;
}

/* One step from the state saved in `start`, cut at each operation in each way. */
static uint32_t cut_step(const struct geometry *g, const struct snapshot *start, size_t step,
                         const struct model *before, uint32_t stride) {
    static struct snapshot torn;
    struct model after = expect(before, &script[step]);
    uint32_t cuts = 0;
    bool dead = true;

    for (uint32_t n = 1; dead; n++) {
        for (int tear = 0; tear < FAKE_TEARS; tear++) {
            struct cut cut = {
                .geometry = g, .step = step, .first = n, .tear = (enum fake_tear)tear};
            restore(start);
            fake.flash.cut_at = n;
            fake.flash.tear = cut.tear;
            int result = apply(&script[step]);
            dead = fake.flash.dead;
            check_case(dead || result == SPWF_OK, "step %zu", step);
            fake_power_on(&fake);
            save(&torn);
            recovers(&cut, before, &after);
            cuts += dead;
            if (dead && stride != 0 && (n + (uint32_t)tear) % stride == 0) {
                restore(&torn);
                recovers_from_a_second_cut(&cut, before, &after, stride);
            }
        }
    }
    return cuts;
}

/* Every step of the life, from within its session or after a mount. */
static uint32_t cut_everywhere(const struct geometry *g, bool remount, uint32_t stride) {
    static struct snapshot start;
    struct model model = {{NULL}};
    uint32_t cuts = 0;

    power_on(g);
    spwf_store_mount(&module);
    for (size_t i = 0; i < STEPS; i++) {
        if (remount) {
            check(spwf_store_mount(&module) == SPWF_OK);
        }
        save(&start);
        cuts += cut_step(g, &start, i, &model, stride);
        restore(&start);
        check(apply(&script[i]) == SPWF_OK);
        model = expect(&model, &script[i]);
    }
    fake_free(&fake);
    return cuts;
}

static void power_may_fail_at_every_operation_within_a_session(void) {
    check(cut_everywhere(&geometries[4], false, 0) > 2000);
}

static void power_may_fail_at_every_operation_after_a_mount(void) {
    check(cut_everywhere(&geometries[2], true, 0) > 2000);
}

static void power_may_fail_again_during_the_recovery(void) {
    check(cut_everywhere(&geometries[0], false, 167) > 2000);
    check(cut_everywhere(&geometries[3], false, 251) > 2000);
}

static void a_key_whose_write_was_cut_is_gone_after_a_removal(void) {
    static struct snapshot start;
    uint32_t traces[SPWF_RECORDS];
    bool dead = true;

    power_on(&geometries[4]);
    spwf_store_mount(&module);
    check(spwf_store_write(&module, SPWF_RECORD_CONFIG, content(1, 1, 50), 50) == SPWF_OK);
    save(&start);
    for (uint32_t n = 1; dead; n++) {
        restore(&start);
        fake.flash.cut_at = n;
        fake.flash.tear = FAKE_TEAR_HALF;
        (void)spwf_store_write(&module, SPWF_RECORD_KEY, content(4, 1, 240), 240);
        dead = fake.flash.dead;
        fake_power_on(&fake);
        check(spwf_store_mount(&module) == SPWF_OK);
        check(spwf_store_remove(&module, KEY) == SPWF_OK);
        find_traces(traces);
        check_case(traces[SPWF_RECORD_KEY] == 0, "cut at %u", n);
        check_equal(spwf_store_size(&module, SPWF_RECORD_CONFIG), 50);
    }
    fake_free(&fake);
}

int main(int argc, char **argv) {
    static const struct check_test tests[] = {
        {"power may fail at every operation within a session",
         power_may_fail_at_every_operation_within_a_session},
        {"power may fail at every operation after a mount",
         power_may_fail_at_every_operation_after_a_mount},
        {"power may fail again during the recovery", power_may_fail_again_during_the_recovery},
        {"a key whose write was cut is gone after a removal",
         a_key_whose_write_was_cut_is_gone_after_a_removal},
    };

    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
