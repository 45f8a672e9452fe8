/** Layer normalisation (Ba, Kiros, Hinton 2016) with a ReLU behind it, of one sample: one source
 * for the reference and, compiled for each instruction set, the fast kernels.
 *
 *  y = max(0, scale normal + shift), normal = (z - mean z) / sqrt(variance z + DQ_NORM_EPSILON) */
#ifndef DEEPQ_NN_LAYER_NORM_H
#define DEEPQ_NN_LAYER_NORM_H

#include <math.h>
#include <stddef.h>

#include "nn/net_shape.h"

#define DQ_NORM_EPSILON 1e-5f  // PyTorch's

enum { DQ_NORM_LANES = 16 };  // sums side by side, which a compiler makes vectors of

/** The sum of the lanes, in their order, which they are set to zero for. */
static inline float dq_norm_take_sum(float *lanes)
{
    float sum = 0.0f;
    for (int k = 0; k < DQ_NORM_LANES; k++) {
        sum += lanes[k];
        lanes[k] = 0.0f;
    }
    return sum;
}

/** Add to the lanes the n values of z, or the squares of their distances from a mean. */
static inline void dq_norm_add(const float *z, int n, float *lanes)
{
    int i = 0;
    for (; i + DQ_NORM_LANES <= n; i += DQ_NORM_LANES)
        for (int k = 0; k < DQ_NORM_LANES; k++)
            lanes[k] += z[i + k];
    for (; i < n; i++)
        lanes[i % DQ_NORM_LANES] += z[i];
}

static inline void dq_norm_add_squares(const float *z, int n, float mean, float *lanes)
{
    int i = 0;
    for (; i + DQ_NORM_LANES <= n; i += DQ_NORM_LANES)
        for (int k = 0; k < DQ_NORM_LANES; k++)
            lanes[k] += (z[i + k] - mean) * (z[i + k] - mean);
    for (; i < n; i++)
        lanes[i % DQ_NORM_LANES] += (z[i] - mean) * (z[i] - mean);
}

/** dq_kernels.norm */
static inline float dq_norm_forward(const dq_norm_shape *s, const float *restrict scale,
                                    const float *restrict shift, float *restrict y,
                                    float *restrict normal)
{
    float lanes[DQ_NORM_LANES] = {0}, count = (float)(s->rows * s->n);
    for (int r = 0; r < s->rows; r++)
        dq_norm_add(y + (size_t)r * (size_t)s->row, s->n, lanes);
    float mean = dq_norm_take_sum(lanes) / count;
    for (int r = 0; r < s->rows; r++)
        dq_norm_add_squares(y + (size_t)r * (size_t)s->row, s->n, mean, lanes);
    float factor = 1.0f / sqrtf(dq_norm_take_sum(lanes) / count + DQ_NORM_EPSILON);
    for (int r = 0; r < s->rows; r++)
        for (size_t i = (size_t)r * (size_t)s->row, end = i + (size_t)s->n; i < end; i++) {
            normal[i] = (y[i] - mean) * factor;
            float x = normal[i] * scale[i] + shift[i];
            y[i] = x > 0.0f ? x : 0.0f;
        }
    return factor;
}

/** Of a row: the gradient in front of the ReLU, and its sums, with the scale, and times normal. */
static inline void dq_norm_add_gradients(const float *restrict scale, const float *restrict normal,
                                         const float *restrict y, const float *restrict dy, int n,
                                         float *restrict behind, float *restrict sums,
                                         float *restrict products)
{
    int i = 0;
    for (; i + DQ_NORM_LANES <= n; i += DQ_NORM_LANES)
        for (int k = 0; k < DQ_NORM_LANES; k++) {
            behind[i + k] = y[i + k] > 0.0f ? dy[i + k] : 0.0f;
            sums[k] += behind[i + k] * scale[i + k];
            products[k] += behind[i + k] * scale[i + k] * normal[i + k];
        }
    for (; i < n; i++) {
        behind[i] = y[i] > 0.0f ? dy[i] : 0.0f;
        sums[i % DQ_NORM_LANES] += behind[i] * scale[i];
        products[i % DQ_NORM_LANES] += behind[i] * scale[i] * normal[i];
    }
}

/** dq_kernels.norm_back */
static inline void dq_norm_backward(const dq_norm_shape *s, const float *scale, const float *normal,
                                    float factor, const float *y, float *dy, float *behind)
{
    float sums[DQ_NORM_LANES] = {0}, products[DQ_NORM_LANES] = {0};
    float count = (float)(s->rows * s->n);
    for (int r = 0; r < s->rows; r++) {
        size_t at = (size_t)r * (size_t)s->row;
        dq_norm_add_gradients(scale + at, normal + at, y + at, dy + at, s->n, behind + at, sums,
                              products);
    }
    float mean = dq_norm_take_sum(sums) / count, slope = dq_norm_take_sum(products) / count;
    for (int r = 0; r < s->rows; r++)
        for (size_t i = (size_t)r * (size_t)s->row, end = i + (size_t)s->n; i < end; i++)
            dy[i] = factor * (behind[i] * scale[i] - mean - normal[i] * slope);
}

#endif
