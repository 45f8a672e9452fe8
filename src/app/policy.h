/** A trained model that plays: greedy, or now and then at random. */
#ifndef DEEPQ_APP_POLICY_H
#define DEEPQ_APP_POLICY_H

#include <stdint.h>

#include "deepq/env.h"
#include "deepq/model.h"
#include "deepq/net.h"
#include "deepq/rng.h"

typedef struct policy {
    dq_net *net;
    int n_actions;
    double epsilon;  // how often an action is random
    dq_rng rng;
} policy;

/** A model for an environment: DQ_ERR_INPUT when it has another number of actions.
 *  @param m NULL: always at random @param path of the model, for messages */
DQ_NODISCARD dq_status policy_create(policy *p, const dq_model *m, const char *path,
                                     const dq_env *env, double epsilon, uint64_t seed);
void policy_free(policy *p);

/** @param obs uint8 [4][84][84] */
int policy_action(policy *p, const uint8_t *obs);

#endif
