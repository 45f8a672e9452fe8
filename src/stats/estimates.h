/** Estimates of a bootstrap's resample: a set whose scores count several times each, or not at all.
 */
#ifndef DEEPQ_STATS_ESTIMATES_H
#define DEEPQ_STATS_ESTIMATES_H

#include "stats/score_set.h"

/** A set prepared for being resampled: its scores in a row, game by game, of a game from the
 * lowest to the highest. */
typedef struct dq_draws {
    const dq_score_set *set;
    size_t n;         // scores of all games
    double *score;    // [n]
    uint32_t *rank;   // [n] indices of `score` from the lowest to the highest
    uint32_t *count;  // [n] how often each score counts, summing up to n for a game with n scores
    double *means;    // [set->n_games] scratch
} dq_draws;

/** Every score counts once. @return DQ_ERR_NOMEM; DQ_ERR_CONFIG: no scores; to be freed in every
 *  case */
DQ_NODISCARD dq_status dq_draws_create(dq_draws *d, const dq_score_set *set);
void dq_draws_free(dq_draws *d);

/** Estimates of the scores as they count. */
double dq_draws_estimate(const dq_draws *d, dq_estimate what);
double dq_draws_above(const dq_draws *d, double threshold);
double dq_draws_improvement(const dq_draws *a, const dq_draws *b);

#endif
