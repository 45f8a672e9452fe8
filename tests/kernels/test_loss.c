/** The losses: PyTorch's mean squared error and smooth L1, their gradients, and a step along them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
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

/* As in tests/oracle/make_loss_golden.py. */
enum { N_ACTIONS = 6, BATCH = 32, N_STEPS = 2, N_PICKS = 4 };

typedef struct sample {
    dq_net *net;
    uint8_t *obs;
    int32_t action[BATCH];
    float target[BATCH];
    dq_tensor tensors[DQ_TENSORS_MAX];  // weights, then gradients
} sample;

static void open_sample(sample *s, const char *isa, dq_loss loss)
{
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.isa = isa;
    cfg.loss = loss;
    assert_int_equal(dq_net_create(&s->net, &cfg), DQ_OK);
    dq_net_param_shapes(NULL, N_ACTIONS, s->tensors);
    lcg = 1;
    for (int t = 0; t < DQ_TENSORS_MAX; t++) {
        size_t n = dq_tensor_elements(&s->tensors[t]);
        s->tensors[t].data = malloc(n * sizeof(float));
        for (size_t i = 0; i < n; i++)
            s->tensors[t].data[i] =
                lcg_uniform() * (strncmp(s->tensors[t].name, "fc", 2) ? 0.125f : 0.0625f);
    }
    assert_int_equal(dq_net_set_params(s->net, s->tensors, DQ_TENSORS_MAX), DQ_OK);
    s->obs = malloc((size_t)BATCH * DQ_NET_OBS_BYTES);
    for (size_t i = 0; i < (size_t)BATCH * DQ_NET_OBS_BYTES; i++)
        s->obs[i] = (uint8_t)(lcg_u32() >> 24);
    for (int i = 0; i < BATCH; i++)
        s->action[i] = (int32_t)(lcg_u32() >> 16) % N_ACTIONS;
    for (int i = 0; i < BATCH; i++)
        s->target[i] = lcg_uniform() * 8.0f;
}

static void close_sample(sample *s)
{
    for (int t = 0; t < DQ_TENSORS_MAX; t++)
        free(s->tensors[t].data);
    free(s->obs);
    dq_net_destroy(s->net);
}

static void check_gradients(sample *s, FILE *f)
{
    dq_net_gradients(s->net, s->obs, s->action, s->target, s->tensors);
    for (int t = 0; t < DQ_TENSORS_MAX; t++) {
        const dq_tensor *g = &s->tensors[t];
        size_t n = dq_tensor_elements(g);
        double norm = 0;
        for (size_t i = 0; i < n; i++)
            norm += (double)g->data[i] * (double)g->data[i];
        next_word(f, "grad");
        next_word(f, g->name);
        double want = next_number(f);
        check_near(sqrt(norm), want, 1e-5 * want);  // sums of 3136 terms, in another order
        for (size_t i = 0; i < N_PICKS; i++)
            check_near((double)g->data[i * (n - 1) / (N_PICKS - 1)], next_number(f), 1e-5 * want);
    }
}

/** Each transition's part of the loss with its weight, and the errors told. */
static void check_weighted(const char *isa, FILE *f)
{
    enum { N_UPDATES = 3 };
    float weight[BATCH], error[BATCH];
    sample s;
    open_sample(&s, isa, DQ_LOSS_HUBER);
    for (int i = 0; i < BATCH; i++)
        weight[i] = (float)(i + 1) / BATCH;
    for (int step = 0; step < N_UPDATES; step++) {
        next_word(f, "weighted");
        double want = next_number(f);
        double loss =
            (double)dq_net_update_weighted(s.net, s.obs, s.action, s.target, weight, error);
        check_near(loss, want, 1e-4 * want);
        for (int i = 0; i < BATCH; i++)
            check_near((double)error[i], next_number(f), 1e-3);
    }
    close_sample(&s);
}

static void check_against_pytorch(const char *isa)
{
    static const char *const names[] = {[DQ_LOSS_MSE] = "mse", [DQ_LOSS_HUBER] = "huber"};
    FILE *f = fopen(DEEPQ_TEST_DATA "/nn/loss.txt", "r");
    char line[128];
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));  // "# torch ..."
    for (int loss = DQ_LOSS_MSE; loss <= DQ_LOSS_HUBER; loss++) {
        sample s;
        open_sample(&s, isa, (dq_loss)loss);
        for (int step = 0; step < N_STEPS; step++) {
            next_word(f, names[loss]);
            double want = next_number(f);
            if (step == 0)
                check_gradients(&s, f);
            check_near((double)dq_net_update(s.net, s.obs, s.action, s.target), want, 1e-4 * want);
        }
        close_sample(&s);
    }
    check_weighted(isa, f);
    fclose(f);
}

static void pytorch_agrees(void **state)
{
    (void)state;
    static const char *const levels[] = {"ref", "avx2", "avx512"};
    for (int i = 0; i < 3; i++)
        if (dq_kernels_for(levels[i]))
            check_against_pytorch(levels[i]);
        else
            printf("SKIP: kernels %s: not on this machine or not in this build\n", levels[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pytorch_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
