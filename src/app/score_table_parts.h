/** What a table of scores consists of, for those who fill it in and those who write it. */
#ifndef DEEPQ_APP_SCORE_TABLE_PARTS_H
#define DEEPQ_APP_SCORE_TABLE_PARTS_H

#include "app/human_scores.h"
#include "app/score_table.h"
#include "stats/score_set.h"

/** A number with its 95 % interval. */
typedef struct score_measure {
    double value;
    dq_interval interval;
} score_measure;

/** An agent on one game. */
typedef struct score_cell {
    double *score, *normalised;  // [n] of its runs
    size_t n;
    double mean, mean_normalised;
    score_measure iqm;
} score_cell;

enum { SCORE_THRESHOLDS = 21, SCORE_THRESHOLD_STEP = 10 };

/** An agent over games. */
typedef struct score_whole {
    size_t n_games, n_runs;  // of the games with a human's score
    score_measure iqm, mean, median, gap;
    score_measure profile[SCORE_THRESHOLDS];  // share of runs above 0, 10, ... 200 %
    size_t n_compared;                        // games that the first agent has scores of, too
    score_measure improvement;
} score_whole;

struct score_table {
    char **games, **agents;  // [n_games], [n_agents]
    size_t n_games, n_agents;
    human_scores *human;  // [n_games]
    bool *has_human;      // [n_games] whether any were published
    score_cell *cells;    // [n_games][n_agents]
    score_whole *wholes;  // [n_agents]
};

static inline score_cell *score_cell_of(const score_table *t, size_t game, size_t agent)
{
    return &t->cells[game * t->n_agents + agent];
}

#endif
