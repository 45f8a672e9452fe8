/* One learning step: six parallel rounds. What a task does depends on its number alone, or cuts the
 * work where no sum runs across, so that the result is the same for any number of threads. */
#include <math.h>
#include <string.h>

#include "nn/net_internal.h"

enum {
    /* Adam tasks after the last round's slices of convolution weights: all other parameters. */
    N_SLICES1 = DQ_CONV1_S * DQ_CONV1_S * DQ_CONV1_IN / DQ_CONV_SLICE,
    N_SLICES2 = DQ_CONV2_S * DQ_CONV2_S * DQ_CONV2_IN / DQ_CONV_SLICE,
    N_SLICES3 = DQ_CONV3_S * DQ_CONV3_S * DQ_CONV3_IN / DQ_CONV_SLICE,
    N_SLICES = N_SLICES1 + N_SLICES2 + N_SLICES3
};

typedef struct learn_step {
    dq_net *net;
    const int32_t *action;
    const float *target;
    const dq_adam_step *adam;  // NULL: gradients alone
} learn_step;

static void adam_range(const learn_step *s, size_t at, size_t n, const float *grad)
{
    dq_net *net = s->net;
    if (s->adam)
        net->k->adam(n, net->online.params + at, net->m + at, net->v + at, grad, s->adam);
}

/** One error's part of the loss, times the batch's size. @param[out] slope its derivative */
static double loss_of(dq_loss loss, float error, float *slope)
{
    double e = fabs((double)error);
    if (loss == DQ_LOSS_MSE) {
        *slope = 2.0f * error;
        return e * e;
    }
    *slope = e < 1.0 ? error : copysignf(1.0f, error);
    return e < 1.0 ? 0.5 * e * e : e - 0.5;
}

/** Loss, and its gradient through the second linear layer, which is small. */
static float output_gradients(const learn_step *s)
{
    dq_net *net = s->net;
    const float *w5 = net->online.params + DQ_AT_W5;
    float *dw5 = net->grad + DQ_AT_W5, *db5 = net->grad + DQ_AT_B5, *db4 = net->grad + DQ_AT_B4;
    int n = net->cfg.batch;
    double loss = 0;
    memset(dw5, 0, (DQ_HIDDEN + 1) * DQ_OUT_PAD * sizeof(*dw5));  // the bias follows the weights
    memset(db4, 0, DQ_HIDDEN * sizeof(*db4));
    for (int i = 0; i < n; i++) {
        int a = s->action[i];
        const float *h = net->h + (size_t)i * DQ_HIDDEN;
        float *dh = net->dh + (size_t)i * DQ_HIDDEN;
        float error = net->q[(size_t)i * DQ_OUT_PAD + (size_t)a] - s->target[i];
        float dq;
        loss += loss_of(net->cfg.loss, error, &dq);
        dq /= (float)n;
        db5[a] += dq;
        for (int k = 0; k < DQ_HIDDEN; k++) {
            dw5[k * DQ_OUT_PAD + a] += h[k] * dq;
            dh[k] = h[k] > 0.0f ? w5[k * DQ_OUT_PAD + a] * dq : 0.0f;
            db4[k] += dh[k];
        }
    }
    net->k->fc1_turn(net->dh, n, net->fc_dy, net->dht);
    return (float)(loss / n);
}

/** A slice of the first linear layer's inputs: their gradients, and those of their weights with
 *  Adam while both are in the cache. */
static void hidden_task(void *ctx, int task)
{
    const learn_step *s = ctx;
    dq_net *net = s->net;
    int k = task * DQ_FC_SLICE, n = net->cfg.batch;
    if (net->k->fc1_slice)
        net->k->fc1_slice(net->fc_x, n, k, net->fc_slices);
    const float *moments[] = {net->m + DQ_AT_W4, net->v + DQ_AT_W4};
    net->k->fc1_dx(net->dht, n, net->online.params + DQ_AT_W4, k, net->dx3, moments);
    for (size_t b = 0; b < DQ_FC_BLOCKS; b++) {
        size_t at = DQ_AT_W4 + (b * DQ_X3 + (size_t)k) * DQ_FC_BLOCK;
        float block[DQ_FC_SLICE * DQ_FC_BLOCK], *grad = s->adam ? block : net->grad + at;
        const float *soon[] = {net->online.params + at, net->m + at, net->v + at};
        net->k->fc1_dw(net->fc_slices, n, net->fc_dy + b * DQ_FC_BLOCK, k, grad, soon);
        adam_range(s, at, DQ_FC_SLICE * DQ_FC_BLOCK, grad);
        if (s->adam)
            dq_net_prepare_slice(net, &net->online, (int)b, k);
    }
}

/** Some samples back through the convolutions. */
static void convolve_back_task(void *ctx, int task)
{
    dq_net *net = ((const learn_step *)ctx)->net;
    int begin, end;
    dq_net_chunk(net, net->cfg.batch, task, &begin, &end);
    dq_conv_part part = {begin, end - begin, net->cfg.batch};
    size_t at = (size_t)begin;
    float *dx1 = dq_net_take_scratch(net), *dx2 = dx1 + (size_t)DQ_CHUNK * DQ_X1;
    float *products = dx2 + (size_t)DQ_CHUNK * DQ_X2;
    const float *x0 = net->x[0] + at * DQ_X1, *x1 = net->x[1] + at * DQ_X2;
    net->k->conv_backward(2, part, net->dx3 + at * DQ_X3, net->x[2] + at * DQ_X3, net->ut[2],
                          net->conv_z[2], products, dx2, x1);
    net->k->conv_backward(1, part, dx2, x1, net->ut[1], net->conv_z[1], products, dx1, x0);
    net->k->conv_backward(0, part, dx1, x0, net->ut[0], net->conv_z[0], products, NULL, NULL);
    dq_net_return_scratch(net, dx1);
}

static int n_du_tasks(const dq_net *net)
{
    const int *n = net->k->conv_du_tasks;
    return n[0] + n[1] + n[2];
}

static void du_task(void *ctx, int task)
{
    dq_net *net = ((const learn_step *)ctx)->net;
    int l = 0;
    while (task >= net->k->conv_du_tasks[l])
        task -= net->k->conv_du_tasks[l++];
    net->k->conv_du(l, task, net->cfg.batch, net->conv_v[l], net->conv_z[l], net->conv_du[l],
                    net->grad + dq_conv_bias_at[l]);
}

/** Weights of some block values of a convolution: gradient, Adam, transforms for the next step. */
static void finish_slice(const learn_step *s, int l, int c)
{
    dq_net *net = s->net;
    const dq_conv_shape *shape = &dq_conv_shapes[l];
    int taps = shape->k / shape->stride;
    int rows = shape->stride * shape->in;  // that lie together
    rows = rows < DQ_CONV_SLICE ? rows : DQ_CONV_SLICE;
    size_t at = dq_conv_weights_at[l];
    net->k->conv_dw(l, net->conv_du[l], c, net->grad + at);
    if (!s->adam)
        return;
    for (int tap = 0; tap < taps * taps; tap++)
        for (int v = c; v < c + DQ_CONV_SLICE; v += rows) {
            size_t row = (size_t)dq_conv_row(shape, tap / taps, tap % taps, v);
            size_t first = at + row * (size_t)shape->out;
            adam_range(s, first, (size_t)rows * (size_t)shape->out, net->grad + first);
        }
    net->k->conv_prepare(l, net->online.params + at, c, net->online.u[l], net->ut[l]);
}

static void finish_task(void *ctx, int task)
{
    const learn_step *s = ctx;
    if (task < N_SLICES1) {
        finish_slice(s, 0, task * DQ_CONV_SLICE);
    } else if (task < N_SLICES1 + N_SLICES2) {
        finish_slice(s, 1, (task - N_SLICES1) * DQ_CONV_SLICE);
    } else if (task < N_SLICES) {
        finish_slice(s, 2, (task - N_SLICES1 - N_SLICES2) * DQ_CONV_SLICE);
    } else {
        for (int l = 0; l < DQ_N_CONVS; l++)
            adam_range(s, dq_conv_bias_at[l], (size_t)dq_conv_shapes[l].out,
                       s->net->grad + dq_conv_bias_at[l]);
        adam_range(s, DQ_AT_B4, DQ_N_PARAMS - DQ_AT_B4, s->net->grad + DQ_AT_B4);
    }
}

static float run_step(learn_step *s, const uint8_t *obs)
{
    dq_net *net = s->net;
    int n = net->cfg.batch;
    dq_net_forward(net, &net->online, obs, n, 1);
    float loss = output_gradients(s);
    dq_pool_run(net->pool, DQ_FC_SLICES, hidden_task, s);
    dq_pool_run(net->pool, dq_net_n_chunks(net, n), convolve_back_task, s);
    dq_pool_run(net->pool, n_du_tasks(net), du_task, s);
    dq_pool_run(net->pool, N_SLICES + 1, finish_task, s);
    return loss;
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

float dq_net_update(dq_net *net, const uint8_t *obs, const int32_t *action, const float *target)
{
    if (net->device)
        return dq_device_update(net, obs, action, target);
    dq_adam_step adam = dq_net_adam_step(net);
    net->n_updates++;
    learn_step s = {net, action, target, &adam};
    return run_step(&s, obs);
}
float dq_net_gradients(dq_net *net, const uint8_t *obs, const int32_t *action, const float *target,
                       dq_tensor grads[DQ_NET_N_TENSORS])
{
    learn_step s = {net, action, target, NULL};
    float loss = net->device ? dq_device_gradients(net, obs, action, target) : run_step(&s, obs);
    for (int t = 0; t < DQ_NET_N_TENSORS; t++)
        for (size_t i = 0; i < dq_tensor_elements(&grads[t]); i++)
            grads[t].data[i] = net->grad[dq_param_place(t, i)];
    return loss;
}
