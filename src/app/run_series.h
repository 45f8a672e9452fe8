/** Points of a figure's curves: of a group of runs, and of published ones. */
#ifndef DEEPQ_APP_RUN_SERIES_H
#define DEEPQ_APP_RUN_SERIES_H

#include <stdint.h>

#include "app/figure.h"
#include "app/published.h"
#include "run/run_curve.h"

/** How many points a curve has, about, where there are more games. */
enum { SERIES_POINTS = 500 };

/** The last step of a curve. */
int64_t series_end(const dq_run_curve *curve);

/** The median over runs, and their quartiles; of one run its curve, of evaluations with their
 *  intervals. The points are at steps of a common grid (1, 2 or 5 times a power of ten apart) and
 * at the last game; of at most SERIES_POINTS games at each of them. They begin when every run has a
 *  value. A run counts until its last game, and as much longer as it had been without one before.
 *  @param curves [n] of the runs, n at least 1
 *  @param end of the grid, agent steps
 *  @param[out] c its points are malloc'd, the caller's to free() */
DQ_NODISCARD dq_status series_of_runs(figure_curve *c, const dq_run_curve *curves, size_t n,
                                      const dq_smoothing *how, int64_t end);

/** The same of published runs, up to `end`. */
DQ_NODISCARD dq_status series_of_published(figure_curve *c, const published_runs *runs, double end);

#endif
