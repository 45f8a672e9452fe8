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

enum { N_STEPS = 5, N_PICKS = 16 };  // as in tests/oracle/make_optimiser_golden.py

static const char *const levels[] = {"ref", "avx2", "avx512"};

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

/** How far each tensor moved, as a norm and at some places. */
static void check_moves(sample *s, FILE *f)
{
    dq_tensor now[DQ_TENSORS_MAX];
    dq_net_param_shapes(NULL, N_ACTIONS, now);
    for (int t = 0; t < DQ_TENSORS_MAX; t++)
        now[t].data = malloc(dq_tensor_elements(&now[t]) * sizeof(float));
    dq_net_get_params(s->net, now);
    for (int t = 0; t < DQ_TENSORS_MAX; t++) {
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

static void the_oracle_agrees(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        if (!dq_kernels_for(levels[i])) {
            printf("SKIP: kernels %s: not on this machine or not in this build\n", levels[i]);
            continue;
        }
        FILE *f = fopen(DEEPQ_TEST_DATA "/nn/optimiser.txt", "r");
        char line[128];
        assert_non_null(f);
        assert_non_null(fgets(line, sizeof(line), f));  // "# torch ..."
        const char *isa = levels[i];
        check_variant(f, "adam", adam_config(), isa);
        check_variant(f, "rmsprop", rmsprop_config(2.5e-4, 0.95, 0.01 / (32 * 32)), isa);
        check_variant(f, "rmsprop_small", rmsprop_config(1e-5, 0.5, 1e-9), isa);
        fclose(f);
    }
}

static void check_same_params(const dq_net *a, const dq_net *b)
{
    dq_tensor p[DQ_TENSORS_MAX], q[DQ_TENSORS_MAX];
    dq_net_param_shapes(NULL, N_ACTIONS, p);
    dq_net_param_shapes(NULL, N_ACTIONS, q);
    for (int t = 0; t < DQ_TENSORS_MAX; t++) {
        p[t].data = malloc(dq_tensor_elements(&p[t]) * sizeof(float));
        q[t].data = malloc(dq_tensor_elements(&q[t]) * sizeof(float));
    }
    dq_net_get_params(a, p);
    dq_net_get_params(b, q);
    for (int t = 0; t < DQ_TENSORS_MAX; t++) {
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

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    sample one, other;
    dq_net_config cfg = rmsprop_config(1e-3, 0.95, 1e-5);
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
    cfg.optimiser = (dq_optimiser)2;
    assert_int_equal(dq_net_create(&net, &cfg), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "optimiser"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_agrees),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(a_saved_net_says_its_optimiser),
        cmocka_unit_test(unknown_optimisers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
