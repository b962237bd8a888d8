/*
 * test_sweep_calls.c - each call that the module makes of its port goes wrong once, in each way that
 * the port has [faults.h], throughout the script of each mode [rig.h]: the module answers an error, or
 * the call did not matter and all that it says is right; then it works, its flash is whole, and when
 * it is off nothing stays behind.
 */
#include "rig.h"
#include "sweep.h"

static bool recorded;

static void the_script_passes_in_every_mode(void) {
    if (!check(recorded)) {
        check_note("%s, in %s mode", rig.step, rig_modes[rig.mode]);
    }
    for (int mode = 0; mode < RIG_MODES; mode++) {
        rig_power_on((enum spwf_mode)mode, NULL, 0);
        check_case(rig_script() == RIG_PASSED && !rig.wire.differs, "%s: %s", rig_modes[mode],
                   rig.step);
        check_equal((long long)rig.wire.sent, (long long)rig.tapes[mode].sent);
        check_equal((long long)rig.wire.at, (long long)rig.tapes[mode].said);
        check(rig_power_off());
    }
}

static void the_script_passes_in_single_bytes(void) {
    for (int mode = 0; mode < RIG_MODES; mode++) {
        rig_power_on((enum spwf_mode)mode, NULL, 0);
        rig.wire.grain = 1;
        check_case(rig_script() == RIG_PASSED && !rig.wire.differs, "%s: %s", rig_modes[mode],
                   rig.step);
        check_equal((long long)rig.wire.sent, (long long)rig.tapes[mode].sent);
        check(rig_power_off());
    }
}

/* ------------------------------------------------------------------ one call goes wrong ------- */

/* The error is short; the outcome says what it was that failed. */
static bool told_rightly(const struct fault *fault) {
    bool opening = strncmp(rig.step, "AT+S.SOCKON", 11) == 0;
    return fault->call != FAULT_ALLOC || !opening ||
           spwf_outcome(&rig.driver.module)->cause == SPWF_CAUSE_MEMORY;
}

/* A server whose answer never comes: nobody tells the host. */
static bool falls_silent(const struct fault *fault) {
    return fault->call == FAULT_NET_RECV && fault->lasts &&
           strncmp(rig.step, "AT+S.SOCKW", 10) == 0;
}

/* Whether there was such a call. */
static bool goes_wrong(enum spwf_mode mode, const struct fault *fault, uint32_t at) {
    static const char *const verdicts[] = {"passed", "refused", "silent", "false"};
    rig_power_on(mode, fault, at);
    enum rig_verdict verdict = rig_script();
    const char *step = rig.step;
    bool struck = rig.faults.struck;
    bool told = verdict == RIG_SILENT
                    ? falls_silent(fault)
                    : verdict == RIG_REFUSED && struck && !fault->harmless && told_rightly(fault);
    faults_set(&rig.faults, NULL, 0);
    bool alive = rig_ask("AT", "\r\nOK\r\n");
    bool whole = rig_flash_is_whole();
    bool again = rig_reset() && rig_script() == RIG_PASSED && !rig.wire.differs;
    bool clean = rig_power_off();
    check_case((told || verdict == RIG_PASSED) && alive && whole && again && clean,
               "%s, call %u, %s: %s at %s; alive %d, whole %d, again %d, clean %d", fault->name,
               (unsigned)at, rig_modes[mode], verdicts[verdict], step, alive, whole, again, clean);
    sweep_faults += struck;
    return struck;
}

static void sweep(enum fault_call first, enum fault_call last) {
    for (size_t i = 0; i < faults_count; i++) {
        const struct fault *fault = &faults_table[i];
        for (int mode = 0; mode < RIG_MODES; mode++) {
            uint32_t at = 1;
            if (fault->call < (int)first || fault->call > (int)last) {
                continue;
            }
            while (goes_wrong((enum spwf_mode)mode, fault, at)) {
                at++;
            }
            check_case(at > 1, "%s is never asked for in %s mode", fault->name, rig_modes[mode]);
        }
    }
}

static void the_world_may_fail_at_every_call(void) {
    sweep(FAULT_CONSOLE, FAULT_LINK_INFO);
}

static void the_flash_may_fail_at_every_call(void) {
    sweep(FAULT_NV_READ, FAULT_NV_ERASE);
}

static const struct check_test tests[] = {
    {"the script passes in every mode", the_script_passes_in_every_mode},
    {"the script passes in single bytes", the_script_passes_in_single_bytes},
    {"the world may fail at every call", the_world_may_fail_at_every_call},
    {"the flash may fail at every call", the_flash_may_fail_at_every_call},
};

int main(int argc, char **argv) {
    recorded = rig_record();
    return sweep_main(tests, CHECK_COUNT(tests), argc, argv);
}
