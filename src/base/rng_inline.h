/** The next bits of a random stream, inline: for loops that do little else. */
#ifndef DEEPQ_BASE_RNG_INLINE_H
#define DEEPQ_BASE_RNG_INLINE_H

#include "deepq/rng.h"

static inline uint64_t dq_rng_rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/** What dq_rng_u64() returns. Source: Blackman and Vigna 2021, xoshiro256++. */
static inline uint64_t dq_rng_next(dq_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = dq_rng_rotl(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = dq_rng_rotl(s[3], 45);
    return result;
}

#endif
