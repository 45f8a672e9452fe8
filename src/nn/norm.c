/* Layer normalisation (Ba, Kiros, Hinton 2016): the outputs of each layer but the last, all those
 * of a sample together, in front of their ReLU. Each sample stands alone, so that its result does
 * not depend on its batch; sums over a batch are taken feature by feature, in its order. */
#include <string.h>

#include "nn/net_internal.h"

enum { PART = 1024 };  // features in a task of the gradients

void dq_norm_plan(dq_net *net, char *base, size_t *used)
{
    size_t cap = (size_t)net->cap, most = 0;
    for (int l = 0; l < net->shape.n_norms; l++) {
        const dq_norm *m = &net->shape.norm[l];
        net->norm_x[l] = dq_net_take(base, used, cap * m->size);
        net->norm_factor[l] = dq_net_take(base, used, cap * (size_t)m->n_streams);
        net->norm_dy[l] = dq_net_take(base, used, cap * m->size);
        most = l < net->shape.n_convs && m->size > most ? m->size : most;
    }
    net->n_ones = DQ_CHUNK * most;
    net->ones = dq_net_take(base, used, net->n_ones);
}

void dq_norm_set_constants(dq_net *net)
{
    for (size_t i = 0; i < net->n_ones; i++)
        net->ones[i] = 1.0f;
}

void dq_norm_forward_pass(dq_net *net, const dq_weights *weights, int l, int begin, int end,
                          float *y)
{
    const dq_norm *m = &net->shape.norm[l];
    for (int i = begin * m->n_streams; i < end * m->n_streams; i++) {
        size_t in_sample = (size_t)(i % m->n_streams * m->shape.n);
        size_t at = (size_t)(i / m->n_streams) * m->size + in_sample;
        net->norm_factor[l][i] =
            net->k->norm(&m->shape, weights->params + m->scale + in_sample,
                         weights->params + m->shift + in_sample, y + at, net->norm_x[l] + at);
    }
}

void dq_norm_backward_pass(dq_net *net, int l, int begin, int end, const float *y, float *dy)
{
    const dq_norm *m = &net->shape.norm[l];
    for (int i = begin * m->n_streams; i < end * m->n_streams; i++) {
        size_t in_sample = (size_t)(i % m->n_streams * m->shape.n);
        size_t at = (size_t)(i / m->n_streams) * m->size + in_sample;
        size_t in_part = at - (size_t)begin * m->size;
        net->k->norm_back(&m->shape, net->online.params + m->scale + in_sample, net->norm_x[l] + at,
                          net->norm_factor[l][i], y + in_part, dy + in_part, net->norm_dy[l] + at);
    }
}

static int n_parts(const dq_norm *m)
{
    return (int)((m->size + PART - 1) / PART);
}

/** Some features of a normalisation: the gradients of their scale and shift. */
static void gradient_task(void *ctx, int task)
{
    dq_net *net = ctx;
    int l = 0;
    while (task >= n_parts(&net->shape.norm[l]))
        task -= n_parts(&net->shape.norm[l++]);
    const dq_norm *m = &net->shape.norm[l];
    size_t begin = (size_t)task * PART, n = m->size - begin < PART ? m->size - begin : PART;
    float *dscale = net->grad + m->scale + begin, *dshift = net->grad + m->shift + begin;
    memset(dscale, 0, n * sizeof(*dscale));
    memset(dshift, 0, n * sizeof(*dshift));
    for (int s = 0; s < net->cfg.batch; s++) {
        const float *dy = net->norm_dy[l] + (size_t)s * m->size + begin;
        const float *x = net->norm_x[l] + (size_t)s * m->size + begin;
        for (size_t i = 0; i < n; i++) {
            dscale[i] += dy[i] * x[i];
            dshift[i] += dy[i];
        }
    }
}

void dq_norm_gradients(dq_net *net)
{
    int n_tasks = 0;
    for (int l = 0; l < net->shape.n_norms; l++)
        n_tasks += n_parts(&net->shape.norm[l]);
    if (n_tasks > 0)
        dq_pool_run(net->pool, n_tasks, gradient_task, net);
}
