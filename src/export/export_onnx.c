/* ONNX: the network as a graph of its operators, opset 13, or 17 where layers are normalised. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "export/formats.h"
#include "export/onnx_builder.h"

/** The graph in the making, and what it is of. */
typedef struct graph {
    const dq_export_model *m;
    dq_onnx *b;
    float cosines[DQ_ATOMS_MAX * DQ_COSINES];  // of the levels of IQN
} graph;

/** A layer, and its ReLU. @param x the name of its input @return that of its output */
static const char *add_layer(graph *g, const dq_layer *l, const char *x)
{
    char name[DQ_ONNX_NAME];
    const char *w = dq_onnx_add_tensor(g->b, dq_export_tensor(g->m, l->weight));
    const char *bias = dq_onnx_add_tensor(g->b, dq_export_tensor(g->m, l->bias));
    const int stride[] = {l->stride, l->stride}, kernel[] = {l->k, l->k};
    const int pads[] = {l->before, l->before, l->after, l->after};
    bool is_conv = l->kind == DQ_LAYER_CONV;
    const char *y = dq_onnx_add(g->b, is_conv ? "Conv" : "Gemm", l->name, x, w, bias);
    if (is_conv) {
        dq_onnx_set_ints(g->b, "kernel_shape", kernel, 2);
        dq_onnx_set_ints(g->b, "strides", stride, 2);
        dq_onnx_set_ints(g->b, "pads", pads, 4);
    } else {
        dq_onnx_set_int(g->b, "transB", 1);
    }
    if (l->norm) {
        const char *scale = dq_onnx_add_tensor(g->b, dq_export_tensor(g->m, l->norm_weight));
        const char *shift = dq_onnx_add_tensor(g->b, dq_export_tensor(g->m, l->norm_bias));
        y = dq_onnx_add(g->b, "LayerNormalization", l->norm, y, scale, shift);
        dq_onnx_set_int(g->b, "axis", 1);  // its epsilon is PyTorch's
    }
    if (!l->relu)
        return y;
    snprintf(name, sizeof(name), "%s.relu", l->name);
    return dq_onnx_add(g->b, "Relu", name, y, NULL, NULL);
}

/** The input, as the first layer takes it. */
static const char *add_input(graph *g)
{
    const dq_layer *first = &g->m->network.layers[0];
    const int width = first->width ? first->width : first->side;
    const int picture[] = {first->in, first->side, width};
    if (first->kind == DQ_LAYER_LINEAR) {
        dq_onnx_set_value(&g->b->input, "obs", DQ_ONNX_FLOAT32, &first->in, 1);
        return "obs";
    }
    dq_onnx_set_value(&g->b->input, "obs", DQ_ONNX_UINT8, picture, 3);
    const char *x = dq_onnx_add(g->b, "Cast", "levels", "obs", NULL, NULL);
    dq_onnx_set_int(g->b, "to", DQ_ONNX_FLOAT32);
    return dq_onnx_add(g->b, "Div", "scaled", x, dq_onnx_add_float(g->b, "most", 255.0f), NULL);
}

/** Features times the embeddings of the levels of quantiles.
 *  @param x [batch][features]
 *  @return [batch * levels][features] */
static const char *add_embedding(graph *g, const dq_layer *l, const char *x)
{
    static const int levels_axis[] = {1};
    const int rows[] = {-1, l->out};
    const dq_tensor *levels = dq_export_tensor(g->m, "quantiles");
    const dq_tensor cosines = {.name = "cosines",
                               .data = g->cosines,
                               .n_dims = 2,
                               .shape = {levels->shape[0], DQ_COSINES}};
    dq_level_cosines(levels->data, levels->shape[0], g->cosines);
    const char *psi = add_layer(g, l, dq_onnx_add_tensor(g->b, &cosines));
    const char *axes = dq_onnx_add_ints(g->b, "levels.axes", levels_axis, 1);
    const char *wide = dq_onnx_add(g->b, "Unsqueeze", "features", x, axes, NULL);
    const char *mixed = dq_onnx_add(g->b, "Mul", "mixed", wide, psi, NULL);
    return dq_onnx_add(g->b, "Reshape", "rows", mixed,
                       dq_onnx_add_ints(g->b, "rows.shape", rows, 2), NULL);
}

/** Rows of the levels of states to the means over them, "q". */
static void add_means(graph *g, const char *y)
{
    static const int levels_axis[] = {1};
    const int shape[] = {-1, g->m->network.last.n_levels, g->m->n_actions};
    const char *of_levels = dq_onnx_add(g->b, "Reshape", "of_levels", y,
                                        dq_onnx_add_ints(g->b, "of_levels.shape", shape, 3), NULL);
    dq_onnx_add(g->b, "ReduceMean", "q", of_levels, NULL, NULL);
    dq_onnx_set_ints(g->b, "axes", levels_axis, 1);
    dq_onnx_set_int(g->b, "keepdims", 0);
}

/** Outputs [batch][a n] to [batch][a][n]. */
static const char *reshape(graph *g, const char *name, const char *x, int a)
{
    char shape_name[DQ_ONNX_NAME];
    const int shape[] = {-1, a, g->m->network.last.n_atoms};
    snprintf(shape_name, sizeof(shape_name), "%s.shape", name);
    return dq_onnx_add(g->b, "Reshape", name, x, dq_onnx_add_ints(g->b, shape_name, shape, 3),
                       NULL);
}

/** value + advantage - mean advantage. @return [batch][actions][atoms] */
static const char *merge(graph *g, const char *advantage, const char *value)
{
    static const int actions_axis[] = {1};
    const char *a = reshape(g, "advantages", advantage, g->m->n_actions);
    const char *v = reshape(g, "value", value, 1);
    const char *mean = dq_onnx_add(g->b, "ReduceMean", "mean_advantage", a, NULL, NULL);
    dq_onnx_set_ints(g->b, "axes", actions_axis, 1);
    dq_onnx_set_int(g->b, "keepdims", 1);
    const char *base = dq_onnx_add(g->b, "Sub", "base", v, mean, NULL);
    return dq_onnx_add(g->b, "Add", "merged", a, base, NULL);
}

/** Outputs of actions to their values, "q". @param y [batch][actions][atoms] */
static void add_values(graph *g, const char *y)
{
    static const int atoms_axis[] = {2};
    const int shape[] = {-1, g->m->n_actions};
    if (g->m->network.last.head == DQ_HEAD_IQN) {
        add_means(g, y);
    } else if (g->m->network.last.head == DQ_HEAD_VALUE) {
        dq_onnx_add(g->b, "Reshape", "q", y, dq_onnx_add_ints(g->b, "q.shape", shape, 2), NULL);
    } else if (g->m->network.last.head == DQ_HEAD_QR) {
        dq_onnx_add(g->b, "ReduceMean", "q", y, NULL, NULL);
        dq_onnx_set_ints(g->b, "axes", atoms_axis, 1);
        dq_onnx_set_int(g->b, "keepdims", 0);
    } else {
        const char *p = dq_onnx_add(g->b, "Softmax", "probabilities", y, NULL, NULL);
        dq_onnx_set_int(g->b, "axis", 2);
        const char *atoms = dq_onnx_add_tensor(g->b, dq_export_tensor(g->m, "supports"));
        const char *parts = dq_onnx_add(g->b, "Mul", "parts", p, atoms, NULL);
        const char *axes = dq_onnx_add_ints(g->b, "q.axes", atoms_axis, 1);  // an input since 13
        dq_onnx_add(g->b, "ReduceSum", "q", parts, axes, NULL);
        dq_onnx_set_int(g->b, "keepdims", 0);
    }
}

/** The layers, each behind the one before it; of two streams, each behind its own. */
static void add_layers(graph *g)
{
    const dq_network *net = &g->m->network;
    bool is_parted = net->last.dueling != DQ_DUELING_NONE;
    int n_shared = net->n_layers - (is_parted ? (net->last.stream ? 4 : 2) : 0);
    const char *x = add_input(g);
    for (int i = 0; i < n_shared; i++) {
        const dq_layer *l = &net->layers[i];
        if (i > 0 && l->kind != DQ_LAYER_CONV && l[-1].kind == DQ_LAYER_CONV)
            x = dq_onnx_add(g->b, "Flatten", "flat", x, NULL, NULL);
        x = l->kind == DQ_LAYER_EMBEDDING ? add_embedding(g, l, x) : add_layer(g, l, x);
    }
    if (!is_parted) {
        add_values(g, reshape(g, "outputs", x, g->m->n_actions));
        return;
    }
    if (net->layers[n_shared - 1].kind == DQ_LAYER_CONV)
        x = dq_onnx_add(g->b, "Flatten", "flat", x, NULL, NULL);
    const char *advantage = x, *value = x;
    for (int i = n_shared; i < net->n_layers; i += 2) {
        advantage = add_layer(g, &net->layers[i], advantage);
        value = add_layer(g, &net->layers[i + 1], value);
    }
    add_values(g, merge(g, advantage, value));
}

static void add_fact(void *ctx, const char *key, const char *value)
{
    char name[32];
    snprintf(name, sizeof(name), "deepq.%s", key);
    dq_onnx_add_entry(ctx, name, value);
}

dq_status dq_export_onnx(dq_writer *w, const dq_export_model *m)
{
    dq_onnx *b = malloc(sizeof(*b));
    graph *g = malloc(sizeof(*g));
    if (!b || !g) {
        free(b);
        free(g);
        return dq_fail(DQ_ERR_NOMEM, "no memory for an ONNX model");
    }
    g->m = m;
    g->b = b;
    dq_onnx_begin(b, m->info.network, m->network.last.norm ? 17 : 13);
    add_layers(g);
    dq_onnx_set_value(&b->output, "q", DQ_ONNX_FLOAT32, &m->n_actions, 1);
    dq_export_each_fact(m, add_fact, b);
    dq_status st = dq_onnx_write(b, w);
    free(b);
    free(g);
    return st;
}
