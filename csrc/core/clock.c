/*
 * clock.c - the module's idea of the time of day [note 2.4.2]: set by AT+S.SETTIME, once after each
 * reset, lost by a reset. Called by cmd_general.c, module.c, opening.c and status.c; asks the port for
 * millis.
 */
#include "inner.h"

int spwf_clock_set(struct spwf *m, uint64_t seconds) {
    if (m->clock.set && !m->config.settime_lenient) {
        return SPWF_R_DATETIME;
    }
    m->clock = (struct spwf_clock){.set = true, .seconds = seconds, .set_at = spwf_module_now(m)};
    return SPWF_OK;
}

void spwf_clock_forget(struct spwf *m) {
    m->clock = (struct spwf_clock){.lost = m->clock.set};
}

uint64_t spwf_clock_now(const struct spwf *m) {
    uint64_t since = m->clock.set ? m->clock.set_at : m->started_at;
    return m->clock.seconds + (spwf_module_now(m) - since) / 1000;
}
