#include "deepq/tabular.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "tabular/tabular_internal.h"

enum { MAX_CELLS = 1 << 26 };

static dq_status check_env(const dq_env_spec *spec)
{
    if (spec->n_states < 1)
        return dq_fail(DQ_ERR_CONFIG, "%s is not a discrete environment: choose one with states",
                       spec->id);
    if (spec->obs.dtype != DQ_I32 || dq_space_elements(&spec->obs) != 1)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s has states but its observation is not one int32: "
                       "correct its spec",
                       spec->id);
    if (spec->n_states > MAX_CELLS / spec->n_actions)
        return dq_fail(DQ_ERR_CONFIG, "%s has too many states for a table: %d states, %d actions",
                       spec->id, spec->n_states, spec->n_actions);
    return DQ_OK;
}

static dq_status create_tables(dq_tabular *t)
{
    size_t n_states = (size_t)t->n_states, n = n_states * (size_t)t->n_actions;
    bool is_double = t->cfg.target == DQ_TD_DOUBLE;
    t->q = calloc(n, sizeof(*t->q));
    t->policy = calloc(n_states, sizeof(*t->policy));
    t->values = calloc(n_states, sizeof(*t->values));
    t->visits = calloc(n, sizeof(*t->visits));
    for (int i = 0; i < 2 && is_double; i++)
        t->tables[i] = calloc(n, sizeof(*t->tables[i]));
    if (t->q && t->policy && t->values && t->visits &&
        (!is_double || (t->tables[0] && t->tables[1])))
        return DQ_OK;
    return dq_fail(DQ_ERR_NOMEM, "no memory for the tables of %d states", t->n_states);
}

/** Take the tables of an environment that tells its model. */
static dq_status take_world(dq_tabular *t, dq_env *env)
{
    const dq_outcome *outcomes;
    int n;
    if (t->cfg.step_environment || dq_env_model(env, 0, 0, &outcomes, &n) != DQ_OK ||
        dq_env_start_model(env, &outcomes, &n) != DQ_OK)
        return DQ_OK;
    DQ_TRY(dq_world_from_env(&t->world, env));
    t->has_world = true;
    return DQ_OK;
}

/** The environment of the tests has to be like the other one. */
static dq_status check_test(const dq_tabular *t, const dq_env_spec *spec)
{
    DQ_TRY(check_env(spec));
    if (spec->n_states == t->n_states && spec->n_actions == t->n_actions)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG,
                   "%s has %d states and %d actions, but the first one %d and %d: give two alike",
                   spec->id, spec->n_states, spec->n_actions, t->n_states, t->n_actions);
}

static dq_status create_walkers(dq_tabular *t, dq_env *env, dq_env *test)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    if (test)
        DQ_TRY(check_test(t, dq_env_get_spec(test)));
    if (!t->has_world && !test)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s has no transition model: give a second environment for the tests",
                       spec->id);
    t->walk = (dq_walker){.world = t->has_world ? &t->world : NULL,
                          .env = env,
                          .max_steps =
                              dq_episode_limit(spec->max_episode_steps, t->cfg.max_episode_steps)};
    t->test = t->walk;
    t->test.env = test;
    dq_rng walk = dq_rng_stream(t->cfg.seed, "walk"), tests = dq_rng_stream(t->cfg.seed, "tests");
    t->explore = dq_rng_stream(t->cfg.seed, "exploration");
    DQ_TRY(dq_walker_seed(&t->walk, dq_rng_u64(&walk)));
    return dq_walker_seed(&t->test, dq_rng_u64(&tests));
}

static dq_status create_parts(dq_tabular *t, dq_env *env, dq_env *test)
{
    DQ_TRY(create_tables(t));
    DQ_TRY(take_world(t, env));
    DQ_TRY(create_walkers(t, env, test));
    if (t->cfg.method != DQ_Q_LEARNING)
        return dq_counted_model_create(&t->model, t->n_states, t->n_actions,
                                       t->has_world ? &t->world : NULL);
    return t->has_world ? dq_greedy_tests_create(&t->tests, &t->world, t->policy) : DQ_OK;
}

dq_status dq_tabular_create(dq_tabular **out, const dq_tabular_config *cfg, dq_env *env,
                            dq_env *test)
{
    assert(out && cfg && env);
    *out = NULL;
    DQ_TRY(dq_tabular_config_check(cfg));
    DQ_TRY(check_env(dq_env_get_spec(env)));
    dq_tabular *t = calloc(1, sizeof(*t));
    if (!t)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a learner");
    t->cfg = *cfg;
    t->n_states = dq_env_get_spec(env)->n_states;
    t->n_actions = dq_env_get_spec(env)->n_actions;
    t->next_action = -1;
    dq_status st = create_parts(t, env, test);
    if (st != DQ_OK) {
        dq_tabular_destroy(t);
        return st;
    }
    *out = t;
    return DQ_OK;
}

void dq_tabular_destroy(dq_tabular *t)
{
    if (!t)
        return;
    dq_greedy_tests_free(&t->tests);
    dq_counted_model_free(&t->model);
    dq_world_free(&t->world);
    free(t->q);
    free(t->policy);
    free(t->values);
    free(t->visits);
    free(t->tables[0]);
    free(t->tables[1]);
    free(t);
}

/* The iterations of chapter 5: count, sweep once, test; the tests count too. */

static double action_value(const dq_tabular *t, int state, int action)
{
    return dq_counted_model_value(&t->model, state, action, t->cfg.gamma, t->values);
}

static void sweep(dq_tabular *t)
{
    for (int s = 0; s < t->n_states; s++) {
        double *q = &t->q[dq_tabular_cell(t, s, 0)];
        for (int a = 0; a < t->n_actions; a++) {
            q[a] = action_value(t, s, a);
            // Q iteration's next action already sees this one.
            if (t->cfg.method == DQ_Q_ITERATION)
                t->values[s] = q[dq_best_action(q, t->n_actions)];
        }
        t->values[s] = q[dq_best_action(q, t->n_actions)];
    }
}

/** Value iteration computes action values from its model at every step, since tests change it. */
static int test_action(dq_tabular *t, int state)
{
    double *q = &t->q[dq_tabular_cell(t, state, 0)];
    if (t->cfg.method == DQ_VALUE_ITERATION)
        for (int a = 0; a < t->n_actions; a++)
            q[a] = action_value(t, state, a);
    return dq_best_action(q, t->n_actions);
}

/** One action in a walk, counted. */
static dq_status counted_step(dq_tabular *t, dq_walker *w, int action, dq_walk_step *step)
{
    DQ_TRY(dq_walker_step(w, action, step));
    dq_counted_model_add(&t->model, step);
    t->progress.n_env_steps++;
    return DQ_OK;
}

static dq_status learn_by_iteration(dq_tabular *t)
{
    for (int i = 0; i < t->cfg.n_steps; i++) {
        dq_walk_step step;
        int action = (int)dq_rng_below(&t->explore, (uint32_t)t->n_actions);
        DQ_TRY(counted_step(t, &t->walk, action, &step));
        if (step.ended)
            DQ_TRY(dq_walker_reset(&t->walk));
    }
    sweep(t);
    return DQ_OK;
}

/** A test episode of any method, step by step. */
static dq_status test_episode(dq_tabular *t, double *reward)
{
    bool is_counted = t->cfg.method != DQ_Q_LEARNING;
    dq_walk_step step = {0};
    *reward = 0;
    DQ_TRY(dq_walker_reset(&t->test));
    while (!step.ended) {
        if (is_counted) {
            DQ_TRY(counted_step(t, &t->test, test_action(t, t->test.state), &step));
        } else {
            DQ_TRY(dq_walker_step(&t->test, t->policy[t->test.state], &step));
            t->progress.n_env_steps++;
        }
        *reward += step.reward;
    }
    return DQ_OK;
}

static dq_status test(dq_tabular *t)
{
    double sum = 0;
    if (t->cfg.method == DQ_Q_LEARNING && t->has_world) {
        sum = dq_greedy_tests_play(&t->tests, &t->test, t->cfg.test_episodes,
                                   &t->progress.n_env_steps);
    } else {
        for (int i = 0; i < t->cfg.test_episodes; i++) {
            double reward;
            DQ_TRY(test_episode(t, &reward));
            sum += reward;
        }
    }
    t->progress.reward = sum / t->cfg.test_episodes;
    return DQ_OK;
}

static dq_status learn(dq_tabular *t)
{
    if (t->cfg.method != DQ_Q_LEARNING)
        return learn_by_iteration(t);
    for (int i = 0; i < t->cfg.n_steps; i++)
        DQ_TRY(dq_td_step(t));
    return DQ_OK;
}

static dq_status say_best(dq_tabular *t, const dq_tabular_events *e)
{
    dq_tabular_progress *p = &t->progress;
    bool is_first = p->iteration == 1 && p->reward < 0;  // a world of costs: 0 is no start for it
    if (!is_first && p->reward <= p->best)
        return DQ_OK;
    p->previous_best = p->best;
    p->best = p->reward;
    return e->best && !is_first ? e->best(e->ctx, p) : DQ_OK;
}

/** A callback that ends the run does so when the iteration is done: all of its events are told. */
static dq_status iterate(dq_tabular *t, const dq_tabular_events *e, bool *solved)
{
    t->progress.iteration++;
    DQ_TRY(learn(t));
    DQ_TRY(test(t));
    dq_status told = e->iteration ? e->iteration(e->ctx, &t->progress) : DQ_OK;
    told = dq_first_failure(told, say_best(t, e));
    *solved = t->progress.reward > t->cfg.reward_bound;
    if (*solved && e->solved)
        told = dq_first_failure(told, e->solved(e->ctx, &t->progress));
    return told;
}

dq_status dq_tabular_run(dq_tabular *t, const dq_tabular_events *events, const volatile int *stop,
                         bool *solved)
{
    static const dq_tabular_events none = {0};
    const dq_tabular_events *e = events ? events : &none;
    int64_t last = t->cfg.max_iterations ? t->cfg.max_iterations : INT64_MAX;
    *solved = false;
    if (!t->started)
        DQ_TRY(dq_walker_reset(&t->walk));
    t->started = true;
    while (!*solved && t->progress.iteration < last) {
        if (stop && *stop)
            return dq_fail(DQ_ERR_INTERRUPTED, "interrupted after %lld iterations",
                           (long long)t->progress.iteration);
        DQ_TRY(iterate(t, e, solved));
    }
    return DQ_OK;
}

void dq_tabular_get_progress(const dq_tabular *t, dq_tabular_progress *p)
{
    *p = t->progress;
}

const double *dq_tabular_q(dq_tabular *t)
{
    if (t->cfg.method == DQ_VALUE_ITERATION)
        for (int s = 0; s < t->n_states; s++)
            (void)test_action(t, s);
    return t->q;
}

const int32_t *dq_tabular_policy(dq_tabular *t)
{
    const double *q = dq_tabular_q(t);
    for (int s = 0; s < t->n_states; s++)
        t->policy[s] = dq_best_action(&q[dq_tabular_cell(t, s, 0)], t->n_actions);
    return t->policy;
}
