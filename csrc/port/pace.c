/*
 * pace.c - the module's time: real time plus what was skipped. Called by the core through the port,
 * and by host.c, which alone skips.
 */
#include <time.h>

#include "world.h"

uint64_t spwf_pace_real(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void spwf_pace_start(struct pace *p) {
    p->started = spwf_pace_real();
    p->skipped = 0;
}

uint64_t spwf_pace_now(const struct pace *p) {
    return spwf_pace_real() - p->started + p->skipped;
}

uint64_t spwf_pace_millis(void *ctx) {
    const struct world *w = ctx;
    return spwf_pace_now(&w->pace) / 1000000u;
}
