/** Environment ids of Atari games, as Gymnasium and ale-py spell them, and of our own games. */
#ifndef DEEPQ_ENV_ENV_IDS_H
#define DEEPQ_ENV_ENV_IDS_H

#include <stdbool.h>

#include "deepq/atari.h"
#include "env/homebrew.h"

enum { DQ_ATARI_EPISODE_TICKS = 108000 };  // half an hour, ale-py's max_num_frames_per_episode

/** What an id says. */
typedef struct dq_atari_id {
    const char *name;                 // the id itself, static storage
    const dq_atari_game *game;        // whose rules are kept
    int skip_low, skip_high;          // frames an action is held for, drawn from low..high
    float repeat_action_probability;  // sticky actions
    const dq_homebrew *homebrew;      // the cartridge that comes with deepq, or NULL
} dq_atari_id;

/** False when no Atari environment has this id. */
bool dq_atari_id_parse(const char *text, dq_atari_id *id);

#endif
