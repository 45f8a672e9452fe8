/* The environment interface itself, around an environment of the user's own. */
#include "scripted_env.h"

static scripted world;

static void spaces_count_elements_and_bytes(void **state)
{
    (void)state;
    dq_space scalar = {DQ_I32, 0, {0}, 0, 15};
    dq_space frames = {DQ_F32, 3, {4, 84, 84}, 0, 1};
    dq_space picture = {DQ_U8, 3, {210, 160, 3}, 0, 255};
    assert_int_equal(dq_space_elements(&scalar), 1);
    assert_int_equal(dq_space_bytes(&scalar), 4);
    assert_int_equal(dq_space_bytes(&frames), 4 * 84 * 84 * 4);
    assert_int_equal(dq_space_bytes(&picture), 210 * 160 * 3);
}

static void spec_is_copied_and_checked(void **state)
{
    (void)state;
    dq_env_spec good = {"Mine-v0", {DQ_U8, 1, {2}, 0, 255}, 3, NULL, 0, 0};
    dq_env *env;
    assert_int_equal(dq_env_create(&env, &scripted_ops, &good, &world), DQ_OK);
    assert_ptr_not_equal(dq_env_get_spec(env), &good);
    assert_memory_equal(dq_env_get_spec(env), &good, sizeof(good));
    dq_env_destroy(env);
    dq_env_spec bad = good;
    bad.id = NULL;
    assert_int_equal(dq_env_create(&env, &scripted_ops, &bad, &world), DQ_ERR_CONFIG);
    bad = good;
    bad.n_actions = 0;
    assert_int_equal(dq_env_create(&env, &scripted_ops, &bad, &world), DQ_ERR_CONFIG);
    bad = good;
    bad.obs.n_dims = DQ_MAX_DIMS + 1;
    assert_int_equal(dq_env_create(&env, &scripted_ops, &bad, &world), DQ_ERR_CONFIG);
    bad = good;
    bad.obs.shape[0] = 0;
    assert_int_equal(dq_env_create(&env, &scripted_ops, &bad, &world), DQ_ERR_CONFIG);
    assert_null(env);
}

static void impossible_actions_are_refused_untaken(void **state)
{
    (void)state;
    dq_env *env = scripted_create(&world, "");
    uint8_t obs[2];
    dq_step result;
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, -1, obs, &result), DQ_ERR_CONFIG);
    assert_int_equal(dq_env_step(env, 4, obs, &result), DQ_ERR_CONFIG);
    assert_string_equal(dq_errmsg(), "Scripted-v0: action 4: must be 0 to 3");
    assert_int_equal(dq_env_step(env, 3, obs, &result), DQ_OK);
    assert_string_equal(world.log, "R3");
    dq_env_destroy(env);
}

static void steps_outside_an_episode_are_refused(void **state)
{
    (void)state;
    dq_env *env = scripted_create(&world, "..T.C");
    uint8_t obs[2];
    dq_step result;
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "reset"));
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_OK);
    assert_true(result.terminated && !result.truncated);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_ERR_CONFIG);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_OK);
    assert_true(!result.terminated && result.truncated);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_ERR_CONFIG);
    assert_string_equal(world.log, "R00R0");
    dq_env_destroy(env);
}

static void reset_in_the_middle_starts_again(void **state)
{
    (void)state;
    dq_env *env = scripted_create(&world, "");
    uint8_t obs[2];
    dq_step result;
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, 1, obs, &result), DQ_OK);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(obs[0], 2);
    assert_string_equal(world.log, "R1R");
    dq_env_destroy(env);
}

static void a_reset_must_follow_seeding(void **state)
{
    (void)state;
    dq_env *env = scripted_create(&world, "");
    uint8_t obs[2];
    dq_step result;
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_seed(env, 17), DQ_OK);
    assert_int_equal(world.seed, 17);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_ERR_CONFIG);
    dq_env_destroy(env);
}

static void saved_state_brings_back_the_episode(void **state)
{
    (void)state;
    dq_env *env = scripted_create(&world, "..T");
    uint8_t obs[2];
    dq_step result;
    size_t n;
    dq_writer *w;
    dq_reader *r;
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_OK);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_OK);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_ERR_CONFIG);  // the episode is over
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_env_load(env, r), DQ_OK);
    assert_int_equal(dq_reader_left(r), 0);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_OK);
    assert_int_equal(obs[0], 2);
    assert_true(result.terminated);
    dq_reader_destroy(r);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_env_load(env, r), DQ_ERR_INPUT);
        dq_reader_destroy(r);
    }
    dq_writer_destroy(w);
    dq_env_destroy(env);
}

static void only_reset_and_step_are_needed(void **state)
{
    (void)state;
    dq_env_ops ops = {.reset = scripted_reset, .step = scripted_step};
    dq_env_spec spec = {"Bare-v0", {DQ_U8, 1, {2}, 0, 255}, 2, NULL, 0, 0};
    dq_env *env;
    dq_image image;
    dq_writer *w;
    dq_reader *r;
    uint8_t obs[2];
    dq_step result;
    memset(&world, 0, sizeof(world));
    world.lives[1] = 3;
    assert_int_equal(dq_env_create(&env, &ops, &spec, &world), DQ_OK);
    assert_int_equal(dq_env_seed(env, 1), DQ_OK);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_lives(env), 0);
    assert_int_equal(dq_env_step(env, 1, obs, &result), DQ_OK);
    assert_int_equal(dq_env_lives(env), 3);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_reader_create(&r, "", 0), DQ_OK);
    assert_int_equal(dq_env_render(env, &image), DQ_ERR_UNSUPPORTED);
    assert_int_equal(dq_env_save(env, w), DQ_ERR_UNSUPPORTED);
    assert_int_equal(dq_env_load(env, r), DQ_ERR_UNSUPPORTED);
    assert_non_null(strstr(dq_errmsg(), "Bare-v0"));
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    dq_env_destroy(env);
    dq_env_destroy(NULL);
}

static dq_status failing_reset(void *self, void *obs)
{
    (void)self;
    (void)obs;
    return DQ_ERR_IO;
}

static void no_steps_after_a_failed_reset(void **state)
{
    (void)state;
    dq_env_ops ops = {.reset = failing_reset, .step = scripted_step};
    dq_env_spec spec = {"Failing-v0", {DQ_U8, 1, {2}, 0, 255}, 2, NULL, 0, 0};
    dq_env *env;
    uint8_t obs[2];
    dq_step result;
    memset(&world, 0, sizeof(world));
    assert_int_equal(dq_env_create(&env, &ops, &spec, &world), DQ_OK);
    assert_int_equal(dq_env_reset(env, obs), DQ_ERR_IO);
    assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_ERR_CONFIG);
    assert_string_equal(world.log, "");
    dq_env_destroy(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spaces_count_elements_and_bytes),
        cmocka_unit_test(spec_is_copied_and_checked),
        cmocka_unit_test(impossible_actions_are_refused_untaken),
        cmocka_unit_test(steps_outside_an_episode_are_refused),
        cmocka_unit_test(reset_in_the_middle_starts_again),
        cmocka_unit_test(a_reset_must_follow_seeding),
        cmocka_unit_test(saved_state_brings_back_the_episode),
        cmocka_unit_test(only_reset_and_step_are_needed),
        cmocka_unit_test(no_steps_after_a_failed_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
