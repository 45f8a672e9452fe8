/** The products of the networks as jobs of gemm_kernel. Layouts are net_shape.h's. */
#ifndef DEEPQ_LEARN_CUDA_JOBS_H
#define DEEPQ_LEARN_CUDA_JOBS_H

#include "learn/augmentation.h"
#include "learn/cuda/cuda_gemm.h"
#include "learn/cuda/cuda_learner.h"

/** Convolution L of dq_conv_shapes as constants of the compiler. */
template <int L> struct conv {
    enum {
        SIDE = dq_conv_shapes[L].in_side,
        IN = dq_conv_shapes[L].in,
        K = dq_conv_shapes[L].k,
        S = dq_conv_shapes[L].stride,
        OUT_SIDE = dq_conv_shapes[L].out_side,
        OUT = dq_conv_shapes[L].out,
        BEFORE = dq_conv_shapes[L].before,
        PICTURE = SIDE - BEFORE - dq_conv_shapes[L].after,  // pixels a side without the padding
        PADDED = PICTURE != SIDE,
        FIRST = IN == DQ_FRAMES,  // its input is the picture: bytes, whose gradient nobody wants
        RUN = K * IN,             // values of a patch's row, which lie together in the picture
        DEPTH = K * RUN,          // values of a patch
        PIXELS = OUT_SIDE * OUT_SIDE,
        X = PICTURE * PICTURE * IN,  // values of a picture, of an output
        Y = PIXELS * OUT
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

static __device__ inline float4 scaled_quad(float4 v, float by)
{
    return make_float4(v.x * by, v.y * by, v.z * by, v.w * by);
}

/** Bytes as they are: the division by 255 comes after the sum, where it costs nothing and keeps
 *  0..255 exact in every precision. */
static __device__ inline float4 load_quad(const unsigned char *p)
{
    uchar4 v = *(const uchar4 *)p;
    return make_float4((float)v.x, (float)v.y, (float)v.z, (float)v.w);
}

template <bool FIRST> struct picture_values {
    typedef float type;
};
template <> struct picture_values<true> {
    typedef unsigned char type;
};
template <int L> struct picture : public picture_values<conv<L>::FIRST> {
};

template <int L> static __device__ inline float unscaled(float sum)
{
    return conv<L>::FIRST ? sum / 255.0f : sum;
}

/** Values i..i+3 of the patch that output pixel number m of the batch sees. */
template <int L>
static __device__ inline float4 patch_quad(const typename picture<L>::type *x, int m, int i)
{
    typedef conv<L> n;
    int sample = m / n::PIXELS, pixel = m % n::PIXELS;
    int y = pixel / n::OUT_SIDE * n::S + i / n::RUN - n::BEFORE;
    int column = pixel % n::OUT_SIDE * n::S - n::BEFORE, at = i % n::RUN;
    if (n::PADDED) {
        int pixel_at = column + at / n::IN;
        if (y < 0 || y >= n::PICTURE || pixel_at < 0 || pixel_at >= n::PICTURE)
            return zero_quad();
    }
    return load_quad(x + (size_t)sample * n::X + (y * n::PICTURE + column) * n::IN + at);
}

/** Where a layer's weights and biases are. */
struct layer_params {
    const float *w, *b;
};

/** Where they are for each pass. */
struct pass_layers {
    layer_params of[PASSES_MAX];

    __device__ inline layer_params of_pass(int pass) const
    {
        return pass == 0 ? of[0] : pass == 1 ? of[1] : of[2];
    }
};

/** y = max(least, patches * weights + bias), with a least output of 0, or of minus infinity where
 *  the ReLU is behind a normalisation. z: 0 the online network on the states, 1 the target
 *  network on the next states, 2 the online network on these, or with target_again the target
 *  network on the states; each has its n rows. */
template <int L> struct conv_forward {
    enum { BM = 32, GROUPS = conv<L>::FIRST ? 2 : 4, AT_ONCE = conv<L>::FIRST ? 4 : 2 };
    enum { A_ALONG_K = 1, B_ALONG_K = 0, BIAS = 0 };
    typedef conv<L> shape;
    const typename picture<L>::type *x;
    pass_layers layers;
    layer_params own;
    const dq_change *changes;  // of the pictures; NULL: as they are
    float *y;
    float least;
    int n, target_again, k0, k1;

    __device__ inline void begin(int z)
    {
        int rows = shape::FIRST && z == 2 ? !target_again : z;  // there is one picture of a state
        k0 = 0;
        k1 = shape::DEPTH;
        own = layers.of_pass(z);
        x += (size_t)rows * n * shape::X;
        y += (size_t)z * n * shape::Y;
        if (shape::FIRST && changes)
            changes += rows * n;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return row < n * shape::PIXELS ? patch_quad<L>(x, row, k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return column < shape::OUT ? load_quad(own.w + k * shape::OUT + column) : zero_quad();
    }
    __device__ inline void store(int row, int column, float v) const
    {
        if (row >= n * shape::PIXELS || column >= shape::OUT)
            return;
        v = unscaled<L>(v);
        if (shape::FIRST && changes)
            v *= changes[row / shape::PIXELS].gain;
        v += own.b[column];
        y[(size_t)row * shape::OUT + column] = v > least ? v : least;
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
    enum { BM = 32, GROUPS = conv<L>::S > 1 ? 2 : 4, AT_ONCE = conv<L>::S > 1 ? 3 : 2 };
    enum { A_ALONG_K = 1, B_ALONG_K = 1, BIAS = 0 };
    typedef conv<L> shape;
    enum {
        TAPS = shape::K / shape::S,
        KIND_SIDE = shape::SIDE / shape::S,
        KIND = KIND_SIDE * KIND_SIDE,
        KINDS = shape::S * shape::S
    };
    const float *dz, *w, *x;  // x: what the ReLU below gave
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
        if (column >= shape::IN)
            return zero_quad();
        return load_quad(w + ((ky * shape::K + kx) * shape::IN + column) * shape::OUT +
                         k % shape::OUT);
    }
    __device__ inline void store(int row, int column, float v) const
    {
        int sample = row / KIND, pixel = row % KIND;
        if (sample >= n || column >= shape::IN)
            return;
        int y = pixel / KIND_SIDE * shape::S + y0 - shape::BEFORE;
        int x_at = pixel % KIND_SIDE * shape::S + x0 - shape::BEFORE;
        if (shape::PADDED && (y < 0 || y >= shape::PICTURE || x_at < 0 || x_at >= shape::PICTURE))
            return;
        size_t at = (size_t)sample * shape::X + (y * shape::PICTURE + x_at) * shape::IN + column;
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
    const dq_change *changes;  // as in conv_forward
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
        if (k >= k1)
            return zero_quad();
        float4 v = patch_quad<L>(x, k, row);
        return shape::FIRST && changes ? scaled_quad(v, changes[k / shape::PIXELS].gain) : v;
    }
    __device__ inline float4 b(int column, int k) const
    {
        return k < k1 && column < shape::OUT ? load_quad(dz + (size_t)k * shape::OUT + column)
                                             : zero_quad();
    }
    __device__ inline void store(int row, int column, float v) const
    {
        if (column < shape::OUT)
            parts[row * shape::OUT + column] = unscaled<L>(v);
    }
    __device__ inline void store_bias(int column, float v) const
    {
        if (column < shape::OUT)
            parts[shape::DEPTH * shape::OUT + column] = v;
    }
};

/** Place of weight (input, output) of the first linear layer, of n_in inputs; four outputs lie
 *  together. */
static __device__ inline size_t hidden_weight(int n_in, int in, int out)
{
    return ((size_t)(out / DQ_FC_BLOCK) * n_in + in) * DQ_FC_BLOCK + out % DQ_FC_BLOCK;
}

/** The parts that the first linear layer's sums are cut into: whole tiles, as many as divide them,
 *  up to MOST. */
static inline int hidden_parts(int n_in)
{
    enum { MOST = 11 };
    int parts = MOST;
    while (n_in / GEMM_BK % parts != 0)
        parts--;
    return parts;
}

/** Part of the first linear layer's sums: parts[part][pass][sample][n_out], with the passes of
 *  conv_forward. z counts the parts of the first pass, then those of the next. */
struct hidden_forward {
    enum { BM = 32, GROUPS = 4, AT_ONCE = 2, A_ALONG_K = 1, B_ALONG_K = 0, BIAS = 0 };
    const float *x;
    pass_layers layers;
    const float *w;
    float *parts;
    int n, n_in, n_out, n_passes, n_parts, k0, k1;

    __device__ inline void begin(int z)
    {
        int pass = z / n_parts, part = z % n_parts, depth = n_in / n_parts;
        k0 = part * depth;
        k1 = k0 + depth;
        parts += (size_t)(part * n_passes + pass) * n * n_out;
        x += (size_t)pass * n * n_in;
        w = layers.of_pass(pass).w;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return row < n ? load_quad(x + (size_t)row * n_in + k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return load_quad(w + hidden_weight(n_in, k, column));
    }
    __device__ inline void store(int row, int column, float v) const
    {
        if (row < n)
            parts[(size_t)row * n_out + column] = v;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** The gradient of the first linear layer's input, and through the ReLU before it, if there is one.
 */
struct hidden_backward {
    enum { BM = 32, GROUPS = 4, AT_ONCE = 2, A_ALONG_K = 1, B_ALONG_K = 1, BIAS = 0 };
    const float *dh, *w, *x;  // x: what the ReLU gave; NULL: there is none
    float *dx;
    int n, n_in, n_out, k0, k1;

    __device__ inline void begin(int)
    {
        k0 = 0;
        k1 = n_out;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return row < n ? load_quad(dh + (size_t)row * n_out + k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return column < n_in ? load_quad(w + hidden_weight(n_in, column, k)) : zero_quad();
    }
    __device__ inline void store(int row, int column, float v) const
    {
        size_t at = (size_t)row * n_in + column;
        if (row < n && column < n_in)
            dx[at] = !x || x[at] > 0.0f ? v : 0.0f;
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
    int n, n_in, n_out, k0, k1;

    __device__ inline void begin(int)
    {
        k0 = 0;
        k1 = n;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return k < n && row < n_in ? load_quad(x + (size_t)k * n_in + row) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return k < n ? load_quad(dh + (size_t)k * n_out + column) : zero_quad();
    }
    __device__ inline void store(int row, int column, float v) const
    {
        if (row < n_in)
            grad[hidden_weight(n_in, row, column)] = v;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

#endif
