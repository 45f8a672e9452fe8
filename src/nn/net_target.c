/* The target network between two copies: a part of the way to the online network. */
#include <stddef.h>

#include "nn/net_internal.h"

enum { N_TASKS = 64 };  // of the parameters; each stands alone, so any number gives the same bits

typedef struct blend {
    dq_net *net;
    float rate;
} blend;

static void blend_task(void *ctx, int task)
{
    const blend *b = ctx;
    size_t n = b->net->shape.n_params, part = (n + N_TASKS - 1) / N_TASKS;
    size_t begin = (size_t)task * part, end = begin + part < n ? begin + part : n;
    float *target = b->net->target.params;
    const float *online = b->net->online.params, rate = b->rate;
    for (size_t i = begin; i < end; i++)
        target[i] += rate * (online[i] - target[i]);
}

static int n_slices(const dq_conv_shape *s)
{
    return dq_conv_block(s) / DQ_CONV_SLICE;
}

/** What the kernels need of a slice of a convolution or of a block of the hidden layer. */
static void prepare_task(void *ctx, int task)
{
    dq_net *net = ctx;
    const dq_net_shape *s = &net->shape;
    for (int l = 0; l < s->n_convs; task -= n_slices(s->conv[l++]))
        if (task < n_slices(s->conv[l])) {
            net->k->conv_prepare(s->layer[l], net->target.params + s->conv_w[l],
                                 task * DQ_CONV_SLICE, net->target.u[l], NULL);
            return;
        }
    for (int k = 0; k < s->fc->in && net->n_noisy == 0; k += s->fc->slice)
        dq_net_prepare_slice(net, &net->target, task, k);
}

void dq_net_blend_target(dq_net *net, double rate)
{
    blend b = {net, (float)rate};
    if (rate >= 1 || net->cfg.no_target) {
        dq_net_sync_target(net);
        return;
    }
    dq_pool_run(net->pool, N_TASKS, blend_task, &b);
    net->target.is_stale = true;
    if (net->shape.n_dense)
        return;  // its kernels read the parameters as they are
    int n_tasks = net->shape.n_blocks;
    for (int l = 0; l < net->shape.n_convs; l++)
        n_tasks += n_slices(net->shape.conv[l]);
    dq_pool_run(net->pool, n_tasks, prepare_task, net);
}
