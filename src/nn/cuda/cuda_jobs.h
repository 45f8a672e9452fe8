/** The products of the Nature network as jobs of gemm_kernel. Layouts are net_shape.h's. */
#ifndef DEEPQ_NN_CUDA_JOBS_H
#define DEEPQ_NN_CUDA_JOBS_H

#include "nn/cuda/cuda_gemm.h"

/** A convolution's shape, as constants of the compiler. */
template <int L> struct conv_numbers;
template <> struct conv_numbers<0> {
    enum { SIDE = DQ_SIDE0, IN = DQ_CONV1_IN, K = DQ_CONV1_K, S = DQ_CONV1_S };
    enum { OUT_SIDE = DQ_SIDE1, OUT = DQ_CONV1_OUT, WEIGHTS = DQ_AT_W1, BIASES = DQ_AT_B1 };
};
template <> struct conv_numbers<1> {
    enum { SIDE = DQ_SIDE1, IN = DQ_CONV2_IN, K = DQ_CONV2_K, S = DQ_CONV2_S };
    enum { OUT_SIDE = DQ_SIDE2, OUT = DQ_CONV2_OUT, WEIGHTS = DQ_AT_W2, BIASES = DQ_AT_B2 };
};
template <> struct conv_numbers<2> {
    enum { SIDE = DQ_SIDE2, IN = DQ_CONV3_IN, K = DQ_CONV3_K, S = DQ_CONV3_S };
    enum { OUT_SIDE = DQ_SIDE3, OUT = DQ_CONV3_OUT, WEIGHTS = DQ_AT_W3, BIASES = DQ_AT_B3 };
};
template <int L> struct conv : public conv_numbers<L> {
    typedef conv_numbers<L> n;
    enum {
        RUN = n::K * n::IN,  // values of a patch's row, which lie together in the picture
        DEPTH = n::K * RUN,  // values of a patch
        PIXELS = n::OUT_SIDE * n::OUT_SIDE,
        X = n::SIDE * n::SIDE * n::IN,  // values of a picture, of an output
        Y = PIXELS * n::OUT
    };
};

static __device__ inline float4 zero_quad()
{
    return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}

static __device__ inline float4 load_quad(const float *p)
{
    return *(const float4 *)p;
}

/** Bytes as they are: the division by 255 comes after the sum, where it costs nothing and keeps
 *  0..255 exact in every precision. */
static __device__ inline float4 load_quad(const unsigned char *p)
{
    uchar4 v = *(const uchar4 *)p;
    return make_float4((float)v.x, (float)v.y, (float)v.z, (float)v.w);
}

template <int L> struct picture {
    typedef float type;
};
template <> struct picture<0> {
    typedef unsigned char type;
};

template <int L> static __device__ inline float unscaled(float sum)
{
    return L == 0 ? sum / 255.0f : sum;
}

/** Values i..i+3 of the patch that output pixel number m of the batch sees. */
template <int L>
static __device__ inline float4 patch_quad(const typename picture<L>::type *x, int m, int i)
{
    typedef conv<L> n;
    int sample = m / n::PIXELS, pixel = m % n::PIXELS;
    int y = pixel / n::OUT_SIDE * n::S + i / n::RUN, column = pixel % n::OUT_SIDE * n::S;
    return load_quad(x + (size_t)sample * n::X + (y * n::SIDE + column) * n::IN + i % n::RUN);
}

/** y = max(0, patches * weights + bias). z: 0 the first net, 1 the second on the next n samples. */
template <int L> struct conv_forward {
    enum { BM = 32, GROUPS = L == 0 ? 2 : 4, AT_ONCE = L == 0 ? 4 : 2 };
    enum { A_ALONG_K = 1, B_ALONG_K = 0, BIAS = 0 };
    typedef conv<L> shape;
    const typename picture<L>::type *x;
    const float *params, *params1;
    float *y;
    int n, k0, k1;

    __device__ inline void begin(int z)
    {
        k0 = 0;
        k1 = shape::DEPTH;
        if (z == 1) {
            params = params1;
            x += (size_t)n * shape::X;
            y += (size_t)n * shape::Y;
        }
    }
    __device__ inline float4 a(int row, int k) const
    {
        return row < n * shape::PIXELS ? patch_quad<L>(x, row, k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return load_quad(params + shape::WEIGHTS + k * shape::OUT + column);
    }
    __device__ inline void store(int row, int column, float v) const
    {
        if (row >= n * shape::PIXELS)
            return;
        v = unscaled<L>(v) + params[shape::BIASES + column];
        y[(size_t)row * shape::OUT + column] = v > 0.0f ? v : 0.0f;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** The gradient of a layer's input, and through the ReLU before it: dz of the layer below.
 *
 *  The outputs that a pixel (y, x) feeds have the kernel rows ky = y mod S, + S, ... in turn; so
 *  the pixels are sorted by y mod S and x mod S (the grid's z), and each kind is a convolution of
 *  its own with K / S taps a side. */
template <int L> struct conv_backward {
    enum { BM = 32, GROUPS = L == 1 ? 2 : 4, AT_ONCE = L == 1 ? 3 : 2 };
    enum { A_ALONG_K = 1, B_ALONG_K = 1, BIAS = 0 };
    typedef conv<L> shape;
    enum {
        TAPS = shape::K / shape::S,
        KIND_SIDE = shape::SIDE / shape::S,
        KIND = KIND_SIDE * KIND_SIDE,
        KINDS = shape::S * shape::S
    };
    const float *dz, *params, *x;  // x: what the ReLU below gave
    float *dx;
    int n, k0, k1, y0, x0;

    __device__ inline void begin(int z)
    {
        k0 = 0;
        k1 = TAPS * TAPS * shape::OUT;
        y0 = z / shape::S;
        x0 = z % shape::S;
    }
    __device__ inline float4 a(int row, int k) const
    {
        int sample = row / KIND, pixel = row % KIND, tap = k / shape::OUT;
        int y = pixel / KIND_SIDE - tap / TAPS, column = pixel % KIND_SIDE - tap % TAPS;
        if (sample >= n || y < 0 || y >= shape::OUT_SIDE || column < 0 || column >= shape::OUT_SIDE)
            return zero_quad();
        return load_quad(dz + (size_t)sample * shape::Y +
                         (y * shape::OUT_SIDE + column) * shape::OUT + k % shape::OUT);
    }
    __device__ inline float4 b(int column, int k) const
    {
        int tap = k / shape::OUT;
        int ky = y0 + tap / TAPS * shape::S, kx = x0 + tap % TAPS * shape::S;
        return load_quad(params + shape::WEIGHTS +
                         ((ky * shape::K + kx) * shape::IN + column) * shape::OUT + k % shape::OUT);
    }
    __device__ inline void store(int row, int column, float v) const
    {
        int sample = row / KIND, pixel = row % KIND;
        if (sample >= n)
            return;
        int y = pixel / KIND_SIDE * shape::S + y0, x_at = pixel % KIND_SIDE * shape::S + x0;
        size_t at = (size_t)sample * shape::X + (y * shape::SIDE + x_at) * shape::IN + column;
        dx[at] = x[at] > 0.0f ? v : 0.0f;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** Part z of the gradient of the weights: patches^T * dz over `chunk` of the batch's output pixels.
 *  A part is [DEPTH + 1][OUT], the biases last: as parameters lie in the flat array. */
template <int L> struct conv_weights {
    enum { BM = 32, GROUPS = 4, AT_ONCE = 2, A_ALONG_K = 0, B_ALONG_K = 0, BIAS = 1 };
    typedef conv<L> shape;
    enum { PART = (shape::DEPTH + 1) * shape::OUT };
    const typename picture<L>::type *x;
    const float *dz;
    float *parts;
    int n, chunk, k0, k1;

    __device__ inline void begin(int z)
    {
        int all = n * shape::PIXELS;
        k0 = z * chunk;
        k1 = k0 + chunk < all ? k0 + chunk : all;
        parts += (size_t)z * PART;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return k < k1 ? patch_quad<L>(x, k, row) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return k < k1 ? load_quad(dz + (size_t)k * shape::OUT + column) : zero_quad();
    }
    __device__ inline void store(int row, int column, float v) const
    {
        parts[row * shape::OUT + column] = unscaled<L>(v);
    }
    __device__ inline void store_bias(int column, float v) const
    {
        parts[shape::DEPTH * shape::OUT + column] = v;
    }
};

/** Place of weight (input, output) of the first linear layer; four outputs lie together. */
static __device__ inline size_t hidden_weight(int in, int out)
{
    return (size_t)DQ_AT_W4 + ((size_t)(out / DQ_FC_BLOCK) * DQ_X3 + in) * DQ_FC_BLOCK +
           out % DQ_FC_BLOCK;
}

enum { HIDDEN_PARTS = 7, HIDDEN_DEPTH = DQ_X3 / HIDDEN_PARTS };

/** Part of the first linear layer's sums: parts[z % HIDDEN_PARTS][net][sample][512]; z counts the
 *  parts of the first net, then those of the second. */
struct hidden_forward {
    enum { BM = 32, GROUPS = 4, AT_ONCE = 2, A_ALONG_K = 1, B_ALONG_K = 0, BIAS = 0 };
    const float *x, *params, *params1;
    float *parts;
    int n, n_nets, k0, k1;

    __device__ inline void begin(int z)
    {
        int net = z / HIDDEN_PARTS, part = z % HIDDEN_PARTS;
        k0 = part * HIDDEN_DEPTH;
        k1 = k0 + HIDDEN_DEPTH;
        parts += (size_t)(part * n_nets + net) * n * DQ_HIDDEN;
        if (net == 1) {
            params = params1;
            x += (size_t)n * DQ_X3;
        }
    }
    __device__ inline float4 a(int row, int k) const
    {
        return row < n ? load_quad(x + (size_t)row * DQ_X3 + k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return load_quad(params + hidden_weight(k, column));
    }
    __device__ inline void store(int row, int column, float v) const
    {
        if (row < n)
            parts[(size_t)row * DQ_HIDDEN + column] = v;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** The gradient of the first linear layer's input, and through the ReLU before it. */
struct hidden_backward {
    enum { BM = 32, GROUPS = 4, AT_ONCE = 2, A_ALONG_K = 1, B_ALONG_K = 1, BIAS = 0 };
    const float *dh, *params, *x;
    float *dx;
    int n, k0, k1;

    __device__ inline void begin(int)
    {
        k0 = 0;
        k1 = DQ_HIDDEN;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return row < n ? load_quad(dh + (size_t)row * DQ_HIDDEN + k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return load_quad(params + hidden_weight(column, k));
    }
    __device__ inline void store(int row, int column, float v) const
    {
        size_t at = (size_t)row * DQ_X3 + column;
        if (row < n)
            dx[at] = x[at] > 0.0f ? v : 0.0f;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** The gradient of the first linear layer's weights. */
struct hidden_weights {
    enum { BM = 64, GROUPS = 1, AT_ONCE = 5, A_ALONG_K = 0, B_ALONG_K = 0, BIAS = 0 };
    const float *x, *dh;
    float *grad;
    int n, k0, k1;

    __device__ inline void begin(int)
    {
        k0 = 0;
        k1 = n;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return k < n ? load_quad(x + (size_t)k * DQ_X3 + row) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return k < n ? load_quad(dh + (size_t)k * DQ_HIDDEN + column) : zero_quad();
    }
    __device__ inline void store(int row, int column, float v) const
    {
        grad[hidden_weight(row, column)] = v;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

#endif
