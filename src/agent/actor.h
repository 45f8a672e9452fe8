/** Who acts: the environments, and how their actions are chosen.
 *
 *  Environments play in rounds of a step each. All actions of a round are chosen, and all its steps
 *  played, when it begins; then its steps count one after another, each when it is its
 *  environment's turn. */
#ifndef DEEPQ_AGENT_ACTOR_H
#define DEEPQ_AGENT_ACTOR_H

#include "deepq/train.h"
#include "deepq/vector.h"
#include "learn/learner.h"

typedef struct dq_actor {
    dq_vector *envs;
    int n_envs, n_actions;
    int turn;                   // the environment whose step counts next; 0: a round begins
    dq_rng exploration;         // stream "exploration" of the seed
    uint8_t *obs;               // [n_envs][DQ_NET_OBS_BYTES] where they are, the round played
    uint8_t *last_obs;          // [n_envs][DQ_NET_OBS_BYTES] where an episode that is over ended
    int *action;                // [n_envs] of the round
    dq_vector_result *results;  // [n_envs] of the round
    int *greedy;                // [n_envs] the environments whose action the values decide
    float *q;                   // [n_envs][n_actions] these values
} dq_actor;

/** DQ_ERR_CONFIG when an environment's observations are not uint8 [4][84][84]. */
DQ_NODISCARD dq_status dq_actor_check(const dq_train_config *cfg, dq_env *const *envs);
/** Takes the environments over on success. */
DQ_NODISCARD dq_status dq_actor_init(dq_actor *a, const dq_train_config *cfg, dq_env *const *envs);
void dq_actor_free(dq_actor *a);

/** Begin an episode in every environment, and tell the learner. */
DQ_NODISCARD dq_status dq_actor_reset(dq_actor *a, dq_learner *learner);
/** Choose the actions of a round whose first step is number `step`, and play it.
 *  @param next as dq_learner_act() takes it */
DQ_NODISCARD dq_status dq_actor_play(dq_actor *a, dq_learner *learner, const dq_train_config *cfg,
                                     int64_t step, const dq_learn_step *next);
/** The step of the environment whose turn it is. @param truncation_ends a cut-off episode is told
 * as one that terminated */
dq_experience dq_actor_experience(const dq_actor *a, bool truncation_ends);
/** What that step came to. */
const dq_step *dq_actor_result(const dq_actor *a);
/** It is the next one's turn. An episode that is over goes on with the next, and the learner is
 *  told. */
void dq_actor_advance(dq_actor *a, dq_learner *learner);

/** The round as it stands. DQ_ERR_INPUT for what no run of such environments can have saved. */
dq_status dq_actor_save_round(const dq_actor *a, dq_writer *w);
/** @param is_whole as rounds are saved since they tell of whole games and of last states */
DQ_NODISCARD dq_status dq_actor_load_round(dq_actor *a, dq_reader *r, bool is_whole);
dq_status dq_actor_save_envs(const dq_actor *a, dq_writer *w);
DQ_NODISCARD dq_status dq_actor_load_envs(dq_actor *a, dq_reader *r);

#endif
