/** The kernels of the networks: a table of functions for each instruction set and precision.
 *
 *  ref/ defines what each kernel computes; the fast ones compute the same within rounding. In all
 *  of them an output is one sum in a fixed order, so the result for a sample depends neither on the
 *  other samples of its batch nor on its position among them. net_shape.h describes the layouts.
 *
 *  A convolution works on transforms: u of the weights, v of the input, z of the output's gradient.
 *  Each table chooses them (winograd.h); in the reference they are plain copies. `layer` is the
 *  number of a layer in dq_conv_shapes or dq_fc_shapes, the same in every network. fc1 is the
 *  hidden linear layer, fc2 the output layer. Outputs are overwritten.
 *
 *  In bf16 the factors of the products of fc1, and of convolutions with a stride, are rounded to
 *  bfloat16: the transforms u, v and z, and fc1's input, weights and output gradient. Sums are
 *  float32, and so is everything else: biases, loss, stored weights, Adam and the other layers. (A
 *  3x3 convolution by Winograd in float32 is as fast as one in bf16 of the same accuracy.) */
#ifndef DEEPQ_NN_KERNELS_H
#define DEEPQ_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "nn/net_shape.h"
#include "nn/optimiser_step.h"
#include "nn/precision.h"

struct dq_objective;

/** The sizes of a convolution's transforms, in words of 32 bits. */
typedef struct dq_conv_sizes {
    size_t u;         // of the weights, for the forward pass
    size_t ut;        // of the weights, for the input gradient
    size_t v;         // of the inputs of n samples
    size_t z;         // of the output gradients of n samples
    size_t products;  // scratch for n samples
    size_t du;        // the gradient of u
} dq_conv_sizes;

/** Samples at .. at + n - 1 of the n_kept samples whose transforms are in one array. */
typedef struct dq_conv_part {
    int at, n, n_kept;
} dq_conv_part;

/** The sizes of copies of fc1's factors in the layout of its kernels, in words of 32 bits. 0: the
 *  kernels read the original array, and the function that would make the copy is NULL. */
typedef struct dq_fc_sizes {
    size_t w;       // weights of one block
    size_t x;       // input of one sample
    size_t slices;  // inputs of n samples in slices, for the weight gradient
    size_t dy;      // output gradients of n samples, for the weight gradient
    size_t dyt;     // output gradients of n samples, for the input gradient; never 0
} dq_fc_sizes;

enum { DQ_PEAK_SUMS = 320 };  // floats that dq_kernels.peak adds to
enum { DQ_CONV_SLICE = 16 };  // block values in one call of conv_prepare or conv_dw

typedef struct dq_kernels {
    const char *isa;         // "ref", "avx2" or "avx512"
    dq_precision precision;  // DQ_FP32 or DQ_BF16

    /** Convert uint8 [4][84][84] to float [84][84][4] in [0, 1]: each byte / 255, rounded once. */
    void (*scale)(const uint8_t *obs, float *x);

    /** The sizes of a layer's transforms for n samples. */
    dq_conv_sizes (*conv_sizes)(int layer, int n);
    /** Compute the part of u and ut that follows from the weights of block values c .. c +
     *  DQ_CONV_SLICE - 1 (dq_conv_row()).
     *  @param ut NULL: not wanted */
    void (*conv_prepare)(int layer, const float *w, int c, void *u, void *ut);
    /** y = max(least, x * w + bias) for the samples of a part, and their v.
     *  @param least 0, a ReLU; -INFINITY: none, since the outputs are normalised before it */
    void (*conv_forward)(int layer, dq_conv_part part, const float *x, const void *u,
                         const float *bias, float least, void *v, float *products, float *y);
    /** Compute z and the input gradient dx from dy, the gradient of y, which counts where y > 0.
     *  @param dx NULL: not wanted
     *  @param prefetch an array as long as dx that the caller will read next; it is loaded into the
     *         cache */
    void (*conv_backward)(int layer, dq_conv_part part, const float *dy, const float *y,
                          const void *ut, void *z, float *products, float *dx,
                          const float *prefetch);
    /** The number of tasks of conv_du; they are independent. */
    int (*conv_du_tasks)(int layer);
    /** One task of the gradient of u over n samples. One of the tasks computes db, the gradient of
     *  the bias, too. */
    void (*conv_du)(int layer, int task, int n, const void *v, const void *z, float *du, float *db);
    /** The gradient of the weights of block values c .. c + DQ_CONV_SLICE - 1, from du. */
    void (*conv_dw)(int layer, const float *du, int c, float *dw);

    /** The sizes of the copies of fc1's factors for n samples. */
    dq_fc_sizes (*fc_sizes)(int layer, int n);
    /** Copy the weights of one block, for the slice of inputs that begins at k, to the layout of
     *  fc1. `w` and `to` are the beginning of the block. */
    void (*fc1_prepare)(int layer, const float *w, int k, void *to);
    /** Copy one sample's input to the layout of fc1. */
    void (*fc1_input)(int layer, const float *x, void *to);
    /** Copy the slice of inputs that begins at k, of n samples, to the layout of fc1_dw. `x`, in
     *  the layout of fc1, and `to` are the beginning of the arrays. */
    void (*fc1_slice)(int layer, const void *x, int n, int k, void *to);
    /** Copy dh [n][out], the gradient of the ReLU's input, to the layouts of fc1_dw (dy, when it
     *  has a size) and of fc1_dx (dyt). */
    void (*fc1_turn)(int layer, const float *dh, int n, void *dy, void *dyt);

    /** One block of fc1 for n samples: y[i][0..31] = max(least, x[i] * w + bias).
     *  @param x [n][in]
     *  @param w [in][DQ_FC_BLOCK]
     *  @param least as in conv_forward
     *  @param[out] y rows of `out` floats */
    void (*fc1)(int layer, const void *x, int n, const void *w, const float *bias, float least,
                float *y);
    /** The weight gradient of one block for the slice of inputs that begins at k: dw[j][o] = sum
     *  over i of x[i][k + j] * dy[i][o].
     *  @param dy the beginning of the block, in rows of `out`
     *  @param prefetch three arrays as long as dw that Adam will read next; they are loaded into
     *         the cache */
    void (*fc1_dw)(int layer, const void *x, int n, const void *dy, int k, float *dw,
                   const float *const prefetch[3]);
    /** The input gradient for the slice that begins at k: dx[i][k + j] = sum over the outputs o of
     *  dyt[o][i] * w[k + j][o].
     *  @param w the matrix of all blocks, as Adam keeps it
     *  @param prefetch two arrays like w, whose slices Adam will read next; they are loaded into
     *         the cache */
    void (*fc1_dx)(int layer, const void *dyt, int n, const float *w, int k, float *dx,
                   const float *const prefetch[2]);

    /** One block of fc2 for n samples: y[i] = x[i] * w + bias.
     *  @param layer the hidden layer before it
     *  @param x [n][out], the outputs of the hidden layer
     *  @param w [out][DQ_OUT_BLOCK]
     *  @param[out] y n rows of y_row floats */
    void (*fc2)(int layer, const float *x, int n, const float *w, const float *bias, float *y,
                size_t y_row);

    /* The layers of a multilayer perceptron, and wide output layers; float32 in bf16 too. */

    /** Outputs of n samples: y[i] = x[i] * w + bias, with `relu` at least 0.
     *  @param x [n][in_row]
     *  @param w [in_row][out_row]
     *  @param bias [out_row]
     *  @param[out] y [n][out_row] */
    void (*dense)(const dq_dense_shape *s, const float *x, int n, const float *w, const float *bias,
                  bool relu, float *y);
    /** The weight gradient: dw[j][o] = sum over the samples i of x[i][j] * dy[i][o].
     *  @param[out] dw [in_row][out_row] */
    void (*dense_dw)(const dq_dense_shape *s, const float *x, int n, const float *dy, float *dw);
    /** The input gradient, not of the first layer: dx[i][j] = sum over the outputs o of dy[i][o] *
     *  w[j][o].
     *  @param turned [out_row][in_row], scratch
     *  @param[out] dx [n][in_row] */
    void (*dense_dx)(const dq_dense_shape *s, const float *dy, int n, const float *w, float *turned,
                     float *dx);

    /* Layer normalisation of the outputs of one sample, then a ReLU (layer_norm.h). */

    /** From the outputs in y, in place.
     *  @param scale, shift as y lies
     *  @param[out] normal the outputs with mean 0 and variance 1, as y lies
     *  @return the factor that made the variance 1 */
    float (*norm)(const dq_norm_shape *s, const float *scale, const float *shift, float *y,
                  float *normal);
    /** From the gradient of y to that of the outputs, in place.
     *  @param normal, factor what `norm` gave
     *  @param[in,out] dy
     *  @param[out] behind the gradient in front of the ReLU, from which that of scale and shift
     *         follows */
    void (*norm_back)(const dq_norm_shape *s, const float *scale, const float *normal, float factor,
                      const float *y, float *dy, float *behind);

    /* Factorised noise of a rectangle of weights: that of the weight from input i to output o is
     * of_in[i] * of_out[o]. Rows are `row` floats apart. */

    /** used[i][o] = mean[i][o] + sigma[i][o] * noise. */
    void (*mix_noise)(int n_in, int n_out, size_t row, const float *mean, const float *sigma,
                      const float *of_in, const float *of_out, float *used);
    /** The gradients of the sigmas: dsigma[i][o] = dw[i][o] * noise. */
    void (*noise_gradient)(int n_in, int n_out, size_t row, const float *dw, const float *of_in,
                           const float *of_out, float *dsigma);

    /** dq_objective_sample(), compiled for the instruction set. */
    double (*sample_loss)(const struct dq_objective *o, const float *y, const float *target,
                          float weight, int n_samples, float *error, float *dy);

    /** For benchmarks: n rounds of multiply-adds at the highest rate of the CPU, to independent
     *  sums.
     *  @param[in,out] sums [DQ_PEAK_SUMS] */
    void (*peak)(int64_t n, float *sums);
    /** Floating-point operations in a round of `peak`. */
    double peak_flops;

    /** One Adam step on n parameters, a multiple of 16.
     *  @param[in,out] w [n] parameters
     *  @param[in,out] m [n] first moments
     *  @param[in,out] v [n] second moments
     *  @param g [n] gradients */
    void (*adam)(size_t n, float *w, float *m, float *v, const float *g, const dq_adam_step *s);
    /** One step of centred RMSProp, as `adam`. */
    void (*rmsprop)(size_t n, float *w, float *m, float *v, const float *g,
                    const dq_rmsprop_step *s);
} dq_kernels;

/** The float32 table of an instruction set, "ref", "avx2" or "avx512"; NULL when this build or this
 *  machine does not have it. */
const dq_kernels *dq_kernels_for(const char *isa);
/** The fastest float32 table that this machine has. */
const dq_kernels *dq_kernels_best(void);
/** The bf16 table of an instruction set, "ref" or "avx512"; NULL when this build or this machine
 *  does not have it. */
const dq_kernels *dq_kernels_bf16_for(const char *isa);

/** Choose a table.
 *  @param isa NULL: $DEEPQ_ISA if set, else the best that the machine has
 *  @return DQ_OK; DQ_ERR_CONFIG for an unknown name; DQ_ERR_UNSUPPORTED for an instruction set, or
 *          its bf16, that this machine does not have */
DQ_NODISCARD dq_status dq_kernels_choose(const char *isa, dq_precision precision,
                                         const dq_kernels **k);

extern const dq_kernels dq_kernels_ref, dq_kernels_ref_bf16;
#if defined(DEEPQ_X86_KERNELS)
extern const dq_kernels dq_kernels_avx2;
extern const dq_kernels dq_kernels_avx512;
#endif
#if defined(DEEPQ_BF16_KERNELS)
extern const dq_kernels dq_kernels_avx512_bf16;
#endif

#endif
