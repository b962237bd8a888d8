/*
 * sequence.c - sequence.h. Called by entropy.c and by the firmware's port; calls nobody.
 */
#include "sequence.h"

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

void spwf_sequence_start(struct sequence *s, const void *seed, size_t len) {
    const uint8_t *bytes = seed;
    uint64_t x = 0xCBF29CE484222325u;
    for (size_t i = 0; i < len; i++) {
        x = (x ^ bytes[i]) * 0x100000001B3u;
    }
    for (int i = 0; i < 4; i++) {
        x += 0x9E3779B97F4A7C15u;
        uint64_t z = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        s->state[i] = z ^ z >> 31;
    }
}

void spwf_sequence_fill(struct sequence *s, void *data, size_t len) {
    uint8_t *out = data;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = i % 8 == 0 ? next(s->state) : value >> 8;
        out[i] = (uint8_t)value;
    }
}
