/* The optimiser's step. Its formulas are in ref/kernels_ref.c. */
#include <math.h>

#include "nn/net_internal.h"

const char *dq_optimiser_name(dq_optimiser optimiser)
{
    static const char *const names[] = {
        [DQ_OPTIMISER_ADAM] = "adam", [DQ_OPTIMISER_RMSPROP] = "rmsprop"};
    return (size_t)optimiser < sizeof(names) / sizeof(*names) ? names[optimiser] : NULL;
}

dq_adam_step dq_net_adam_step(const dq_net *net)
{
    const dq_net_config *cfg = &net->cfg;
    double t = (double)(net->n_updates + 1);
    return (dq_adam_step){
        .beta1 = (float)cfg->beta1,
        .beta2 = (float)cfg->beta2,
        .epsilon = (float)cfg->epsilon,
        .step_size = (float)(cfg->learning_rate / (1.0 - pow(cfg->beta1, t))),
        .inv_sqrt_bias2 = (float)(1.0 / sqrt(1.0 - pow(cfg->beta2, t))),
    };
}

void dq_net_set_learning_rate(dq_net *net, double learning_rate)
{
    net->cfg.learning_rate = learning_rate;
}

dq_optimiser_step dq_net_optimiser_step(const dq_net *net)
{
    const dq_net_config *cfg = &net->cfg;
    return (dq_optimiser_step){.adam = dq_net_adam_step(net),
                               .rmsprop = {.decay = (float)cfg->rmsprop_decay,
                                           .epsilon = (float)cfg->rmsprop_epsilon,
                                           .learning_rate = (float)cfg->learning_rate}};
}

void dq_net_optimise(dq_net *net, const dq_optimiser_step *step, size_t at, size_t n,
                     const float *grad)
{
    float *w = net->online.params + at, *m = net->m + at, *v = net->v + at;
    if (net->cfg.optimiser == DQ_OPTIMISER_RMSPROP)
        net->k->rmsprop(n, w, m, v, grad, &step->rmsprop);
    else
        net->k->adam(n, w, m, v, grad, &step->adam);
}
