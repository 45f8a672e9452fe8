/** What many runs on several games say together: point estimates, intervals, comparisons.
 *
 *  Source: Agarwal, Schwarzer, Castro, Courville, Bellemare 2021, "Deep Reinforcement Learning at
 * the Edge of the Statistical Precipice", and its code, rliable. */
#ifndef DEEPQ_STATS_SCORE_SET_H
#define DEEPQ_STATS_SCORE_SET_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

/** The scores of one game: of its runs, or of the episodes of one evaluation. */
typedef struct dq_game_scores {
    const double *score;  // [n], the owner's
    size_t n;             // at least 1
} dq_game_scores;

/** The scores of one agent. Where games differ in what a point is worth, scores are normalised
 *  first. */
typedef struct dq_score_set {
    const dq_game_scores *games;  // [n_games], the owner's
    size_t n_games;               // at least 1
} dq_score_set;

/** What a set comes to as one number. */
typedef enum dq_estimate {
    DQ_ESTIMATE_IQM,     // interquartile mean: of all scores without the lowest and highest quarter
    DQ_ESTIMATE_MEAN,    // of the games' means
    DQ_ESTIMATE_MEDIAN,  // of the games' means
    DQ_ESTIMATE_GAP      // optimality gap: mean of what each score lacks to 1
} dq_estimate;

/** An estimate of a set of finite scores. Point estimates are NaN for want of memory,
 *  and of a set without scores. */
double dq_estimate_of(dq_estimate what, const dq_score_set *set);

/** A share of the runs' scores, 0..1: of those that are above a threshold. rliable's
 *  `run_score_distribution`. */
double dq_scores_above(const dq_score_set *set, double threshold);

/** The probability that a run of `a` scores more than one of `b` on the same game, ties counted by
 *  half: mean over the games. Both have the same games in the same order. */
double dq_probability_of_improvement(const dq_score_set *a, const dq_score_set *b);

typedef struct dq_interval {
    double low, high;
} dq_interval;

/** How an interval is found: the stratified percentile bootstrap. Of each game as many scores as it
 *  has are drawn with replacement, again and again; the interval has the middle of what the
 * estimate then is. */
typedef struct dq_bootstrap {
    double confidence;  // 0.95: without a fortieth on each side
    size_t n;           // resamples, at least 1
    uint64_t seed;      // the same seed, the same interval
} dq_bootstrap;

/** 0.95, 10,000 resamples, seed 0. */
extern const dq_bootstrap dq_bootstrap_usual;

/** @return DQ_ERR_NOMEM; DQ_ERR_CONFIG for a set without scores */
DQ_NODISCARD dq_status dq_estimate_interval(dq_estimate what, const dq_score_set *set,
                                            const dq_bootstrap *how, dq_interval *out);
/** Of the shares of scores above thresholds, all from the same resamples: a performance profile.
 *  @param thresholds [n] @param[out] out [n] */
DQ_NODISCARD dq_status dq_profile_intervals(const dq_score_set *set, const double *thresholds,
                                            size_t n, const dq_bootstrap *how, dq_interval *out);
/** Of the probability of improvement: both are resampled. */
DQ_NODISCARD dq_status dq_improvement_interval(const dq_score_set *a, const dq_score_set *b,
                                               const dq_bootstrap *how, dq_interval *out);

/** A quantile of sorted values, 0..1, between two of them by linear interpolation, as NumPy's. */
double dq_quantile(const double *sorted, size_t n, double q);
/** Sort values from low to high. */
void dq_sort(double *values, size_t n);

#endif
