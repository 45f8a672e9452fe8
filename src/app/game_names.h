/** Atari games as people call them. */
#ifndef DEEPQ_APP_GAME_NAMES_H
#define DEEPQ_APP_GAME_NAMES_H

#include <stdbool.h>

#include "env/env_ids.h"

/** Parse an environment's id, ALE's ROM id, or a game's name as it is in ids: "BankHeist".
 *  @return false for anything else, and for a game that comes with deepq */
bool game_named(const char *name, dq_atari_id *id);

#endif
