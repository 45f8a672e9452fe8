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

/* A run in which all of them matter, and for each another value that is as sensible. */
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
    {"network", "small"},
    {"hidden", "128"},
    {"initialisation", "pytorch"},
    {"head", "value"},
    {"atoms", "51"},
    {"value_min", "-10"},
    {"value_max", "10"},
    {"dueling", "none"},
    {"stream_width", "0"},
    {"noisy", "none"},
    {"noisy_sigma", "0"},
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
    {"hidden", "64,32"},
    {"initialisation", "xavier"},
    {"head", "qr"},
    {"atoms", "11"},
    {"value_min", "-5"},
    {"value_max", "5"},
    {"dueling", "output"},
    {"stream_width", "128"},
    {"noisy", "factorised"},
    {"noisy_sigma", "0.1"},
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
                 {"value_min", "head", "c51"},
                 {"value_max", "head", "c51"},
                 {"stream_width", "dueling", "streams"},
                 {"noisy_sigma", "noisy", "independent"},
                 {"rmsprop_decay", "optimiser", "rmsprop"},
                 {"rmsprop_epsilon", "optimiser", "rmsprop"}};
    dq_train_config cfg = base();
    bool is_munchausen = strncmp(key, "munchausen", 10) == 0;
    cfg.double_dqn = cfg.double_dqn && !is_munchausen;
    if (is_munchausen && strcmp(key, "munchausen_tau") != 0)
        cfg.munchausen_tau = 0.5;
    for (size_t i = 0; i < DQ_COUNT(needs); i++)
        if (strcmp(needs[i].key, key) == 0)
            assert_int_equal(dq_train_config_set(&cfg, needs[i].needs, needs[i].value), DQ_OK);
    return cfg;
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
        uint64_t usual = run_of(&cfg, game_steps);
        assert_true(run_of(&cfg, game_steps) == usual);
        assert_int_equal(dq_train_config_set(&cfg, key, other_value[i][1]), DQ_OK);
        bool may_change = strcmp(key, "replay_store") != 0 &&
                          strcmp(key, "hidden") != 0;  // of an mlp: test_vector_learning.c
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

/* The presets of other programs and papers: what they have otherwise than the book's. */
static const struct {
    const char *name, *dialect, *options, *eval_epsilon;
    int eval_noops;
    const char *differs;  // "key=value key=value", in the order of the keys
} published[] = {
    {"nature", "sb3", "fire=false", "0.05", 30,
     "replay_size=1000000 replay_start=50000 optimiser=rmsprop learning_rate=0.00025 "
     "initialisation=torch7 loss=huber truncation_ends=false train_every=4 target_sync=10000 "
     "epsilon_begin=50000 epsilon_decay=1111111 epsilon_final=0.1 checkpoint_every=100000 "},
    {"nips2013", "book", "fire=false clip_rewards=true", "0.05", 0,
     "gamma=0.95 replay_size=1000000 replay_start=100 optimiser=rmsprop learning_rate=0.0002 "
     "rmsprop_decay=0.99 rmsprop_epsilon=1e-06 network=nips target_sync=1 epsilon_decay=1111111 "
     "epsilon_final=0.1 checkpoint_every=100000 "},
    {"sb3", "sb3", "", "0", 30,
     "replay_size=100000 replay_start=100000 gradient_norm=10 loss=huber truncation_ends=false "
     "train_every=4 epsilon_decay=1010101 checkpoint_every=100000 "},
    {"cleanrl", "cleanrl", "", "0.01", 30,
     "replay_size=1000000 replay_start=80000 truncation_ends=false train_every=4 "
     "epsilon_decay=1010101 checkpoint_every=100000 "},
    {"dopamine-dqn", "dopamine", "sticky=0.25", "0.001", 0,
     "replay_size=1000000 replay_start=20000 learning_rate=6.25e-05 adam_epsilon=0.00015 "
     "network=nature_same initialisation=xavier truncation_ends=false train_every=4 "
     "target_sync=8000 epsilon_begin=20000 epsilon_decay=252525 checkpoint_every=100000 "},
    {"dopamine-c51", "dopamine", "sticky=0.25", "0.001", 0,
     "replay_size=1000000 replay_start=20000 learning_rate=0.00025 adam_epsilon=0.0003125 "
     "network=nature_same initialisation=dopamine head=c51 truncation_ends=false train_every=4 "
     "target_sync=8000 epsilon_begin=20000 epsilon_decay=252525 checkpoint_every=100000 "},
    {"dopamine-qr", "dopamine", "sticky=0.25", "0.001", 0,
     "replay_size=1000000 replay_start=20000 learning_rate=5e-05 adam_epsilon=0.0003125 "
     "network=nature_same initialisation=dopamine head=qr atoms=200 n_step=3 truncation_ends=false "
     "priority_alpha=0.5 priority_rule=dopamine train_every=4 target_sync=8000 "
     "epsilon_begin=20000 epsilon_decay=252525 checkpoint_every=100000 "},
    {"dopamine-rainbow", "dopamine", "sticky=0.25", "0.001", 0,
     "replay_size=1000000 replay_start=20000 learning_rate=6.25e-05 adam_epsilon=0.00015 "
     "network=nature_same initialisation=dopamine head=c51 n_step=3 truncation_ends=false "
     "priority_alpha=0.5 priority_rule=dopamine priority_beta=0.5 train_every=4 target_sync=8000 "
     "epsilon_begin=20000 epsilon_decay=252525 checkpoint_every=100000 "},
    {"m-dqn", "dopamine", "sticky=0.25", "0.001", 0,
     "replay_size=1000000 replay_start=20000 learning_rate=5e-05 adam_epsilon=0.0003125 "
     "network=nature_same initialisation=xavier munchausen_tau=0.03 truncation_ends=false "
     "train_every=4 target_sync=8000 epsilon_begin=20000 epsilon_decay=252525 "
     "checkpoint_every=100000 "},
    {"drq-eps", "dopamine", "noops=29 life_loss=true sticky=0", "0.001", 29,
     "replay_size=100000 replay_start=1600 adam_epsilon=0.00015 network=nature_same "
     "initialisation=xavier dueling=output loss=huber n_step=10 double_dqn=true augment_shift=4 "
     "augment_intensity=0.05 truncation_ends=false target_sync=1 epsilon_begin=1600 "
     "epsilon_decay=5051 max_steps=100000 checkpoint_every=100000 "},
    {"ch8-basic", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 epsilon_decay=100000 epsilon_final=0.02 reward_bound=18 "
     "checkpoint_every=100000 "},
    {"ch8-nstep", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 n_step=4 epsilon_decay=100000 epsilon_final=0.02 reward_bound=18 "
     "checkpoint_every=100000 "},
    {"ch8-double", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 double_dqn=true epsilon_decay=100000 epsilon_final=0.02 reward_bound=18 "
     "checkpoint_every=100000 "},
    {"ch8-prio", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 priority_alpha=0.6 priority_beta=0.4 priority_beta_steps=100000 "
     "epsilon_decay=100000 epsilon_final=0.02 reward_bound=18 checkpoint_every=100000 "},
    {"ch8-dueling", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 dueling=streams stream_width=256 epsilon_decay=100000 "
     "epsilon_final=0.02 reward_bound=18 checkpoint_every=100000 "},
    {"ch8-distrib", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 head=c51 epsilon_decay=100000 epsilon_final=0.02 reward_bound=18 "
     "checkpoint_every=100000 "},
    {"ch8-noisy", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 noisy=independent epsilon_decay=100000 epsilon_start=0 epsilon_final=0 "
     "reward_bound=18 checkpoint_every=100000 "},
    {"ch8-rainbow", "book", "noops=30 life_loss=true clip_rewards=true", "0.05", 30,
     "replay_size=100000 dueling=streams stream_width=256 noisy=independent n_step=4 "
     "priority_alpha=0.6 priority_beta=0.4 priority_beta_steps=100000 epsilon_decay=100000 "
     "epsilon_start=0 epsilon_final=0 reward_bound=18 checkpoint_every=100000 "},
    {"rainbow", "sb3", "fire=false", "0", 30,
     "replay_size=1000000 replay_start=20000 learning_rate=6.25e-05 adam_epsilon=0.00015625 "
     "gradient_norm=10 head=c51 dueling=streams noisy=factorised noisy_sigma=0.1 n_step=3 "
     "double_dqn=true truncation_ends=false priority_alpha=0.5 priority_beta=0.4 "
     "priority_beta_steps=50000000 train_every=4 target_sync=8000 epsilon_start=0 epsilon_final=0 "
     "checkpoint_every=100000 "},
    {"der", "dopamine", "noops=29 life_loss=true sticky=0", "0.001", 29,
     "replay_size=100000 replay_start=1600 adam_epsilon=0.00015 network=nature_same "
     "initialisation=xavier head=c51 dueling=output noisy=factorised noisy_sigma=0.1 n_step=10 "
     "double_dqn=true truncation_ends=false priority_alpha=0.5 priority_rule=dopamine "
     "priority_beta=0.5 target_sync=2000 epsilon_begin=1600 epsilon_decay=2020 max_steps=100000 "
     "checkpoint_every=100000 "},
};

static void published_presets_are_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(published); i++) {
        dq_train_config cfg, book;
        const dq_preset *p = dq_train_preset_find(published[i].name);
        char differs[1024] = "", value[64], usual[64];
        const char *key;
        assert_non_null(p);
        assert_int_equal(dq_train_preset(&cfg, p->name), DQ_OK);
        assert_int_equal(dq_train_preset(&book, "book"), DQ_OK);
        assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
        for (size_t k = 0; dq_train_config_get(&cfg, k, &key, value, sizeof(value)); k++) {
            dq_train_config_get(&book, k, &key, usual, sizeof(usual));
            size_t n = strlen(differs);
            if (strcmp(value, usual) != 0)
                snprintf(differs + n, sizeof(differs) - n, "%s=%s ", key, value);
        }
        assert_string_equal(differs, published[i].differs);
        assert_string_equal(p->dialect, published[i].dialect);
        assert_string_equal(p->options, published[i].options);
        assert_true(p->eval_epsilon == strtod(published[i].eval_epsilon, NULL));
        assert_int_equal(p->eval_noops, published[i].eval_noops);
    }
}

/** Each has a line of help and a range; a preset has a line and where it comes from. */
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
    size_t n = 0;
    for (const dq_preset *p; (p = dq_train_preset_at(n)); n++) {
        dq_preprocessing how;
        assert_true(*p->help && strlen(p->help) < 84 && *p->source && p->options);
        assert_int_equal(dq_preprocessing_init(&how, p->dialect), DQ_OK);
        assert_true(p->eval_epsilon >= 0 && p->eval_epsilon <= 1 && p->eval_noops >= 0);
        assert_ptr_equal(dq_train_preset_find(p->name), p);
    }
    assert_int_equal(n, 4 + DQ_COUNT(published));
    assert_string_equal(dq_train_preset_at(0)->name, "book");
    assert_null(dq_train_preset_find("no-preset"));
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "no-preset"), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "book, fast, ch7-cartpole, cartpole"));
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

/* The book's: Lapan 2020, chapter 6, 02_dqn_pong.py (reward_bound is Pong's there, and adam_* are
 * PyTorch's). */
static const char *const book_preset[][2] = {
    {"gamma", "0.99"},
    {"batch", "32"},
    {"replay_size", "10000"},
    {"replay_start", "10000"},
    {"replay_store", "auto"},
    {"optimiser", "adam"},
    {"learning_rate", "0.0001"},
    {"learning_rate_final", "0"},
    {"learning_rate_decay", "0"},
    {"adam_beta1", "0.9"},
    {"adam_beta2", "0.999"},
    {"adam_epsilon", "1e-08"},
    {"rmsprop_decay", "0.95"},
    {"rmsprop_epsilon", "9.765625e-06"},
    {"gradient_norm", "0"},
    {"network", "nature"},
    {"hidden", "128,128"},
    {"initialisation", "pytorch"},
    {"head", "value"},
    {"atoms", "51"},
    {"value_min", "-10"},
    {"value_max", "10"},
    {"dueling", "none"},
    {"stream_width", "0"},
    {"noisy", "none"},
    {"noisy_sigma", "0"},
    {"loss", "mse"},
    {"n_step", "1"},
    {"double_dqn", "false"},
    {"augment_shift", "0"},
    {"augment_intensity", "0"},
    {"munchausen_tau", "0"},
    {"munchausen_alpha", "0.9"},
    {"munchausen_least", "-1"},
    {"truncation_ends", "true"},
    {"priority_alpha", "0"},
    {"priority_rule", "schaul"},
    {"priority_beta", "0"},
    {"priority_beta_steps", "0"},
    {"n_envs", "1"},
    {"train_every", "1"},
    {"updates", "1"},
    {"target_sync", "1000"},
    {"target_rate", "1"},
    {"epsilon_begin", "0"},
    {"epsilon_decay", "150000"},
    {"epsilon_start", "1"},
    {"epsilon_final", "0.01"},
    {"epsilon_last", "0"},
    {"epsilon_last_decay", "0"},
    {"reward_bound", "game"},
    {"max_steps", "0"},
    {"checkpoint_every", "10000"},
    {"seed", "0"},
};
/* docs/fast.md says how they were found; with them the runs in docs/results were made. */
static const char *const fast_preset[][2] = {
    {"gamma", "0.98"},
    {"batch", "32"},
    {"replay_size", "100000"},
    {"replay_start", "5000"},
    {"replay_store", "auto"},
    {"optimiser", "adam"},
    {"learning_rate", "0.00025"},
    {"learning_rate_final", "5e-05"},
    {"learning_rate_decay", "1000000"},
    {"adam_beta1", "0.9"},
    {"adam_beta2", "0.999"},
    {"adam_epsilon", "0.00015"},
    {"rmsprop_decay", "0.95"},
    {"rmsprop_epsilon", "9.765625e-06"},
    {"gradient_norm", "0"},
    {"network", "small"},
    {"hidden", "128,128"},
    {"initialisation", "pytorch"},
    {"head", "value"},
    {"atoms", "51"},
    {"value_min", "-10"},
    {"value_max", "10"},
    {"dueling", "none"},
    {"stream_width", "0"},
    {"noisy", "none"},
    {"noisy_sigma", "0"},
    {"loss", "huber"},
    {"n_step", "10"},
    {"double_dqn", "false"},
    {"augment_shift", "0"},
    {"augment_intensity", "0"},
    {"munchausen_tau", "0"},
    {"munchausen_alpha", "0.9"},
    {"munchausen_least", "-1"},
    {"truncation_ends", "false"},
    {"priority_alpha", "0.6"},
    {"priority_rule", "schaul"},
    {"priority_beta", "0.4"},
    {"priority_beta_steps", "600000"},
    {"n_envs", "8"},
    {"train_every", "8"},
    {"updates", "1"},
    {"target_sync", "4000"},
    {"target_rate", "1"},
    {"epsilon_begin", "0"},
    {"epsilon_decay", "100000"},
    {"epsilon_start", "1"},
    {"epsilon_final", "0.05"},
    {"epsilon_last", "0.005"},
    {"epsilon_last_decay", "500000"},
    {"reward_bound", "game"},
    {"max_steps", "0"},
    {"checkpoint_every", "100000"},
    {"seed", "0"},
};

/* Lapan 2020, chapter 7. */
static const char *const ch7_preset[][2] = {
    {"gamma", "0.9"},
    {"batch", "16"},
    {"replay_size", "1000"},
    {"replay_start", "32"},
    {"replay_store", "auto"},
    {"optimiser", "adam"},
    {"learning_rate", "0.001"},
    {"learning_rate_final", "0"},
    {"learning_rate_decay", "0"},
    {"adam_beta1", "0.9"},
    {"adam_beta2", "0.999"},
    {"adam_epsilon", "1e-08"},
    {"rmsprop_decay", "0.95"},
    {"rmsprop_epsilon", "9.765625e-06"},
    {"gradient_norm", "0"},
    {"network", "mlp"},
    {"hidden", "128"},
    {"initialisation", "pytorch"},
    {"head", "value"},
    {"atoms", "51"},
    {"value_min", "-10"},
    {"value_max", "10"},
    {"dueling", "none"},
    {"stream_width", "0"},
    {"noisy", "none"},
    {"noisy_sigma", "0"},
    {"loss", "mse"},
    {"n_step", "1"},
    {"double_dqn", "false"},
    {"augment_shift", "0"},
    {"augment_intensity", "0"},
    {"munchausen_tau", "0"},
    {"munchausen_alpha", "0.9"},
    {"munchausen_least", "-1"},
    {"truncation_ends", "true"},
    {"priority_alpha", "0"},
    {"priority_rule", "schaul"},
    {"priority_beta", "0"},
    {"priority_beta_steps", "0"},
    {"n_envs", "1"},
    {"train_every", "1"},
    {"updates", "1"},
    {"target_sync", "10"},
    {"target_rate", "1"},
    {"epsilon_begin", "0"},
    {"epsilon_decay", "198"},
    {"epsilon_start", "1"},
    {"epsilon_final", "0"},
    {"epsilon_last", "0"},
    {"epsilon_last_decay", "0"},
    {"reward_bound", "150"},
    {"max_steps", "0"},
    {"checkpoint_every", "10000"},
    {"seed", "0"},
};
/* docs/cartpole.md says how they were found. */
static const char *const cartpole_preset[][2] = {
    {"gamma", "0.99"},
    {"batch", "64"},
    {"replay_size", "50000"},
    {"replay_start", "1000"},
    {"replay_store", "auto"},
    {"optimiser", "adam"},
    {"learning_rate", "0.001"},
    {"learning_rate_final", "1e-05"},
    {"learning_rate_decay", "100000"},
    {"adam_beta1", "0.9"},
    {"adam_beta2", "0.999"},
    {"adam_epsilon", "1e-08"},
    {"rmsprop_decay", "0.95"},
    {"rmsprop_epsilon", "9.765625e-06"},
    {"gradient_norm", "0"},
    {"network", "mlp"},
    {"hidden", "64,64"},
    {"initialisation", "pytorch"},
    {"head", "value"},
    {"atoms", "51"},
    {"value_min", "-10"},
    {"value_max", "10"},
    {"dueling", "none"},
    {"stream_width", "0"},
    {"noisy", "none"},
    {"noisy_sigma", "0"},
    {"loss", "huber"},
    {"n_step", "5"},
    {"double_dqn", "true"},
    {"augment_shift", "0"},
    {"augment_intensity", "0"},
    {"munchausen_tau", "0"},
    {"munchausen_alpha", "0.9"},
    {"munchausen_least", "-1"},
    {"truncation_ends", "false"},
    {"priority_alpha", "0"},
    {"priority_rule", "schaul"},
    {"priority_beta", "0"},
    {"priority_beta_steps", "0"},
    {"n_envs", "1"},
    {"train_every", "1"},
    {"updates", "1"},
    {"target_sync", "500"},
    {"target_rate", "1"},
    {"epsilon_begin", "0"},
    {"epsilon_decay", "5000"},
    {"epsilon_start", "1"},
    {"epsilon_final", "0.01"},
    {"epsilon_last", "0"},
    {"epsilon_last_decay", "0"},
    {"reward_bound", "game"},
    {"max_steps", "0"},
    {"checkpoint_every", "100000"},
    {"seed", "0"},
};

static void check_preset(const char *name, const char *const (*want)[2], size_t n_want)
{
    dq_train_config cfg;
    const char *key;
    char value[64];
    size_t n = 0;
    assert_int_equal(dq_train_preset(&cfg, name), DQ_OK);
    for (; dq_train_config_get(&cfg, n, &key, value, sizeof(value)); n++) {
        assert_true(n < n_want);
        assert_string_equal(key, want[n][0]);
        if (strcmp(value, want[n][1]) != 0)
            fail_msg("%s: %s is %s, must be %s", name, key, value, want[n][1]);
    }
    assert_int_equal(n, n_want);
    assert_int_equal(cfg.n_threads, 0);
    assert_true(!cfg.device && !cfg.isa && !cfg.precision);
}

static void presets_are_what_they_are_known_for(void **state)
{
    (void)state;
    check_preset("book", book_preset, DQ_COUNT(book_preset));
    check_preset("fast", fast_preset, DQ_COUNT(fast_preset));
    check_preset("ch7-cartpole", ch7_preset, DQ_COUNT(ch7_preset));
    check_preset("cartpole", cartpole_preset, DQ_COUNT(cartpole_preset));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_are_what_they_are_known_for),
        cmocka_unit_test(published_presets_are_as_published),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
