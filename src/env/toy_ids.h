/** The ids of the toy texts. */
#ifndef DEEPQ_ENV_TOY_IDS_H
#define DEEPQ_ENV_TOY_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"

/** Id number i, or NULL past the last one. Static storage. */
const char *dq_toy_id(size_t i);
bool dq_is_toy_id(const char *id);
/** The environment of one of these ids. */
DQ_NODISCARD dq_status dq_toy_make(dq_env **out, const char *id, uint64_t seed);

/* The constructors with the id that the environment is to have. */
DQ_NODISCARD dq_status dq_cliff_walking_named(dq_env **out, const char *id, bool is_slippery,
                                              uint64_t seed);
DQ_NODISCARD dq_status dq_taxi_named(dq_env **out, const char *id, double dry_rate, uint64_t seed);

#endif
