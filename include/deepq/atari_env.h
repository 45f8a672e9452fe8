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

/** Whose way of making an agent's observations of console frames. Each does it exactly as its
 *  original: which frames are pooled, how grey comes about and is resized, what a reset does, where
 *  no-ops and FIRE come, what the last observation of a game shows, how a seed becomes chance.
 *
 *  `deepq envs --dialect NAME`, and the table in docs/environments.md, say what each does.
 *  Sources: Lapan 2020, chapter 6 (book), and the Atari wrappers of its third edition
 *  (book-3e); OpenAI baselines atari_wrappers.py; Stable-Baselines3 2.9 atari_wrappers.py and
 *  VecFrameStack; CleanRL dqn_atari.py with Gymnasium 0.28's ResizeObservation,
 *  GrayScaleObservation, FrameStack; Dopamine atari_lib.py; Gymnasium 1.4 AtariPreprocessing and
 *  FrameStackObservation; EnvPool 1.2 atari_env.h; ale-py 0.12.1 AtariVectorEnv. */
typedef enum dq_dialect {
    DQ_DIALECT_BOOK = 0,
    DQ_DIALECT_BOOK_3E,
    DQ_DIALECT_BASELINES,
    DQ_DIALECT_SB3,
    DQ_DIALECT_CLEANRL,
    DQ_DIALECT_DOPAMINE,
    DQ_DIALECT_GYMNASIUM,
    DQ_DIALECT_ENVPOOL,
    DQ_DIALECT_ALE_VECTOR,
    DQ_DIALECTS
} dq_dialect;

/** A dialect and what its original lets one choose, or users ask for. dq_preprocessing_init() fills
 *  in the original's defaults. */
typedef struct dq_preprocessing {
    dq_dialect dialect;
    /** Frames an action is held for, 1 to 1000. */
    int skip;
    /** No-ops that may start a game, 0 to 10000; 0: none are drawn. */
    int noop_max;
    /** Press FIRE after a reset, in games that have it; `book` refuses the others. */
    bool fire_reset;
    /** A lost life is `terminated`. Whether the next reset then starts a new game is as in the
     *  original: it does with gymnasium, dopamine and ale-vector. */
    bool episodic_life;
    /** Rewards are -1, 0 or 1. */
    bool clip_reward;
    /** Resize by cv2's INTER_LINEAR; not with book and cleanrl. */
    bool linear_resize;
    /** Frames in an observation, 1 to 64. */
    int stack;
    /** A frame is the maximum over all frames of its skip, not over the last two as the original
     * has it: for games of which two do not show everything. No original's. */
    bool pool_all;
} dq_preprocessing;

/** Names of the dialects in the order of dq_dialect. Static storage. */
DQ_API
const char *const *dq_dialect_names(size_t *n);
/** A dialect by name with its original's defaults. DQ_ERR_NOT_FOUND names those there are. */
DQ_API
DQ_NODISCARD dq_status dq_preprocessing_init(dq_preprocessing *p, const char *dialect);

/** An Atari id in a dialect, in one fused environment: observation uint8 [stack][84][84], oldest
 *  frame first. Where the id holds an action for several frames, as ALE/Pong-v5 does, p->skip
 *  replaces that (other frames to skip in `options` are DQ_ERR_CONFIG); its sticky actions stay. Of
 *  `options` (NULL: those of the id) count rom_dir, seed, repeat_action_probability,
 *  full_action_set, mode, difficulty and max_ticks; chance is seeded as the dialect's original does
 *  it: NumPy's generators of Gymnasium's reset(seed=), or for envpool and ale-vector ALE's
 *  random_seed and one std::mt19937. max_ticks is counted as there: by ALE, or from an episode's
 *  first observation on in steps (envpool) or frames (ale-vector). dq_env_render() gives the raw
 * RGB picture. Nothing is allocated in a step. DQ_ERR_CONFIG says what does not fit; games that the
 *  original refuses (action 0 not NOOP, FIRE not action 1) are.
 */
DQ_API
DQ_NODISCARD dq_status dq_env_make_preprocessed(dq_env **out, const char *id,
                                                const dq_preprocessing *p,
                                                const dq_atari_options *options);

#ifdef __cplusplus
}
#endif
#endif
