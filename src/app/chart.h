/** Small charts as PNG pictures: the learning curve of a run, the distribution of many. */
#ifndef DEEPQ_APP_CHART_H
#define DEEPQ_APP_CHART_H

#include <stddef.h>

#include "deepq/status.h"

typedef struct chart_curve {
    float *values;  // one for each iteration
    size_t n, cap;
} chart_curve;

DQ_NODISCARD dq_status chart_curve_add(chart_curve *c, double value);
void chart_curve_free(chart_curve *c);

/** Rewards over iterations: their range and mean in each column, and the bound. */
DQ_NODISCARD dq_status chart_write_curve(const char *path, const chart_curve *c, double bound);
/** The share of runs that are solved, over iterations.
 *  @param sorted [n_solved] iterations of the runs that were solved, in increasing order */
DQ_NODISCARD dq_status chart_write_share(const char *path, const double *sorted, size_t n_solved,
                                         size_t n_runs);

#endif
