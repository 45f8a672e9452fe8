/** The ids of Gymnasium's environments that are not Atari games: toy texts and classic control. */
#ifndef DEEPQ_ENV_GYM_IDS_H
#define DEEPQ_ENV_GYM_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"

/** Id number i, or NULL past the last one. Static storage. */
const char *dq_gym_id(size_t i);
bool dq_is_gym_id(const char *id);
/** The environment of one of these ids. */
DQ_NODISCARD dq_status dq_gym_make(dq_env **out, const char *id, uint64_t seed);

/* The constructors with the id that the environment is to have. */
DQ_NODISCARD dq_status dq_cliff_walking_named(dq_env **out, const char *id, bool is_slippery,
                                              uint64_t seed);
DQ_NODISCARD dq_status dq_taxi_named(dq_env **out, const char *id, double dry_rate, uint64_t seed);

#endif
