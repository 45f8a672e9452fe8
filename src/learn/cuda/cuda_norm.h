/** Layer normalisation (Ba, Kiros, Hinton 2016) with a ReLU behind it, as nn/layer_norm.h has it.
 *  A block has all outputs of a layer for one row, or those of one of its streams. */
#ifndef DEEPQ_LEARN_CUDA_NORM_H
#define DEEPQ_LEARN_CUDA_NORM_H

#include "learn/cuda/cuda_jobs.h"

enum { LAYER_NORM_THREADS = 256 };

/** What the gradients need of a forward pass. */
struct layer_norm {
    int n, n_streams;  // outputs that are normalised together; how often they are in a row
    float epsilon;     // added to their variance
    float *normal;     // [batch][n_streams][n] outputs with mean 0 and variance 1
    float *factor;     // [batch][n_streams] that made it so
};

/** The sum over a block of what its threads have, the same for all of them. */
static __device__ inline float block_sum(float mine)
{
    __shared__ float sums[LAYER_NORM_THREADS];
    __syncthreads();
    sums[threadIdx.x] = mine;
    for (int half = LAYER_NORM_THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < half)
            sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    __syncthreads();
    return sums[0];
}

/** The grid's x: the row, z: the stream.
 *  @param layers scales and shifts of each pass, which has n rows
 *  @param n_kept rows whose normal outputs are kept
 *  @param[in,out] y */
static __global__ void __launch_bounds__(LAYER_NORM_THREADS)
    layer_norm_kernel(layer_norm norm, pass_layers layers, int n, int n_kept, float *y)
{
    const int row = (int)blockIdx.x, first = (int)blockIdx.z * norm.n;
    const layer_params layer = layers.of_pass(row / n);
    const size_t begin = (size_t)row * norm.n_streams * norm.n + first;
    const float count = (float)norm.n;
    float sum = 0.0f, squares = 0.0f;
    for (int i = threadIdx.x; i < norm.n; i += LAYER_NORM_THREADS)
        sum += y[begin + i];
    const float mean = block_sum(sum) / count;
    for (int i = threadIdx.x; i < norm.n; i += LAYER_NORM_THREADS)
        squares += (y[begin + i] - mean) * (y[begin + i] - mean);
    const float factor = 1.0f / sqrtf(block_sum(squares) / count + norm.epsilon);
    for (int i = threadIdx.x; i < norm.n; i += LAYER_NORM_THREADS) {
        float normal = (y[begin + i] - mean) * factor;
        float v = normal * layer.w[first + i] + layer.b[first + i];
        y[begin + i] = v > 0.0f ? v : 0.0f;
        if (row < n_kept)
            norm.normal[begin + i] = normal;
    }
    if (row < n_kept && threadIdx.x == 0)
        norm.factor[(size_t)row * norm.n_streams + blockIdx.z] = factor;
}

/** The gradients of scales and shifts, a thread for each.
 *  @param dy [batch] gradients in front of the ReLU */
static __global__ void __launch_bounds__(LAYER_NORM_THREADS)
    layer_norm_params_kernel(layer_norm norm, int batch, const float *dy, float *dscale,
                             float *dshift)
{
    const int size = norm.n_streams * norm.n;
    int i = (int)(blockIdx.x * LAYER_NORM_THREADS + threadIdx.x);
    float of_scale = 0.0f, of_shift = 0.0f;
    if (i >= size)
        return;
    for (size_t row = 0; row < (size_t)batch; row++) {
        of_scale += dy[row * size + i] * norm.normal[row * size + i];
        of_shift += dy[row * size + i];
    }
    dscale[i] = of_scale;
    dshift[i] = of_shift;
}

/** From gradients in front of the ReLU to those of the layer's outputs; the grid as above. */
static __global__ void __launch_bounds__(LAYER_NORM_THREADS)
    layer_norm_back_kernel(layer_norm norm, const float *scale, float *dy)
{
    const int row = (int)blockIdx.x, first = (int)blockIdx.z * norm.n;
    const size_t begin = (size_t)row * norm.n_streams * norm.n + first;
    const float count = (float)norm.n;
    float sum = 0.0f, product = 0.0f;
    for (int i = threadIdx.x; i < norm.n; i += LAYER_NORM_THREADS) {
        float d = dy[begin + i] * scale[first + i];
        sum += d;
        product += d * norm.normal[begin + i];
    }
    const float mean = block_sum(sum) / count, slope = block_sum(product) / count;
    const float factor = norm.factor[(size_t)row * norm.n_streams + blockIdx.z];
    for (int i = threadIdx.x; i < norm.n; i += LAYER_NORM_THREADS)
        dy[begin + i] =
            factor * (dy[begin + i] * scale[first + i] - mean - norm.normal[begin + i] * slope);
}

#endif
