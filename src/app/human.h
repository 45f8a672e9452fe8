/** play --human: what a person's keys mean in a game, and the game as a person plays it. */
#ifndef DEEPQ_APP_HUMAN_H
#define DEEPQ_APP_HUMAN_H

#include <stdbool.h>

#include "app/window.h"
#include "deepq/env.h"
#include "run/environments.h"

/** An Atari game without preprocessing: an action for every frame, no sticky actions, no limit of
 *  frames; what `c` chooses about the console (sticky actions, mode, difficulty, all actions)
 * counts.
 *  @return DQ_OK; DQ_ERR_CONFIG for another environment, and where `c` chooses preprocessing */
DQ_NODISCARD dq_status human_make(dq_env **out, const dq_environment_choice *c);
/** Frames a second of its console: 60, or 50 of a PAL game. */
int human_fps(const dq_env *env);
/** The action that these keys mean: the one of the game that is nearest to them. Where a game has
 *  no UP and DOWN, those are RIGHT and LEFT, as a paddle's are in Pong. */
int human_action(const dq_env_spec *spec, window_keys keys);

#endif
