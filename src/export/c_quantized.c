/* The C file's forward pass in int8, to measure what it costs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "export/c_layers.h"

#define MODEL_INT8 1
#define MODEL_HAS_C51 1
#define MODEL_HAS_NORM 1
#define MODEL_TAKES_BYTES 1
#define MODEL_TAKES_FLOATS 1
#include "export/c_network.inc"

struct dq_quantized {
    model_net net;
    model_layer layers[DQ_LAYERS_MAX];
    bool takes_bytes;
    model_value *x;
    float *y;
    model_sum *sums;
    int8_t *weights;  // of all layers
    float *scales;    // of all outputs
};

void dq_quantized_destroy(dq_quantized *z)
{
    if (!z)
        return;
    free(z->x);
    free(z->y);
    free(z->sums);
    free(z->weights);
    free(z->scales);
    free(z);
}

static bool allocate(dq_quantized *z, const dq_c_layers *layers)
{
    size_t n_weights = 1, n_outputs = 1;  // a block also of nothing
    for (int i = 0; i < layers->n; i++) {
        n_weights += dq_tensor_elements(layers->layer[i].weight);
        n_outputs += (size_t)layers->layer[i].out;
    }
    z->x = calloc(layers->x_size, sizeof(*z->x));
    z->y = calloc(layers->y_size, sizeof(*z->y));
    z->sums = calloc(layers->sums_size, sizeof(*z->sums));
    z->weights = calloc(n_weights, sizeof(*z->weights));
    z->scales = calloc(n_outputs, sizeof(*z->scales));
    return z->x && z->y && z->sums && z->weights && z->scales;
}

static void fill_layers(dq_quantized *z, const dq_c_layers *layers)
{
    int8_t *weight = z->weights;
    float *scale = z->scales;
    for (int i = 0; i < layers->n; i++) {
        const dq_c_layer *c = &layers->layer[i];
        z->layers[i] = (model_layer){.in = c->layer->in,
                                     .out = c->out,
                                     .side = c->side,
                                     .out_side = c->out_side,
                                     .k = c->k,
                                     .stride = c->stride,
                                     .before = c->before,
                                     .relu = c->layer->relu,
                                     .x_at = c->x_at,
                                     .y_at = c->y_at,
                                     .ends_stage = c->ends_stage,
                                     .most = c->most,
                                     .weight = weight,
                                     .scale = scale,
                                     .bias = c->bias->data,
                                     .norm_scale = c->norm_scale ? c->norm_scale->data : NULL,
                                     .norm_shift = c->norm_shift ? c->norm_shift->data : NULL};
        dq_c_quantize(c->weight, weight, scale);
        weight += dq_tensor_elements(c->weight);
        scale += c->out;
    }
}

dq_status dq_quantized_create(dq_quantized **out, const dq_export_model *m)
{
    dq_c_layers layers;
    dq_quantized *z = *out = calloc(1, sizeof(*z));
    dq_c_layers_of(m, &layers);
    if (!z || !allocate(z, &layers)) {
        dq_quantized_destroy(z);
        *out = NULL;
        return dq_fail(DQ_ERR_NOMEM, "no memory for a network of int8");
    }
    z->takes_bytes = layers.layer[0].layer->kind == DQ_LAYER_CONV;
    z->net = (model_net){.n_layers = layers.n,
                         .n_actions = m->n_actions,
                         .n_atoms = m->network.last.n_atoms,
                         .is_dueling = m->network.last.dueling != DQ_DUELING_NONE,
                         .is_c51 = m->network.last.head == DQ_HEAD_C51,
                         .atoms = layers.atoms ? layers.atoms->data : NULL,
                         .layers = z->layers};
    fill_layers(z, &layers);
    return DQ_OK;
}

void dq_quantized_values(dq_quantized *z, const void *obs, float *q)
{
    if (z->takes_bytes)
        model_run_bytes(&z->net, obs, z->x, z->y, z->sums, q);
    else
        model_run_floats(&z->net, obs, z->x, z->y, z->sums, q);
}
