/** The parts of the DQN family together: a run that is saved at any step and continued by another
 *  trainer with other threads is the run that was never stopped, bit for bit, whatever is switched
 *  on. What each part computes is tested beside it; here is what it has to keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_runs.h"
#include "table_world.h"

enum { N_RUNS = 36, N_STEPS = 84, MAX_VALUES = 5 };

/** A hyperparameter and the values that it is drawn from. */
typedef struct choice {
    const char *key;
    const char *values[MAX_VALUES];
} choice;

/* A new key that changes what is learned needs a row. */
static const choice of_all[] = {
    {"head", {"value", "value", "c51", "qr", "iqn"}},
    {"atoms", {"5", "11"}},
    {"value_levels", {"4", "7"}},
    {"value_min", {"-10", "-3"}},
    {"dueling", {"none", "output", "streams"}},
    {"noisy", {"none", "none", "factorised", "independent"}},
    {"layer_norm", {"false", "true"}},
    {"loss", {"mse", "huber", "half_mse"}},
    {"n_step", {"1", "2", "4"}},
    {"double_dqn", {"false", "true"}},
    {"munchausen_tau", {"0", "0", "0.5"}},
    {"optimiser", {"adam", "rmsprop", "radam"}},
    {"gradient_norm", {"0", "0.5"}},
    {"initialisation", {"pytorch", "xavier", "he_normal"}},
    {"learning_rate_decay", {"0", "70"}},
    {"priority_alpha", {"0", "0.6"}},
    {"priority_rule", {"schaul", "dopamine"}},
    {"priority_beta_steps", {"0", "60"}},
    {"n_envs", {"1", "2", "3"}},
    {"train_every", {"1", "2", "3"}},
    {"updates", {"1", "2"}},
    {"rollout", {"0", "0", "4"}},
    {"return_lambda", {"0.5", "1"}},
    {"epochs", {"2", "3"}},
    {"target_sync", {"1", "7", "40"}},
    {"target_rate", {"1", "0.1"}},
    {"truncation_ends", {"false", "true"}},
    {"epsilon_begin", {"0", "30"}},
    {"replay_store", {"plain", "packed"}},
    {"seed", {"0", "1", "2", "3"}},
};
static const choice of_pictures[] = {
    {"stream_width", {"0", "128"}},
    {"augment_shift", {"0", "4"}},
    {"augment_intensity", {"0", "0.05"}},
    {"network", {"small", "small", "cnn"}},
    {"convolutions", {"8k8s8", "4k9s8,5k3s2"}},
};
static const choice of_vectors[] = {
    {"stream_width", {"0", "8"}},
    {"hidden", {"12", "12,7"}},
};

/** What is the same in all runs: they learn from step 20 on, and go around the ring. */
static const char *const fixed[][2] = {
    {"gamma", "0.9"},
    {"batch", "4"},
    {"replay_size", "40"},
    {"replay_start", "20"},
    {"learning_rate", "1e-3"},
    {"adam_epsilon", "1e-4"},
    {"rmsprop_epsilon", "1e-4"},
    {"priority_beta", "0.5"},
    {"epsilon_decay", "60"},
    {"epsilon_final", "0.2"},
    {"reward_bound", "none"},
};

typedef struct combination {
    dq_train_config cfg;
    bool is_picture;
    int cut;          // the step after which it is saved
    int n_threads;    // of the trainer that continues
    char text[1024];  // "key=value key=value"
} combination;

static void set(dq_train_config *cfg, const char *key, const char *value)
{
    must(dq_train_config_set(cfg, key, value));
}

static void draw(combination *c, const choice *choices, size_t n, dq_rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t n_values = 0;
        while (n_values < MAX_VALUES && choices[i].values[n_values])
            n_values++;
        set(&c->cfg, choices[i].key, choices[i].values[dq_rng_below(rng, n_values)]);
    }
}

/** Leave out what excludes each other, as docs/family.md says. */
static void make_possible(dq_train_config *cfg)
{
    if (cfg->rollout > 0) {
        cfg->head = DQ_HEAD_VALUE;
        cfg->n_step = cfg->train_every = cfg->updates = 1;
        cfg->double_dqn = false;
        cfg->priority_alpha = cfg->munchausen_tau = cfg->augment_intensity = 0;
        cfg->augment_shift = 0;
        cfg->target_rate = 1;
    }
    if (cfg->head == DQ_HEAD_IQN)
        cfg->layer_norm = false;
    if (cfg->head != DQ_HEAD_VALUE)
        cfg->loss = DQ_LOSS_MSE;
    if (cfg->head == DQ_HEAD_C51)
        cfg->munchausen_tau = 0;
    if (cfg->head == DQ_HEAD_IQN && cfg->hidden[1] == 0)
        set(cfg, "hidden", "12,7");
    if (cfg->network && strcmp(cfg->network, "cnn") == 0) {
        cfg->augment_shift = 0;
        cfg->augment_intensity = 0;
    }
    if (cfg->munchausen_tau > 0) {
        cfg->double_dqn = false;
        cfg->augment_shift = 0;
        cfg->augment_intensity = 0;
    }
}

static void write_down(combination *c)
{
    const char *key;
    char value[64];
    size_t used = 0;
    dq_train_config usual;
    must(dq_train_preset(&usual, "book"));
    for (size_t i = 0; dq_train_config_get(&c->cfg, i, &key, value, sizeof(value)); i++) {
        char other[64];
        dq_train_config_get(&usual, i, &key, other, sizeof(other));
        if (strcmp(value, other) != 0 && used < sizeof(c->text))
            used += (size_t)snprintf(c->text + used, sizeof(c->text) - used, "%s=%s ", key, value);
    }
}

static combination combine(int number)
{
    combination c = {.is_picture = number % 2 == 0};
    dq_rng rng = dq_rng_stream((uint64_t)number, "parts");
    must(dq_train_preset(&c.cfg, "book"));
    for (size_t i = 0; i < DQ_COUNT(fixed); i++)
        set(&c.cfg, fixed[i][0], fixed[i][1]);
    if (!c.is_picture)
        set(&c.cfg, "network", "mlp");
    draw(&c, of_all, DQ_COUNT(of_all), &rng);
    if (c.is_picture)
        draw(&c, of_pictures, DQ_COUNT(of_pictures), &rng);
    else
        draw(&c, of_vectors, DQ_COUNT(of_vectors), &rng);
    make_possible(&c.cfg);
    c.cut = 1 + (int)dq_rng_below(&rng, N_STEPS - 1);
    c.n_threads = 2 + (int)dq_rng_below(&rng, 2);
    write_down(&c);
    return c;
}

static dq_trainer *create(const combination *c, int n_threads)
{
    dq_env *envs[RUN_MAX_ENVS];
    table_world *world;
    dq_trainer *t;
    dq_train_config cfg = c->cfg;
    cfg.n_threads = n_threads;
    for (int i = 0; i < cfg.n_envs; i++)
        if (c->is_picture)
            envs[i] = table_env(&world, false, 0);
        else
            must(dq_env_make(&envs[i], "CartPole-v1", NULL));
    if (dq_trainer_create_many(&t, &cfg, envs) != DQ_OK)
        fail_msg("%s: %s", c->text, dq_errmsg());
    return t;
}

/** The state after all steps, by one trainer. */
static uint8_t *in_one_go(const combination *c, size_t *n, int64_t *n_updates)
{
    dq_trainer *t = create(c, 1);
    dq_progress p;
    must(small_run_play(t, N_STEPS));
    dq_trainer_progress(t, &p);
    *n_updates = p.n_updates;
    uint8_t *state = small_run_save(t, n);
    dq_trainer_destroy(t);
    return state;
}

/** The same by two, of which the second begins with what the first has saved. */
static uint8_t *in_two_parts(const combination *c, size_t *n)
{
    dq_trainer *t = create(c, 1);
    must(small_run_play(t, c->cut));
    uint8_t *half = small_run_save(t, n);
    dq_trainer_destroy(t);
    t = create(c, c->n_threads);
    must(small_run_load(t, half, *n));
    free(half);
    must(small_run_play(t, N_STEPS - c->cut));
    uint8_t *state = small_run_save(t, n);
    dq_trainer_destroy(t);
    return state;
}

static void a_saved_run_goes_on_whatever_is_on(void **state)
{
    (void)state;
    int64_t n_all = 0;
    for (int i = 0; i < N_RUNS; i++) {
        combination c = combine(i);
        size_t n, n_parts, at = 0;
        int64_t n_updates;
        uint8_t *want = in_one_go(&c, &n, &n_updates), *got = in_two_parts(&c, &n_parts);
        while (at < n && at < n_parts && want[at] == got[at])
            at++;
        if (n != n_parts || at != n)
            fail_msg("run %d, saved after step %d, %d threads: byte %zu of %zu (%zu) differs: %s",
                     i, c.cut, c.n_threads, at, n, n_parts, c.text);
        assert_true(n_updates >= (N_STEPS - 20) / 3);
        n_all += n_updates;
        free(want);
        free(got);
    }
    assert_true(n_all > 40 * N_RUNS);
}

/** How often a value is left after make_possible(), in runs of this kind. */
static int count(const choice *of, const char *value, bool pictures, bool vectors)
{
    int n = 0;
    for (int i = 0; i < N_RUNS; i++) {
        combination c = combine(i);
        const char *key;
        char has[64];
        for (size_t k = 0; dq_train_config_get(&c.cfg, k, &key, has, sizeof(has)); k++)
            if (strcmp(key, of->key) == 0)
                n += strcmp(has, value) == 0 && (c.is_picture ? pictures : vectors);
    }
    return n;
}

static void all_are_used(const choice *choices, size_t n, bool pictures, bool vectors)
{
    for (size_t i = 0; i < n; i++)
        for (int v = 0; v < MAX_VALUES && choices[i].values[v]; v++)
            if (count(&choices[i], choices[i].values[v], pictures, vectors) == 0)
                fail_msg("no run has %s=%s", choices[i].key, choices[i].values[v]);
}

static void every_value_is_in_a_run(void **state)
{
    (void)state;
    all_are_used(of_all, DQ_COUNT(of_all), true, false);
    all_are_used(of_all, DQ_COUNT(of_all), false, true);
    all_are_used(of_pictures, DQ_COUNT(of_pictures), true, false);
    all_are_used(of_vectors, DQ_COUNT(of_vectors), false, true);
    int n_between = 0, n_before = 0;
    for (int i = 0; i < N_RUNS; i++) {
        combination c = combine(i);
        n_between += c.cut % c.cfg.n_envs != 0;
        n_before += c.cut < c.cfg.replay_start;
    }
    assert_true(n_between >= 3);  // saved in the middle of a round
    assert_true(n_before >= 1 && n_before <= N_RUNS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_in_a_run),
        cmocka_unit_test(a_saved_run_goes_on_whatever_is_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
