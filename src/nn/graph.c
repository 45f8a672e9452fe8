/* What follows from a network's layers. */
#include "nn/graph.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- memory and kernels */

static int conv_kernels(const dq_layer *l)
{
    for (int i = 0; i < DQ_N_CONV_LAYERS; i++) {
        const dq_conv_shape *c = &dq_conv_shapes[i];
        if (dq_conv_picture_side(c) == l->side && c->before == l->before && c->after == l->after &&
            c->in == l->in && c->k == l->k && c->stride == l->stride && c->out == l->out)
            return i;
    }
    assert(!"a convolution that no kernel is compiled for: add it to net_shape.h");
    return 0;
}

static int fc_kernels(const dq_layer *l)
{
    for (int i = 0; i < DQ_N_FC_LAYERS; i++)
        if (dq_fc_shapes[i].in == l->in && dq_fc_shapes[i].out == l->out)
            return i;
    assert(!"a linear layer that no kernel is compiled for: add it to net_shape.h");
    return 0;
}

/** A layer's weight, then its bias. */
static void add_tensors(dq_net_shape *s, const dq_layer *l, size_t at_weight, size_t at_bias)
{
    bool is_conv = l->kind == DQ_LAYER_CONV;
    dq_param weight = {.layer = l,
                       .name = l->weight,
                       .at = at_weight,
                       .n_dims = is_conv ? 4 : 2,
                       .shape = {l->out, l->in, l->k, l->k},
                       .fan_in = is_conv ? l->in * l->k * l->k : l->in};
    dq_param bias = {.layer = l,
                     .is_bias = true,
                     .name = l->bias,
                     .at = at_bias,
                     .n_dims = 1,
                     .shape = {l->out},
                     .fan_in = weight.fan_in};
    assert(s->n_tensors + 2 <= DQ_TENSORS_MAX);
    s->tensors[s->n_tensors++] = weight;
    s->tensors[s->n_tensors++] = bias;
}

static void add_conv(dq_net_shape *s, const dq_layer *l)
{
    assert(s->n_convs < DQ_CONVS_MAX && !s->fc);
    int i = s->n_convs++;
    const dq_conv_shape *c = &dq_conv_shapes[conv_kernels(l)];
    s->layer[i] = conv_kernels(l);
    s->conv[i] = c;
    s->x[i] = dq_conv_outputs(c);
    s->conv_w[i] = s->n_params;
    s->conv_b[i] = s->conv_w[i] + dq_conv_weights(c);
    s->n_params = s->conv_b[i] + (size_t)c->out;
    add_tensors(s, l, s->conv_w[i], s->conv_b[i]);
}

static void add_hidden(dq_net_shape *s, const dq_layer *l)
{
    assert(s->n_convs > 0 && !s->fc && l->relu && s->x[s->n_convs - 1] == (size_t)l->in);
    s->fc_layer = fc_kernels(l);
    s->fc = &dq_fc_shapes[s->fc_layer];
    s->n_blocks = l->out / DQ_FC_BLOCK;
    s->hidden = (size_t)l->out;
    s->fc_w = s->n_params;
    s->fc_b = s->fc_w + dq_fc_weights(s->fc);
    s->n_params = s->fc_b + s->hidden;
    add_tensors(s, l, s->fc_w, s->fc_b);
}

static void add_output(dq_net_shape *s, const dq_layer *l)
{
    assert(s->fc && l->kind == DQ_LAYER_LINEAR && l->out == 0 && l->in == s->fc->out);
    s->out_w = s->n_params;
    s->out_b = s->out_w + s->hidden * s->out_pad;
    s->n_params = s->out_b + s->out_pad;
    add_tensors(s, l, s->out_w, s->out_b);
}

static int whole_groups(int n, int group)
{
    return (n + group - 1) / group * group;
}

static void add_dense(dq_net_shape *s, const dq_layer *l)
{
    int i = s->n_dense++, out = l->out ? l->out : s->n_outputs;
    assert(i == 0 || l->in == s->dense[i - 1].out);
    s->dense[i] = (dq_dense_shape){
        .in = l->in,
        .out = out,
        .in_row = whole_groups(l->in, i == 0 ? DQ_DENSE_FIRST_GROUP : DQ_DENSE_GROUP),
        .out_row = whole_groups(out, DQ_DENSE_GROUP)};
    s->dense_w[i] = s->n_params;
    s->dense_b[i] = s->dense_w[i] + dq_dense_weights(&s->dense[i]);
    s->n_params = s->dense_b[i] + (size_t)s->dense[i].out_row;
    add_tensors(s, l, s->dense_w[i], s->dense_b[i]);
}

static dq_net_shape mlp_shape_of(const dq_network *network, int n_outputs)
{
    dq_net_shape s = {.network = network,
                      .obs_bytes = (size_t)network->layers[0].in * sizeof(float),
                      .n_outputs = n_outputs,
                      .out_pad = (size_t)whole_groups(n_outputs, DQ_DENSE_GROUP)};
    for (int i = 0; i < network->n_layers; i++)
        add_dense(&s, &network->layers[i]);
    return s;
}

dq_net_shape dq_net_shape_of(const dq_network *network, int n_outputs)
{
    if (network->layers[0].kind == DQ_LAYER_LINEAR)
        return mlp_shape_of(network, n_outputs);
    int n_blocks = whole_groups(n_outputs, DQ_OUT_BLOCK) / DQ_OUT_BLOCK;
    dq_net_shape s = {.network = network,
                      .obs_bytes = DQ_NET_OBS_BYTES,
                      .n_outputs = n_outputs,
                      .n_out_blocks = n_blocks,
                      .out_pad = (size_t)n_blocks * DQ_OUT_BLOCK};
    for (int i = 0; i < network->n_layers; i++) {
        const dq_layer *l = &network->layers[i];
        if (l->kind == DQ_LAYER_CONV)
            add_conv(&s, l);
        else if (i + 1 < network->n_layers)
            add_hidden(&s, l);
        else
            add_output(&s, l);
    }
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

/** [out][in] to [in][out], with padding. */
static size_t dense_place(const dq_net_shape *s, const dq_param *p, size_t i)
{
    size_t n_in = (size_t)p->layer->in;
    const dq_dense_shape *d = &s->dense[p->layer - s->network->layers];
    return i % n_in * (size_t)d->out_row + i / n_in;
}

size_t dq_param_place(const dq_net_shape *s, const dq_param *p, size_t i)
{
    if (p->is_bias)
        return p->at + i;
    if (s->n_dense)
        return p->at + dense_place(s, p, i);
    if (p->layer->kind == DQ_LAYER_CONV)
        return p->at + conv_place(p->shape, i);
    if (p->at == s->fc_w)
        return p->at + hidden_place(s, i);
    return p->at + dq_out_place(s, i % s->hidden, i / s->hidden);
}

/* ---------------------------------------------------------------- tensors */

static void tensors_of(const dq_net_shape *s, dq_tensor *tensors)
{
    for (int t = 0; t < s->n_tensors; t++) {
        const dq_param *p = &s->tensors[t];
        tensors[t] = (dq_tensor){.name = p->name, .n_dims = p->n_dims};
        for (int d = 0; d < p->n_dims; d++)
            tensors[t].shape[d] = p->shape[d] ? p->shape[d] : s->n_outputs;
    }
}

int dq_net_n_tensors(const char *network)
{
    dq_network known;
    return dq_network_find(network, &known) == DQ_OK ? 2 * known.n_layers : 0;
}

int dq_net_param_shapes(const char *network, int n_actions, dq_tensor *shapes)
{
    dq_network known;
    if (dq_network_find(network, &known) != DQ_OK)
        return 0;
    dq_net_shape s = dq_net_shape_of(&known, n_actions);
    tensors_of(&s, shapes);
    return s.n_tensors;
}

uint64_t dq_net_n_params(const char *network, int n_actions)
{
    dq_tensor shapes[DQ_TENSORS_MAX];
    uint64_t sum = 0;
    int n = dq_net_param_shapes(network, n_actions, shapes);
    for (int t = 0; t < n; t++)
        sum += dq_tensor_elements(&shapes[t]);
    return sum;
}

/* ---------------------------------------------------------------- recognition */

static const dq_tensor *tensor_named(const dq_tensor *tensors, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(tensors[i].name, name) == 0)
            return &tensors[i];
    return NULL;
}

static int outputs_of(const dq_network *network, const dq_tensor *tensors, size_t n)
{
    const dq_tensor *bias = tensor_named(tensors, n, network->layers[network->n_layers - 1].bias);
    return bias ? bias->shape[0] : 0;
}

static bool is_network(const dq_network *network, const dq_tensor *tensors, size_t n)
{
    dq_net_shape s = dq_net_shape_of(network, outputs_of(network, tensors, n));
    dq_tensor want[DQ_TENSORS_MAX];
    tensors_of(&s, want);
    for (int t = 0; t < s.n_tensors; t++) {
        const dq_tensor *have = tensor_named(tensors, n, want[t].name);
        if (!have || have->n_dims != want[t].n_dims ||
            memcmp(have->shape, want[t].shape, (size_t)want[t].n_dims * sizeof(want[t].shape[0])) !=
                0)
            return false;
    }
    return n == (size_t)s.n_tensors;
}

/** The name that a multilayer perceptron with these tensors has; "" for other tensors. */
static void name_mlp(const dq_tensor *tensors, size_t n, char name[DQ_NETWORK_NAME])
{
    size_t used = (size_t)snprintf(name, DQ_NETWORK_NAME, DQ_MLP " ");
    for (size_t i = 0; i < n / 2 && i < DQ_LAYERS_MAX; i++) {
        const dq_tensor *weight = tensor_named(tensors, n, dq_mlp_layers[i].weight);
        int width = weight && weight->n_dims == 2 ? weight->shape[1] : 0;
        used += (size_t)snprintf(name + used, DQ_NETWORK_NAME - used, "%s%d", i ? "-" : "", width);
        if (used >= DQ_NETWORK_NAME)
            break;
    }
    name[used < DQ_NETWORK_NAME ? used : 0] = '\0';
}

static bool recognise(const dq_tensor *tensors, size_t n, dq_network *network)
{
    char name[DQ_NETWORK_NAME];
    const dq_network *picture;
    for (size_t i = 0; (picture = dq_network_at(i)); i++)
        if (is_network(picture, tensors, n)) {
            *network = *picture;
            return true;
        }
    name_mlp(tensors, n, name);
    return dq_network_find(name, network) == DQ_OK && is_network(network, tensors, n);
}

const char *dq_net_recognise(const dq_tensor *tensors, size_t n)
{
    static _Thread_local dq_network network;
    return recognise(tensors, n, &network) ? dq_network_name(&network) : NULL;
}

int dq_net_outputs(const dq_tensor *tensors, size_t n)
{
    dq_network network;
    return recognise(tensors, n, &network) ? outputs_of(&network, tensors, n) : 0;
}

/* ---------------------------------------------------------------- as PyTorch prints it */

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

/** "conv.2" is number 2 of the sequence "conv". */
static size_t sequence_of(const dq_layer *l)
{
    return strcspn(l->name, ".");
}

static const char *number_of(const dq_layer *l)
{
    const char *dot = strchr(l->name, '.');
    return dot ? dot + 1 : l->name;
}

static bool begins_sequence(const dq_network *network, int i)
{
    const dq_layer *l = &network->layers[i];
    return i == 0 || strncmp(l->name, l[-1].name, sequence_of(l) + 1) != 0;
}

/** Padding that differs between the sides has no word in PyTorch's Conv2d: (before, after). */
static void describe_conv(text *t, const dq_layer *l)
{
    append(t, "Conv2d(%d, %d, kernel_size=(%d, %d), stride=(%d, %d)", l->in, l->out, l->k, l->k,
           l->stride, l->stride);
    if (l->before || l->after)
        append(t, ", padding=(%d, %d)", l->before, l->after);
    append(t, ")\n");
}

static void describe_layer(text *t, const dq_layer *l, int n_actions, const char *indent)
{
    append(t, "%s(%s): ", indent, number_of(l));
    if (l->kind == DQ_LAYER_CONV)
        describe_conv(t, l);
    else
        append(t, "Linear(in_features=%d, out_features=%d, bias=True)\n", l->in,
               l->out ? l->out : n_actions);
    if (l->relu)
        append(t, "%s(%d): ReLU()\n", indent, *number_of(l) - '0' + 1);
}

static void describe_mlp(text *t, const dq_network *network, int n_actions)
{
    append(t, "Sequential(\n");
    for (int i = 0; i < network->n_layers; i++)
        describe_layer(t, &network->layers[i], n_actions, "  ");
    append(t, ")");
}

static void describe_pictures(text *t, const dq_network *network, int n_actions)
{
    append(t, "DQN(\n");
    for (int i = 0; i < network->n_layers; i++) {
        const dq_layer *l = &network->layers[i];
        if (begins_sequence(network, i))
            append(t, "%s  (%.*s): Sequential(\n", i ? "  )\n" : "", (int)sequence_of(l), l->name);
        describe_layer(t, l, n_actions, "    ");
    }
    append(t, "  )\n)");
}

void dq_net_describe(const char *network, int n_actions, char *to, size_t cap)
{
    text t = {to, cap};
    dq_network known;
    append(&t, "%s", "");
    if (dq_network_find(network, &known) != DQ_OK)
        return;
    if (*known.own_name)
        describe_mlp(&t, &known, n_actions);
    else
        describe_pictures(&t, &known, n_actions);
}
