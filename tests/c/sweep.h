/*
 * sweep.h - counts the faults that a sweep injects, and says how many in the line that `make c-tests`
 * adds up. Included once per test_sweep_*.c.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include "check.h"

static unsigned sweep_faults;

static inline int sweep_main(const struct check_test *tests, size_t count, int argc, char **argv) {
    int failed = check_main(tests, count, argc, argv);
    printf("faults injected: %u\n", sweep_faults);
    return failed;
}

#endif
