/** The actor: the environments, and how their actions are chosen.
 *
 *  Environments run in rounds of one step each. At the beginning of a round all its actions are
 *  chosen and all environments are stepped. Then its steps are processed one after another, in the
 *  order of the environments. */
#ifndef DEEPQ_AGENT_ACTOR_H
#define DEEPQ_AGENT_ACTOR_H

#include "deepq/train.h"
#include "deepq/vector.h"
#include "learn/learner.h"

typedef struct dq_actor {
    dq_vector *envs;            // the environments
    int n_envs, n_actions;      // their number, and that of their actions
    size_t obs_bytes;           // of a state
    bool is_vector;             // of floats
    int turn;                   // environment whose step is processed next; 0: a round begins
    dq_rng exploration;         // random stream "exploration" of the seed
    uint8_t *obs;               // [n_envs][obs_bytes] states after this round's steps
    uint8_t *last_obs;          // [n_envs][obs_bytes] last states of episodes that ended
    int *action;                // [n_envs] this round's actions
    dq_vector_result *results;  // [n_envs] this round's results
    int *greedy;                // [n_envs] environments whose action is the one of largest value
    float *q;                   // [n_envs][n_actions] the values that those are chosen by
    int *row;                   // [n_envs] where in q those of an environment are; -1: nowhere
    double act_s, play_s;       // seconds spent choosing actions and stepping environments
    double max_q;               // sum of the largest of them since dq_actor_forget_values()
    int64_t n_max_q;            // how many
} dq_actor;

/** Set up an actor, to be freed by dq_actor_free() also on failure.
 *  @param envs [cfg->n_envs], the actor's on success, the caller's on failure */
DQ_NODISCARD dq_status dq_actor_init(dq_actor *a, const dq_train_config *cfg, dq_env *const *envs);
/** Free what dq_actor_init() created, the environments included. */
void dq_actor_free(dq_actor *a);

/** Begin an episode in every environment and in the learner. */
DQ_NODISCARD dq_status dq_actor_reset(dq_actor *a, dq_learner *learner);
/** Begin a round: choose its actions and step the environments.
 *  @param step number of its first step
 *  @param next as in dq_learner_act() */
DQ_NODISCARD dq_status dq_actor_play(dq_actor *a, dq_learner *learner, const dq_train_config *cfg,
                                     int64_t step, const dq_learn_step *next);
/** Begin a new sum of values. */
void dq_actor_forget_values(dq_actor *a);
/** The step of the environment whose turn it is, for the learner.
 *  @param truncation_ends report a truncated episode as terminated */
dq_experience dq_actor_experience(const dq_actor *a, bool truncation_ends);
/** The same step, for whoever watches. */
dq_train_act dq_actor_act(const dq_actor *a);
/** Whether all numbers of the state that it led to are finite; bytes always are. */
bool dq_actor_is_finite(const dq_actor *a);
/** The result of that step. */
const dq_step *dq_actor_result(const dq_actor *a);
/** Pass the turn to the next environment. If the episode ended, the next one is begun in the
 *  learner. */
void dq_actor_advance(dq_actor *a, dq_learner *learner);

/** Write the round: whose turn it is, and the results of the steps that are not processed yet. */
dq_status dq_actor_save_round(const dq_actor *a, dq_writer *w);
/** What a saved round has of the steps that are not processed yet. */
typedef enum dq_round_format {
    DQ_ROUND_EPISODES,  // neither the fields for whole games nor last states
    DQ_ROUND_WHOLE,     // the fields, and the last states of truncated episodes
    DQ_ROUND_ALL_LAST   // those of terminated episodes too
} dq_round_format;
/** Read back what dq_actor_save_round() wrote, now or, in an older format, before.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data or another number of environments */
DQ_NODISCARD dq_status dq_actor_load_round(dq_actor *a, dq_reader *r, dq_round_format format);
/** Write the environments. */
dq_status dq_actor_save_envs(const dq_actor *a, dq_writer *w);
/** Read back what dq_actor_save_envs() wrote. */
DQ_NODISCARD dq_status dq_actor_load_envs(dq_actor *a, dq_reader *r);

#endif
