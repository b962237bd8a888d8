/*
 * sequence.h - random bytes that a seed repeats exactly, on the host and on a board alike.
 *
 * FNV-1a (64 bits) of the seed starts SplitMix64, four of whose values are the state of
 * xoshiro256**; each of its values gives eight bytes, the lowest first, and every request begins a
 * new value. All three are public and described by their authors (Noll; Steele, Lea, Flood;
 * Blackman, Vigna). A seeded module is for tests: its bytes are no secret.
 */
#ifndef SPWF_SEQUENCE_H
#define SPWF_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

struct sequence {
    uint64_t state[4];
};

void spwf_sequence_start(struct sequence *s, const void *seed, size_t len);
void spwf_sequence_fill(struct sequence *s, void *data, size_t len);

#endif
