/* world.c - see fuzz.h. The world is the one of csrc/port, on its network in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum {
    POLLS = 20000, /* more than a full input buffer of the longest lists needs */
    RESTS = 2000,  /* delays in a row: resets, joins and timeouts of one full input buffer */
    BODY = 4096    /* the largest declared body that the module waits for [design 10] */
};

struct fuzz fuzz;

void fuzz_require(bool holds, const char *rule) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", rule);
        abort();
    }
}

/* Time is what was skipped, and no more. */
static uint64_t millis(void *ctx) {
    return ((struct world *)ctx)->pace.skipped / 1000000u;
}

void fuzz_open(void) {
    struct world *w = &fuzz.world;
    memset(&fuzz, 0, sizeof fuzz);
    fuzz.grain = SIZE_MAX;
    fuzz_require(spwf_world_open(w, NULL, WORLD_MEMORY, NULL) == 0, "a world in memory opens");
    spwf_entropy_seed(&w->entropy, "spwf", 4);
    w->port.millis = millis;
    w->routes.list = calloc(1, sizeof *w->routes.list); /* one name that resolves */
    w->routes.count = 1;
    snprintf(w->routes.list->name, sizeof w->routes.list->name, "server");
    spwf_routes_number(&w->routes);
}

void fuzz_power_on(void) {
    struct spwf_config config = {.port = &fuzz.world.port, .ctx = &fuzz.world};
    fuzz_require(spwf_init(&fuzz.module, &config) == SPWF_OK, "the module starts");
}

static bool all_zero(const void *data, size_t size) {
    const uint8_t *bytes = data;
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

void fuzz_close(void) {
    spwf_deinit(&fuzz.module);
    fuzz_require(all_zero(&fuzz.module, sizeof fuzz.module), "power off wipes the module");
    fuzz_require(fuzz.world.heap.blocks == 0, "power off gives all memory back");
    for (int id = 0; id < SPWF_SOCKETS; id++) {
        const struct net_pipe *p = spwf_net_memory_pipe(&fuzz.world.memory, id);
        fuzz_require(p == NULL || p->phase == SPWF_NET_CLOSED, "power off ends all connections");
    }
    spwf_world_close(&fuzz.world);
}

static bool drain(void) {
    size_t len;
    const void *bytes = spwf_output(&fuzz.module, &len);
    fuzz_require(len <= SPWF_OUTPUT_SIZE, "the output is never longer than its room");
    len = len < fuzz.grain ? len : fuzz.grain;
    for (size_t i = 0; i < len && fuzz.said < FUZZ_OUTPUT; i++) {
        fuzz.output[fuzz.said++] = ((const char *)bytes)[i];
    }
    spwf_output_ack(&fuzz.module, len);
    return len > 0;
}

void fuzz_run(bool patient) {
    int polls = 0, rests = 0;
    for (;;) {
        unsigned flags = spwf_poll(&fuzz.module);
        bool drained = drain();
        fuzz_require(++polls < POLLS, "a module comes to rest in a bounded number of polls");
        if ((flags & SPWF_WANTS_RESET) != 0 && (flags & SPWF_HAS_OUTPUT) == 0) {
            spwf_restart(&fuzz.module, SPWF_BOOT_SOFT);
        } else if ((flags & SPWF_BUSY) == 0 && !drained) {
            struct spwf_wait wait = spwf_wait(&fuzz.module);
            uint32_t ms = wait.pace_ms;
            if (patient && wait.world_ms < ms) {
                ms = wait.world_ms;
            }
            if (ms == SPWF_NEVER) {
                return;
            }
            fuzz_require(++rests < RESTS, "a module comes to rest after a bounded number of waits");
            fuzz.world.pace.skipped += (uint64_t)ms * 1000000u;
        }
    }
}

size_t fuzz_input(const void *data, size_t len) {
    size_t taken = spwf_input(&fuzz.module, data, len);
    fuzz_require(taken <= len, "no more bytes are taken than were given");
    return taken;
}

static void send(const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        size_t taken = fuzz_input(text, left);
        fuzz_run(true);
        fuzz_require(taken > 0, "a module that rests has room for input");
        text += taken;
        left -= taken;
    }
}

void fuzz_say(const char *line) {
    fuzz.said = 0;
    send(line);
    send("\r");
}

bool fuzz_heard(const char *text) {
    return memmem(fuzz.output, fuzz.said, text, strlen(text)) != NULL;
}

void fuzz_require_usable(void) {
    static char filler[BODY + 1]; /* what a declared body may still wait for */
    memset(filler, '.', BODY);
    fuzz.grain = SIZE_MAX;
    fuzz.world.heap.limit = SIZE_MAX;
    fuzz_run(true);
    fuzz_say(filler);
    fuzz_say("AT");
    fuzz_require(fuzz_heard("\r\nOK\r\n"), "the module answers AT with OK");
}
