/*
 * test_sweep_bytes.c - the server's bytes of each mode's session [rig.h] end at every position, and
 * every bit of them is turned over: what is less than the whole handshake never connects, what is
 * less than the whole answer is never read, and the module connects again.
 */
#include "rig.h"
#include "sweep.h"

#define OK "\r\nOK\r\n"

static bool recorded;

static void begin(enum spwf_mode mode) {
    check(recorded);
    rig_power_on(mode, NULL, 0);
    check(rig_prepare() == RIG_PASSED);
}

static void end(void) {
    tape_play(&rig.wire, &rig.tapes[rig.mode]);
    check_case(rig_session() == RIG_PASSED, "%s", rig.step);
    check(rig_power_off());
}

/* Where the answer begins; before it is the handshake. */
static size_t answer_at(void) {
    const struct tape *tape = &rig.tapes[rig.mode];
    return tape->turns[tape->count - 2].said;
}

static bool refused(void) {
    return strcmp(rig_heard(), "\r\nERROR: SSL/TLS unable to connect\r\n") == 0 &&
           !spwf_outcome(&rig.driver.module)->connected;
}

/* The connection stands, but the answer did not come: there is nothing to read, and it closes. */
static bool unanswered(void) {
    return strncmp(rig.step, "AT+S.SOCKW", 10) == 0 &&
           rig_ask("AT+S.SOCKQ=00", "\r\n DATALEN: 0\r\n" OK) && rig_ask("AT+S.SOCKC=00", OK);
}

static void cut_everywhere(enum spwf_mode mode) {
    begin(mode);
    size_t live = rig.driver.fake.live_blocks, size = rig.tapes[mode].said;
    for (size_t until = 0; until < size; until++) {
        tape_play(&rig.wire, &rig.tapes[mode]);
        rig.wire.until = until;
        enum rig_verdict verdict = rig_session();
        bool right = verdict == RIG_REFUSED &&
                     (until < answer_at() ? refused() && spwf_outcome(&rig.driver.module)->cause ==
                                                             SPWF_CAUSE_CLOSED
                                          : unanswered());
        check_case(right && rig.driver.fake.live_blocks == live, "%s ends after %zu bytes",
                   rig_modes[mode], until);
        sweep_faults++;
    }
    end();
}

/* A length that has grown: the rest of the record never comes, and nobody says so. */
static bool may_be_silent(size_t change) {
    int count;
    size_t into = change - tape_last_record(rig.wire.tape, change + 1, &count);
    return change >= answer_at() && (into == 3 || into == 4);
}

static bool stands_change(size_t change, uint8_t bits) {
    rig.wire.change = change;
    rig.wire.bits = bits;
    switch (rig_session()) {
    case RIG_PASSED:
        return tape_in_record_version(rig.wire.tape, change);
    case RIG_REFUSED:
        return change < answer_at() ? refused() : unanswered();
    case RIG_SILENT:
        return may_be_silent(change) && unanswered();
    case RIG_FALSE:
        break;
    }
    return false;
}

static void change_everywhere(enum spwf_mode mode) {
    begin(mode);
    size_t live = rig.driver.fake.live_blocks, size = rig.tapes[mode].said;
    for (size_t change = 0; change < size; change++) {
        for (int bit = 0; bit < 8; bit++) {
            tape_play(&rig.wire, &rig.tapes[mode]);
            bool right = stands_change(change, (uint8_t)(1 << bit));
            check_case(right && rig.driver.fake.live_blocks == live,
                       "%s: bit %d of byte %zu of %zu, the answer from %zu: %s", rig_modes[mode],
                       bit, change, size, answer_at(), rig.step);
            sweep_faults++;
        }
    }
    end();
}

static void an_anonymous_session_cut_short_never_connects(void) {
    cut_everywhere(SPWF_ANONYMOUS);
}

static void a_one_way_session_cut_short_never_connects(void) {
    cut_everywhere(SPWF_ONE_WAY);
}

static void a_mutual_session_cut_short_never_connects(void) {
    cut_everywhere(SPWF_MUTUAL);
}

static void no_changed_bit_of_an_anonymous_session_goes_unnoticed(void) {
    change_everywhere(SPWF_ANONYMOUS);
}

static void no_changed_bit_of_a_one_way_session_goes_unnoticed(void) {
    change_everywhere(SPWF_ONE_WAY);
}

static void no_changed_bit_of_a_mutual_session_goes_unnoticed(void) {
    change_everywhere(SPWF_MUTUAL);
}

static const struct check_test tests[] = {
    {"an anonymous session cut short never connects",
     an_anonymous_session_cut_short_never_connects},
    {"a one-way session cut short never connects", a_one_way_session_cut_short_never_connects},
    {"a mutual session cut short never connects", a_mutual_session_cut_short_never_connects},
    {"no changed bit of an anonymous session goes unnoticed",
     no_changed_bit_of_an_anonymous_session_goes_unnoticed},
    {"no changed bit of a one-way session goes unnoticed",
     no_changed_bit_of_a_one_way_session_goes_unnoticed},
    {"no changed bit of a mutual session goes unnoticed",
     no_changed_bit_of_a_mutual_session_goes_unnoticed},
};

int main(int argc, char **argv) {
    recorded = rig_record();
    return sweep_main(tests, CHECK_COUNT(tests), argc, argv);
}
