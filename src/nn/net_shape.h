/** The layers of the Nature network and how they lie in memory inside deepq.
 *
 *  Pictures are channels last, [y][x][channel]. Convolution weights are [ky][kx][in][out], so that
 *  one input value meets a row of outputs. The first linear layer's weights are cut into blocks of
 *  DQ_FC_BLOCK outputs, [block][in][DQ_FC_BLOCK]; the second's are [in][outputs padded]. */
#ifndef DEEPQ_NN_NET_SHAPE_H
#define DEEPQ_NN_NET_SHAPE_H

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
    DQ_SIDE0 = 84,
    DQ_SIDE1 = 20,
    DQ_SIDE2 = 9,
    DQ_SIDE3 = 7,
    DQ_N_CONVS = 3,
    DQ_N_BF16_CONVS = 2,  // the first ones: bf16 takes their products from rounded factors
    DQ_BLOCK_MAX = 128,   // values in a block (dq_conv_block) and channels out, at most
    DQ_OUT_MAX = 64,

    DQ_X0 = DQ_SIDE0 * DQ_SIDE0 * DQ_CONV1_IN,   // floats in the scaled picture
    DQ_X1 = DQ_SIDE1 * DQ_SIDE1 * DQ_CONV1_OUT,  // floats in each layer's output
    DQ_X2 = DQ_SIDE2 * DQ_SIDE2 * DQ_CONV2_OUT,
    DQ_X3 = DQ_SIDE3 * DQ_SIDE3 * DQ_CONV3_OUT,
    DQ_HIDDEN = 512,

    DQ_W1 = DQ_CONV1_K * DQ_CONV1_K * DQ_CONV1_IN * DQ_CONV1_OUT,
    DQ_W2 = DQ_CONV2_K * DQ_CONV2_K * DQ_CONV2_IN * DQ_CONV2_OUT,
    DQ_W3 = DQ_CONV3_K * DQ_CONV3_K * DQ_CONV3_IN * DQ_CONV3_OUT,
    DQ_W4 = DQ_X3 * DQ_HIDDEN,

    DQ_FC_BLOCK = 32,  // outputs of the first linear layer in one block
    DQ_FC_BLOCKS = DQ_HIDDEN / DQ_FC_BLOCK,
    DQ_FC_SLICE = 64,  // inputs of the first linear layer in one task of its gradients
    DQ_FC_SLICES = DQ_X3 / DQ_FC_SLICE,
    DQ_OUT_PAD = 32  // outputs of the second linear layer, padded (18 actions at most)
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

/** Samples in a row of gradients that is turned for fc1_dx: a whole number of vectors. */
static inline int dq_fc_pad(int n)
{
    return (n + 31) / 32 * 32;
}

/** A convolution. Its kernel is a whole number of strides wide, so it is also a convolution of
 *  stride 1 over blocks of stride x stride pixels: `k / stride` taps a side, and in each block
 *  stride * stride * in values, [row in the block][column in the block][channel]. */
typedef struct dq_conv_shape {
    int in_side, in;  // pixels, channels
    int k, stride;
    int out_side, out;
} dq_conv_shape;

static const dq_conv_shape dq_conv_shapes[DQ_N_CONVS] = {
    {DQ_SIDE0, DQ_CONV1_IN, DQ_CONV1_K, DQ_CONV1_S, DQ_SIDE1, DQ_CONV1_OUT},
    {DQ_SIDE1, DQ_CONV2_IN, DQ_CONV2_K, DQ_CONV2_S, DQ_SIDE2, DQ_CONV2_OUT},
    {DQ_SIDE2, DQ_CONV3_IN, DQ_CONV3_K, DQ_CONV3_S, DQ_SIDE3, DQ_CONV3_OUT},
};

/** Values in a block. */
static inline int dq_conv_block(const dq_conv_shape *s)
{
    return s->stride * s->stride * s->in;
}

/** The row of the weights, (ky * k + kx) * in + channel, for value v of the block at (ty, tx). */
static inline int dq_conv_row(const dq_conv_shape *s, int ty, int tx, int v)
{
    int group = s->stride * s->in;  // values of a block that lie side by side in the picture
    return ((ty * s->stride + v / group) * (s->k / s->stride) + tx) * group + v % group;
}

#endif
