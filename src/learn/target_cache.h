/** The target cache: values of next states by the target network, kept until that changes.
 *
 *  Between two copies to the target network the value of a stored state does not change. With the
 *  book's 10,000 states and 32,000 draws between two copies each state is drawn about three times,
 *  so keeping the value of each transition's next state saves most of the target network's work.
 *  With Double DQN the online network chooses the action at each draw, so the values of all actions
 *  are kept.
 *
 *  With augmentation the next states are others at every update, so values are kept for one batch
 *  alone, by their position in it. */
#ifndef DEEPQ_LEARN_TARGET_CACHE_H
#define DEEPQ_LEARN_TARGET_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/replay.h"
#include "deepq/status.h"
#include "learn/augmentation.h"

typedef struct dq_target_cache {
    size_t n_slots;    // slots of the replay buffer, with augmentation transitions in a batch
    int batch;         // transitions in a batch
    int n_actions;     // actions of the network
    bool is_double;    // Double DQN: the online network chooses the next action
    int n_values;      // values kept for a state: 1, the largest, or those of all actions
    float *value;      // [n_slots][n_values] of the next state, by the target network
    uint8_t *known;    // [n_slots] whether `value` is known
    size_t obs_bytes;  // of a state
    uint8_t *obs;      // [batch][obs_bytes] the states to evaluate
    float *q;          // [batch][n_values] their values
    size_t *unknown;   // [batch] their slots
    dq_augmentation *augmentation;  // of the next states, NULL: none; the caller's, who sets it
} dq_target_cache;

/** Allocate a cache for a network, to be freed by dq_target_cache_free() also on failure. */
DQ_NODISCARD dq_status dq_target_cache_init(dq_target_cache *c, const dq_net *net, size_t n_slots,
                                            int batch, bool is_double);
/** Free what dq_target_cache_init() allocated. */
void dq_target_cache_free(dq_target_cache *c);

/** Forget all values, since the target network has changed. */
void dq_target_cache_forget_all(dq_target_cache *c);
/** Forget the value of a slot, since it has another transition now. */
void dq_target_cache_forget(dq_target_cache *c, size_t slot);

/** Compute the targets of a batch, as nn/objective.h defines them.
 *  @param[out] target float [batch] */
void dq_target_cache_targets(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                             const dq_transition *batch, float *target);

#endif
