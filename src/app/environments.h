/** Environments as the commands take them: by an id that somebody typed. */
#ifndef DEEPQ_APP_ENVIRONMENTS_H
#define DEEPQ_APP_ENVIRONMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/environment_options.h"
#include "deepq/env.h"

/** APP_DONE if there is such an id; otherwise says so, with the nearest one, and returns
 *  APP_MISUSED. */
int environments_check_id(const char *id);
typedef struct environment_choice {
    const char *id, *dialect, *rom_dir;  // rom_dir NULL: only the usual places
    uint64_t seed;
    bool whole_games;  // an episode is a whole game with its own score: lost lives end nothing, and
                       // rewards are not clipped, whatever the dialect does while it learns;
                       // unless `options` chooses
    bool sound;        // of the console, if there is one
    environment_options options;
} environment_choice;

/** Whether its episodes and rewards are others than whole games and their points: it clips rewards,
 *  or a lost life ends an episode. False for a dialect that there is none of. */
bool environments_learn_otherwise(const environment_choice *c);

/** Whether an id is that of an Atari game, which has pictures, dialects and options. */
bool environments_is_atari(const char *id);
/** The observations that environments_make() gives; those of some that no network takes, too. */
DQ_NODISCARD dq_status environments_observations(const char *id, dq_space *obs);
/** Make an environment as the networks take it: an Atari game in a dialect, uint8 [4][84][84], or
 *  another one whose observations are vectors. */
DQ_NODISCARD dq_status environments_make(dq_env **out, const environment_choice *c);

/** The cartridge that an environment is played with. @param[out] bytes malloc'd, the caller's to
 *  free(); NULL for an environment without a cartridge */
DQ_NODISCARD dq_status environments_read_rom(const char *id, const char *rom_dir, void **bytes,
                                             size_t *n);
/** The md5 of the cartridge that an environment is played with, 32 hex digits and a zero; "" for
 *  one without. */
DQ_NODISCARD dq_status environments_rom_md5(const char *id, const char *rom_dir, char md5[33]);

#endif
