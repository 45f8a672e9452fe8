/** Networks with normalisations (PyTorch's numbers of them are in test_heads.c): what must not
 * change a result, finite differences, initial values, names; and nets without a target network. */
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

#include "base/error.h"
#include "deepq/net.h"
#include "golden_numbers.h"
#include "nn/graph.h"

enum { N_ACTIONS = 3, BATCH = 7, ATOMS_MAX = 11 };

static const char *const networks[] = {
    "small norm",
    "nips streams 128 noisy norm c51 11 -2 3",
    "nature_same dueling norm qr 5",
    "mlp 9-33-20 norm",
    "mlp 5-24-17 streams 17 noisy norm c51 11 -2 3",
    "cnn 3x9x11-20k3s2-5k3s1-24 norm",
};

/** A net, and a batch that it learns from. */
typedef struct sample {
    dq_net *net;
    uint8_t *obs;
    int32_t action[BATCH];
    float target[BATCH * ATOMS_MAX];
} sample;

static sample begin(dq_net_config cfg)
{
    sample s;
    dq_rng rng = dq_rng_stream(5, "initialisation");
    cfg.batch = BATCH;
    cfg.learning_rate = 1e-3;
    assert_int_equal(dq_net_create(&s.net, &cfg), DQ_OK);
    dq_net_init(s.net, &rng);
    lcg = 3;
    size_t bytes = BATCH * dq_net_obs_bytes(s.net);
    s.obs = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        s.obs[i] = (uint8_t)(lcg_u32() >> 24);
    for (size_t i = 0; dq_network_is_mlp(cfg.network) && i < bytes / sizeof(float); i++)
        ((float *)(void *)s.obs)[i] = lcg_uniform();
    for (int i = 0; i < BATCH; i++)
        s.action[i] = i % N_ACTIONS;
    for (int i = 0; i < BATCH * ATOMS_MAX; i++)
        s.target[i] = 1.0f / ATOMS_MAX;
    return s;
}

static dq_net_config config_of(const char *network)
{
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.network = network;
    cfg.n_threads = 1;
    return cfg;
}

static void end(sample *s)
{
    free(s->obs);
    dq_net_destroy(s->net);
}

static void update(const sample *s, int n)
{
    for (int i = 0; i < n; i++)
        (void)dq_net_update(s->net, s->obs, s->action, s->target);
}

/** All that a net has learned, moments too, whatever its target network is. */
static dq_writer *saved(const dq_net *net)
{
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_net_save(net, w), DQ_OK);
    return w;
}

static void check_same(const dq_net *a, const dq_net *b, const char *what)
{
    dq_writer *of_a = saved(a), *of_b = saved(b);
    size_t n, n_b;
    const void *bytes = dq_writer_bytes(of_a, &n), *bytes_b = dq_writer_bytes(of_b, &n_b);
    if (n != n_b || memcmp(bytes, bytes_b, n) != 0)
        fail_msg("%s: %s differs", dq_net_network(a), what);
    dq_writer_destroy(of_a);
    dq_writer_destroy(of_b);
}

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(networks); i++)
        for (int clipped = 0; clipped < 2; clipped++) {
            dq_net_config cfg = config_of(networks[i]);
            cfg.gradient_norm = clipped ? 0.5 : 0;
            sample one = begin(cfg);
            update(&one, 3);
            for (int n = 2; n <= 3; n++) {
                cfg.n_threads = n;
                sample other = begin(cfg);
                update(&other, 3);
                check_same(one.net, other.net, "a net of more threads");
                end(&other);
            }
            end(&one);
        }
}

static void check_places(const char *isa)
{
    for (size_t i = 0; i < DQ_COUNT(networks); i++) {
        float all[BATCH * N_ACTIONS], one[N_ACTIONS];
        dq_net_config cfg = config_of(networks[i]);
        cfg.isa = isa;
        sample s = begin(cfg);
        dq_net_q(s.net, s.obs, BATCH, all);
        for (size_t j = 0; j < BATCH; j++) {
            dq_net_q(s.net, s.obs + j * dq_net_obs_bytes(s.net), 1, one);
            assert_memory_equal(one, all + j * N_ACTIONS, sizeof(one));
        }
        end(&s);
    }
}

static void a_state_has_one_value_wherever_it_stands(void **state)
{
    (void)state;
    on_every_level(check_places);
}

/** In bf16 the factors of products are rounded, and the rest is the same. */
static void bf16_is_near(void **state)
{
    (void)state;
    float q[BATCH * N_ACTIONS], rounded[BATCH * N_ACTIONS];
    dq_net_config cfg = config_of("small norm");
    cfg.isa = "ref";
    sample s = begin(cfg);
    dq_net_q(s.net, s.obs, BATCH, q);
    cfg.precision = "bf16";
    sample other = begin(cfg);
    dq_net_q(other.net, other.obs, BATCH, rounded);
    for (int i = 0; i < BATCH * N_ACTIONS; i++) {
        assert_true(q[i] < rounded[i] || q[i] > rounded[i]);
        assert_true(fabsf(q[i] - rounded[i]) < 0.02f);
    }
    update(&other, 2);
    assert_true(dq_net_is_finite(other.net));
    end(&s);
    end(&other);
}

static void make_tensors(const dq_net *net, dq_tensor *t)
{
    int n = dq_net_param_shapes(dq_net_network(net), N_ACTIONS, t);
    for (int i = 0; i < n; i++)
        t[i].data = calloc(dq_tensor_elements(&t[i]), sizeof(float));
}

static void free_tensors(const dq_net *net, dq_tensor *t)
{
    for (int i = 0; i < dq_net_n_tensors(dq_net_network(net)); i++)
        free(t[i].data);
}

static double loss_of(const sample *s)
{
    float q[BATCH * N_ACTIONS];
    double sum = 0;
    dq_net_q(s->net, s->obs, BATCH, q);
    for (int i = 0; i < BATCH; i++)
        sum += pow((double)q[i * N_ACTIONS + s->action[i]] - (double)s->target[i], 2) / BATCH;
    return sum;
}

/** Along the gradient of a tensor the directional derivative is its norm. */
static void check_differences(const char *network)
{
    sample s = begin(config_of(network));
    dq_tensor p[DQ_TENSORS_MAX], g[DQ_TENSORS_MAX];
    make_tensors(s.net, p);
    make_tensors(s.net, g);
    dq_net_get_params(s.net, p);
    dq_net_gradients(s.net, s.obs, s.action, s.target, g);
    int n_tensors = dq_net_n_tensors(network);
    for (int t = 0; t < n_tensors; t++) {
        size_t n = dq_tensor_elements(&g[t]);
        double norm = 0, loss[2], h = 5e-4;
        for (size_t i = 0; i < n; i++)
            norm += pow((double)g[t].data[i], 2);
        norm = sqrt(norm);
        for (int side = 0; side < 2; side++) {
            double by = (side ? 2 * h : -h) / norm;
            for (size_t i = 0; i < n; i++)
                p[t].data[i] += (float)(by * (double)g[t].data[i]);
            assert_int_equal(dq_net_set_params(s.net, p, (size_t)n_tensors), DQ_OK);
            loss[side] = loss_of(&s);
        }
        for (size_t i = 0; i < n; i++)
            p[t].data[i] -= (float)(h / norm * (double)g[t].data[i]);
        double slope = (loss[1] - loss[0]) / (2 * h);
        if (!(fabs(slope - norm) <= 0.02 * norm))
            fail_msg("%s, %s: slope %.6g, norm of the gradient %.6g", network, g[t].name, slope,
                     norm);
    }
    free_tensors(s.net, p);
    free_tensors(s.net, g);
    end(&s);
}

static void finite_differences_agree(void **state)
{
    (void)state;
    check_differences("mlp 9-33-20 norm");
    check_differences("mlp 9-20 streams 20 norm");
    check_differences("cnn 3x9x11-20k3s2-5k3s1-24 norm");
}

/** Outputs that are all the same have no variance, and no gradient that is not finite. */
static void equal_outputs_are_no_harm(void **state)
{
    (void)state;
    sample s = begin(config_of("small norm"));
    dq_tensor p[DQ_TENSORS_MAX];
    make_tensors(s.net, p);  // all zero
    assert_int_equal(dq_net_set_params(s.net, p, (size_t)dq_net_n_tensors("small norm")), DQ_OK);
    update(&s, 3);
    assert_true(dq_net_is_finite(s.net));
    free_tensors(s.net, p);
    end(&s);
}

/** Scales begin with 1 and shifts with 0; he_normal has its standard deviation and no biases. */
static void initial_values_are_what_they_are_known_for(void **state)
{
    (void)state;
    dq_net_config cfg = config_of("small norm");
    cfg.initialisation = "he_normal";
    sample s = begin(cfg);
    dq_tensor p[DQ_TENSORS_MAX];
    make_tensors(s.net, p);
    dq_net_get_params(s.net, p);
    for (int t = 0; t < dq_net_n_tensors("small norm"); t++) {
        size_t n = dq_tensor_elements(&p[t]);
        bool is_bias = strstr(p[t].name, "bias") != NULL;
        bool is_norm = !is_bias && p[t].n_dims != 2 && p[t].n_dims != 4;
        double sum = 0, squares = 0, beyond = 0, fan = (double)n / p[t].shape[0];
        for (size_t i = 0; i < n; i++) {
            double x = (double)p[t].data[i];
            sum += x;
            squares += x * x;
            beyond += fabs(x) > 2 * sqrt(2 / fan) ? 1 : 0;
            assert_true(!(is_bias && x != 0) && !(is_norm && x != 1));
        }
        if (is_bias || is_norm || n < 4000)
            continue;
        assert_true(fabs(sqrt(squares / (double)n) / sqrt(2 / fan) - 1) < 0.04);
        assert_true(fabs(sum / (double)n) < 4 * sqrt(2 / fan / (double)n));
        assert_true(fabs(beyond / (double)n - 0.0455) < 0.01);  // normal, not uniform
    }
    free_tensors(s.net, p);
    end(&s);
}

/** As PyTorch prints the modules of a Sequential. */
static void modules_are_printed(void **state)
{
    (void)state;
    char text[4096];
    dq_net_describe("nips norm", 4, text, sizeof(text));
    assert_string_equal(
        text, "DQN(\n"
              "  (conv): Sequential(\n"
              "    (0): Conv2d(4, 16, kernel_size=(8, 8), stride=(4, 4))\n"
              "    (1): LayerNorm((16, 20, 20), eps=1e-05, elementwise_affine=True, bias=True)\n"
              "    (2): ReLU()\n"
              "    (3): Conv2d(16, 32, kernel_size=(4, 4), stride=(2, 2))\n"
              "    (4): LayerNorm((32, 9, 9), eps=1e-05, elementwise_affine=True, bias=True)\n"
              "    (5): ReLU()\n"
              "  )\n"
              "  (fc): Sequential(\n"
              "    (0): Linear(in_features=2592, out_features=256, bias=True)\n"
              "    (1): LayerNorm((256,), eps=1e-05, elementwise_affine=True, bias=True)\n"
              "    (2): ReLU()\n"
              "    (3): Linear(in_features=256, out_features=4, bias=True)\n"
              "  )\n"
              ")");
    dq_net_describe("mlp 4-9-8-7-6 norm", 2, text, sizeof(text));
    assert_non_null(
        strstr(text, "  (9): Linear(in_features=7, out_features=6, bias=True)\n"
                     "  (10): LayerNorm((6,), eps=1e-05, elementwise_affine=True, bias=True)\n"
                     "  (11): ReLU()\n"
                     "  (12): Linear(in_features=6, out_features=2, bias=True)\n"));
}

/** Without a target network a net learns the same, and its target's values are its own. */
static void there_need_be_no_target_network(void **state)
{
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(networks); i++) {
        float q[BATCH * N_ACTIONS], of_target[BATCH * N_ACTIONS];
        dq_net_config cfg = config_of(networks[i]);
        sample usual = begin(cfg);
        cfg.no_target = true;
        sample s = begin(cfg), loaded = begin(cfg);
        update(&usual, 3);
        update(&s, 3);
        dq_net_q(s.net, s.obs, BATCH, q);
        dq_net_target_q(s.net, s.obs, BATCH, of_target);
        assert_memory_equal(q, of_target, sizeof(q));
        dq_net_sync_target(usual.net);
        dq_net_blend_target(s.net, 0.5);
        check_same(usual.net, s.net, "a net without a target network");
        dq_writer *w = saved(s.net);
        size_t n;
        const void *bytes = dq_writer_bytes(w, &n);
        dq_reader *r;
        assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
        assert_int_equal(dq_net_load(loaded.net, r), DQ_OK);
        dq_reader_destroy(r);
        dq_writer_destroy(w);
        update(&s, 2);
        update(&loaded, 2);
        check_same(s.net, loaded.net, "what was loaded");
        end(&usual);
        end(&s);
        end(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(a_state_has_one_value_wherever_it_stands),
        cmocka_unit_test(bf16_is_near),
        cmocka_unit_test(finite_differences_agree),
        cmocka_unit_test(equal_outputs_are_no_harm),
        cmocka_unit_test(initial_values_are_what_they_are_known_for),
        cmocka_unit_test(modules_are_printed),
        cmocka_unit_test(there_need_be_no_target_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
