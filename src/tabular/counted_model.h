/** A transition model from experience, as chapter 5 keeps it: how often each next state followed,
 *  and the reward last seen with it. */
#ifndef DEEPQ_TABULAR_COUNTED_MODEL_H
#define DEEPQ_TABULAR_COUNTED_MODEL_H

#include "tabular/walker.h"

typedef struct dq_counted_outcome dq_counted_outcome;

typedef struct dq_counted_model {
    int n_states, n_actions;
    size_t n, cap;
    dq_counted_outcome *outcomes;  // chained in the order they were first seen
    uint32_t *head;                // [n_states * n_actions], 0: nothing seen
    uint32_t *tail;                // the last of each chain
    uint32_t *total;               // transitions seen
} dq_counted_model;

/** @param world where it is known, it says how many different outcomes there can be; NULL:
 *  n_states for each action, and DQ_ERR_CONFIG where those are too many */
DQ_NODISCARD dq_status dq_counted_model_create(dq_counted_model *m, int n_states, int n_actions,
                                               const dq_world *world);
void dq_counted_model_free(dq_counted_model *m);
void dq_counted_model_add(dq_counted_model *m, const dq_walk_step *step);
/** Mean over what was seen of reward + gamma * values[next state]; 0 for what was never tried. */
double dq_counted_model_value(const dq_counted_model *m, int state, int action, double gamma,
                              const double *values);

#endif
