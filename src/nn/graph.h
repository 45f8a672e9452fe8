/** A network as data: a list of layers, and all that follows from it: where parameters lie, which
 *  kernels compute it, the tensors of model files and checkpoints, the printed structure, and by
 *  which tensors a model is recognised. The networks there are stand in networks.c. */
#ifndef DEEPQ_NN_GRAPH_H
#define DEEPQ_NN_GRAPH_H

#include "deepq/net.h"
#include "nn/net_shape.h"

typedef enum dq_layer_kind { DQ_LAYER_CONV, DQ_LAYER_LINEAR } dq_layer_kind;

/** A layer takes what the one before it gives, the first the picture; the first linear layer takes
 *  the last convolution's output, channels first, as PyTorch flattens it. */
typedef struct dq_layer {
    dq_layer_kind kind;
    const char *name;  // PyTorch's, "conv.0"; its tensors are these:
    const char *weight, *bias;
    int in, out;          // channels of a convolution, else values; out 0: as many as actions
    int side, k, stride;  // of a convolution: pixels of its picture and its kernel
    int before, after;    // pixels of zeros around the picture, on the one side and on the other
    bool relu;
} dq_layer;

typedef struct dq_network {
    const char *name;
    const char *source;
    int n_layers;
    const dq_layer *layers;
} dq_network;

enum { DQ_LAYERS_MAX = DQ_CONVS_MAX + 2, DQ_TENSORS_MAX = 2 * DQ_LAYERS_MAX };

/** One of PyTorch's tensors, and where it lies in a flat array of all parameters. */
typedef struct dq_param {
    const dq_layer *layer;
    bool is_bias;
    const char *name;
    size_t at;
    int n_dims, shape[4];  // 0 stands for n_actions
    int fan_in;            // inputs that feed one output of its layer
} dq_param;

/** What follows from a network's layers. Convolutions come first, then a hidden linear layer and
 * the last one: there are no kernels for another order so far. */
typedef struct dq_net_shape {
    const dq_network *network;
    int n_convs;
    int layer[DQ_CONVS_MAX];  // as the kernels number them
    const dq_conv_shape *conv[DQ_CONVS_MAX];
    size_t x[DQ_CONVS_MAX];  // floats in a sample's output of each
    const dq_fc_shape *fc;
    int fc_layer, n_blocks;  // blocks of DQ_FC_BLOCK outputs
    size_t hidden;           // outputs of the hidden linear layer
    int n_outputs;           // of the last one
    int n_out_blocks;        // blocks of DQ_OUT_BLOCK of them
    size_t out_pad;          // a row of them: whole blocks

    /* Where weights and biases start in a flat array of n_params floats, in PyTorch's order. */
    size_t conv_w[DQ_CONVS_MAX], conv_b[DQ_CONVS_MAX];
    size_t fc_w, fc_b, out_w, out_b;
    size_t n_params;
    int n_tensors;
    dq_param tensors[DQ_TENSORS_MAX];
} dq_net_shape;

/** The networks there are, in the order in which they are listed; NULL past the last. */
const dq_network *dq_network_at(size_t index);
/** By name, NULL is the first; DQ_ERR_CONFIG names those there are. */
DQ_NODISCARD dq_status dq_network_find(const char *name, const dq_network **network);

/** @param n_outputs as many as actions */
dq_net_shape dq_net_shape_of(const dq_network *network, int n_outputs);

/** Place in the flat array of element i of tensor p. */
size_t dq_param_place(const dq_net_shape *s, const dq_param *p, size_t i);

/** Place of the last layer's weight from hidden unit k to an output, from the first one's. */
static inline size_t dq_out_place(const dq_net_shape *s, size_t k, size_t output)
{
    return (output / DQ_OUT_BLOCK * s->hidden + k) * DQ_OUT_BLOCK + output % DQ_OUT_BLOCK;
}

#endif
