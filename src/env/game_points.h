/** The points of a game that no step has told yet: those that were scored within a reset, by
 *  no-ops, FIRE or the step after a lost life. They go into the next step's `clipped`. */
#ifndef DEEPQ_ENV_GAME_POINTS_H
#define DEEPQ_ENV_GAME_POINTS_H

#include "deepq/env.h"

typedef struct dq_game_points {
    float untold;      // of the game that is played now
    float ended;       // of the one before, where it ended within a reset
    bool goes_on;      // the last step had game_goes_on, and the game has not ended since
    bool is_new_game;  // but it ended: the next step belongs to a new game
} dq_game_points;

/** The game is over, and a reset will start, or has started, another. */
void dq_game_points_end(dq_game_points *g);
/** A step that a reset took. */
void dq_game_points_add(dq_game_points *g, const dq_step *step);
/** Complete the result of a step, whose `reward`, `clipped`, `game_goes_on` and ends are its own.
 */
void dq_game_points_tell(dq_game_points *g, dq_step *step);

void dq_game_points_save(const dq_game_points *g, dq_writer *w);
DQ_NODISCARD dq_status dq_game_points_load(dq_game_points *g, dq_reader *r);

#endif
