/** The last layer where an action has a distribution, or advantages and a value are apart: a dense
 *  layer, and the objective behind it. The layer's weights are [hidden][row], its outputs rows of
 *  `row` floats; what pads them is zero. */
#ifndef DEEPQ_LEARN_CUDA_HEADS_H
#define DEEPQ_LEARN_CUDA_HEADS_H

#include "learn/cuda/cuda_jobs.h"
#include "learn/cuda/cuda_steps.h"

enum { HEAD_THREADS = 128 };

/** Its outputs. z: the passes of conv_forward. */
struct out_forward {
    enum { BM = 32, GROUPS = 4, AT_ONCE = 2, A_ALONG_K = 1, B_ALONG_K = 0, BIAS = 0 };
    const float *x;
    pass_layers layers;
    layer_params own;
    float *y;
    int n, n_in, row, k0, k1;

    __device__ inline void begin(int z)
    {
        k0 = 0;
        k1 = n_in;
        own = layers.of_pass(z);
        x += (size_t)z * n * n_in;
        y += (size_t)z * n * row;
    }
    __device__ inline float4 a(int sample, int k) const
    {
        return sample < n ? load_quad(x + (size_t)sample * n_in + k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return load_quad(own.w + (size_t)k * row + column);
    }
    __device__ inline void store(int sample, int column, float v) const
    {
        if (sample < n)
            y[(size_t)sample * row + column] = v + own.b[column];
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** The gradient of its input, and through the ReLU before it. */
struct out_backward {
    enum { BM = 32, GROUPS = 4, AT_ONCE = 2, A_ALONG_K = 1, B_ALONG_K = 1, BIAS = 0 };
    const float *dy, *w, *x;
    float *dx;
    int n, n_in, row, k0, k1;

    __device__ inline void begin(int)
    {
        k0 = 0;
        k1 = row;
    }
    __device__ inline float4 a(int sample, int k) const
    {
        return sample < n ? load_quad(dy + (size_t)sample * row + k) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return load_quad(w + (size_t)column * row + k);
    }
    __device__ inline void store(int sample, int column, float v) const
    {
        size_t at = (size_t)sample * n_in + column;
        if (sample < n)
            dx[at] = x[at] > 0.0f ? v : 0.0f;
    }
    __device__ inline void store_bias(int, float) const
    {
    }
};

/** The gradient of its weights and biases. Of two streams, of which each has half of the inputs,
 *  the advantages' leads to the outputs before `n_outputs` alone and the value's to those behind.
 */
struct out_weights {
    enum { BM = 64, GROUPS = 1, AT_ONCE = 5, A_ALONG_K = 0, B_ALONG_K = 0, BIAS = 1 };
    const float *x, *dy;
    float *grad, *bias;
    int n, n_in, row, has_streams, n_outputs, k0, k1;

    __device__ inline void begin(int)
    {
        k0 = 0;
        k1 = n;
    }
    __device__ inline float4 a(int input, int k) const
    {
        return k < n && input < n_in ? load_quad(x + (size_t)k * n_in + input) : zero_quad();
    }
    __device__ inline float4 b(int column, int k) const
    {
        return k < n ? load_quad(dy + (size_t)k * row + column) : zero_quad();
    }
    __device__ inline void store(int input, int column, float v) const
    {
        bool is_other = has_streams && (input < n_in / 2) != (column < n_outputs);
        if (input < n_in)
            grad[(size_t)input * row + column] = is_other ? 0.0f : v;
    }
    __device__ inline void store_bias(int column, float v) const
    {
        bias[column] = v;
    }
};

/** Hidden units from their parts; least as in conv_forward. */
static __global__ void __launch_bounds__(HEAD_THREADS)
    hidden_kernel(const float *parts, int n, int n_passes, int n_parts, int n_hidden,
                  pass_layers layers, float least, float *h)
{
    int i = (int)(blockIdx.x * HEAD_THREADS + threadIdx.x), all = n * n_passes * n_hidden;
    if (i >= all)
        return;
    float sum = 0.0f;
    for (int part = 0; part < n_parts; part++)
        sum += parts[(size_t)part * all + i];
    sum += layers.of_pass(i / (n * n_hidden)).b[i % n_hidden];
    h[i] = sum > least ? sum : least;
}

/** The sum over the samples of the gradients of hidden units: those of their biases. */
static __global__ void __launch_bounds__(HEAD_THREADS)
    hidden_bias_kernel(const float *dh, int n, int n_hidden, float *grad)
{
    int unit = (int)(blockIdx.x * HEAD_THREADS + threadIdx.x);
    float sum = 0.0f;
    if (unit >= n_hidden)
        return;
    for (int i = 0; i < n; i++)
        sum += dh[(size_t)i * n_hidden + unit];
    grad[unit] = sum;
}

/** What the last layer's outputs mean. */
struct head_job {
    dq_objective objective;
    int is_parted;  // of all advantages, then of the value: Wang et al. 2016, equation 9
    int row;        // floats in a row of outputs
    int atoms;      // of an action in a row: all, or of IQN one
};

/** Outputs for each action in place, and the values of the actions, one block for each state.
 *  @param values rows of value_row floats */
static __global__ void __launch_bounds__(HEAD_THREADS)
    outputs_kernel(head_job job, float *y, float *values, int value_row)
{
    const int atoms = job.objective.n_atoms, n_actions = job.objective.n_actions;
    float *of_state = y + (size_t)blockIdx.x * job.row;
    for (int i = threadIdx.x; job.is_parted && i < atoms; i += HEAD_THREADS) {
        float sum = 0.0f;
        for (int a = 0; a < n_actions; a++)
            sum += of_state[a * atoms + i];
        float base = of_state[n_actions * atoms + i] - sum / (float)n_actions;
        for (int a = 0; a < n_actions; a++)
            of_state[a * atoms + i] += base;
    }
    __syncthreads();
    for (int a = threadIdx.x; a < n_actions; a += HEAD_THREADS)
        values[(size_t)blockIdx.x * value_row + a] =
            dq_objective_value(&job.objective, of_state + a * atoms);
}

/** What the objective of a batch needs. Rows of outputs and values are those of the passes. */
struct objective_job {
    head_job head;
    const step_header *header;
    int n, n_rows, is_double;  // n_rows: of a state in the last layer
    const float *y, *values;   // y: rows of y_row; values: of n_actions
    int y_row;
    const float *levels;    // [n][n_atoms] of IQN
    const float *weight;    // [n], NULL: all 1
    float *dy;              // [n][n_rows][row] gradients of the layer's outputs
    float *error, *target;  // [n], [n][n_atoms]
    double *part;           // [n] losses
};

/** The target of sample i: its distribution. */
static __device__ inline void find_target(const objective_job *job, int i, float *next,
                                          float *target)
{
    const dq_objective *o = &job->head.objective;
    const dq_device_sample *s = header_samples(job->header) + i;
    const float *y = job->y + (size_t)(job->n + i) * job->y_row;
    const float *target_q = job->values + (size_t)(job->n + i) * o->n_actions;
    const float *third_q = job->values + (size_t)(2 * job->n + i) * o->n_actions;
    const float *chooser_q = job->is_double ? third_q : target_q;
    float reward = s->reward;
    if (o->munchausen.tau > 0.0f) {
        dq_objective_soft_next(o, target_q, y, next);
        reward += dq_objective_bonus(o, third_q, s->action);
    } else {
        int best = dq_argmax(chooser_q, o->n_actions);
        dq_objective_distribution(o, y + best * o->n_atoms, next);
    }
    dq_objective_targets(o, reward, s->discount, next, target);
}

/** The gradient of the layer's outputs from that of the action's: dq_net_spread() of one output. */
static __device__ inline float spread(const head_job *job, int action, const float *dy, int output)
{
    const int atoms = job->atoms, n_actions = job->objective.n_actions;
    int a = output / atoms, i = output % atoms;
    if (a > n_actions || (a == n_actions && !job->is_parted))
        return 0.0f;
    if (a == n_actions)
        return dy[i];
    float v = job->is_parted ? -dy[i] / (float)n_actions : 0.0f;
    return a == action ? v + dy[i] : v;
}

/** The loss of each sample and its gradient at the layer's outputs, a block for each. Quantiles are
 *  taken side by side; the rest is little. */
static __global__ void __launch_bounds__(HEAD_THREADS) objective_kernel(objective_job job)
{
    __shared__ float next[DQ_ATOMS_MAX], target[DQ_ATOMS_MAX], dy[DQ_ATOMS_MAX];
    __shared__ double parts[DQ_ATOMS_MAX];
    const dq_objective *o = &job.head.objective;
    const int i = (int)blockIdx.x, n = o->n_atoms;
    const int action = header_samples(job.header)[i].action;
    const float *y = job.y + (size_t)i * job.y_row + action * n;
    const float weight = job.weight ? job.weight[i] : 1.0f;
    const bool has_quantiles = o->head == DQ_HEAD_QR || o->head == DQ_HEAD_IQN;
    if (threadIdx.x == 0)
        find_target(&job, i, next, target);
    __syncthreads();
    for (int k = threadIdx.x; has_quantiles && k < n; k += HEAD_THREADS) {
        float level = job.levels ? job.levels[i * n + k] : dq_objective_level(n, k);
        parts[k] = dq_objective_quantile(n, y[k], level, target, &dy[k]);
        dy[k] *= weight / (float)job.n;
    }
    __syncthreads();
    if (threadIdx.x == 0 && has_quantiles) {
        double loss = 0.0;
        for (int k = 0; k < n; k++)
            loss += parts[k];
        job.error[i] = (float)loss;
        job.part[i] = loss * (double)weight;
    } else if (threadIdx.x == 0) {
        job.part[i] = dq_objective_sample(o, y, target, weight, job.n, &job.error[i], dy);
    }
    __syncthreads();
    for (int k = threadIdx.x; k < n; k += HEAD_THREADS)
        job.target[(size_t)i * n + k] = target[k];
    const int row = job.head.row;
    for (int k = threadIdx.x; k < job.n_rows * row; k += HEAD_THREADS)
        job.dy[(size_t)i * job.n_rows * row + k] = spread(&job.head, action, dy + k / row, k % row);
}

/** The batch's loss, beside that of the step before: one thread. @param value [2] */
static __global__ void loss_sum_kernel(const double *part, int n, float *value)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += part[i];
    value[1] = value[0];
    value[0] = (float)(sum / n);
}

#endif
