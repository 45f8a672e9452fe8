/** Dueling, C51 and quantiles: PyTorch's outputs, targets, losses, gradients and steps on every
 *  instruction set; the edges of the projection and of the loss; names and constants. */
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
#include "nn/net_internal.h"
#include "nn/objective.h"

enum { MAX_BATCH = 32, MAX_OUTPUTS = 512, MAX_OBS = 4 * DQ_NET_OBS_BYTES, PICKS = 48, STEPS = 4 };

/** A network of tests/oracle/make_heads_golden.py, and the batch that it learns from. */
typedef struct sample {
    char network[DQ_NETWORK_NAME];
    int n_actions, n, n_tensors, n_atoms;
    bool is_vector;
    dq_tensor tensors[DQ_TENSORS_MAX];
    uint8_t *obs;
    int32_t action[MAX_BATCH];
    float weight[MAX_BATCH], reward[MAX_BATCH], discount[MAX_BATCH];
    dq_net *net;
    dq_rng noise, levels;
    float level[MAX_BATCH * DQ_ATOMS_MAX];
} sample;

static bool is_constant(const dq_tensor *t)
{
    return strcmp(t->name, "supports") == 0 || strcmp(t->name, "quantiles") == 0;
}

static void draw_weights(sample *s)
{
    s->n_tensors = dq_net_param_shapes(s->network, s->n_actions, s->tensors);
    assert_int_equal(s->n_tensors, dq_net_n_tensors(s->network));
    for (int t = 0; t < s->n_tensors; t++)
        s->tensors[t].data = calloc(dq_tensor_elements(&s->tensors[t]), sizeof(float));
    dq_net_get_params(s->net, s->tensors);  // for the constants
    for (int t = 0; t < s->n_tensors; t++) {
        dq_tensor *p = &s->tensors[t];
        float scale = s->is_vector ? 0.25f : strncmp(p->name, "fc", 2) ? 0.125f : 0.0625f;
        for (size_t i = 0; !is_constant(p) && i < dq_tensor_elements(p); i++)
            p->data[i] = lcg_uniform() * scale;
    }
    assert_int_equal(dq_net_set_params(s->net, s->tensors, (size_t)s->n_tensors), DQ_OK);
}

static void draw_batch(sample *s)
{
    size_t n = (size_t)s->n, bytes = n * dq_net_obs_bytes(s->net);
    s->obs = malloc(bytes);
    for (size_t i = 0; !s->is_vector && i < bytes; i++)
        s->obs[i] = (uint8_t)(lcg_u32() >> 24);
    for (size_t i = 0; s->is_vector && i < bytes / sizeof(float); i++)
        ((float *)(void *)s->obs)[i] = lcg_uniform();
    for (size_t i = 0; i < n; i++)
        s->action[i] = (int32_t)(lcg_u32() >> 16) % s->n_actions;
    for (size_t i = 0; i < n; i++)
        s->weight[i] = 0.75f + 0.25f * lcg_uniform();
    for (size_t i = 0; i < n; i++)
        s->reward[i] = lcg_uniform() * 3.0f;
    for (size_t i = 0; i < n; i++)
        s->discount[i] = lcg_u32() >> 30 == 0 ? 0.0f : 0.9f;
}

static void begin(sample *s, const char *network, int n_actions, int n, uint32_t seed, dq_loss loss,
                  const char *isa)
{
    dq_net_config cfg = dq_net_config_default(n_actions);
    *s = (sample){.n_actions = n_actions, .n = n};
    snprintf(s->network, sizeof(s->network), "%s", network);
    s->is_vector = dq_network_is_mlp(network);
    cfg.network = network;
    cfg.batch = n;
    cfg.isa = isa;
    cfg.loss = loss;
    cfg.learning_rate = 1e-3;
    cfg.n_threads = 1;
    assert_int_equal(dq_net_create(&s->net, &cfg), DQ_OK);
    assert_string_equal(dq_net_network(s->net), network);
    s->n_atoms = dq_net_atoms(s->net);
    s->noise = dq_rng_stream(seed, "noise");
    s->levels = dq_rng_stream(seed, "levels");
    lcg = seed;
    draw_weights(s);
    draw_batch(s);
}

static void end(sample *s)
{
    for (int t = 0; t < s->n_tensors; t++)
        free(s->tensors[t].data);
    free(s->obs);
    dq_net_destroy(s->net);
}

/* ---------------------------------------------------------------- PyTorch */

/** A line of make_heads_golden.py: a name, the sum, and some of the numbers. */
static void check_numbers(FILE *f, const char *name, const float *x, size_t n, double tolerance)
{
    double sum = 0, most = 0;
    size_t picks = n < PICKS ? n : PICKS;
    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i];
        most = fmax(most, fabs((double)x[i]));
    }
    next_word(f, name);
    next_near(f, sum, tolerance * most * sqrt((double)n) + 1e-9);
    for (size_t i = 0; i < picks; i++) {
        size_t at = n < PICKS ? i : i * (n - 1) / (PICKS - 1);
        next_near(f, (double)x[at], tolerance * most + 1e-9);
    }
}

/** Of IQN. */
static void choose_levels(sample *s)
{
    if (!strstr(s->network, "iqn"))
        return;
    for (int i = 0; i < s->n * s->n_atoms; i++)
        s->level[i] = (float)dq_rng_unit(&s->levels);
    dq_net_set_levels(s->net, s->level);
}

static void check_outputs(FILE *f, sample *s, double tolerance)
{
    static float y[MAX_BATCH * MAX_OUTPUTS];
    choose_levels(s);
    dq_net_online_outputs(s->net, s->obs, s->n, y);
    check_numbers(f, "y", y, (size_t)(s->n * s->n_actions * s->n_atoms), tolerance);
}

static void check_values(FILE *f, const sample *s)
{
    float q[MAX_BATCH * 40];
    dq_net_q(s->net, s->obs, s->n, q);
    check_numbers(f, "q", q, (size_t)(s->n * s->n_actions), 2e-5);
}

/** Of transitions to the states themselves. */
static void make_targets(sample *s, float *target)
{
    static float y[MAX_BATCH * MAX_OUTPUTS], q_of_target[MAX_BATCH * 40];
    float next[DQ_ATOMS_MAX];
    dq_objective o = dq_net_objective(s->net);
    choose_levels(s);
    dq_net_target_outputs(s->net, s->obs, s->n, y);
    dq_net_target_q(s->net, s->obs, s->n, q_of_target);
    for (int i = 0; i < s->n; i++) {
        const float *of_state = y + i * s->n_actions * s->n_atoms;
        const float *q = q_of_target + i * s->n_actions;
        dq_objective_distribution(&o, of_state + dq_argmax(q, s->n_actions) * s->n_atoms, next);
        dq_objective_targets(&o, s->reward[i], s->discount[i], next, target + i * s->n_atoms);
    }
}

static void check_gradients(FILE *f, sample *s, const float *target)
{
    dq_tensor g[DQ_TENSORS_MAX];
    memcpy(g, s->tensors, sizeof(g));
    for (int t = 0; t < s->n_tensors; t++)
        g[t].data = calloc(dq_tensor_elements(&g[t]), sizeof(float));
    dq_net_gradients_weighted(s->net, s->obs, s->action, target, s->weight, g);
    for (int t = 0; t < s->n_tensors; t++) {
        if (!is_constant(&g[t])) {
            next_word(f, "grad");
            check_numbers(f, g[t].name, g[t].data, dq_tensor_elements(&g[t]), 3e-5);
        }
        free(g[t].data);
    }
}

static void check_run(FILE *f, sample *s)
{
    static float target[MAX_BATCH * DQ_ATOMS_MAX];
    float error[MAX_BATCH];
    bool is_value = s->n_atoms == 1 && !strstr(s->network, "q");
    dq_net_draw_noise(s->net, &s->net->online, &s->noise);
    check_outputs(f, s, 2e-5);
    check_values(f, s);
    dq_net_draw_noise(s->net, &s->net->target, &s->noise);
    make_targets(s, target);
    check_numbers(f, "target", target, (size_t)(s->n * s->n_atoms), 2e-5);
    for (int step = 0; step < STEPS; step++) {
        dq_net_draw_noise(s->net, &s->net->online, &s->noise);
        choose_levels(s);
        next_word(f, "loss");
        double want = next_number(f);
        if (step > 0) {
            float loss =
                dq_net_update_weighted(s->net, s->obs, s->action, target, s->weight, error);
            check_near((double)loss, want, 2e-3 * fabs(want) + 1e-6);
            continue;
        }
        float losses[PICKS + 1];
        next_word(f, "losses");
        int n = s->n < PICKS ? s->n : PICKS;
        for (int i = 0; i <= n; i++)
            losses[i] = (float)next_number(f);
        check_gradients(f, s, target);
        float loss = dq_net_update_weighted(s->net, s->obs, s->action, target, s->weight, error);
        check_near((double)loss, want, 2e-5 * fabs(want));
        for (int i = 0; i < n && !is_value; i++)
            check_near((double)error[i], (double)losses[i + 1], 2e-5 * fabs((double)losses[0]));
    }
    dq_net_draw_noise(s->net, &s->net->online, &s->noise);
    check_outputs(f, s, 2e-2);  // Adam's first steps turn rounding in tiny gradients into 1e-3
}

static dq_loss loss_named(const char *name)
{
    if (strcmp(name, "half_mse") == 0)
        return DQ_LOSS_HALF_MSE;
    return strcmp(name, "huber") == 0 ? DQ_LOSS_HUBER : DQ_LOSS_MSE;
}

static void check_level(const char *isa)
{
    char network[DQ_NETWORK_NAME], loss[16], line[64];
    int n_actions, n, n_runs = 0;
    uint32_t seed;
    FILE *f = fopen(DEEPQ_TEST_DATA "/nn/heads.txt", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    while (fscanf(f, " network %95[^\n] %d %d %u %15s", network, &n_actions, &n, &seed, loss) ==
           5) {
        static sample s;
        begin(&s, network, n_actions, n, seed, loss_named(loss), isa);
        check_run(f, &s);
        end(&s);
        n_runs++;
    }
    fclose(f);
    assert_int_equal(n_runs, 39);
}

static void pytorch_agrees(void **state)
{
    (void)state;
    on_every_level(check_level);
}

/* ---------------------------------------------------------------- edges */

/** What moves beyond the range goes to its end; what falls on an atom stays there. */
static void the_projection_holds_at_its_edges(void **state)
{
    (void)state;
    const dq_objective o = {
        .head = DQ_HEAD_C51, .n_actions = 1, .n_atoms = 5, .low = -2, .high = 2};
    static const struct {
        float reward, discount, p[5], want[5];
    } cases[] = {
        {0, 1, {0.1f, 0.2f, 0.3f, 0.4f, 0}, {0.1f, 0.2f, 0.3f, 0.4f, 0}},
        {1, 1, {0.5f, 0, 0, 0, 0.5f}, {0, 0.5f, 0, 0, 0.5f}},
        {0.5f, 1, {0, 1, 0, 0, 0}, {0, 0.5f, 0.5f, 0, 0}},
        {-100, 1, {0.5f, 0, 0, 0, 0.5f}, {1, 0, 0, 0, 0}},
        {100, 0.5f, {0.5f, 0, 0, 0, 0.5f}, {0, 0, 0, 0, 1}},
        {1.25f, 0, {0.5f, 0, 0, 0, 0.5f}, {0, 0, 0, 0.75f, 0.25f}},
        {2, 0, {1, 0, 0, 0, 0}, {0, 0, 0, 0, 1}},
        {-2, 0, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0}},
        {0, 0.5f, {1, 0, 0, 0, 0}, {0, 1, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        float target[5];
        dq_objective_targets(&o, cases[i].reward, cases[i].discount, cases[i].p, target);
        for (int j = 0; j < 5; j++)
            if (!(fabsf(target[j] - cases[i].want[j]) < 1e-6f))
                fail_msg("case %zu, atom %d: %g, want %g", i, j, (double)target[j],
                         (double)cases[i].want[j]);
    }
}

/** The loss and its slope left of, at and right of the threshold and of zero, for any number of
 *  targets. */
static void the_quantile_loss_holds_at_its_edges(void **state)
{
    (void)state;
    static const float at[] = {-3, -1.001f, -1, -0.999f, -1e-3f, 0, 1e-3f, 0.999f, 1, 1.001f, 3};
    for (int n = 1; n <= 19; n++)
        for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
            float target[19], dy;
            double want = 0, slope = 0, level = 0.3;
            for (int j = 0; j < n; j++) {
                target[j] = (float)j * 0.25f - 1.0f;
                double u = (double)target[j] - (double)at[i], size = fabs(u);
                double weight = fabs(level - (u < 0 ? 1 : 0));
                want += weight * (size <= 1 ? u * u / 2 : size - 0.5) / n;
                slope -= weight * fmax(-1, fmin(1, u)) / n;
            }
            double loss = dq_objective_quantile(n, at[i], (float)level, target, &dy);
            assert_true(fabs(loss - want) < 1e-5 && fabs((double)dy - slope) < 1e-5);
        }
}

/** Large logits overflow nowhere. */
static void large_logits_have_a_finite_loss(void **state)
{
    (void)state;
    const float y[3] = {1000, -1000, 999}, target[3] = {0.25f, 0, 0.75f};
    float dy[3];
    double loss = dq_objective_cross_entropy(3, y, target, dy);
    assert_true(fabs(loss - (log(1 + exp(-1)) + 0.75)) < 1e-4);
    assert_true(dy[1] == 0.0f && fabsf(dy[0] + dy[2]) < 1e-6f);
}

/* ---------------------------------------------------------------- names */

static void networks_are_recognised_by_their_tensors(void **state)
{
    (void)state;
    static const char *const names[] = {"nature dueling",
                                        "nature streams 256",
                                        "small streams 256 c51 51 -10 10",
                                        "nips qr 200",
                                        "nature_same dueling c51 2 -0.5 0.25",
                                        "mlp 4-128-64 dueling",
                                        "mlp 4-64 streams 64 qr 8",
                                        "nature noisy",
                                        "small streams 128 noisy c51 51 -10 10",
                                        "mlp 4-64 streams 64 noisy qr 8",
                                        "mlp 4-16-8 noisy",
                                        "small dueling iqn 64 40",
                                        "mlp 4-16-8 iqn 64 33",
                                        "mlp 4-16-12-8 streams 8 noisy iqn 64 35",
                                        "mlp 4-64 c51 51 0 200",
                                        "nature norm",
                                        "small streams 128 noisy norm c51 51 -10 10",
                                        "nature_same dueling norm qr 4",
                                        "mlp 4-64-32 norm",
                                        "mlp 4-64 streams 64 norm qr 8",
                                        "mlp 4-64-64 dueling noisy norm",
                                        "mlp 7-8-8-8-8 streams 8 c51 3 -1 1"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        static sample s;
        begin(&s, names[i], 3, 1, 1, DQ_LOSS_MSE, NULL);
        assert_string_equal(dq_net_recognise(s.tensors, (size_t)s.n_tensors), names[i]);
        assert_int_equal(dq_net_outputs(s.tensors, (size_t)s.n_tensors), 3);
        assert_null(dq_net_recognise(s.tensors + 1, (size_t)s.n_tensors - 1));
        if (s.n_atoms > 3) {  // constants that are not evenly spaced
            s.tensors[s.n_tensors - 1].data[s.n_atoms / 2] += 0.1f;
            assert_null(dq_net_recognise(s.tensors, (size_t)s.n_tensors));
        }
        end(&s);
    }
}

/** Another head or number of atoms: what the model has and what is needed. */
static void another_heads_model_is_refused(void **state)
{
    (void)state;
    static sample a, b, c;
    begin(&a, "mlp 4-8 c51 51 -10 10", 2, 1, 1, DQ_LOSS_MSE, NULL);
    begin(&b, "mlp 4-8 c51 51 -10 20", 2, 1, 1, DQ_LOSS_MSE, NULL);
    begin(&c, "mlp 4-8", 2, 1, 1, DQ_LOSS_MSE, NULL);
    assert_int_equal(dq_net_set_params(a.net, b.tensors, (size_t)b.n_tensors), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), b.network));
    assert_non_null(strstr(dq_errmsg(), a.network));
    assert_int_equal(dq_net_set_params(a.net, c.tensors, (size_t)c.n_tensors), DQ_ERR_INPUT);
    assert_int_equal(dq_net_set_params(c.net, a.tensors, (size_t)a.n_tensors), DQ_ERR_INPUT);
    end(&a);
    end(&b);
    end(&c);
}

static void impossible_words_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"nature duel",
                                        "nature dueling streams 512",
                                        "nature streams 100",
                                        "nature streams",
                                        "nature c51",
                                        "nature noisy noisy",
                                        "nature independent",
                                        "nature noisy dueling",
                                        "nature norm noisy",
                                        "nature norm norm",
                                        "nature qr 5 norm",
                                        "nature norm iqn 5 5",
                                        "nature c51 1 -10 10",
                                        "nature c51 51 10 -10",
                                        "nature c51 51 1 1",
                                        "nature c51 513 -1 1",
                                        "nature qr 0",
                                        "nature qr 5.5",
                                        "nature iqn 5",
                                        "nature iqn 0 5",
                                        "nature iqn 5 513",
                                        "mlp 4-8 iqn 5 5",
                                        "nature qr 5 c51 51 -10 10",
                                        "nature ",
                                        "nature c51 51 nan 1",
                                        "nature c51 51 -1 inf",
                                        "mlp 4-8 streams 9",
                                        "mlp 4-8 qr",
                                        "mlp 4-8 value"};
    dq_net *net;
    dq_net_config cfg = dq_net_config_default(2);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cfg.network = names[i];
        assert_int_equal(dq_net_create(&net, &cfg), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), names[i]));
    }
}

/** A number may be written in several ways; the name has one. */
static void names_are_plain(void **state)
{
    (void)state;
    dq_net *net;
    dq_net_config cfg = dq_net_config_default(2);
    cfg.network = "mlp 4-8 dueling c51 051 -1e1 1.00e1";
    assert_int_equal(dq_net_create(&net, &cfg), DQ_OK);
    assert_string_equal(dq_net_network(net), "mlp 4-8 dueling c51 51 -10 10");
    dq_net_destroy(net);
    cfg.network = "mlp 4-8 c51 51 -1.2345678 9.8765432";  // of a float no digit is lost
    assert_int_equal(dq_net_create(&net, &cfg), DQ_OK);
    assert_string_equal(dq_net_network(net), "mlp 4-8 c51 51 -1.23456776 9.87654305");
    dq_net_destroy(net);
}

static void modules_are_printed(void **state)
{
    (void)state;
    char text[1024];
    dq_net_describe("mlp 4-16-8 streams 8 qr 5", 3, text, sizeof(text));
    assert_string_equal(text, "DQN(\n"
                              "  (fc): Sequential(\n"
                              "    (0): Linear(in_features=4, out_features=16, bias=True)\n"
                              "    (1): ReLU()\n"
                              "  )\n"
                              "  (fc_adv): Sequential(\n"
                              "    (0): Linear(in_features=16, out_features=8, bias=True)\n"
                              "    (1): ReLU()\n"
                              "    (2): Linear(in_features=8, out_features=15, bias=True)\n"
                              "  )\n"
                              "  (fc_val): Sequential(\n"
                              "    (0): Linear(in_features=16, out_features=8, bias=True)\n"
                              "    (1): ReLU()\n"
                              "    (2): Linear(in_features=8, out_features=5, bias=True)\n"
                              "  )\n"
                              ")");
    dq_net_describe("mlp 4-16-8 noisy iqn 5 3", 3, text, sizeof(text));
    assert_string_equal(text, "DQN(\n"
                              "  (embedding): Sequential(\n"
                              "    (0): Linear(in_features=64, out_features=16, bias=True)\n"
                              "    (1): ReLU()\n"
                              "  )\n"
                              "  (fc): Sequential(\n"
                              "    (0): NoisyLinear(in_features=4, out_features=16, bias=True)\n"
                              "    (1): ReLU()\n"
                              "    (2): NoisyLinear(in_features=16, out_features=8, bias=True)\n"
                              "    (3): ReLU()\n"
                              "    (4): NoisyLinear(in_features=8, out_features=3, bias=True)\n"
                              "  )\n"
                              ")");
}

/** A net that was saved learns on bit for bit; the weights between streams stay zero. */
static void saved_nets_go_on_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {
        "small streams 128 c51 11 -1 1",  "mlp 4-8-6 streams 6 qr 9",          "nips dueling noisy",
        "mlp 4-8-6 streams 6 noisy qr 9", "mlp 4-8-6 streams 6 noisy iqn 5 3", "small iqn 3 2"};
    for (int i = 0; i < 6; i++) {
        static sample a, b;
        static float target[MAX_BATCH * DQ_ATOMS_MAX];
        dq_writer *w;
        dq_reader *r;
        size_t n;
        float y[2][2 * 5 * 11];
        begin(&a, names[i], 5, 2, 3, DQ_LOSS_MSE, NULL);
        begin(&b, names[i], 5, 2, 4, DQ_LOSS_MSE, NULL);
        make_targets(&a, target);
        dq_net_set_levels(a.net, NULL);
        dq_net_update(a.net, a.obs, a.action, target);
        assert_int_equal(dq_writer_create(&w), DQ_OK);
        assert_int_equal(dq_net_save(a.net, w), DQ_OK);
        const void *bytes = dq_writer_bytes(w, &n);
        assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
        assert_int_equal(dq_net_load(b.net, r), DQ_OK);
        dq_net_update(a.net, a.obs, a.action, target);
        dq_net_update(b.net, a.obs, a.action, target);
        dq_net_online_outputs(a.net, a.obs, 2, y[0]);
        dq_net_online_outputs(b.net, a.obs, 2, y[1]);
        assert_memory_equal(y[0], y[1], (size_t)(2 * 5 * a.n_atoms) * sizeof(float));
        dq_reader_destroy(r);
        dq_writer_destroy(w);
        end(&a);
        end(&b);
    }
}

/** A target network that was copied computes what the online network does, and one that has gone
 * half of the way does not. */
static void a_copied_target_is_the_online_network(void **state)
{
    (void)state;
    static const char *const names[] = {
        "small noisy",          "nips streams 128 noisy independent",
        "mlp 4-8-6 noisy qr 3", "small c51 5 -1 1",
        "small iqn 5 3",        "mlp 4-8-6 iqn 3 2"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        static sample s;
        static float target[MAX_BATCH * DQ_ATOMS_MAX], y[2][2 * 3 * 5];
        begin(&s, names[i], 3, 2, 5, DQ_LOSS_MSE, NULL);
        make_targets(&s, target);
        for (int half = 0; half < 2; half++) {
            dq_net_update(s.net, s.obs, s.action, target);
            if (half)
                dq_net_blend_target(s.net, 0.5);
            else
                dq_net_sync_target(s.net);
            dq_net_online_outputs(s.net, s.obs, 2, y[0]);
            dq_net_target_outputs(s.net, s.obs, 2, y[1]);
            assert_int_equal(memcmp(y[0], y[1], (size_t)(6 * s.n_atoms) * sizeof(float)) == 0,
                             !half);
        }
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_agrees),
        cmocka_unit_test(the_projection_holds_at_its_edges),
        cmocka_unit_test(the_quantile_loss_holds_at_its_edges),
        cmocka_unit_test(large_logits_have_a_finite_loss),
        cmocka_unit_test(networks_are_recognised_by_their_tensors),
        cmocka_unit_test(another_heads_model_is_refused),
        cmocka_unit_test(impossible_words_are_refused),
        cmocka_unit_test(names_are_plain),
        cmocka_unit_test(modules_are_printed),
        cmocka_unit_test(saved_nets_go_on_the_same),
        cmocka_unit_test(a_copied_target_is_the_online_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
