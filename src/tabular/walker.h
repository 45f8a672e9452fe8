/** A walk through a discrete world: through its tables where they are known, else step by step
 *  through the environment. Both take the same draws, see env/world.h. */
#ifndef DEEPQ_TABULAR_WALKER_H
#define DEEPQ_TABULAR_WALKER_H

#include "env/world.h"

typedef struct dq_walker {
    const dq_world *world;  // NULL: `env` is stepped
    dq_env *env;
    dq_rng rng;
    int max_steps;
    int n_steps;    // of this episode
    int32_t state;  // where the walk is
} dq_walker;

typedef struct dq_walk_step {
    int32_t from, to;
    int action;
    double reward;
    bool terminated, ended;  // ended: terminated, or cut off by a limit
} dq_walk_step;

/** Start all chance from `seed`. The walk then needs dq_walker_reset(). */
DQ_NODISCARD dq_status dq_walker_seed(dq_walker *w, uint64_t seed);
/** Begin an episode. */
DQ_NODISCARD dq_status dq_walker_reset(dq_walker *w);
/** Take an action. */
DQ_NODISCARD dq_status dq_walker_step(dq_walker *w, int action, dq_walk_step *step);

#endif
