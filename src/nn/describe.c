/* A network as PyTorch prints it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/graph.h"

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

static const char *number_of(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? dot + 1 : name;
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

static void describe_norm(text *t, const dq_layer *l, const char *indent)
{
    append(t, "%s(%s): LayerNorm((%d,", indent, number_of(l->norm), l->out);
    if (l->kind == DQ_LAYER_CONV)
        append(t, " %d, %d", dq_conv_extent(l, l->side),
               dq_conv_extent(l, l->width ? l->width : l->side));
    append(t, "), eps=1e-05, elementwise_affine=True, bias=True)\n");
}

static void describe_layer(text *t, const dq_network *network, const dq_layer *l, int n_outputs,
                           const char *indent)
{
    append(t, "%s(%s): ", indent, number_of(l->name));
    if (l->kind == DQ_LAYER_CONV)
        describe_conv(t, l);
    else
        append(t, "%sLinear(in_features=%d, out_features=%d, bias=True)\n",
               network->last.noise == DQ_NOISE_NONE || l->kind == DQ_LAYER_EMBEDDING ? "" : "Noisy",
               l->in, l->out ? l->out : n_outputs);
    if (l->norm)
        describe_norm(t, l, indent);
    if (l->relu)
        append(t, "%s(%d): ReLU()\n", indent, atoi(number_of(l->name)) + (l->norm ? 2 : 1));
}

/** As an nn.Sequential of all. */
static void describe_mlp(text *t, const dq_network *network, int n_outputs)
{
    append(t, "Sequential(\n");
    for (int i = 0; i < network->n_layers; i++)
        describe_layer(t, network, &network->layers[i], n_outputs, "  ");
    append(t, ")");
}

/** The sequences of linear layers, or those of others. Those of two streams alternate in the list.
 */
static void describe_sequences(text *t, const dq_network *network, int n_outputs, bool of_linear)
{
    bool is_said[DQ_LAYERS_MAX] = {0};
    for (int i = 0; i < network->n_layers; i++) {
        const dq_layer *l = &network->layers[i];
        if (is_said[i] || (l->kind == DQ_LAYER_LINEAR) != of_linear)
            continue;
        append(t, "  (%.*s): Sequential(\n", (int)sequence_of(l), l->name);
        for (int j = i; j < network->n_layers; j++)
            if (strncmp(l->name, network->layers[j].name, sequence_of(l) + 1) == 0) {
                describe_layer(t, network, &network->layers[j], n_outputs, "    ");
                is_said[j] = true;
            }
        append(t, "  )\n");
    }
}

/** As a module with sequences of layers. */
static void describe_module(text *t, const dq_network *network, int n_outputs)
{
    append(t, "DQN(\n");
    describe_sequences(t, network, n_outputs, false);
    describe_sequences(t, network, n_outputs, true);
    append(t, ")");
}

void dq_net_describe(const char *network, int n_actions, char *to, size_t cap)
{
    text t = {to, cap};
    dq_network known;
    append(&t, "%s", "");
    if (dq_network_find(network, &known) != DQ_OK)
        return;
    int n_outputs = n_actions * known.last.n_atoms;
    if (known.layers[0].kind == DQ_LAYER_LINEAR && !dq_mlp_is_part(&known.last))
        describe_mlp(&t, &known, n_outputs);
    else
        describe_module(&t, &known, n_outputs);
}
