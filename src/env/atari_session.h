/** A cartridge in a console, as environments need it: what the raw environment and the fused ones
 *  share. The cartridge is kept, since seeding loads it again, as in Gymnasium. */
#ifndef DEEPQ_ENV_ATARI_SESSION_H
#define DEEPQ_ENV_ATARI_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/atari.h"
#include "deepq/atari_env.h"
#include "deepq/env.h"
#include "env/numpy_random.h"

/** How an Atari environment is to be; see dq_atari_options. Plain data, zeros are the defaults. */
typedef struct dq_atari_env_config {
    const char *id;                   // spec.id, lives as long as the environment
    const char *game_id;              // whose rules an unknown cartridge is played by; NULL: by md5
    int skip_low, skip_high;          // frames an action is held for, drawn from low..high
    float repeat_action_probability;  // sticky actions, 0..1
    uint32_t max_ticks;               // console frames an episode may have, 0: no limit
    uint64_t seed;
    dq_atari_seeding seeding;
    dq_atari_obs obs;      // of the raw environment
    dq_atari_blend blend;  // of the raw environment
    bool full_action_set, life_loss_ends;
    bool sound;        // for dq_atari_audio()
    bool choose_mode;  // play `mode` and `difficulty`, not the game's first
    int mode, difficulty;
} dq_atari_env_config;

typedef struct dq_atari_session {
    dq_atari *atari;
    dq_atari_env_config cfg;
    int n_actions;
    uint8_t actions[DQ_ATARI_ACTIONS];  // ALE's number of each
    const char *action_names[DQ_ATARI_ACTIONS];
    dq_numpy_rng numpy;  // Gymnasium's np_random, with DQ_ATARI_SEED_GYMNASIUM
    uint8_t *rgb;        // [height][160][3], from the first dq_atari_session_render() on
} dq_atari_session;

/** Load the cartridge (copied). The session is closed again on failure. */
DQ_NODISCARD dq_status dq_atari_session_open(dq_atari_session *s, const void *rom, size_t rom_bytes,
                                             const dq_atari_env_config *cfg);
/** Restart with another seed, as after opening. */
DQ_NODISCARD dq_status dq_atari_session_seed(dq_atari_session *s, uint64_t seed);
void dq_atari_session_close(dq_atari_session *s);

/** Id, actions and names as an environment's specification; the observation is the caller's. */
dq_env_spec dq_atari_session_spec(const dq_atari_session *s, const dq_space *obs);
/** Write the last drawn picture as RGB [height][160][3]. */
void dq_atari_session_paint(const dq_atari_session *s, uint8_t *rgb);
/** The same into the session's own buffer. */
dq_status dq_atari_session_render(dq_atari_session *s, dq_image *image);

/** The console's state and the generator's; the session's own fields are the caller's. */
dq_status dq_atari_session_save(const dq_atari_session *s, dq_writer *w);
DQ_NODISCARD dq_status dq_atari_session_restore(dq_atari_session *s, dq_reader *r);

/** The raw environment: one observation for each action. */
DQ_NODISCARD dq_status dq_atari_env_create(dq_env **out, const void *rom, size_t rom_bytes,
                                           const dq_atari_env_config *cfg);
/** The pipeline of any dialect but the book's in one environment; see dq_env_make_preprocessed().
 */
DQ_NODISCARD dq_status dq_dialect_env_create(dq_env **out, const void *rom, size_t rom_bytes,
                                             const dq_atari_env_config *cfg,
                                             const dq_preprocessing *p);
/** The book's pipeline in one environment; see dq_env_make_book(). */
DQ_NODISCARD dq_status dq_book_env_create(dq_env **out, const void *rom, size_t rom_bytes,
                                          const dq_atari_env_config *cfg);

#endif
