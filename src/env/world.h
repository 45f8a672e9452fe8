/** A discrete world whose transition model is known, as flat tables: what its environment samples
 *  from, and what the tabular methods sample from without the environment in between.
 *
 *  The one definition of chance in such a world: every reset and every step takes one draw of 53
 *  bits from the world's stream ("environment"); what happens is the first outcome whose cumulated
 *  probability is above it. So a walk through the tables is, draw by draw, the walk of the
 *  environment. Source: Gymnasium, toy_text/utils.py, categorical_sample. */
#ifndef DEEPQ_ENV_WORLD_H
#define DEEPQ_ENV_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng_inline.h"
#include "deepq/env.h"
#include "deepq/rng.h"

/** The name of the stream that a world draws from. */
#define DQ_WORLD_STREAM "environment"

/** Outcomes of all rows one after another. Row r = state * n_actions + action has the outcomes
 *  first[r] .. first[r + 1] - 1; row n_states * n_actions is the reset. */
typedef struct dq_world {
    int n_states, n_actions;
    int max_steps;  // an episode's limit, 0: none
    size_t n_rows;  // n_states * n_actions + 1
    size_t n, cap;  // outcomes there are, and room for
    uint32_t *first;
    dq_outcome *outcomes;
    uint64_t *until;  // cumulated probabilities, in units of 2^-53, rounded up
} dq_world;

/** An empty world: its rows are then filled in order. `cap` outcomes have room. */
DQ_NODISCARD dq_status dq_world_init(dq_world *w, int n_states, int n_actions, size_t cap);
/** Frees the tables. Accepts a zeroed world. */
void dq_world_free(dq_world *w);
/** The tables of an environment that tells its model: DQ_ERR_UNSUPPORTED when it does not,
 *  DQ_ERR_CONFIG when a row's probabilities do not sum to 1 or a state is impossible. */
DQ_NODISCARD dq_status dq_world_from_env(dq_world *w, dq_env *env);

/** Rows are filled one after another: outcomes, then the end of the row. */
void dq_world_add(dq_world *w, double probability, int next_state, float reward, bool terminated);
void dq_world_end_row(dq_world *w, size_t row);

/** Which outcome of a row happens; takes one draw. */
static inline uint32_t dq_world_draw(const dq_world *w, size_t row, dq_rng *rng)
{
    uint64_t draw = dq_rng_next(rng) >> 11;
    uint32_t i = w->first[row], last = w->first[row + 1] - 1;
    while (i < last && draw >= w->until[i])
        i++;
    return i;
}

#endif
