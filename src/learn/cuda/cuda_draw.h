/** A turn's first kernel: what came from the host goes into the replay, and a batch is drawn there.
 *
 *  The draw is the processor's, number for number. dq_replay_sample()'s: the same generator, the
 *  same rejections, the same set without replacement. By priority dq_priorities_sample()'s: the
 * same tree, whose nodes are sums of their children, in whatever order they are made. */
#ifndef DEEPQ_LEARN_CUDA_DRAW_H
#define DEEPQ_LEARN_CUDA_DRAW_H

#include "base/rng_inline.h"
#include "learn/cuda/cuda_learner.h"
#include "nn/objective.h"
#include "replay/priority_tree.h"

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

/** Have the nodes above some leaves be what their children sum to now: level after level, all
 * leaves at once. Leaves with a common node write the same sum there.
 *  @param slots [n] @param more [n] other leaves, or NULL */
template <class Slot>
static __device__ inline void sum_above(const priority_tree *t, const Slot *slots, const Slot *more,
                                        int n)
{
    for (int level = 1; t->n_leaves >> level > 0; level++) {
        __syncthreads();
        for (int i = threadIdx.x; i < n; i += DRAW_THREADS) {
            dq_tree_sum(t->node, (t->n_leaves + (size_t)slots[i]) >> level);
            if (more)
                dq_tree_sum(t->node, (t->n_leaves + (size_t)more[i]) >> level);
        }
    }
    __syncthreads();
}

/** Transitions that are new have the highest priority so far, those that made room have none. */
static __device__ inline void put_priorities(const priority_tree *t, const turn_news *news)
{
    for (int i = 0; threadIdx.x == 0 && i < news->n_samples; i++) {
        t->node[t->n_leaves + (size_t)news->evicted_slots[i]] = 0.0;
        t->node[t->n_leaves + (size_t)news->sample_slots[i]] = *t->highest;
    }
    sum_above(t, news->sample_slots, news->evicted_slots, news->n_samples);
}

static __device__ inline double priority_of(const priority_tree *t, uint32_t slot)
{
    return t->node[t->n_leaves + slot];
}

/** The least priority of the slots; the same for all threads. */
static __device__ inline double least_priority(const priority_tree *t, const uint32_t *slots,
                                               uint32_t n)
{
    __shared__ double least[DRAW_THREADS];
    double mine = priority_of(t, slots[0]);
    for (uint32_t i = threadIdx.x; i < n; i += DRAW_THREADS)
        mine = priority_of(t, slots[i]) < mine ? priority_of(t, slots[i]) : mine;
    least[threadIdx.x] = mine;
    __syncthreads();
    for (int i = 0; i < DRAW_THREADS; i++)
        mine = least[i] < mine ? least[i] : mine;
    __syncthreads();
    return mine;
}

/** n slots, one from each of n parts of equal weight, and their weights in the loss. */
static __device__ inline void draw_by_priority(const dq_device_draw *d, const priority_tree *t,
                                               uint32_t n, uint32_t *slots)
{
    if (threadIdx.x == 0) {
        uint64_t s[4] = {d->rng[0], d->rng[1], d->rng[2], d->rng[3]};
        for (uint32_t i = 0; i < n; i++)
            t->place[i] = dq_tree_place(i, n, dq_rng_bits_unit(s), t->node[1]);
    }
    __syncthreads();
    for (uint32_t i = threadIdx.x; i < n; i += DRAW_THREADS)
        slots[i] = (uint32_t)dq_tree_find(t->node, t->n_leaves, t->place[i]);
    __syncthreads();
    double least = least_priority(t, slots, n), more = dq_tree_more(t->rule, t->node[1]);
    for (uint32_t i = threadIdx.x; i < n; i += DRAW_THREADS)
        t->weight[i] = dq_tree_weight(least + more, priority_of(t, slots[i]) + more, d->beta);
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
 *  newest frame's place. step NULL: no draw. */
static __global__ void __launch_bounds__(DRAW_THREADS)
    turn_kernel(const turn_news *news, const uchar4 *arrived_end, step_header *step, int n,
                uint32_t *slots, priority_tree tree)
{
    if (blockIdx.x == 0) {
        put_records(news);
        if (tree.node)
            put_priorities(&tree, news);
        if (step && step->is_drawn) {
            if (tree.node)
                draw_by_priority(&step->draw, &tree, (uint32_t)n, slots);
            else
                draw_slots(&step->draw, (uint32_t)n, slots);
            take_records(news, slots, n, (dq_device_sample *)((char *)step + HEADER_BYTES));
        }
        return;
    }
    int frame = ((int)blockIdx.x - 1) / FRAME_BLOCKS;
    int quad = ((int)blockIdx.x - 1) % FRAME_BLOCKS * DRAW_THREADS + (int)threadIdx.x;
    if (frame >= news->n_frames || quad >= FRAME_QUADS)
        return;
    uchar4 *to = (uchar4 *)(news->frames + (size_t)news->frame_numbers[frame] * FRAME_PIXELS);
    to[quad] = *(arrived_end - (size_t)(frame + 1) * FRAME_QUADS + quad);
}

/** What a priority follows from: the error of a value, or by Dopamine's rule its loss; the error of
 *  a distribution is its loss. */
static __device__ inline float learned_from(const priority_tree *t, float error,
                                            const dq_objective *o)
{
    bool by_loss = t->rule == DQ_PRIORITY_DOPAMINE && o->head == DQ_HEAD_VALUE;
    return by_loss ? (float)dq_objective_part(o->loss, fabs((double)error)) : error;
}

/** What was learned changes the priorities, in the order of the samples: the last one of a slot
 *  counts. One block. @param error [n] */
static __global__ void __launch_bounds__(DRAW_THREADS)
    priority_kernel(priority_tree t, const uint32_t *slots, const float *error,
                    dq_objective objective, int n)
{
    const double not_finite = -1.0;
    for (int i = threadIdx.x; i < n; i += DRAW_THREADS)
        t.place[i] =
            dq_tree_priority(t.rule, learned_from(&t, error[i], &objective), t.alpha, not_finite);
    __syncthreads();
    double highest = *t.highest;
    for (int i = 0; threadIdx.x == 0 && i < n; i++) {
        double priority = t.place[i] < 0 ? highest : t.place[i];
        highest = priority > highest ? priority : highest;
        t.node[t.n_leaves + slots[i]] = priority;
    }
    if (threadIdx.x == 0)
        *t.highest = highest;
    sum_above(&t, slots, (const uint32_t *)NULL, n);
}

#endif
