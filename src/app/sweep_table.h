/** The table of a sweep's results. The same scores give the same bytes. */
#ifndef DEEPQ_APP_SWEEP_TABLE_H
#define DEEPQ_APP_SWEEP_TABLE_H

#include "app/score_table.h"
#include "deepq/status.h"
#include "sweep/sweep_plan.h"

/** Of the scores that are there by now in a sweep's folder; an agent is a variant.
 *  @param[out] t measured, to be freed by score_table_free(); NULL on failure */
DQ_NODISCARD dq_status sweep_table_make(score_table **t, const dq_sweep_plan *p, const char *path);
/** Write table.md, table.csv and table.json into the folder, each whole or not at all. */
DQ_NODISCARD dq_status sweep_table_write(const score_table *t, const dq_sweep_plan *p,
                                         const char *path);

#endif
