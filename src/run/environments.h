/** Environments as the commands take them: by an id that somebody typed. */
#ifndef DEEPQ_RUN_ENVIRONMENTS_H
#define DEEPQ_RUN_ENVIRONMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"
#include "run/environment_options.h"

/** How the id of a world begins that the library cannot make, because it is written in Python. */
#define DQ_PYTHON_WORLD "python/"

typedef struct dq_environment_choice {
    const char *id, *dialect, *rom_dir;  // rom_dir NULL: only the usual places
    uint64_t seed;
    bool whole_games;  // an episode is a whole game with its own score: lost lives end nothing, and
                       // rewards are not clipped, whatever the dialect does while it learns;
                       // unless `options` chooses
    bool sound;        // of the console, if there is one
    dq_environment_options options;
} dq_environment_choice;

/** Whether its episodes and rewards are others than whole games and their points: it clips rewards,
 *  or a lost life ends an episode. False for a dialect that there is none of. */
bool dq_environments_learn_otherwise(const dq_environment_choice *c);

/** Whether there is an environment of that id.
 *  @return DQ_OK; DQ_ERR_CONFIG: there is none, and the message has the nearest id */
DQ_NODISCARD dq_status dq_environments_check(const char *id);
/** Whether an id is that of an Atari game, which has pictures, dialects and options. */
bool dq_environments_is_atari(const char *id);
/** The observations that dq_environments_make() gives; those of some that no network takes, too. */
DQ_NODISCARD dq_status dq_environments_observations(const char *id, dq_space *obs);
/** Make an environment as the networks take it: an Atari game in a dialect, uint8 [4][84][84], or
 *  another one whose observations are vectors. */
DQ_NODISCARD dq_status dq_environments_make(dq_env **out, const dq_environment_choice *c);

/** The cartridge that an environment is played with. @param[out] bytes malloc'd, the caller's to
 *  free(); NULL for an environment without a cartridge */
DQ_NODISCARD dq_status dq_environments_read_rom(const char *id, const char *rom_dir, void **bytes,
                                                size_t *n);
/** The md5 of the cartridge that an environment is played with, 32 hex digits and a zero; "" for
 *  one without. */
DQ_NODISCARD dq_status dq_environments_rom_md5(const char *id, const char *rom_dir, char md5[33]);

#endif
