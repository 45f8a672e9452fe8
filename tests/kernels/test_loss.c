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

#include "golden_sample.h"
#include "nn/kernels.h"

enum { N_STEPS = 2, N_PICKS = 4 };  // as in tests/oracle/make_loss_golden.py

static void open_with_loss(sample *s, const char *isa, dq_loss loss)
{
    dq_net_config cfg = dq_net_config_default(N_ACTIONS);
    cfg.isa = isa;
    cfg.loss = loss;
    open_sample(s, &cfg);
}

static void check_gradients(sample *s, FILE *f)
{
    dq_net_gradients(s->net, s->obs, s->action, s->target, s->tensors);
    for (int t = 0; t < N_TENSORS; t++) {
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
    open_with_loss(&s, isa, DQ_LOSS_HUBER);
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
        open_with_loss(&s, isa, (dq_loss)loss);
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
    on_every_level(check_against_pytorch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pytorch_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
