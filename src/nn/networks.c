#include "nn/networks.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* One more: a row here; its layers, where they are not there yet, in net_shape.h. */
static const dq_network networks[] = {
    {"nature", 3, {0, 1, 2}, 0},  // Mnih et al. 2015
    {"nips", 2, {3, 4}, 1},       // Mnih et al. 2013
    {"small", 3, {0, 5, 6}, 2},
};

const char *dq_net_network_name(size_t index)
{
    return index < DQ_COUNT(networks) ? networks[index].name : NULL;
}

static const dq_network *find(const char *name)
{
    for (size_t i = 0; i < DQ_COUNT(networks); i++)
        if (strcmp(networks[i].name, name ? name : networks[0].name) == 0)
            return &networks[i];
    return NULL;
}

dq_status dq_network_find(const char *name, const dq_network **network)
{
    char known[128] = "";
    size_t used = 0;
    *network = find(name);
    if (*network)
        return DQ_OK;
    for (size_t i = 0; i < DQ_COUNT(networks) && used < sizeof(known); i++) {
        const char *between = i == 0 ? "" : i + 1 < DQ_COUNT(networks) ? ", " : " or ";
        used +=
            (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", between, networks[i].name);
    }
    return dq_fail(DQ_ERR_CONFIG, "no network '%s': choose %s", name, known);
}

const dq_network *dq_network_of_size(uint64_t n_params)
{
    for (size_t i = 0; i < DQ_COUNT(networks); i++)
        if (dq_net_shape_of(&networks[i]).n_params == n_params)
            return &networks[i];
    return NULL;
}

/* Tensors */

/** A layer's weight, then its bias, of `out` values that lie at once behind it. */
static void add_tensors(dq_net_shape *s, const char *const names[2], dq_param weight,
                        size_t at_bias, int out)
{
    weight.name = names[0];
    s->tensors[s->n_tensors++] = weight;
    s->tensors[s->n_tensors++] = (dq_param){.kind = DQ_PARAM_BIAS,
                                            .name = names[1],
                                            .at = at_bias,
                                            .n_dims = 1,
                                            .shape = {out},
                                            .fan_in = weight.fan_in};
}

static void add_conv(dq_net_shape *s, int i, int layer)
{
    static const char *const names[DQ_CONVS_MAX][2] = {{"conv.0.weight", "conv.0.bias"},
                                                       {"conv.2.weight", "conv.2.bias"},
                                                       {"conv.4.weight", "conv.4.bias"}};
    const dq_conv_shape *c = &dq_conv_shapes[layer];
    s->layer[i] = layer;
    s->conv[i] = c;
    s->x[i] = dq_conv_outputs(c);
    s->conv_w[i] = s->n_params;
    s->conv_b[i] = s->conv_w[i] + dq_conv_weights(c);
    s->n_params = s->conv_b[i] + (size_t)c->out;
    add_tensors(s, names[i],
                (dq_param){.kind = DQ_PARAM_CONV,
                           .at = s->conv_w[i],
                           .n_dims = 4,
                           .shape = {c->out, c->in, c->k, c->k},
                           .fan_in = c->in * c->k * c->k},
                s->conv_b[i], c->out);
}

static void add_linear(dq_net_shape *s)
{
    static const char *const names[2][2] = {{"fc.0.weight", "fc.0.bias"},
                                            {"fc.2.weight", "fc.2.bias"}};
    const dq_fc_shape *f = s->fc;
    s->n_blocks = f->out / DQ_FC_BLOCK;
    s->hidden = (size_t)f->out;
    s->fc_w = s->n_params;
    s->fc_b = s->fc_w + dq_fc_weights(f);
    s->out_w = s->fc_b + s->hidden;
    s->out_b = s->out_w + s->hidden * DQ_OUT_PAD;
    s->n_params = s->out_b + DQ_OUT_PAD;
    add_tensors(s, names[0],
                (dq_param){.kind = DQ_PARAM_FC,
                           .at = s->fc_w,
                           .n_dims = 2,
                           .shape = {f->out, f->in},
                           .fan_in = f->in},
                s->fc_b, f->out);
    add_tensors(s, names[1],
                (dq_param){.kind = DQ_PARAM_OUT,
                           .at = s->out_w,
                           .n_dims = 2,
                           .shape = {0, f->out},
                           .fan_in = f->out},
                s->out_b, 0);
}

dq_net_shape dq_net_shape_of(const dq_network *network)
{
    dq_net_shape s = {.network = network,
                      .n_convs = network->n_convs,
                      .fc = &dq_fc_shapes[network->fc],
                      .fc_layer = network->fc};
    for (int i = 0; i < s.n_convs && i < DQ_CONVS_MAX; i++)
        add_conv(&s, i, network->convs[i]);
    assert(s.x[s.n_convs - 1] == (size_t)s.fc->in);
    add_linear(&s);
    return s;
}

/** [out][in][ky][kx] to [ky][kx][in][out]. */
static size_t conv_place(const int *shape, size_t i)
{
    size_t out = (size_t)shape[0], in = (size_t)shape[1],
           kernel = (size_t)shape[2] * (size_t)shape[3];
    size_t o = i / (in * kernel), c = i / kernel % in, k = i % kernel;
    return (k * in + c) * out + o;
}

/** [out][channel * pixels + pixel] to [block][pixel * channels + channel][out in the block]. */
static size_t hidden_place(const dq_net_shape *s, size_t i)
{
    const dq_conv_shape *c = s->conv[s->n_convs - 1];
    size_t n_in = (size_t)s->fc->in, o = i / n_in, in = i % n_in;
    size_t pixels = (size_t)(c->out_side * c->out_side), channels = (size_t)c->out;
    size_t k = in % pixels * channels + in / pixels;
    return (o / DQ_FC_BLOCK * n_in + k) * DQ_FC_BLOCK + o % DQ_FC_BLOCK;
}

size_t dq_param_place(const dq_net_shape *s, const dq_param *p, size_t i)
{
    switch (p->kind) {
    case DQ_PARAM_CONV:
        return p->at + conv_place(p->shape, i);
    case DQ_PARAM_FC:
        return p->at + hidden_place(s, i);
    case DQ_PARAM_OUT:
        return p->at + i % s->hidden * DQ_OUT_PAD + i / s->hidden;
    default:
        return p->at + i;
    }
}

static int tensors_of(const dq_network *network, int n_actions, dq_tensor *shapes)
{
    dq_net_shape s = dq_net_shape_of(network);
    for (int t = 0; t < s.n_tensors; t++) {
        const dq_param *p = &s.tensors[t];
        shapes[t] = (dq_tensor){.name = p->name, .n_dims = p->n_dims};
        for (int d = 0; d < p->n_dims; d++)
            shapes[t].shape[d] = p->shape[d] ? p->shape[d] : n_actions;
    }
    return s.n_tensors;
}

int dq_net_param_shapes(const char *network, int n_actions, dq_tensor shapes[DQ_NET_MAX_TENSORS])
{
    const dq_network *known = find(network);
    return known ? tensors_of(known, n_actions, shapes) : 0;
}

static bool has_tensor(const dq_tensor *tensors, size_t n, const dq_tensor *want)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(tensors[i].name, want->name) == 0)
            return tensors[i].n_dims == want->n_dims &&
                   memcmp(tensors[i].shape, want->shape,
                          (size_t)want->n_dims * sizeof(want->shape[0])) == 0;
    return false;
}

int dq_net_outputs(const dq_tensor *tensors, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(tensors[i].name, "fc.2.bias") == 0)
            return tensors[i].shape[0];
    return 0;
}

static bool is_network(const dq_network *network, const dq_tensor *tensors, size_t n)
{
    dq_tensor want[DQ_NET_MAX_TENSORS];
    int n_actions = dq_net_outputs(tensors, n), n_tensors;
    n_tensors = tensors_of(network, n_actions, want);
    for (int t = 0; t < n_tensors; t++)
        if (!has_tensor(tensors, n, &want[t]))
            return false;
    return n == (size_t)n_tensors;
}

const char *dq_net_recognise(const dq_tensor *tensors, size_t n)
{
    for (size_t i = 0; i < DQ_COUNT(networks); i++)
        if (is_network(&networks[i], tensors, n))
            return networks[i].name;
    return NULL;
}

/* As PyTorch prints it */

typedef struct text {
    char *at;
    size_t cap;
} text;

__attribute__((format(printf, 2, 3))) static void append(text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->at, t->cap, format, args);
    va_end(args);
    size_t written = n < 0 || t->cap == 0 ? 0 : (size_t)n < t->cap ? (size_t)n : t->cap - 1;
    t->at += written;
    t->cap -= written;
}

void dq_net_describe(const char *network, int n_actions, char *to, size_t cap)
{
    text t = {to, cap};
    const dq_network *known = find(network);
    if (!known) {
        append(&t, "%s", "");
        return;
    }
    append(&t, "DQN(\n  (conv): Sequential(\n");
    for (int i = 0; i < known->n_convs; i++) {
        const dq_conv_shape *c = &dq_conv_shapes[known->convs[i]];
        append(&t,
               "    (%d): Conv2d(%d, %d, kernel_size=(%d, %d), stride=(%d, %d))\n"
               "    (%d): ReLU()\n",
               2 * i, c->in, c->out, c->k, c->k, c->stride, c->stride, 2 * i + 1);
    }
    const dq_fc_shape *f = &dq_fc_shapes[known->fc];
    append(&t,
           "  )\n"
           "  (fc): Sequential(\n"
           "    (0): Linear(in_features=%d, out_features=%d, bias=True)\n"
           "    (1): ReLU()\n"
           "    (2): Linear(in_features=%d, out_features=%d, bias=True)\n"
           "  )\n"
           ")",
           f->in, f->out, f->out, n_actions);
}
