#include "env/world.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"

enum { MAX_OUTCOMES = 1 << 28 };
static const double sum_tolerance = 1e-9;  // of a row of hand-written probabilities

dq_status dq_world_init(dq_world *w, int n_states, int n_actions, size_t cap)
{
    *w = (dq_world){.n_states = n_states, .n_actions = n_actions, .cap = cap};
    w->n_rows = (size_t)n_states * (size_t)n_actions + 1;
    if (w->n_rows > MAX_OUTCOMES || cap > MAX_OUTCOMES)
        return dq_fail(DQ_ERR_CONFIG, "a world of %d states and %d actions is too large for tables",
                       n_states, n_actions);
    w->first = calloc(w->n_rows + 1, sizeof(*w->first));
    w->outcomes = malloc((cap + 1) * sizeof(*w->outcomes));
    w->until = malloc((cap + 1) * sizeof(*w->until));
    if (w->first && w->outcomes && w->until)
        return DQ_OK;
    dq_world_free(w);
    return dq_fail(DQ_ERR_NOMEM, "no memory for the tables of %d states", n_states);
}

void dq_world_free(dq_world *w)
{
    free(w->first);
    free(w->outcomes);
    free(w->until);
    *w = (dq_world){0};
}

void dq_world_add(dq_world *w, double probability, int next_state, float reward, bool terminated)
{
    assert(w->n < w->cap && next_state >= 0 && next_state < w->n_states);
    w->outcomes[w->n++] = (dq_outcome){probability, next_state, reward, terminated};
}

void dq_world_end_row(dq_world *w, size_t row)
{
    assert(row < w->n_rows && w->n > w->first[row]);
    double sum = 0;
    for (size_t i = w->first[row]; i < w->n; i++) {
        sum += w->outcomes[i].probability;
        // draw < until, both whole numbers, says the same as draw * 2^-53 < sum.
        w->until[i] = (uint64_t)ceil(fmin(sum, 1.0) * 0x1p53);
    }
    w->first[row + 1] = (uint32_t)w->n;
}

static bool is_outcome(const dq_outcome *o, int n_states)
{
    return o->next_state >= 0 && o->next_state < n_states && o->probability >= 0 &&
           o->probability <= 1 + sum_tolerance && isfinite(o->reward);
}

/** A row as the environment tells it, checked: it may be somebody's own. */
static dq_status take_row(dq_world *w, size_t row, const dq_outcome *outcomes, int n,
                          const char *id)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const dq_outcome *o = &outcomes[i];
        if (!is_outcome(o, w->n_states))
            return dq_fail(DQ_ERR_CONFIG,
                           "%s: its model has an impossible outcome (state %d, probability %g, "
                           "reward %g): correct it",
                           id, o->next_state, o->probability, (double)o->reward);
        sum += o->probability;
        dq_world_add(w, o->probability, o->next_state, o->reward, o->terminated);
    }
    if (n < 1 || fabs(sum - 1) > sum_tolerance)
        return dq_fail(DQ_ERR_CONFIG, "%s: probabilities of its model sum to %g, not 1: correct it",
                       id, sum);
    dq_world_end_row(w, row);
    return DQ_OK;
}

/** What the environment says about a row. */
static dq_status ask(const dq_world *w, dq_env *env, size_t row, const dq_outcome **outcomes,
                     int *n)
{
    if (row + 1 == w->n_rows)
        return dq_env_start_model(env, outcomes, n);
    return dq_env_model(env, (int)(row / (size_t)w->n_actions), (int)(row % (size_t)w->n_actions),
                        outcomes, n);
}

dq_status dq_world_from_env(dq_world *w, dq_env *env)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    const dq_outcome *outcomes;
    int n;
    *w = (dq_world){0};
    if (spec->n_states < 1)
        return dq_fail(DQ_ERR_CONFIG, "%s is not a discrete environment: choose one with states",
                       spec->id);
    dq_world size = {.n_states = spec->n_states, .n_actions = spec->n_actions};
    size.n_rows = (size_t)size.n_states * (size_t)size.n_actions + 1;
    for (size_t row = 0; row < size.n_rows; row++) {
        DQ_TRY(ask(&size, env, row, &outcomes, &n));
        size.cap += n > 0 ? (size_t)n : 0;
    }
    DQ_TRY(dq_world_init(w, size.n_states, size.n_actions, size.cap));
    w->max_steps = spec->max_episode_steps;
    for (size_t row = 0; row < w->n_rows; row++) {
        dq_status st = ask(w, env, row, &outcomes, &n);
        if (st == DQ_OK)
            st = take_row(w, row, outcomes, n, spec->id);
        if (st != DQ_OK) {
            dq_world_free(w);
            return st;
        }
    }
    return DQ_OK;
}
