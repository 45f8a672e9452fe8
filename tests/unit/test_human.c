/** What a person's keys mean, and the game that a person plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/human.h"
#include "deepq/atari_env.h"

static const char *const bricks[] = {"NOOP", "FIRE", "RIGHT", "LEFT"};
static const char *const pong[] = {"NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"};
static const char *const all[] = {
    "NOOP",     "FIRE",     "UP",          "RIGHT",      "LEFT",          "DOWN",
    "UPRIGHT",  "UPLEFT",   "DOWNRIGHT",   "DOWNLEFT",   "UPFIRE",        "RIGHTFIRE",
    "LEFTFIRE", "DOWNFIRE", "UPRIGHTFIRE", "UPLEFTFIRE", "DOWNRIGHTFIRE", "DOWNLEFTFIRE"};

/** @param keys of "udlrf" */
static void assert_means(const char *const *names, int n, const char *keys, const char *want)
{
    const dq_env_spec spec = {.n_actions = n, .action_names = names};
    const window_keys held = {strchr(keys, 'u') != NULL, strchr(keys, 'd') != NULL,
                              strchr(keys, 'l') != NULL, strchr(keys, 'r') != NULL,
                              strchr(keys, 'f') != NULL};
    assert_string_equal(names[human_action(&spec, held)], want);
}

static void keys_are_the_stick_where_a_game_has_it_all(void **state)
{
    (void)state;
    assert_means(all, 18, "", "NOOP");
    assert_means(all, 18, "f", "FIRE");
    assert_means(all, 18, "u", "UP");
    assert_means(all, 18, "df", "DOWNFIRE");
    assert_means(all, 18, "ur", "UPRIGHT");
    assert_means(all, 18, "dlf", "DOWNLEFTFIRE");
    assert_means(all, 18, "urf", "UPRIGHTFIRE");
    assert_means(all, 18, "udlr", "NOOP");
    assert_means(all, 18, "udlf", "LEFTFIRE");
}

static void a_game_without_an_action_has_the_nearest(void **state)
{
    (void)state;
    assert_means(bricks, 4, "lf", "LEFT");
    assert_means(bricks, 4, "ur", "RIGHT");
    assert_means(bricks, 4, "f", "FIRE");
    assert_means(pong, 6, "u", "RIGHT");
    assert_means(pong, 6, "d", "LEFT");
    assert_means(pong, 6, "uf", "RIGHTFIRE");
    assert_means(pong, 6, "ulf", "LEFTFIRE");
}

/** One console frame a step. */
static void a_step_is_a_frame(void **state)
{
    static const char *const ids[] = {"deepq/Pong-v0", "deepq/Bricks-v0"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dq_env *env;
        dq_step step;
        uint8_t obs[210 * 160 * 3];
        const dq_environment_choice c = {
            .id = ids[i], .dialect = "book", .options = dq_environment_options_none()};
        assert_int_equal(human_make(&env, &c), DQ_OK);
        assert_int_equal(human_fps(env), 60);
        assert_int_equal(dq_space_bytes(&dq_env_get_spec(env)->obs), sizeof(obs));
        assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        uint64_t before = dq_atari_ticks(dq_env_atari(env));
        for (int k = 0; k < 10; k++)
            assert_int_equal(dq_env_step(env, 2, obs, &step), DQ_OK);
        assert_int_equal(dq_atari_ticks(dq_env_atari(env)) - before, 10);
        dq_env_destroy(env);
    }
}

static void preprocessing_is_refused_by_name(void **state)
{
    dq_env *env;
    dq_environment_choice c = {
        .id = "deepq/Pong-v0", .dialect = "book", .options = dq_environment_options_none()};
    (void)state;
    c.options.stack = 2;
    assert_int_equal(human_make(&env, &c), DQ_ERR_CONFIG);
    assert_null(env);
    assert_non_null(strstr(dq_errmsg(), "stack=2"));
    c.options.stack = -1;
    c.options.mode = 1;  // of the console
    c.options.sticky = 0.25;
    assert_int_equal(human_make(&env, &c), DQ_OK);
    assert_int_equal(dq_atari_get_mode(dq_env_atari(env)), 1);
    dq_env_destroy(env);
    c.id = "CartPole-v1";
    assert_int_equal(human_make(&env, &c), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "CartPole-v1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_the_stick_where_a_game_has_it_all),
        cmocka_unit_test(a_game_without_an_action_has_the_nearest),
        cmocka_unit_test(a_step_is_a_frame),
        cmocka_unit_test(preprocessing_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
