/** Environments: one interface, which Atari games, CartPole, FrozenLake and your own worlds
 *  implement.
 *
 *  An environment is created by dq_env_make() from an id, by a wrapper around another environment,
 *  or by dq_env_create() from your own functions. It is reset, then stepped until the episode ends,
 *  then reset again. The caller provides the buffers of the observations; dq_env_spec.obs says how
 *  large they are. Only one thread at a time may use an environment. Terms are Gymnasium's. */
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

/** Element types: uint8, float32, int32. */
typedef enum dq_dtype { DQ_U8 = 0, DQ_F32, DQ_I32 } dq_dtype;

enum { DQ_MAX_DIMS = 4 };  // dimensions of an observation, at most

/** The type, the shape and the range of an array. */
typedef struct dq_space {
    /** Type of the elements. */
    dq_dtype dtype;
    /** Number of dimensions, 0 to DQ_MAX_DIMS; 0: a scalar. */
    int n_dims;
    /** Size of each dimension: [height][width][channels] for RGB pictures,
     *  [channels][height][width] after ImageToPyTorch. */
    int shape[DQ_MAX_DIMS];
    /** Smallest value of an element. */
    float low;
    /** Largest value of an element. */
    float high;
} dq_space;

/** The number of elements of an array of this space. */
DQ_API
size_t dq_space_elements(const dq_space *space);
/** The number of bytes of an array of this space. */
DQ_API
size_t dq_space_bytes(const dq_space *space);

/** What is constant about an environment. Strings are valid as long as the environment. */
typedef struct dq_env_spec {
    /** Name, "PongNoFrameskip-v4". */
    const char *id;
    /** Space of the observations. */
    dq_space obs;
    /** Number of actions, 1 or more; actions are 0 to n_actions - 1. */
    int n_actions;
    /** [n_actions] "NOOP", "FIRE", ...; NULL when actions have no names. */
    const char *const *action_names;
    /** Number of states of a discrete environment, whose observation is one int32, the state; 0 for
     *  other environments. */
    int n_states;
    /** Steps after which an episode is truncated; 0: no limit, or one that is not counted in
     *  steps. */
    int max_episode_steps;
} dq_env_spec;

/** The result of a step besides the observation.
 *
 *  The last four fields follow whole games, whatever the preprocessing makes of them: where rewards
 *  are clipped, a lost life ends an episode, or a reset takes steps of the game. In all other
 *  environments they are zero. docs/environments.md shows how to count games with them. */
typedef struct dq_step {
    /** The reward that is learned from. */
    float reward;
    /** The episode ended by the rules of the game, or at a lost life. */
    bool terminated;
    /** A limit cut the episode off. */
    bool truncated;
    /** Lives left; 0 when the game has none. */
    int lives;
    /** The last frame of the step lost a life, as the preprocessing (atari_env.h) counts them, also
     *  where lost lives do not end episodes. Without preprocessing it is false. */
    bool life_lost;
    /** The points that `reward` lacks: since the previous step the game gave reward + clipped. It
     *  is what clipping removed, and what was scored during a reset, by no-ops, by FIRE or by the
     *  step after a lost life. */
    float clipped;
    /** The episode ended but the game did not: the next reset continues it. */
    bool game_goes_on;
    /** The previous step had game_goes_on, but the game ended during the reset: this step belongs
     *  to a new game. */
    bool is_new_game;
    /** When is_new_game: points of the previous game that no step has reported. */
    float ended_points;
} dq_step;

/** An RGB picture. */
typedef struct dq_image {
    /** uint8 [height][width][3], owned by the environment, valid until its next call. */
    const uint8_t *pixels;
    /** Pixels in a row. */
    int width;
    /** Rows. */
    int height;
} dq_image;

/** A possible outcome of an action in a discrete environment: an entry of Gymnasium's transition
 *  table P. */
typedef struct dq_outcome {
    double probability;  // 0 to 1
    int32_t next_state;  // 0 to n_states - 1
    float reward;        // of this step
    bool terminated;     // whether the episode ends
} dq_outcome;

typedef struct dq_env dq_env;

/** The functions of an environment: implement these for your own world. Each gets `self`, your
 *  object, and returns DQ_OK or a status that the caller gets. Only `reset` and `step` are
 *  required; the others may be NULL.
 *
 *  Calls for one object never overlap. But with a dq_vector, or with several environments of a
 *  trainer, `reset`, `step` and `lives` are called by worker threads, each call possibly by another
 *  one, and different objects may be called at the same time. */
typedef struct dq_env_ops {
    /** dq_env_reset(). */
    dq_status (*reset)(void *self, void *obs);
    /** dq_env_step(). Called only during an episode and with an action in range; *result is zero
     *  before the call. */
    dq_status (*step)(void *self, int action, void *obs, dq_step *result);
    /** Restart the random numbers of the environment. NULL: it has none. */
    dq_status (*seed)(void *self, uint64_t seed);
    /** dq_env_render(). */
    dq_status (*render)(void *self, dq_image *image);
    /** dq_env_save(). */
    dq_status (*save)(void *self, dq_writer *w);
    /** dq_env_load(). */
    dq_status (*load)(void *self, dq_reader *r);
    /** Free `self`. NULL: there is nothing to free. */
    void (*destroy)(void *self);
    /** dq_env_lives(). NULL: the lives that the last step reported. */
    int (*lives)(void *self);
    /** dq_env_model(), of a discrete environment. Called with a state and an action in range. */
    dq_status (*model)(void *self, int state, int action, const dq_outcome **outcomes, int *n);
    /** dq_env_start_model(), of a discrete environment. */
    dq_status (*start_model)(void *self, const dq_outcome **outcomes, int *n);
    /** dq_env_render_text(). */
    dq_status (*render_text)(void *self, const char **text);
    /** dq_env_observe(). Called only after a reset. */
    dq_status (*observe)(void *self, void *obs);
    /** dq_env_atari() (atari_env.h). NULL: no Atari game. */
    struct dq_atari *(*atari)(void *self);
} dq_env_ops;

/** Create an environment from your own functions.
 *  @param[out] out to be freed by dq_env_destroy(); NULL on failure
 *  @param ops copied
 *  @param spec copied, but not the strings that it points to
 *  @param self the environment's on success, the caller's on failure
 *  @return DQ_OK; DQ_ERR_CONFIG for an impossible spec; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_env_create(dq_env **out, const dq_env_ops *ops, const dq_env_spec *spec,
                                     void *self);
/** The spec, owned by the environment. */
DQ_API
const dq_env_spec *dq_env_get_spec(const dq_env *env);

/** Start an episode.
 *  @param[out] obs dq_space_bytes(&spec.obs) bytes
 *  @return DQ_OK or the failure of the environment */
DQ_API
DQ_NODISCARD dq_status dq_env_reset(dq_env *env, void *obs);
/** Take one action.
 *  @param action 0 to n_actions - 1
 *  @param[out] obs dq_space_bytes(&spec.obs) bytes
 *  @param[out] result the rest of what the step gave
 *  @return DQ_OK; DQ_ERR_CONFIG for an action out of range, or when no episode is running: before
 *          the first reset, after the end of an episode or after a failure (nothing has changed
 *          then); or the failure of the environment */
DQ_API
DQ_NODISCARD dq_status dq_env_step(dq_env *env, int action, void *obs, dq_step *result);
/** Write once more the observation that the last reset or step gave.
 *  @param[out] obs dq_space_bytes(&spec.obs) bytes
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED when the environment does not implement it: classic control
 *          and the Atari dialects other than `book` do; dq_env_make_book(), the wrappers below,
 *          Atari games without preprocessing and toy texts do not; DQ_ERR_CONFIG when it was not
 *          reset since it was created or seeded */
DQ_API
DQ_NODISCARD dq_status dq_env_observe(dq_env *env, void *obs);
/** Restart the environment and its wrappers from a seed: what follows is what a new environment
 *  with this seed would do. The next call must be dq_env_reset().
 *  @return DQ_OK, also when the environment has no `seed` function and nothing is restarted; or the
 *          failure of the environment */
DQ_API
DQ_NODISCARD dq_status dq_env_seed(dq_env *env, uint64_t seed);
/** Lives left, also right after a reset; 0 when the game has none. */
DQ_API
int dq_env_lives(const dq_env *env);
/** The picture that a person would see now.
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED when the environment has no pictures */
DQ_API
DQ_NODISCARD dq_status dq_env_render(dq_env *env, dq_image *image);
/** The environment as lines of text, possibly with ANSI colours: Gymnasium's render_mode "ansi".
 *  @param[out] text owned by the environment, valid until its next call
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED when the environment has no text */
DQ_API
DQ_NODISCARD dq_status dq_env_render_text(dq_env *env, const char **text);
/** The transition model of a discrete environment: all outcomes of an action in a state. It does
 *  not depend on what the environment is doing, and does not change that.
 *  @param[out] outcomes [*n], owned by the environment, valid until its next call. Their
 *         probabilities sum to 1; a next state may occur more than once.
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED when the model is unknown; DQ_ERR_CONFIG for a state or an
 *          action out of range */
DQ_API
DQ_NODISCARD dq_status dq_env_model(dq_env *env, int state, int action, const dq_outcome **outcomes,
                                    int *n);
/** The states that a reset leads to, as dq_env_model(); only `probability` and `next_state` are
 *  meaningful. */
DQ_API
DQ_NODISCARD dq_status dq_env_start_model(dq_env *env, const dq_outcome **outcomes, int *n);
/** Write the complete state of the environment and its wrappers.
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED when it cannot be saved; or the failure of the writer */
DQ_API
DQ_NODISCARD dq_status dq_env_save(dq_env *env, dq_writer *w);
/** Read back what dq_env_save() wrote, into an environment that was created in the same way: what
 *  follows is identical.
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED when it cannot be loaded; DQ_ERR_INPUT for damaged data or
 *          data of another environment, which must be reset then */
DQ_API
DQ_NODISCARD dq_status dq_env_load(dq_env *env, dq_reader *r);
/** Destroys the environment and everything that it wraps. Accepts NULL. */
DQ_API
void dq_env_destroy(dq_env *env);

/** Options of dq_env_make(). Zero-initialise it, then set what differs. */
typedef struct dq_env_options {
    /** Folder that is searched for ROMs first; NULL: only the folders of dq_rom_find(). */
    const char *rom_dir;
    /** Seed of all that the environment draws: sticky actions, no-op starts, starting states. */
    uint64_t seed;
} dq_env_options;

/** Create the environment of an id, without preprocessing: observations are RGB uint8
 *  [height][160][3], actions are the game's minimal set, and an episode has at most 108,000 console
 *  frames.
 *
 *  | id                             | frame skip         | sticky actions |
 *  |--------------------------------|--------------------|----------------|
 *  | PongNoFrameskip-v4             | 1                  | 0              |
 *  | PongNoFrameskip-v0             | 1                  | 0.25           |
 *  | Pong-v4                        | 2, 3 or 4, drawn   | 0              |
 *  | Pong-v0                        | 2, 3 or 4, drawn   | 0.25           |
 *  | ALE/Pong-v5, Pong-v5           | 4                  | 0.25           |
 *  | pong (ALE's rom id, any game)  | 1                  | 0              |
 *  | deepq/Pong-v0, deepq/Bricks-v0 | 1                  | 0              |
 *  | FrozenLake-v1, Taxi-v4, ...    | see deepq/toy_text.h                |
 *
 *  Classic control, whose observations are vectors of floats, is Gymnasium's, random numbers
 *  included:
 *
 *  | id             | observation | actions | time limit, steps |
 *  |----------------|-------------|---------|-------------------|
 *  | CartPole-v0    | float32 [4] | 2       | 200               |
 *  | CartPole-v1    | float32 [4] | 2       | 500               |
 *  | MountainCar-v0 | float32 [2] | 3       | 200               |
 *  | Acrobot-v1     | float32 [6] | 3       | 500               |
 *
 *  Pong-v5 is ALE's, not EnvPool's environment of that name. The games deepq/... are part of the
 *  library and need no ROM. The picture is that of the last frame of the frame skip. As in
 *  Gymnasium, the first episode is the second game after the ROM was loaded.
 *  @param options NULL: all zero
 *  @return DQ_OK; DQ_ERR_NOT_FOUND for an unknown id, with the most similar one in the message, or
 *          for a missing ROM, with its md5, the folders searched and the command that imports it;
 *          DQ_ERR_INPUT for a ROM that is damaged; DQ_ERR_NOMEM.
 *  Source: ale-py 0.12.1, registration.py and env.py. */
DQ_API
DQ_NODISCARD dq_status dq_env_make(dq_env **out, const char *id, const dq_env_options *options);

/** Create an Atari environment with the book's preprocessing: MaxAndSkip(4), FireReset,
 *  ProcessFrame84, ImageToPyTorch, Buffer(4). Observations are uint8 [4][84][84], oldest frame
 *  first. They are byte for byte those of the wrappers below, without ScaledFloat, but several
 *  times as fast. The frame skip of an id such as ALE/Pong-v5 is replaced by that of MaxAndSkip;
 *  its sticky actions remain. dq_env_render() gives the RGB picture. Nothing is allocated in a
 *  step.
 *  @return as dq_env_make(); also DQ_ERR_CONFIG for a game whose action 1 is not FIRE, which
 *          FireReset refuses, or whose picture has neither 210 nor 250 rows, which ProcessFrame84
 *          refuses.
 *  Source: Lapan 2020, chapter 6, lib/wrappers.py, make_env. */
DQ_API
DQ_NODISCARD dq_status dq_env_make_book(dq_env **out, const char *id,
                                        const dq_env_options *options);

/* The book's wrappers. Each sets *out to the wrapped environment, to be freed by dq_env_destroy(),
 * which destroys `inner` too; on failure *out is NULL and `inner` remains the caller's. Source:
 * Lapan 2020, chapter 6, lib/wrappers.py; OpenAI baselines, atari_wrappers.py, for EpisodicLife,
 * NoopReset and ClipReward. */

/** End the episode at each lost life (`terminated`). The next reset then continues the game with
 *  one no-op; only after the end of the game does it start a new one. If that no-op ends the game,
 *  a new one is started, where baselines would return a finished episode.
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_episodic_life(dq_env **out, dq_env *inner);
/** Begin each episode with 1 to max_noops no-ops, drawn from the environment's seed, which is 0
 *  until dq_env_seed() sets it.
 *  @param max_noops 1 or more; baselines has 30
 *  @return DQ_OK; DQ_ERR_CONFIG when action 0 is not NOOP, or max_noops is out of range;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_noop_reset(dq_env **out, dq_env *inner, int max_noops);
/** Repeat each action `skip` times, or until the episode ends, and sum the rewards. The observation
 *  is the maximum, byte by byte, of the last two frames, which may be from this step, the previous
 *  step or the reset.
 *  @param skip 1 or more; the book has 4
 *  @return DQ_OK; DQ_ERR_CONFIG when observations are not uint8, or skip is out of range;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_max_and_skip(dq_env **out, dq_env *inner, int skip);
/** dq_wrap_max_and_skip() with the maximum over all frames of the skip, for games that do not show
 *  everything in any two frames. Parameters and errors are the same. */
DQ_API
DQ_NODISCARD dq_status dq_wrap_max_over_skip(dq_env **out, dq_env *inner, int skip);
/** Take actions 1 and 2 after each reset. The observation is that after action 2, even when that
 *  ended the game, which is then reset once more.
 *  @return DQ_OK; DQ_ERR_CONFIG when action 1 is not FIRE or there are fewer than 3 actions;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_fire_reset(dq_env **out, dq_env *inner);
/** Convert RGB pictures [210 or 250][160][3] to grey pictures [84][84][1].
 *  @return DQ_OK; DQ_ERR_CONFIG, "Unknown resolution", for pictures of another size;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_process_frame84(dq_env **out, dq_env *inner);
/** Reorder [height][width][channels] to [channels][height][width].
 *  @return DQ_OK; DQ_ERR_CONFIG when observations do not have three dimensions; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_image_to_pytorch(dq_env **out, dq_env *inner);
/** Stack the last n observations [1][h][w] to [n][h][w], oldest first, with zeros before the first
 *  of an episode.
 *  @param n 1 or more; the book has 4
 *  @return DQ_OK; DQ_ERR_CONFIG when observations are not [1][h][w], or n is out of range;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_buffer(dq_env **out, dq_env *inner, int n);
/** Replace each reward by its sign: -1, 0 or 1.
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_clip_reward(dq_env **out, dq_env *inner);
/** Convert uint8 to float32 in [0, 1]: value / 255.
 *  @return DQ_OK; DQ_ERR_CONFIG when observations are not uint8; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_wrap_scaled_float(dq_env **out, dq_env *inner);

/** The ids that dq_env_make() knows, in strcmp() order, in static storage.
 *  @param[out] n their number */
DQ_API
const char *const *dq_env_ids(size_t *n);
/** The id of dq_env_ids() with the most similar spelling, in static storage; NULL when none is
 *  similar. */
DQ_API
const char *dq_env_suggest(const char *id);

#ifdef __cplusplus
}
#endif
#endif
