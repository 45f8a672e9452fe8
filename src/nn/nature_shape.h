/** The Nature network's sizes as constants, for what computes no other: the GPU module. They are
 *  what networks.c makes of it. */
#ifndef DEEPQ_NN_NATURE_SHAPE_H
#define DEEPQ_NN_NATURE_SHAPE_H

#include "nn/net_shape.h"

enum {
    DQ_CONV1_IN = 4,
    DQ_CONV1_OUT = 32,
    DQ_CONV1_K = 8,
    DQ_CONV1_S = 4,
    DQ_CONV2_IN = 32,
    DQ_CONV2_OUT = 64,
    DQ_CONV2_K = 4,
    DQ_CONV2_S = 2,
    DQ_CONV3_IN = 64,
    DQ_CONV3_OUT = 64,
    DQ_CONV3_K = 3,
    DQ_CONV3_S = 1,
    DQ_SIDE1 = 20,
    DQ_SIDE2 = 9,
    DQ_SIDE3 = 7,
    DQ_N_CONVS = 3,

    DQ_X1 = DQ_SIDE1 * DQ_SIDE1 * DQ_CONV1_OUT,  // floats in each layer's output
    DQ_X2 = DQ_SIDE2 * DQ_SIDE2 * DQ_CONV2_OUT,
    DQ_X3 = DQ_SIDE3 * DQ_SIDE3 * DQ_CONV3_OUT,
    DQ_HIDDEN = 512,

    DQ_W1 = DQ_CONV1_K * DQ_CONV1_K * DQ_CONV1_IN * DQ_CONV1_OUT,
    DQ_W2 = DQ_CONV2_K * DQ_CONV2_K * DQ_CONV2_IN * DQ_CONV2_OUT,
    DQ_W3 = DQ_CONV3_K * DQ_CONV3_K * DQ_CONV3_IN * DQ_CONV3_OUT,
    DQ_W4 = DQ_X3 * DQ_HIDDEN,

    DQ_FC_BLOCKS = DQ_HIDDEN / DQ_FC_BLOCK,
    DQ_FC_SLICE = 64,
    DQ_FC_SLICES = DQ_X3 / DQ_FC_SLICE
};

/** Where each parameter starts in a flat array of DQ_N_PARAMS floats; PyTorch's order. */
enum {
    DQ_AT_W1 = 0,
    DQ_AT_B1 = DQ_AT_W1 + DQ_W1,
    DQ_AT_W2 = DQ_AT_B1 + DQ_CONV1_OUT,
    DQ_AT_B2 = DQ_AT_W2 + DQ_W2,
    DQ_AT_W3 = DQ_AT_B2 + DQ_CONV2_OUT,
    DQ_AT_B3 = DQ_AT_W3 + DQ_W3,
    DQ_AT_W4 = DQ_AT_B3 + DQ_CONV3_OUT,
    DQ_AT_B4 = DQ_AT_W4 + DQ_W4,
    DQ_AT_W5 = DQ_AT_B4 + DQ_HIDDEN,
    DQ_AT_B5 = DQ_AT_W5 + DQ_HIDDEN * DQ_OUT_PAD,
    DQ_N_PARAMS = DQ_AT_B5 + DQ_OUT_PAD
};

#endif
