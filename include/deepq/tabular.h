/** Tabular methods for discrete worlds: value iteration, Q iteration, Q-learning and its relatives,
 *  and the exact answers that dynamic programming gives where the transition model is known.
 *
 *  The loop is that of Lapan 2020: some random steps, learning, then a test of some greedy episodes
 *  at every iteration, until a test's mean reward is above the bound. A table has one row for each
 *  state of dq_env_spec.n_states. Where an environment tells its model (dq_env_model(),
 *  dq_env_start_model()) its transitions are sampled from flat tables, at a few nanoseconds a step,
 *  from the stream "environment" of its seed: for deepq's own worlds that is, draw by draw, what
 *  stepping the environment gives; for a world of your own it is the same in distribution.
 *  One thread at a time per learner. */
#ifndef DEEPQ_TABULAR_H
#define DEEPQ_TABULAR_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dq_tabular_method {
    DQ_VALUE_ITERATION,  // chapter 5, 01: values of states, model from counted transitions
    DQ_Q_ITERATION,      // chapter 5, 02: the same with values of actions
    DQ_Q_LEARNING        // chapter 6, 01: one blended update a step, no model
} dq_tabular_method;

/** What an update of Q-learning blends in: reward + gamma * the value of the next state, as ... */
typedef enum dq_td_target {
    DQ_TD_Q_LEARNING,      // ... its best action's (Watkins 1989)
    DQ_TD_SARSA,           // ... that of the action taken there next (Rummery and Niranjan 1994)
    DQ_TD_EXPECTED_SARSA,  // ... the mean over what the behaviour does there (van Seijen 2009)
    DQ_TD_DOUBLE  // ... the best action of one table, valued by the other (van Hasselt 2010)
} dq_td_target;

typedef enum dq_alpha_schedule {
    DQ_ALPHA_CONSTANT,  // alpha
    DQ_ALPHA_LINEAR,    // from alpha to alpha_final over alpha_decay iterations
    DQ_ALPHA_VISITS     // alpha / (visits of this state and action)^alpha_power, >= alpha_final
} dq_alpha_schedule;

enum { DQ_TABULAR_EPISODE_STEPS = 1000 };  // where the environment itself has no limit

/** Every constant. Fill it with dq_tabular_book() first. */
typedef struct dq_tabular_config {
    dq_tabular_method method;
    double gamma;            // discount, 0..1
    int n_steps;             // steps of the behaviour in one iteration, >= 1
    int test_episodes;       // >= 1
    double reward_bound;     // solved when a test's mean reward is above it
    int64_t max_iterations;  // stop after so many, 0: never
    int max_episode_steps;   // cut episodes off here, 0: where the environment does
    uint64_t seed;
    bool step_environment;  // step it even where its model is known
    // The following are Q-learning's alone.
    dq_td_target target;
    double alpha;  // share of the new value in an update, in (0, 1]
    dq_alpha_schedule alpha_schedule;
    double alpha_final, alpha_power;  // in (0, 1] and [0, 1]
    int64_t alpha_decay;              // iterations, >= 1
    double epsilon;  // share of random actions in the behaviour, 0..1; 1: the book's random walk
    double epsilon_final;   // what it goes to, linearly, ...
    int64_t epsilon_decay;  // ... over so many iterations; 0: it stays
} dq_tabular_config;

/** The book's constants: gamma 0.9, 20 test episodes, bound 0.80, no limit, seed 0; 100 random
 *  steps an iteration for the iterations, one for Q-learning, with alpha 0.2 and epsilon 1. */
DQ_API
dq_tabular_config dq_tabular_book(dq_tabular_method method);
/** DQ_ERR_CONFIG says which value is impossible. */
DQ_API
DQ_NODISCARD dq_status dq_tabular_config_check(const dq_tabular_config *cfg);

typedef struct dq_tabular_progress {
    int64_t iteration;     // from 1
    int64_t n_env_steps;   // of the walk and the tests together
    double reward;         // mean of the last test
    double best;           // the best mean so far; before the first test 0, as in the book
    double previous_best;  // in `best` events
} dq_tabular_progress;

/** Told while dq_tabular_run() is on the stack; any pointer may be NULL. A status other than DQ_OK
 *  ends the run with it. */
typedef struct dq_tabular_events {
    void *ctx;
    dq_status (*iteration)(void *ctx, const dq_tabular_progress *p);  // after each test
    /** A test's mean is above the best so far. A first mean below 0 is taken without a word. */
    dq_status (*best)(void *ctx, const dq_tabular_progress *p);
    dq_status (*solved)(void *ctx, const dq_tabular_progress *p);
} dq_tabular_events;

typedef struct dq_tabular dq_tabular;

/** Both environments stay the caller's and must outlive the learner, which seeds them.
 *  @param test a second one of the same kind for the tests; may be NULL where the model is known
 *  @return DQ_ERR_CONFIG for an environment without states, or whose states are too many */
DQ_API
DQ_NODISCARD dq_status dq_tabular_create(dq_tabular **out, const dq_tabular_config *cfg,
                                         dq_env *env, dq_env *test);
DQ_API
void dq_tabular_destroy(dq_tabular *t);

/** Run until solved (*solved = true), max_iterations, or *stop becomes non-zero (may be NULL):
 *  DQ_ERR_INTERRUPTED then. Call again to go on. */
DQ_API
DQ_NODISCARD dq_status dq_tabular_run(dq_tabular *t, const dq_tabular_events *events,
                                      const volatile int *stop, bool *solved);

DQ_API
void dq_tabular_get_progress(const dq_tabular *t, dq_tabular_progress *p);
/** The learnt values of actions, [n_states][n_actions], and the greedy policy, [n_states]; the
 *  learner's, valid until its next call. Ties go to the lowest action. */
DQ_API
const double *dq_tabular_q(dq_tabular *t);
DQ_API
const int32_t *dq_tabular_policy(dq_tabular *t);

/* Exact answers, by dynamic programming on the model of an environment that tells it; otherwise
 * DQ_ERR_UNSUPPORTED. */

/** The optimal values of actions without a time limit, by value iteration in place until nothing
 *  changes by more than rounding.
 *  @param[out] q [n_states][n_actions]  @param[out] n_sweeps may be NULL
 *  @return DQ_ERR_CONFIG when gamma 1 has no finite answer */
DQ_API
DQ_NODISCARD dq_status dq_exact_q(dq_env *env, double gamma, double *q, int *n_sweeps);

/** What a policy comes to within a number of steps, without discount. */
typedef struct dq_policy_score {
    double reward;   // expected sum of rewards of an episode
    double success;  // chance that it ends by the rules with a positive reward
} dq_policy_score;

/** @param policy [n_states], an action each
 *  @param max_steps cuts episodes off as dq_tabular_config.max_episode_steps does */
DQ_API
DQ_NODISCARD dq_status dq_exact_score(dq_env *env, const int32_t *policy, int max_steps,
                                      dq_policy_score *score);
/** The best expected sum of rewards that any policy can have within max_steps, one that knows how
 *  many steps are left. */
DQ_API
DQ_NODISCARD dq_status dq_exact_best_reward(dq_env *env, int max_steps, double *reward);

#ifdef __cplusplus
}
#endif
#endif
