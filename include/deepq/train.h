/** Deep Q-learning: hyperparameters, presets, and the trainer that runs the loop.
 *
 *  A trainer owns its environment, network and replay. It never prints and never writes a file:
 *  what happens is told through dq_train_events, and its state goes through dq_trainer_save(). */
#ifndef DEEPQ_TRAIN_H
#define DEEPQ_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/net.h"
#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Every hyperparameter, and what a run computes with. A step is an agent step, which the book
 *  calls a frame. The presets' values: docs/hyperparameters.md. */
typedef struct dq_train_config {
    /** Discount of a reward for each step that it lies ahead, 0 to 1. */
    double gamma;
    /** Transitions drawn for one learning step, 1 to 65536. */
    int batch;
    /** Transitions kept to learn from, 1 to 100000000. */
    int replay_size;
    /** Transitions kept before learning starts, 1 to replay_size. */
    int replay_start;
    /** Adam's learning rate, at the start; 0 to 1000. */
    double learning_rate;
    /** The learning rate that is reached linearly at step learning_rate_decay; 0 to 1000. */
    double learning_rate_final;
    /** Steps until learning_rate_final is reached; 0: learning_rate stays. */
    int64_t learning_rate_decay;
    /** Decay of Adam's mean of the gradients, 0 to below 1 (Kingma and Ba 2015). */
    double adam_beta1;
    /** Decay of Adam's mean of the gradients' squares, 0 to below 1. */
    double adam_beta2;
    /** Added to the divisor of Adam's step, 0 to 1. */
    double adam_epsilon;
    /** How weights are drawn at the start, a name of dq_net_init(); NULL: "pytorch". */
    const char *initialisation;
    /** Loss of the error between a value and its target: DQ_LOSS_MSE, or DQ_LOSS_HUBER (see net.h;
     *  Mnih et al. 2015). */
    dq_loss loss;
    /** Steps whose rewards are summed before the target network's value counts, 1 to 1000 (Sutton
     *  1988). */
    int n_step;
    /** The online network chooses the action that the target network values (van Hasselt et al.
     *  2016). */
    bool double_dqn;
    /** Whether an episode that a limit cuts off (truncated) is learned as one that terminated, as
     * in the book; else the value of its last state counts (Pardo et al. 2018). */
    bool truncation_ends;
    /** How far errors decide what is drawn, 0 to 1; 0: all alike (Schaul et al. 2016). */
    double priority_alpha;
    /** How far weights make up for that, at the start, 0 to 1; 1: wholly. */
    double priority_beta;
    /** Steps until priority_beta has grown linearly to 1; 0: it stays. */
    int64_t priority_beta_steps;
    /** Environments side by side, 1 to DQ_VECTOR_MAX. Whatever their number, a step is one step of
     *  one environment, and all that is counted in steps stays the same. */
    int n_envs;
    /** Steps from one learning step to the next, 1 to 1000000. */
    int train_every;
    /** Steps from one copy to the target network to the next, at least 1. */
    int64_t target_sync;
    /** Steps in which epsilon, the share of random actions, falls by 1, at least 1; it stops at
     *  epsilon_final. */
    int64_t epsilon_decay;
    /** Epsilon at the start, 0 to 1. */
    double epsilon_start;
    /** Epsilon where the fall by epsilon_decay stops, 0 to epsilon_start. */
    double epsilon_final;
    /** Epsilon that is reached linearly from there at step epsilon_last_decay, 0 to 1. */
    double epsilon_last;
    /** Steps until epsilon_last is reached, more than those to epsilon_final; 0: epsilon_final
     *  stays. */
    int64_t epsilon_last_decay;
    /** Points: solved when the mean of the last 100 games is above it, -1e12 to 1e12. INFINITY:
     *  never; NAN: the game's own, dq_train_reward_bound(). */
    double reward_bound;
    /** Steps in all; 0: without end. */
    int64_t max_steps;
    /** Steps from one `checkpoint` event to the next, at least 1. */
    int64_t checkpoint_every;
    /** Seed of all random streams. */
    uint64_t seed;
    /** Threads; 0: all cores. No hyperparameter: the results do not depend on it. */
    int n_threads;
    /** "nature" (Mnih et al. 2015), "nips" (Mnih et al. 2013) or "small" (see net.h); NULL:
     *  "nature". */
    const char *network;
    /** Instruction set: "ref", "avx2" or "avx512"; NULL: the best there is. No hyperparameter. */
    const char *isa;
    /** "cpu", "cuda" or "auto" (see net.h); NULL: "cpu". No hyperparameter. */
    const char *device;
    /** Of products: "fp32", "bf16", on a GPU also "tf32"; NULL: "fp32". No hyperparameter. */
    const char *precision;
} dq_train_config;

/** A preset: a list of hyperparameters over the book's. */
typedef struct dq_preset {
    const char *name;    // "book"
    const char *help;    // what it is, one line
    const char *source;  // who found it, or where that is told
} dq_preset;

/** The presets there are, the book's first; NULL past the last one. */
DQ_API
const dq_preset *dq_train_preset_at(size_t index);

/** Fill a configuration from a preset. DQ_ERR_NOT_FOUND names those there are. */
DQ_API
DQ_NODISCARD dq_status dq_train_preset(dq_train_config *cfg, const char *name);

/** The published reward from which on a game counts as solved: for Pong 19 (Lapan 2020, chapter 6,
 *  MEAN_REWARD_BOUND), whatever its id; INFINITY for all others, of which none is known. */
DQ_API
double dq_train_reward_bound(const char *env_id);

/** Set one hyperparameter from its text, as --set and configuration files have it; n_threads, isa,
 *  device and precision are none. DQ_ERR_CONFIG says which key is unknown or which value
 *  impossible. A name that a hyperparameter had in the release before is taken, too. */
DQ_API
DQ_NODISCARD dq_status dq_train_config_set(dq_train_config *cfg, const char *key,
                                           const char *value);
/** The hyperparameters as texts that dq_train_config_set() reads back.
 *  @return false past the last one */
DQ_API
bool dq_train_config_get(const dq_train_config *cfg, size_t index, const char **key, char *value,
                         size_t cap);
/** The name that an old name of a hyperparameter stands for, or NULL when `key` is none. */
DQ_API
const char *dq_train_config_new_name(const char *key);

enum { DQ_RANGE_TEXT = 96 };
/** What a hyperparameter is. */
typedef struct dq_hyperparameter {
    const char *key;            // of dq_train_config_set()
    const char *unit;           // "steps", "transitions", "points", or ""
    const char *help;           // what it is, one line
    char range[DQ_RANGE_TEXT];  // "a number from 0 to 1", "mse or huber"
} dq_hyperparameter;

/** In the order of dq_train_config_get(). @return false past the last one */
DQ_API
bool dq_train_config_describe(size_t index, dq_hyperparameter *h);

/** DQ_ERR_CONFIG says which value, or which two together, make no sense. */
DQ_API
DQ_NODISCARD dq_status dq_train_config_check(const dq_train_config *cfg);

/** What a run takes, about; mostly for its replay. */
typedef struct dq_train_need {
    uint64_t memory;      // bytes, on the processor
    uint64_t checkpoint;  // bytes of what dq_trainer_save() writes when the replay is full
} dq_train_need;
/** Nothing is allocated. The configuration is one that dq_train_config_check() accepts. */
DQ_API
dq_train_need dq_train_needs(const dq_train_config *cfg);

/** Where a run stands. */
typedef struct dq_progress {
    int64_t step;        // agent steps so far
    int64_t n_updates;   // learning steps so far
    int64_t n_games;     // games finished
    int64_t n_episodes;  // episodes finished: as many, unless a game goes on after one (lost lives)
    double reward;       // points of the last finished game, as the game counts them
    double episode_reward;  // sum of the last finished episode's rewards, as they are learned from
    double mean_reward;     // of the last 100 games (or all, if fewer)
    double best_mean;       // best mean so far
    double previous_best;   // the best mean before this one, in `best` events
    double epsilon;
    double speed;  // agent steps a second since a game ended in a round before
    double loss;   // of the last update; on a GPU `step` tells an older one, not to wait for it
    bool solved;   // mean_reward is above the bound, after 100 games; in Pong after the first, as
                   // the book has it
} dq_progress;

/** Told while dq_trainer_run() is on the stack; any pointer may be NULL. A status other than DQ_OK
 *  from a callback ends the run with it once the step is done and the rest of its events is told,
 *  so that running again goes on as if it had not ended. */
typedef struct dq_train_events {
    void *ctx;
    dq_status (*game_over)(void *ctx, const dq_progress *p);
    /** The mean is the best so far; `first` for the first game (the book prints nothing then). */
    dq_status (*best)(void *ctx, const dq_progress *p, bool first);
    dq_status (*solved)(void *ctx, const dq_progress *p);
    dq_status (*step)(void *ctx, const dq_progress *p);        // after every step, be quick
    dq_status (*checkpoint)(void *ctx, const dq_progress *p);  // every checkpoint_every steps
} dq_train_events;

typedef struct dq_trainer dq_trainer;

/** The trainer takes over `env` on success; n_envs must be 1. Its observation must be uint8
 *  [4][84][84], the frames before an episode's first zeros or repetitions of it. The environment's
 *  own randomness is seeded from cfg->seed. */
DQ_API
DQ_NODISCARD dq_status dq_trainer_create(dq_trainer **out, const dq_train_config *cfg, dq_env *env);
/** The same with cfg->n_envs environments, alike, which play in rounds of a step each. The actions
 *  of a round are chosen together, by one pass of the network, before its first step counts; then
 *  its steps count one after the other, in the order of `envs`: each adds its transition and is
 *  followed by the target copy and the update that are due then. Environment i is seeded with
 *  cfg->seed + i, as in a vector (vector.h); they are stepped by cfg->n_threads threads, whose
 *  number changes nothing. With one environment this is dq_trainer_create(). */
DQ_API
DQ_NODISCARD dq_status dq_trainer_create_many(dq_trainer **out, const dq_train_config *cfg,
                                              dq_env *const *envs);
DQ_API
void dq_trainer_destroy(dq_trainer *t);

/** Run until solved (*solved = true), max_steps, or *stop becomes non-zero (checked at each step;
 *  may be set by a signal handler; may be NULL): DQ_ERR_INTERRUPTED then. Call again to go on.
 *  DQ_ERR_DIVERGED: a loss or a weight is infinite or no number; what is left is of no use, and no
 *  `best` or save gives it away. A loss is looked at after each update, on a GPU when a game ends;
 *  weights before `best`, before saving and at the end. */
DQ_API
DQ_NODISCARD dq_status dq_trainer_run(dq_trainer *t, const dq_train_events *events,
                                      const volatile int *stop, bool *solved);

DQ_API
void dq_trainer_progress(const dq_trainer *t, dq_progress *p);
/** The network being trained, the trainer's: between two runs and in events it may be asked
 *  (dq_net_q, dq_net_get_params), not changed. It computes on the processor; what a GPU learns is
 *  fetched by this call, and dq_trainer_status() tells whether that failed. */
DQ_API
dq_net *dq_trainer_net(const dq_trainer *t);
/** DQ_OK, always on the processor; on a GPU its first failure. */
DQ_API
DQ_NODISCARD dq_status dq_trainer_status(const dq_trainer *t);

/** What a trainer learns with. Strings are the trainer's. */
typedef struct dq_backend {
    bool on_gpu;
    const char *device;     // "cpu", or "cuda: NVIDIA H200 (sm_90), fp32"
    const char *isa;        // the processor's instruction set in use: "ref", "avx2", "avx512"
    const char *precision;  // of products: "fp32", "tf32", "bf16"
    int n_threads;          // of the network on the processor
} dq_backend;
DQ_API
dq_backend dq_trainer_backend(const dq_trainer *t);

/** All that going on needs: weights, optimiser, replay, environment, random streams, counters. A
 *  trainer made with the same configuration and loaded goes on bit for bit. Between two runs, or
 *  in the events `step` and `checkpoint`; in the others the step is half done: DQ_ERR_CONFIG.
 *  The state is the last thing in its stream. After a load that fails the trainer is good for
 *  another load alone. */
DQ_API
dq_status dq_trainer_save(dq_trainer *t, dq_writer *w);
DQ_API
DQ_NODISCARD dq_status dq_trainer_load(dq_trainer *t, dq_reader *r);

/** The network alone of a saved run, on the processor, to play with. @param r at the start of what
 *  dq_trainer_save() wrote @param network the run's, NULL: "nature" */
DQ_API
DQ_NODISCARD dq_status dq_trainer_load_net(dq_net **out, const char *network, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
