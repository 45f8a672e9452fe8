/** The kernels that are no products: stacking frames, the last layer, the loss, sums of parts,
 *  Adam. Sums are in a fixed order and roundings those of the reference (no fused multiply-add
 *  unless it is written down). */
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

/** Pictures channels last from frames: first n states, then, where there are n_kinds 2, their next
 *  states. The blocks beyond copy the online weights to the target where the step asks for it. */
static __global__ void __launch_bounds__(STEP_THREADS)
    stack_kernel(const step_header *h, int n, int n_kinds, uchar4 *x0, const float4 *online,
                 float4 *target, int n_quads)
{
    int row = (int)blockIdx.x / STACK_BLOCKS;
    if (row >= n * n_kinds) {
        int first =
            ((int)blockIdx.x - n * n_kinds * STACK_BLOCKS) * STEP_THREADS + (int)threadIdx.x;
        if (h->step.sync_target)
            for (int i = first; i < n_quads; i += COPY_BLOCKS * STEP_THREADS)
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

/** The last two layers of a network. */
struct head_params {
    const float *hidden_b, *out_w, *out_b;
};

/** Hidden units from their parts, then the last layer; one block of as many threads as there are
 *  units for each row. */
static __global__ void __launch_bounds__(DQ_GPU_HIDDEN)
    head_kernel(const float *parts, int n, int n_passes, int n_parts, int n_hidden,
                int n_out_blocks, head_params online, head_params target, float *h, float *q)
{
    __shared__ float hidden[DQ_GPU_HIDDEN];
    __shared__ float sums[DQ_GPU_HIDDEN / 32][DQ_OUT_BLOCK];
    int row = blockIdx.x, i = threadIdx.x, group = i / 32, out = i % 32;
    const head_params *p = row / n == 1 ? &target : &online;
    float sum = 0.0f;
    for (int part = 0; part < n_parts; part++)
        sum += parts[((size_t)part * n_passes * n + row) * n_hidden + i];
    sum += p->hidden_b[i];
    sum = sum > 0.0f ? sum : 0.0f;
    hidden[i] = sum;
    h[(size_t)row * n_hidden + i] = sum;
    for (int b = 0; b < n_out_blocks; b++) {
        const float *w = p->out_w + (size_t)b * n_hidden * DQ_OUT_BLOCK;
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
        q[(size_t)row * n_out_blocks * DQ_OUT_BLOCK + output] = sum + p->out_b[output];
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
    const float *chooser_q = job->is_double ? job->q + (2 * job->n + i) * row : target_q;
    float next = dq_objective_next_value(target_q, chooser_q, job->n_actions), error;
    float target = dq_objective_target(sample->reward, sample->discount, next);
    float q = job->q[i * row + sample->action];
    float weight = job->weight ? job->weight[i] : 1.0f;
    s->action[place] = sample->action;
    s->part[place] = dq_objective_loss(job->loss, q, target, weight, job->n, &error, &s->dq[place]);
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

/** Gradients of the convolutions, the first parameters in the flat array: their parts added up in
 *  order. */
static __global__ void __launch_bounds__(STEP_THREADS) sum_kernel(conv_parts convs, float *grad)
{
    int i = (int)(blockIdx.x * STEP_THREADS + threadIdx.x), l = 0;
    if (i >= convs.first[convs.n_convs])
        return;
    while (i >= convs.first[l + 1])
        l++;
    const float *parts = convs.parts[l] + (i - convs.first[l]);
    size_t stride = (size_t)(convs.first[l + 1] - convs.first[l]);
    float sum = 0.0f;
#pragma unroll 8
    for (int part = 0; part < convs.n_parts[l]; part++)
        sum += parts[(size_t)part * stride];
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
    adam_kernel(const step_header *header, float4 *w, float4 *m, float4 *v, const float4 *g,
                int n_quads)
{
    int i = (int)(blockIdx.x * STEP_THREADS + threadIdx.x);
    if (i >= n_quads)
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
