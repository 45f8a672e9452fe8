/** A policy: a trained network that acts, greedily or now and then at random.
 *
 *      dq_policy *policy;
 *      if (dq_policy_load(&policy, "model.dat", NULL) != DQ_OK)
 *          fail(dq_errmsg());
 *      int action = dq_policy_act(policy, obs);
 *
 *  It computes on the processor, one state at a time; one thread at a time calls into it. */
#ifndef DEEPQ_POLICY_H
#define DEEPQ_POLICY_H

#include <stdint.h>

#include "deepq/model.h"
#include "deepq/net.h"
#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero-initialise, then fill in. */
typedef struct dq_policy_config {
    /** Share of random actions, 0 to 1; 0: greedy. */
    double epsilon;
    /** Of the stream "exploration", which decides when to act at random and how. */
    uint64_t seed;
} dq_policy_config;

typedef struct dq_policy dq_policy;

/** A model file's network (see model.h), whatever network it is. DQ_ERR_NOT_FOUND, DQ_ERR_INPUT:
 *  there is no such file, or it is not one of a network that deepq has, or a weight is not finite.
 *  @param cfg NULL: greedy */
DQ_API
DQ_NODISCARD dq_status dq_policy_load(dq_policy **out, const char *path,
                                      const dq_policy_config *cfg);
/** The same of a model that was read; it need not live on. */
DQ_API
DQ_NODISCARD dq_status dq_policy_create(dq_policy **out, const dq_model *model,
                                        const dq_policy_config *cfg);
/** One that acts at random, among n_actions. @param seed as above */
DQ_API
DQ_NODISCARD dq_status dq_policy_random(dq_policy **out, int n_actions, uint64_t seed);
/** Accepts NULL. */
DQ_API
void dq_policy_destroy(dq_policy *p);

/** Its actions are 0 .. n-1: those of the environment that it was trained on. */
DQ_API
int dq_policy_actions(const dq_policy *p);
/** Choose an action: the one of the largest value, the first of equals; or a random one.
 *  @param obs uint8 [4][84][84], oldest frame first, preprocessed as in training */
DQ_API
int dq_policy_act(dq_policy *p, const uint8_t *obs);
/** The action values of a state. A random policy has none: zeros.
 *  @param[out] q float [dq_policy_actions()] */
DQ_API
void dq_policy_values(dq_policy *p, const uint8_t *obs, float *q);

#ifdef __cplusplus
}
#endif
#endif
