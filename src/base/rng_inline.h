/** Drawing from a random stream, inline: for tight loops, and for the GPU. */
#ifndef DEEPQ_BASE_RNG_INLINE_H
#define DEEPQ_BASE_RNG_INLINE_H

#include "base/everywhere.h"
#include "deepq/rng.h"

DQ_EVERYWHERE uint64_t dq_rng_rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/** dq_rng_u64() of a stream given by its four words. Source: Blackman and Vigna 2021,
 *  xoshiro256++. */
DQ_EVERYWHERE uint64_t dq_rng_bits(uint64_t *s)
{
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

/** dq_rng_below() of a stream given by its four words: uniform from 0 to n - 1 (Lemire 2019). */
DQ_EVERYWHERE uint32_t dq_rng_bits_below(uint64_t *s, uint32_t n)
{
    uint64_t product = (dq_rng_bits(s) >> 32) * n;
    if ((uint32_t)product < n) {  // only then can the draw be one of the surplus ones
        uint32_t surplus = (0 - n) % n;
        while ((uint32_t)product < surplus)
            product = (dq_rng_bits(s) >> 32) * n;
    }
    return (uint32_t)(product >> 32);
}

/** dq_rng_unit() of a stream given by its four words: uniform in [0, 1), a multiple of 2^-53. */
DQ_EVERYWHERE double dq_rng_bits_unit(uint64_t *s)
{
    return (double)(dq_rng_bits(s) >> 11) * 0x1p-53;
}

/** Whether a stream may have this state. One of zeros would never change, and dq_rng_below() might
 *  not end. */
DQ_EVERYWHERE int dq_rng_is_possible(const dq_rng *rng)
{
    return (rng->s[0] | rng->s[1] | rng->s[2] | rng->s[3]) != 0;
}

/** dq_rng_u64(), inline. */
DQ_EVERYWHERE uint64_t dq_rng_next(dq_rng *rng)
{
    return dq_rng_bits(rng->s);
}

#endif
