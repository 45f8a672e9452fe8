/** Environments: the one small interface that Atari, FrozenLake and your own world implement.
 *
 *  An environment is created by a constructor (dq_env_make() by id, a wrapper around another one,
 *  or dq_env_create() with your own operations), then reset, then stepped until an episode ends,
 *  then reset again. Observations go into buffers of the caller, dq_env_spec.obs says how large.
 *  One thread at a time per environment. Terms and meanings are Gymnasium's. */
#ifndef DEEPQ_ENV_H
#define DEEPQ_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dq_dtype { DQ_U8 = 0, DQ_F32, DQ_I32 } dq_dtype;

enum { DQ_MAX_DIMS = 4 };

/** An array's type, shape and value range. n_dims 0: one scalar. */
typedef struct dq_space {
    dq_dtype dtype;
    int n_dims;
    int shape[DQ_MAX_DIMS];  // [h][w][c] for raw pictures, [c][h][w] after ImageToPyTorch
    float low, high;         // inclusive
} dq_space;

/** Number of elements and of bytes in one array of this space. */
DQ_API
size_t dq_space_elements(const dq_space *space);
DQ_API
size_t dq_space_bytes(const dq_space *space);

/** What is fixed about an environment. Strings live as long as the environment. */
typedef struct dq_env_spec {
    const char *id;                   // "PongNoFrameskip-v4"
    dq_space obs;                     // what reset and step write
    int n_actions;                    // actions are 0 .. n_actions-1
    const char *const *action_names;  // [n_actions], "NOOP", "FIRE", ...; NULL when unnamed
    int n_states;                     // > 0: a discrete world whose observation is one int32 state
    int max_episode_steps;  // then the episode is truncated; 0: no limit, or not counted in steps
} dq_env_spec;

/** What one step came to besides the observation. The last four fields keep track of whole games,
 *  whatever is learned from: they are zero where rewards are the game's own, an episode is a game,
 *  and a reset takes no steps. */
typedef struct dq_step {
    /** What is learned from. */
    float reward;
    /** The episode ended by the rules of the game, or at a lost life. */
    bool terminated;
    /** A limit cut the episode off. */
    bool truncated;
    /** Lives left, 0 where the game has none. */
    int lives;
    /** The game's own points since the step before are reward + clipped: what clipping took off,
     *  and what was scored within a reset, by no-ops, FIRE or the step after a lost life. */
    float clipped;
    /** The episode ended and its game did not: the next reset plays on. */
    bool game_goes_on;
    /** The step before told game_goes_on, and then the game ended within the reset: this step is of
     *  another game. */
    bool is_new_game;
    /** With is_new_game: points of the game before that no step has told. */
    float ended_points;
} dq_step;

/** An RGB picture; `pixels` [height][width][3] is the environment's, valid until its next call. */
typedef struct dq_image {
    const uint8_t *pixels;
    int width, height;
} dq_image;

/** One thing that can happen in a discrete world, as a row of Gymnasium's transition table P. */
typedef struct dq_outcome {
    double probability;
    int32_t next_state;  // 0..n_states-1
    float reward;
    bool terminated;
} dq_outcome;

typedef struct dq_env dq_env;

/** The operations of an environment: implement these for your own world. `self` is your object.
 *  Only `reset` and `step` must be there. Without `render`, `save` or `load` those calls return
 *  DQ_ERR_UNSUPPORTED; without `seed` there is nothing to seed; without `lives` the lives are those
 *  of the last step. `step` is never called with an impossible action or outside an episode. */
typedef struct dq_env_ops {
    dq_status (*reset)(void *self, void *obs);
    dq_status (*step)(void *self, int action, void *obs, dq_step *result);
    dq_status (*seed)(void *self, uint64_t seed);  // restarts the environment's own chance
    dq_status (*render)(void *self, dq_image *image);
    dq_status (*save)(void *self, dq_writer *w);
    dq_status (*load)(void *self, dq_reader *r);
    void (*destroy)(void *self);
    int (*lives)(void *self);  // lives left now, also right after a reset
    /* What a discrete world knows about itself (dq_env_model, dq_env_start_model) and how it looks
     * in a terminal (dq_env_render_text). `model` is called with possible states and actions only.
     */
    dq_status (*model)(void *self, int state, int action, const dq_outcome **outcomes, int *n);
    dq_status (*start_model)(void *self, const dq_outcome **outcomes, int *n);
    dq_status (*render_text)(void *self, const char **text);
} dq_env_ops;

/** Wrap your operations. On success the environment owns `self` and `spec` is copied (not the
 *  strings it points to). */
DQ_API
DQ_NODISCARD dq_status dq_env_create(dq_env **out, const dq_env_ops *ops, const dq_env_spec *spec,
                                     void *self);
/** The environment's own, as long as that lives. */
DQ_API
const dq_env_spec *dq_env_get_spec(const dq_env *env);

/** Start an episode. @param[out] obs dq_space_bytes(&spec.obs) bytes */
DQ_API
DQ_NODISCARD dq_status dq_env_reset(dq_env *env, void *obs);
/** Take one action, 0..n_actions-1; anything else, and a step before the first reset or after the
 *  end of an episode (or after a failed call), is DQ_ERR_CONFIG and changes nothing. */
DQ_API
DQ_NODISCARD dq_status dq_env_step(dq_env *env, int action, void *obs, dq_step *result);
/** Restart the environment and its wrappers, all their randomness from `seed`: the run after it is
 *  that of a new environment made with this seed. The next call must be a reset. */
DQ_API
DQ_NODISCARD dq_status dq_env_seed(dq_env *env, uint64_t seed);
/** Lives left now, also right after a reset; 0 where the game has none. */
DQ_API
int dq_env_lives(const dq_env *env);
/** The picture a person would see now. */
DQ_API
DQ_NODISCARD dq_status dq_env_render(dq_env *env, dq_image *image);
/** The same as lines of text, perhaps with ANSI colours: what Gymnasium's render_mode "ansi" gives.
 *  The environment's, valid until its next call. */
DQ_API
DQ_NODISCARD dq_status dq_env_render_text(dq_env *env, const char **text);
/** A discrete world's transition model: all that can follow `action` in `state`, whatever the
 *  environment is doing now; their probabilities sum to 1, one next state may stand there twice.
 *  The outcomes are the environment's, valid until its next call. DQ_ERR_UNSUPPORTED where the
 *  model is not known, DQ_ERR_CONFIG for an impossible state or action. */
DQ_API
DQ_NODISCARD dq_status dq_env_model(dq_env *env, int state, int action, const dq_outcome **outcomes,
                                    int *n);
/** Where a reset leads: probability and next_state count, as for dq_env_model(). */
DQ_API
DQ_NODISCARD dq_status dq_env_start_model(dq_env *env, const dq_outcome **outcomes, int *n);
/** Write the whole state (wrappers included), or take it back into an environment that was made in
 *  the same way, from the reader's place on: the run after it is identical. What is damaged or of
 *  another kind is DQ_ERR_INPUT; the environment has to be reset then. */
DQ_API
DQ_NODISCARD dq_status dq_env_save(dq_env *env, dq_writer *w);
DQ_API
DQ_NODISCARD dq_status dq_env_load(dq_env *env, dq_reader *r);
/** Destroys the environment and everything it wraps. Accepts NULL. */
DQ_API
void dq_env_destroy(dq_env *env);

/** How dq_env_make() finds ROMs. Zero-initialise, then fill in. */
typedef struct dq_env_options {
    const char *rom_dir;  // searched first; NULL: only the usual places (dq_rom_find)
    uint64_t seed;        // sticky actions, no-op starts
} dq_env_options;

/** The raw environment of an id, observation RGB uint8 [height][160][3], minimal action set, at
 *  most 108,000 console frames an episode:
 *
 *  | id                          | frames an action is held | sticky actions |
 *  |-----------------------------|--------------------------|----------------|
 *  | PongNoFrameskip-v4          | 1                        | 0              |
 *  | PongNoFrameskip-v0          | 1                        | 0.25           |
 *  | Pong-v4                     | 2, 3 or 4, by chance     | 0              |
 *  | Pong-v0                     | 2, 3 or 4, by chance     | 0.25           |
 *  | ALE/Pong-v5                 | 4                        | 0.25           |
 *  | Pong-v5                     | short for ALE/Pong-v5 (not EnvPool's id of that name) |
 *  | pong (ALE's rom id)         | as NoFrameskip-v4, for every game, also those without that id |
 *  | FrozenLake-v1, Taxi-v4, ... | toy texts: deepq/toy_text.h lists them |
 *  | deepq/Pong-v0, deepq/Bricks-v0 | our own games in the library, as NoFrameskip-v4: no ROM
 * needed |
 *
 *  The picture is that of the last frame alone. The ROM starts as in Gymnasium: the first episode
 *  is the second game after loading. DQ_ERR_NOT_FOUND suggests the nearest id, or names the missing
 *  ROM, its md5, the folders searched and the command that imports it. `options` may be NULL.
 *  Source: ale-py 0.12.1, registration.py and env.py. */
DQ_API
DQ_NODISCARD dq_status dq_env_make(dq_env **out, const char *id, const dq_env_options *options);

/** The book's training pipeline for an Atari id in one fused environment: MaxAndSkip(4), FireReset,
 *  ProcessFrame84, ImageToPyTorch, Buffer(4). Observation uint8 [4][84][84], oldest frame first,
 *  byte for byte what the composed wrappers below give before ScaledFloat, at several times the
 *  speed. dq_env_render() gives the raw RGB picture. Frames that the id itself holds an action for,
 *  as ALE/Pong-v5 does, are replaced by those of MaxAndSkip; its sticky actions stay. A game whose
 *  action 1 is not FIRE, or whose picture does not have 210 or 250 rows, is DQ_ERR_CONFIG, as
 *  FireReset and ProcessFrame84 refuse it. Nothing is allocated in a step.
 *  Source: Lapan 2020, chapter 6, lib/wrappers.py, make_env. */
DQ_API
DQ_NODISCARD dq_status dq_env_make_book(dq_env **out, const char *id,
                                        const dq_env_options *options);

/* The book's wrappers by name. Each takes over `inner` on success (destroying the wrapper destroys
 * it) and leaves it with the caller on failure. Source: Lapan 2020, chapter 6, lib/wrappers.py, and
 * OpenAI baselines atari_wrappers.py for EpisodicLife, NoopReset and the reward's sign. */

/** An episode ends with each life lost (`terminated`); only after a real end does reset start a new
 *  game, otherwise it takes one no-op. (Should that no-op end the game, a new one starts: baselines
 *  would hand out an episode that is over.) */
DQ_API
DQ_NODISCARD dq_status dq_wrap_episodic_life(dq_env **out, dq_env *inner);
/** 1 to `max_noops` (30) no-ops after each reset, drawn from the environment's seed (0 until
 *  dq_env_seed() is called). DQ_ERR_CONFIG when action 0 is not NOOP. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_noop_reset(dq_env **out, dq_env *inner, int max_noops);
/** Repeat an action `skip` times (4; 3 for Space Invaders) or until the episode ends, sum the
 *  rewards, return the maximum, byte by byte, of the last two frames seen, be they of this step,
 *  the step before or the reset. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_max_and_skip(dq_env **out, dq_env *inner, int skip);
/** The same with the maximum over all frames of a skip and none before it: for games of which the
 *  last two frames do not show everything. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_max_over_skip(dq_env **out, dq_env *inner, int skip);
/** Press actions 1 and 2 after each reset. The observation is that of the second press, even when
 *  it ended the game and another reset followed. DQ_ERR_CONFIG when action 1 is not FIRE or there
 *  are fewer than 3. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_fire_reset(dq_env **out, dq_env *inner);
/** RGB [210 or 250][160][3] to grey [84][84][1]; other sizes: DQ_ERR_CONFIG, "Unknown resolution".
 */
DQ_API
DQ_NODISCARD dq_status dq_wrap_process_frame84(dq_env **out, dq_env *inner);
/** [h][w][c] to [c][h][w]. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_image_to_pytorch(dq_env **out, dq_env *inner);
/** The last n observations [1][h][w] as [n][h][w], oldest first; zeros before an episode's first.
 */
DQ_API
DQ_NODISCARD dq_status dq_wrap_buffer(dq_env **out, dq_env *inner, int n);
/** Rewards become -1, 0 or 1. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_clip_reward(dq_env **out, dq_env *inner);
/** uint8 to float32 in [0, 1]: value / 255. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_scaled_float(dq_env **out, dq_env *inner);

/** Every full id that dq_env_make() knows, in strcmp() order; *n entries, static storage. */
DQ_API
const char *const *dq_env_ids(size_t *n);
/** The id of dq_env_ids() nearest in spelling, or NULL when nothing is near. Static storage. */
DQ_API
const char *dq_env_suggest(const char *id);

#ifdef __cplusplus
}
#endif
#endif
