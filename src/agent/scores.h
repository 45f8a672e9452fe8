/** The scores of a run: points of its games, returns of its episodes, and whether it has solved the
 *  environment. */
#ifndef DEEPQ_AGENT_SCORES_H
#define DEEPQ_AGENT_SCORES_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/status.h"

enum { DQ_RECENT_GAMES = 100 };

typedef struct dq_scores {
    int n_envs;                      // environments
    double *points;                  // [n_envs] score of the current game so far
    double *learned;                 // [n_envs] return of the current episode so far
    int64_t *steps;                  // [n_envs] of the current game so far
    int64_t n_games;                 // games finished
    int64_t n_episodes;              // episodes finished; a game may have several
    double recent[DQ_RECENT_GAMES];  // scores of the last games, a ring
    double last_learned;             // return of the last episode
    int64_t last_length;             // steps of the last game
    double best_mean;                // largest mean of the last games so far
    double bound;                    // reward threshold
    int games_to_solve;              // games before the mean is compared with it
} dq_scores;

/** Set up scores, to be freed by dq_scores_free() also on failure.
 *  @param env_id the environment, which decides about Pong's rules
 *  @param bound reward threshold; INFINITY: never solved; NAN: dq_train_reward_bound(env_id) */
DQ_NODISCARD dq_status dq_scores_init(dq_scores *s, int n_envs, const char *env_id, double bound);
/** Free what dq_scores_init() allocated. */
void dq_scores_free(dq_scores *s);

/** Begin a step of an environment.
 *  @return whether a game ended during the reset before it */
bool dq_scores_begin(dq_scores *s, int env, const dq_step *step);
/** Add the result of the step.
 *  @return whether it ended a game */
bool dq_scores_add(dq_scores *s, int env, const dq_step *step);
/** The score of the last game; 0 before the first. */
double dq_scores_last(const dq_scores *s);
/** The mean score of the last DQ_RECENT_GAMES games; 0 before the first. */
double dq_scores_mean(const dq_scores *s);
/** Update best_mean.
 *  @return whether the mean is larger than before */
bool dq_scores_improved(dq_scores *s);
/** Whether the mean is above the reward threshold after enough games. */
bool dq_scores_solved(const dq_scores *s);

#endif
