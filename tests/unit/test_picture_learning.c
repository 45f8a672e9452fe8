/* Learning from pictures of any size by convolutions of any size: the shape of an observation goes
 * through actor, replay buffer, network, checkpoint and model file. */
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/env.h"
#include "deepq/policy.h"
#include "own_world_run.h"

/* ---------------------------------------------------------------- a world of our own */

typedef struct size_of {
    int channels, height, width;
} size_of;

/** A picture with one bright pixel; action 0 is right where it is in the left half. */
typedef struct dot_world {
    size_of size;
    int at, n_steps;
    dq_rng rng;
} dot_world;

static int n_pixels(const size_of *s)
{
    return s->channels * s->height * s->width;
}

static void dot_show(const dot_world *w, void *obs)
{
    memset(obs, 0, (size_t)n_pixels(&w->size));
    ((uint8_t *)obs)[w->at] = 255;
}

static void move(dot_world *w)
{
    w->at = (int)dq_rng_below(&w->rng, (uint32_t)n_pixels(&w->size));
}

static dq_status dot_reset(void *self, void *obs)
{
    dot_world *w = self;
    w->n_steps = 0;
    move(w);
    dot_show(w, obs);
    return DQ_OK;
}

static dq_status dot_step(void *self, int action, void *obs, dq_step *result)
{
    dot_world *w = self;
    bool is_left = w->at % w->size.width < w->size.width / 2;
    result->reward = is_left == (action == 0) ? 1.0f : -1.0f;
    move(w);
    result->truncated = ++w->n_steps == 10;
    dot_show(w, obs);
    return DQ_OK;
}

static dq_status dot_seed(void *self, uint64_t seed)
{
    ((dot_world *)self)->rng = dq_rng_stream(seed, "environment");
    return DQ_OK;
}

static dq_status dot_save(void *self, dq_writer *w)
{
    return dq_write(w, self, sizeof(dot_world));
}

static dq_status dot_load(void *self, dq_reader *r)
{
    return dq_read(r, self, sizeof(dot_world));
}

static dq_env *make_dot(size_of size)
{
    static const dq_env_ops ops = {.reset = dot_reset,
                                   .step = dot_step,
                                   .seed = dot_seed,
                                   .save = dot_save,
                                   .load = dot_load,
                                   .destroy = free};
    const dq_env_spec spec = {.id = "Dot-v0",
                              .obs = {.dtype = DQ_U8,
                                      .n_dims = 3,
                                      .shape = {size.channels, size.height, size.width},
                                      .high = 255},
                              .n_actions = 2};
    dot_world *w = calloc(1, sizeof(*w));
    dq_env *env;
    *w = (dot_world){.size = size};
    assert_int_equal(dq_env_create(&env, &ops, &spec, w), DQ_OK);
    return env;
}

static dq_train_config small_config(const char *convolutions)
{
    dq_train_config cfg = own_world_run();
    assert_int_equal(dq_train_config_set(&cfg, "convolutions", convolutions), DQ_OK);
    cfg.replay_size = 1000;
    cfg.learning_rate = 2e-3;
    cfg.epsilon_decay = 600;
    cfg.max_steps = 2500;
    return cfg;
}

static const struct {
    size_of size;
    const char *convolutions, *network;
} worlds[] = {
    {{1, 6, 7}, "8k3s1", "cnn 1x6x7-8k3s1-24"},  // a width that fills no vector of the kernels
    {{3, 9, 8}, "16k3s2", "cnn 3x9x8-16k3s2-24"},
    {{2, 12, 10}, "5k2s2,7k3s1", "cnn 2x12x10-5k2s2-7k3s1-24"},
    {{1, 2, 16}, "4k2s2,20k1s1", "cnn 1x2x16-4k2s2-20k1s1-24"},
};

static void pictures_of_any_size_are_learned(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
        dq_train_config cfg = small_config(worlds[i].convolutions);
        dq_trainer *t;
        bool solved;
        dq_progress p;
        assert_int_equal(dq_trainer_create(&t, &cfg, make_dot(worlds[i].size)), DQ_OK);
        assert_string_equal(dq_trainer_backend(t).network, worlds[i].network);
        assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
        dq_trainer_progress(t, &p);
        if (p.reward < 7)  // of 10; at random it is 0
            fail_msg("%s: the last game has a reward of %g", worlds[i].network, p.reward);
        dq_trainer_destroy(t);
    }
}

/* ---------------------------------------------------------------- saving */

static void run_to(dq_trainer *t)
{
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
}

static dq_trainer *create(int64_t max_steps)
{
    dq_env *envs[2];
    dq_trainer *t;
    dq_train_config cfg = small_config("5k2s2,7k3s1");
    cfg.n_envs = 2;
    cfg.n_step = 3;
    cfg.double_dqn = true;
    cfg.dueling = DQ_DUELING_STREAMS;
    cfg.noisy = DQ_NOISE_FACTORISED;
    cfg.max_steps = max_steps;
    for (int i = 0; i < 2; i++)
        envs[i] = make_dot((size_of){2, 12, 10});
    assert_int_equal(dq_trainer_create_many(&t, &cfg, envs), DQ_OK);
    return t;
}

static void a_resumed_run_goes_on_bit_for_bit(void **state)
{
    (void)state;
    dq_trainer *a = create(301), *b = create(701), *c = create(701);
    run_to(a);
    dq_writer *half = saved_run(a);
    dq_reader *r = reader_of(half);
    assert_int_equal(dq_trainer_load(b, r), DQ_OK);
    run_to(b);
    run_to(c);
    dq_writer *whole = saved_run(c), *parts = saved_run(b);
    assert_same_bytes(whole, parts);
    dq_reader_destroy(r);
    dq_writer_destroy(half);
    dq_writer_destroy(whole);
    dq_writer_destroy(parts);
    dq_trainer_destroy(a);
    dq_trainer_destroy(b);
    dq_trainer_destroy(c);
}

/** No tensor says the size of the pictures and the stride: the model's record does. */
static void a_model_plays_by_its_record(void **state)
{
    (void)state;
    const char *path = temp_path("model.dat");
    dq_trainer *t = create(150);
    dq_tensor tensors[32];
    dq_model_info info = dq_model_info_default();
    uint8_t obs[240];
    float want[2], got[2];
    dq_policy *policy;
    run_to(t);
    dq_net *net = (dq_net *)dq_trainer_net(t);
    int n = dq_net_param_shapes(dq_net_network(net), 2, tensors);
    for (int i = 0; i < n; i++)
        tensors[i].data = calloc(dq_tensor_elements(&tensors[i]), sizeof(float));
    dq_net_get_params(net, tensors);
    snprintf(info.network, sizeof(info.network), "%s", dq_net_network(net));
    assert_string_equal(info.network, "cnn 2x12x10-5k2s2-7k3s1-24 streams 24 noisy");
    assert_int_equal(dq_model_save_with(path, tensors, (size_t)n, &info), DQ_OK);
    assert_int_equal(dq_policy_load(&policy, path, NULL), DQ_OK);
    assert_int_equal(dq_policy_actions(policy), 2);
    assert_int_equal(dq_policy_obs_bytes(policy), sizeof(obs));
    for (size_t i = 0; i < sizeof(obs); i++)
        obs[i] = (uint8_t)(i * 7);
    dq_net *plain;  // without the noise of the trainer's
    dq_net_config cfg = dq_net_config_default(2);
    cfg.network = info.network;
    assert_int_equal(dq_net_create(&plain, &cfg), DQ_OK);
    assert_int_equal(dq_net_set_params(plain, tensors, (size_t)n), DQ_OK);
    dq_net_q(plain, obs, 1, want);
    dq_policy_values(policy, obs, got);
    assert_memory_equal(want, got, sizeof(want));
    dq_policy_destroy(policy);
    assert_int_equal(dq_model_save(path, tensors, (size_t)n), DQ_OK);  // without a record
    assert_int_equal(dq_policy_load(&policy, path, NULL), DQ_ERR_INPUT);
    for (int i = 0; i < n; i++)
        free(tensors[i].data);
    dq_net_destroy(plain);
    dq_trainer_destroy(t);
}

/* ---------------------------------------------------------------- which network for which world */

static void refuses(const dq_train_config *cfg, size_of size, dq_status want, const char *words,
                    const char *more_words)
{
    dq_trainer *t;
    dq_env *env = make_dot(size);
    assert_int_equal(dq_trainer_create(&t, cfg, env), want);
    if (!strstr(dq_errmsg(), words) || !strstr(dq_errmsg(), more_words))
        fail_msg("'%s' does not say %s and %s", dq_errmsg(), words, more_words);
    dq_env_destroy(env);
}

static void networks_and_pictures_must_fit(void **state)
{
    (void)state;
    const size_of size = {1, 6, 7}, large = {1, 513, 7};
    dq_train_config cfg = small_config("8k7s1");
    refuses(&cfg, size, DQ_ERR_CONFIG, "cnn 1x6x7-8k7s1-24", "that fit into them");
    cfg = small_config("8k3s1,8k3s1,8k3s1");
    refuses(&cfg, size, DQ_ERR_CONFIG, "1x6x7-8k3s1-8k3s1-8k3s1-24", "that fit into them");
    cfg = small_config("8k3s1");
    refuses(&cfg, large, DQ_ERR_CONFIG, "513x7", "that fit into them");
    cfg.network = "nature";
    refuses(&cfg, size, DQ_ERR_CONFIG, "nature is for pictures of 4x84x84", "Dot-v0 are 1x6x7");
    cfg.network = "mlp";
    refuses(&cfg, size, DQ_ERR_CONFIG, "mlp", "Dot-v0");
    cfg.network = "cnn";
    cfg.augment_shift = 4;
    refuses(&cfg, size, DQ_ERR_CONFIG, "augment_shift", "84x84");
    cfg.augment_shift = 0;
    cfg.device = "cuda";
    refuses(&cfg, size, DQ_ERR_UNSUPPORTED, "cnn 1x6x7", "--device cpu");
    cfg.device = NULL;
    cfg.precision = "bf16";
    refuses(&cfg, size, DQ_ERR_CONFIG, "cnn 1x6x7", "fp32");
}

static void texts_that_are_no_convolutions_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",          "16",
                                        "16k3",      "16k3s",
                                        "16k3s0",    "0k3s1",
                                        "16k33s1",   "513k3s1",
                                        "16k3s1,",   ",16k3s1",
                                        "16k3s1 ",   "16s1k3",
                                        "-1k3s1",    "16k3s1-16k3s1",
                                        "16k3s1,1x", "1k1s1,1k1s1,1k1s1,1k1s1",
                                        "0016k3s1"};
    dq_train_config cfg = small_config("16k3s1,32k8s4,1k1s1");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (dq_train_config_set(&cfg, "convolutions", texts[i]) != DQ_ERR_CONFIG)
            fail_msg("'%s' is taken", texts[i]);
        assert_non_null(strstr(dq_errmsg(), "convolutions"));
    }
    assert_string_equal(cfg.convolutions, "16k3s1,32k8s4,1k1s1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_of_any_size_are_learned),
        cmocka_unit_test(a_resumed_run_goes_on_bit_for_bit),
        IN_TEMP_FOLDER(a_model_plays_by_its_record),
        cmocka_unit_test(networks_and_pictures_must_fit),
        cmocka_unit_test(texts_that_are_no_convolutions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
