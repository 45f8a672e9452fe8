/** The networks there are, and where the parameters of each lie. */
#ifndef DEEPQ_NN_NETWORKS_H
#define DEEPQ_NN_NETWORKS_H

#include "deepq/net.h"
#include "nn/net_shape.h"

/** Convolutions, a linear layer, and one more to the actions' values. */
typedef struct dq_network {
    const char *name;
    int n_convs, convs[DQ_CONVS_MAX];  // layers of dq_conv_shapes
    int fc;                            // of dq_fc_shapes
} dq_network;

/** One of PyTorch's tensors: where it lies in a flat array of all parameters, and how many inputs
 *  feed one output of its layer. */
typedef struct dq_param {
    enum { DQ_PARAM_CONV, DQ_PARAM_FC, DQ_PARAM_OUT, DQ_PARAM_BIAS } kind;
    const char *name;
    size_t at;
    int n_dims, shape[4];  // 0 stands for n_actions
    int fan_in;
} dq_param;

/** What follows from a network's layers. */
typedef struct dq_net_shape {
    const dq_network *network;
    int n_convs;
    int layer[DQ_CONVS_MAX];  // as the kernels number them
    const dq_conv_shape *conv[DQ_CONVS_MAX];
    size_t x[DQ_CONVS_MAX];  // floats in a sample's output of each
    const dq_fc_shape *fc;
    int fc_layer, n_blocks;  // blocks of DQ_FC_BLOCK outputs
    size_t hidden;           // outputs of the first linear layer

    /* Where weights and biases start in a flat array of n_params floats, in PyTorch's order. */
    size_t conv_w[DQ_CONVS_MAX], conv_b[DQ_CONVS_MAX];
    size_t fc_w, fc_b, out_w, out_b;
    size_t n_params;
    int n_tensors;
    dq_param tensors[DQ_NET_MAX_TENSORS];
} dq_net_shape;

/** By name, NULL is "nature"; DQ_ERR_CONFIG names those there are. */
DQ_NODISCARD dq_status dq_network_find(const char *name, const dq_network **network);
dq_net_shape dq_net_shape_of(const dq_network *network);

/** Place in the flat array of element i of tensor p. */
size_t dq_param_place(const dq_net_shape *s, const dq_param *p, size_t i);

/** The network that has so many parameters, padding included, or NULL. */
const dq_network *dq_network_of_size(uint64_t n_params);

#endif
