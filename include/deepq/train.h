/** Deep Q-learning: hyperparameters, presets, and the trainer that runs the loop.
 *
 *  A trainer owns its environments, its network and its replay buffer. It prints nothing and writes
 *  no file: the caller learns of a run through dq_train_events and saves it with dq_trainer_save().
 *  Only one thread at a time may use a trainer.
 *
 *  An episode ends when the environment says so, which with some preprocessing is at each lost
 *  life. A game is the whole of it, until the console's game is over. Steps are agent steps, which
 *  the book calls frames. */
#ifndef DEEPQ_TRAIN_H
#define DEEPQ_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/net.h"
#include "deepq/priorities.h"
#include "deepq/replay.h"
#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DQ_REPLAY_STORE_TEXT = 256,  // bytes of dq_train_config.replay_store
    DQ_CONVOLUTIONS_TEXT = 32    // bytes of dq_train_config.convolutions
};

/** The hyperparameters, and the threads and devices that a run computes with. Fill it with
 *  dq_train_preset() first: the defaults are the presets' (docs/hyperparameters.md). */
typedef struct dq_train_config {
    /** Discount factor, 0 to 1. */
    double gamma;
    /** Transitions in a batch, 1 to 65536. */
    int batch;
    /** Capacity of the replay buffer in transitions, 1 to 100000000. */
    int replay_size;
    /** Transitions in the replay buffer when learning starts, 1 to replay_size. */
    int replay_start;
    /** How the frames in the replay buffer are kept: "plain", "packed", "file:DIR" for a file in
     *  that folder (dq_replay_store); "auto" or "": plain if that takes at most half of the memory
     *  that is free, else packed. Results do not depend on it. */
    char replay_store[DQ_REPLAY_STORE_TEXT];
    /** How gradients change the parameters: DQ_OPTIMISER_ADAM, DQ_OPTIMISER_RMSPROP as in Mnih
     * et al. 2015, or DQ_OPTIMISER_RADAM, rectified Adam, which has Adam's constants. */
    dq_optimiser optimiser;
    /** The optimiser's learning rate at step 0, 0 to 1000. */
    double learning_rate;
    /** The learning rate from step learning_rate_decay on, 0 to 1000. In between it changes
     *  linearly. */
    double learning_rate_final;
    /** The step at which the learning rate reaches learning_rate_final; 0: it is constant. */
    int64_t learning_rate_decay;
    /** Adam's decay rate of the mean gradient, 0 to below 1 (Kingma and Ba 2015). */
    double adam_beta1;
    /** Adam's decay rate of the mean squared gradient, 0 to below 1. */
    double adam_beta2;
    /** Adam's constant that is added to the denominator, 1e-12 to 1. */
    double adam_epsilon;
    /** RMSProp's decay rate of the mean gradient and the mean squared gradient, 0 to below 1. */
    double rmsprop_decay;
    /** RMSProp's constant in the root, 1e-12 to 1. */
    double rmsprop_epsilon;
    /** The longest gradient of a batch, all parameters together, as an L2 norm, 0 to 1e6: a longer
     *  one is scaled down to it. 0: any length. */
    double gradient_norm;
    /** Initialisation of the parameters, a name from the table of dq_net_init(); NULL:
     *  "pytorch". */
    const char *initialisation;
    /** What the outputs of an action are: its value, the probabilities of atoms (C51), quantiles of
     *  the return (QR-DQN), or its quantiles at levels that are drawn (IQN). */
    dq_head head;
    /** Atoms or quantiles of an action, 1 to DQ_ATOMS_MAX, of C51 2 or more; of IQN the levels that
     *  are drawn for a state in an update, and as many for its next state. */
    int atoms;
    /** Of IQN: quantiles whose mean is the value of an action, 1 to DQ_ATOMS_MAX, at the levels (i
     * + 1/2) / value_levels, where the paper draws them. */
    int value_levels;
    /** C51's first atom, -1e6 to below value_max. */
    double value_min;
    /** C51's last atom, up to 1e6. */
    double value_max;
    /** Whether advantages and a value are computed apart, and how (Wang et al. 2016). */
    dq_dueling dueling;
    /** Outputs of each of the two hidden layers of DQ_DUELING_STREAMS: as many as the network's
     *  hidden layer has, or half of it; 0: as many. Of an mlp 1 to DQ_MLP_HIDDEN_MAX. */
    int stream_width;
    /** Noise in the linear layers, which explores instead of epsilon or beside it (Fortunato et al.
     *  2018). */
    dq_noise noisy;
    /** The sigma that noisy layers begin with, 0 to 10; 0: 0.5, or 0.017 where noise is independent
     *  (dq_net_config.noisy_sigma). */
    double noisy_sigma;
    /** Loss of the difference between an action value and its target: DQ_LOSS_MSE, DQ_LOSS_HUBER
     *  as in Mnih et al. 2015, or DQ_LOSS_HALF_MSE. */
    dq_loss loss;
    /** Rewards that are summed before the value of the next state is added, 1 to 1000 (n-step
     *  returns, Sutton 1988). */
    int n_step;
    /** Layer normalisation behind each layer but the last (Ba, Kiros, Hinton 2016; net.h says how).
     */
    bool layer_norm;
    /** Double DQN: the online network chooses the next action, the target network evaluates it (van
     *  Hasselt et al. 2016). */
    bool double_dqn;
    /** Pixels that a picture is padded by before it is cropped back at random, in every state that
     *  an update takes, 0 to 42; 0: none (Kostrikov et al. 2020, who have 4). */
    int augment_shift;
    /** The standard deviation of a factor near 1, cut off at two of it, by which the inputs of each
     *  such state are multiplied, 0 to 0.5; 0: none (Dopamine has 0.05). */
    double augment_intensity;
    /** Munchausen DQN (Vieillard, Pietquin, Geist 2020): temperature of the policy that is a
     * softmax of the target network's action values, 0 to 1000; 0: it is off. Above 0 the value of
     * a next state is soft, the mean over this policy of value - munchausen_tau * log policy. */
    double munchausen_tau;
    /** Factor of munchausen_tau * log policy of the action taken, which is added to its reward, 0
     * to 1. */
    double munchausen_alpha;
    /** Bound of munchausen_tau * log policy from below, -1e6 to 0. */
    double munchausen_least;
    /** How an episode that a limit cuts off (truncated) is learned. True: as one that terminated,
     *  as in the book. False: the value of its last state is added (Pardo et al. 2018). */
    bool truncation_ends;
    /** Exponent alpha of the priorities, 0 to 1; 0: transitions are drawn uniformly (Schaul et al.
     *  2016). */
    double priority_alpha;
    /** How priorities and importance-sampling weights are computed, as priorities.h says:
     *  DQ_PRIORITY_SCHAUL, or DQ_PRIORITY_DOPAMINE, which Dopamine has with priority_alpha =
     *  priority_beta = 0.5. */
    dq_priority_rule priority_rule;
    /** Exponent beta of the importance-sampling weights at step 0, 0 to 1; 1: full correction. */
    double priority_beta;
    /** The step at which beta, which changes linearly, reaches 1; 0: it is constant. */
    int64_t priority_beta_steps;
    /** Environments that run side by side, 1 to DQ_VECTOR_MAX. A step is one step of one of them,
     *  so everything that is counted in steps means the same for any number of environments. */
    int n_envs;
    /** Steps from one update to the next, 1 to 1000000. */
    int train_every;
    /** Updates one after another whenever one is due, 1 to 1000. */
    int updates;
    /** Steps of each environment from one learning to the next, 1 to 100000 (PQN, Gallici et al.
     *  2024). They are kept until they were learned, all n_envs * rollout of them, which must be a
     *  multiple of `batch`: there is neither a replay buffer nor a target network, so
     * `replay_size`, `replay_start` and `target_sync` have no effect. 0: there are both. */
    int rollout;
    /** How often each step of a rollout is learned, 1 to 1000: each time all of them are shuffled
     *  and divided into batches, with an update for each. */
    int epochs;
    /** Lambda of the returns that a rollout is learned with, 0 to 1; 0: those of one step. */
    double return_lambda;
    /** Steps from one update of the target network to the next, 1 or more. */
    int64_t target_sync;
    /** The part of the way to the online network that the target network goes in such an update, 0
     *  to 1; 1: it becomes a copy of it (Lillicrap et al. 2016 have 0.001). */
    double target_rate;
    /** The step until which epsilon, the probability of a random action, is epsilon_start; 0 or
     *  more. */
    int64_t epsilon_begin;
    /** Steps in which epsilon would fall linearly by 1 after that; it stops falling at
     *  epsilon_final. 1 or more. */
    int64_t epsilon_decay;
    /** Epsilon at step 0, 0 to 1. */
    double epsilon_start;
    /** Epsilon at the end of its first decline, 0 to epsilon_start. */
    double epsilon_final;
    /** Epsilon from step epsilon_last_decay on, 0 to 1. From epsilon_final it changes linearly. */
    double epsilon_last;
    /** The step at which epsilon reaches epsilon_last, later than that at which it reaches
     *  epsilon_final; 0: it remains epsilon_final. */
    int64_t epsilon_last_decay;
    /** Reward threshold in points, -1e12 to 1e12: the environment is solved when the mean of the
     *  last 100 games is above it. INFINITY: never; NAN: the game's own,
     *  dq_train_reward_bound(). */
    double reward_bound;
    /** Steps after which the run ends; 0: no limit. */
    int64_t max_steps;
    /** Steps from one `checkpoint` event to the next, 1 or more. */
    int64_t checkpoint_every;
    /** Steps from one evaluation to the next, 0 or more; 0: there is none. A trainer does not
     *  evaluate: that is for whoever runs it, as `deepq train` does. */
    int64_t eval_every;
    /** Seed of all random streams. */
    uint64_t seed;
    /** Threads, the caller included; 0: one for each core. Not a hyperparameter: results do not
     *  depend on it. */
    int n_threads;
    /** Games of an evaluation, 1 to 10000. */
    int eval_games;
    /** Architecture of the network: "nature", "nips", "small" or "nature_same" for uint8
     *  [4][84][84], "cnn" for uint8 pictures of any size, "mlp" for vectors (net.h). NULL:
     * "nature", "cnn" or "mlp", as the observations are. */
    const char *network;
    /** Outputs of the hidden layers of an mlp or a cnn, 1 to DQ_MLP_HIDDEN_MAX; 0 behind the last
     *  one. */
    int hidden[DQ_MLP_LAYERS_MAX];
    /** Convolutions of a cnn, 1 to 3 with commas between, "32k8s4,64k4s2": outputs, side of the
     *  kernel, stride; each is followed by a ReLU. */
    char convolutions[DQ_CONVOLUTIONS_TEXT];
    /** Instruction set of the CPU: "ref", "avx2" or "avx512"; NULL: as in dq_net_config. Not a
     *  hyperparameter. */
    const char *isa;
    /** Where the network is trained: "cpu"; "cuda", the first visible NVIDIA GPU; or "auto", which
     *  at present means "cpu". NULL: "cpu". Not a hyperparameter. */
    const char *device;
    /** Precision of the matrix products: "fp32", "bf16", and on a GPU "tf32"; NULL: "fp32". Not a
     *  hyperparameter. */
    const char *precision;
} dq_train_config;

/** A preset: a value for each hyperparameter, and how Atari games are preprocessed and a model of
 *  them is evaluated. Strings are in static storage. */
typedef struct dq_preset {
    const char *name;     // "book"
    const char *help;     // what it is, one line
    const char *source;   // the publication or the page that it is from
    const char *dialect;  // preprocessing, a name of deepq/atari_env.h
    const char
        *options;  // what is otherwise than in the dialect, as in dq_model_info: "sticky=0.25"
    double eval_epsilon;  // probability of a random action in an evaluation
    int eval_noops;       // most no-ops at the start of a game of an evaluation
} dq_preset;

/** Preset number `index`; number 0 is the book's. NULL past the last one. */
DQ_API
const dq_preset *dq_train_preset_at(size_t index);

/** The preset with a name; NULL: there is none. */
DQ_API
const dq_preset *dq_train_preset_find(const char *name);

/** Fill a configuration from a preset.
 *  @return DQ_OK; DQ_ERR_NOT_FOUND for an unknown name: the message lists the known ones */
DQ_API
DQ_NODISCARD dq_status dq_train_preset(dq_train_config *cfg, const char *name);

/** The published reward threshold of an environment: 19 for Pong, whatever its id (Lapan 2020,
 *  chapter 6, MEAN_REWARD_BOUND); Gymnasium's reward_threshold for classic control, 475 for
 *  CartPole-v1; INFINITY for all others. */
DQ_API
double dq_train_reward_bound(const char *env_id);

/** Set a hyperparameter from text, as `--set` and configuration files do. A key that the previous
 *  release had under another name is accepted. n_threads, isa, device and precision are not
 *  hyperparameters.
 *  @return DQ_OK; DQ_ERR_CONFIG for an unknown key or a value out of range, which it names */
DQ_API
DQ_NODISCARD dq_status dq_train_config_set(dq_train_config *cfg, const char *key,
                                           const char *value);
/** Hyperparameter number `index` as text that dq_train_config_set() reads back.
 *  @param[out] key its name, static storage
 *  @param[out] value at most `cap` bytes with the final zero
 *  @return false past the last one (outputs untouched) */
DQ_API
bool dq_train_config_get(const dq_train_config *cfg, size_t index, const char **key, char *value,
                         size_t cap);
/** The present name of a hyperparameter that was renamed, static storage; NULL when `key` is not a
 *  former name. */
DQ_API
const char *dq_train_config_new_name(const char *key);

enum { DQ_RANGE_TEXT = 96 };  // bytes of dq_hyperparameter.range
/** The description of a hyperparameter. Strings are in static storage. */
typedef struct dq_hyperparameter {
    const char *key;            // its name for dq_train_config_set()
    const char *unit;           // "steps", "transitions", "points", or ""
    const char *help;           // what it is, one line
    char range[DQ_RANGE_TEXT];  // "a number from 0 to 1", "mse or huber"
} dq_hyperparameter;

/** Describe hyperparameter number `index`, in the order of dq_train_config_get().
 *  @return false past the last one (*h untouched) */
DQ_API
bool dq_train_config_describe(size_t index, dq_hyperparameter *h);

/** Check the ranges of all hyperparameters, and those that depend on each other.
 *  @return DQ_OK; DQ_ERR_CONFIG names the values that are impossible */
DQ_API
DQ_NODISCARD dq_status dq_train_config_check(const dq_train_config *cfg);

/** An estimate of what a run needs. */
typedef struct dq_train_need {
    uint64_t memory;      // bytes of main memory
    uint64_t checkpoint;  // bytes that dq_trainer_save() writes when the replay buffer is full
    uint64_t state;       // bytes of these that are not in the segments of the replay buffer
} dq_train_need;
/** Estimate what a run needs. Allocates nothing.
 *  @param cfg one that dq_train_config_check() accepts
 *  @param obs the observations; NULL: pictures */
DQ_API
dq_train_need dq_train_needs(const dq_train_config *cfg, const dq_space *obs);

/** What a run does in turns, as far as the time of it is taken. */
typedef enum dq_train_stage {
    DQ_TRAIN_PLAY,    // step the environments, preprocessing included
    DQ_TRAIN_ACT,     // choose actions
    DQ_TRAIN_SAMPLE,  // draw batches
    DQ_TRAIN_TARGET,  // compute targets
    DQ_TRAIN_UPDATE,  // the rest of the updates
    DQ_TRAIN_STAGES
} dq_train_stage;

/** The progress of a run. */
typedef struct dq_progress {
    /** Agent steps so far. */
    int64_t step;
    /** Updates of the network so far. */
    int64_t n_updates;
    /** Games finished so far. */
    int64_t n_games;
    /** Episodes finished so far. More than n_games when episodes end at lost lives. */
    int64_t n_episodes;
    /** Score of the last finished game, in the game's own points. */
    double reward;
    /** Return of the last finished episode: the undiscounted sum of the rewards that are learned
     *  from, which may be clipped. */
    double episode_reward;
    /** Mean score of the last 100 games, or of all while there are fewer. */
    double mean_reward;
    /** Largest mean_reward so far. */
    double best_mean;
    /** best_mean before this game, in `best` events; elsewhere equal to best_mean. */
    double previous_best;
    /** Probability of a random action at this step. */
    double epsilon;
    /** Agent steps a second, measured from the last end of a game. */
    double speed;
    /** Loss of the last update. On a GPU `step` and `checkpoint` events may have that of an earlier
     *  one, since they do not wait for the GPU. */
    double loss;
    /** Whether mean_reward is above the reward threshold. It counts from 100 games on; in Pong from
     *  the first one on, as in the book. */
    bool solved;
    /** The environment that took the last step, 0 to n_envs - 1; in game_over events that whose
     * game is over. */
    int env;
    /** Steps of the last finished game. */
    int64_t length;
    /** Learning rate at this step. */
    double learning_rate;
    /** Mean over the updates since the game before was over: their loss. On a GPU that of the last
     *  update. NAN: there was no update. */
    double mean_loss;
    /** Mean over the same updates: how far the value of an action is from its target. NAN also on a
     *  GPU, and where an action has a distribution. */
    double td_error;
    /** Mean over those of these updates where it is measured: the L2 norm of the gradient, before
     *  dq_train_config.gradient_norm limits it. With a limit that is all of them, else every 64th
     *  of the run. NAN: none was; on a GPU none is. */
    double gradient_norm;
    /** Mean over the greedy actions since then: the value that each was chosen for. NAN: there was
     *  none. */
    double max_q;
    /** Seconds that this process has spent in each stage. On a GPU what comes after DQ_TRAIN_ACT is
     *  not taken. */
    double stage_s[DQ_TRAIN_STAGES];
} dq_progress;

/** A step that an environment took. What it points to is valid during the event. */
typedef struct dq_train_act {
    /** The environment, 0 to n_envs - 1. */
    int env;
    /** The action that was taken. */
    int action;
    /** float [n_actions], the values of the actions that it was chosen by, in the state before the
     *  step. NULL: a random action; also of the steps of a round in whose middle a checkpoint was
     *  loaded. */
    const float *values;
    /** The rest of what the step gave. */
    const dq_step *result;
    /** The newest frame of the observation that it led to, uint8 [84][84]; the whole observation
     *  where it is not a stack of four such frames. */
    const void *frame;
    /** Bytes of `frame`. */
    size_t frame_bytes;
} dq_train_act;

/** Functions that dq_trainer_run() calls, in the thread that called it; each may be NULL. One that
 *  returns another status than DQ_OK ends the run with that status. The step is completed before,
 *  and its other events are still reported, so the run can be continued. */
typedef struct dq_train_events {
    /** Passed to each function as it is. */
    void *ctx;
    /** A game is over. */
    dq_status (*game_over)(void *ctx, const dq_progress *p);
    /** mean_reward is the largest so far. `first` marks the first game, for which the book prints
     *  nothing. */
    dq_status (*best)(void *ctx, const dq_progress *p, bool first);
    /** The environment is solved; the run ends. */
    dq_status (*solved)(void *ctx, const dq_progress *p);
    /** A step is done. Called at every step, so it should be fast. */
    dq_status (*step)(void *ctx, const dq_progress *p);
    /** Called every checkpoint_every steps, after `step`. */
    dq_status (*checkpoint)(void *ctx, const dq_progress *p);
    /** An environment took a step, of which nothing was learned yet: before the game_over event of
     * a game that it ended, after that of one that the reset before it had ended. Called at every
     *  step, so it should be fast. */
    dq_status (*acted)(void *ctx, const dq_train_act *a);
} dq_train_events;

typedef struct dq_trainer dq_trainer;

/** Create a trainer with one environment; cfg->n_envs must be 1.
 *
 *  Which networks can be trained depends on the observations:
 *
 *  | observations                     | networks                                           |
 *  |----------------------------------|----------------------------------------------------|
 *  | float32 [1 to DQ_MLP_INPUTS_MAX] | "mlp"                                              |
 *  | uint8 [4][84][84]                | "nature", "nips", "small", "nature_same", or "cnn" |
 *  | any other uint8 [c][h][w]        | "cnn": c channels, each size at most 512           |
 *
 *  Those of [4][84][84] must be stacks of frames, oldest first, in which the frames before an
 *  episode's first one are zeros or repetitions of it.
 *  @param[out] out to be freed by dq_trainer_destroy(); NULL on failure
 *  @param cfg copied; its strings may be freed after this call
 *  @param env the trainer's on success, the caller's on failure. It is seeded with cfg->seed.
 *  @return DQ_OK; DQ_ERR_CONFIG for an impossible configuration or environment; DQ_ERR_UNSUPPORTED
 *          for a device, an instruction set or a precision that this machine does not have;
 *          DQ_ERR_DEVICE when the GPU fails; DQ_ERR_NOMEM; or the failure of the environment */
DQ_API
DQ_NODISCARD dq_status dq_trainer_create(dq_trainer **out, const dq_train_config *cfg, dq_env *env);
/** Create a trainer with cfg->n_envs environments that have the same observations and actions.
 *
 *  They run in rounds of one step each. The actions of a round are chosen together before its first
 *  step, by one forward pass, and the environments are stepped in parallel, by several threads
 *  (dq_env_ops). Then the steps are
 *  processed one after the other, in the order of `envs`: the transition is stored, and the updates
 *  that are due at this step are made. With one environment this is dq_trainer_create().
 *  @param envs [cfg->n_envs], as `env` in dq_trainer_create(). Environment i is seeded with
 *         cfg->seed + i, as in dq_vector_seed().
 *  @return as dq_trainer_create(); also DQ_ERR_CONFIG for environments that differ. On failure all
 *          of `envs` remain the caller's. */
DQ_API
DQ_NODISCARD dq_status dq_trainer_create_many(dq_trainer **out, const dq_train_config *cfg,
                                              dq_env *const *envs);
/** Destroys the environments too. Accepts NULL. */
DQ_API
void dq_trainer_destroy(dq_trainer *t);

/** Run until the environment is solved, max_steps is reached or *stop becomes non-zero. Calling it
 *  again continues the run.
 *  @param events NULL: none
 *  @param stop checked before each step; a signal handler may set it; may be NULL
 *  @param[out] solved whether the environment is solved
 *  @return DQ_OK; DQ_ERR_INTERRUPTED when *stop became non-zero; DQ_ERR_DIVERGED when a loss or a
 *          parameter is not finite; DQ_ERR_DEVICE when the GPU fails; DQ_ERR_INPUT for a reward
 *          that is not finite; or the failure of an environment or a callback. After an environment
 *          or its reward failed, DQ_ERR_CONFIG until a checkpoint is loaded: its step is half done.
 *
 *  After DQ_ERR_DIVERGED the parameters are useless; `best` is not called and dq_trainer_save()
 *  fails. Losses are checked after each update, on a GPU at the end of a game; parameters are
 *  checked before `best`, before saving and at the end of the run. */
DQ_API
DQ_NODISCARD dq_status dq_trainer_run(dq_trainer *t, const dq_train_events *events,
                                      const volatile int *stop, bool *solved);

/** The progress of the run so far. */
DQ_API
void dq_trainer_progress(const dq_trainer *t, dq_progress *p);
/** The state of environment `index` that its next action is chosen in, as its observation space
 *  says; valid until the next step. NULL before the first step of a run. */
DQ_API
const void *dq_trainer_observation(const dq_trainer *t, int index);
/** Environment `index`, 0 to n_envs - 1, owned by the trainer. Between runs and in `step` and
 *  `checkpoint` events it may be looked at (dq_env_save(), dq_env_render()) but not stepped. With
 *  several environments all have taken their step of the round that is begun. */
DQ_API
dq_env *dq_trainer_env(const dq_trainer *t, int index);
/** The network that is trained, owned by the trainer. Between runs and in events it may be read
 *  (dq_net_q(), dq_net_get_params()) but not changed. It computes on the CPU: when training on a
 *  GPU, this call copies the parameters from there; if that fails, dq_trainer_status() says so. */
DQ_API
dq_net *dq_trainer_net(const dq_trainer *t);
/** The first failure of the GPU; always DQ_OK on the CPU. */
DQ_API
DQ_NODISCARD dq_status dq_trainer_status(const dq_trainer *t);

/** What a trainer computes with. Strings are valid as long as the trainer. */
typedef struct dq_backend {
    bool on_gpu;            // whether the network is trained on a GPU
    const char *device;     // "cpu", or "cuda: NVIDIA H200 (sm_90), fp32"
    const char *isa;        // instruction set of the CPU in use: "ref", "avx2", "avx512"
    const char *precision;  // of the matrix products: "fp32", "tf32", "bf16"
    const char *network;    // its architecture, an mlp's with its sizes
    int n_threads;          // threads of the network on the CPU
} dq_backend;
/** What the trainer computes with. */
DQ_API
dq_backend dq_trainer_backend(const dq_trainer *t);

/** Write all that the run depends on: parameters, optimiser, replay buffer, environments, random
 *  streams, counters. A trainer that was created with the same configuration, and loads it,
 *  continues bit for bit. It must be the last section of its stream.
 *  @return DQ_OK; DQ_ERR_CONFIG in the middle of a step, which is in the events `game_over`, `best`
 *          and `solved`; DQ_ERR_DIVERGED; DQ_ERR_UNSUPPORTED when an environment cannot be saved;
 *          DQ_ERR_DEVICE; or the failure of the writer */
DQ_API
dq_status dq_trainer_save(dq_trainer *t, dq_writer *w);
/** As dq_trainer_save(), without the segments of the replay buffer, which the caller saves with
 *  dq_replay_save_segment(dq_trainer_replay(t), ...). */
DQ_API
dq_status dq_trainer_save_state(dq_trainer *t, dq_writer *w);
/** The replay buffer, owned by the trainer; to be read and loaded only. */
DQ_API
dq_replay *dq_trainer_replay(const dq_trainer *t);
/** Read back what dq_trainer_save() wrote, up to the end of the stream. After a failure the trainer
 *  may only be loaded again or destroyed.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data, or data of a run with another configuration;
 *          DQ_ERR_UNSUPPORTED when an environment cannot be loaded; DQ_ERR_DEVICE */
DQ_API
DQ_NODISCARD dq_status dq_trainer_load(dq_trainer *t, dq_reader *r);
/** Read back what dq_trainer_save_state() wrote, up to the end of the stream. Then the segments of
 *  dq_trainer_replay() must be loaded, and dq_trainer_load_end() called. What dq_trainer_save() of
 *  this or an earlier release wrote is accepted, too: then no segment is missing.
 *  @return as dq_trainer_load() */
DQ_API
DQ_NODISCARD dq_status dq_trainer_load_state(dq_trainer *t, dq_reader *r);
/** Check and use what dq_trainer_load_state() and dq_replay_load_segment() loaded.
 *  @return as dq_trainer_load() */
DQ_API
DQ_NODISCARD dq_status dq_trainer_load_end(dq_trainer *t);

/** Create the network of a saved run alone, on the CPU.
 *  @param[out] out the network, to be freed by dq_net_destroy()
 *  @param network the run's architecture, as in dq_train_config
 *  @param r at the beginning of what dq_trainer_save() wrote
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data or another architecture; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_trainer_load_net(dq_net **out, const char *network, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
