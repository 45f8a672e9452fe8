/* Parameters as PyTorch sees them: names, shapes, order, initial values. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "nn/net_internal.h"

/** A weight or bias: where it lies, and how many inputs feed one output of its layer. */
typedef struct param {
    const char *name;
    size_t at;
    int n_dims, shape[4];  // 0 stands for n_actions
    int fan_in;
} param;

static const param params[DQ_NET_N_TENSORS] = {
    {"conv.0.weight", DQ_AT_W1, 4, {32, 4, 8, 8}, 4 * 8 * 8},
    {"conv.0.bias", DQ_AT_B1, 1, {32}, 4 * 8 * 8},
    {"conv.2.weight", DQ_AT_W2, 4, {64, 32, 4, 4}, 32 * 4 * 4},
    {"conv.2.bias", DQ_AT_B2, 1, {64}, 32 * 4 * 4},
    {"conv.4.weight", DQ_AT_W3, 4, {64, 64, 3, 3}, 64 * 3 * 3},
    {"conv.4.bias", DQ_AT_B3, 1, {64}, 64 * 3 * 3},
    {"fc.0.weight", DQ_AT_W4, 2, {DQ_HIDDEN, DQ_X3}, DQ_X3},
    {"fc.0.bias", DQ_AT_B4, 1, {DQ_HIDDEN}, DQ_X3},
    {"fc.2.weight", DQ_AT_W5, 2, {0, DQ_HIDDEN}, DQ_HIDDEN},
    {"fc.2.bias", DQ_AT_B5, 1, {0}, DQ_HIDDEN},
};

void dq_net_param_shapes(int n_actions, dq_tensor shapes[DQ_NET_N_TENSORS])
{
    for (int t = 0; t < DQ_NET_N_TENSORS; t++) {
        const param *p = &params[t];
        shapes[t] = (dq_tensor){.name = p->name, .n_dims = p->n_dims};
        for (int d = 0; d < p->n_dims; d++)
            shapes[t].shape[d] = p->shape[d] ? p->shape[d] : n_actions;
    }
}

/** [out][in][ky][kx] to [ky][kx][in][out]. */
static size_t conv_place(const int *shape, size_t i)
{
    size_t out = (size_t)shape[0], in = (size_t)shape[1],
           kernel = (size_t)shape[2] * (size_t)shape[3];
    size_t o = i / (in * kernel), c = i / kernel % in, k = i % kernel;
    return (k * in + c) * out + o;
}

/** [out][channel * 49 + pixel] to [block][pixel * 64 + channel][out in the block]. */
static size_t hidden_place(size_t i)
{
    size_t o = i / DQ_X3, in = i % DQ_X3;
    size_t pixels = DQ_SIDE3 * DQ_SIDE3, channel = in / pixels, pixel = in % pixels;
    size_t k = pixel * DQ_CONV3_OUT + channel;
    return (o / DQ_FC_BLOCK * DQ_X3 + k) * DQ_FC_BLOCK + o % DQ_FC_BLOCK;
}

size_t dq_param_place(int t, size_t i)
{
    const param *p = &params[t];
    if (p->n_dims == 4)
        return p->at + conv_place(p->shape, i);
    if (p->at == DQ_AT_W4)
        return p->at + hidden_place(i);
    if (p->at == DQ_AT_W5)
        return p->at + i % DQ_HIDDEN * DQ_OUT_PAD + i / DQ_HIDDEN;
    return p->at + i;
}

void dq_net_init(dq_net *net, dq_rng *rng)
{
    dq_device_fetch(net);  // Adam's moments stay
    dq_tensor shapes[DQ_NET_N_TENSORS];
    dq_net_param_shapes(net->cfg.n_actions, shapes);
    for (int t = 0; t < DQ_NET_N_TENSORS; t++) {
        double bound = 1.0 / sqrt((double)params[t].fan_in);
        for (size_t i = 0; i < dq_tensor_elements(&shapes[t]); i++)
            net->online.params[dq_param_place(t, i)] =
                (float)((2.0 * dq_rng_unit(rng) - 1.0) * bound);
    }
    dq_net_params_changed(net);
    dq_net_sync_target(net);
}

void dq_net_get_params(const dq_net *net, dq_tensor out[DQ_NET_N_TENSORS])
{
    dq_device_fetch(net);
    for (int t = 0; t < DQ_NET_N_TENSORS; t++)
        for (size_t i = 0; i < dq_tensor_elements(&out[t]); i++)
            out[t].data[i] = net->online.params[dq_param_place(t, i)];
}

static bool same_shape(const dq_tensor *a, const dq_tensor *b)
{
    return a->n_dims == b->n_dims &&
           memcmp(a->shape, b->shape, (size_t)a->n_dims * sizeof(a->shape[0])) == 0;
}

static void print_shape(const dq_tensor *t, char *text, size_t cap)
{
    size_t used = (size_t)snprintf(text, cap, "[");
    for (int d = 0; d < t->n_dims && used < cap; d++)
        used += (size_t)snprintf(text + used, cap - used, "%s%d", d ? ", " : "", t->shape[d]);
    if (used < cap)
        snprintf(text + used, cap - used, "]");
}

static dq_status find_param(const dq_tensor *want, const dq_tensor *given, size_t n,
                            const dq_tensor **found)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(given[i].name, want->name) != 0)
            continue;
        char have[64], need[64];
        print_shape(&given[i], have, sizeof(have));
        print_shape(want, need, sizeof(need));
        if (!same_shape(want, &given[i]))
            return dq_fail(DQ_ERR_INPUT, "model: %s has shape %s, %s needed", want->name, have,
                           need);
        *found = &given[i];
        return DQ_OK;
    }
    return dq_fail(DQ_ERR_INPUT, "model: %s is missing", want->name);
}

dq_status dq_net_set_params(dq_net *net, const dq_tensor *given, size_t n)
{
    dq_tensor shapes[DQ_NET_N_TENSORS];
    const dq_tensor *found[DQ_NET_N_TENSORS];
    dq_net_param_shapes(net->cfg.n_actions, shapes);
    for (int t = 0; t < DQ_NET_N_TENSORS; t++)
        DQ_TRY(find_param(&shapes[t], given, n, &found[t]));
    if (n != DQ_NET_N_TENSORS)
        return dq_fail(DQ_ERR_INPUT, "model: %zu tensors, a Nature DQN has %d", n,
                       (int)DQ_NET_N_TENSORS);
    for (int t = 0; t < DQ_NET_N_TENSORS; t++)
        for (size_t i = 0; i < dq_tensor_elements(&shapes[t]); i++)
            net->online.params[dq_param_place(t, i)] = found[t]->data[i];
    memset(net->m, 0, DQ_N_PARAMS * sizeof(*net->m));
    memset(net->v, 0, DQ_N_PARAMS * sizeof(*net->v));
    net->n_updates = 0;
    dq_net_params_changed(net);
    dq_net_sync_target(net);
    return DQ_OK;
}

void dq_net_describe(int n_actions, char *text, size_t cap)
{
    snprintf(text, cap,
             "DQN(\n"
             "  (conv): Sequential(\n"
             "    (0): Conv2d(4, 32, kernel_size=(8, 8), stride=(4, 4))\n"
             "    (1): ReLU()\n"
             "    (2): Conv2d(32, 64, kernel_size=(4, 4), stride=(2, 2))\n"
             "    (3): ReLU()\n"
             "    (4): Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1))\n"
             "    (5): ReLU()\n"
             "  )\n"
             "  (fc): Sequential(\n"
             "    (0): Linear(in_features=3136, out_features=512, bias=True)\n"
             "    (1): ReLU()\n"
             "    (2): Linear(in_features=512, out_features=%d, bias=True)\n"
             "  )\n"
             ")",
             n_actions);
}
