/** The layer sizes that kernels are compiled for, and the layouts of pictures and weights.
 *
 *  Pictures are channels last, [y][x][channel]. Convolution weights are [ky][kx][in][out], so that
 *  one input value is multiplied by a row of outputs. The weights of a linear layer are divided
 *  into blocks of 32 outputs, [block][in][32]; those of the output layer are padded to whole
 *  blocks.
 *
 *  The sizes of a layer are constants of its kernels. A new one is a row of a table here and its
 *  number in the list below the table. */
#ifndef DEEPQ_NN_NET_SHAPE_H
#define DEEPQ_NN_NET_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    DQ_SIDE0 = 84,                            // height and width of the picture, in pixels
    DQ_FRAMES = 4,                            // frames of the picture
    DQ_X0 = DQ_SIDE0 * DQ_SIDE0 * DQ_FRAMES,  // floats in the scaled picture

    DQ_CONVS_MAX = 3,    // most convolutions of a network
    DQ_BLOCK_MAX = 128,  // most values in a block (dq_conv_block())
    DQ_OUT_MAX = 64,     // most output channels

    DQ_FC_BLOCK = 32,      // outputs of the hidden layer in one block
    DQ_FC_SLICE_MAX = 64,  // most inputs in one task of its gradients
    DQ_HIDDEN_MAX = 1024,  // most outputs of the hidden layer
    DQ_GPU_HIDDEN = 512,   // most of those on a GPU
    DQ_OUT_BLOCK = 32      // outputs of the output layer in one block
};

#if defined(__cplusplus)  // the GPU's code, where sizes must be constant expressions
#define DQ_TABLE static constexpr
#else
#define DQ_TABLE static const
#endif

/** A convolution. Its kernel is a whole number of strides wide, so it is also a convolution of
 *  stride 1 over blocks of stride x stride pixels: `k / stride` taps a side, and in each block
 *  stride * stride * in values, [row in the block][column in the block][channel]. The kernels take
 *  a picture with its padding; TensorFlow's SAME pads max((ceil(n / stride) - 1) * stride + k - n,
 *  0) pixels, the smaller half before. */
typedef struct dq_conv_shape {
    int in_side, in;    // input: height and width in pixels with padding, channels
    int k, stride;      // height and width of the kernel, and stride
    int out_side, out;  // output: height and width in pixels, channels (a multiple of 16)
    int before, after;  // pixels of in_side that pad the picture with zeros
} dq_conv_shape;

enum { DQ_N_CONV_LAYERS = 10 };

DQ_TABLE dq_conv_shape dq_conv_shapes[DQ_N_CONV_LAYERS] = {
    {84, 4, 8, 4, 20, 32, 0, 0},   // 0
    {20, 32, 4, 2, 9, 64, 0, 0},   // 1
    {9, 64, 3, 1, 7, 64, 0, 0},    // 2
    {84, 4, 8, 4, 20, 16, 0, 0},   // 3
    {20, 16, 4, 2, 9, 32, 0, 0},   // 4
    {20, 32, 4, 2, 9, 32, 0, 0},   // 5
    {9, 32, 3, 1, 7, 32, 0, 0},    // 6
    {88, 4, 8, 4, 21, 32, 2, 2},   // 7
    {24, 32, 4, 2, 11, 64, 1, 2},  // 8
    {13, 64, 3, 1, 11, 64, 1, 1},  // 9
};
#define DQ_EACH_CONV(X, arg)                                                                       \
    X(0, arg)                                                                                      \
    X(1, arg) X(2, arg) X(3, arg) X(4, arg) X(5, arg) X(6, arg) X(7, arg) X(8, arg) X(9, arg)

/** The hidden linear layer, between the convolutions and the output layer. */
typedef struct dq_fc_shape {
    int in;     // inputs, a multiple of DQ_FC_BLOCK
    int out;    // outputs, a multiple of 2 * DQ_FC_BLOCK
    int slice;  // inputs in one task of the gradients: a multiple of 32 that divides `in`
} dq_fc_shape;

enum { DQ_N_FC_LAYERS = 8 };

DQ_TABLE dq_fc_shape dq_fc_shapes[DQ_N_FC_LAYERS] = {
    {7 * 7 * 64, 512, 64},    // 0
    {9 * 9 * 32, 256, 32},    // 1
    {7 * 7 * 32, 256, 32},    // 2
    {11 * 11 * 64, 512, 64},  // 3
    /* of two streams as wide as one of them */
    {7 * 7 * 64, 1024, 64},    // 4
    {9 * 9 * 32, 512, 32},     // 5
    {7 * 7 * 32, 512, 32},     // 6
    {11 * 11 * 64, 1024, 64},  // 7
};
#define DQ_EACH_FC(X, arg)                                                                         \
    X(0, arg) X(1, arg) X(2, arg) X(3, arg) X(4, arg) X(5, arg) X(6, arg) X(7, arg)

/** A linear layer of a multilayer perceptron, of any width. Its weights are [in_row][out_row], its
 *  input rows of in_row floats, its output rows of out_row; what pads them is zero. */
typedef struct dq_dense_shape {
    int in, out;          // inputs and outputs
    int in_row, out_row;  // the same in whole groups: of 8 for the first inputs, of 32 for others
} dq_dense_shape;

enum { DQ_DENSE_GROUP = 32, DQ_DENSE_FIRST_GROUP = 8 };

/** Floats in the weights of such a layer. */
static inline size_t dq_dense_weights(const dq_dense_shape *s)
{
    return (size_t)s->in_row * (size_t)s->out_row;
}

/** Samples in a row of the transposed gradients that fc1_dx reads: a whole number of vectors. */
static inline int dq_fc_pad(int n)
{
    return (n + 31) / 32 * 32;
}

/** Floats in all weights of the hidden layer. */
static inline size_t dq_fc_weights(const dq_fc_shape *f)
{
    return (size_t)f->in * (size_t)f->out;
}

/** Floats in the weights of one block of the hidden layer. */
static inline size_t dq_fc_block_weights(const dq_fc_shape *f)
{
    return (size_t)f->in * DQ_FC_BLOCK;
}

/** Whether a layer's input is the picture, whose gradient is not needed. */
static inline bool dq_conv_is_first(const dq_conv_shape *s)
{
    return s->in == DQ_FRAMES;
}

/** Outputs that are normalised together: rows of n floats, which lie `row` floats apart. */
typedef struct dq_norm_shape {
    int rows, n, row;
} dq_norm_shape;

/** Whether bf16 rounds the factors of a layer's products; not those of a 3x3. */
static inline bool dq_conv_is_rounded(const dq_conv_shape *s)
{
    return s->stride > 1;
}

/** Height and width of the input without padding, in pixels. */
static inline int dq_conv_picture_side(const dq_conv_shape *s)
{
    return s->in_side - s->before - s->after;
}

/** Floats in the input of one sample, with padding. */
static inline size_t dq_conv_inputs(const dq_conv_shape *s)
{
    return (size_t)(s->in_side * s->in_side * s->in);
}

/** Floats in the output of one sample. */
static inline size_t dq_conv_outputs(const dq_conv_shape *s)
{
    return (size_t)(s->out_side * s->out_side * s->out);
}

/** Floats in the weights. */
static inline size_t dq_conv_weights(const dq_conv_shape *s)
{
    return (size_t)(s->k * s->k * s->in * s->out);
}

/** Values in a block of stride x stride pixels. */
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
