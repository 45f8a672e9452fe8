/** The optimisers: the moves of PyTorch's Adam, and of RMSProp as Mnih et al. 2015 have it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "golden_sample.h"
#include "nn/kernels.h"
#include "nn/net_learn.h"

enum { N_STEPS = 5, N_PICKS = 16 };  // as in tests/oracle/make_optimiser_golden.py

static dq_net_config config_of(const char *isa)
{
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.isa = isa;
    cfg.n_threads = 2;
    return cfg;
}

static dq_net_config rmsprop_config(double learning_rate, double decay, double epsilon)
{
    dq_net_config cfg = config_of(NULL);
    cfg.optimiser = DQ_OPTIMISER_RMSPROP;
    cfg.learning_rate = learning_rate;
    cfg.rmsprop_decay = decay;
    cfg.rmsprop_epsilon = epsilon;
    return cfg;
}

static dq_net_config adam_config(void)
{
    dq_net_config cfg = config_of(NULL);
    cfg.beta1 = 0.8;
    cfg.beta2 = 0.99;
    cfg.epsilon = 1e-3;
    return cfg;
}

/** With this epsilon the length of the gradient matters. */
static dq_net_config clipped_config(double gradient_norm)
{
    dq_net_config cfg = config_of(NULL);
    cfg.learning_rate = 1e-3;
    cfg.epsilon = 0.1;
    cfg.gradient_norm = gradient_norm;
    return cfg;
}

/** How far each tensor moved, as a norm and at some places. */
static void check_moves(sample *s, FILE *f)
{
    dq_tensor now[N_TENSORS];
    dq_net_param_shapes(NULL, N_ACTIONS, now);
    for (int t = 0; t < N_TENSORS; t++)
        now[t].data = malloc(dq_tensor_elements(&now[t]) * sizeof(float));
    dq_net_get_params(s->net, now);
    for (int t = 0; t < N_TENSORS; t++) {
        const float *before = s->tensors[t].data, *after = now[t].data;
        size_t n = dq_tensor_elements(&now[t]);
        double squares = 0;
        for (size_t i = 0; i < n; i++)
            squares += pow((double)after[i] - (double)before[i], 2);
        next_word(f, "moved");
        next_word(f, now[t].name);
        double want = next_number(f), usual = want / sqrt((double)n);
        check_near(sqrt(squares), want, 1e-4 * want);
        for (size_t i = 0; i < N_PICKS; i++) {
            size_t at = i * (n - 1) / (N_PICKS - 1);
            next_near(f, (double)after[at] - (double)before[at], 1e-3 * usual);
        }
        free(now[t].data);
    }
}

static void check_variant(FILE *f, const char *name, dq_net_config cfg, const char *isa)
{
    sample s;
    cfg.isa = isa;
    open_sample(&s, &cfg);
    next_word(f, name);
    for (int step = 0; step < N_STEPS; step++) {
        next_word(f, "loss");
        double want = next_number(f);
        check_near((double)dq_net_update(s.net, s.obs, s.action, s.target), want, 1e-4 * want);
    }
    check_moves(&s, f);
    close_sample(&s);
}

static void check_level(const char *isa)
{
    FILE *f = fopen(DEEPQ_TEST_DATA "/nn/optimiser.txt", "r");
    char line[128];
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));  // "# torch ..."
    check_variant(f, "adam", adam_config(), isa);
    check_variant(f, "rmsprop", rmsprop_config(2.5e-4, 0.95, 0.01 / (32 * 32)), isa);
    check_variant(f, "rmsprop_small", rmsprop_config(1e-5, 0.5, 1e-9), isa);
    check_variant(f, "adam_clipped", clipped_config(2), isa);
    check_variant(f, "adam_partly", clipped_config(34), isa);
    check_variant(f, "adam_short", clipped_config(100), isa);
    dq_net_config cfg = rmsprop_config(2.5e-4, 0.95, 0.01 / (32 * 32));
    cfg.gradient_norm = 1;
    check_variant(f, "rmsprop_clipped", cfg, isa);
    fclose(f);
}

static void the_oracle_agrees(void **state)
{
    (void)state;
    on_every_level(check_level);
}

static void check_same_params(const dq_net *a, const dq_net *b)
{
    dq_tensor p[N_TENSORS], q[N_TENSORS];
    dq_net_param_shapes(NULL, N_ACTIONS, p);
    dq_net_param_shapes(NULL, N_ACTIONS, q);
    for (int t = 0; t < N_TENSORS; t++) {
        p[t].data = malloc(dq_tensor_elements(&p[t]) * sizeof(float));
        q[t].data = malloc(dq_tensor_elements(&q[t]) * sizeof(float));
    }
    dq_net_get_params(a, p);
    dq_net_get_params(b, q);
    for (int t = 0; t < N_TENSORS; t++) {
        assert_memory_equal(p[t].data, q[t].data, dq_tensor_elements(&p[t]) * sizeof(float));
        free(p[t].data);
        free(q[t].data);
    }
}

static void update(sample *s, int n)
{
    for (int i = 0; i < n; i++)
        (void)dq_net_update(s->net, s->obs, s->action, s->target);
}

static void check_threads(dq_net_config cfg)
{
    sample one, other;
    cfg.n_threads = 1;
    open_sample(&one, &cfg);
    update(&one, 5);
    for (int n = 2; n <= 4; n++) {
        cfg.n_threads = n;
        open_sample(&other, &cfg);
        update(&other, 5);
        check_same_params(one.net, other.net);
        close_sample(&other);
    }
    close_sample(&one);
}

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    check_threads(rmsprop_config(1e-3, 0.95, 1e-5));
    check_threads(clipped_config(10));
}

/** A limit that is never reached changes no bit, though the step comes after all gradients. */
static void a_short_gradient_stays_as_it_is(void **state)
{
    (void)state;
    sample any, limited;
    dq_net_config cfg = config_of(NULL), other = config_of(NULL);
    other.gradient_norm = 1e6;
    open_sample(&any, &cfg);
    open_sample(&limited, &other);
    update(&any, 5);
    update(&limited, 5);
    check_same_params(any.net, limited.net);
    close_sample(&any);
    close_sample(&limited);
}

/** The square of the distance between the parameters of two nets. */
static double squares_between(const dq_net *a, const dq_net *b)
{
    dq_tensor p[DQ_TENSORS_MAX], q[DQ_TENSORS_MAX];
    int n = dq_net_param_shapes(dq_net_network(a), N_ACTIONS, p);
    double sum = 0;
    memcpy(q, p, sizeof(q));
    for (int t = 0; t < n; t++) {
        p[t].data = malloc(dq_tensor_elements(&p[t]) * sizeof(float));
        q[t].data = malloc(dq_tensor_elements(&q[t]) * sizeof(float));
    }
    dq_net_get_params(a, p);
    dq_net_get_params(b, q);
    for (int t = 0; t < n; t++) {
        for (size_t i = 0; i < dq_tensor_elements(&p[t]); i++)
            sum += pow((double)p[t].data[i] - (double)q[t].data[i], 2);
        free(p[t].data);
        free(q[t].data);
    }
    return sum;
}

static dq_net *drawn_net(const dq_net_config *cfg)
{
    dq_net *net;
    dq_rng rng = dq_rng_stream(3, "initialisation");
    assert_int_equal(dq_net_create(&net, cfg), DQ_OK);
    dq_net_init(net, &rng);
    return net;
}

/** States, actions and targets for any network whose outputs are values. */
typedef struct any_batch {
    uint8_t *obs;
    int32_t action[BATCH];
    float target[BATCH];
} any_batch;

static any_batch any_batch_of(const dq_net *net)
{
    any_batch b = {.obs = calloc(BATCH, dq_net_obs_bytes(net))};
    for (size_t j = 0; j < BATCH * dq_net_obs_bytes(net) / 4; j++) {
        float x = (float)(j % 7) - 3.0f;
        memcpy(b.obs + 4 * j, &x, sizeof(x));  // bytes, too, for a network of pictures
    }
    for (int j = 0; j < BATCH; j++)
        b.target[j] = 50.0f;
    return b;
}

/** Without decay and with epsilon 1, RMSProp is plain gradient descent: the step is as long as the
 *  gradient. */
static dq_net_config descent_config(const char *network)
{
    dq_net_config cfg = rmsprop_config(1, 0, 1);
    cfg.network = network;
    return cfg;
}

/** In every network the step must be as long as the limit. */
static void the_step_is_as_long_as_the_limit(void **state)
{
    static const char *const networks[] = {"nature",      "nips",        "small",
                                           "nature_same", "mlp 37-21-9", "mlp 3-1"};
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(networks); i++) {
        dq_net_config cfg = descent_config(networks[i]);
        cfg.gradient_norm = 0.125;
        dq_net *before = drawn_net(&cfg), *after = drawn_net(&cfg);
        any_batch b = any_batch_of(after);
        assert_true(squares_between(before, after) == 0);
        (void)dq_net_update(after, b.obs, b.action, b.target);
        check_near(sqrt(squares_between(before, after)), 0.125, 1e-6);
        free(b.obs);
        dq_net_destroy(before);
        dq_net_destroy(after);
    }
}

/** A norm is that of the step, and changes no bit of it; nor is it the norm of what a limit left.
 */
static void a_gradient_is_measured_before_it_is_limited(void **state)
{
    static const char *const networks[] = {
        "nature",       "nips",         "nature_same", "nature streams 256",
        "mlp 37-21-9",  "nature noisy", "nature norm", "mlp 4-64-64 dueling noisy norm",
        "small dueling"};
    (void)state;
    for (size_t i = 0; i < DQ_COUNT(networks); i++) {
        dq_net_config cfg = descent_config(networks[i]), limited_cfg = cfg;
        limited_cfg.gradient_norm = 0.125;
        dq_net *before = drawn_net(&cfg), *plain = drawn_net(&cfg), *measured = drawn_net(&cfg),
               *limited = drawn_net(&limited_cfg);
        any_batch b = any_batch_of(plain);
        double norm, limited_norm;
        (void)dq_net_update(plain, b.obs, b.action, b.target);
        (void)dq_net_update_measured(measured, b.obs, b.action, b.target, NULL, NULL, &norm);
        (void)dq_net_update_measured(limited, b.obs, b.action, b.target, NULL, NULL, &limited_norm);
        double step = sqrt(squares_between(before, plain));
        assert_true(squares_between(plain, measured) == 0);
        check_near(norm, step, 1e-5 * step);
        assert_true(norm > 0.125 && norm == limited_norm);
        free(b.obs);
        dq_net_destroy(before);
        dq_net_destroy(plain);
        dq_net_destroy(measured);
        dq_net_destroy(limited);
    }
}

static dq_status load(dq_net *net, dq_writer *w)
{
    size_t n;
    dq_reader *r;
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    dq_status st = dq_net_load(net, r);
    dq_reader_destroy(r);
    return st;
}

/** Both moments are RMSProp's; a net with Adam must not take them for its own. */
static void a_saved_net_says_its_optimiser(void **state)
{
    (void)state;
    sample a, b, adam;
    dq_net_config cfg = rmsprop_config(1e-3, 0.95, 1e-5), other = config_of(NULL);
    dq_writer *w;
    open_sample(&a, &cfg);
    open_sample(&b, &cfg);
    open_sample(&adam, &other);
    update(&a, 3);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_net_save(a.net, w), DQ_OK);
    assert_int_equal(load(b.net, w), DQ_OK);
    update(&a, 3);
    update(&b, 3);
    check_same_params(a.net, b.net);
    assert_int_equal(load(adam.net, w), DQ_ERR_INPUT);
    assert_string_equal(dq_errmsg(), "saved net learned by rmsprop, this one is to learn by adam");
    dq_writer_destroy(w);
    close_sample(&a);
    close_sample(&b);
    close_sample(&adam);
}

static void unknown_optimisers_are_refused(void **state)
{
    (void)state;
    dq_net *net;
    dq_net_config cfg = config_of(NULL);
    cfg.optimiser = (dq_optimiser)3;
    assert_int_equal(dq_net_create(&net, &cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "optimiser"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_agrees),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(a_short_gradient_stays_as_it_is),
        cmocka_unit_test(the_step_is_as_long_as_the_limit),
        cmocka_unit_test(a_gradient_is_measured_before_it_is_limited),
        cmocka_unit_test(a_saved_net_says_its_optimiser),
        cmocka_unit_test(unknown_optimisers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
