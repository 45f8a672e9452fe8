/* Learning from vectors: the shape of an observation goes through actor, replay buffer, network and
 * checkpoint. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/env.h"
#include "own_world_run.h"

enum { MAX_ENVS = 3 };

/* ---------------------------------------------------------------- a world of our own */

/** A row of `size` numbers of which one is 1; action 0 is right where it is in the left half. */
typedef struct row_world {
    int size, at, n_steps;
    float elsewhere;  // what the others are
    dq_rng rng;
} row_world;

static void row_show(const row_world *w, void *obs)
{
    float *x = obs;
    for (int i = 0; i < w->size; i++)
        x[i] = i == w->at ? 1.0f : w->elsewhere;
}

static dq_status row_reset(void *self, void *obs)
{
    row_world *w = self;
    w->at = (int)dq_rng_below(&w->rng, (uint32_t)w->size);
    w->n_steps = 0;
    row_show(w, obs);
    return DQ_OK;
}

static dq_status row_step(void *self, int action, void *obs, dq_step *result)
{
    row_world *w = self;
    result->reward = (w->at < w->size / 2) == (action == 0) ? 1.0f : -1.0f;
    w->at = (int)dq_rng_below(&w->rng, (uint32_t)w->size);
    result->truncated = ++w->n_steps == 10;
    row_show(w, obs);
    return DQ_OK;
}

static dq_status row_seed(void *self, uint64_t seed)
{
    ((row_world *)self)->rng = dq_rng_stream(seed, "environment");
    return DQ_OK;
}

static dq_env *make_row(int size, float elsewhere)
{
    static const dq_env_ops ops = {
        .reset = row_reset, .step = row_step, .seed = row_seed, .destroy = free};
    const dq_env_spec spec = {
        .id = "Row-v0", .obs = {.dtype = DQ_F32, .n_dims = 1, .shape = {size}}, .n_actions = 2};
    row_world *w = calloc(1, sizeof(*w));
    dq_env *env;
    *w = (row_world){.size = size, .elsewhere = elsewhere};
    assert_int_equal(dq_env_create(&env, &ops, &spec, w), DQ_OK);
    return env;
}

/** Sizes that fill no row of the kernels, and one that does. */
static void a_world_of_any_length_is_learned(void **state)
{
    (void)state;
    static const int sizes[] = {2, 7, 32, 131};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        dq_train_config cfg = own_world_run();
        dq_trainer *t;
        bool solved;
        dq_progress p;
        cfg.replay_size = 3000;
        cfg.max_steps = sizes[i] > 100 ? 5000 : 1500;
        assert_int_equal(dq_trainer_create(&t, &cfg, make_row(sizes[i], 0)), DQ_OK);
        assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
        dq_trainer_progress(t, &p);
        if (p.reward < 7)  // of 10; at random it is 0
            fail_msg("%d numbers: the last game has a reward of %g", sizes[i], p.reward);
        dq_trainer_destroy(t);
    }
}

static void numbers_that_are_not_finite_end_the_run(void **state)
{
    (void)state;
    dq_train_config cfg = own_world_run();
    dq_trainer *t;
    bool solved;
    assert_int_equal(dq_trainer_create(&t, &cfg, make_row(5, NAN)), DQ_OK);
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "Row-v0: its observation at frame 1 is not finite"));
    dq_trainer_destroy(t);
}

/* ---------------------------------------------------------------- which network for which world */

static void refuses(const dq_train_config *cfg, dq_env *env, dq_status want, const char *words,
                    const char *more_words)
{
    dq_trainer *t;
    assert_int_equal(dq_trainer_create(&t, cfg, env), want);
    if (!strstr(dq_errmsg(), words) || !strstr(dq_errmsg(), more_words))
        fail_msg("'%s' does not say %s and %s", dq_errmsg(), words, more_words);
    dq_env_destroy(env);
}

static dq_env *make_shape(dq_dtype dtype, int n_dims, int first, int second)
{
    static const dq_env_ops ops = {
        .reset = row_reset, .step = row_step, .seed = row_seed, .destroy = free};
    const dq_env_spec spec = {
        .id = "Other-v0", .obs = {dtype, n_dims, {first, second}, 0, 1}, .n_actions = 2};
    dq_env *env;
    assert_int_equal(dq_env_create(&env, &ops, &spec, calloc(1, sizeof(row_world))), DQ_OK);
    return env;
}

static void networks_and_worlds_must_fit(void **state)
{
    (void)state;
    dq_env *pong;
    dq_train_config cfg = own_world_run();
    cfg.network = "nips";
    refuses(&cfg, make_row(4, 0), DQ_ERR_CONFIG, "nips", "Row-v0");
    cfg.network = "mlp";
    assert_int_equal(dq_env_make_book(&pong, "deepq/Pong-v0", NULL), DQ_OK);
    refuses(&cfg, pong, DQ_ERR_CONFIG, "mlp", "deepq/Pong-v0");
    cfg.network = NULL;
    refuses(&cfg, make_shape(DQ_F32, 2, 4, 4), DQ_ERR_CONFIG, "Other-v0", "float32 [1 to 16384]");
    refuses(&cfg, make_shape(DQ_F32, 0, 0, 0), DQ_ERR_CONFIG, "Other-v0", "float32 [1 to 16384]");
    refuses(&cfg, make_shape(DQ_I32, 1, 4, 0), DQ_ERR_CONFIG, "Other-v0",
            "uint8 [channels][height]");
    refuses(&cfg, make_shape(DQ_F32, 1, 16385, 0), DQ_ERR_CONFIG, "Other-v0", "16384");
    cfg.device = "cuda";
    refuses(&cfg, make_row(4, 0), DQ_ERR_UNSUPPORTED, "mlp 4-24", "--device cpu");
    cfg.device = NULL;
    cfg.precision = "bf16";
    refuses(&cfg, make_row(4, 0), DQ_ERR_CONFIG, "mlp 4-24", "fp32");
}

static void the_hidden_layers_are_those_that_were_chosen(void **state)
{
    (void)state;
    dq_train_config cfg = own_world_run();
    dq_trainer *t;
    cfg.network = "mlp";
    cfg.hidden[1] = 9;
    assert_int_equal(dq_trainer_create(&t, &cfg, make_row(5, 0)), DQ_OK);
    assert_string_equal(dq_trainer_backend(t).network, "mlp 5-24-9");
    assert_int_equal(dq_trainer_backend(t).n_threads, 1);
    assert_string_equal(dq_net_network(dq_trainer_net(t)), "mlp 5-24-9");
    dq_trainer_destroy(t);
}

/* ---------------------------------------------------------------- checkpoints */

typedef struct vector_run {
    const char *id;
    int n_envs, n_step;
    double priority_alpha;
    bool double_dqn, truncation_ends;
} vector_run;

static const vector_run runs[] = {
    {"CartPole-v1", 1, 1, 0, false, true},
    {"Acrobot-v1", 3, 3, 0.6, true, false},
    {"MountainCar-v0", 2, 1, 0, true, false},  // truncated at step 200, in the middle of this
};

static dq_trainer *create(const vector_run *run)
{
    dq_env *envs[MAX_ENVS];
    dq_trainer *t;
    dq_train_config cfg = own_world_run();
    cfg.n_envs = run->n_envs;
    cfg.n_step = run->n_step;
    cfg.priority_alpha = run->priority_alpha;
    cfg.priority_beta = 0.5;
    cfg.double_dqn = run->double_dqn;
    cfg.truncation_ends = run->truncation_ends;
    cfg.max_steps = 0;
    for (int i = 0; i < run->n_envs; i++)
        assert_int_equal(dq_env_make(&envs[i], run->id, NULL), DQ_OK);
    assert_int_equal(dq_trainer_create_many(&t, &cfg, envs), DQ_OK);
    return t;
}

typedef struct watch {
    int64_t until;
    int stop;
} watch;

static dq_status on_step(void *ctx, const dq_progress *p)
{
    watch *w = ctx;
    w->stop = p->step >= w->until;
    return DQ_OK;
}

static void play_until(dq_trainer *t, int64_t step)
{
    watch w = {.until = step};
    const dq_train_events events = {.ctx = &w, .step = on_step};
    bool solved;
    assert_int_equal(dq_trainer_run(t, &events, (const volatile int *)&w.stop, &solved),
                     DQ_ERR_INTERRUPTED);
}

static void a_resumed_run_goes_on_bit_for_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        dq_trainer *a = create(&runs[i]), *b = create(&runs[i]);
        play_until(a, 401);
        dq_writer *half = saved_run(a);
        play_until(a, 1003);
        dq_reader *r = reader_of(half);
        assert_int_equal(dq_trainer_load(b, r), DQ_OK);
        play_until(b, 1003);
        dq_writer *whole = saved_run(a), *parts = saved_run(b);
        assert_same_bytes(whole, parts);
        dq_reader_destroy(r);
        dq_writer_destroy(half);
        dq_writer_destroy(whole);
        dq_writer_destroy(parts);
        dq_trainer_destroy(a);
        dq_trainer_destroy(b);
    }
}

static void the_network_of_a_checkpoint_can_be_read_alone(void **state)
{
    (void)state;
    dq_trainer *t = create(&runs[0]);
    play_until(t, 150);
    dq_writer *w = saved_run(t);
    dq_reader *r = reader_of(w);
    dq_net *net;
    float obs[4] = {0.1f, -0.2f, 0.03f, 0.4f}, want[2], got[2];
    assert_int_equal(dq_trainer_load_net(&net, "mlp", r), DQ_OK);
    assert_string_equal(dq_net_network(net), "mlp 4-24");
    dq_net_q(dq_trainer_net(t), obs, 1, want);
    dq_net_q(net, obs, 1, got);
    assert_memory_equal(want, got, sizeof(want));
    dq_net_destroy(net);
    dq_reader_destroy(r);
    r = reader_of(w);
    assert_int_equal(dq_trainer_load_net(&net, "small", r), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "mlp 4-24"));
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    dq_trainer_destroy(t);
}

/** A file of another world's run, or with a name that promises more than is there. */
static void other_checkpoints_are_refused(void **state)
{
    (void)state;
    dq_trainer *cart = create(&runs[0]);
    vector_run car_run = runs[0];
    car_run.id = "MountainCar-v0";
    dq_trainer *car = create(&car_run);
    play_until(cart, 120);
    dq_writer *w = saved_run(cart);
    dq_reader *r = reader_of(w);
    assert_int_equal(dq_trainer_load(car, r), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "mlp 4-24"));
    assert_non_null(strstr(dq_errmsg(), "mlp 2-24"));
    dq_reader_destroy(r);
    size_t n, name_at = 8 + 4 + 8 + 8;
    const void *bytes = dq_writer_bytes(w, &n);
    static const char *const names[] = {"mlp 4-2048-2048-2048", "mlp 4-9999", "mlp", "nature", ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *changed = malloc(n);
        dq_net *net;
        memcpy(changed, bytes, n);
        assert_string_equal(changed + name_at, "mlp 4-24");
        memset(changed + name_at, 0, 32);
        memcpy(changed + name_at, names[i], strlen(names[i]));
        assert_int_equal(dq_reader_create(&r, changed, n), DQ_OK);
        assert_int_equal(dq_trainer_load_net(&net, "mlp", r), DQ_ERR_INPUT);
        assert_null(net);
        dq_reader_destroy(r);
        free(changed);
    }
    dq_writer_destroy(w);
    dq_trainer_destroy(cart);
    dq_trainer_destroy(car);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_world_of_any_length_is_learned),
        cmocka_unit_test(numbers_that_are_not_finite_end_the_run),
        cmocka_unit_test(networks_and_worlds_must_fit),
        cmocka_unit_test(the_hidden_layers_are_those_that_were_chosen),
        cmocka_unit_test(a_resumed_run_goes_on_bit_for_bit),
        cmocka_unit_test(the_network_of_a_checkpoint_can_be_read_alone),
        cmocka_unit_test(other_checkpoints_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
