/** The part of NumPy's random numbers that Gymnasium's environments draw from: the same numbers for
 *  the same seed.
 *
 *  Sources: NumPy 2, SeedSequence (O'Neill 2015), PCG64 (XSL RR 128/64, O'Neill 2014),
 *  Generator.integers() (Lemire 2019) and Generator.uniform(); gymnasium.utils.seeding. */
#ifndef DEEPQ_ENV_NUMPY_RANDOM_H
#define DEEPQ_ENV_NUMPY_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/stream.h"

/** np.random.SeedSequence(entropy).generate_state(n), n 32-bit words. */
void dq_numpy_seed_words(uint64_t entropy, uint32_t *words, int n);

/** np.random.Generator(PCG64(SeedSequence(seed))). Plain data. */
typedef struct dq_numpy_rng {
    uint64_t state[2], increment[2];  // low half, high half
    uint32_t spare;                   // the high half of the last 64 bits drawn
    uint32_t has_spare;               // 0 or 1
} dq_numpy_rng;

dq_numpy_rng dq_numpy_rng_seed(uint64_t seed);
/** generator.integers(low, high + 1): uniform in low..high, low <= high. */
int dq_numpy_rng_integers(dq_numpy_rng *rng, int low, int high);
/** generator.uniform(low, high): from low to below high, 53 bits of chance. */
double dq_numpy_rng_uniform(dq_numpy_rng *rng, double low, double high);

dq_status dq_numpy_rng_save(const dq_numpy_rng *rng, dq_writer *w);
DQ_NODISCARD dq_status dq_numpy_rng_load(dq_numpy_rng *rng, dq_reader *r);

#endif
