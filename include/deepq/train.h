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

/** Every hyperparameter. A step is an agent step, which the book calls a frame. */
typedef struct dq_train_config {
    double gamma;                 // discount, 0..1
    int batch;                    // transitions in one update
    int replay_size;              // transitions kept
    int replay_start;             // learning starts when so many are stored
    double learning_rate;         // Adam
    double learning_rate_final;   // reached in a line when
    int64_t learning_rate_decay;  // so many steps are done, and kept; 0: learning_rate all the time
    double adam_beta1, adam_beta2, adam_epsilon;
    dq_loss loss;           // "mse" or "huber" (see net.h), this on the processor alone
    int n_step;             // rewards summed before the target net takes over (Sutton 1988)
    bool double_dqn;        // the online net chooses the action whose target value counts (van
                            // Hasselt 2016); on the processor alone
    double priority_alpha;  // how far errors decide what is drawn, 0: not at all (Schaul 2016);
                            // on the processor alone
    double priority_beta;   // how far weights make up for it, ...
    int64_t priority_beta_rise;  // ... in a line to wholly when so many steps are done; 0: as it is
    int n_envs;           // environments side by side; whatever their number, a step is one of one
                          // environment, and all that is counted in steps stays so
    int train_every;      // steps from one update to the next
    int64_t target_sync;  // steps between two copies to the target net
    int64_t epsilon_decay;  // steps from epsilon_start down to 0, cut at epsilon_final
    double epsilon_start, epsilon_final;
    double epsilon_last;  // from where it was cut it falls on in a line to this, reached when
    int64_t epsilon_last_decay;  // so many steps are done, and kept; 0: epsilon_final is kept
    double reward_bound;       // solved when the mean of the last 100 games is above it; INFINITY:
                               // never; NAN, a preset's: the game's, dq_train_reward_bound()
    int64_t max_steps;         // stop after so many, 0: never
    int64_t checkpoint_every;  // steps
    uint64_t seed;
    int n_threads;          // 0: all cores
    const char *network;    // "nature", "nips" or "small" (see net.h); NULL: "nature"
    const char *isa;        // NULL: the best there is
    const char *device;     // "cpu", "cuda" or "auto" (see net.h); NULL: "cpu"
    const char *precision;  // of products: "fp32", "bf16", on a GPU also "tf32"; NULL: "fp32"
} dq_train_config;

/** Fill a configuration from a preset. "book": Lapan 2020, chapter 6, 02_dqn_pong.py. "fast": Pong
 *  sooner on two cores, on the processor alone (docs/fast.md).
 *  DQ_ERR_NOT_FOUND names the presets there are. */
DQ_API
DQ_NODISCARD dq_status dq_train_preset(dq_train_config *cfg, const char *name);

/** The published reward from which on a game counts as solved: for Pong 19 (Lapan 2020, chapter 6,
 *  MEAN_REWARD_BOUND), whatever its id; INFINITY for all others, of which none is known. */
DQ_API
double dq_train_reward_bound(const char *env_id);

/** One hyperparameter as text, for --set, configuration files and the run's record; n_threads, isa,
 *  device and precision are none. `get` returns false past the last one. DQ_ERR_CONFIG says which
 * key is unknown or which value impossible. */
DQ_API
DQ_NODISCARD dq_status dq_train_config_set(dq_train_config *cfg, const char *key,
                                           const char *value);
DQ_API
bool dq_train_config_get(const dq_train_config *cfg, size_t index, const char **key, char *value,
                         size_t cap);
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
    int64_t step;          // agent steps so far
    int64_t n_updates;     // learning steps so far
    int64_t n_games;       // episodes finished
    double reward;         // of the last finished game
    double mean_reward;    // of the last 100 games (or all, if fewer)
    double best_mean;      // best mean so far
    double previous_best;  // the best mean before this one, in `best` events
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
/** The network being trained, the trainer's: between two runs it may be asked (dq_net_q), not
 *  changed. */
DQ_API
dq_net *dq_trainer_net(const dq_trainer *t);

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
