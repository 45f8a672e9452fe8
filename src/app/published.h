/** Published results of agents on Atari games: scores, and the learning curves of single runs. They
 *  are part of the program. Sources: the first lines of the files in data/published. */
#ifndef DEEPQ_APP_PUBLISHED_H
#define DEEPQ_APP_PUBLISHED_H

#include <stddef.h>

#include "deepq/status.h"

/** A score in game points.
 *  @param game_id ALE's ROM id, "space_invaders"
 *  @param column of data/published/scores.csv: "random", "human", "dqn_nature", "rainbow", ...
 *  @return NAN where none is published, or there is no such column */
double published_score(const char *game_id, const char *column);

typedef enum published_kind {
    PUBLISHED_CURVE,  // a score of each run every million console frames, up to 20 million
    PUBLISHED_END,    // a score of each run after 100,000 agent steps
    PUBLISHED_LEVEL   // one score of a game, a column of the scores
} published_kind;

/** What runs can be compared with. */
typedef struct published_agent {
    const char *name;   // "dopamine-c51"
    const char *key;    // what the data call it
    const char *label;  // "Dopamine C51"
    published_kind kind;
    const char *protocol;  // how its scores were measured: a sentence without its full stop
} published_agent;

/** NULL past the last one. */
const published_agent *published_agent_at(size_t index);
/** The one that --reference names. DQ_ERR_CONFIG says which there are. */
DQ_NODISCARD dq_status published_agent_named(const published_agent **out, const char *name);

/** The scores of an agent's runs on one game. */
typedef struct published_runs {
    size_t n_points, n_runs;
    double *step;   // [n_points] agent steps, rising; of a level one that does not matter
    double *score;  // [n_points][n_runs] game points
} published_runs;

/** @param[out] runs to be freed by published_runs_free()
 *  @return DQ_ERR_CONFIG where nothing is published of that agent and game; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status published_runs_read(published_runs *runs, const published_agent *agent,
                                           const char *game_id);
void published_runs_free(published_runs *runs);

#endif
