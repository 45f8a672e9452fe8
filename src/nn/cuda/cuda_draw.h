/** A turn's first kernel: what came from the host goes into the replay, and a batch is drawn there.
 *
 *  The draw is dq_replay_sample()'s, number for number: the same generator, the same rejections,
 *  the same set without replacement. */
#ifndef DEEPQ_NN_CUDA_DRAW_H
#define DEEPQ_NN_CUDA_DRAW_H

#include "nn/cuda/cuda_learner.h"

#define DQ_RNG_INLINE static __device__ inline
#include "base/rng_inline.h"

enum {
    DRAW_THREADS = 256,
    FRAME_QUADS = FRAME_PIXELS / 4,
    FRAME_BLOCKS = (FRAME_QUADS + DRAW_THREADS - 1) / DRAW_THREADS,
    SAMPLE_WORDS = sizeof(dq_device_sample) / sizeof(int32_t)
};

/** The transition `age` places before the newest that may be drawn. */
static __device__ inline uint32_t draw_slot(const dq_device_draw *d, uint32_t age)
{
    return d->newest >= age ? d->newest - age : d->newest + d->n_slots - age;
}

/** Whether sample i's age, or what it would be replaced by, can be one of the samples before. */
static __device__ inline int may_collide(const uint32_t *ages, uint32_t i, uint32_t first_last)
{
    int collides = ages[i] >= first_last;
    for (uint32_t j = 0; j < i; j++)
        collides |= ages[j] == ages[i];
    return collides;
}

/** Floyd's rule, one sample after the other: an age that is taken becomes the last one possible. */
static __device__ inline void resolve(uint32_t *ages, uint32_t n, uint32_t first_last)
{
    for (uint32_t i = 0; i < n; i++) {
        int is_taken = 0;
        for (uint32_t j = threadIdx.x; j < i; j += DRAW_THREADS)
            is_taken |= ages[j] == ages[i];
        is_taken = __syncthreads_or(is_taken);
        if (threadIdx.x == 0 && is_taken)
            ages[i] = first_last + i;
        __syncthreads();
    }
}

/** n different slots by Floyd's sampling; all threads of one block. Mostly no two of the numbers
 *  are equal, and nothing has to be done in order. @param[out] slots [n] */
static __device__ inline void draw_slots(const dq_device_draw *d, uint32_t n, uint32_t *slots)
{
    const uint32_t first_last = d->n_drawable - n;
    if (threadIdx.x == 0) {
        uint64_t s[4] = {d->rng[0], d->rng[1], d->rng[2], d->rng[3]};
        for (uint32_t i = 0; i < n; i++)
            slots[i] = dq_rng_bits_below(s, first_last + i + 1);
    }
    __syncthreads();
    int collides = 0;
    for (uint32_t i = threadIdx.x; i < n; i += DRAW_THREADS)
        collides |= may_collide(slots, i, first_last);
    if (__syncthreads_or(collides))
        resolve(slots, n, first_last);
    for (uint32_t i = threadIdx.x; i < n; i += DRAW_THREADS)
        slots[i] = draw_slot(d, slots[i]);
    __syncthreads();
}

/** n records of SAMPLE_WORDS words; slots: where they go to or come from. */
static __device__ inline void put_records(const turn_news *news)
{
    int32_t *table = (int32_t *)news->table;
    const int32_t *from = (const int32_t *)news->samples;
    for (int i = threadIdx.x; i < news->n_samples * SAMPLE_WORDS; i += DRAW_THREADS)
        table[(size_t)news->sample_slots[i / SAMPLE_WORDS] * SAMPLE_WORDS + i % SAMPLE_WORDS] =
            from[i];
    __syncthreads();
}

static __device__ inline void take_records(const turn_news *news, const uint32_t *slots, int n,
                                           dq_device_sample *samples)
{
    const int32_t *table = (const int32_t *)news->table;
    int32_t *to = (int32_t *)samples;
    for (int i = threadIdx.x; i < n * SAMPLE_WORDS; i += DRAW_THREADS)
        to[i] = table[(size_t)slots[i / SAMPLE_WORDS] * SAMPLE_WORDS + i % SAMPLE_WORDS];
}

/** The first block has the records and the draw; the others copy frames. `arrived` ends with the
 *  newest frame's place. step NULL: no draw. Done again with the same news it changes nothing. */
static __global__ void __launch_bounds__(DRAW_THREADS)
    turn_kernel(const turn_news *news, const uchar4 *arrived_end, step_header *step, int n,
                uint32_t *slots)
{
    if (blockIdx.x == 0) {
        put_records(news);
        if (step && step->is_drawn) {
            draw_slots(&step->draw, (uint32_t)n, slots);
            take_records(news, slots, n, (dq_device_sample *)((char *)step + HEADER_BYTES));
        }
        return;
    }
    int frame = ((int)blockIdx.x - 1) / FRAME_BLOCKS;
    int quad = ((int)blockIdx.x - 1) % FRAME_BLOCKS * DRAW_THREADS + (int)threadIdx.x;
    if (frame >= news->n_frames || quad >= FRAME_QUADS)
        return;
    uchar4 *to = (uchar4 *)(news->frames + (size_t)news->frame_slots[frame] * FRAME_PIXELS);
    to[quad] = *(arrived_end - (size_t)(frame + 1) * FRAME_QUADS + quad);
}

#endif
