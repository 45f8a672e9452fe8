/** One number for a training run: by which it is compared with others. */
#ifndef DEEPQ_APP_RUN_SCORES_H
#define DEEPQ_APP_RUN_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

typedef struct run_scoring {
    const char *name;   // "last"
    const char *about;  // "mean of its last 100 games"
} run_scoring;

/** NULL past the last one. */
const run_scoring *run_scoring_at(size_t index);
/** NULL: there is none of that name. */
const run_scoring *run_scoring_find(const char *name);

/** @param at the score as of that agent step of training; 0: as of the run's end
 *  @return DQ_ERR_INPUT: the run has no such score, or has not come so far */
DQ_NODISCARD dq_status run_score(double *score, const char *dir, const run_scoring *how,
                                 int64_t at);

#endif
