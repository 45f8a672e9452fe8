/** Test episodes of a fixed policy through the tables of a world: where nearly all the time of the
 *  book's Q-learning goes, 20 episodes for each step that is learnt from. */
#ifndef DEEPQ_TABULAR_GREEDY_TESTS_H
#define DEEPQ_TABULAR_GREEDY_TESTS_H

#include "tabular/walker.h"

typedef struct dq_greedy_row dq_greedy_row;

/** The outcomes of a policy's action in each state, one cache line a state. */
typedef struct dq_greedy_tests {
    const dq_world *world;
    dq_greedy_row *rows;  // [n_states]; NULL where some row has too many outcomes for them
    int32_t *policy;      // [n_states], the caller's
} dq_greedy_tests;

/** @param policy [n_states], stays the caller's */
DQ_NODISCARD dq_status dq_greedy_tests_create(dq_greedy_tests *g, const dq_world *world,
                                              int32_t *policy);
void dq_greedy_tests_free(dq_greedy_tests *g);
/** The policy has another action in this state. */
void dq_greedy_tests_update(dq_greedy_tests *g, int32_t state);
/** Play whole episodes, each with a reset; `walker` walks through the same world. Takes the draws
 *  that dq_walker_reset() and dq_walker_step() would take.
 *  @return the sum of all rewards; adds to *n_steps */
double dq_greedy_tests_play(const dq_greedy_tests *g, dq_walker *walker, int n_episodes,
                            int64_t *n_steps);

#endif
