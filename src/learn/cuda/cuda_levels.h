/** IQN (Dabney, Ostrovski, Silver, Munos 2018, equation 4): the level of a quantile as an input.
 *  Behind the convolutions a state has a row for each of its levels, whose features are those of
 *  the state times the embedding of the level. */
#ifndef DEEPQ_LEARN_CUDA_LEVELS_H
#define DEEPQ_LEARN_CUDA_LEVELS_H

#include "learn/cuda/cuda_heads.h"
#include "nn/cosines.h"

enum { LEVEL_THREADS = 128 };

/** The inputs of the embedding, a thread for each row.
 *  @param level [n_rows]; NULL: n_levels of each state, in even steps
 *  @param[out] cosines [n_rows][DQ_COSINES] */
static __global__ void __launch_bounds__(LEVEL_THREADS)
    cosines_kernel(const float *level, int n_rows, int n_levels, float *cosines)
{
    int row = (int)(blockIdx.x * LEVEL_THREADS + threadIdx.x);
    if (row >= n_rows)
        return;
    float *to = cosines + (size_t)row * DQ_COSINES;
    double first =
        dq_first_cosine(level ? level[row] : dq_objective_level(n_levels, row % n_levels));
    double before = 1.0, at = first;
    for (int i = 0; i < DQ_COSINES; i++) {
        to[i] = (float)at;
        double next = dq_next_cosine(first, at, before);
        before = at;
        at = next;
    }
}

/** The embeddings of levels, and the features of their states times these. */
struct embed_forward {
    enum { BM = 32, GROUPS = 2, AT_ONCE = 4, A_ALONG_K = 1, B_ALONG_K = 0, BIAS = 0 };
    const float *cosines, *features;
    layer_params layer;
    float *psi, *mixed;  // psi: NULL: not wanted
    int n, n_levels, n_features, k0, k1;

    __device__ inline void begin(int)
    {
        k0 = 0;
        k1 = DQ_COSINES;
    }
    __device__ inline float4 a(int row, int k) const
    {
        return row < n ? load_quad(cosines + (size_t)row * DQ_COSINES + k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return load_quad(layer.w + (size_t)k * n_features + column);
    }
    __device__ inline void store(int row, int column, float v) const
    {
        size_t at = (size_t)row * n_features + column;
        if (row >= n)
            return;
        v += layer.b[column];
        v = v > 0.0f ? v : 0.0f;
        if (psi)
            psi[at] = v;
        mixed[at] = v * features[(size_t)(row / n_levels) * n_features + column];
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** The gradient of the features before their ReLU, and in place of that of the products that of the
 *  embeddings before theirs. The grid's x: the state, z: some features.
 *  @param[in,out] dmixed [n][n_levels][n_features] */
static __global__ void __launch_bounds__(LEVEL_THREADS)
    unmix_kernel(const float *features, const float *psi, int n_levels, int n_features,
                 float *dmixed, float *dfeatures)
{
    int f = (int)(blockIdx.z * LEVEL_THREADS + threadIdx.x);
    if (f >= n_features)
        return;
    size_t at = (size_t)blockIdx.x * n_features + f;
    size_t row = (size_t)blockIdx.x * n_levels * n_features + f;
    const float x = features[at];
    float dx = 0.0f;
    for (int r = 0; r < n_levels; r++, row += n_features) {
        float d = dmixed[row], embedding = psi[row];
        dx += d * embedding;
        dmixed[row] = embedding > 0.0f ? d * x : 0.0f;
    }
    dfeatures[at] = x > 0.0f ? dx : 0.0f;
}

/** Outputs of actions from the rows of the last layer, and values of actions, a block for each
 *  state.
 *  @param q [n][n_levels][job.row]
 *  @param[out] y [n][n_actions][n_levels]
 *  @param[out] values rows of value_row; NULL: not wanted */
static __global__ void __launch_bounds__(LEVEL_THREADS)
    level_outputs_kernel(head_job job, const float *q, int n_levels, float *y, float *values,
                         int value_row)
{
    const int n_actions = job.objective.n_actions;
    float *of_state = y + (size_t)blockIdx.x * n_actions * n_levels;
    for (int r = threadIdx.x; r < n_levels; r += LEVEL_THREADS) {
        const float *of_row = q + ((size_t)blockIdx.x * n_levels + r) * job.row;
        float sum = 0.0f;
        for (int a = 0; job.is_parted && a < n_actions; a++)
            sum += of_row[a];
        float base = job.is_parted ? of_row[n_actions] - sum / (float)n_actions : 0.0f;
        for (int a = 0; a < n_actions; a++)
            of_state[a * n_levels + r] = of_row[a] + base;
    }
    __syncthreads();
    job.objective.n_atoms = n_levels;
    for (int a = threadIdx.x; values && a < n_actions; a += LEVEL_THREADS)
        values[(size_t)blockIdx.x * value_row + a] =
            dq_objective_value(&job.objective, of_state + a * n_levels);
}

#endif
