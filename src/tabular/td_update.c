/* Q-learning, SARSA, expected SARSA and double Q-learning: one step, one blended update. */
#include <math.h>

#include "base/error.h"
#include "base/schedule.h"
#include "tabular/tabular_internal.h"

static double epsilon_now(const dq_tabular *t)
{
    const dq_tabular_config *c = &t->cfg;
    const dq_schedule s = {c->epsilon, c->epsilon_final, 0, (double)c->epsilon_decay};
    return dq_schedule_at(&s, t->progress.iteration);
}

static double linear_alpha(const dq_tabular *t)
{
    const dq_tabular_config *c = &t->cfg;
    const dq_schedule s = {c->alpha, c->alpha_final, 0, (double)c->alpha_decay};
    return dq_schedule_at(&s, t->progress.iteration);
}

static double alpha_now(dq_tabular *t, size_t cell)
{
    const dq_tabular_config *c = &t->cfg;
    switch (c->alpha_schedule) {
    case DQ_ALPHA_LINEAR:
        return linear_alpha(t);
    case DQ_ALPHA_VISITS:
        t->visits[cell] += t->visits[cell] < UINT32_MAX;
        return fmax(c->alpha_final, c->alpha / pow(t->visits[cell], c->alpha_power));
    default:
        return c->alpha;
    }
}

static int choose_action(dq_tabular *t, double epsilon)
{
    if (epsilon < 1 && dq_rng_unit(&t->explore) >= epsilon)
        return t->policy[t->walk.state];
    return (int)dq_rng_below(&t->explore, (uint32_t)t->n_actions);
}

/** What the behaviour gets in a state on average. */
static double mean_value(const dq_tabular *t, const double *q, double epsilon)
{
    double sum = 0;
    for (int a = 0; a < t->n_actions; a++)
        sum += q[a];
    return (1 - epsilon) * q[dq_best_action(q, t->n_actions)] + epsilon * sum / t->n_actions;
}

/** The value of the state that a step led to, as `table` is to learn it. */
static double next_value(dq_tabular *t, const dq_walk_step *step, int table, double epsilon)
{
    const double *q = &t->q[dq_tabular_cell(t, step->to, 0)];
    switch (t->cfg.target) {
    case DQ_TD_SARSA:
        t->next_action = choose_action(t, epsilon);
        return q[t->next_action];
    case DQ_TD_EXPECTED_SARSA:
        return mean_value(t, q, epsilon);
    case DQ_TD_DOUBLE: {
        int best = dq_best_action(&t->tables[table][dq_tabular_cell(t, step->to, 0)], t->n_actions);
        return t->tables[!table][dq_tabular_cell(t, step->to, best)];
    }
    default:
        return q[dq_best_action(q, t->n_actions)];
    }
}

static void follow(dq_tabular *t, int state)
{
    int best = dq_best_action(&t->q[dq_tabular_cell(t, state, 0)], t->n_actions);
    if (best == t->policy[state])
        return;
    t->policy[state] = best;
    if (t->has_world)
        dq_greedy_tests_update(&t->tests, state);
}

static void update(dq_tabular *t, const dq_walk_step *step, double epsilon)
{
    bool is_double = t->cfg.target == DQ_TD_DOUBLE;
    int table = is_double ? (int)dq_rng_below(&t->explore, 2) : 0;
    double *q = is_double ? t->tables[table] : t->q;
    size_t cell = dq_tabular_cell(t, step->from, step->action);
    double future = step->terminated ? 0 : next_value(t, step, table, epsilon);
    double alpha = alpha_now(t, cell), target = step->reward + t->cfg.gamma * future;
    q[cell] = q[cell] * (1 - alpha) + target * alpha;
    if (is_double)
        t->q[cell] = (t->tables[0][cell] + t->tables[1][cell]) / 2;
    follow(t, step->from);
}

dq_status dq_td_step(dq_tabular *t)
{
    dq_walk_step step;
    double epsilon = epsilon_now(t);
    int action = t->next_action >= 0 ? t->next_action : choose_action(t, epsilon);
    t->next_action = -1;
    DQ_TRY(dq_walker_step(&t->walk, action, &step));
    t->progress.n_env_steps++;
    update(t, &step, epsilon);
    if (!step.ended)
        return DQ_OK;
    t->next_action = -1;  // drawn for a state that the walk does not continue from
    return dq_walker_reset(&t->walk);
}
