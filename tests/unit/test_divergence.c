/** Learning that diverges ends, and says so: nothing of it is kept as a model or a checkpoint. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/trainer_internal.h"
#include "deepq/train.h"
#include "nn/graph.h"
#include "on_device.h"

enum { GAME_STEPS = 5 };

/* A world of noise; its rewards rise from game to game, so that each is the best. */
typedef struct noise {
    dq_rng rng;
    int n_steps, n_games;
    float bad_reward;  // the one of the 60th step; 0: as always
} noise;

static void show(noise *w, uint8_t *obs)
{
    for (size_t i = 0; i < DQ_NET_OBS_BYTES; i += 8) {
        uint64_t bits = dq_rng_u64(&w->rng);
        memcpy(obs + i, &bits, 8);
    }
}

static dq_status noise_reset(void *self, void *obs)
{
    memset(obs, 0, DQ_NET_OBS_BYTES);
    show(self, obs);
    return DQ_OK;
}

static dq_status noise_step(void *self, int action, void *obs, dq_step *result)
{
    noise *w = self;
    (void)action;
    w->n_steps++;
    *result = (dq_step){.reward = (float)w->n_games, .terminated = w->n_steps % GAME_STEPS == 0};
    w->n_games += result->terminated;
    if (w->n_steps == 60 && w->bad_reward != 0.0f)
        result->reward = w->bad_reward;
    show(w, obs);
    return DQ_OK;
}

static dq_status noise_seed(void *self, uint64_t seed)
{
    ((noise *)self)->rng = dq_rng_stream(seed, "environment");
    return DQ_OK;
}

static dq_status noise_save(void *self, dq_writer *w)
{
    return dq_write(w, self, sizeof(noise));
}

static dq_status noise_load(void *self, dq_reader *r)
{
    return dq_read(r, self, sizeof(noise));
}

static dq_trainer *make_trainer(const dq_train_config *cfg, float bad_reward)
{
    static const dq_env_ops ops = {.reset = noise_reset,
                                   .step = noise_step,
                                   .seed = noise_seed,
                                   .save = noise_save,
                                   .load = noise_load,
                                   .destroy = free};
    static const dq_env_spec spec = {.id = "Noise-v0",
                                     .obs = {.dtype = DQ_U8,
                                             .n_dims = 3,
                                             .shape = {DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE},
                                             .high = 255},
                                     .n_actions = 2};
    noise *w = calloc(1, sizeof(*w));
    w->bad_reward = bad_reward;
    dq_env *env;
    dq_trainer *t;
    assert_int_equal(dq_env_create(&env, &ops, &spec, w), DQ_OK);
    assert_int_equal(dq_trainer_create(&t, cfg, env), DQ_OK);
    return t;
}

static const char NETWORK[] = "small";  // the cheapest

static dq_train_config config(double learning_rate, double priority_alpha)
{
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.device = test_device();
    cfg.network = NETWORK;
    cfg.batch = 2;
    cfg.replay_size = cfg.replay_start = 30;
    cfg.max_steps = 100;
    cfg.reward_bound = 1e12;
    cfg.learning_rate = learning_rate;
    cfg.priority_alpha = priority_alpha;
    cfg.checkpoint_every = 1;
    cfg.n_threads = 1;
    return cfg;
}

/** What is kept of a run: whether each best model and each checkpoint is of use. */
typedef struct keeper {
    dq_trainer *trainer;
    int n_best;
    int64_t saved_step;
} keeper;

static dq_status keep_best(void *ctx, const dq_progress *p, bool first)
{
    keeper *k = ctx;
    (void)p;
    (void)first;
    assert_true(dq_net_is_finite(dq_trainer_net(k->trainer)));
    k->n_best++;
    return DQ_OK;
}

static dq_status keep_checkpoint(void *ctx, const dq_progress *p)
{
    keeper *k = ctx;
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    dq_status st = dq_trainer_save(k->trainer, w);
    if (st == DQ_OK)
        k->saved_step = p->step;
    dq_writer_destroy(w);
    return st;
}

static void check_end(double learning_rate, double priority_alpha)
{
    dq_train_config cfg = config(learning_rate, priority_alpha);
    keeper k = {.trainer = make_trainer(&cfg, 0)};
    dq_train_events events = {.ctx = &k, .best = keep_best, .checkpoint = keep_checkpoint};
    bool solved;
    assert_int_equal(dq_trainer_run(k.trainer, &events, NULL, &solved), DQ_ERR_DIVERGED);
    assert_non_null(strstr(dq_errmsg(), "at frame "));
    assert_non_null(strstr(dq_errmsg(), "learning_rate below"));
    dq_progress p;
    dq_trainer_progress(k.trainer, &p);
    assert_in_range(p.step, 31, 99);
    assert_true(k.saved_step >= 29 && k.saved_step < p.step);
    assert_true(k.n_best >= 5);
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_trainer_save(k.trainer, w), DQ_ERR_DIVERGED);
    dq_writer_destroy(w);
    dq_trainer_destroy(k.trainer);
}

static void a_loss_or_weight_that_is_not_finite_ends_the_run(void **state)
{
    (void)state;
    check_end(1000, 0);
    check_end(1000, 0.6);
}

/** Also without events, and when it is the last step that did it. */
static void the_end_of_a_run_is_looked_at(void **state)
{
    (void)state;
    dq_train_config cfg = config(1e-4, 0);
    dq_trainer *t = make_trainer(&cfg, 0);
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    dq_tensor p[DQ_TENSORS_MAX];
    int n = dq_net_param_shapes(NETWORK, 2, p);
    for (int i = 0; i < n; i++)
        p[i].data = calloc(dq_tensor_elements(&p[i]), sizeof(float));
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        p[i].data[1] = bad[i];
        assert_int_equal(dq_learner_set_params(t->learner, p, (size_t)n), DQ_OK);
        assert_false(dq_net_is_finite(dq_trainer_net(t)));
        assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_ERR_DIVERGED);
        p[i].data[1] = 3e38f;
        assert_int_equal(dq_learner_set_params(t->learner, p, (size_t)n), DQ_OK);
        assert_true(dq_net_is_finite(dq_trainer_net(t)));
    }
    for (int i = 0; i < n; i++)
        free(p[i].data);
    dq_trainer_destroy(t);
}

/** As a program from before wrote it: the loss is the number after the rewards and the best. */
static void a_saved_run_that_diverged_is_refused(void **state)
{
    (void)state;
    dq_train_config cfg = config(1e-4, 0);
    dq_trainer *t = make_trainer(&cfg, 0);
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    dq_progress p;
    dq_trainer_progress(t, &p);
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_trainer_save(t, w), DQ_OK);
    size_t n, at = 0;
    const uint8_t *saved = dq_writer_bytes(w, &n);
    uint8_t *bytes = malloc(n);
    memcpy(bytes, saved, n);
    while (at + 8 < n && memcmp(bytes + at, &p.loss, 8) != 0)
        at++;
    const double nan = NAN;
    memcpy(bytes + at, &nan, 8);
    dq_reader *r;
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_trainer_load(t, r), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "diverged"));
    dq_reader_destroy(r);
    free(bytes);
    dq_writer_destroy(w);
    dq_trainer_destroy(t);
}

static void a_reward_that_is_not_finite_is_the_environments_fault(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY};
    for (int i = 0; i < 2; i++) {
        dq_train_config cfg = config(1e-4, 0);
        dq_trainer *t = make_trainer(&cfg, bad[i]);
        bool solved;
        assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_ERR_INPUT);
        assert_string_equal(dq_errmsg(), "Noise-v0: its reward at frame 60 is not finite");
        dq_writer *w;  // the step is half done: it cannot be continued, nor kept
        assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), "an environment failed at frame 60"));
        assert_int_equal(dq_writer_create(&w), DQ_OK);
        assert_int_equal(dq_trainer_save(t, w), DQ_ERR_CONFIG);
        dq_writer_destroy(w);
        dq_trainer_destroy(t);
    }
}

int main(void)
{
    if (test_device_is_missing())
        return DEVICE_SKIPPED;
    const struct CMUnitTest quick[] = {
        cmocka_unit_test(a_loss_or_weight_that_is_not_finite_ends_the_run),
    };
    if (getenv("DEEPQ_TEST_QUICK"))  // the emulation of a GPU is slow
        return cmocka_run_group_tests(quick, NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_or_weight_that_is_not_finite_ends_the_run),
        cmocka_unit_test(the_end_of_a_run_is_looked_at),
        cmocka_unit_test(a_saved_run_that_diverged_is_refused),
        cmocka_unit_test(a_reward_that_is_not_finite_is_the_environments_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
