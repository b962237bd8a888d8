/*
 * fuzz.h - what the fuzz targets share: one module in a world in memory, whose clock and entropy
 * repeat, and rules that end the program. fuzz_input.c and fuzz_store.c use it; replay.c or clang's
 * libFuzzer calls them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "world.h"

enum { FUZZ_OUTPUT = 1 << 18 };

struct fuzz {
    struct world world;
    struct spwf module;
    size_t grain; /* bytes of output that the host takes after each poll */
    size_t said;  /* bytes of output since fuzz_say(); the first FUZZ_OUTPUT are kept */
    char output[FUZZ_OUTPUT];
};

extern struct fuzz fuzz; /* the one module of this process */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program with this sentence where `holds` is false. */
void fuzz_require(bool holds, const char *rule);

void fuzz_open(void); /* a world without a module: its flash is erased */
void fuzz_power_on(void);
/* Ends the module and its world. Requires that no memory, no secret and no connection is left. */
void fuzz_close(void);

/* Polls until nothing is left to do, in a bounded number of polls. The module's own delays pass;
 * with `patient` also its patience with peers, so that no command is left in hand. */
void fuzz_run(bool patient);
size_t fuzz_input(const void *data, size_t len); /* how many there was room for; does not run */

void fuzz_say(const char *line); /* and its CR; forgets what was heard, runs patiently */
bool fuzz_heard(const char *text);

/* Whatever was left half done is finished, and the module answers AT with OK. */
void fuzz_require_usable(void);

#endif
