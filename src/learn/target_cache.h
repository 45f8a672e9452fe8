/** The target network's values of next states, kept until it changes.
 *
 *  Between two copies to the target network its value of a stored state does not change, and with
 *  10,000 states and 32,000 draws between copies each is drawn about three times. So the value of
 *  each transition's next state is kept by slot until the next copy; for double Q-learning, where
 *  the online network chooses the action again each time, the values of all actions. */
#ifndef DEEPQ_LEARN_TARGET_CACHE_H
#define DEEPQ_LEARN_TARGET_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/replay.h"
#include "deepq/status.h"

typedef struct dq_target_cache {
    size_t n_slots;
    int batch;
    int n_actions;
    bool is_double;   // the online network chooses the next action
    int n_values;     // kept of each state: 1, the largest, or all its actions'
    float *value;     // [n_slots][n_values] of the next state, by the target network
    uint8_t *known;   // [n_slots]
    uint8_t *obs;     // [batch][DQ_NET_OBS_BYTES] states to evaluate
    float *q;         // [batch][n_values]
    size_t *unknown;  // [batch] their slots
} dq_target_cache;

DQ_NODISCARD dq_status dq_target_cache_init(dq_target_cache *c, size_t n_slots, int batch,
                                            int n_actions, bool is_double);
void dq_target_cache_free(dq_target_cache *c);

/** The target network has changed. */
void dq_target_cache_forget_all(dq_target_cache *c);
/** A slot holds another transition now. */
void dq_target_cache_forget(dq_target_cache *c, size_t slot);

/** The targets of a batch, as nn/objective.h defines them. @param[out] target float [batch] */
void dq_target_cache_targets(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                             const dq_transition *batch, float *target);

#endif
