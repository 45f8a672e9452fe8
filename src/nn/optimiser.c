/* The optimiser's step, whose formulas are in ref/kernels_ref.c, and the norm of the gradient. */
#include <math.h>

#include "base/error.h"
#include "nn/net_internal.h"
#include "nn/net_learn.h"

const char *const dq_optimiser_names[] = {[DQ_OPTIMISER_ADAM] = "adam",
                                          [DQ_OPTIMISER_RMSPROP] = "rmsprop",
                                          [DQ_OPTIMISER_RADAM] = "radam",
                                          NULL};

const char *dq_optimiser_name(dq_optimiser optimiser)
{
    return (size_t)optimiser < DQ_COUNT(dq_optimiser_names) ? dq_optimiser_names[optimiser] : NULL;
}

/** Rectified Adam is Adam's step with other constants; as long as the variance of its denominator
 *  is not known they make that 1. */
static dq_adam_step radam_step(const dq_net_config *cfg, double t)
{
    double power = pow(cfg->beta2, t), rate = cfg->learning_rate / (1.0 - pow(cfg->beta1, t));
    double longest = 2.0 / (1.0 - cfg->beta2) - 1.0;
    double length = longest - 2.0 * t * power / (1.0 - power);
    dq_adam_step step = {.beta1 = (float)cfg->beta1,
                         .beta2 = (float)cfg->beta2,
                         .epsilon = 1.0f,
                         .step_size = (float)rate};
    if (length > 5.0) {
        double rectified = sqrt((length - 4.0) * (length - 2.0) * longest /
                                ((longest - 4.0) * (longest - 2.0) * length));
        step.step_size = (float)(rate * rectified * sqrt(1.0 - power));
        step.epsilon = (float)cfg->epsilon;
        step.inv_sqrt_bias2 = 1.0f;
    }
    return step;
}

static dq_adam_step adam_step(const dq_net *net)
{
    const dq_net_config *cfg = &net->cfg;
    double t = (double)(net->n_updates + 1);
    if (cfg->optimiser == DQ_OPTIMISER_RADAM)
        return radam_step(cfg, t);
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
    return (dq_optimiser_step){.adam = adam_step(net),
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

enum { NORM_PART = 1 << 14, NORM_LANES = 16 };

int dq_net_n_norm_tasks(const dq_net *net)
{
    return (int)((net->shape.n_params + NORM_PART - 1) / NORM_PART);
}

/** The sum of some squares: in float64, where a square is exact, by lanes that a compiler can add
 * up together. What pads the parameters has no gradient. */
static void norm_task(void *ctx, int task)
{
    dq_net *net = ctx;
    double lanes[NORM_LANES] = {0}, sum = 0;
    size_t begin = (size_t)task * NORM_PART, end = begin + NORM_PART;
    end = end < net->shape.n_params ? end : net->shape.n_params;
    for (size_t i = begin; i < end; i += NORM_LANES)
        for (size_t j = 0; j < NORM_LANES; j++)
            lanes[j] += (double)net->grad[i + j] * (double)net->grad[i + j];
    for (size_t j = 0; j < NORM_LANES; j++)
        sum += lanes[j];
    net->squares[task] = sum;
}

double dq_net_gradient_length(dq_net *net)
{
    int n = dq_net_n_norm_tasks(net);
    double sum = 0;
    dq_pool_run(net->pool, n, norm_task, net);
    for (int i = 0; i < n; i++)
        sum += net->squares[i];
    return sqrt(sum);
}

float dq_net_gradient_scale(double norm, double longest)
{
    const double never_zero = 1e-6;  // as in PyTorch's clip_grad_norm_()
    double scale = longest > 0 ? longest / (norm + never_zero) : 1;
    return scale < 1 ? (float)scale : 1.0f;
}
