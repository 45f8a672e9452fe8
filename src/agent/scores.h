/** What the games that a run played came to. */
#ifndef DEEPQ_AGENT_SCORES_H
#define DEEPQ_AGENT_SCORES_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/status.h"

enum { DQ_RECENT_GAMES = 100 };

typedef struct dq_scores {
    int n_envs;
    double *points;  // [n_envs] so far in the game under way, as the game counts them
    double
        *learned;  // [n_envs] the sum of rewards in the episode under way, as they are learned from
    int64_t n_games;
    int64_t n_episodes;              // which may end where a game goes on
    double recent[DQ_RECENT_GAMES];  // points of the last games, a ring
    double last_learned;             // the last episode's sum of rewards
    double best_mean;                // of the recent games, ever
    double bound;                    // a mean above it solves the environment
    int games_to_solve;              // fewer tell nothing
} dq_scores;

/** @param bound INFINITY: never solved; NAN: the game's published one */
DQ_NODISCARD dq_status dq_scores_init(dq_scores *s, int n_envs, const char *env_id, double bound);
void dq_scores_free(dq_scores *s);

/** An environment's step begins. @return whether its game before ended within the reset, which this
 *  step is the first to tell */
bool dq_scores_begin(dq_scores *s, int env, const dq_step *step);
/** What the step came to. @return whether it ended a game */
bool dq_scores_add(dq_scores *s, int env, const dq_step *step);
/** Of the last game; 0 before the first. */
double dq_scores_last(const dq_scores *s);
/** Of the recent games; 0 before the first. */
double dq_scores_mean(const dq_scores *s);
/** Whether the mean is better than every one before; it is the best then. */
bool dq_scores_improved(dq_scores *s);
bool dq_scores_solved(const dq_scores *s);

#endif
