/** Remembered target values.
 *
 *  Between two copies to the target net, its value of a stored state does not change, and with
 *  10,000 states and 32,000 draws between copies each is drawn about three times. So the largest
 *  target value of each transition's next state is kept by slot until the next copy; for double
 *  Q-learning, where the online net chooses the action anew each time, the values of all actions.
 */
#ifndef DEEPQ_AGENT_TARGET_MEMORY_H
#define DEEPQ_AGENT_TARGET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/replay.h"
#include "deepq/status.h"

typedef struct dq_target_memory {
    size_t n_slots;
    int batch;
    int n_values;     // kept of each state: 1, the largest, or all its actions'
    bool is_double;   // the online net chooses among them
    float *value;     // [n_slots][n_values] Q_target(next state)
    uint8_t *known;   // [n_slots]
    uint8_t *obs;     // [batch][DQ_NET_OBS_BYTES] states to evaluate
    float *q;         // [batch][n_values]
    size_t *unknown;  // [batch] their slots
} dq_target_memory;

dq_status dq_target_memory_init(dq_target_memory *m, size_t n_slots, int batch);
/** For double Q-learning among n_actions. */
dq_status dq_target_memory_init_double(dq_target_memory *m, size_t n_slots, int batch,
                                       int n_actions);
void dq_target_memory_free(dq_target_memory *m);

/** The target net has changed. */
void dq_target_memory_forget_all(dq_target_memory *m);
/** A slot holds another transition now. */
void dq_target_memory_forget(dq_target_memory *m, size_t slot);

/** Bellman targets of a batch: reward + gamma * max Q_target(next state), or for double Q-learning
 *  reward + gamma * Q_target(next state, argmax Q_online(next state)); the reward alone where the
 *  episode ended. @param gamma discount over the steps of a transition
 *  @param[out] target float [batch]
 *  Source: Mnih et al. 2015, equation 2; Lapan 2020, chapter 6, calc_loss; van
 *  Hasselt, Guez, Silver 2016, equation 4. */
void dq_target_memory_targets(dq_target_memory *m, dq_net *net, const dq_replay *replay,
                              const dq_transition *batch, double gamma, float *target);

#endif
