/** The target cache: what the target network says of next states, kept until that changes.
 *
 *  Between two copies to the target network the value of a stored state does not change. With the
 *  book's 10,000 states and 32,000 draws between two copies each state is drawn about three times,
 *  so keeping the value of each transition's next state saves most of the target network's work. Of
 *  a distribution that of the best action is kept. With Double DQN the online network chooses the
 *  action at each draw, so the outputs of all actions are kept.
 *
 *  Where that would take more than DQ_TARGET_CACHE_BYTES, and with augmentation, noisy layers and
 *  IQN, which make the next states, the network or the levels others at every update, values are
 *  kept for one batch alone, by their position in it. */
#ifndef DEEPQ_LEARN_TARGET_CACHE_H
#define DEEPQ_LEARN_TARGET_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/replay.h"
#include "deepq/status.h"
#include "learn/augmentation.h"
#include "nn/objective.h"

enum { DQ_TARGET_CACHE_BYTES = 128 << 20 };

typedef struct dq_target_cache {
    size_t n_slots;                 // slots of the replay buffer
    int batch;                      // transitions in a batch
    dq_objective objective;         // what the outputs mean
    bool is_double;                 // Double DQN: the online network chooses the next action
    bool keeps;                     // whether values are kept for longer than a batch
    size_t n_outputs;               // outputs for a state
    size_t n_values;                // numbers kept for a state: n_atoms, or n_outputs
    float *value;                   // [n_slots or batch][n_values] by the target network
    uint8_t *known;                 // [n_slots] whether `value` is known
    size_t obs_bytes;               // of a state
    uint8_t *obs;                   // [batch][obs_bytes] the states to evaluate
    float *y;                       // [batch][n_outputs] their outputs
    float *next;                    // [n_atoms] distribution of one next state
    float *bonus;                   // [n_slots] what Munchausen DQN adds to the reward; else empty
    uint8_t *bonus_known;           // [n_slots] whether it is known; else empty
    int *unknown;                   // [batch] their numbers in the batch
    dq_augmentation *augmentation;  // of the next states, the caller's; NULL: none
    dq_rng *noise;                  // of noisy layers, the caller's; NULL: there are none
    dq_rng *levels;                 // of IQN, the caller's; NULL: another head
    float *level;                   // [batch][n_atoms] those of the next states
    float *q;                       // [batch][n_actions] values of the states to evaluate
} dq_target_cache;

/** Allocate a cache for a network, to be freed by dq_target_cache_free() also on failure.
 *  @param objective that of the network */
DQ_NODISCARD dq_status dq_target_cache_init(dq_target_cache *c, const dq_net *net,
                                            const dq_objective *objective, size_t n_slots,
                                            int batch, bool is_double);
/** Free what dq_target_cache_init() allocated. */
void dq_target_cache_free(dq_target_cache *c);

/** Augment the next states from now on.
 *  @param augmentation remains the caller's, who draws for each batch */
void dq_target_cache_augment(dq_target_cache *c, dq_augmentation *augmentation);

/** Draw the networks' noise for each batch from now on.
 *  @param noise remains the caller's */
void dq_target_cache_draw_noise(dq_target_cache *c, dq_rng *noise);

/** Draw the levels of quantiles for each batch from now on.
 *  @param levels remains the caller's */
void dq_target_cache_draw_levels(dq_target_cache *c, dq_rng *levels);

/** Draw levels, evenly from [0, 1).
 *  @param[out] level [n] */
void dq_draw_levels(dq_rng *levels, size_t n, float *level);

/** Forget all values, since the target network has changed. */
void dq_target_cache_forget_all(dq_target_cache *c);
/** Forget the value of a slot, since it has another transition now. */
void dq_target_cache_forget(dq_target_cache *c, size_t slot);

/** Compute the targets of a batch, as nn/objective.h defines them.
 *  @param[out] target float [batch][n_atoms] */
void dq_target_cache_targets(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                             const dq_transition *batch, float *target);

#endif
