/* The true answers: dynamic programming on a known model. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "deepq/tabular.h"
#include "env/world.h"
#include "tabular/tabular_internal.h"

enum { MAX_SWEEPS = 1000000 };
static const double rounding = 2 * DBL_EPSILON;  // of the largest value: no sweep is nearer

/** What a row comes to, with `values` of the states that follow. */
static double row_value(const dq_world *w, size_t row, double gamma, const double *values)
{
    double sum = 0;
    for (size_t i = w->first[row]; i < w->first[row + 1]; i++) {
        const dq_outcome *o = &w->outcomes[i];
        double future = o->terminated ? 0 : gamma * values[o->next_state];
        sum += o->probability * ((double)o->reward + future);
    }
    return sum;
}

/** One sweep in place; the largest change of a state's value. */
static double sweep(const dq_world *w, double gamma, double *q, double *values, double *largest)
{
    double change = 0;
    *largest = 0;
    for (int s = 0; s < w->n_states; s++) {
        size_t row = (size_t)s * (size_t)w->n_actions;
        for (int a = 0; a < w->n_actions; a++)
            q[row + (size_t)a] = row_value(w, row + (size_t)a, gamma, values);
        double best = q[row + (size_t)dq_best_action(&q[row], w->n_actions)];
        change = fmax(change, fabs(best - values[s]));
        values[s] = best;
        *largest = fmax(*largest, fabs(best));
    }
    return change;
}

static dq_status solve(const dq_world *w, double gamma, double *q, double *values, int *n_sweeps)
{
    double largest = 0, change = INFINITY, before = INFINITY;
    *n_sweeps = 0;
    // Near the end rounding may make two values take turns: no progress ends it as well.
    while (change > 0 && !(change <= rounding * largest && change >= before)) {
        if (++*n_sweeps > MAX_SWEEPS || !isfinite(largest))
            return dq_fail(DQ_ERR_CONFIG,
                           "the values do not settle with gamma %g: choose a gamma below 1", gamma);
        before = change;
        change = sweep(w, gamma, q, values, &largest);
    }
    return DQ_OK;
}

dq_status dq_exact_q(dq_env *env, double gamma, double *q, int *n_sweeps)
{
    dq_world w;
    int n = 0;
    if (!(gamma >= 0 && gamma <= 1))
        return dq_fail(DQ_ERR_CONFIG, "gamma %g: choose a number from 0 to 1", gamma);
    DQ_TRY(dq_world_from_env(&w, env));
    double *values = calloc((size_t)w.n_states, sizeof(*values));
    dq_status st = values ? solve(&w, gamma, q, values, &n)
                          : dq_fail(DQ_ERR_NOMEM, "no memory for %d values", w.n_states);
    if (st == DQ_OK && n_sweeps)
        *n_sweeps = n;
    free(values);
    dq_world_free(&w);
    return st;
}

/** Values with one more step to go, from those with one less. */
static void step_back(const dq_world *w, const int32_t *policy, const double *later, double *now)
{
    for (int s = 0; s < w->n_states; s++) {
        size_t row = (size_t)s * (size_t)w->n_actions;
        if (policy) {
            now[s] = row_value(w, row + (size_t)policy[s], 1, later);
            continue;
        }
        now[s] = -INFINITY;
        for (int a = 0; a < w->n_actions; a++)
            now[s] = fmax(now[s], row_value(w, row + (size_t)a, 1, later));
    }
}

/** The same for the chance of success. */
static void step_back_success(const dq_world *w, const int32_t *policy, const double *later,
                              double *now)
{
    for (int s = 0; s < w->n_states; s++) {
        size_t row = (size_t)s * (size_t)w->n_actions + (size_t)policy[s];
        now[s] = 0;
        for (size_t i = w->first[row]; i < w->first[row + 1]; i++) {
            const dq_outcome *o = &w->outcomes[i];
            double chance = o->terminated ? (o->reward > 0) : later[o->next_state];
            now[s] += o->probability * chance;
        }
    }
}

static double from_start(const dq_world *w, const double *values)
{
    double sum = 0;
    for (size_t i = w->first[w->n_rows - 1]; i < w->first[w->n_rows]; i++)
        sum += w->outcomes[i].probability * values[w->outcomes[i].next_state];
    return sum;
}

/** Backwards from the limit. @param policy NULL: the best action at every step
 *  @param success may be NULL without a policy */
static dq_status look_ahead(const dq_world *w, const int32_t *policy, int max_steps, double *reward,
                            double *success)
{
    size_t n = (size_t)w->n_states;
    int limit = dq_episode_limit(w->max_steps, max_steps);
    double *block = calloc(4 * n, sizeof(*block));
    if (!block)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d values", w->n_states);
    double *later = block, *now = block + n, *chance_later = block + 2 * n, *chance = block + 3 * n;
    for (int i = 0; i < limit; i++) {
        double *swap = later;
        step_back(w, policy, later, now);
        later = now;
        now = swap;
        if (!success)
            continue;
        step_back_success(w, policy, chance_later, chance);
        swap = chance_later;
        chance_later = chance;
        chance = swap;
    }
    *reward = from_start(w, later);
    if (success)
        *success = from_start(w, chance_later);
    free(block);
    return DQ_OK;
}

dq_status dq_exact_score(dq_env *env, const int32_t *policy, int max_steps, dq_policy_score *score)
{
    dq_world w;
    DQ_TRY(dq_world_from_env(&w, env));
    dq_status st = DQ_OK;
    for (int s = 0; s < w.n_states && st == DQ_OK; s++)
        if (policy[s] < 0 || policy[s] >= w.n_actions)
            st = dq_fail(DQ_ERR_CONFIG, "action %d of the policy in state %d: must be 0 to %d",
                         policy[s], s, w.n_actions - 1);
    if (st == DQ_OK)
        st = look_ahead(&w, policy, max_steps, &score->reward, &score->success);
    dq_world_free(&w);
    return st;
}

dq_status dq_exact_best_reward(dq_env *env, int max_steps, double *reward)
{
    dq_world w;
    DQ_TRY(dq_world_from_env(&w, env));
    dq_status st = look_ahead(&w, NULL, max_steps, reward, NULL);
    dq_world_free(&w);
    return st;
}
