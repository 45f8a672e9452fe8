/** The whole network: PyTorch's numbers, finite differences, and what must not change a result (the
 *  number of threads, the place in a batch, saving and loading). */
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
#include "nn/kernels.h"
#include "nn/net_internal.h"

enum { N_ACTIONS = 6, BATCH = 32 };

static const char *const levels[] = {"ref", "avx2", "avx512"};
static const char *precision = "fp32";  // of the nets: the tests run once for each
static const char *network = "nature";
static int n_tensors = DQ_TENSORS_MAX;  // of this network

/** Whether there is something to test at level i. */
static int has_level(int i)
{
    bool is_bf16 = strcmp(precision, "bf16") == 0;
    return (is_bf16 ? dq_kernels_bf16_for(levels[i]) : dq_kernels_for(levels[i])) != NULL;
}

static dq_net *make_net(const char *isa, int n_threads, int batch)
{
    dq_net *net;
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.isa = isa;
    cfg.n_threads = n_threads;
    cfg.batch = batch;
    cfg.precision = precision;
    cfg.network = network;
    assert_int_equal(dq_net_create(&net, &cfg), DQ_OK);
    assert_string_equal(dq_net_network(net), network);
    assert_string_equal(dq_net_precision(net), precision);
    return net;
}

static void make_params(dq_tensor params[DQ_TENSORS_MAX])
{
    n_tensors = dq_net_param_shapes(network, N_ACTIONS, params);
    for (int t = 0; t < n_tensors; t++)
        params[t].data = calloc(dq_tensor_elements(&params[t]), sizeof(float));
}

static void free_params(dq_tensor params[DQ_TENSORS_MAX])
{
    for (int t = 0; t < n_tensors; t++)
        free(params[t].data);
}

typedef struct sample {
    uint8_t *obs;
    int32_t action[BATCH];
    float target[BATCH];
} sample;

/** The golden run's weights, put into the net, and its batch. */
static sample golden_start(dq_net *net)
{
    dq_tensor params[DQ_TENSORS_MAX];
    lcg = strcmp(network, "nature") == 0 ? 1 : 2;  // why: make_nn_golden.py
    make_params(params);
    for (int t = 0; t < n_tensors; t++)
        for (size_t i = 0; i < dq_tensor_elements(&params[t]); i++)
            params[t].data[i] =
                lcg_uniform() * (strncmp(params[t].name, "fc", 2) ? 0.125f : 0.0625f);
    assert_int_equal(dq_net_set_params(net, params, (size_t)n_tensors), DQ_OK);
    free_params(params);
    sample s = {.obs = malloc((size_t)BATCH * DQ_NET_OBS_BYTES)};
    for (size_t i = 0; i < (size_t)BATCH * DQ_NET_OBS_BYTES; i++)
        s.obs[i] = (uint8_t)(lcg_u32() >> 24);
    for (int i = 0; i < BATCH; i++)
        s.action[i] = (int32_t)(lcg_u32() >> 16) % N_ACTIONS;
    for (int i = 0; i < BATCH; i++)
        s.target[i] = lcg_uniform();
    return s;
}

/** The oracle's numbers for this network, behind their first line: "# torch ..." */
static FILE *open_golden(const char *kind)
{
    char path[512], line[256];
    snprintf(path, sizeof(path), DEEPQ_TEST_DATA "/nn/%s_%s.txt", kind, network);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    return f;
}

static void check_q(FILE *f, dq_net *net, const sample *s, double tolerance)
{
    float q[BATCH * N_ACTIONS];
    dq_net_q(net, s->obs, BATCH, q);
    next_word(f, "q");
    for (int i = 0; i < BATCH * N_ACTIONS; i++)
        next_near(f, (double)q[i], tolerance);
}

static void check_gradients(FILE *f, dq_net *net, const sample *s)
{
    dq_tensor g[DQ_TENSORS_MAX];
    make_params(g);
    dq_net_gradients(net, s->obs, s->action, s->target, g);
    for (int t = 0; t < n_tensors; t++) {
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
    free_params(g);
}

static void check_against_pytorch(const char *isa)
{
    dq_net *net = make_net(isa, 2, BATCH);
    sample s = golden_start(net);
    FILE *f = open_golden("golden");
    for (int step = 0; step < 5; step++) {
        double want;
        next_word(f, "loss");
        assert_int_equal(fscanf(f, "%lf", &want), 1);
        if (step == 0) {
            check_q(f, net, &s, 1e-5);  // sums of 3136 terms, in another order
            check_gradients(f, net, &s);
        }
        double loss = (double)dq_net_update(net, s.obs, s.action, s.target);
        assert_true(fabs(loss - want) <= 1e-4 * want);
    }
    check_q(f, net, &s, 2e-3);  // Adam's first steps turn rounding in tiny gradients into 1e-4
    fclose(f);
    free(s.obs);
    dq_net_destroy(net);
}

/** Says which levels are not tested here. */
static void tell_missing_levels(void)
{
    for (int i = 0; i < 3; i++)
        if (!dq_kernels_for(levels[i]))
            printf("SKIP: kernels %s: not on this machine or not in this build\n", levels[i]);
}

static void pytorch_agrees(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        if (has_level(i))
            check_against_pytorch(levels[i]);
}

/** Relative distance of two arrays: root of the mean square. */
static double distance(const float *got, const float *want, size_t n)
{
    double apart = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)got[i] - (double)want[i];
        apart += d * d;
        size += (double)want[i] * (double)want[i];
    }
    return sqrt(apart / size);
}

/** Action values and gradients of the golden batch. */
typedef struct outcome {
    float q[BATCH * N_ACTIONS];
    dq_tensor g[DQ_TENSORS_MAX];
} outcome;

static void take_outcome(outcome *o, const char *isa)
{
    dq_net *net = make_net(isa, 0, BATCH);
    sample s = golden_start(net);
    make_params(o->g);
    dq_net_q(net, s.obs, BATCH, o->q);
    dq_net_gradients(net, s.obs, s.action, s.target, o->g);
    free(s.obs);
    dq_net_destroy(net);
}

/** tests/oracle/make_nn_bf16.py: how far PyTorch's autocast to bfloat16 is from its float32. Both
 *  are sums of the same number of rounding errors, but not the same errors: half as much again is
 *  left for that, and for Winograd's. */
static void bf16_is_as_near_as_pytorchs(void **state)
{
    (void)state;
    static outcome exact, got;
    precision = "fp32";
    take_outcome(&exact, NULL);
    precision = "bf16";
    for (int level = 0; level < 3; level++) {
        if (!has_level(level))
            continue;
        take_outcome(&got, levels[level]);
        FILE *f = open_golden("bf16");
        char name[64];
        double limit, d = distance(got.q, exact.q, (size_t)BATCH * N_ACTIONS);
        for (int t = -1; t < n_tensors; t++) {
            assert_int_equal(fscanf(f, "%63s %lf", name, &limit), 2);
            assert_string_equal(name, t < 0 ? "q" : exact.g[t].name);
            if (t >= 0)
                d = distance(got.g[t].data, exact.g[t].data, dq_tensor_elements(&exact.g[t]));
            print_message("%s %-14s %.4f, PyTorch %.4f\n", levels[level], name, d, limit);
            assert_true(d > 0 && d <= 1.5 * limit);
        }
        fclose(f);
        free_params(got.g);
    }
    free_params(exact.g);
}

/** d loss / d parameter by central differences along the gradient itself, one tensor at a time:
 *  there the directional derivative is the gradient's norm. */
static void finite_differences_agree(void **state)
{
    (void)state;
    dq_net *net = make_net(NULL, 0, BATCH);
    sample s = golden_start(net);
    dq_tensor p[DQ_TENSORS_MAX], g[DQ_TENSORS_MAX], moved[DQ_TENSORS_MAX];
    make_params(p);
    make_params(g);
    make_params(moved);
    dq_net_get_params(net, p);
    dq_net_gradients(net, s.obs, s.action, s.target, g);
    for (int t = 0; t < n_tensors; t++) {
        size_t n = dq_tensor_elements(&g[t]);
        double norm = 0, loss[2];
        for (size_t i = 0; i < n; i++)
            norm += (double)g[t].data[i] * (double)g[t].data[i];
        norm = sqrt(norm);
        double h = 1e-3 / norm;  // the loss changes by about 1e-3 each way: curvature stays small
        for (int side = 0; side < 2; side++) {
            for (int u = 0; u < n_tensors; u++)
                memcpy(moved[u].data, p[u].data, dq_tensor_elements(&p[u]) * sizeof(float));
            for (size_t i = 0; i < n; i++)
                moved[t].data[i] += (float)((side ? h : -h) * (double)g[t].data[i] / norm);
            assert_int_equal(dq_net_set_params(net, moved, (size_t)n_tensors), DQ_OK);
            float q[BATCH * N_ACTIONS];
            dq_net_q(net, s.obs, BATCH, q);
            loss[side] = 0;
            for (int i = 0; i < BATCH; i++) {
                double e = (double)q[i * N_ACTIONS + s.action[i]] - (double)s.target[i];
                loss[side] += e * e / BATCH;
            }
        }
        double slope = (loss[1] - loss[0]) / (2 * h);
        if (!(fabs(slope - norm) <= 0.01 * norm))
            fail_msg("%s: slope %.6g, norm of the gradient %.6g", g[t].name, slope, norm);
    }
    free_params(p);
    free_params(g);
    free_params(moved);
    free(s.obs);
    dq_net_destroy(net);
}

static void check_equal_params(dq_net *a, dq_net *b)
{
    dq_tensor p[DQ_TENSORS_MAX], q[DQ_TENSORS_MAX];
    make_params(p);
    make_params(q);
    dq_net_get_params(a, p);
    dq_net_get_params(b, q);
    for (int t = 0; t < n_tensors; t++)
        assert_memory_equal(p[t].data, q[t].data, dq_tensor_elements(&p[t]) * sizeof(float));
    free_params(p);
    free_params(q);
}

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    dq_net *net[4];
    enum { N_STEPS = 20 };
    for (int i = 0; i < 4; i++) {
        net[i] = make_net(NULL, i + 1, BATCH);
        sample s = golden_start(net[i]);
        for (int step = 0; step < N_STEPS; step++)
            dq_net_update(net[i], s.obs, s.action, s.target);
        free(s.obs);
        check_equal_params(net[0], net[i]);
    }
    for (int i = 0; i < 4; i++)
        dq_net_destroy(net[i]);
}

static void a_state_has_one_value_wherever_it_stands(void **state)
{
    (void)state;
    for (int l = 0; l < 3; l++) {
        if (!has_level(l))
            continue;
        dq_net *net = make_net(levels[l], 2, 11);  // smaller than what is asked for at once
        sample s = golden_start(net);
        float all[BATCH * N_ACTIONS], one[N_ACTIONS], target[BATCH * N_ACTIONS],
            some[7 * N_ACTIONS];
        dq_net_q(net, s.obs, BATCH, all);
        dq_net_target_q(net, s.obs, BATCH, target);
        assert_memory_equal(all, target, sizeof(all));
        dq_net_target_q(net, s.obs + (size_t)5 * DQ_NET_OBS_BYTES, 7, some);
        assert_memory_equal(target + 5 * N_ACTIONS, some, sizeof(some));
        for (int i = 0; i < BATCH; i++) {
            dq_net_q(net, s.obs + (size_t)i * DQ_NET_OBS_BYTES, 1, one);
            assert_memory_equal(one, all + i * N_ACTIONS, sizeof(one));
        }
        free(s.obs);
        dq_net_destroy(net);
    }
}

static void the_target_changes_only_when_it_is_copied(void **state)
{
    (void)state;
    dq_net *net = make_net(NULL, 0, BATCH);
    sample s = golden_start(net);
    float before[BATCH * N_ACTIONS], after[BATCH * N_ACTIONS];
    dq_net_target_q(net, s.obs, BATCH, before);
    dq_net_update(net, s.obs, s.action, s.target);
    dq_net_target_q(net, s.obs, BATCH, after);
    assert_memory_equal(before, after, sizeof(before));
    dq_net_sync_target(net);
    dq_net_target_q(net, s.obs, BATCH, after);
    assert_memory_not_equal(before, after, sizeof(before));
    free(s.obs);
    dq_net_destroy(net);
}

/** A net that has the same parameters; what its kernels need of them it makes from all. */
static dq_net *copy_of(const dq_net *net)
{
    dq_net *copy = make_net(NULL, 1, BATCH);
    dq_writer *w;
    dq_reader *r;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_net_save(net, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_net_load(copy, r), DQ_OK);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    return copy;
}

static void the_target_goes_a_part_of_the_way(void **state)
{
    (void)state;
    enum { FEW = 3 };
    static const double rates[] = {0.3, 1};
    for (size_t i = 0; i < DQ_COUNT(rates); i++) {
        dq_net *net = make_net(NULL, 2, BATCH);
        sample s = golden_start(net);
        float values[FEW * N_ACTIONS], again[FEW * N_ACTIONS];
        dq_net_update(net, s.obs, s.action, s.target);
        dq_net *before = copy_of(net);
        dq_net_blend_target(net, rates[i]);
        for (size_t p = 0; p < net->shape.n_params; p++) {
            double online = (double)net->online.params[p], old = (double)before->target.params[p];
            double want = rates[i] * online + (1 - rates[i]) * old;
            assert_true(rates[i] < 1 ? fabs((double)net->target.params[p] - want) <= 1e-7
                                     : net->target.params[p] == net->online.params[p]);
            assert_true(net->online.params[p] == before->online.params[p]);
        }
        dq_net *after = copy_of(net);
        dq_net_target_q(net, s.obs, FEW, values);
        dq_net_target_q(after, s.obs, FEW, again);
        assert_memory_equal(values, again, sizeof(values));
        dq_net_target_q(before, s.obs, FEW, again);
        assert_memory_not_equal(values, again, sizeof(values));
        dq_net_blend_target(before, rates[i]);  // on one thread
        assert_memory_equal(net->target.params, before->target.params,
                            net->shape.n_params * sizeof(float));
        dq_net_update(net, s.obs, s.action, s.target);  // with its own transposed weights
        dq_net_update(before, s.obs, s.action, s.target);
        assert_memory_equal(net->online.params, before->online.params,
                            net->shape.n_params * sizeof(float));
        free(s.obs);
        dq_net_destroy(net);
        dq_net_destroy(before);
        dq_net_destroy(after);
    }
}

static void a_loaded_net_learns_on_bit_for_bit(void **state)
{
    (void)state;
    dq_net *a = make_net(NULL, 0, BATCH), *b = make_net(NULL, 0, BATCH);
    sample s = golden_start(a);
    dq_writer *w;
    dq_reader *r;
    size_t n;
    for (int i = 0; i < 3; i++)
        dq_net_update(a, s.obs, s.action, s.target);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_net_save(a, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    for (size_t cut = 0; cut < n; cut += n / 20) {
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_net_load(b, r), DQ_ERR_INPUT);
        dq_reader_destroy(r);
    }
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_net_load(b, r), DQ_OK);
    assert_int_equal(dq_reader_left(r), 0);
    for (int i = 0; i < 3; i++) {
        dq_net_update(a, s.obs, s.action, s.target);
        dq_net_update(b, s.obs, s.action, s.target);
    }
    check_equal_params(a, b);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    free(s.obs);
    dq_net_destroy(a);
    dq_net_destroy(b);
}

/** A net that has learnt and then gets weights learns on from them as a new one does: Adam's
 * moments and its count of steps are forgotten. */
static void weights_that_are_set_begin_from_nothing(void **state)
{
    (void)state;
    dq_tensor p[DQ_TENSORS_MAX];
    dq_net *used = make_net(NULL, 1, BATCH), *fresh = make_net(NULL, 1, BATCH);
    sample s = golden_start(used);
    make_params(p);
    dq_net_get_params(used, p);
    for (int i = 0; i < 3; i++)
        (void)dq_net_update(used, s.obs, s.action, s.target);
    assert_int_equal(dq_net_set_params(used, p, (size_t)n_tensors), DQ_OK);
    assert_int_equal(dq_net_set_params(fresh, p, (size_t)n_tensors), DQ_OK);
    check_equal_params(used, fresh);
    for (int i = 0; i < 2; i++) {
        (void)dq_net_update(used, s.obs, s.action, s.target);
        (void)dq_net_update(fresh, s.obs, s.action, s.target);
    }
    check_equal_params(used, fresh);
    free_params(p);
    free(s.obs);
    dq_net_destroy(used);
    dq_net_destroy(fresh);
}

/** Inputs of one output of tensor t's layer: what is behind the first place of its weight's shape.
 */
static double fan_in(const dq_tensor *p, int t)
{
    const dq_tensor *weight = &p[t - t % 2];
    return (double)dq_tensor_elements(weight) / weight->shape[0];
}

static void initial_values_are_pytorchs(void **state)
{
    (void)state;
    dq_net *net = make_net(NULL, 1, BATCH);
    dq_rng rng = dq_rng_stream(1, "initialisation");
    dq_net_init(net, &rng);
    dq_tensor p[DQ_TENSORS_MAX];
    make_params(p);
    dq_net_get_params(net, p);
    size_t n_params = 0;
    for (int t = 0; t < n_tensors; t++) {
        size_t n = dq_tensor_elements(&p[t]);
        double bound = 1 / sqrt(fan_in(p, t)), sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) {
            double v = (double)p[t].data[i];
            assert_true(fabs(v) <= bound * (1 + 1e-6));
            sum += v;
            squares += v * v;
        }
        n_params += n;
        if (n < 1000)
            continue;
        double sd = bound / sqrt(3);  // of the uniform distribution
        assert_true(fabs(sum / (double)n) < 6 * sd / sqrt((double)n));
        assert_true(fabs(sqrt(squares / (double)n) / sd - 1) < 0.05);
    }
    // as PyTorch counts them: sum(p.numel() for p in net.parameters())
    static const struct {
        const char *name;
        size_t n_params;
    } pytorchs[] = {
        {"nature", 1687206}, {"nips", 677686}, {"small", 437094}, {"nature_same", 4046502}};
    for (size_t i = 0; i < sizeof(pytorchs) / sizeof(pytorchs[0]); i++)
        if (strcmp(network, pytorchs[i].name) == 0)
            assert_int_equal(n_params, pytorchs[i].n_params);
    free_params(p);
    dq_net_destroy(net);
}

/** Outputs beyond 32 lie in other blocks: there they are worth and learn what the first ones do. */
static void outputs_in_another_block_are_like_the_first(void **state)
{
    (void)state;
    enum { MANY = 70, SHIFT = 33 };
    for (int l = 0; l < 3; l++) {
        if (!has_level(l))
            continue;
        dq_net *few = make_net(levels[l], 1, BATCH), *many;
        sample s = golden_start(few);
        dq_net_config cfg = dq_net_config_default(MANY);
        cfg.isa = levels[l];
        cfg.n_threads = 1;
        cfg.network = network;
        cfg.precision = precision;
        assert_int_equal(dq_net_create(&many, &cfg), DQ_OK);
        dq_tensor p[DQ_TENSORS_MAX], wide[DQ_TENSORS_MAX];
        make_params(p);
        dq_net_get_params(few, p);
        dq_net_param_shapes(network, MANY, wide);
        for (int t = 0; t < n_tensors; t++) {
            size_t row = dq_tensor_elements(&p[t]) / (size_t)p[t].shape[0];
            size_t at = t + 2 < n_tensors ? 0 : SHIFT * row;
            wide[t].data = calloc(dq_tensor_elements(&wide[t]), sizeof(float));
            memcpy(wide[t].data + at, p[t].data, dq_tensor_elements(&p[t]) * sizeof(float));
        }
        assert_int_equal(dq_net_set_params(many, wide, (size_t)n_tensors), DQ_OK);
        float q[BATCH * N_ACTIONS], wide_q[BATCH * MANY];
        int32_t action[BATCH];
        dq_net_q(few, s.obs, BATCH, q);
        dq_net_q(many, s.obs, BATCH, wide_q);
        for (int i = 0; i < BATCH; i++) {
            assert_memory_equal(wide_q + i * MANY + SHIFT, q + i * N_ACTIONS,
                                N_ACTIONS * sizeof(float));
            action[i] = s.action[i] + SHIFT;
        }
        for (int step = 0; step < 3; step++)
            assert_true(dq_net_update(few, s.obs, s.action, s.target) ==
                        dq_net_update(many, s.obs, action, s.target));
        dq_net_get_params(few, p);
        dq_net_get_params(many, wide);
        for (int t = 0; t < n_tensors; t++) {
            size_t row = dq_tensor_elements(&p[t]) / (size_t)p[t].shape[0];
            size_t at = t + 2 < n_tensors ? 0 : SHIFT * row;
            assert_memory_equal(wide[t].data + at, p[t].data,
                                dq_tensor_elements(&p[t]) * sizeof(float));
            free(wide[t].data);
        }
        free_params(p);
        free(s.obs);
        dq_net_destroy(few);
        dq_net_destroy(many);
    }
}

/** The other initialisations: bounds and spread of each layer's weights, and its biases. */
static void initial_values_are_what_their_name_says(void **state)
{
    static const struct {
        const char *name;
        double gain;
        bool both_fans, zero_biases;
    } rules[] = {{"torch7", 1, false, false},
                 {"xavier", 6, true, true},
                 {"he", 6, false, true},
                 {"dopamine", 1.7320508, false, true}};
    (void)state;
    for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
        dq_net *net;
        dq_net_config cfg = dq_net_config_default(N_ACTIONS);
        dq_rng rng = dq_rng_stream(1, "initialisation");
        dq_tensor p[DQ_TENSORS_MAX];
        cfg.network = network;
        cfg.initialisation = rules[r].name;
        cfg.n_threads = cfg.batch = 1;
        assert_int_equal(dq_net_create(&net, &cfg), DQ_OK);
        make_params(p);
        dq_net_init(net, &rng);
        dq_net_get_params(net, p);
        for (int t = 0; t < n_tensors; t++) {
            const dq_tensor *w = &p[t - t % 2];
            double kernel = w->n_dims == 4 ? w->shape[2] * w->shape[3] : 1, squares = 0, most = 0;
            double fan = kernel * (w->shape[1] + (rules[r].both_fans ? w->shape[0] : 0));
            double bound = sqrt(rules[r].gain / fan);
            size_t n = dq_tensor_elements(&p[t]);
            for (size_t i = 0; i < n; i++) {
                squares += (double)p[t].data[i] * (double)p[t].data[i];
                most = fmax(most, fabs((double)p[t].data[i]));
            }
            assert_true(most <= bound * (1 + 1e-6));
            if (t % 2 && rules[r].zero_biases)
                assert_true(most == 0);
            else if (n > 1000)
                assert_true(most > 0.99 * bound &&
                            fabs(sqrt(3 * squares / (double)n) / bound - 1) < 0.05);
        }
        free_params(p);
        dq_net_destroy(net);
    }
}

/** Every network's tensors, by way of a model file's: recognised, taken, and by no other net. */
static void networks_are_told_apart(void **state)
{
    (void)state;
    dq_tensor p[DQ_TENSORS_MAX];
    dq_writer *w;
    dq_reader *r;
    size_t n_bytes;
    dq_net *net = make_net("ref", 1, 1);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_net_save(net, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n_bytes);
    make_params(p);
    size_t n = (size_t)n_tensors;
    assert_string_equal(dq_net_recognise(p, n), network);
    assert_null(dq_net_recognise(p, n - 1));
    assert_null(dq_net_recognise(p, 0));
    for (size_t i = 0; dq_net_network_name(i); i++) {
        dq_net *other;
        dq_net_config cfg = dq_net_config_default(N_ACTIONS);
        cfg.network = dq_net_network_name(i);
        cfg.n_threads = 1;
        assert_int_equal(dq_net_create(&other, &cfg), DQ_OK);
        bool same = strcmp(cfg.network, network) == 0;
        assert_int_equal(dq_net_set_params(other, p, n), same ? DQ_OK : DQ_ERR_INPUT);
        assert_true(same || strstr(dq_errmsg(), network));
        assert_int_equal(dq_reader_create(&r, bytes, n_bytes), DQ_OK);
        assert_int_equal(dq_net_load(other, r), same ? DQ_OK : DQ_ERR_INPUT);
        assert_true(same || strstr(dq_errmsg(), network));
        dq_reader_destroy(r);
        dq_net_destroy(other);
    }
    p[n - 1].shape[0]++;  // one action more than weights
    assert_null(dq_net_recognise(p, n));
    p[n - 1].shape[0]--;
    free_params(p);
    dq_writer_destroy(w);
    dq_net_destroy(net);
}

/** What the GPU module is compiled for. */
static void networks_are_printed_as_pytorch_does(void **state)
{
    (void)state;
    char text[1024], cut[40];
    dq_net_describe("nips", 4, text, sizeof(text));
    assert_string_equal(text, "DQN(\n"
                              "  (conv): Sequential(\n"
                              "    (0): Conv2d(4, 16, kernel_size=(8, 8), stride=(4, 4))\n"
                              "    (1): ReLU()\n"
                              "    (2): Conv2d(16, 32, kernel_size=(4, 4), stride=(2, 2))\n"
                              "    (3): ReLU()\n"
                              "  )\n"
                              "  (fc): Sequential(\n"
                              "    (0): Linear(in_features=2592, out_features=256, bias=True)\n"
                              "    (1): ReLU()\n"
                              "    (2): Linear(in_features=256, out_features=4, bias=True)\n"
                              "  )\n"
                              ")");
    dq_net_describe("nips", 4, cut, sizeof(cut));
    assert_memory_equal(cut, text, sizeof(cut) - 1);
    assert_int_equal(strlen(cut), sizeof(cut) - 1);
    dq_net_describe("no such", 4, text, sizeof(text));
    assert_string_equal(text, "");
}

static void wrong_models_and_settings_are_refused(void **state)
{
    (void)state;
    dq_net *net = make_net(NULL, 1, BATCH), *none;
    dq_tensor p[DQ_TENSORS_MAX];
    make_params(p);
    assert_int_equal(dq_net_set_params(net, p, 9), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "fc.2.bias"));
    p[9].shape[0] = 4;
    assert_int_equal(dq_net_set_params(net, p, 10), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "[4]"));
    free_params(p);
    dq_net_destroy(net);

    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.isa = "mmx";
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    cfg = dq_net_config_default(DQ_MAX_ACTIONS + 1);
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    cfg = dq_net_config_default(N_ACTIONS);
    cfg.batch = 0;
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    cfg = dq_net_config_default(N_ACTIONS);
    cfg.epsilon = 0;  // 0 / 0 for a parameter without a gradient
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    cfg = dq_net_config_default(N_ACTIONS);
    cfg.optimiser = DQ_OPTIMISER_RMSPROP;
    cfg.rmsprop_epsilon = 1e-60;
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    cfg = dq_net_config_default(N_ACTIONS);
    cfg.initialisation = "zeros";
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "pytorch, torch7, xavier, he, he_normal or dopamine"));
    cfg = dq_net_config_default(N_ACTIONS);
    cfg.network = "resnet";
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "nature, nips, small, nature_same, mlp or cnn"));
    assert_int_equal(dq_net_param_shapes("resnet", N_ACTIONS, p), 0);
    cfg = dq_net_config_default(N_ACTIONS);
    cfg.precision = "fp64";
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    cfg.precision = "tf32";
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_CONFIG);
    cfg.precision = "bf16";
    cfg.isa = "avx2";  // has no bf16
    assert_int_equal(dq_net_create(&none, &cfg), DQ_ERR_UNSUPPORTED);
    assert_null(none);
}

/** The largest network, which has the code of the others: under sanitizers it takes a slow machine
 *  many minutes. */
static bool is_left_out(void)
{
    return getenv("DEEPQ_TEST_QUICK") && strcmp(network, "nature_same") == 0;
}

int main(void)
{
    tell_missing_levels();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_agrees),
        cmocka_unit_test(finite_differences_agree),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(a_state_has_one_value_wherever_it_stands),
        cmocka_unit_test(the_target_changes_only_when_it_is_copied),
        cmocka_unit_test(the_target_goes_a_part_of_the_way),
        cmocka_unit_test(a_loaded_net_learns_on_bit_for_bit),
        cmocka_unit_test(weights_that_are_set_begin_from_nothing),
        cmocka_unit_test(initial_values_are_pytorchs),
        cmocka_unit_test(initial_values_are_what_their_name_says),
        cmocka_unit_test(outputs_in_another_block_are_like_the_first),
        cmocka_unit_test(networks_are_told_apart),
        cmocka_unit_test(networks_are_printed_as_pytorch_does),
        cmocka_unit_test(wrong_models_and_settings_are_refused),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    const struct CMUnitTest of_others[] = {
        cmocka_unit_test(pytorch_agrees),
        cmocka_unit_test(finite_differences_agree),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(a_state_has_one_value_wherever_it_stands),
        cmocka_unit_test(the_target_goes_a_part_of_the_way),
        cmocka_unit_test(a_loaded_net_learns_on_bit_for_bit),
        cmocka_unit_test(initial_values_are_pytorchs),
        cmocka_unit_test(initial_values_are_what_their_name_says),
        cmocka_unit_test(outputs_in_another_block_are_like_the_first),
        cmocka_unit_test(networks_are_told_apart),
    };
    for (size_t i = 1; (network = dq_net_network_name(i)); i++) {
        if (is_left_out())
            continue;
        print_message("%s:\n", network);
        n_failed += cmocka_run_group_tests(of_others, NULL, NULL);
    }
    const struct CMUnitTest in_bf16[] = {
        cmocka_unit_test(bf16_is_as_near_as_pytorchs),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(a_state_has_one_value_wherever_it_stands),
        cmocka_unit_test(the_target_changes_only_when_it_is_copied),
        cmocka_unit_test(the_target_goes_a_part_of_the_way),
        cmocka_unit_test(a_loaded_net_learns_on_bit_for_bit),
    };
    const struct CMUnitTest near_pytorch[] = {cmocka_unit_test(bf16_is_as_near_as_pytorchs)};
    const dq_kernels *k;
    bool reference_only = dq_kernels_choose(NULL, DQ_BF16, &k) != DQ_OK;
    if (reference_only) {
        printf("SKIP: bf16 but for its reference: %s\n", dq_errmsg());
        setenv("DEEPQ_ISA", "ref", 1);
    }
    precision = "bf16";
    for (size_t i = 0; (network = dq_net_network_name(i)); i++) {
        if (is_left_out())
            continue;
        print_message("%s in bf16:\n", network);
        // The reference takes minutes for large networks, which have the same code.
        if (reference_only && strcmp(network, "small") != 0)
            n_failed += cmocka_run_group_tests(near_pytorch, NULL, NULL);
        else
            n_failed += cmocka_run_group_tests(in_bf16, NULL, NULL);
    }
    return n_failed;
}
