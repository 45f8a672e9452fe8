#include "export/c_layers.h"

#include <math.h>

#include "export/formats.h"

enum { INT8_MOST = 127 };

/** The largest input whose products with weights of int8 cannot overflow 32 bits. */
static int most_of(int n_weights)
{
    int most = INT32_MAX / (INT8_MOST * n_weights);
    return most > INT16_MAX ? INT16_MAX : most;
}

static dq_c_layer layer_of(const dq_export_model *m, const dq_layer *l)
{
    dq_c_layer c = {.layer = l,
                    .weight = dq_export_tensor(m, l->weight),
                    .bias = dq_export_tensor(m, l->bias),
                    .side = 1,
                    .out_side = 1,
                    .k = 1,
                    .stride = 1};
    if (l->norm) {
        c.norm_scale = dq_export_tensor(m, l->norm_weight);
        c.norm_shift = dq_export_tensor(m, l->norm_bias);
    }
    c.out = c.bias->shape[0];
    if (l->kind == DQ_LAYER_CONV) {
        c.side = l->side;
        c.k = l->k;
        c.stride = l->stride;
        c.before = l->before;
        c.out_side = (l->side + l->before + l->after - l->k) / l->stride + 1;
    }
    c.most = most_of(l->in * c.k * c.k);
    return c;
}

/** How many layers stand beside one another, each with an output of its own: 2 of two streams. */
static int n_beside(const dq_network *net, int i)
{
    int n_pairs = net->last.dueling == DQ_DUELING_NONE ? 0 : net->last.stream ? 2 : 1;
    return i >= net->n_layers - 2 * n_pairs ? 2 : 1;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void dq_c_layers_of(const dq_export_model *m, dq_c_layers *layers)
{
    const dq_network *net = &m->network;
    *layers = (dq_c_layers){.n = net->n_layers, .sums_size = 1};
    for (int i = 0, n; i < net->n_layers; i += n) {
        int y_at = 0;
        n = n_beside(net, i);
        for (int k = 0; k < n; k++) {
            dq_c_layer *c = &layers->layer[i + k];
            *c = layer_of(m, &net->layers[i + k]);
            c->y_at = y_at;
            if (k > 0 && n_beside(net, i - 1) == 2)  // behind a hidden layer of its own
                c->x_at = layers->layer[i - 1].y_at;
            y_at += c->out * c->out_side * c->out_side;
            layers->sums_size = larger(layers->sums_size, (size_t)(c->out_side * c->out_side));
        }
        layers->layer[i + n - 1].ends_stage = i + n < net->n_layers;
        layers->y_size = larger(layers->y_size, (size_t)y_at);
    }
    const dq_c_layer *first = &layers->layer[0];
    layers->obs_size = (size_t)(first->layer->in * first->side * first->side);
    layers->x_size = larger(layers->obs_size, layers->y_size);
    layers->atoms = net->last.head == DQ_HEAD_C51 ? dq_export_tensor(m, "supports") : NULL;
}

void dq_c_quantize(const dq_tensor *w, int8_t *weight, float *scale)
{
    size_t n_out = (size_t)w->shape[0], n = dq_tensor_elements(w) / n_out;
    for (size_t o = 0; o < n_out; o++) {
        const float *row = w->data + o * n;
        float largest = 0;
        for (size_t i = 0; i < n; i++)
            largest = fmaxf(largest, fabsf(row[i]));
        scale[o] = largest / INT8_MOST;
        for (size_t i = 0; i < n; i++)
            weight[o * n + i] = (int8_t)(largest > 0 ? lrintf(row[i] / largest * INT8_MOST) : 0);
    }
}
