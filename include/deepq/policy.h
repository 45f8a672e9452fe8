/** A policy: a trained network that chooses actions, epsilon-greedily.
 *
 *      dq_policy *policy;
 *      if (dq_policy_load(&policy, "model.dat", NULL) != DQ_OK)
 *          fail(dq_errmsg());
 *      int action = dq_policy_act(policy, obs);
 *
 *  It computes on the CPU, one state at a time. Only one thread at a time may use a policy. */
#ifndef DEEPQ_POLICY_H
#define DEEPQ_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/model.h"
#include "deepq/net.h"
#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero-initialise it, then set what differs. */
typedef struct dq_policy_config {
    /** Probability of a random action, 0 to 1; 0: greedy. */
    double epsilon;
    /** Seed of the random stream "exploration", from which random actions are drawn. */
    uint64_t seed;
} dq_policy_config;

typedef struct dq_policy dq_policy;

/** Create a policy from a model file (model.h) of any network that deepq has.
 *  @param[out] out the policy, to be freed by dq_policy_destroy(); NULL on failure
 *  @param cfg NULL: greedy
 *  @return DQ_OK; DQ_ERR_NOT_FOUND when there is no such file; DQ_ERR_INPUT when it is damaged, of
 *          an unknown network, or has a parameter that is not finite; DQ_ERR_CONFIG for an epsilon
 *          out of range; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_policy_load(dq_policy **out, const char *path,
                                      const dq_policy_config *cfg);
/** Create a policy from a model in memory, which may be destroyed afterwards. Parameters and errors
 *  are as in dq_policy_load(). */
DQ_API
DQ_NODISCARD dq_status dq_policy_create(dq_policy **out, const dq_model *model,
                                        const dq_policy_config *cfg);
/** Create a policy that has no network and chooses each action with the same probability.
 *  @param[out] out as in dq_policy_load()
 *  @param n_actions 1 to DQ_MAX_ACTIONS
 *  @param seed as in dq_policy_config
 *  @return DQ_OK; DQ_ERR_CONFIG for an n_actions out of range; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_policy_random(dq_policy **out, int n_actions, uint64_t seed);
/** Seed the policy's random stream again, as dq_policy_config.seed does. */
DQ_API
void dq_policy_seed(dq_policy *p, uint64_t seed);
/** Accepts NULL. */
DQ_API
void dq_policy_destroy(dq_policy *p);

/** The number of actions, which are 0 to n - 1 as in the environment that the network was trained
 *  on. */
DQ_API
int dq_policy_actions(const dq_policy *p);
/** The bytes of a state, dq_net_obs_bytes() of its network; 0 for a policy from
 *  dq_policy_random(), which takes any state. */
DQ_API
size_t dq_policy_obs_bytes(const dq_policy *p);
/** Choose an action: with probability epsilon a random one, else the one with the largest value,
 *  the first of those that are equal.
 *  @param obs dq_policy_obs_bytes() bytes, preprocessed as in training: uint8 [4][84][84], oldest
 *         frame first; of a multilayer perceptron float [inputs]; of a cnn uint8
 *         [channels][height][width] */
DQ_API
int dq_policy_act(dq_policy *p, const void *obs);
/** Compute the action values of a state; all 0 for a policy from dq_policy_random().
 *  @param obs as in dq_policy_act()
 *  @param[out] q float [dq_policy_actions()] */
DQ_API
void dq_policy_values(dq_policy *p, const void *obs, float *q);

#ifdef __cplusplus
}
#endif
#endif
