/** The scores of several agents on several games, and what they say: of each game, over all games,
 *  and of each agent against the first. The same scores give the same bytes. */
#ifndef DEEPQ_APP_SCORE_TABLE_H
#define DEEPQ_APP_SCORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "deepq/status.h"

typedef struct score_table score_table;

/** A table without scores.
 *  @param games [n_games] ids, or names of games @param agents [n_agents] what they are called
 *  @param[out] out to be freed by score_table_free(); NULL on failure */
DQ_NODISCARD dq_status score_table_create(score_table **out, const char *const *games,
                                          size_t n_games, const char *const *agents,
                                          size_t n_agents);
/** Accepts NULL. */
void score_table_free(score_table *t);

/** The score of one more run, a finite number. */
DQ_NODISCARD dq_status score_table_add(score_table *t, size_t game, size_t agent, double score);
/** Find out what the scores say; after the last was added. */
DQ_NODISCARD dq_status score_table_measure(score_table *t);

/** The table in Markdown, malloc'd; NULL for want of memory.
 *  @param n_expected runs of each agent on each game, told beside those there are; 0: any number */
char *score_table_markdown(const score_table *t, size_t n_expected);
/** One value a line with its interval. */
char *score_table_csv(const score_table *t);
/** One object, with the score of each run too. @param compact on one line */
char *score_table_json(const score_table *t, bool compact);

#endif
