/** The kernels that are no products: stacking frames, the last layer, the loss, sums of parts,
 *  Adam. Sums are in a fixed order and roundings those of the reference (no fused multiply-add
 *  unless it is written down). */
#ifndef DEEPQ_NN_CUDA_STEPS_H
#define DEEPQ_NN_CUDA_STEPS_H

#include "nn/cuda/cuda_jobs.h"
#include "nn/cuda/cuda_learner.h"

enum {
    STEP_THREADS = 256,
    STACK_BLOCKS = (FRAME_PIXELS + STEP_THREADS - 1) / STEP_THREADS,  // for one state
    COPY_BLOCKS = 256,
    LOSS_HIDDEN = STEP_THREADS / 32,  // hidden units of one block of loss_kernel
    LOSS_CHUNK = 32,                  // samples at a time
    CONV_PARAMS = DQ_AT_W4            // parameters of the convolutions: the first in the flat array
};

static __device__ inline const dq_device_sample *header_samples(const step_header *h)
{
    return (const dq_device_sample *)((const char *)h + HEADER_BYTES);
}

static __device__ inline unsigned char frame_pixel(const unsigned char *frames, int frame,
                                                   int pixel)
{
    return frame < 0 ? 0 : frames[(size_t)frame * FRAME_PIXELS + pixel];
}

/** Pictures channels last from frames: first n states, then (n_nets 2) their next states. The
 *  blocks beyond copy the online weights to the target where the step asks for it. */
static __global__ void __launch_bounds__(STEP_THREADS)
    stack_kernel(const step_header *h, int n, int n_nets, uchar4 *x0, const float4 *online,
                 float4 *target)
{
    int row = (int)blockIdx.x / STACK_BLOCKS;
    if (row >= n * n_nets) {
        int first = ((int)blockIdx.x - n * n_nets * STACK_BLOCKS) * STEP_THREADS + (int)threadIdx.x;
        if (h->step.sync_target)
            for (int i = first; i < DQ_N_PARAMS / 4; i += COPY_BLOCKS * STEP_THREADS)
                target[i] = online[i];
        return;
    }
    int pixel = (int)blockIdx.x % STACK_BLOCKS * STEP_THREADS + (int)threadIdx.x;
    if (pixel >= FRAME_PIXELS)
        return;
    const dq_device_sample *s = header_samples(h) + row % n;
    const int32_t *at = row < n ? s->state : s->next;
    uchar4 v;
    v.x = frame_pixel(h->frames, at[0], pixel);
    v.y = frame_pixel(h->frames, at[1], pixel);
    v.z = frame_pixel(h->frames, at[2], pixel);
    v.w = frame_pixel(h->frames, at[3], pixel);
    x0[(size_t)row * FRAME_PIXELS + pixel] = v;
}

/** Hidden units from their parts, then the second linear layer; one block for each state. */
static __global__ void __launch_bounds__(DQ_HIDDEN)
    head_kernel(const float *parts, int n, int n_nets, const float *params, const float *params1,
                float *h, float *q)
{
    __shared__ float hidden[DQ_HIDDEN];
    __shared__ float sums[DQ_HIDDEN / 32][DQ_OUT_PAD];
    int row = blockIdx.x, i = threadIdx.x, group = i / 32, out = i % 32;
    if (row >= n)
        params = params1;
    float sum = 0.0f;
    for (int part = 0; part < HIDDEN_PARTS; part++)
        sum += parts[((size_t)part * n_nets * n + row) * DQ_HIDDEN + i];
    sum += params[DQ_AT_B4 + i];
    sum = sum > 0.0f ? sum : 0.0f;
    hidden[i] = sum;
    h[(size_t)row * DQ_HIDDEN + i] = sum;
    __syncthreads();
    sum = 0.0f;
    for (int k = group * 32; k < group * 32 + 32; k++)
        sum = fmaf(hidden[k], params[DQ_AT_W5 + k * DQ_OUT_PAD + out], sum);
    sums[group][out] = sum;
    __syncthreads();
    if (i >= DQ_OUT_PAD)
        return;
    sum = 0.0f;
    for (int g = 0; g < DQ_HIDDEN / 32; g++)
        sum += sums[g][i];
    q[(size_t)row * DQ_OUT_PAD + i] = sum + params[DQ_AT_B5 + i];
}

/** q[action] - (reward + gamma * max Q_target(next)) of one sample. */
static __device__ inline float q_error(const step_header *h, const float *q, int n, int i,
                                       int n_actions)
{
    const dq_device_sample *s = header_samples(h) + i;
    const float *next = q + (size_t)(n + i) * DQ_OUT_PAD;
    float best = next[0];
    for (int a = 1; a < n_actions; a++)
        best = next[a] > best ? next[a] : best;
    float target = (s->done ? 0.0f : best) * h->step.gamma + s->reward;
    return q[(size_t)i * DQ_OUT_PAD + s->action] - target;
}

/** What a block of loss_kernel knows of some samples. */
struct loss_chunk {
    float error[LOSS_CHUNK], dq[LOSS_CHUNK];
    int action[LOSS_CHUNK];
    // [hidden unit][sample], each row in banks of its own
    float to_weight[LOSS_HIDDEN][LOSS_CHUNK + 1], to_hidden[LOSS_HIDDEN][LOSS_CHUNK + 1];
};

/** Mean squared error and its gradients through the second linear layer. A block has LOSS_HIDDEN
 *  hidden units and all actions; the first block also the loss and the biases. A warp is a unit:
 *  its lanes are first samples, then actions. */
static __global__ void __launch_bounds__(STEP_THREADS)
    loss_kernel(const step_header *header, int n, int n_actions, const float *params,
                const float *hidden, const float *q, float *dh, float *grad, float *loss)
{
    __shared__ loss_chunk s;
    const int of_block = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int unit = (int)blockIdx.x * LOSS_HIDDEN + of_block;
    float dw = 0.0f, db_hidden = 0.0f, db_out = 0.0f;
    double squares = 0.0;
    for (int first = 0; first < n; first += LOSS_CHUNK) {
        int some = n - first < LOSS_CHUNK ? n - first : LOSS_CHUNK;
        if ((int)threadIdx.x < some) {
            s.error[lane] = q_error(header, q, n, first + lane, n_actions);
            s.dq[lane] = 2.0f * s.error[lane] / (float)n;
            s.action[lane] = header_samples(header)[first + lane].action;
        }
        __syncthreads();
        if (lane < some) {
            size_t at = (size_t)(first + lane) * DQ_HIDDEN + unit;
            float x = hidden[at];
            float w = params[DQ_AT_W5 + unit * DQ_OUT_PAD + s.action[lane]];
            s.to_weight[of_block][lane] = x * s.dq[lane];
            s.to_hidden[of_block][lane] = x > 0.0f ? w * s.dq[lane] : 0.0f;
            dh[at] = s.to_hidden[of_block][lane];
        }
        __syncthreads();
        for (int i = 0; i < some; i++) {
            dw += s.action[i] == lane ? s.to_weight[of_block][i] : 0.0f;
            db_out += s.action[i] == lane ? s.dq[i] : 0.0f;
            db_hidden += s.to_hidden[of_block][i];
            if (unit == 0 && lane == 0)
                squares += (double)s.error[i] * (double)s.error[i];
        }
        __syncthreads();
    }
    grad[DQ_AT_W5 + unit * DQ_OUT_PAD + lane] = dw;
    if (lane == 0)
        grad[DQ_AT_B4 + unit] = db_hidden;
    if (unit == 0)
        grad[DQ_AT_B5 + lane] = db_out;
    if (unit == 0 && lane == 0) {
        loss[1] = loss[0];  // of the step before
        loss[0] = (float)(squares / n);
    }
}

/** Gradients of the convolutions: their parts added up in order. */
static __global__ void __launch_bounds__(STEP_THREADS)
    sum_kernel(const float *parts1, const float *parts2, const float *parts3, int n1, int n2,
               int n3, float *grad)
{
    int i = (int)(blockIdx.x * STEP_THREADS + threadIdx.x), at = i, n = n1;
    const float *parts = parts1;
    size_t stride = conv_weights<0>::PART;
    if (i >= CONV_PARAMS)
        return;
    if (i >= DQ_AT_W3) {
        at = i - DQ_AT_W3;
        parts = parts3;
        stride = conv_weights<2>::PART;
        n = n3;
    } else if (i >= DQ_AT_W2) {
        at = i - DQ_AT_W2;
        parts = parts2;
        stride = conv_weights<1>::PART;
        n = n2;
    }
    float sum = 0.0f;
#pragma unroll 8
    for (int part = 0; part < n; part++)
        sum += parts[(size_t)part * stride + at];
    grad[i] = sum;
}

/** adam_ref of one parameter, rounding for rounding. */
static __device__ inline void adam_one(float *w, float *m, float *v, float g, const dq_adam_step *s)
{
    *m = *m + (1.0f - s->beta1) * (g - *m);
    *v = s->beta2 * *v + (1.0f - s->beta2) * g * g;
    *w = *w - s->step_size * *m / (sqrtf(*v) * s->inv_sqrt_bias2 + s->epsilon);
}

static __global__ void __launch_bounds__(STEP_THREADS)
    adam_kernel(const step_header *header, float4 *w, float4 *m, float4 *v, const float4 *g)
{
    int i = (int)(blockIdx.x * STEP_THREADS + threadIdx.x);
    if (i >= DQ_N_PARAMS / 4)
        return;
    dq_adam_step s = header->step.adam;
    float4 wi = w[i], mi = m[i], vi = v[i], gi = g[i];
    adam_one(&wi.x, &mi.x, &vi.x, gi.x, &s);
    adam_one(&wi.y, &mi.y, &vi.y, gi.y, &s);
    adam_one(&wi.z, &mi.z, &vi.z, gi.z, &s);
    adam_one(&wi.w, &mi.w, &vi.w, gi.w, &s);
    w[i] = wi;
    m[i] = mi;
    v[i] = vi;
}

#endif
