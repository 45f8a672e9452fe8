/** Atari environments with all options of ALE, and the preprocessing of well-known programs.
 *
 *  dq_env_make() (env.h) creates the environment of an id as it is. To change options, fill them in
 *  from an id by dq_atari_options_init(), change some, and call dq_env_make_atari().
 *  dq_env_make_preprocessed() creates an environment of 84x84 pictures in a dialect: the
 *  preprocessing of Stable-Baselines3, CleanRL, Dopamine, Gymnasium or another program, equal to
 *  the original in every pixel. */
#ifndef DEEPQ_ATARI_ENV_H
#define DEEPQ_ATARI_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/atari.h"
#include "deepq/env.h"
#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is observed, as uint8. */
typedef enum dq_atari_obs {
    DQ_ATARI_OBS_RGB = 0,  // [height][160][3]
    DQ_ATARI_OBS_GREY,     // [height][160], ALE's grey levels
    DQ_ATARI_OBS_INDEX,    // [height][160], palette indices (dq_atari_palette())
    DQ_ATARI_OBS_RAM       // [128]
} dq_atari_obs;

/** How an observation is made of the frames of a step. */
typedef enum dq_atari_blend {
    /** The last frame; ALE's default. */
    DQ_ATARI_BLEND_NONE = 0,
    /** The maximum of the last two frames, channel by channel; for RGB and grey. */
    DQ_ATARI_BLEND_MAX,
    /** ALE's color_averaging of the last two frames. In PAL games an odd palette index counts as
     *  the even one below it, where ALE reads memory that it never wrote. */
    DQ_ATARI_BLEND_AVERAGE
} dq_atari_blend;

/** How random numbers follow from the seed. */
typedef enum dq_atari_seeding {
    /** The seed is ALE's random_seed (its low 32 bits xor its high ones): the same sticky actions
     *  as ale.setInt("random_seed", seed). Frame skips that are drawn are deepq's own, since ALE
     *  has none. */
    DQ_ATARI_SEED_ALE = 0,
    /** As gymnasium.make(id).reset(seed=seed): the same sticky actions, frame skips and no-op
     *  starts. */
    DQ_ATARI_SEED_GYMNASIUM
} dq_atari_seeding;

/** Options of an Atari environment. Fill it with dq_atari_options_init() first. */
typedef struct dq_atari_options {
    /** Folder that is searched for ROMs first; NULL: only the folders of dq_rom_find(). */
    const char *rom_dir;
    /** Seed of all random numbers. */
    uint64_t seed;
    /** How random numbers follow from the seed. */
    dq_atari_seeding seeding;
    /** What is observed. */
    dq_atari_obs obs;
    /** How an observation is made of frames. */
    dq_atari_blend blend;
    /** Frame skip: the fewest frames that an action is repeated for, 1 to skip_high. */
    int skip_low;
    /** The most frames that an action is repeated for, up to 1000. The frame skip is drawn from
     *  skip_low to skip_high at each step. */
    int skip_high;
    /** Probability that a frame repeats the previous action (sticky actions), 0 to 1. */
    float repeat_action_probability;
    /** All legal actions (dq_atari_is_legal()), which are 18 in nearly all games, instead of the
     *  game's minimal set. */
    bool full_action_set;
    /** A lost life ends the episode (`terminated`). The next reset starts a new game, where
     *  dq_wrap_episodic_life() would continue the old one. */
    bool life_loss_ends;
    /** Game mode, one of dq_atari_game.modes. */
    int mode;
    /** Difficulty, one of dq_atari_game.difficulties. */
    int difficulty;
    /** Console frames after which an episode is truncated; 0: no limit. */
    uint32_t max_ticks;
    /** Make sound: dq_atari_audio(dq_env_atari(env)) has the last frame's of a step, as ale-py's
     *  sound_obs. */
    bool sound;
} dq_atari_options;

/** Fill in the options that an id stands for: the frame skip and the sticky actions of
 *  dq_env_make(), RGB, minimal actions, 108,000 frames, the game's first mode, difficulty 0, seed
 *  0.
 *  @return DQ_OK; DQ_ERR_NOT_FOUND for an unknown id, with the most similar one in the message */
DQ_API
DQ_NODISCARD dq_status dq_atari_options_init(dq_atari_options *options, const char *id);

/** Create the environment of an id with these options, without preprocessing.
 *  @param options NULL: those of the id
 *  @return as dq_env_make(); also DQ_ERR_CONFIG for an option out of range, which it names.
 *  Source: ale-py 0.12.1, env.py; ALE's settings of the same names. */
DQ_API
DQ_NODISCARD dq_status dq_env_make_atari(dq_env **out, const char *id,
                                         const dq_atari_options *options);

/** A dialect: the preprocessing of a well-known program. It decides which frames are pooled, how
 *  they are made grey and resized, what a reset does, when no-ops and FIRE are pressed, what the
 *  last observation of a game shows, and how random numbers follow from the seed; all of it is
 *  equal to the original.
 *
 *  `deepq envs --dialect NAME` and the table in docs/environments.md describe each dialect.
 *  Sources: Lapan 2020, chapter 6 (book), and the Atari wrappers of its third edition (book-3e);
 *  OpenAI baselines atari_wrappers.py; Stable-Baselines3 2.9 atari_wrappers.py and VecFrameStack;
 *  CleanRL dqn_atari.py with Gymnasium 0.28's ResizeObservation, GrayScaleObservation, FrameStack;
 *  Dopamine atari_lib.py; Gymnasium 1.4 AtariPreprocessing and FrameStackObservation; EnvPool 1.2
 *  atari_env.h; ale-py 0.12.1 AtariVectorEnv. */
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
    DQ_DIALECTS  // their number
} dq_dialect;

/** A dialect and its options. Fill it with dq_preprocessing_init() first, which sets the defaults
 *  of the original. */
typedef struct dq_preprocessing {
    /** The dialect. */
    dq_dialect dialect;
    /** Frame skip: console frames that an action is repeated for, 1 to 1000. */
    int skip;
    /** Most no-ops at the start of a game, 0 to 10000; 0: none. */
    int noop_max;
    /** Press FIRE after a reset in games that have it; `book` refuses games that do not. */
    bool fire_reset;
    /** A lost life ends the episode (`terminated`). As in the original, the next reset continues
     *  the game, but starts a new one with gymnasium, dopamine and ale-vector. */
    bool episodic_life;
    /** Replace each reward by its sign: -1, 0 or 1. */
    bool clip_reward;
    /** Resize with OpenCV's INTER_LINEAR instead of INTER_AREA; not with book and cleanrl. */
    bool linear_resize;
    /** Frames in an observation, 1 to 64. */
    int stack;
    /** Pool the maximum over all frames of a skip, not over the last two only. No original has it;
     *  it is for games that do not show everything in any two frames. */
    bool pool_all;
    /** Rows of a frame, 1 to 1024; 0: 84. Only the dialect ale-vector, without linear_resize and
     *  pool_all, takes other values than the usual ones (84 rows, 84 columns, false, false) in this
     *  and the next three fields; elsewhere they give DQ_ERR_CONFIG. */
    int height;
    /** Columns of a frame, 1 to 1024; 0: 84. */
    int width;
    /** RGB frames: observations are [stack][height][width][3]. */
    bool colour;
    /** A frame is the last one of a skip, not the maximum of the last two. */
    bool no_pooling;
} dq_preprocessing;

/** The names of the dialects in the order of dq_dialect, in static storage.
 *  @param[out] n their number */
DQ_API
const char *const *dq_dialect_names(size_t *n);
/** Fill in a dialect with the defaults of its original.
 *  @return DQ_OK; DQ_ERR_NOT_FOUND for an unknown name: the message lists the known ones */
DQ_API
DQ_NODISCARD dq_status dq_preprocessing_init(dq_preprocessing *p, const char *dialect);

/** Create the environment of an Atari id with preprocessing. Observations are uint8
 *  [stack][84][84], or as dq_preprocessing.height says, oldest frame first. dq_env_render() gives
 * the RGB picture. Nothing is allocated in a step.
 *
 *  The frame skip of an id such as ALE/Pong-v5 is replaced by p->skip; its sticky actions remain.
 *  Random numbers follow from the seed as in the original: by NumPy's generators as in Gymnasium's
 *  reset(seed=), and for envpool and ale-vector by ALE's random_seed and one std::mt19937.
 *  max_ticks is counted as in the original too: by ALE, or from the first observation of an
 *  episode, in steps (envpool) or in frames (ale-vector).
 *  @param options NULL: those of the id. rom_dir, seed, repeat_action_probability, full_action_set,
 *         mode, difficulty, max_ticks and sound may differ from those of the id; a frame skip may
 * be 1.
 *  @return as dq_env_make(); also DQ_ERR_CONFIG for an option out of range, for other options that
 *          differ from those of the id, and for games that the original refuses (action 0 is not
 *          NOOP, action 1 is not FIRE) */
DQ_API
DQ_NODISCARD dq_status dq_env_make_preprocessed(dq_env **out, const char *id,
                                                const dq_preprocessing *p,
                                                const dq_atari_options *options);

/** The console that an environment plays on, also below wrappers: for what a step does not tell,
 *  such as RAM, frame numbers or sound. Acting or resetting here, not there, leaves the environment
 *  in disorder.
 *
 *  A continuous action of ale-py's environments is a step of an environment with full_action_set:
 *  dq_env_step() with dq_atari_continuous_action() of it, after dq_atari_set_strength() here (not
 * in Lost Luggage and Skiing, where actions have other numbers).
 *  @return owned by the environment; NULL when it is no Atari game */
DQ_API
dq_atari *dq_env_atari(const dq_env *env);

#ifdef __cplusplus
}
#endif
#endif
