/** The curve of a training run: one number of each game in its log, or the mean of each of its
 *  evaluations. The run may be in progress. */
#ifndef DEEPQ_RUN_RUN_CURVE_H
#define DEEPQ_RUN_RUN_CURVE_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

/** What dq_run_curve_read() calls the evaluations. */
#define DQ_METRIC_EVALUATION "evaluation"

typedef struct dq_run_curve {
    size_t n;       // points
    int64_t *step;  // [n] agent steps of training, not falling
    double *value;  // [n] NAN: not measured in that game
    /** [n] each: the ends of the 95 % interval of an evaluation's mean, over its games. NAN where a
     *  log does not have the games' rewards. NULL: a curve of games. */
    double *low, *high;
    size_t n_damaged;  // lines of the log that were left out
} dq_run_curve;

/** Read a curve from a run folder.
 *  @param[out] c to be freed by dq_run_curve_free()
 *  @param metric a key of log.jsonl with numbers ("reward", "loss", "speed"; train_log.c has them
 *         all), or DQ_METRIC_EVALUATION
 *  @return DQ_ERR_INPUT: no log, or no game in it, no evaluation; DQ_ERR_CONFIG: the log has no
 * such key, and the message says which it has; DQ_ERR_IO, DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_run_curve_read(dq_run_curve *c, const char *dir, const char *metric);
void dq_run_curve_free(dq_run_curve *c);

/** How the games' numbers are averaged. One of the two is 0. */
typedef struct dq_smoothing {
    int64_t n_games;  // mean of the last n games, or of all while there are fewer
    int64_t n_steps;  // mean of the games that ended within the last n agent steps
} dq_smoothing;

/** The smoothed value at a step: of games that ended at it or before. NAN: there are none, or none
 *  with a number. Cost: the games of the mean. */
double dq_run_curve_at(const dq_run_curve *c, const dq_smoothing *how, int64_t step);

#endif
