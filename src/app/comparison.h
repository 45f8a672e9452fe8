/** Scores of runs, of files and of published agents, collected for one table. */
#ifndef DEEPQ_APP_COMPARISON_H
#define DEEPQ_APP_COMPARISON_H

#include <stddef.h>
#include <stdint.h>

#include "app/published.h"
#include "app/run_groups.h"
#include "app/run_scores.h"
#include "app/score_table.h"
#include "deepq/status.h"

typedef struct comparison_row {
    size_t game, agent;
    double score;
} comparison_row;

/** Zero-initialise it. */
typedef struct comparison {
    char **games, **agents;  // [n_games], [n_agents] in the order that they came in
    size_t n_games, n_agents;
    comparison_row *rows;  // [n_rows], a run each
    size_t n_rows;
} comparison;

/** The runs of all groups, each by its score. */
DQ_NODISCARD dq_status comparison_add_runs(comparison *c, const run_groups *g,
                                           const run_scoring *how, int64_t at);
/** A file of lines `game,agent,score,score,...`, as data/published/atari100k_runs.csv. Lines that
 *  begin with # do not count. DQ_ERR_INPUT: "FILE:LINE: what is wrong". */
DQ_NODISCARD dq_status comparison_add_file(comparison *c, const char *path);
/** A published agent's runs on each Atari game that is there already.
 *  @param at agent steps of training, for an agent of which a curve is published
 *  @return DQ_ERR_CONFIG where none of the games has any, or none so early */
DQ_NODISCARD dq_status comparison_add_published(comparison *c, const published_agent *agent,
                                                int64_t at);

/** @param[out] t measured, to be freed by score_table_free() */
DQ_NODISCARD dq_status comparison_measure(const comparison *c, score_table **t);
void comparison_free(comparison *c);

#endif
