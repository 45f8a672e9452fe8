/** The kernels of the networks, one table for each instruction set and precision.
 *
 *  ref/ defines what each kernel computes; the fast ones give the same within rounding. In all of
 *  them the value of one output is one sum in a fixed order, so a sample's result depends neither
 *  on the other samples of its batch nor on its place among them. Layouts are in net_shape.h.
 *
 *  A convolution works on transforms: u of the weights, v of the input, z of the output's gradient;
 *  each table chooses them (winograd.h; the reference's are plain copies). Layers are numbered as
 *  in dq_conv_shapes and dq_fc_shapes, whatever network they are in.
 *
 *  In bf16 the factors of the products of fc1 and of the convolutions with a stride are rounded to
 *  bfloat16: the transforms u, v and z, and fc1's inputs, weights and output gradients. Sums are
 *  float32; the other layers (a 3x3's Winograd in float32 is as fast as a bf16 one of the same
 *  accuracy), biases, loss, weights and Adam are float32 throughout. */
#ifndef DEEPQ_NN_KERNELS_H
#define DEEPQ_NN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "nn/adam_step.h"
#include "nn/net_shape.h"
#include "nn/precision.h"

/** What a layer needs for its transforms, in words of 32 bits. */
typedef struct dq_conv_sizes {
    size_t u, ut;     // weights, for the output and for the input gradient
    size_t v, z;      // input and output gradient of n samples
    size_t products;  // in between, n samples
    size_t du;        // gradient of u
} dq_conv_sizes;

/** Samples at .. at+n-1 among the n_kept whose transforms lie together in one array. */
typedef struct dq_conv_part {
    int at, n, n_kept;
} dq_conv_part;

/** What the first linear layer needs for the factors of its products, in words of 32 bits. 0: the
 *  kernels take the plain array, and the function that fills this one is NULL. */
typedef struct dq_fc_sizes {
    size_t w;       // one block's weights
    size_t x;       // one sample's input
    size_t slices;  // n samples' input once more, in slices for the weight gradient
    size_t dy;      // n samples' output gradient
    size_t dyt;     // the same for the input gradient; never 0
} dq_fc_sizes;

enum { DQ_PEAK_SUMS = 320 };  // dq_kernels.peak
enum { DQ_CONV_SLICE = 16 };  // block values in one call of conv_prepare or conv_dw

typedef struct dq_kernels {
    const char *isa;
    dq_precision precision;

    /** uint8 [4][84][84] to float [84][84][4] in [0, 1]: each byte / 255, rounded once. */
    void (*scale)(const uint8_t *obs, float *x);

    dq_conv_sizes (*conv_sizes)(int layer, int n);
    /** Fill u and ut from the weights of block values c .. c+DQ_CONV_SLICE-1 (dq_conv_row). */
    void (*conv_prepare)(int layer, const float *w, int c, void *u, void *ut);
    /** y = max(0, x * w + bias) of n samples; their v is filled as well. `products` is scratch. */
    void (*conv_forward)(int layer, dq_conv_part part, const float *x, const void *u,
                         const float *bias, void *v, float *products, float *y);
    /** From dy, the gradient of the outputs, which counts where y > 0: z and, unless dx is NULL,
     *  the gradient of the input. `soon`: an array as long as dx that the caller will use, fetched
     *  into the cache meanwhile. */
    void (*conv_backward)(int layer, dq_conv_part part, const float *dy, const float *y,
                          const void *ut, void *z, float *products, float *dx, const float *soon);
    /** The gradient of u over all samples is made in so many independent parts; one of them also
     *  makes that of the bias. Overwrites. */
    int (*conv_du_tasks)(int layer);
    void (*conv_du)(int layer, int task, int n, const void *v, const void *z, float *du, float *db);
    /** The gradient of the weights of block values c .. c+DQ_CONV_SLICE-1, from du. Overwrites. */
    void (*conv_dw)(int layer, const float *du, int c, float *dw);

    dq_fc_sizes (*fc_sizes)(int layer, int n);
    /** The weights of one block for the slice of inputs that begins at k as fc1 takes them. w and
     *  `to` are the block's, whole. */
    void (*fc1_prepare)(int layer, const float *w, int k, void *to);
    /** One sample's input as fc1 takes it. */
    void (*fc1_input)(int layer, const float *x, void *to);
    /** The slice of inputs that begins at k of n samples as fc1_dw takes them. x (what fc1 takes)
     *  and `to` are whole. */
    void (*fc1_slice)(int layer, const void *x, int n, int k, void *to);
    /** From dh [n][out], the gradient of what goes into the ReLU: dy as fc1_dw takes it,
     *  where it has a size, and dyt as fc1_dx does. */
    void (*fc1_turn)(int layer, const float *dh, int n, void *dy, void *dyt);

    /** One block of the first linear layer: y[i][0..31] = max(0, x[i] * w + bias) for n samples.
     *  x [n][in], w [in][DQ_FC_BLOCK], y with rows of `out`. */
    void (*fc1)(int layer, const void *x, int n, const void *w, const float *bias, float *y);
    /** One block's weight gradient for the slice of inputs that begins at k: dw[j][o] = sum over i
     *  of x[i][k + j] * dy[i][o]. dy has rows of `out` and starts at the block (DQ_FC_BLOCK words a
     *  block). Overwrites. `soon`: three arrays as long as dw that Adam will use, fetched into the
     *  cache meanwhile. */
    void (*fc1_dw)(int layer, const void *x, int n, const void *dy, int k, float *dw,
                   const float *const soon[3]);
    /** Input gradient for the slice that begins at k: dx[i][k + j] = sum over the outputs of
     *  dyt[o][i] * w[k + j][o]. w is the whole blocked matrix as Adam keeps it. `soon`: two arrays
     *  like w, whose slices Adam will use, fetched into the cache meanwhile. */
    void (*fc1_dx)(int layer, const void *dyt, int n, const float *w, int k, float *dx,
                   const float *const soon[2]);

    /** y[i] = x[i] * w + bias. `layer`: the one before, whose outputs are
     *  x [n][out]. One block of outputs: w [out][DQ_OUT_BLOCK], y [n] rows of y_row floats. */
    void (*fc2)(int layer, const float *x, int n, const float *w, const float *bias, float *y,
                size_t y_row);

    /** For benchmarks: the most that multiply-adds of this table's factors can give. n rounds of as
     *  many independent sums as keep the units busy, peak_flops operations a round.
     *  @param sums [DQ_PEAK_SUMS] to be added to */
    void (*peak)(int64_t n, float *sums);
    double peak_flops;

    /** One Adam step on n parameters, n a multiple of 16. */
    void (*adam)(size_t n, float *w, float *m, float *v, const float *g, const dq_adam_step *s);
} dq_kernels;

/** The table for an instruction set, "ref", "avx2", "avx512", in float32; NULL when this build or
 *  this machine has it not. */
const dq_kernels *dq_kernels_for(const char *isa);
/** The fastest float32 table of this machine. */
const dq_kernels *dq_kernels_best(void);
/** The bf16 table for an instruction set: "ref" and "avx512", where this machine has its
 *  instructions for the format; else NULL. */
const dq_kernels *dq_kernels_bf16_for(const char *isa);

/** The table to use. @param isa NULL: $DEEPQ_ISA, else the best there is.
 *  @return DQ_ERR_CONFIG for another word, DQ_ERR_UNSUPPORTED for what this machine has not: the
 *  instruction set, or its bf16 */
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
