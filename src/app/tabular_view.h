/** What was learnt and what is true, as numbers and as a map in the terminal. */
#ifndef DEEPQ_APP_TABULAR_VIEW_H
#define DEEPQ_APP_TABULAR_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/tabular_world.h"
#include "deepq/tabular.h"

typedef struct tabular_findings {
    double *q;                  // [n_states][n_actions], learnt; for the exact answer alone: that
    int32_t *policy;            // [n_states]
    bool has_exact;             // the model is known: all that follows is there
    bool is_exact;              // q is the exact answer
    double *exact_q;            // [n_states][n_actions]
    bool is_won_or_lost;        // every episode's reward is 0 or 1
    bool *is_visited;           // [n_states], an episode can be there and take an action
    int n_sweeps;               // that exact_q took
    double start_value;         // what exact_q says about the start
    dq_policy_score score;      // of the policy within the time limit
    double best_reward;         // of the best policy within the time limit
    double largest_difference;  // of q from exact_q over visited states
    int worst_state, worst_action;
} tabular_findings;

/** Ask a learner, and the model where there is one. Free with tabular_findings_free(). */
DQ_NODISCARD dq_status tabular_findings_make(tabular_findings *f, dq_env *env, dq_tabular *t,
                                             const dq_tabular_config *cfg);
/** The exact answer alone; DQ_ERR_UNSUPPORTED without a model. */
DQ_NODISCARD dq_status tabular_findings_exact(tabular_findings *f, dq_env *env,
                                              const dq_tabular_config *cfg);
void tabular_findings_free(tabular_findings *f);

/** The policy as a map and what it is worth. */
void tabular_view_print(const tabular_world *w, dq_env *env, const tabular_findings *f,
                        const dq_tabular_config *cfg);

/** Watch one episode; at `fps` steps a second on a terminal, at once elsewhere. */
DQ_NODISCARD dq_status tabular_view_episode(dq_env *env, const int32_t *policy,
                                            const dq_tabular_config *cfg, int64_t fps,
                                            const volatile int *stop);

/** The chance that a test of n episodes, each won with chance p, has a mean above the bound. */
double tabular_lucky_test(double p, int n, double bound);

#endif
