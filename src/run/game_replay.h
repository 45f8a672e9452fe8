/** Playing the games of a training run again, from its log of actions. */
#ifndef DEEPQ_RUN_GAME_REPLAY_H
#define DEEPQ_RUN_GAME_REPLAY_H

#include <stdbool.h>

#include "deepq/env.h"
#include "record/action_history.h"

typedef struct dq_game_replay dq_game_replay;

/** @param[out] out to be freed by dq_game_replay_close(); NULL on failure
 *  @param dir the run's folder, which may be that of a run at work
 *  @param rom_dir searched first; NULL: as the run's settings say
 *  @param sound of the console, if there is one
 *  @return DQ_OK; DQ_ERR_INPUT: no run, no log or a damaged one; DQ_ERR_CONFIG: the run was made
 *          with another cartridge, or with a world that is a program of its own; the failure of the
 *          environment */
DQ_NODISCARD dq_status dq_game_replay_open(dq_game_replay **out, const char *dir,
                                           const char *rom_dir, bool sound);
/** Accepts NULL. */
void dq_game_replay_close(dq_game_replay *r);

/** The games that there are. */
const dq_action_history *dq_game_replay_games(const dq_game_replay *r);
/** The environment that they are played in. */
dq_env *dq_game_replay_env(const dq_game_replay *r);
const char *dq_game_replay_env_id(const dq_game_replay *r);

/** Go to the beginning of a game: what lies between it and the last state before it is played. The
 *  games of an environment in their order need that only once.
 *  @param stop looked at now and then; NULL: never
 *  @return DQ_OK; DQ_ERR_INTERRUPTED; DQ_ERR_INPUT when actions are missing */
DQ_NODISCARD dq_status dq_game_replay_begin(dq_game_replay *r, const dq_logged_game *game,
                                            const volatile int *stop);
/** Take the game's next step. @return whether there was one, in *is_over: false */
DQ_NODISCARD dq_status dq_game_replay_step(dq_game_replay *r, bool *is_over);
/** At the end of a game: whether it showed what it did when the run learned from it, frame for
 *  frame. */
bool dq_game_replay_is_same(const dq_game_replay *r);

#endif
