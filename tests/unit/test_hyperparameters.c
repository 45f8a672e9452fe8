/** Every hyperparameter does something: a run with another value of it is another run. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/train.h"
#include "table_world.h"

enum { MAX_ENVS = 4 };

/* A run in which all of them matter, of a small network, since there are many runs, and for each
 * another value that is as sensible. */
static const char *const base_run[][2] = {
    {"gamma", "0.9"},
    {"batch", "4"},
    {"replay_size", "60"},
    {"replay_start", "40"},
    {"replay_store", "plain"},
    {"optimiser", "adam"},
    {"learning_rate", "1e-3"},
    {"learning_rate_final", "1e-4"},
    {"learning_rate_decay", "120"},
    {"adam_beta1", "0.9"},
    {"adam_beta2", "0.999"},
    {"adam_epsilon", "1e-8"},
    {"rmsprop_decay", "0.95"},
    {"rmsprop_epsilon", "1e-4"},
    {"gradient_norm", "0"},
    {"network", "cnn"},
    {"hidden", "16"},
    {"convolutions", "8k8s8"},
    {"initialisation", "pytorch"},
    {"head", "value"},
    {"atoms", "51"},
    {"value_levels", "32"},
    {"value_min", "-10"},
    {"value_max", "10"},
    {"dueling", "none"},
    {"stream_width", "0"},
    {"noisy", "none"},
    {"noisy_sigma", "0"},
    {"layer_norm", "false"},
    {"loss", "mse"},
    {"n_step", "2"},
    {"double_dqn", "true"},
    {"augment_shift", "0"},
    {"augment_intensity", "0"},
    {"munchausen_tau", "0"},
    {"munchausen_alpha", "0.9"},
    {"munchausen_least", "-1"},
    {"truncation_ends", "false"},
    {"priority_alpha", "0.6"},
    {"priority_rule", "schaul"},
    {"priority_beta", "0.4"},
    {"priority_beta_steps", "200"},
    {"n_envs", "2"},
    {"train_every", "2"},
    {"updates", "1"},
    {"rollout", "0"},
    {"return_lambda", "0.65"},
    {"epochs", "1"},
    {"target_sync", "100"},
    {"target_rate", "1"},
    {"epsilon_begin", "0"},
    {"epsilon_decay", "100"},
    {"epsilon_start", "1"},
    {"epsilon_final", "0.5"},
    {"epsilon_last", "0.2"},
    {"epsilon_last_decay", "120"},
    {"reward_bound", "1000"},
    {"max_steps", "130"},
    {"checkpoint_every", "30"},
    {"eval_every", "0"},
    {"eval_games", "10"},
    {"seed", "0"},
};
static const char *const other_value[][2] = {
    {"gamma", "0.8"},
    {"batch", "5"},
    {"replay_size", "50"},
    {"replay_start", "44"},
    {"replay_store", "packed"},
    {"optimiser", "rmsprop"},
    {"learning_rate", "1.01e-3"},
    {"learning_rate_final", "0"},
    {"learning_rate_decay", "0"},
    {"adam_beta1", "0.89"},
    {"adam_beta2", "0.99"},
    {"adam_epsilon", "1e-5"},
    {"rmsprop_decay", "0.9"},
    {"rmsprop_epsilon", "1e-3"},
    {"gradient_norm", "0.01"},
    {"network", "nips"},
    {"hidden", "12,8"},
    {"convolutions", "4k9s8,4k3s2"},
    {"initialisation", "xavier"},
    {"head", "qr"},
    {"atoms", "11"},
    {"value_levels", "3"},
    {"value_min", "-5"},
    {"value_max", "5"},
    {"dueling", "output"},
    {"stream_width", "128"},
    {"noisy", "factorised"},
    {"noisy_sigma", "0.1"},
    {"layer_norm", "true"},
    {"loss", "huber"},
    {"n_step", "1"},
    {"double_dqn", "false"},
    {"augment_shift", "4"},
    {"augment_intensity", "0.05"},
    {"munchausen_tau", "0.5"},
    {"munchausen_alpha", "0.5"},
    {"munchausen_least", "-0.1"},
    {"truncation_ends", "true"},
    {"priority_alpha", "0.5"},
    {"priority_rule", "dopamine"},
    {"priority_beta", "0.5"},
    {"priority_beta_steps", "0"},
    {"n_envs", "1"},
    {"train_every", "4"},
    {"updates", "2"},
    {"rollout", "6"},
    {"return_lambda", "0.5"},
    {"epochs", "2"},
    {"target_sync", "60"},
    {"target_rate", "0.5"},
    {"epsilon_begin", "10"},
    {"epsilon_decay", "90"},
    {"epsilon_start", "0.9"},
    {"epsilon_final", "0.4"},
    {"epsilon_last", "0.1"},
    {"epsilon_last_decay", "110"},
    {"reward_bound", "-1000"},
    {"max_steps", "129"},
    {"checkpoint_every", "31"},
    {"eval_every", "20"},
    {"eval_games", "3"},
    {"seed", "1"},
};

typedef struct fingerprint {
    uint64_t hash;
} fingerprint;

static void mix(fingerprint *f, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        f->hash = (f->hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3u;
}

static dq_status mix_step(void *ctx, const dq_progress *p)
{
    mix(ctx, &p->epsilon, sizeof(p->epsilon));
    mix(ctx, &p->loss, sizeof(p->loss));
    mix(ctx, &p->mean_reward, sizeof(p->mean_reward));
    mix(ctx, &p->n_updates, sizeof(p->n_updates));
    return DQ_OK;
}

static dq_status mix_checkpoint(void *ctx, const dq_progress *p)
{
    mix(ctx, &p->step, sizeof(p->step));
    return DQ_OK;
}

/** What a run comes to: its steps, losses and checkpoints, and the values of a state in the end. */
static uint64_t run_of(const dq_train_config *cfg, int game_steps)
{
    fingerprint f = {.hash = 0xCBF29CE484222325u};
    dq_env *envs[MAX_ENVS];
    table_world *worlds[MAX_ENVS];
    dq_trainer *t;
    bool solved;
    assert_true(cfg->n_envs <= MAX_ENVS);
    for (int i = 0; i < cfg->n_envs; i++)
        envs[i] = table_env(&worlds[i], false, game_steps);
    assert_int_equal(dq_trainer_create_many(&t, cfg, envs), DQ_OK);
    dq_train_events events = {.ctx = &f, .step = mix_step, .checkpoint = mix_checkpoint};
    assert_int_equal(dq_trainer_run(t, &events, NULL, &solved), DQ_OK);
    uint8_t obs[DQ_NET_OBS_BYTES];
    float q[TABLE_ACTIONS];
    for (uint32_t i = 0; i < DQ_NET_STACK; i++)
        table_picture(i, obs + i * TABLE_FRAME);
    dq_net_q(dq_trainer_net(t), obs, 1, q);
    mix(&f, q, sizeof(q));
    dq_trainer_destroy(t);
    return f.hash;
}

static dq_train_config base(void)
{
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    for (size_t i = 0; i < DQ_COUNT(base_run); i++)
        assert_int_equal(dq_train_config_set(&cfg, base_run[i][0], base_run[i][1]), DQ_OK);
    cfg.n_threads = 1;
    return cfg;
}

/** The table of keys and the two above speak of the same ones: a new one needs a line here. */
static void every_key_has_another_value(void **state)
{
    (void)state;
    dq_train_config cfg = base();
    const char *key;
    char value[64];
    size_t n = 0;
    for (; dq_train_config_get(&cfg, n, &key, value, sizeof(value)); n++) {
        assert_true(n < DQ_COUNT(base_run) && n < DQ_COUNT(other_value));
        assert_string_equal(key, base_run[n][0]);
        assert_string_equal(key, other_value[n][0]);
    }
    assert_int_equal(n, DQ_COUNT(base_run));
    assert_int_equal(n, DQ_COUNT(other_value));
}

/** The base run, with what a key needs to make a difference. */
static dq_train_config base_for(const char *key)
{
    static const struct {
        const char *key, *needs, *value;
    } needs[] = {{"atoms", "head", "c51"},
                 {"value_levels", "head", "iqn"},
                 {"augment_shift", "network", "small"},
                 {"augment_intensity", "network", "small"},
                 {"value_min", "head", "c51"},
                 {"value_max", "head", "c51"},
                 {"stream_width", "dueling", "streams"},
                 {"noisy_sigma", "noisy", "independent"},
                 {"rmsprop_decay", "optimiser", "rmsprop"},
                 {"rmsprop_epsilon", "optimiser", "rmsprop"}};
    dq_train_config cfg = base();
    bool is_of_rollout = strcmp(key, "return_lambda") == 0 || strcmp(key, "epochs") == 0;
    if (is_of_rollout || strcmp(key, "rollout") == 0) {
        cfg.n_step = cfg.train_every = 1;
        cfg.double_dqn = false;
        cfg.priority_alpha = 0;
        cfg.rollout = is_of_rollout ? 6 : 0;
    }
    bool is_munchausen = strncmp(key, "munchausen", 10) == 0;
    cfg.double_dqn = cfg.double_dqn && !is_munchausen;
    if (is_munchausen && strcmp(key, "munchausen_tau") != 0)
        cfg.munchausen_tau = 0.5;
    for (size_t i = 0; i < DQ_COUNT(needs); i++)
        if (strcmp(needs[i].key, key) == 0)
            assert_int_equal(dq_train_config_set(&cfg, needs[i].needs, needs[i].value), DQ_OK);
    return cfg;
}

static uint64_t settings_of(const dq_train_config *cfg)
{
    fingerprint f = {.hash = 0xCBF29CE484222325u};
    const char *key;
    char value[64];
    for (size_t n = 0; dq_train_config_get(cfg, n, &key, value, sizeof(value)); n++)
        mix(&f, value, strlen(value) + 1);
    return f.hash;
}

/** The same run twice is the same. Most keys share one, which is run for the first of them. */
static uint64_t usual_run_of(const dq_train_config *cfg, int game_steps)
{
    static uint64_t last, usual;
    uint64_t this = settings_of(cfg) + (uint64_t)game_steps;
    if (this == last)
        return usual;
    usual = run_of(cfg, game_steps);
    assert_true(run_of(cfg, game_steps) == usual);
    last = this;
    return usual;
}

static void every_value_changes_the_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(other_value); i++) {
        const char *key = other_value[i][0];
        int game_steps = strcmp(key, "reward_bound") == 0 ? 1 : 7;  // it needs a hundred games
        if (strcmp(key, "truncation_ends") == 0)
            game_steps = 0;  // the world's own ends: some are of a limit
        dq_train_config cfg = base_for(key);
        uint64_t usual = usual_run_of(&cfg, game_steps);
        assert_int_equal(dq_train_config_set(&cfg, key, other_value[i][1]), DQ_OK);
        bool may_change = strcmp(key, "replay_store") != 0 && strncmp(key, "eval_", 5) != 0;
        if ((run_of(&cfg, game_steps) != usual) != may_change)
            fail_msg("%s = %s changes %s", key, other_value[i][1],
                     may_change ? "nothing" : "the run");
    }
}

/** Every key is read, written and checked at both of its ends, through its text. */
static void every_value_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(other_value); i++) {
        dq_train_config cfg = base();
        const char *key;
        char before[64], after[64], again[64];
        dq_train_config_get(&cfg, i, &key, before, sizeof(before));
        assert_int_equal(dq_train_config_set(&cfg, key, other_value[i][1]), DQ_OK);
        dq_train_config_get(&cfg, i, &key, after, sizeof(after));
        assert_string_not_equal(before, after);
        assert_int_equal(dq_train_config_set(&cfg, key, after), DQ_OK);
        dq_train_config_get(&cfg, i, &key, again, sizeof(again));
        assert_string_equal(after, again);
    }
}

/** The first impossible value beside the last possible one, of every key that has such. */
static void the_ends_of_every_range_hold(void **state)
{
    (void)state;
    static const struct {
        const char *key, *last, *beyond;
    } ends[] = {
        {"gamma", "0", "-1e-9"},
        {"gamma", "1", "1.000001"},
        {"batch", "1", "0"},
        {"batch", "65536", "65537"},
        {"replay_size", "1", "0"},
        {"replay_size", "100000000", "100000001"},
        {"replay_start", "1", "0"},
        {"replay_start", "100000000", "100000001"},
        {"learning_rate", "0", "-1e-9"},
        {"learning_rate", "1000", "1001"},
        {"learning_rate_final", "0", "-1e-9"},
        {"learning_rate_decay", "0", "-1"},
        {"adam_beta1", "0", "-1e-9"},
        {"adam_beta1", "0.999999999", "1"},
        {"adam_beta2", "0.999999999", "1"},
        {"adam_epsilon", "1", "1.1"},
        {"adam_epsilon", "1e-12", "0"},
        {"rmsprop_decay", "0", "-1e-9"},
        {"rmsprop_decay", "0.999999999", "1"},
        {"rmsprop_epsilon", "1e-12", "0"},
        {"rmsprop_epsilon", "1", "1.1"},
        {"gradient_norm", "0", "-1e-9"},
        {"gradient_norm", "1e6", "1.1e6"},
        {"munchausen_tau", "0", "-0.1"},
        {"munchausen_tau", "1000", "1001"},
        {"munchausen_alpha", "1", "1.1"},
        {"munchausen_least", "0", "0.1"},
        {"atoms", "1", "0"},
        {"atoms", "512", "513"},
        {"value_min", "-1000000", "-1000001"},
        {"value_max", "1000000", "1000001"},
        {"stream_width", "0", "-1"},
        {"stream_width", "2048", "2049"},
        {"n_step", "1", "0"},
        {"n_step", "1000", "1001"},
        {"augment_shift", "0", "-1"},
        {"augment_shift", "42", "43"},
        {"augment_intensity", "0", "-0.01"},
        {"augment_intensity", "0.5", "0.51"},
        {"priority_alpha", "1", "1.01"},
        {"priority_alpha", "0", "-0.01"},
        {"priority_beta", "1", "1.01"},
        {"priority_beta_steps", "0", "-1"},
        {"n_envs", "1", "0"},
        {"n_envs", "1024", "1000000"},
        {"rollout", "0", "-1"},
        {"rollout", "100000", "100001"},
        {"return_lambda", "0", "-0.1"},
        {"return_lambda", "1", "1.01"},
        {"epochs", "1", "0"},
        {"epochs", "1000", "1001"},
        {"train_every", "1", "0"},
        {"train_every", "1000000", "1000001"},
        {"updates", "1", "0"},
        {"updates", "1000", "1001"},
        {"target_sync", "1", "0"},
        {"target_rate", "0", "-0.01"},
        {"target_rate", "1", "1.01"},
        {"epsilon_begin", "0", "-1"},
        {"epsilon_decay", "1", "0"},
        {"epsilon_start", "1", "1.01"},
        {"epsilon_final", "0", "-0.01"},
        {"epsilon_last", "1", "1.01"},
        {"epsilon_last_decay", "0", "-1"},
        {"max_steps", "0", "-1"},
        {"checkpoint_every", "1", "0"},
        {"eval_every", "0", "-1"},
        {"eval_games", "1", "0"},
        {"eval_games", "10000", "10001"},
        {"seed", "18446744073709551615", "18446744073709551616"},
    };
    for (size_t i = 0; i < DQ_COUNT(ends); i++) {
        dq_train_config cfg = base();
        if (dq_train_config_set(&cfg, ends[i].key, ends[i].last) != DQ_OK)
            fail_msg("%s = %s: %s", ends[i].key, ends[i].last, dq_errmsg());
        if (dq_train_config_set(&cfg, ends[i].key, ends[i].beyond) != DQ_ERR_CONFIG)
            fail_msg("%s = %s is taken", ends[i].key, ends[i].beyond);
        assert_non_null(strstr(dq_errmsg(), ends[i].key));
    }
}

static void widths_are_numbers_with_commas(void **state)
{
    (void)state;
    static const char *const right[] = {"1", "2048", "128,64", "1,2,3,4"};
    static const char *const wrong[] = {"",
                                        "0",
                                        "2049",
                                        "128,",
                                        ",128",
                                        "1,,2",
                                        "1 2",
                                        "1,2,3,4,5",
                                        "64,-1,2",
                                        "none",
                                        "6.5",
                                        "64,",
                                        "12345678901234567890"};
    dq_train_config cfg = base();
    char value[64];
    const char *key;
    size_t at = 0;
    while (dq_train_config_get(&cfg, at, &key, value, sizeof(value)) && strcmp(key, "hidden") != 0)
        at++;
    for (size_t i = 0; i < DQ_COUNT(right); i++) {
        assert_int_equal(dq_train_config_set(&cfg, "hidden", right[i]), DQ_OK);
        assert_true(dq_train_config_get(&cfg, at, &key, value, sizeof(value)));
        assert_string_equal(value, right[i]);
    }
    for (size_t i = 0; i < DQ_COUNT(wrong); i++) {
        assert_int_equal(dq_train_config_set(&cfg, "hidden", wrong[i]), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), "hidden"));
    }
    assert_int_equal(cfg.hidden[3], 4);  // as it was
    cfg.hidden[0] = 0;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg.hidden[0] = -3;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
}

/** The frames come back the same from every store. */
static void a_store_changes_nothing(void **state)
{
    (void)state;
    static const char *const stores[] = {"auto", "packed", "file:."};
    uint64_t usual = 0;
    for (size_t i = 0; i < DQ_COUNT(stores); i++) {
        dq_train_config cfg = base();
        usual = run_of(&cfg, 0);
        assert_int_equal(dq_train_config_set(&cfg, "replay_store", stores[i]), DQ_OK);
        assert_true(run_of(&cfg, 0) == usual);
    }
    static const char *const wrong[] = {"file:", "file", "Plain", "packed ", "file:a\nb"};
    for (size_t i = 0; i < DQ_COUNT(wrong); i++) {
        dq_train_config cfg = base();
        assert_int_equal(dq_train_config_set(&cfg, "replay_store", wrong[i]), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), "choose auto, plain, packed, or file:DIR"));
    }
    char longest[DQ_REPLAY_STORE_TEXT + 1];
    dq_train_config cfg = base();
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "file:", 5);
    longest[DQ_REPLAY_STORE_TEXT] = '\0';
    assert_int_equal(dq_train_config_set(&cfg, "replay_store", longest), DQ_ERR_CONFIG);
    longest[DQ_REPLAY_STORE_TEXT - 1] = '\0';
    assert_int_equal(dq_train_config_set(&cfg, "replay_store", longest), DQ_OK);
    assert_string_equal(cfg.replay_store, longest);
}

static dq_train_config with_rollout(void)
{
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.n_envs = 2;
    cfg.rollout = 8;
    cfg.batch = 4;
    return cfg;
}

/** What there is in place of a rollout is refused, in one line that names both. */
static void a_rollout_excludes_what_has_no_use_for_it(void **state)
{
    (void)state;
    static const char *const others[][2] = {
        {"priority_alpha", "0.5"},
        {"n_step", "2"},
        {"double_dqn", "true"},
        {"munchausen_tau", "0.03"},
        {"augment_shift", "4"},
        {"train_every", "2"},
        {"augment_intensity", "0.05"},
        {"updates", "2"},
        {"target_rate", "0.5"},
        {"head", "qr"},
        {"head", "c51"},
    };
    for (size_t i = 0; i < DQ_COUNT(others); i++) {
        dq_train_config cfg = with_rollout();
        char said[128];
        assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
        assert_int_equal(dq_train_config_set(&cfg, others[i][0], others[i][1]), DQ_OK);
        assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
        snprintf(said, sizeof(said), "rollout = 8 and %s = %s exclude each other", others[i][0],
                 others[i][1]);
        assert_string_equal(dq_errmsg(), said);
        cfg.rollout = 0;
        assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    }
    dq_train_config cfg = with_rollout();
    cfg.batch = 16;  // all of it
    cfg.replay_size = cfg.replay_start = 1;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.batch = 32;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg.batch = 3;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "rollout 8 with n_envs 2 is 16 steps"));
    cfg = with_rollout();
    cfg.layer_norm = true;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.rollout = 0;
    cfg.head = DQ_HEAD_IQN;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    assert_string_equal(dq_errmsg(), "layer_norm = true and head = iqn exclude each other");
}

/** Two values that make no sense together are refused; at the edge they are not. */
static void the_edges_between_keys_hold(void **state)
{
    (void)state;
    dq_train_config cfg = base();
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.replay_start = cfg.replay_size;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.replay_start = cfg.replay_size + 1;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg = base();
    cfg.munchausen_tau = 0.03;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "munchausen_tau = 0.03 and double_dqn = true"));
    cfg.double_dqn = false;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.head = DQ_HEAD_C51;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg = base();
    cfg.head = DQ_HEAD_C51;
    cfg.atoms = 2;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.atoms = 1;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg.head = DQ_HEAD_QR;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.loss = DQ_LOSS_HUBER;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "head = qr and loss = huber"));
    cfg.head = DQ_HEAD_IQN;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "head = iqn and loss = huber"));
    cfg.loss = DQ_LOSS_MSE;
    cfg.value_levels = 0;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "value_levels"));
    cfg = base();
    cfg.head = DQ_HEAD_C51;
    cfg.value_min = cfg.value_max;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg = base();
    cfg.batch = cfg.replay_start - (cfg.n_step - 1) * cfg.n_envs;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.batch++;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg = base();
    cfg.epsilon_last_decay = 0;
    cfg.epsilon_final = cfg.epsilon_start;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.epsilon_start -= 0.001;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg = base();
    cfg.epsilon_last_decay = 51;  // epsilon_final is reached at step 50
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.epsilon_last_decay = 50;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg.epsilon_last_decay = 51;
    cfg.epsilon_begin = 1;  // then at step 51
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
}

/** Each has a line of help and a range. */
static void all_are_described(void **state)
{
    (void)state;
    dq_hyperparameter h;
    for (size_t i = 0; i < DQ_COUNT(base_run); i++) {
        assert_true(dq_train_config_describe(i, &h));
        assert_string_equal(h.key, base_run[i][0]);
        assert_true(strlen(h.help) > 10 && strlen(h.help) < 80 && !strchr(h.help, '\n'));
        assert_true(strlen(h.range) > 5 && strlen(h.range) + 1 < sizeof(h.range));
        assert_non_null(h.unit);
    }
    assert_false(dq_train_config_describe(DQ_COUNT(base_run), &h));
}

static void old_names_go_on_working(void **state)
{
    (void)state;
    dq_train_config cfg = base();
    assert_int_equal(dq_train_config_set(&cfg, "priority_beta_rise", "77"), DQ_OK);
    assert_int_equal(cfg.priority_beta_steps, 77);
    assert_string_equal(dq_train_config_new_name("priority_beta_rise"), "priority_beta_steps");
    assert_null(dq_train_config_new_name("priority_beta_steps"));
    assert_null(dq_train_config_new_name("no_such"));
}

/** Every field is written through its own key: none of two keys is the other's. */
static void no_two_keys_share_a_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(other_value); i++) {
        dq_train_config cfg = base();
        assert_int_equal(dq_train_config_set(&cfg, other_value[i][0], other_value[i][1]), DQ_OK);
        for (size_t j = 0; j < DQ_COUNT(base_run); j++) {
            const char *key;
            char value[64], usual[64];
            dq_train_config plain = base();
            dq_train_config_get(&cfg, j, &key, value, sizeof(value));
            dq_train_config_get(&plain, j, &key, usual, sizeof(usual));
            assert_int_equal(strcmp(value, usual) != 0, i == j);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_described),
        cmocka_unit_test(old_names_go_on_working),
        cmocka_unit_test(no_two_keys_share_a_field),
        cmocka_unit_test(every_key_has_another_value),
        cmocka_unit_test(every_value_changes_the_run),
        cmocka_unit_test(every_value_reads_back),
        cmocka_unit_test(the_ends_of_every_range_hold),
        cmocka_unit_test(widths_are_numbers_with_commas),
        cmocka_unit_test(a_store_changes_nothing),
        cmocka_unit_test(the_edges_between_keys_hold),
        cmocka_unit_test(a_rollout_excludes_what_has_no_use_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
