/* Each wrapper around a scripted environment. What is expected was worked out by hand from the
 * Python of the book (lib/wrappers.py) and of OpenAI baselines (atari_wrappers.py). */
#include "scripted_env.h"

static scripted world;

static void reset_ok(dq_env *env, void *obs)
{
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
}

static dq_step step_ok(dq_env *env, int action, void *obs)
{
    dq_step result;
    assert_int_equal(dq_env_step(env, action, obs, &result), DQ_OK);
    return result;
}

static void expect_obs(const uint8_t *obs, int a, int b)
{
    assert_int_equal(obs[0], a);
    assert_int_equal(obs[1], b);
}

/* MaxAndSkip: the observation of call n is {n, 200 - n}, so frames n-1 and n give {n, 201 - n}. */

static void skip_takes_the_maximum_of_the_last_two(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_max_and_skip(&env, scripted_create(&world, ""), 4), DQ_OK);
    for (int i = 0; i < 20; i++)
        world.reward[i] = (float)(1 << i);
    reset_ok(env, obs);
    expect_obs(obs, 0, 200);
    dq_step result = step_ok(env, 2, obs);
    expect_obs(obs, 4, 197);
    assert_true(result.reward == 2 + 4 + 8 + 16);
    result = step_ok(env, 3, obs);
    expect_obs(obs, 8, 193);
    assert_true(result.reward == 32 + 64 + 128 + 256);
    assert_string_equal(world.log, "R22223333");
    dq_env_destroy(env);
    assert_int_equal(world.n_destroyed, 1);
}

static void skip_that_ends_early_looks_back_over_its_start(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_max_and_skip(&env, scripted_create(&world, ".....T.T..C"), 4), DQ_OK);
    reset_ok(env, obs);
    step_ok(env, 0, obs);
    dq_step result = step_ok(env, 1, obs);
    assert_true(result.terminated && !result.truncated);
    expect_obs(obs, 5, 196);  // call 4 was the step before
    reset_ok(env, obs);
    expect_obs(obs, 6, 194);  // call 5 is forgotten
    result = step_ok(env, 1, obs);
    assert_true(result.terminated);
    expect_obs(obs, 7, 194);  // call 6 was the reset
    reset_ok(env, obs);
    result = step_ok(env, 2, obs);
    assert_true(result.truncated && !result.terminated);
    expect_obs(obs, 10, 191);
    assert_string_equal(world.log, "R00001R1R22");
    dq_env_destroy(env);
}

static void skip_by_other_numbers(void **state)
{
    (void)state;
    dq_env *env, *inner = scripted_create(&world, "");
    uint8_t obs[2];
    assert_int_equal(dq_wrap_max_and_skip(&env, inner, 0), DQ_ERR_CONFIG);
    assert_int_equal(dq_wrap_max_and_skip(&env, inner, 3), DQ_OK);
    reset_ok(env, obs);
    step_ok(env, 1, obs);
    expect_obs(obs, 3, 198);
    dq_env_destroy(env);
    assert_int_equal(dq_wrap_max_and_skip(&env, scripted_create(&world, ""), 1), DQ_OK);
    reset_ok(env, obs);
    step_ok(env, 1, obs);
    expect_obs(obs, 1, 200);  // the reset's frame is in the queue
    dq_env_destroy(env);
}

/* FireReset */

static void fire_presses_1_and_2(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_fire_reset(&env, scripted_create(&world, "")), DQ_OK);
    reset_ok(env, obs);
    expect_obs(obs, 2, 198);
    step_ok(env, 0, obs);
    assert_string_equal(world.log, "R120");
    dq_env_destroy(env);
}

static void fire_that_ends_the_game_resets_again(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_fire_reset(&env, scripted_create(&world, ".T")), DQ_OK);
    reset_ok(env, obs);
    expect_obs(obs, 3, 197);
    assert_string_equal(world.log, "R1R2");
    dq_env_destroy(env);
    assert_int_equal(dq_wrap_fire_reset(&env, scripted_create(&world, "..C")), DQ_OK);
    reset_ok(env, obs);
    expect_obs(obs, 2, 198);  // of the press, not of the reset after it
    step_ok(env, 0, obs);
    expect_obs(obs, 4, 196);
    assert_string_equal(world.log, "R12R0");
    dq_env_destroy(env);
}

static void fire_is_refused_where_there_is_none(void **state)
{
    (void)state;
    static const char *const other[] = {"NOOP", "UP", "FIRE"};
    dq_env_spec spec = {"Other-v0", {DQ_U8, 1, {2}, 0, 255}, 3, other, 0, 0};
    dq_env *inner, *env;
    assert_int_equal(dq_env_create(&inner, &scripted_ops, &spec, &world), DQ_OK);
    assert_int_equal(dq_wrap_fire_reset(&env, inner), DQ_ERR_CONFIG);
    assert_null(env);
    assert_non_null(strstr(dq_errmsg(), "Other-v0: action 1 is UP, not FIRE"));
    dq_env_destroy(inner);
    spec.action_names = NULL;
    assert_int_equal(dq_env_create(&inner, &scripted_ops, &spec, &world), DQ_OK);
    assert_int_equal(dq_wrap_fire_reset(&env, inner), DQ_ERR_CONFIG);
    dq_env_destroy(inner);
    spec.action_names = scripted_names;
    spec.n_actions = 2;
    assert_int_equal(dq_env_create(&inner, &scripted_ops, &spec, &world), DQ_OK);
    assert_int_equal(dq_wrap_fire_reset(&env, inner), DQ_ERR_CONFIG);
    dq_env_destroy(inner);
}

/* NoopReset */

static void noops_are_1_to_30_each_as_likely(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    int count[31] = {0};
    assert_int_equal(dq_wrap_noop_reset(&env, scripted_create(&world, ""), 30), DQ_OK);
    for (int i = 0; i < 900; i++) {
        int before = world.n;
        reset_ok(env, obs);
        int noops = world.n - before - 1;
        assert_true(noops >= 1 && noops <= 30);
        assert_int_equal(world.log[before], 'R');
        for (int k = before + 1; k < world.n; k++)
            assert_int_equal(world.log[k], '0');
        count[noops]++;
    }
    for (int k = 1; k <= 30; k++)  // 30 expected, standard deviation 5.4: five of them either way
        assert_true(count[k] > 3 && count[k] < 57);
    dq_env_destroy(env);
}

static void noops_are_those_of_the_seed(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    char first[64];
    assert_int_equal(dq_wrap_noop_reset(&env, scripted_create(&world, ""), 30), DQ_OK);
    int n_same = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        int before = world.n;
        assert_int_equal(dq_env_seed(env, seed), DQ_OK);
        assert_int_equal(world.seed, seed);
        reset_ok(env, obs);
        reset_ok(env, obs);
        int length = world.n - before, again = world.n;
        if (seed > 0)
            n_same += strncmp(first, world.log + before, sizeof(first)) == 0;
        memset(first, 0, sizeof(first));
        memcpy(first, world.log + before, (size_t)length);
        assert_int_equal(dq_env_seed(env, seed), DQ_OK);
        reset_ok(env, obs);
        reset_ok(env, obs);
        assert_int_equal(world.n - again, length);
        assert_memory_equal(world.log + again, first, (size_t)length);
    }
    assert_int_equal(n_same, 0);
    dq_env_destroy(env);
}

static void noop_that_ends_the_game_resets_and_goes_on(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_noop_reset(&env, scripted_create(&world, ".T"), 1), DQ_OK);
    reset_ok(env, obs);
    assert_string_equal(world.log, "R0R");
    expect_obs(obs, 2, 198);
    reset_ok(env, obs);
    assert_string_equal(world.log, "R0RR0");
    expect_obs(obs, 4, 196);
    dq_env_destroy(env);
}

static void noops_are_refused_where_action_0_is_another(void **state)
{
    (void)state;
    static const char *const other[] = {"FIRE", "NOOP"};
    dq_env_spec spec = {"Other-v0", {DQ_U8, 1, {2}, 0, 255}, 2, other, 0, 0};
    dq_env *inner, *env;
    assert_int_equal(dq_env_create(&inner, &scripted_ops, &spec, &world), DQ_OK);
    assert_int_equal(dq_wrap_noop_reset(&env, inner, 30), DQ_ERR_CONFIG);
    dq_env_destroy(inner);
    inner = scripted_create(&world, "");
    assert_int_equal(dq_wrap_noop_reset(&env, inner, 0), DQ_ERR_CONFIG);
    dq_env_destroy(inner);
}

/* EpisodicLife */

static void each_lost_life_ends_an_episode(void **state)
{
    (void)state;
    static const int lives[] = {3, 3, 2, 2, 2, 1, 1, 0, 0, 3, 3};
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_episodic_life(&env, scripted_create(&world, "........T")), DQ_OK);
    memcpy(world.lives, lives, sizeof(lives));
    reset_ok(env, obs);
    assert_int_equal(dq_env_lives(env), 3);
    assert_false(step_ok(env, 1, obs).terminated);
    dq_step lost = step_ok(env, 1, obs);
    assert_true(lost.terminated);
    assert_int_equal(lost.lives, 2);
    reset_ok(env, obs);  // a no-op, no new game
    expect_obs(obs, 3, 197);
    assert_false(step_ok(env, 1, obs).terminated);
    assert_true(step_ok(env, 1, obs).terminated);
    reset_ok(env, obs);
    assert_false(step_ok(env, 1, obs).terminated);  // no lives left, but not over yet
    assert_true(step_ok(env, 1, obs).terminated);   // really over
    reset_ok(env, obs);
    assert_false(step_ok(env, 1, obs).terminated);
    assert_string_equal(world.log, "R1101101"
                                   "1R1");
    dq_env_destroy(env);
}

static void life_lost_at_the_first_step_counts(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_episodic_life(&env, scripted_create(&world, "")), DQ_OK);
    world.lives[0] = 5;
    world.lives[1] = 4;
    world.lives[2] = 3;  // lost in the no-op of the reset: no episode of its own
    world.lives[3] = 3;
    reset_ok(env, obs);
    assert_true(step_ok(env, 1, obs).terminated);
    reset_ok(env, obs);
    assert_false(step_ok(env, 1, obs).terminated);
    dq_env_destroy(env);
}

static void cut_off_and_seeded_games_start_again(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_episodic_life(&env, scripted_create(&world, ".C...T")), DQ_OK);
    reset_ok(env, obs);
    assert_true(step_ok(env, 1, obs).truncated);
    reset_ok(env, obs);
    assert_int_equal(dq_env_seed(env, 1), DQ_OK);
    reset_ok(env, obs);
    assert_string_equal(world.log, "R1RR");
    step_ok(env, 1, obs);
    reset_ok(env, obs);  // its no-op ends the game
    assert_string_equal(world.log, "R1RR10R");
    step_ok(env, 1, obs);
    dq_env_destroy(env);
}

/* The small ones */

static void rewards_become_their_sign(void **state)
{
    (void)state;
    static const float rewards[] = {0, -21, -0.5f, 0, 0.25f, 400};
    static const float want[] = {0, -1, -1, 0, 1, 1};
    dq_env *env;
    uint8_t obs[2];
    assert_int_equal(dq_wrap_clip_reward(&env, scripted_create(&world, "")), DQ_OK);
    memcpy(world.reward, rewards, sizeof(rewards));
    reset_ok(env, obs);
    for (int i = 1; i < 6; i++)
        assert_true(step_ok(env, 0, obs).reward == want[i]);
    dq_env_destroy(env);
}

static void buffer_keeps_the_last_ones_oldest_first(void **state)
{
    (void)state;
    dq_env *env;
    uint8_t obs[6];
    assert_int_equal(dq_wrap_buffer(&env, scripted_create(&world, ""), 3), DQ_OK);
    assert_int_equal(dq_env_get_spec(env)->obs.shape[0], 3);
    assert_int_equal(dq_space_bytes(&dq_env_get_spec(env)->obs), 6);
    reset_ok(env, obs);
    assert_memory_equal(obs, ((uint8_t[]){0, 0, 0, 0, 0, 200}), 6);
    step_ok(env, 0, obs);
    assert_memory_equal(obs, ((uint8_t[]){0, 0, 0, 200, 1, 199}), 6);
    step_ok(env, 0, obs);
    step_ok(env, 0, obs);
    assert_memory_equal(obs, ((uint8_t[]){1, 199, 2, 198, 3, 197}), 6);
    reset_ok(env, obs);
    assert_memory_equal(obs, ((uint8_t[]){0, 0, 0, 0, 4, 196}), 6);
    dq_env_destroy(env);
}

static void buffer_refuses_what_it_cannot_stack(void **state)
{
    (void)state;
    dq_env_spec spec = {"Wide-v0", {DQ_U8, 3, {2, 1, 1}, 0, 255}, 4, NULL, 0, 0};
    dq_env *inner, *env;
    assert_int_equal(dq_env_create(&inner, &scripted_ops, &spec, &world), DQ_OK);
    assert_int_equal(dq_wrap_buffer(&env, inner, 4), DQ_ERR_CONFIG);
    dq_env_destroy(inner);
    inner = scripted_create(&world, "");
    assert_int_equal(dq_wrap_buffer(&env, inner, 0), DQ_ERR_CONFIG);
    dq_env_destroy(inner);
}

typedef struct bytes_world {
    uint8_t bytes[256];
    size_t n;
} bytes_world;

static dq_status bytes_reset(void *self, void *obs)
{
    bytes_world *b = self;
    memcpy(obs, b->bytes, b->n);
    return DQ_OK;
}

static dq_status bytes_step(void *self, int action, void *obs, dq_step *result)
{
    (void)action;
    (void)result;
    return bytes_reset(self, obs);
}

static dq_env *bytes_create(bytes_world *b, dq_space obs)
{
    dq_env_ops ops = {.reset = bytes_reset, .step = bytes_step};
    dq_env_spec spec = {"Bytes-v0", obs, 1, NULL, 0, 0};
    dq_env *env;
    b->n = dq_space_bytes(&obs);
    for (int i = 0; i < 256; i++)
        b->bytes[i] = (uint8_t)i;
    assert_int_equal(dq_env_create(&env, &ops, &spec, b), DQ_OK);
    return env;
}

static void channels_come_to_the_front(void **state)
{
    (void)state;
    bytes_world b;
    dq_env *env;
    uint8_t obs[12];
    dq_space space = {DQ_U8, 3, {2, 3, 2}, 0, 255};
    assert_int_equal(dq_wrap_image_to_pytorch(&env, bytes_create(&b, space)), DQ_OK);
    assert_memory_equal(dq_env_get_spec(env)->obs.shape, ((int[]){2, 2, 3}), 3 * sizeof(int));
    reset_ok(env, obs);
    assert_memory_equal(obs, ((uint8_t[]){0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11}), 12);
    dq_env_destroy(env);
    dq_env *inner = bytes_create(&b, (dq_space){DQ_U8, 2, {2, 3}, 0, 255});
    assert_int_equal(dq_wrap_image_to_pytorch(&env, inner), DQ_ERR_CONFIG);
    dq_env_destroy(inner);
}

static void scaled_float_divides_by_255(void **state)
{
    (void)state;
    bytes_world b;
    dq_env *env;
    float obs[256];
    assert_int_equal(
        dq_wrap_scaled_float(&env, bytes_create(&b, (dq_space){DQ_U8, 1, {256}, 0, 255})), DQ_OK);
    const dq_space *space = &dq_env_get_spec(env)->obs;
    assert_int_equal(space->dtype, DQ_F32);
    assert_true(space->low == 0 && space->high == 1);
    assert_int_equal(dq_space_bytes(space), sizeof(obs));
    reset_ok(env, obs);
    for (int i = 0; i < 256; i++)
        assert_true(obs[i] == (float)i / 255.0f);  // a product with 1/255 differs for some
    dq_env *env2;
    assert_int_equal(dq_wrap_scaled_float(&env2, env), DQ_ERR_CONFIG);  // not bytes any more
    dq_env_destroy(env);
}

/* All of them */

static dq_env *tower_create(const char *script)
{
    dq_env *env = scripted_create(&world, script);
    assert_int_equal(dq_wrap_episodic_life(&env, env), DQ_OK);
    assert_int_equal(dq_wrap_noop_reset(&env, env, 30), DQ_OK);
    assert_int_equal(dq_wrap_max_and_skip(&env, env, 4), DQ_OK);
    assert_int_equal(dq_wrap_fire_reset(&env, env), DQ_OK);
    assert_int_equal(dq_wrap_image_to_pytorch(&env, env), DQ_OK);
    assert_int_equal(dq_wrap_buffer(&env, env, 4), DQ_OK);
    assert_int_equal(dq_wrap_clip_reward(&env, env), DQ_OK);
    assert_int_equal(dq_wrap_scaled_float(&env, env), DQ_OK);
    return env;
}

static void wrappers_pass_on_what_is_not_theirs(void **state)
{
    (void)state;
    dq_env *env = tower_create("");
    dq_image image;
    assert_string_equal(dq_env_get_spec(env)->id, "Scripted-v0");
    assert_int_equal(dq_env_get_spec(env)->n_actions, 4);
    assert_int_equal(dq_env_render(env, &image), DQ_OK);
    assert_ptr_equal(image.pixels, world.pixels);
    assert_int_equal(dq_env_seed(env, 99), DQ_OK);
    assert_int_equal(world.seed, 99);
    dq_env_destroy(env);
    assert_int_equal(world.n_destroyed, 1);
}

/** An environment that cannot continue: whatever a wrapper does when that happens, its caller
 *  hears. */
static void failures_are_passed_on(void **state)
{
    (void)state;
    enum { N_CALLS = 60 };
    for (int fails = 0; fails < N_CALLS; fails++) {
        dq_env *env = tower_create("");
        float obs[8];
        bool over = true;
        for (int i = 0; i < N_CALLS; i++) {
            world.lives[i] = 1 + i / 7 % 3;
            world.script[i] = i == fails ? 'E' : i % 13 == 12 || i % 5 == 1 ? 'T' : '.';
        }
        dq_status st = DQ_OK;
        while (world.n <= fails && st == DQ_OK) {
            dq_step result = {.terminated = false};
            st = over ? dq_env_reset(env, obs) : dq_env_step(env, 3, obs, &result);
            over = result.terminated;
        }
        assert_int_equal(st, DQ_ERR_IO);
        assert_int_equal(world.n, fails + 1);  // and nothing is asked of it any more
        dq_env_destroy(env);
    }
}

/** Play and note every observation and result. */
static void play(dq_env *env, int n, float obs[][8], dq_step *results)
{
    for (int i = 0; i < n; i++) {
        results[i] = step_ok(env, i % 4, obs[i]);
        if (results[i].terminated || results[i].truncated)
            reset_ok(env, obs[i]);
    }
}

static void saved_wrappers_go_on_the_same(void **state)
{
    (void)state;
    enum { N = 60 };
    static float first[N][8], second[N][8];
    dq_step first_results[N], second_results[N];
    dq_env *env = tower_create("");
    for (int i = 0; i < SCRIPT_CALLS; i++) {
        world.reward[i] = (float)(i % 3 - 1);
        world.lives[i] = 1 + i / 50 % 3;
        world.script[i] = i % 97 == 96 ? 'T' : '.';
    }
    float obs[8];
    size_t n;
    dq_writer *w;
    dq_reader *r;
    reset_ok(env, obs);
    play(env, 10, first, first_results);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    play(env, N, first, first_results);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_env_load(env, r), DQ_OK);
    assert_int_equal(dq_reader_left(r), 0);
    dq_reader_destroy(r);
    play(env, N, second, second_results);
    assert_memory_equal(first, second, sizeof(first));
    for (int i = 0; i < N; i++) {
        assert_true(first_results[i].reward == second_results[i].reward);
        assert_int_equal(first_results[i].terminated, second_results[i].terminated);
    }
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_env_load(env, r), DQ_ERR_INPUT);
        dq_reader_destroy(r);
    }
    dq_writer_destroy(w);
    dq_env_destroy(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skip_takes_the_maximum_of_the_last_two),
        cmocka_unit_test(skip_that_ends_early_looks_back_over_its_start),
        cmocka_unit_test(skip_by_other_numbers),
        cmocka_unit_test(fire_presses_1_and_2),
        cmocka_unit_test(fire_that_ends_the_game_resets_again),
        cmocka_unit_test(fire_is_refused_where_there_is_none),
        cmocka_unit_test(noops_are_1_to_30_each_as_likely),
        cmocka_unit_test(noops_are_those_of_the_seed),
        cmocka_unit_test(noop_that_ends_the_game_resets_and_goes_on),
        cmocka_unit_test(noops_are_refused_where_action_0_is_another),
        cmocka_unit_test(each_lost_life_ends_an_episode),
        cmocka_unit_test(life_lost_at_the_first_step_counts),
        cmocka_unit_test(cut_off_and_seeded_games_start_again),
        cmocka_unit_test(rewards_become_their_sign),
        cmocka_unit_test(buffer_keeps_the_last_ones_oldest_first),
        cmocka_unit_test(buffer_refuses_what_it_cannot_stack),
        cmocka_unit_test(channels_come_to_the_front),
        cmocka_unit_test(scaled_float_divides_by_255),
        cmocka_unit_test(wrappers_pass_on_what_is_not_theirs),
        cmocka_unit_test(failures_are_passed_on),
        cmocka_unit_test(saved_wrappers_go_on_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
