/** A model that plays an environment. */
#ifndef DEEPQ_RUN_PLAYER_H
#define DEEPQ_RUN_PLAYER_H

#include <stdint.h>

#include "deepq/env.h"
#include "deepq/model.h"
#include "deepq/policy.h"
#include "deepq/status.h"

/** What plays a model in an environment, to be freed by dq_policy_destroy().
 *  @param weights NULL: always at random @param path of the model, for messages
 *  @return DQ_ERR_INPUT when it has another number of actions or other observations */
DQ_NODISCARD dq_status dq_player_create(dq_policy **out, const dq_model *weights, const char *path,
                                        const dq_env *env, double epsilon, uint64_t seed);

#endif
