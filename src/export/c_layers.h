/** A network as the C file has it: layers one after another, and how large its buffers are. */
#ifndef DEEPQ_EXPORT_C_LAYERS_H
#define DEEPQ_EXPORT_C_LAYERS_H

#include "export/export.h"

/** A layer, as in model_layer of c_network.inc. */
typedef struct dq_c_layer {
    const dq_layer *layer;                     // what it is of
    const dq_tensor *weight;                   // its weights
    const dq_tensor *bias;                     // its biases
    const dq_tensor *norm_scale, *norm_shift;  // of its normalisation, else NULL
    int out;                                   // outputs or output channels
    int side, out_side;                        // of pictures, in pixels; of a linear layer 1
    int k, stride, before;                     // of a linear layer 1, 1, 0
    int x_at, y_at;                            // where its input and output begin
    bool ends_stage;                           // whether the outputs so far become inputs
    int most;                                  // largest activation in int8 arithmetic
} dq_c_layer;

typedef struct dq_c_layers {
    int n;
    dq_c_layer layer[DQ_LAYERS_MAX];   // [n]
    size_t x_size, y_size, sums_size;  // elements of the buffers
    size_t obs_size;                   // elements of a state
    const dq_tensor *atoms;            // of C51, else NULL
} dq_c_layers;

void dq_c_layers_of(const dq_export_model *m, dq_c_layers *layers);

/** Weights [out][in] as int8, a scale for each output, so that the largest is 127 or -127.
 *  @param[out] weight [elements of w] @param[out] scale [out] */
void dq_c_quantize(const dq_tensor *w, int8_t *weight, float *scale);

/** The network with weights of int8, computed by the C file's own forward pass. */
typedef struct dq_quantized dq_quantized;
DQ_NODISCARD dq_status dq_quantized_create(dq_quantized **out, const dq_export_model *m);
/** Accepts NULL. */
void dq_quantized_destroy(dq_quantized *z);
/** @param obs uint8 [4][84][84], or float [inputs] @param[out] q [n_actions] */
void dq_quantized_values(dq_quantized *z, const void *obs, float *q);

#endif
