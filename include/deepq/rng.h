/** Named random streams: one seed gives any number of independent streams.
 *
 *  Generator: xoshiro256++ (Blackman and Vigna 2021), seeded by SplitMix64 from the seed and the
 *  FNV-1a hash of the stream's name. A stream is plain data: copying it copies the stream. */
#ifndef DEEPQ_RNG_H
#define DEEPQ_RNG_H

#include <stdint.h>

#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dq_rng {
    uint64_t s[4];  // never all zero
} dq_rng;

/** The stream called `name` ("environment", "exploration", "replay", "initialisation") of `seed`.
 *  The same seed and name give the same stream on every machine. */
DQ_API
dq_rng dq_rng_stream(uint64_t seed, const char *name);

/** The next 64 uniform bits. */
DQ_API
uint64_t dq_rng_u64(dq_rng *rng);

/** Uniform in 0..n-1 without bias; n > 0. Source: Lemire 2019, "Fast random integer generation in
 *  an interval". */
DQ_API
uint32_t dq_rng_below(dq_rng *rng, uint32_t n);

/** Uniform in [0, 1), a multiple of 2^-53. */
DQ_API
double dq_rng_unit(dq_rng *rng);

/** A stream as it stands, to go on from there. DQ_ERR_INPUT for one that is all zero, which would
 *  give zeros for ever. */
DQ_API
dq_status dq_rng_save(const dq_rng *rng, dq_writer *w);
DQ_API
DQ_NODISCARD dq_status dq_rng_load(dq_rng *rng, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
