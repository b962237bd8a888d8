/*
 * entropy.c - random bytes: the kernel's, or a sequence that a seed repeats exactly. A seeded
 * module is for tests: its bytes are no secret. Called by the core through the port.
 *
 * The sequence: FNV-1a (64 bits) of the seed starts SplitMix64, four of whose values are the state
 * of xoshiro256**; each of its values gives eight bytes, the lowest first, and every request begins
 * a new value. All three are public and described by their authors (Noll; Steele, Lea, Flood;
 * Blackman, Vigna).
 */
#include <errno.h>
#include <sys/random.h>

#include "world.h"

static uint64_t rotate(uint64_t x, unsigned n) {
    return x << n | x >> (64 - n);
}

static uint64_t next(uint64_t s[4]) {
    uint64_t value = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return value;
}

void spwf_entropy_seed(struct entropy *e, const void *seed, size_t len) {
    const uint8_t *bytes = seed;
    uint64_t x = 0xCBF29CE484222325u;
    for (size_t i = 0; i < len; i++) {
        x = (x ^ bytes[i]) * 0x100000001B3u;
    }
    for (int i = 0; i < 4; i++) {
        x += 0x9E3779B97F4A7C15u;
        uint64_t z = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        e->state[i] = z ^ z >> 31;
    }
    e->seeded = true;
}

int spwf_entropy_fill(void *ctx, void *data, size_t len) {
    struct entropy *e = &((struct world *)ctx)->entropy;
    uint8_t *out = data;
    if (e->seeded) {
        uint64_t value = 0;
        for (size_t i = 0; i < len; i++) {
            value = i % 8 == 0 ? next(e->state) : value >> 8;
            out[i] = (uint8_t)value;
        }
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
