/* The tabular methods: against exact answers that NumPy computed from Gymnasium's tables
 * (tests/data/toy_text/optimum.txt.gz), and against the environments they stand in for. */
#include "toy_worlds.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "deepq/rng.h"
#include "deepq/tabular.h"

enum { MAX_LINE = 1024, MAX_CELLS = 500 * 6 };

static dq_tabular *create(const dq_tabular_config *cfg, dq_env *env, dq_env *test)
{
    dq_tabular *t;
    assert_int_equal(dq_tabular_create(&t, cfg, env, test), DQ_OK);
    return t;
}

static void run(dq_tabular *t)
{
    bool solved;
    assert_int_equal(dq_tabular_run(t, NULL, NULL, &solved), DQ_OK);
}

/* Exact answers. */

static void read_row(char *text, double *q, int n)
{
    for (int i = 0; i < n; i++)
        q[i] = strtod(text, &text);
}

/** The greedy policy of exact values, lowest action first where rounding makes no difference. */
static void greedy(const double *q, int n_states, int n_actions, int32_t *policy)
{
    for (int s = 0; s < n_states; s++) {
        const double *row = &q[s * n_actions];
        double best = row[0];
        for (int a = 1; a < n_actions; a++)
            best = fmax(best, row[a]);
        policy[s] = 0;
        while (row[policy[s]] < best - 1e-9)
            policy[s]++;
    }
}

static void compare_scores(const char *line, int *n_scores)
{
    char name[32];
    double gamma, reward, success, q[MAX_CELLS];
    int32_t policy[MAX_CELLS];
    int steps;
    dq_policy_score score;
    assert_int_equal(
        sscanf(line, "score %31s %lf %d %lf %lf", name, &gamma, &steps, &reward, &success), 5);
    dq_env *env = make_world(name);
    const dq_env_spec *spec = dq_env_get_spec(env);
    assert_int_equal(dq_exact_q(env, gamma, q, NULL), DQ_OK);
    greedy(q, spec->n_states, spec->n_actions, policy);
    assert_int_equal(dq_exact_score(env, policy, steps, &score), DQ_OK);
    assert_true(fabs(score.reward - reward) < 1e-10 && fabs(score.success - success) < 1e-12);
    assert_int_equal(dq_exact_score(env, policy, 0, &score), DQ_OK);  // the world's own limit
    assert_true(fabs(score.reward - reward) < 1e-10);
    dq_env_destroy(env);
    ++*n_scores;
}

static void compare_best(const char *line)
{
    char name[32];
    double wanted, reward;
    int steps;
    assert_int_equal(sscanf(line, "best %31s %d %lf", name, &steps, &wanted), 3);
    dq_env *env = make_world(name);
    assert_int_equal(dq_exact_best_reward(env, steps, &reward), DQ_OK);
    assert_true(fabs(reward - wanted) < 1e-10);
    dq_env_destroy(env);
}

static void exact_answers_are_those_of_policy_iteration(void **state)
{
    (void)state;
    char line[MAX_LINE], name[32], key[64] = "";
    double q[MAX_CELLS], wanted[8], gamma, largest = 0;
    int s, at, n_rows = 0, n_scores = 0, n_actions = 0;
    gzFile f = open_data("optimum.txt.gz");
    while (gzgets(f, line, sizeof(line))) {
        if (strncmp(line, "score ", 6) == 0) {
            compare_scores(line, &n_scores);
            continue;
        }
        if (strncmp(line, "best ", 5) == 0) {
            compare_best(line);
            continue;
        }
        assert_int_equal(sscanf(line, "%31s %lf %d %n", name, &gamma, &s, &at), 3);
        char now[64];
        snprintf(now, sizeof(now), "%s %g", name, gamma);
        if (strcmp(now, key) != 0) {
            dq_env *env = make_world(name);
            assert_int_equal(dq_exact_q(env, gamma, q, NULL), DQ_OK);
            n_actions = dq_env_get_spec(env)->n_actions;
            dq_env_destroy(env);
            strcpy(key, now);
        }
        read_row(line + at, wanted, n_actions);
        for (int a = 0; a < n_actions; a++)
            largest = fmax(largest, fabs(q[s * n_actions + a] - wanted[a]));
        n_rows++;
    }
    gzclose(f);
    assert_int_equal(n_rows, 2 * (16 + 64 + 16 + 16 + 15 + 48 + 48 + 500 + 500));
    assert_int_equal(n_scores, 2 * 9);
    print_message("largest difference %.2g\n", largest);
    assert_true(largest < 1e-12);
}

static void published_facts_of_frozen_lake_hold(void **state)
{
    (void)state;
    dq_env *env = make_world("lake");
    double q[64], best;
    int n_sweeps;
    assert_int_equal(dq_exact_q(env, 0.9, q, &n_sweeps), DQ_OK);
    assert_true(fabs(q[0] - 0.0689) < 5e-5);
    assert_int_equal(dq_exact_best_reward(env, 0, &best), DQ_OK);
    assert_true(fabs(best - 0.7442) < 5e-5);
    dq_env_destroy(env);
}

static void a_way_on_firm_ice_wins_for_sure(void **state)
{
    (void)state;
    char map[8 * 9];
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    cfg.is_slippery = false;
    cfg.map = map;
    for (uint64_t seed = 0; seed < 50; seed++) {
        double best;
        assert_int_equal(dq_frozen_lake_random_map(map, 8, 0.6, seed), DQ_OK);
        dq_env *env = make_lake(&cfg);
        assert_int_equal(dq_exact_best_reward(env, 63, &best), DQ_OK);
        assert_true(best == 1);
        dq_env_destroy(env);
    }
}

static void values_that_never_settle_are_said(void **state)
{
    (void)state;
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    cfg.reward_frozen = 1;  // one can stand in the corner for ever
    cfg.is_slippery = false;
    dq_env *env = make_lake(&cfg);
    double q[64];
    assert_int_equal(dq_exact_q(env, 1, q, NULL), DQ_ERR_CONFIG);
    assert_int_equal(dq_exact_q(env, 1.1, q, NULL), DQ_ERR_CONFIG);
    assert_int_equal(dq_exact_q(env, 0.5, q, NULL), DQ_OK);
    assert_true(fabs(q[0] - 2) < 1e-12);  // 1 + 1/2 + 1/4 ...
    dq_env_destroy(env);
}

/* The same run, through the tables and step by step. */

static void compare_runs(const char *world, const dq_tabular_config *wanted)
{
    dq_tabular_config cfg = *wanted;
    dq_env *env = make_world(world), *test = make_world(world);
    dq_tabular *fast = create(&cfg, env, NULL);
    cfg.step_environment = true;
    dq_tabular *slow = create(&cfg, env, test);
    dq_tabular_progress a, b;
    run(fast);
    run(slow);
    dq_tabular_get_progress(fast, &a);
    dq_tabular_get_progress(slow, &b);
    assert_memory_equal(&a, &b, sizeof(a));
    const dq_env_spec *spec = dq_env_get_spec(env);
    size_t n = (size_t)spec->n_states * (size_t)spec->n_actions;
    assert_memory_equal(dq_tabular_q(fast), dq_tabular_q(slow), n * sizeof(double));
    assert_memory_equal(dq_tabular_policy(fast), dq_tabular_policy(slow),
                        (size_t)spec->n_states * sizeof(int32_t));
    dq_tabular_destroy(fast);
    dq_tabular_destroy(slow);
    dq_env_destroy(env);
    dq_env_destroy(test);
}

static void tables_and_steps_give_the_same_run(void **state)
{
    (void)state;
    static const char *const worlds[] = {"lake", "custom", "slippery", "taxi"};
    for (int world = 0; world < 4; world++)
        for (int method = 0; method < 3; method++)
            for (int target = 0; target < (method == DQ_Q_LEARNING ? 4 : 1); target++) {
                dq_tabular_config cfg = dq_tabular_book((dq_tabular_method)method);
                cfg.target = (dq_td_target)target;
                cfg.seed = 3;
                cfg.max_iterations = method == DQ_Q_LEARNING ? 300 : 4;
                cfg.n_steps = 50;
                cfg.reward_bound = 1e9;
                cfg.epsilon = target ? 0.5 : 1;
                cfg.max_episode_steps = 150;
                compare_runs(worlds[world], &cfg);
            }
}

/** More than three outcomes a row do not fit the fast rows. */
typedef struct wheel {
    int fails_after;  // steps; 0: never
    dq_rng rng;
    dq_outcome outcomes[5], told[5];
} wheel;

static dq_status wheel_reset(void *self, void *obs)
{
    wheel *w = self;
    (void)dq_rng_u64(&w->rng);
    memset(obs, 0, 4);
    return DQ_OK;
}

static dq_status wheel_step(void *self, int action, void *obs, dq_step *result)
{
    wheel *w = self;
    if (w->fails_after > 0 && --w->fails_after == 0)
        return dq_fail(DQ_ERR_IO, "the wheel is stuck");
    double draw = dq_rng_unit(&w->rng);
    int k = 0;
    for (double sum = 0.2; k < 4 && draw >= sum; sum += 0.2)
        k++;
    memcpy(obs, &w->outcomes[k].next_state, 4);
    result->reward = w->outcomes[k].reward * (float)(action + 1);
    result->terminated = w->outcomes[k].terminated;
    return DQ_OK;
}

static dq_status wheel_seed(void *self, uint64_t seed)
{
    ((wheel *)self)->rng = dq_rng_stream(seed, "environment");
    return DQ_OK;
}

static dq_status wheel_model(void *self, int state, int action, const dq_outcome **outcomes, int *n)
{
    wheel *w = self;
    (void)state;
    for (int k = 0; k < 5; k++) {
        w->told[k] = w->outcomes[k];
        w->told[k].reward *= (float)(action + 1);
    }
    *outcomes = w->told;
    *n = 5;
    return DQ_OK;
}

static dq_status wheel_start(void *self, const dq_outcome **outcomes, int *n)
{
    static const dq_outcome start = {1, 0, 0, false};
    (void)self;
    *outcomes = &start;
    *n = 1;
    return DQ_OK;
}

static dq_env *make_wheel(wheel *w, bool has_model, int n_actions)
{
    const dq_env_ops ops = {.reset = wheel_reset,
                            .step = wheel_step,
                            .seed = wheel_seed,
                            .model = has_model ? wheel_model : NULL,
                            .start_model = has_model ? wheel_start : NULL};
    const dq_env_spec spec = {"Wheel", {DQ_I32, 0, {0}, 0, 4}, n_actions, NULL, 5, 0};
    dq_env *env;
    *w = (wheel){.rng = dq_rng_stream(0, "environment")};
    for (int k = 0; k < 5; k++)
        w->outcomes[k] = (dq_outcome){0.2, k, (float)k, k == 4};
    assert_int_equal(dq_env_create(&env, &ops, &spec, w), DQ_OK);
    return env;
}

static void check_many_outcomes(int n_actions)
{
    wheel a, b, c;
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    cfg.max_iterations = 500;
    cfg.reward_bound = 1e9;
    dq_env *known = make_wheel(&a, true, n_actions), *walk = make_wheel(&b, false, n_actions),
           *test = make_wheel(&c, false, n_actions);
    dq_tabular *fast = create(&cfg, known, NULL), *slow = create(&cfg, walk, test);
    dq_tabular_progress p, q;
    run(fast);
    run(slow);
    dq_tabular_get_progress(fast, &p);
    dq_tabular_get_progress(slow, &q);
    assert_memory_equal(&p, &q, sizeof(p));
    assert_memory_equal(dq_tabular_q(fast), dq_tabular_q(slow),
                        5 * (size_t)n_actions * sizeof(double));
    dq_tabular_destroy(fast);
    dq_tabular_destroy(slow);
    dq_env_destroy(known);
    dq_env_destroy(walk);
    dq_env_destroy(test);
}

static void rows_of_many_outcomes_are_sampled_too(void **state)
{
    (void)state;
    check_many_outcomes(1);
    check_many_outcomes(2);  // the policy changes
}

/** A failure of an environment, in the walk or in a test, ends the run with its status. */
static void a_failure_of_an_environment_is_the_runs(void **state)
{
    (void)state;
    for (int method = DQ_VALUE_ITERATION; method <= DQ_Q_LEARNING; method++)
        for (int in_test = 0; in_test < 2; in_test++) {
            wheel a, b;
            dq_tabular_config cfg = dq_tabular_book((dq_tabular_method)method);
            cfg.reward_bound = 1e9;
            dq_env *walk = make_wheel(&a, false, 2), *test = make_wheel(&b, false, 2);
            dq_tabular *t = create(&cfg, walk, test);
            dq_tabular_progress p;
            bool solved;
            (in_test ? &b : &a)->fails_after = 30;
            assert_int_equal(dq_tabular_run(t, NULL, NULL, &solved), DQ_ERR_IO);
            assert_string_equal(dq_errmsg(), "the wheel is stuck");
            dq_tabular_get_progress(t, &p);
            assert_true(p.n_env_steps > 0);
            dq_tabular_destroy(t);
            dq_env_destroy(walk);
            dq_env_destroy(test);
        }
}

/** The environment of the tests is looked at like the other one. */
static void a_test_environment_must_be_discrete(void **state)
{
    (void)state;
    wheel a, b;
    const dq_env_ops ops = {.reset = wheel_reset, .step = wheel_step, .seed = wheel_seed};
    const dq_env_spec spec = {"Odd", {DQ_U8, 0, {0}, 0, 4}, 1, NULL, 5, 0};  // no int32
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    dq_env *walk = make_wheel(&a, false, 1), *test;
    dq_tabular *t;
    b = a;
    assert_int_equal(dq_env_create(&test, &ops, &spec, &b), DQ_OK);
    assert_int_equal(dq_tabular_create(&t, &cfg, walk, test), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "Odd"));
    dq_env_destroy(walk);
    dq_env_destroy(test);
}

/* What the updates converge to. */

/** The largest difference of learnt values from `wanted` over the states of the 4x4 lake. */
static double learn(dq_td_target target, double gamma, const double *wanted)
{
    dq_env *env = make_world("lake");
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    cfg.target = target;
    cfg.gamma = gamma;
    cfg.alpha = 1;
    cfg.alpha_schedule = DQ_ALPHA_VISITS;
    cfg.alpha_final = 1e-5;
    cfg.n_steps = 3000000;
    // Each of two tables learns from half of the steps, and underestimates for long.
    cfg.max_iterations = target == DQ_TD_DOUBLE ? 4 : 1;
    cfg.reward_bound = 1e9;
    dq_tabular *t = create(&cfg, env, NULL);
    run(t);
    double largest = 0;
    for (int i = 0; i < 64; i++)
        largest = fmax(largest, fabs(dq_tabular_q(t)[i] - wanted[i]));
    dq_tabular_destroy(t);
    dq_env_destroy(env);
    return largest;
}

/** The values of walking at random, by sweeps over the model. */
static void random_policy_values(double gamma, double *q)
{
    dq_env *env = make_world("lake");
    memset(q, 0, 64 * sizeof(*q));
    for (int sweep = 0; sweep < 1000; sweep++)
        for (int cell = 0; cell < 64; cell++) {
            const dq_outcome *o;
            int n;
            double sum = 0;
            assert_int_equal(dq_env_model(env, cell / 4, cell % 4, &o, &n), DQ_OK);
            for (int i = 0; i < n; i++) {
                const double *next = &q[o[i].next_state * 4];
                double mean = (next[0] + next[1] + next[2] + next[3]) / 4;
                sum +=
                    o[i].probability * ((double)o[i].reward + (o[i].terminated ? 0 : gamma * mean));
            }
            q[cell] = sum;
        }
    dq_env_destroy(env);
}

static void updates_converge_to_what_they_should(void **state)
{
    (void)state;
    double optimal[64], random[64];
    dq_env *env = make_world("lake");
    assert_int_equal(dq_exact_q(env, 0.9, optimal, NULL), DQ_OK);
    dq_env_destroy(env);
    random_policy_values(0.9, random);
    assert_true(learn(DQ_TD_Q_LEARNING, 0.9, optimal) < 0.02);
    assert_true(learn(DQ_TD_DOUBLE, 0.9, optimal) < 0.02);
    assert_true(learn(DQ_TD_SARSA, 0.9, random) < 0.02);
    assert_true(learn(DQ_TD_EXPECTED_SARSA, 0.9, random) < 0.02);
    assert_true(learn(DQ_TD_SARSA, 0.9, optimal) > 0.1);  // the two are not the same
}

static void iterations_learn_the_model(void **state)
{
    (void)state;
    for (int method = DQ_VALUE_ITERATION; method <= DQ_Q_ITERATION; method++) {
        dq_env *env = make_world("lake");
        double optimal[64];
        dq_tabular_config cfg = dq_tabular_book((dq_tabular_method)method);
        cfg.n_steps = 10000;
        cfg.max_iterations = 100;
        cfg.reward_bound = 2;
        assert_int_equal(dq_exact_q(env, 0.9, optimal, NULL), DQ_OK);
        dq_tabular *t = create(&cfg, env, NULL);
        run(t);
        for (int i = 0; i < 64; i++)
            assert_true(fabs(dq_tabular_q(t)[i] - optimal[i]) < 0.02);
        dq_tabular_destroy(t);
        dq_env_destroy(env);
    }
}

static dq_status stop_always(void *ctx, const dq_tabular_progress *p)
{
    (void)ctx, (void)p;
    return DQ_ERR_INTERRUPTED;
}

static void a_run_that_a_callback_ends_goes_on_the_same(void **state)
{
    (void)state;
    const dq_tabular_events events = {.iteration = stop_always};
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    dq_env *env = make_world("lake");
    dq_tabular *whole = create(&cfg, env, NULL), *parts = create(&cfg, env, NULL);
    dq_tabular_progress p, q;
    bool solved = false;
    run(whole);
    dq_tabular_get_progress(whole, &p);
    for (int64_t i = 0; i < p.iteration; i++) {
        assert_false(solved);
        assert_int_equal(dq_tabular_run(parts, &events, NULL, &solved), DQ_ERR_INTERRUPTED);
    }
    dq_tabular_get_progress(parts, &q);
    assert_true(solved && p.iteration == q.iteration);
    assert_true(p.best == q.best && p.reward == q.reward);
    dq_tabular_destroy(whole);
    dq_tabular_destroy(parts);
    dq_env_destroy(env);
}

static void a_failure_of_any_callback_is_the_runs(void **state)
{
    (void)state;
    static const dq_tabular_events fails[] = {
        {.iteration = stop_always}, {.best = stop_always}, {.solved = stop_always}};
    for (size_t i = 0; i < DQ_COUNT(fails); i++) {
        dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
        dq_env *env = make_world("lake");
        dq_tabular *t = create(&cfg, env, NULL);
        bool solved;
        assert_int_equal(dq_tabular_run(t, &fails[i], NULL, &solved), DQ_ERR_INTERRUPTED);
        dq_tabular_destroy(t);
        dq_env_destroy(env);
    }
}

/** The book solves in tens of iterations. */
static void iterations_solve_in_tens(void **state)
{
    (void)state;
    for (int method = DQ_VALUE_ITERATION; method <= DQ_Q_ITERATION; method++) {
        int n_within_100 = 0;
        for (uint64_t seed = 0; seed < 50; seed++) {
            dq_env *env = make_world("lake");
            dq_tabular_config cfg = dq_tabular_book((dq_tabular_method)method);
            cfg.seed = seed;
            dq_tabular_progress p;
            dq_tabular *t = create(&cfg, env, NULL);
            run(t);
            dq_tabular_get_progress(t, &p);
            assert_true(p.reward > 0.8);
            n_within_100 += p.iteration <= 100;
            dq_tabular_destroy(t);
            dq_env_destroy(env);
        }
        assert_true(n_within_100 >= 40);
    }
}

static void epsilon_and_alpha_fall(void **state)
{
    (void)state;
    // Greedy from the start on a firm lake never leaves the corner; random at first, it does.
    for (int is_falling = 0; is_falling < 2; is_falling++) {
        dq_env *env = make_world("firm");
        dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
        cfg.epsilon = is_falling;
        cfg.epsilon_final = 0;
        cfg.epsilon_decay = 20000;
        cfg.alpha = 1;
        cfg.alpha_schedule = DQ_ALPHA_LINEAR;
        cfg.max_iterations = 30000;
        cfg.test_episodes = 1;
        dq_tabular *t = create(&cfg, env, NULL);
        bool solved;
        assert_int_equal(dq_tabular_run(t, NULL, NULL, &solved), DQ_OK);
        assert_int_equal(solved, is_falling);
        dq_tabular_destroy(t);
        dq_env_destroy(env);
    }
}

/* Events. */

typedef struct heard {
    int n_iterations, n_best, n_solved;
    double last_best;
    bool in_order;
} heard;

static dq_status hear_iteration(void *ctx, const dq_tabular_progress *p)
{
    heard *h = ctx;
    h->in_order &= p->iteration == ++h->n_iterations;
    return DQ_OK;
}

static dq_status hear_best(void *ctx, const dq_tabular_progress *p)
{
    heard *h = ctx;
    h->in_order &=
        p->best == p->reward && p->previous_best == h->last_best && p->best > h->last_best;
    h->last_best = p->best;
    h->n_best++;
    return DQ_OK;
}

static dq_status hear_solved(void *ctx, const dq_tabular_progress *p)
{
    heard *h = ctx;
    h->in_order &= p->iteration == h->n_iterations && h->last_best == p->reward;
    h->n_solved++;
    return DQ_OK;
}

static void events_come_in_order(void **state)
{
    (void)state;
    heard h = {.in_order = true};
    const dq_tabular_events events = {&h, hear_iteration, hear_best, hear_solved};
    dq_env *env = make_world("lake");
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    dq_tabular *t = create(&cfg, env, NULL);
    bool solved;
    assert_int_equal(dq_tabular_run(t, &events, NULL, &solved), DQ_OK);
    assert_true(solved && h.in_order && h.n_best > 0 && h.n_solved == 1);
    assert_true(h.last_best > 0.8);
    dq_tabular_destroy(t);
    dq_env_destroy(env);
}

static void a_world_of_costs_starts_at_its_first_test(void **state)
{
    (void)state;
    heard h = {.in_order = true};
    const dq_tabular_events events = {&h, NULL, hear_best, NULL};
    dq_env *env = make_world("cliff");
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    cfg.max_iterations = 1;
    dq_tabular *t = create(&cfg, env, NULL);
    bool solved;
    dq_tabular_progress p;
    assert_int_equal(dq_tabular_run(t, &events, NULL, &solved), DQ_OK);
    dq_tabular_get_progress(t, &p);
    // Up and up again until the limit, one a step.
    assert_true(h.n_best == 0 && p.best == -DQ_TABULAR_EPISODE_STEPS);
    dq_tabular_destroy(t);
    dq_env_destroy(env);
}

static void an_interrupted_run_goes_on_the_same(void **state)
{
    (void)state;
    dq_env *env = make_world("lake");
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    cfg.max_iterations = 400;
    dq_tabular *whole = create(&cfg, env, NULL), *parts = create(&cfg, env, NULL);
    dq_tabular_progress a, b;
    bool solved;
    int stop = 1;
    run(whole);
    assert_int_equal(dq_tabular_run(parts, NULL, &stop, &solved), DQ_ERR_INTERRUPTED);
    run(parts);
    dq_tabular_get_progress(whole, &a);
    dq_tabular_get_progress(parts, &b);
    assert_memory_equal(&a, &b, sizeof(a));
    dq_tabular_destroy(whole);
    dq_tabular_destroy(parts);
    dq_env_destroy(env);
}

/* What cannot be. */

static void impossible_constants_are_refused(void **state)
{
    (void)state;
    dq_tabular_config good = dq_tabular_book(DQ_Q_LEARNING), c;
    assert_int_equal(dq_tabular_config_check(&good), DQ_OK);
    const double nan = (double)NAN;
    const struct {
        double *field, bad[3];
    } cases[] = {
        {&c.gamma, {-0.1, 1.1, nan}},       {&c.alpha, {0, 1.1, nan}},
        {&c.alpha_final, {0, 1.1, nan}},    {&c.alpha_power, {-0.1, 1.1, nan}},
        {&c.epsilon, {-0.1, 1.1, nan}},     {&c.epsilon_final, {-0.1, 1.1, nan}},
        {&c.reward_bound, {nan, nan, nan}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int k = 0; k < 3; k++) {
            c = good;
            *cases[i].field = cases[i].bad[k];
            assert_int_equal(dq_tabular_config_check(&c), DQ_ERR_CONFIG);
        }
    c = good;
    c.n_steps = 0;
    assert_int_equal(dq_tabular_config_check(&c), DQ_ERR_CONFIG);
    c = good;
    c.test_episodes = 0;
    assert_int_equal(dq_tabular_config_check(&c), DQ_ERR_CONFIG);
    c = good;
    c.method = (dq_tabular_method)9;
    assert_int_equal(dq_tabular_config_check(&c), DQ_ERR_CONFIG);
    c = good;
    c.max_iterations = -1;
    assert_int_equal(dq_tabular_config_check(&c), DQ_ERR_CONFIG);
}

static dq_status refuse(dq_env *env, dq_env *test)
{
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    dq_tabular *t;
    dq_status st = dq_tabular_create(&t, &cfg, env, test);
    assert_null(t);
    return st;
}

static void environments_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    wheel w;
    dq_env *env = make_wheel(&w, false, 1);
    double q[5];
    assert_int_equal(refuse(env, NULL), DQ_ERR_CONFIG);  // no model, no second one
    assert_non_null(strstr(dq_errmsg(), "second environment"));
    assert_int_equal(dq_exact_q(env, 0.9, q, NULL), DQ_ERR_UNSUPPORTED);
    dq_env_destroy(env);

    env = make_wheel(&w, true, 1);
    w.outcomes[0].probability = 0.1;
    assert_int_equal(refuse(env, NULL), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "sum to 0.9"));
    w.outcomes[0].probability = 0.2;
    w.outcomes[1].next_state = 5;
    assert_int_equal(refuse(env, NULL), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "impossible outcome"));
    dq_env_destroy(env);

    wheel large;
    dq_env *test = make_wheel(&large, false, 1);
    env = make_wheel(&w, false, 1);
    dq_env_spec more = *dq_env_get_spec(env);
    const dq_env_ops ops = {.reset = wheel_reset, .step = wheel_step};
    dq_env_destroy(test);
    more.n_states++;
    assert_int_equal(dq_env_create(&test, &ops, &more, &large), DQ_OK);
    assert_int_equal(refuse(env, test), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "two alike"));
    dq_env_destroy(test);
    dq_env_destroy(env);

    const dq_env_spec picture = {"Picture", {DQ_U8, 3, {4, 84, 84}, 0, 255}, 2, NULL, 0, 0};
    assert_int_equal(dq_env_create(&env, &ops, &picture, &w), DQ_OK);
    assert_int_equal(refuse(env, env), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "not a discrete environment"));
    dq_env_destroy(env);
}

static void a_state_that_is_none_ends_the_run(void **state)
{
    (void)state;
    wheel a, b;
    dq_env *env = make_wheel(&a, false, 1), *test = make_wheel(&b, false, 1);
    a.outcomes[0].next_state = a.outcomes[1].next_state = 17;
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    cfg.max_iterations = 100;
    dq_tabular *t = create(&cfg, env, test);
    bool solved;
    assert_int_equal(dq_tabular_run(t, NULL, NULL, &solved), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "state 17 of 5"));
    dq_tabular_destroy(t);
    dq_env_destroy(env);
    dq_env_destroy(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_answers_are_those_of_policy_iteration),
        cmocka_unit_test(published_facts_of_frozen_lake_hold),
        cmocka_unit_test(a_way_on_firm_ice_wins_for_sure),
        cmocka_unit_test(values_that_never_settle_are_said),
        cmocka_unit_test(tables_and_steps_give_the_same_run),
        cmocka_unit_test(rows_of_many_outcomes_are_sampled_too),
        cmocka_unit_test(a_failure_of_an_environment_is_the_runs),
        cmocka_unit_test(a_test_environment_must_be_discrete),
        cmocka_unit_test(updates_converge_to_what_they_should),
        cmocka_unit_test(iterations_learn_the_model),
        cmocka_unit_test(iterations_solve_in_tens),
        cmocka_unit_test(a_run_that_a_callback_ends_goes_on_the_same),
        cmocka_unit_test(a_failure_of_any_callback_is_the_runs),
        cmocka_unit_test(epsilon_and_alpha_fall),
        cmocka_unit_test(events_come_in_order),
        cmocka_unit_test(a_world_of_costs_starts_at_its_first_test),
        cmocka_unit_test(an_interrupted_run_goes_on_the_same),
        cmocka_unit_test(impossible_constants_are_refused),
        cmocka_unit_test(environments_that_do_not_fit_are_refused),
        cmocka_unit_test(a_state_that_is_none_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
