/** Multilayer perceptrons: PyTorch's numbers, finite differences, and what must not change a result
 *  (the place in a batch, saving and loading), for odd sizes on every instruction set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/net.h"
#include "golden_numbers.h"
#include "nn/graph.h"
#include "nn/kernels.h"

enum { BATCH = 32, MAX_ACTIONS = 40, MAX_INPUTS = 40 };

/** A network, and the batch that it learns from. */
typedef struct sample {
    char network[DQ_NETWORK_NAME];
    int n_actions, n_tensors;
    float obs[BATCH * MAX_INPUTS];
    int32_t action[BATCH];
    float target[BATCH];
    dq_net *net;
} sample;

static void make_tensors(const sample *s, dq_tensor *t)
{
    assert_int_equal(dq_net_param_shapes(s->network, s->n_actions, t), s->n_tensors);
    for (int i = 0; i < s->n_tensors; i++)
        t[i].data = calloc(dq_tensor_elements(&t[i]), sizeof(float));
}

static void free_tensors(const sample *s, dq_tensor *t)
{
    for (int i = 0; i < s->n_tensors; i++)
        free(t[i].data);
}

/** The weights and the batch of the golden run. */
static void begin_with(sample *s, const char *sizes, int n_actions, uint32_t seed, const char *isa,
                       dq_optimiser optimiser)
{
    dq_tensor p[DQ_TENSORS_MAX];
    dq_net_config cfg = dq_net_config_default(n_actions);
    cfg.optimiser = optimiser;
    *s = (sample){.n_actions = n_actions};
    snprintf(s->network, sizeof(s->network), "mlp %s", sizes);
    s->n_tensors = dq_net_n_tensors(s->network);
    cfg.network = s->network;
    cfg.batch = BATCH;
    cfg.isa = isa;
    cfg.learning_rate = 1e-3;
    assert_int_equal(dq_net_create(&s->net, &cfg), DQ_OK);
    assert_string_equal(dq_net_network(s->net), s->network);
    lcg = seed;
    make_tensors(s, p);
    for (int t = 0; t < s->n_tensors; t++)
        for (size_t i = 0; i < dq_tensor_elements(&p[t]); i++)
            p[t].data[i] = lcg_uniform() * 0.25f;
    assert_int_equal(dq_net_set_params(s->net, p, (size_t)s->n_tensors), DQ_OK);
    free_tensors(s, p);
    for (size_t i = 0; i < BATCH * (size_t)atoi(sizes); i++)
        s->obs[i] = lcg_uniform();
    for (int i = 0; i < BATCH; i++)
        s->action[i] = (int32_t)(lcg_u32() >> 16) % n_actions;
    for (int i = 0; i < BATCH; i++)
        s->target[i] = lcg_uniform();
}

static void begin(sample *s, const char *sizes, int n_actions, uint32_t seed, const char *isa)
{
    begin_with(s, sizes, n_actions, seed, isa, DQ_OPTIMISER_ADAM);
}

static void end(sample *s)
{
    dq_net_destroy(s->net);
}

static const float *obs_of(const sample *s, int i)
{
    return s->obs + (size_t)i * dq_net_obs_bytes(s->net) / sizeof(float);
}

/* ---------------------------------------------------------------- PyTorch */

static void check_q(FILE *f, const sample *s, double tolerance)
{
    float q[BATCH * MAX_ACTIONS];
    dq_net_q(s->net, s->obs, BATCH, q);
    next_word(f, "q");
    for (int i = 0; i < BATCH * s->n_actions; i++)
        next_near(f, (double)q[i], tolerance);
}

static void check_gradients(FILE *f, const sample *s)
{
    dq_tensor g[DQ_TENSORS_MAX];
    make_tensors(s, g);
    dq_net_gradients(s->net, s->obs, s->action, s->target, g);
    for (int t = 0; t < s->n_tensors; t++) {
        size_t n = dq_tensor_elements(&g[t]);
        double norm = 0;
        for (size_t i = 0; i < n; i++)
            norm += (double)g[t].data[i] * (double)g[t].data[i];
        norm = sqrt(norm);
        next_word(f, "grad");
        next_word(f, g[t].name);
        next_near(f, norm, 1e-5 * norm);
        for (size_t i = 0; i < 16; i++)
            next_near(f, (double)g[t].data[i * (n - 1) / 15], 1e-5 * norm);
    }
    free_tensors(s, g);
}

static void check_run(FILE *f, sample *s)
{
    for (int step = 0; step < 5; step++) {
        double want;
        next_word(f, "loss");
        assert_int_equal(fscanf(f, "%lf", &want), 1);
        if (step == 0) {
            check_q(f, s, 1e-6);
            check_gradients(f, s);
        }
        double loss = (double)dq_net_update(s->net, s->obs, s->action, s->target);
        assert_true(fabs(loss - want) <= 1e-4 * want);
    }
    check_q(f, s, 2e-3);  // Adam's first steps turn rounding in tiny gradients into 1e-3
}

/** 120 updates, over the one from which on rectified Adam knows its denominator. */
static void check_radam(FILE *f, const char *sizes, int n_actions, uint32_t seed, const char *isa)
{
    static sample s;
    begin_with(&s, sizes, n_actions, seed, isa, DQ_OPTIMISER_RADAM);
    for (int step = 0; step <= 120; step++) {
        double loss = (double)dq_net_update(s.net, s.obs, s.action, s.target);
        if (step % 10 != 0)
            continue;
        next_word(f, "loss");
        double want = next_number(f);
        check_near(loss, want, 1e-4 * want);
    }
    end(&s);
}

static void check_level(const char *isa)
{
    char line[64], sizes[32];
    int n_actions, n = 0;
    uint32_t seed;
    FILE *f = fopen(DEEPQ_TEST_DATA "/nn/mlp.txt", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    while (fscanf(f, " mlp %31s %d %u", sizes, &n_actions, &seed) == 3) {
        static sample s;
        begin(&s, sizes, n_actions, seed, isa);
        check_run(f, &s);
        end(&s);
        n++;
    }
    assert_int_equal(n, 4);
    assert_int_equal(fscanf(f, " radam %31s %d %u", sizes, &n_actions, &seed), 3);
    check_radam(f, sizes, n_actions, seed, isa);
    fclose(f);
}

static void pytorch_agrees(void **state)
{
    (void)state;
    on_every_level(check_level);
}

/* ---------------------------------------------------------------- what follows from the definition
 */

static double loss_of(const sample *s)
{
    float q[BATCH * MAX_ACTIONS];
    double sum = 0;
    dq_net_q(s->net, s->obs, BATCH, q);
    for (int i = 0; i < BATCH; i++) {
        double e = (double)q[i * s->n_actions + s->action[i]] - (double)s->target[i];
        sum += e * e / BATCH;
    }
    return sum;
}

/** Along the gradient itself the directional derivative is the gradient's norm. */
static void finite_differences_agree(void **state)
{
    (void)state;
    static sample s;
    dq_tensor p[DQ_TENSORS_MAX], g[DQ_TENSORS_MAX];
    begin(&s, "5-33-7", 3, 1, NULL);
    make_tensors(&s, p);
    make_tensors(&s, g);
    dq_net_get_params(s.net, p);
    dq_net_gradients(s.net, s.obs, s.action, s.target, g);
    for (int t = 0; t < s.n_tensors; t++) {
        size_t n = dq_tensor_elements(&g[t]);
        double norm = 0, loss[2], h = 2e-3;
        for (size_t i = 0; i < n; i++)
            norm += (double)g[t].data[i] * (double)g[t].data[i];
        norm = sqrt(norm);
        for (int side = 0; side < 2; side++) {
            double by = (side ? 2 * h : -h) / norm;  // to -h, and from there to +h
            for (size_t i = 0; i < n; i++)
                p[t].data[i] += (float)(by * (double)g[t].data[i]);
            assert_int_equal(dq_net_set_params(s.net, p, (size_t)s.n_tensors), DQ_OK);
            loss[side] = loss_of(&s);
        }
        for (size_t i = 0; i < n; i++)
            p[t].data[i] -= (float)(h / norm * (double)g[t].data[i]);
        double slope = (loss[1] - loss[0]) / (2 * h);
        if (!(fabs(slope - norm) <= 0.02 * norm))
            fail_msg("%s: slope %.6g, norm of the gradient %.6g", g[t].name, slope, norm);
    }
    free_tensors(&s, p);
    free_tensors(&s, g);
    end(&s);
}

static void check_places(const char *isa)
{
    static sample s;
    float all[BATCH * 3], one[3], target[BATCH * 3];
    begin(&s, "5-33-7", 3, 1, isa);
    dq_net_q(s.net, s.obs, BATCH, all);
    dq_net_target_q(s.net, s.obs, BATCH, target);
    assert_memory_equal(all, target, sizeof(all));
    for (int i = 0; i < BATCH; i++) {
        dq_net_q(s.net, obs_of(&s, i), 1, one);
        assert_memory_equal(one, all + i * 3, sizeof(one));
    }
    end(&s);
}

static void a_state_has_one_value_wherever_it_stands(void **state)
{
    (void)state;
    on_every_level(check_places);
}

static void the_target_changes_only_when_it_is_copied(void **state)
{
    (void)state;
    static sample s;
    float before[BATCH * 2], after[BATCH * 2];
    begin(&s, "4-128-128", 2, 2, NULL);
    dq_net_target_q(s.net, s.obs, BATCH, before);
    dq_net_update(s.net, s.obs, s.action, s.target);
    dq_net_target_q(s.net, s.obs, BATCH, after);
    assert_memory_equal(before, after, sizeof(before));
    float online[BATCH * 2], old[BATCH * 2], blended[BATCH * 2];
    dq_net_blend_target(s.net, 0);
    dq_net_target_q(s.net, s.obs, BATCH, after);
    assert_memory_equal(before, after, sizeof(before));
    dq_net_blend_target(s.net, 0.5);
    dq_net_target_q(s.net, s.obs, BATCH, blended);
    assert_memory_not_equal(before, blended, sizeof(before));
    dq_net_blend_target(s.net, 1);
    dq_net_q(s.net, s.obs, BATCH, online);
    dq_net_target_q(s.net, s.obs, BATCH, old);
    assert_memory_equal(online, old, sizeof(online));
    dq_net_sync_target(s.net);
    dq_net_target_q(s.net, s.obs, BATCH, after);
    assert_memory_not_equal(before, after, sizeof(before));
    assert_memory_not_equal(blended, after, sizeof(before));
    end(&s);
}

static void check_equal(const sample *a, const sample *b)
{
    dq_tensor p[DQ_TENSORS_MAX], q[DQ_TENSORS_MAX];
    make_tensors(a, p);
    make_tensors(b, q);
    dq_net_get_params(a->net, p);
    dq_net_get_params(b->net, q);
    for (int t = 0; t < a->n_tensors; t++)
        assert_memory_equal(p[t].data, q[t].data, dq_tensor_elements(&p[t]) * sizeof(float));
    free_tensors(a, p);
    free_tensors(b, q);
}

/** Loaded, a net learns on bit for bit; another network refuses what was saved. */
static void saved_nets_go_on_the_same(void **state)
{
    (void)state;
    static sample a, b, other;
    dq_writer *w;
    dq_reader *r;
    size_t n;
    begin(&a, "5-33-7", 3, 1, NULL);
    begin(&b, "5-33-7", 3, 2, NULL);
    begin(&other, "5-33-8", 3, 1, NULL);
    for (int i = 0; i < 3; i++)
        dq_net_update(a.net, a.obs, a.action, a.target);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_net_save(a.net, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    for (size_t cut = 0; cut < n; cut += n / 20) {
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_net_load(b.net, r), DQ_ERR_INPUT);
        dq_reader_destroy(r);
    }
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_net_load(other.net, r), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "mlp 5-33-7"));
    assert_non_null(strstr(dq_errmsg(), "mlp 5-33-8"));
    dq_reader_destroy(r);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_net_load(b.net, r), DQ_OK);
    dq_reader_destroy(r);
    for (int i = 0; i < 3; i++) {
        dq_net_update(a.net, a.obs, a.action, a.target);
        dq_net_update(b.net, a.obs, a.action, a.target);
    }
    check_equal(&a, &b);
    dq_writer_destroy(w);
    end(&a);
    end(&b);
    end(&other);
}

/** 4 inputs, 128 and 128 hidden, 2 actions: as torch.nn.Linear initialises them. */
static void initial_values_are_pytorchs(void **state)
{
    (void)state;
    static const double fan_in[] = {4, 128, 128};
    static sample s;
    dq_tensor p[DQ_TENSORS_MAX];
    dq_rng rng = dq_rng_stream(1, "initialisation");
    begin(&s, "4-128-128", 2, 2, NULL);
    dq_net_init(s.net, &rng);
    make_tensors(&s, p);
    dq_net_get_params(s.net, p);
    size_t n_params = 0;
    for (int t = 0; t < s.n_tensors; t++) {
        double bound = 1 / sqrt(fan_in[t / 2]), most = 0;
        size_t n = dq_tensor_elements(&p[t]);
        for (size_t i = 0; i < n; i++)
            most = fmax(most, fabs((double)p[t].data[i]));
        assert_true(most <= bound * (1 + 1e-6));
        assert_true(n < 100 || most > 0.9 * bound);
        n_params += n;
    }
    assert_int_equal(n_params, 17410);  // as PyTorch counts them
    assert_int_equal(dq_net_n_params(s.network, 2), 17410);
    free_tensors(&s, p);
    end(&s);
}

static void networks_are_recognised_and_printed(void **state)
{
    (void)state;
    static const char *const names[] = {"mlp 4-128-128", "mlp 1-1", "mlp 16384-2048-2048-2048-2048",
                                        "mlp 6-64"};
    dq_tensor p[DQ_TENSORS_MAX];
    char text[512];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int n = dq_net_param_shapes(names[i], 7, p);
        assert_int_equal(n, dq_net_n_tensors(names[i]));
        assert_string_equal(dq_net_recognise(p, (size_t)n), names[i]);
        assert_int_equal(dq_net_outputs(p, (size_t)n), 7);
        assert_null(dq_net_recognise(p, (size_t)n - 1));
        p[0].shape[0]++;  // more outputs than the next layer has inputs
        assert_null(dq_net_recognise(p, (size_t)n));
    }
    dq_net_describe("mlp 4-128-64", 2, text, sizeof(text));
    assert_string_equal(text, "Sequential(\n"
                              "  (0): Linear(in_features=4, out_features=128, bias=True)\n"
                              "  (1): ReLU()\n"
                              "  (2): Linear(in_features=128, out_features=64, bias=True)\n"
                              "  (3): ReLU()\n"
                              "  (4): Linear(in_features=64, out_features=2, bias=True)\n"
                              ")");
}

static void impossible_networks_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"mlp",
                                        "mlp 4",
                                        "mlp 4-",
                                        "mlp 4-0",
                                        "mlp -4-8",
                                        "mlp 4-2049",
                                        "mlp 16385-1",
                                        "mlp 4 8",
                                        "mlp 4-8-8-8-8-8",
                                        "mlp 4-8x",
                                        "mlp 04-8",
                                        "mlp  4-8",
                                        "mlp 99999999999999999999-1"};
    dq_net *net;
    dq_net_config cfg = dq_net_config_default(2);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cfg.network = names[i];
        assert_int_equal(dq_net_create(&net, &cfg), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), names[i]));
        assert_non_null(strstr(dq_errmsg(), "mlp 4-128-128"));
        assert_int_equal(dq_net_n_tensors(names[i]), 0);
    }
    cfg.network = "mlpx";
    assert_int_equal(dq_net_create(&net, &cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "nature_same, mlp or cnn"));
    cfg.network = "mlp 4-8";
    cfg.precision = "bf16";
    assert_int_equal(dq_net_create(&net, &cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "fp32"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_agrees),
        cmocka_unit_test(finite_differences_agree),
        cmocka_unit_test(a_state_has_one_value_wherever_it_stands),
        cmocka_unit_test(the_target_changes_only_when_it_is_copied),
        cmocka_unit_test(saved_nets_go_on_the_same),
        cmocka_unit_test(initial_values_are_pytorchs),
        cmocka_unit_test(networks_are_recognised_and_printed),
        cmocka_unit_test(impossible_networks_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
