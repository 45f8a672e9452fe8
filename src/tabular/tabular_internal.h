/** The insides of a learner, shared by the loop and the updates. */
#ifndef DEEPQ_TABULAR_TABULAR_INTERNAL_H
#define DEEPQ_TABULAR_TABULAR_INTERNAL_H

#include "deepq/tabular.h"
#include "tabular/counted_model.h"
#include "tabular/greedy_tests.h"
#include "tabular/walker.h"

struct dq_tabular {
    dq_tabular_config cfg;
    int n_states, n_actions;
    bool has_world;
    dq_world world;
    dq_walker walk, test;
    dq_rng explore;
    double *q;        // [n_states][n_actions]; of two tables: their mean
    int32_t *policy;  // [n_states], greedy
    dq_tabular_progress progress;
    bool started;  // the first resets are done

    dq_counted_model model;  // of the iterations
    double *values;          // [n_states], best of q

    dq_greedy_tests tests;  // of Q-learning, where the world is known
    double *tables[2];      // double Q-learning
    uint32_t *visits;       // [n_states][n_actions]
    int next_action;        // SARSA's, drawn before it is taken; -1: not drawn yet
};

static inline size_t dq_tabular_cell(const dq_tabular *t, int state, int action)
{
    return (size_t)state * (size_t)t->n_actions + (size_t)action;
}

/** Steps that an episode may have: the lesser limit, where 0 is none. */
static inline int dq_episode_limit(int a, int b)
{
    int limit = a == 0 || b == 0 ? a + b : a < b ? a : b;
    return limit ? limit : DQ_TABULAR_EPISODE_STEPS;
}

/** The lowest of the best actions. */
static inline int dq_best_action(const double *q, int n_actions)
{
    int best = 0;
    for (int a = 1; a < n_actions; a++)
        if (q[a] > q[best])
            best = a;
    return best;
}

/** One step of the behaviour and the update from it. */
DQ_NODISCARD dq_status dq_td_step(dq_tabular *t);

#endif
