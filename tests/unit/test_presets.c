/** Every preset is what it is known for: each value that is not the book's, its preprocessing and
 *  how its models are evaluated. */
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

/* The presets of other programs and papers: what they have otherwise than the book's. */
static const struct {
    const char *name, *dialect, *options, *eval_epsilon;
    int eval_noops;
    const char *differs;  // "key=value key=value", in the order of the keys
} others[] = {
    {"pqn", "cleanrl", "", "0", 30,
     "batch=128 optimiser=radam learning_rate=0.00025 gradient_norm=10 initialisation=he_normal "
     "layer_norm=true loss=half_mse n_envs=128 rollout=32 epochs=2 epsilon_decay=5005005 "
     "epsilon_final=0.001 checkpoint_every=100000 "},
    /* docs/fast.md and docs/cartpole.md say how these were found; their results are of these. */
    {"fast", "book", "noops=30", "0.01", 30,
     "gamma=0.98 replay_size=100000 replay_start=5000 learning_rate=0.00025 "
     "learning_rate_final=5e-05 learning_rate_decay=1000000 adam_epsilon=0.00015 network=small "
     "layer_norm=true loss=huber n_step=10 truncation_ends=false priority_alpha=0.6 "
     "priority_beta=0.4 priority_beta_steps=600000 n_envs=8 train_every=8 target_sync=4000 "
     "epsilon_decay=100000 epsilon_final=0.05 epsilon_last=0.005 epsilon_last_decay=500000 "
     "checkpoint_every=100000 "},
    {"laptop", "sb3", "", "0.01", 30,
     "replay_size=100000 replay_start=5000 learning_rate=0.00025 learning_rate_final=5e-05 "
     "learning_rate_decay=1000000 adam_epsilon=0.00015 network=small head=qr n_step=3 "
     "double_dqn=true truncation_ends=false priority_alpha=0.6 priority_beta=0.4 "
     "priority_beta_steps=600000 n_envs=8 train_every=8 target_sync=4000 epsilon_decay=100000 "
     "epsilon_final=0.05 epsilon_last=0.005 epsilon_last_decay=500000 checkpoint_every=100000 "},
    {"cartpole", "book", "", "0.05", 30,
     "batch=64 replay_size=50000 replay_start=1000 learning_rate=0.001 learning_rate_final=1e-05 "
     "learning_rate_decay=100000 network=mlp hidden=64,64 loss=huber n_step=5 double_dqn=true "
     "truncation_ends=false target_sync=500 epsilon_decay=5000 checkpoint_every=100000 "},
    {"ch7-cartpole", "book", "", "0.05", 30,
     "gamma=0.9 batch=16 replay_size=1000 replay_start=32 learning_rate=0.001 network=mlp "
     "hidden=128 target_sync=10 epsilon_decay=198 epsilon_final=0 reward_bound=150 "},
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
    {"dopamine-iqn", "dopamine", "sticky=0.25", "0.001", 0,
     "replay_size=1000000 replay_start=20000 learning_rate=5e-05 adam_epsilon=0.0003125 "
     "network=nature_same initialisation=dopamine head=iqn atoms=64 n_step=3 truncation_ends=false "
     "train_every=4 target_sync=8000 epsilon_begin=20000 epsilon_decay=252525 "
     "checkpoint_every=100000 "},
    {"m-iqn", "dopamine", "sticky=0.25", "0.001", 0,
     "replay_size=1000000 replay_start=20000 learning_rate=5e-05 adam_epsilon=0.0003125 "
     "network=nature_same initialisation=dopamine head=iqn atoms=64 munchausen_tau=0.03 "
     "truncation_ends=false train_every=4 target_sync=8000 epsilon_begin=20000 "
     "epsilon_decay=252525 checkpoint_every=100000 "},
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
     "priority_beta=0.5 target_sync=2000 epsilon_start=0 epsilon_final=0 max_steps=100000 "
     "checkpoint_every=100000 "},
};

static void the_others_differ_in_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(others); i++) {
        dq_train_config cfg, book;
        const dq_preset *p = dq_train_preset_find(others[i].name);
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
        assert_string_equal(differs, others[i].differs);
        assert_string_equal(p->dialect, others[i].dialect);
        assert_string_equal(p->options, others[i].options);
        assert_true(p->eval_epsilon == strtod(others[i].eval_epsilon, NULL));
        assert_int_equal(p->eval_noops, others[i].eval_noops);
    }
}

/** Each has a line of help and where it comes from. */
static void all_are_described(void **state)
{
    (void)state;
    size_t n = 0;
    for (const dq_preset *p; (p = dq_train_preset_at(n)); n++) {
        dq_preprocessing how;
        assert_true(*p->help && strlen(p->help) < 84 && *p->source && p->options);
        assert_int_equal(dq_preprocessing_init(&how, p->dialect), DQ_OK);
        assert_true(p->eval_epsilon >= 0 && p->eval_epsilon <= 1 && p->eval_noops >= 0);
        assert_ptr_equal(dq_train_preset_find(p->name), p);
    }
    assert_int_equal(n, 1 + DQ_COUNT(others));
    assert_string_equal(dq_train_preset_at(0)->name, "book");
    assert_null(dq_train_preset_find("no-preset"));
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "no-preset"), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "book, fast, laptop, ch7-cartpole, cartpole"));
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
    {"convolutions", "16k3s1"},
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
    {"rollout", "0"},
    {"return_lambda", "0.65"},
    {"epochs", "1"},
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
    {"eval_every", "0"},
    {"eval_games", "10"},
    {"seed", "0"},
};
/** The preset that the others are told by: each of its values. */
static void the_book_is_what_it_is_known_for(void **state)
{
    (void)state;
    dq_train_config cfg;
    const char *key;
    char value[64];
    size_t n = 0;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    for (; dq_train_config_get(&cfg, n, &key, value, sizeof(value)); n++) {
        assert_true(n < DQ_COUNT(book_preset));
        assert_string_equal(key, book_preset[n][0]);
        if (strcmp(value, book_preset[n][1]) != 0)
            fail_msg("%s is %s, must be %s", key, value, book_preset[n][1]);
    }
    assert_int_equal(n, DQ_COUNT(book_preset));
    assert_int_equal(cfg.n_threads, 0);
    assert_true(!cfg.device && !cfg.isa && !cfg.precision);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_book_is_what_it_is_known_for),
        cmocka_unit_test(the_others_differ_in_what_they_say),
        cmocka_unit_test(all_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
