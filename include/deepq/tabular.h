/** Tabular methods for discrete environments: value iteration, Q iteration, Q-learning and its
 *  relatives, and exact values by dynamic programming where the transition model is known.
 *
 *  The loop is that of Lapan 2020. An iteration takes some steps, learns from them, and tests the
 *  greedy policy for some episodes; the environment is solved when the mean reward of a test is
 *  above the reward threshold. Tables have a row for each state of dq_env_spec.n_states.
 *
 *  When an environment has a transition model (dq_env_model(), dq_env_start_model()), steps are
 *  sampled from it, which takes a few nanoseconds, with the random stream "environment". For
 *  deepq's own environments this gives the same steps as stepping the environment; for yours, steps
 *  of the same distribution. Only one thread at a time may use a learner. */
#ifndef DEEPQ_TABULAR_H
#define DEEPQ_TABULAR_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A method. */
typedef enum dq_tabular_method {
    /** Values of states, with a model counted from transitions: chapter 5, 01. */
    DQ_VALUE_ITERATION,
    /** Values of actions, with a model counted from transitions: chapter 5, 02. */
    DQ_Q_ITERATION,
    /** Values of actions without a model, one update a step: chapter 6, 01. */
    DQ_Q_LEARNING
} dq_tabular_method;

/** The target of an update of Q-learning is reward + gamma * V, where V is this value of the next
 *  state. */
typedef enum dq_td_target {
    /** The largest action value (Watkins 1989). */
    DQ_TD_Q_LEARNING,
    /** The value of the action that is taken there (Rummery and Niranjan 1994). */
    DQ_TD_SARSA,
    /** The mean of the action values over the behaviour policy (van Seijen et al. 2009). */
    DQ_TD_EXPECTED_SARSA,
    /** The value in one table of the best action in the other (van Hasselt 2010). */
    DQ_TD_DOUBLE
} dq_td_target;

/** How the learning rate alpha changes. */
typedef enum dq_alpha_schedule {
    /** It is constant. */
    DQ_ALPHA_CONSTANT,
    /** Linearly from alpha to alpha_final over alpha_decay iterations. */
    DQ_ALPHA_LINEAR,
    /** alpha / n^alpha_power, where n counts the updates of this state and action; at least
     *  alpha_final. */
    DQ_ALPHA_VISITS
} dq_alpha_schedule;

/** Steps after which an episode is cut off when neither the environment nor the configuration has a
 *  limit. */
enum { DQ_TABULAR_EPISODE_STEPS = 1000 };

/** The hyperparameters. Fill it with dq_tabular_book() first, whose values are the defaults
 *  below. */
typedef struct dq_tabular_config {
    /** The method. */
    dq_tabular_method method;
    /** Discount factor, 0 to 1; default 0.9. */
    double gamma;
    /** Steps of an iteration, 1 or more; default 100, and 1 for Q-learning. */
    int n_steps;
    /** Episodes of a test, 1 or more; default 20. */
    int test_episodes;
    /** Reward threshold: solved when the mean reward of a test is above it; default 0.80. */
    double reward_bound;
    /** Iterations after which a run ends; 0, the default: no limit. */
    int64_t max_iterations;
    /** Steps after which an episode is cut off; 0, the default: the environment's limit. */
    int max_episode_steps;
    /** Seed of all random streams; default 0. */
    uint64_t seed;
    /** Step the environment even when its model is known; default false. */
    bool step_environment;
    /** Q-learning: the target of an update; default DQ_TD_Q_LEARNING. */
    dq_td_target target;
    /** Q-learning: the learning rate, above 0, up to 1; default 0.2. */
    double alpha;
    /** Q-learning: how alpha changes; default DQ_ALPHA_CONSTANT. */
    dq_alpha_schedule alpha_schedule;
    /** Q-learning: the smallest alpha, above 0, up to 1; default 0.01. */
    double alpha_final;
    /** Q-learning: the exponent of DQ_ALPHA_VISITS, 0 to 1; default 0.8. */
    double alpha_power;
    /** Q-learning: the iterations of DQ_ALPHA_LINEAR, 1 or more; default 10000. */
    int64_t alpha_decay;
    /** Q-learning: the probability of a random action, 0 to 1; default 1, the book's random
     *  walk. */
    double epsilon;
    /** Q-learning: the epsilon that is reached linearly, 0 to 1; default 0.01. */
    double epsilon_final;
    /** Q-learning: the iterations until epsilon_final is reached; 0, the default: epsilon is
     *  constant. */
    int64_t epsilon_decay;
} dq_tabular_config;

/** The book's hyperparameters for a method. */
DQ_API
dq_tabular_config dq_tabular_book(dq_tabular_method method);
/** Check the ranges of all hyperparameters.
 *  @return DQ_OK; DQ_ERR_CONFIG names the value that is impossible */
DQ_API
DQ_NODISCARD dq_status dq_tabular_config_check(const dq_tabular_config *cfg);

/** The progress of a run. */
typedef struct dq_tabular_progress {
    /** Iterations so far; the first one is 1. */
    int64_t iteration;
    /** Steps so far, of learning and of tests together. */
    int64_t n_env_steps;
    /** Mean reward of the last test. */
    double reward;
    /** Largest mean reward so far; it begins at 0 as in the book, or at the first test's if that is
     *  below 0. */
    double best;
    /** In `best` events: the largest mean reward before this test. */
    double previous_best;
} dq_tabular_progress;

/** Functions that dq_tabular_run() calls; each may be NULL. One that returns another status than
 *  DQ_OK ends the run with that status, once the other events of the iteration are reported. */
typedef struct dq_tabular_events {
    /** Passed to each function as it is. */
    void *ctx;
    /** A test is done. */
    dq_status (*iteration)(void *ctx, const dq_tabular_progress *p);
    /** Its mean reward is the largest so far. Not called for a first one below 0. */
    dq_status (*best)(void *ctx, const dq_tabular_progress *p);
    /** The environment is solved; the run ends. */
    dq_status (*solved)(void *ctx, const dq_tabular_progress *p);
} dq_tabular_events;

typedef struct dq_tabular dq_tabular;

/** Create a learner.
 *  @param[out] out to be freed by dq_tabular_destroy(); NULL on failure
 *  @param env remains the caller's, must exist as long as the learner, and is seeded by it
 *  @param test the same for a second environment of the same kind, which tests run in; may be NULL
 *         when the model is known
 *  @return DQ_OK; DQ_ERR_CONFIG for an impossible hyperparameter, for an environment that is not
 *          discrete or has too many states, or for a `test` that differs or is missing;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_tabular_create(dq_tabular **out, const dq_tabular_config *cfg,
                                         dq_env *env, dq_env *test);
/** Accepts NULL. The environments remain. */
DQ_API
void dq_tabular_destroy(dq_tabular *t);

/** Run until the environment is solved, max_iterations is reached or *stop becomes non-zero.
 *  Calling it again continues the run.
 *  @param events NULL: none
 *  @param stop checked before each iteration; a signal handler may set it; may be NULL
 *  @param[out] solved whether the environment is solved
 *  @return DQ_OK; DQ_ERR_INTERRUPTED when *stop became non-zero; or the failure of an environment
 *          or a callback */
DQ_API
DQ_NODISCARD dq_status dq_tabular_run(dq_tabular *t, const dq_tabular_events *events,
                                      const volatile int *stop, bool *solved);

/** The progress of the run so far. */
DQ_API
void dq_tabular_get_progress(const dq_tabular *t, dq_tabular_progress *p);
/** The learned action values, double [n_states][n_actions]; owned by the learner, valid until its
 *  next call. With DQ_TD_DOUBLE they are the means of the two tables, with value iteration what
 *  follows from the values of the states and the model that was counted. */
DQ_API
const double *dq_tabular_q(dq_tabular *t);
/** The greedy policy, [n_states], the lowest of the best actions; owned by the learner, valid until
 *  its next call. */
DQ_API
const int32_t *dq_tabular_policy(dq_tabular *t);

/* Exact values, by dynamic programming on the transition model of an environment. They return
 * DQ_ERR_UNSUPPORTED when the environment has no model, and DQ_ERR_NOMEM. */

/** The optimal action values without a time limit, by value iteration until no value changes by
 *  more than rounding.
 *  @param gamma discount factor, 0 to 1
 *  @param[out] q [n_states][n_actions]
 *  @param[out] n_sweeps sweeps over all states; NULL: not wanted
 *  @return DQ_OK; DQ_ERR_CONFIG for a gamma out of range, or for gamma 1 when values are
 *          infinite */
DQ_API
DQ_NODISCARD dq_status dq_exact_q(dq_env *env, double gamma, double *q, int *n_sweeps);

/** What a policy achieves in an episode, without discount. */
typedef struct dq_policy_score {
    double reward;   // expected sum of rewards
    double success;  // probability that it terminates with a positive reward
} dq_policy_score;

/** The expected result of an episode of a policy.
 *  @param policy [n_states], an action for each state
 *  @param max_steps steps after which an episode is cut off; 0: the environment's limit
 *  @return DQ_OK; DQ_ERR_CONFIG for an action out of range */
DQ_API
DQ_NODISCARD dq_status dq_exact_score(dq_env *env, const int32_t *policy, int max_steps,
                                      dq_policy_score *score);
/** The largest expected sum of rewards that any policy has within max_steps steps, policies that
 *  know the number of steps left included.
 *  @param max_steps as in dq_exact_score() */
DQ_API
DQ_NODISCARD dq_status dq_exact_best_reward(dq_env *env, int max_steps, double *reward);

#ifdef __cplusplus
}
#endif
#endif
