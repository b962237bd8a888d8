/*
 * entropy.c - random bytes: the kernel's, or a sequence that a seed repeats exactly. Called by the
 * core through the port.
 */
#include <errno.h>
#include <sys/random.h>

#include "world.h"

void spwf_entropy_seed(struct entropy *e, const void *seed, size_t len) {
    spwf_sequence_start(&e->sequence, seed, len);
    e->seeded = true;
}

int spwf_entropy_fill(void *ctx, void *data, size_t len) {
    struct entropy *e = &((struct world *)ctx)->entropy;
    uint8_t *out = data;
    if (e->seeded) {
        spwf_sequence_fill(&e->sequence, data, len);
        return SPWF_OK;
    }
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return SPWF_E_ABSENT;
        }
        out += got;
        len -= (size_t)got;
    }
    return SPWF_OK;
}
