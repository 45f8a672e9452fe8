/** The table of a sweep's results: what its scores say of games, of variants over all games, and of
 *  each variant against the first. The same scores give the same bytes. */
#ifndef DEEPQ_APP_SWEEP_TABLE_H
#define DEEPQ_APP_SWEEP_TABLE_H

#include "deepq/status.h"
#include "sweep/sweep_plan.h"

typedef struct sweep_table sweep_table;

/** Take the scores that are there by now in a sweep's folder.
 *  @param[out] out to be freed by sweep_table_free(); NULL on failure */
DQ_NODISCARD dq_status sweep_table_create(sweep_table **out, const dq_sweep_plan *p,
                                          const char *path);
/** Accepts NULL. */
void sweep_table_free(sweep_table *t);

/** The table in Markdown, malloc'd; NULL for want of memory. */
char *sweep_table_markdown(const sweep_table *t);
/** One value a line with its interval. */
char *sweep_table_csv(const sweep_table *t);
/** One object, with the score of each run too. @param compact on one line */
char *sweep_table_json(const sweep_table *t, bool compact);

/** Write all three: table.md, table.csv, table.json, each whole or not at all. */
DQ_NODISCARD dq_status sweep_table_write(const sweep_table *t, const char *path);

#endif
