/** Atari environments with every option of ALE, and the preprocessing of well-known programs.
 *
 *  dq_env_make() (env.h) gives what an id says. Here the id is where one starts from:
 *  dq_atari_options_init() fills in what it means, the program changes what it likes, and
 *  dq_env_make_atari() builds it. dq_env_make_preprocessed() gives the 84x84 pictures of a dialect:
 *  of Stable-Baselines3, CleanRL, Dopamine, Gymnasium and others, pixel by pixel. */
#ifndef DEEPQ_ATARI_ENV_H
#define DEEPQ_ATARI_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is observed; all uint8. */
typedef enum dq_atari_obs {
    DQ_ATARI_OBS_RGB = 0,  // [height][160][3]
    DQ_ATARI_OBS_GREY,     // [height][160], ALE's grey levels
    DQ_ATARI_OBS_INDEX,    // [height][160], palette indices (dq_atari_palette())
    DQ_ATARI_OBS_RAM       // [128]
} dq_atari_obs;

/** How a picture is made of frames. */
typedef enum dq_atari_blend {
    DQ_ATARI_BLEND_NONE = 0,  // the last frame alone, ALE's default
    DQ_ATARI_BLEND_MAX,       // the brighter of the last two, channel by channel (RGB and grey)
    DQ_ATARI_BLEND_AVERAGE    // ALE's color_averaging of the last two frames. PAL games that show
                              // odd palette indices: as the even ones below, where ALE reads memory
                              // that it never wrote
} dq_atari_blend;

/** How a seed becomes chance. */
typedef enum dq_atari_seeding {
    DQ_ATARI_SEED_ALE = 0,   // the seed is ALE's random_seed (the low 32 bits xor the high ones):
                             // the same sticky actions as ale.setInt("random_seed", seed).
                             // Drawn frame skips are deepq's own
    DQ_ATARI_SEED_GYMNASIUM  // as gymnasium.make(id).reset(seed=seed): the same sticky actions,
                             // drawn frame skips and no-op starts
} dq_atari_seeding;

typedef struct dq_atari_options {
    const char *rom_dir;  // searched first; NULL: only the usual places (dq_rom_find)
    uint64_t seed;
    dq_atari_seeding seeding;
    dq_atari_obs obs;
    dq_atari_blend blend;
    int skip_low, skip_high;  // frames an action is held for, drawn from low..high, 1 to 1000
    float repeat_action_probability;  // sticky actions, 0 to 1
    bool full_action_set;             // all 18 actions instead of the game's minimal set
    bool life_loss_ends;              // a lost life is `terminated`; reset starts a new game all
                                      // the same (dq_wrap_episodic_life() would play on)
    int mode, difficulty;             // of the game's own (dq_atari_game)
    uint32_t max_ticks;               // console frames an episode may have, 0: no limit
} dq_atari_options;

/** What an id means: that of dq_env_make(), RGB, minimal actions, 108,000 frames, the game's first
 *  mode, difficulty 0, seed 0. DQ_ERR_NOT_FOUND suggests the nearest id. */
DQ_API
DQ_NODISCARD dq_status dq_atari_options_init(dq_atari_options *options, const char *id);

/** The raw environment of an id with these options (NULL: those of the id). DQ_ERR_CONFIG says
 *  which option is impossible; otherwise as dq_env_make().
 *  Source: ale-py 0.12.1, env.py; ALE's settings of the same names. */
DQ_API
DQ_NODISCARD dq_status dq_env_make_atari(dq_env **out, const char *id,
                                         const dq_atari_options *options);

#ifdef __cplusplus
}
#endif
#endif
