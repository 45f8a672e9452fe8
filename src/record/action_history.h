/** What a log of actions (action_log.h) says of a run's games, for playing them again. */
#ifndef DEEPQ_RECORD_ACTION_HISTORY_H
#define DEEPQ_RECORD_ACTION_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

/** A game that is over. */
typedef struct dq_logged_game {
    int64_t number;      // 1 is the run's first
    int64_t step;        // of the run, at its end
    int lane;            // the environment, from 0
    int64_t begin, end;  // of this environment's steps, counted from 0
    double points;
    uint64_t seen;  // dq_action_seen() of it
} dq_logged_game;

typedef struct dq_action_history {
    int n_lanes, n_actions;
    dq_logged_game *games;  // [n_games], as they ended
    size_t n_games;
    size_t n_lost;  // games whose beginning is not in the log
    struct dq_history_part *parts;
    size_t n_parts;
    void *bytes;  // of the file
} dq_action_history;

/** Read a log up to its end or to an unfinished record.
 *  @param[out] h to be freed by dq_action_history_free(), empty on failure
 *  @return DQ_OK; DQ_ERR_NOT_FOUND: there is no such file; DQ_ERR_INPUT: it is damaged or none;
 *          DQ_ERR_NOMEM; DQ_ERR_IO */
DQ_NODISCARD dq_status dq_action_history_read(dq_action_history *h, const char *path);
/** The same of a log in memory. @param name of it, for messages */
DQ_NODISCARD dq_status dq_action_history_parse(dq_action_history *h, const uint8_t *bytes, size_t n,
                                               const char *name);
void dq_action_history_free(dq_action_history *h);

/** The game with a number; NULL: there is none. */
const dq_logged_game *dq_action_history_game(const dq_action_history *h, int64_t number);
/** n actions of an environment from its step `begin` on.
 *  @return false when the log lacks some of them */
bool dq_action_history_actions(const dq_action_history *h, int lane, int64_t begin, size_t n,
                               uint16_t *actions);
/** The last state of an environment that is not after its step `at`.
 *  @param[out] begin how many of its steps came before the state; 0 with *state NULL: it is that of
 *         the run's beginning
 *  @param[out] state [*n] to be freed by the caller */
DQ_NODISCARD dq_status dq_action_history_state(const dq_action_history *h, int lane, int64_t at,
                                               int64_t *begin, void **state, size_t *n);

#endif
