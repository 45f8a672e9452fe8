/** The kernels that are no products: stacking frames, the last layer, the loss, sums of parts,
 *  the optimiser. Sums are in a fixed order and roundings those of the reference (no fused
 * multiply-add unless it is written down). */
#ifndef DEEPQ_LEARN_CUDA_STEPS_H
#define DEEPQ_LEARN_CUDA_STEPS_H

#include "learn/cuda/cuda_jobs.h"
#include "learn/cuda/cuda_learner.h"
#include "nn/objective.h"

enum {
    STEP_THREADS = 256,
    STACK_BLOCKS = (FRAME_PIXELS + STEP_THREADS - 1) / STEP_THREADS,  // for one state
    COPY_BLOCKS = 256,
    LOSS_HIDDEN = STEP_THREADS / 32,  // hidden units of one block of loss_kernel
    LOSS_CHUNK = 32                   // samples at a time
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

/** A part of the way to the online weights, rounding for rounding as on the CPU; all of it copies
 *  them. */
static __device__ inline float4 blended(float4 target, float4 online, float rate)
{
    if (rate >= 1.0f)
        return online;
    return make_float4(
        target.x + rate * (online.x - target.x), target.y + rate * (online.y - target.y),
        target.z + rate * (online.z - target.z), target.w + rate * (online.w - target.w));
}

static __global__ void __launch_bounds__(STEP_THREADS)
    blend_kernel(const float4 *online, float4 *target, float rate, int n_quads)
{
    int i = (int)(blockIdx.x * STEP_THREADS + threadIdx.x);
    if (i < n_quads)
        target[i] = blended(target[i], online[i], rate);
}

/** Where a pixel of a shifted picture comes from. */
static __device__ inline int shifted_pixel(int pixel, const dq_change *change)
{
    int y = dq_clip_to_picture(pixel / DQ_SIDE0 + change->dy);
    return y * DQ_SIDE0 + dq_clip_to_picture(pixel % DQ_SIDE0 + change->dx);
}

/** Pictures channels last from frames: first n states, then, where there are n_kinds 2, their next
 *  states; shifted unless `changes` is NULL. The blocks beyond update the target network where the
 *  step asks for it. */
static __global__ void __launch_bounds__(STEP_THREADS)
    stack_kernel(const step_header *h, const dq_change *changes, int n, int n_kinds, uchar4 *x0,
                 const float4 *online, float4 *target, float rate, int n_quads)
{
    int row = (int)blockIdx.x / STACK_BLOCKS;
    if (row >= n * n_kinds) {
        int first =
            ((int)blockIdx.x - n * n_kinds * STACK_BLOCKS) * STEP_THREADS + (int)threadIdx.x;
        if (h->step.sync_target)
            for (int i = first; i < n_quads; i += COPY_BLOCKS * STEP_THREADS)
                target[i] = blended(target[i], online[i], rate);
        return;
    }
    int pixel = (int)blockIdx.x % STACK_BLOCKS * STEP_THREADS + (int)threadIdx.x;
    if (pixel >= FRAME_PIXELS)
        return;
    const dq_device_sample *s = header_samples(h) + row % n;
    const int32_t *at = row < n ? s->state : s->next;
    int from = changes ? shifted_pixel(pixel, &changes[row]) : pixel;
    uchar4 v;
    v.x = frame_pixel(h->frames, at[0], from);
    v.y = frame_pixel(h->frames, at[1], from);
    v.z = frame_pixel(h->frames, at[2], from);
    v.w = frame_pixel(h->frames, at[3], from);
    x0[(size_t)row * FRAME_PIXELS + pixel] = v;
}

/** Hidden units from their parts, or where there are no parts the units as they are, then the last
 *  layer; one block of as many threads as there are units for each row. */
static __global__ void __launch_bounds__(DQ_GPU_HIDDEN)
    head_kernel(const float *parts, int n, int n_passes, int n_parts, int n_hidden,
                int n_out_blocks, pass_layers hidden_layers, pass_layers out_layers, float *h,
                float *q)
{
    __shared__ float hidden[DQ_GPU_HIDDEN];
    __shared__ float sums[DQ_GPU_HIDDEN / 32][DQ_OUT_BLOCK];
    int row = blockIdx.x, i = threadIdx.x, group = i / 32, out = i % 32;
    const layer_params layer = out_layers.of_pass(row / n);
    float sum = 0.0f;
    for (int part = 0; part < n_parts; part++)
        sum += parts[((size_t)part * n_passes * n + row) * n_hidden + i];
    sum += hidden_layers.of_pass(row / n).b[i];
    sum = sum > 0.0f ? sum : 0.0f;
    if (n_parts == 0)
        sum = h[(size_t)row * n_hidden + i];
    hidden[i] = sum;
    h[(size_t)row * n_hidden + i] = sum;
    for (int b = 0; b < n_out_blocks; b++) {
        const float *w = layer.w + (size_t)b * n_hidden * DQ_OUT_BLOCK;
        __syncthreads();
        sum = 0.0f;
        for (int k = group * 32; k < group * 32 + 32; k++)
            sum = fmaf(hidden[k], w[k * DQ_OUT_BLOCK + out], sum);
        sums[group][out] = sum;
        __syncthreads();
        if (i >= DQ_OUT_BLOCK)
            continue;
        sum = 0.0f;
        for (int g = 0; g < n_hidden / 32; g++)
            sum += sums[g][i];
        int output = b * DQ_OUT_BLOCK + i;
        q[(size_t)row * n_out_blocks * DQ_OUT_BLOCK + output] = sum + layer.b[output];
    }
}

/** What a block of loss_kernel knows of some samples. */
struct loss_chunk {
    double part[LOSS_CHUNK];
    float dq[LOSS_CHUNK];
    int action[LOSS_CHUNK];
    // [hidden unit][sample], each row in banks of its own
    float to_weight[LOSS_HIDDEN][LOSS_CHUNK + 1], to_hidden[LOSS_HIDDEN][LOSS_CHUNK + 1];
};

/** One sample through the objective; the first block keeps what came of it. */
static __device__ inline void take_sample(const loss_job *job, loss_chunk *s, int i, int place)
{
    const dq_device_sample *sample = header_samples(job->header) + i;
    const size_t row = (size_t)job->n_out_blocks * DQ_OUT_BLOCK;
    const float *target_q = job->q + (job->n + i) * row;
    const float *third_q = job->q + (2 * job->n + i) * row;
    const dq_objective *o = &job->objective;
    float reward = sample->reward, next, error;
    if (o->munchausen.tau > 0.0f) {
        dq_objective_soft_next(o, target_q, target_q, &next);
        reward += dq_objective_bonus(o, third_q, sample->action);
    } else {
        next = dq_objective_next_value(target_q, job->is_double ? third_q : target_q, o->n_actions);
    }
    float target = dq_objective_target(reward, sample->discount, next);
    float q = job->q[i * row + sample->action];
    float weight = job->weight ? job->weight[i] : 1.0f;
    s->action[place] = sample->action;
    s->part[place] = dq_objective_loss(o->loss, q, target, weight, job->n, &error, &s->dq[place]);
    if (blockIdx.x == 0) {
        job->error[i] = error;
        job->target[i] = target;
    }
}

/** Place of the last layer's weight from a hidden unit to an output. */
static __device__ inline size_t out_place(const loss_job *job, int unit, int output)
{
    return ((size_t)(output / DQ_OUT_BLOCK) * job->n_hidden + unit) * DQ_OUT_BLOCK +
           output % DQ_OUT_BLOCK;
}

/** Add some samples' gradients by the outputs beyond the first block: in memory, one after the
 *  other, each output by one lane. */
static __device__ inline void add_to_others(const loss_job *job, const loss_chunk *s, int of_block,
                                            int unit, int lane, int some)
{
    for (int i = 0; i < some; i++) {
        int output = s->action[i];
        if (output < DQ_OUT_BLOCK || output % DQ_OUT_BLOCK != lane)
            continue;
        job->dout_w[out_place(job, unit, output)] += s->to_weight[of_block][i];
        if (unit == 0)
            job->dout_b[output] += s->dq[i];
    }
}

static __device__ inline void clear_others(const loss_job *job, int unit, int lane)
{
    for (int b = 1; b < job->n_out_blocks; b++) {
        job->dout_w[out_place(job, unit, b * DQ_OUT_BLOCK + lane)] = 0.0f;
        if (unit == 0)
            job->dout_b[b * DQ_OUT_BLOCK + lane] = 0.0f;
    }
}

/** The loss and its gradients through the last layer. A block has LOSS_HIDDEN hidden units and all
 *  actions; the first block also the loss and the biases. A warp is a unit: its lanes are first
 *  samples, then actions. */
static __global__ void __launch_bounds__(STEP_THREADS) loss_kernel(loss_job job)
{
    __shared__ loss_chunk s;
    const int of_block = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int unit = (int)blockIdx.x * LOSS_HIDDEN + of_block;
    float dw = 0.0f, db_hidden = 0.0f, db_out = 0.0f;
    double loss = 0.0;
    clear_others(&job, unit, lane);
    for (int first = 0; first < job.n; first += LOSS_CHUNK) {
        int some = job.n - first < LOSS_CHUNK ? job.n - first : LOSS_CHUNK;
        if ((int)threadIdx.x < some)
            take_sample(&job, &s, first + lane, lane);
        __syncthreads();
        if (lane < some) {
            size_t at = (size_t)(first + lane) * job.n_hidden + unit;
            float x = job.hidden[at];
            float w = job.out_w[out_place(&job, unit, s.action[lane])];
            s.to_weight[of_block][lane] = x * s.dq[lane];
            s.to_hidden[of_block][lane] = x > 0.0f ? w * s.dq[lane] : 0.0f;
            job.dh[at] = s.to_hidden[of_block][lane];
        }
        __syncthreads();
        for (int i = 0; i < some; i++) {
            dw += s.action[i] == lane ? s.to_weight[of_block][i] : 0.0f;
            db_out += s.action[i] == lane ? s.dq[i] : 0.0f;
            db_hidden += s.to_hidden[of_block][i];
            if (unit == 0 && lane == 0)
                loss += s.part[i];
        }
        if (job.n_out_blocks > 1)
            add_to_others(&job, &s, of_block, unit, lane, some);
        __syncthreads();
    }
    job.dout_w[unit * DQ_OUT_BLOCK + lane] = dw;
    if (lane == 0)
        job.dhidden_b[unit] = db_hidden;
    if (unit == 0)
        job.dout_b[lane] = db_out;
    if (unit == 0 && lane == 0) {
        job.value[1] = job.value[0];
        job.value[0] = (float)(loss / job.n);
    }
}

/** Gradients of the convolutions: their parts added up in order. */
static __global__ void __launch_bounds__(STEP_THREADS) sum_kernel(conv_parts convs, float *grad)
{
    int i = (int)(blockIdx.x * STEP_THREADS + threadIdx.x), l = 0;
    while (l < convs.n_convs && i >= convs.size[l])
        i -= convs.size[l++];
    if (l == convs.n_convs)
        return;
    const float *parts = convs.parts[l] + i;
    size_t stride = (size_t)convs.size[l];
    float sum = 0.0f;
#pragma unroll 8
    for (int part = 0; part < convs.n_parts[l]; part++)
        sum += parts[(size_t)part * stride];
    grad[convs.first[l] + i] = sum;
}

enum { NORM_PART = 16 * STEP_THREADS };  // gradients that a block of norm_kernel squares

/** The sums of the squares of the gradient's parts, in float64. */
static __global__ void __launch_bounds__(STEP_THREADS)
    norm_kernel(const float *grad, int n, double *squares)
{
    __shared__ double sums[STEP_THREADS];
    int first = (int)blockIdx.x * NORM_PART + (int)threadIdx.x;
    double sum = 0.0;
    for (int i = first; i < first - (int)threadIdx.x + NORM_PART && i < n; i += STEP_THREADS)
        sum += (double)grad[i] * (double)grad[i];
    sums[threadIdx.x] = sum;
    for (int half = STEP_THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < half)
            sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    if (threadIdx.x == 0)
        squares[blockIdx.x] = sums[0];
}

/** What the gradient is scaled by, so that it is at most as long as `most`: one thread.
 *  dq_net_gradient_scale() has the formula. */
static __global__ void scale_kernel(const double *squares, int n, double most, float *scale)
{
    double sum = 0.0, quotient;
    for (int i = 0; i < n; i++)
        sum += squares[i];
    quotient = most / (sqrt(sum) + 1e-6);
    *scale = quotient < 1.0 ? (float)quotient : 1.0f;
}

/** adam_ref of one parameter, rounding for rounding. */
static __device__ inline void adam_one(float *w, float *m, float *v, float g, const dq_adam_step *s)
{
    *m = *m + (1.0f - s->beta1) * (g - *m);
    *v = s->beta2 * *v + (1.0f - s->beta2) * g * g;
    *w = *w - s->step_size * *m / (sqrtf(*v) * s->inv_sqrt_bias2 + s->epsilon);
}

/** rmsprop_ref of one parameter, rounding for rounding. */
static __device__ inline void rmsprop_one(float *w, float *m, float *v, float g,
                                          const dq_rmsprop_step *s)
{
    *m = *m + (1.0f - s->decay) * (g - *m);
    *v = s->decay * *v + (1.0f - s->decay) * g * g;
    float variance = *v - *m * *m;
    *w = *w - s->learning_rate * g / sqrtf(fmaxf(variance, 0.0f) + s->epsilon);
}

/** One parameter's step. */
template <dq_optimiser O>
static __device__ inline void optimise_one(float *w, float *m, float *v, float g,
                                           const dq_optimiser_step *s)
{
    if (O == DQ_OPTIMISER_RMSPROP)
        rmsprop_one(w, m, v, g, &s->rmsprop);
    else
        adam_one(w, m, v, g, &s->adam);
}

/** @param scale of the gradient; NULL: 1 */
template <dq_optimiser O>
static __global__ void __launch_bounds__(STEP_THREADS)
    optimiser_kernel(const step_header *header, float4 *w, float4 *m, float4 *v, const float4 *g,
                     const float *scale, int n_quads)
{
    int i = (int)(blockIdx.x * STEP_THREADS + threadIdx.x);
    if (i >= n_quads)
        return;
    dq_optimiser_step s = header->step.optimiser;
    float4 wi = w[i], mi = m[i], vi = v[i], gi = g[i];
    if (scale && *scale < 1.0f)
        gi = make_float4(gi.x * *scale, gi.y * *scale, gi.z * *scale, gi.w * *scale);
    optimise_one<O>(&wi.x, &mi.x, &vi.x, gi.x, &s);
    optimise_one<O>(&wi.y, &mi.y, &vi.y, gi.y, &s);
    optimise_one<O>(&wi.z, &mi.z, &vi.z, gi.z, &s);
    optimise_one<O>(&wi.w, &mi.w, &vi.w, gi.w, &s);
    w[i] = wi;
    m[i] = mi;
    v[i] = vi;
}

#endif
