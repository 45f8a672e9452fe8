/** A bound on the reward belongs to a game, and few games tell nothing of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/train.h"

/* A game of two steps that gives 30 points. */
static dq_status game_reset(void *self, void *obs)
{
    *(int *)self = 0;
    memset(obs, 0, DQ_NET_OBS_BYTES);
    return DQ_OK;
}

static dq_status game_step(void *self, int action, void *obs, dq_step *result)
{
    int *n = self;
    (void)action;
    memset(obs, ++*n, DQ_NET_OBS_BYTES);
    *result = (dq_step){.reward = 15, .terminated = *n == 2};
    return DQ_OK;
}

static dq_status game_seed(void *self, uint64_t seed)
{
    (void)self;
    (void)seed;
    return DQ_OK;
}

/** @return the games that it took to solve it, 0 for never */
static int64_t games_until_solved(const char *preset, const char *id, double bound)
{
    static const dq_env_ops ops = {
        .reset = game_reset, .step = game_step, .seed = game_seed, .destroy = free};
    dq_env_spec spec = {
        .id = id,
        .obs = {.dtype = DQ_U8, .n_dims = 3, .shape = {DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE}},
        .n_actions = 2};
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, preset), DQ_OK);
    cfg.network = "small";
    cfg.n_envs = 1;
    cfg.replay_size = cfg.replay_start = 1000;
    cfg.max_steps = 400;
    if (!isnan(bound))
        cfg.reward_bound = bound;
    dq_env *env;
    dq_trainer *t;
    assert_int_equal(dq_env_create(&env, &ops, &spec, calloc(1, sizeof(int))), DQ_OK);
    assert_int_equal(dq_trainer_create(&t, &cfg, env), DQ_OK);
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    dq_progress p;
    dq_trainer_progress(t, &p);
    assert_int_equal(p.solved, solved);
    dq_trainer_destroy(t);
    return solved ? p.n_games : 0;
}

static void the_bound_of_pong_is_of_pong_alone(void **state)
{
    (void)state;
    static const char *const presets[] = {"book", "fast"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(games_until_solved(presets[i], "PongNoFrameskip-v4", NAN), 1);
        assert_int_equal(games_until_solved(presets[i], "ALE/Pong-v5", NAN), 1);
        assert_int_equal(games_until_solved(presets[i], "deepq/Pong-v0", NAN), 1);
        assert_int_equal(games_until_solved(presets[i], "SeaquestNoFrameskip-v4", NAN), 0);
        assert_int_equal(games_until_solved(presets[i], "deepq/Bricks-v0", NAN), 0);
        assert_int_equal(games_until_solved(presets[i], "MyOwn-v0", NAN), 0);
    }
}

static void a_chosen_bound_counts_after_100_games(void **state)
{
    (void)state;
    assert_int_equal(games_until_solved("book", "SeaquestNoFrameskip-v4", 29.5), 100);
    assert_int_equal(games_until_solved("book", "MyOwn-v0", 29.5), 100);
    assert_int_equal(games_until_solved("book", "MyOwn-v0", 30), 0);
    assert_int_equal(games_until_solved("book", "PongNoFrameskip-v4", 29.5), 1);
    assert_int_equal(games_until_solved("book", "PongNoFrameskip-v4", INFINITY), 0);
}

static void every_bound_can_be_read_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"game", "none", "19", "-1.5"};
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    assert_true(isnan(cfg.reward_bound));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        const char *key = "";
        char value[64];
        assert_int_equal(dq_train_config_set(&cfg, "reward_bound", texts[i]), DQ_OK);
        for (size_t k = 0; strcmp(key, "reward_bound") != 0; k++)
            assert_true(dq_train_config_get(&cfg, k, &key, value, sizeof(value)));
        assert_string_equal(value, texts[i]);
        assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    }
    static const char *const wrong[] = {"", "inf", "nan", "None", "1e13"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(dq_train_config_set(&cfg, "reward_bound", wrong[i]), DQ_ERR_CONFIG);
    cfg.reward_bound = -INFINITY;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_of_pong_is_of_pong_alone),
        cmocka_unit_test(a_chosen_bound_counts_after_100_games),
        cmocka_unit_test(every_bound_can_be_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
