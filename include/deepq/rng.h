/** Random streams: a seed and a name give a stream, independent of those with other names.
 *
 *  The generator is xoshiro256++ (Blackman and Vigna 2021), seeded by SplitMix64 from the seed and
 *  the FNV-1a hash of the name. A stream is plain data: a copy of it gives the same numbers. */
#ifndef DEEPQ_RNG_H
#define DEEPQ_RNG_H

#include <stdint.h>

#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A random stream: the state of its generator. */
typedef struct dq_rng {
    uint64_t s[4];  // never all zero
} dq_rng;

/** The stream with a name, at its beginning. The same seed and name give the same stream on every
 *  machine. For numbers that are independent of deepq's own with the same seed choose other names
 *  than its: "environment", "frame skip", "no-op starts", "exploration", "replay",
 *  "initialisation", "augmentation", "noise", "levels", "walk", "tests", "map", "games",
 *  "bootstrap" and "benchmark". */
DQ_API
dq_rng dq_rng_stream(uint64_t seed, const char *name);

/** The next 64 uniform bits. */
DQ_API
uint64_t dq_rng_u64(dq_rng *rng);

/** The next number, uniform from 0 to n - 1, without bias.
 *  @param n 1 or more.
 *  Source: Lemire 2019, "Fast random integer generation in an interval". */
DQ_API
uint32_t dq_rng_below(dq_rng *rng, uint32_t n);

/** The next number, uniform in [0, 1), a multiple of 2^-53. */
DQ_API
double dq_rng_unit(dq_rng *rng);

/** Write the state of a stream.
 *  @return DQ_OK or the failure of the writer */
DQ_API
dq_status dq_rng_save(const dq_rng *rng, dq_writer *w);
/** Read back what dq_rng_save() wrote: the stream continues from there.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data, or a state of zeros, which a stream cannot have */
DQ_API
DQ_NODISCARD dq_status dq_rng_load(dq_rng *rng, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
