/* The definition of every kernel: to be read, not to be fast. The transforms of a convolution are
 * plain copies here: u is the weights, v the input, z the output's gradient behind the ReLU. The
 * factors of bf16's products are rounded floats. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/ref/bf16.h"

static void scale_ref(const uint8_t *obs, float *x)
{
    enum { PIXELS = DQ_SIDE0 * DQ_SIDE0 };
    for (int c = 0; c < DQ_CONV1_IN; c++)
        for (int i = 0; i < PIXELS; i++)
            x[i * DQ_CONV1_IN + c] = (float)obs[c * PIXELS + i] / 255.0f;
}

static size_t x_size(const dq_conv_shape *s)
{
    return (size_t)(s->in_side * s->in_side * s->in);
}

static size_t y_size(const dq_conv_shape *s)
{
    return (size_t)(s->out_side * s->out_side * s->out);
}

static size_t w_size(const dq_conv_shape *s)
{
    return (size_t)(s->k * s->k * s->in * s->out);
}

static dq_conv_sizes conv_sizes_ref(int layer, int n)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    return (dq_conv_sizes){.u = w_size(s),
                           .ut = w_size(s),
                           .v = (size_t)n * x_size(s),
                           .z = (size_t)n * y_size(s),
                           .du = w_size(s)};
}

static void copy_rounded(const float *from, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = dq_bf16_round(from[i]);
}

/** Copy the weights of some block values. */
static void copy_rows(const dq_conv_shape *s, int c0, const float *from, float *to)
{
    int taps = s->k / s->stride;
    for (int tap = 0; tap < taps * taps; tap++)
        for (int c = c0; c < c0 + DQ_CONV_SLICE; c++) {
            int row = dq_conv_row(s, tap / taps, tap % taps, c);
            memcpy(to + row * s->out, from + row * s->out, (size_t)s->out * sizeof(*to));
        }
}

static void conv_prepare_ref(int layer, const float *w, int c, void *u, void *ut)
{
    copy_rows(&dq_conv_shapes[layer], c, w, u);
    copy_rows(&dq_conv_shapes[layer], c, w, ut);
}

/** Where the input of output pixel (oy, ox) and kernel row ky starts: k * in values follow. */
static size_t input_row(const dq_conv_shape *s, int oy, int ox, int ky)
{
    return (size_t)(((oy * s->stride + ky) * s->in_side + ox * s->stride) * s->in);
}

static void forward_one(const dq_conv_shape *s, const float *x, const float *w, const float *bias,
                        float *y)
{
    int row = s->k * s->in;
    for (int oy = 0; oy < s->out_side; oy++)
        for (int ox = 0; ox < s->out_side; ox++, y += s->out) {
            for (int o = 0; o < s->out; o++)
                y[o] = 0.0f;
            for (int ky = 0; ky < s->k; ky++)
                for (int i = 0; i < row; i++)
                    for (int o = 0; o < s->out; o++)
                        y[o] += x[input_row(s, oy, ox, ky) + (size_t)i] *
                                w[(ky * row + i) * s->out + o];
            for (int o = 0; o < s->out; o++)
                y[o] = y[o] + bias[o] > 0.0f ? y[o] + bias[o] : 0.0f;
        }
}

/** v has the factors: the input, rounded or not. */
static void forward_from(int layer, dq_conv_part part, const float *u, const float *bias,
                         const float *v, float *y)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    for (int i = 0; i < part.n; i++)
        forward_one(s, v + (size_t)(part.at + i) * x_size(s), u, bias, y + (size_t)i * y_size(s));
}

static void conv_forward_ref(int layer, dq_conv_part part, const float *x, const void *u,
                             const float *bias, void *v, float *products, float *y)
{
    (void)products;
    size_t n = x_size(&dq_conv_shapes[layer]);
    memcpy((float *)v + (size_t)part.at * n, x, (size_t)part.n * n * sizeof(*x));
    forward_from(layer, part, u, bias, v, y);
}

static void input_gradient_one(const dq_conv_shape *s, const float *z, const float *w, float *dx)
{
    int row = s->k * s->in;
    memset(dx, 0, x_size(s) * sizeof(*dx));
    for (int oy = 0; oy < s->out_side; oy++)
        for (int ox = 0; ox < s->out_side; ox++, z += s->out)
            for (int ky = 0; ky < s->k; ky++)
                for (int i = 0; i < row; i++) {
                    float sum = 0.0f;
                    for (int o = 0; o < s->out; o++)
                        sum += z[o] * w[(ky * row + i) * s->out + o];
                    dx[input_row(s, oy, ox, ky) + (size_t)i] += sum;
                }
}

/** z has the factors: the output's gradient behind the ReLU, rounded or not. */
static void backward_from(int layer, dq_conv_part part, const float *ut, const float *z, float *dx)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    for (int i = 0; dx && i < part.n; i++)
        input_gradient_one(s, z + (size_t)(part.at + i) * y_size(s), ut,
                           dx + (size_t)i * x_size(s));
}

static void conv_backward_ref(int layer, dq_conv_part part, const float *dy, const float *y,
                              const void *ut, void *z, float *products, float *dx,
                              const float *soon)
{
    (void)products;
    (void)soon;
    size_t n = y_size(&dq_conv_shapes[layer]);
    float *to = (float *)z + (size_t)part.at * n;
    for (size_t i = 0; i < (size_t)part.n * n; i++)
        to[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    backward_from(layer, part, ut, z, dx);
}

/** Task ky makes row ky of the kernels; the first task the bias too. */
static void conv_du_ref(int layer, int ky, int n, const void *all_v, const void *all_z, float *du,
                        float *db)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    const float *v = all_v, *z = all_z;
    int row = s->k * s->in;
    du += ky * row * s->out;
    memset(du, 0, (size_t)(row * s->out) * sizeof(*du));
    if (ky == 0)
        memset(db, 0, (size_t)s->out * sizeof(*db));
    for (int sample = 0; sample < n; sample++, v += x_size(s))
        for (int oy = 0; oy < s->out_side; oy++)
            for (int ox = 0; ox < s->out_side; ox++, z += s->out) {
                for (int i = 0; i < row; i++)
                    for (int o = 0; o < s->out; o++)
                        du[i * s->out + o] += v[input_row(s, oy, ox, ky) + (size_t)i] * z[o];
                for (int o = 0; ky == 0 && o < s->out; o++)
                    db[o] += z[o];
            }
}

static void conv_dw_ref(int layer, const float *du, int c, float *dw)
{
    copy_rows(&dq_conv_shapes[layer], c, du, dw);
}

static dq_fc_sizes fc_sizes_ref(int n)
{
    return (dq_fc_sizes){.dyt = (size_t)dq_fc_pad(n) * DQ_HIDDEN};
}

/** dyt [DQ_HIDDEN][dq_fc_pad(n)] */
static void fc1_turn_ref(const float *dh, int n, void *dy, void *dyt)
{
    (void)dy;
    float *to = dyt;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < DQ_HIDDEN; o++)
            to[o * dq_fc_pad(n) + i] = dh[i * DQ_HIDDEN + o];
}

static void fc1_ref(const void *inputs, int n, const void *weights, const float *bias, float *y)
{
    const float *x = inputs, *w = weights;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < DQ_FC_BLOCK; o++) {
            float sum = 0.0f;
            for (int k = 0; k < DQ_X3; k++)
                sum += x[i * DQ_X3 + k] * w[k * DQ_FC_BLOCK + o];
            sum += bias[o];
            y[i * DQ_HIDDEN + o] = sum > 0.0f ? sum : 0.0f;
        }
}

static void fc1_dw_ref(const void *inputs, int n, const void *gradients, int k, float *dw,
                       const float *const soon[3])
{
    (void)soon;
    const float *x = inputs, *dy = gradients;
    memset(dw, 0, (size_t)DQ_FC_SLICE * DQ_FC_BLOCK * sizeof(*dw));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < DQ_FC_SLICE; j++)
            for (int o = 0; o < DQ_FC_BLOCK; o++)
                dw[j * DQ_FC_BLOCK + o] += x[i * DQ_X3 + k + j] * dy[i * DQ_HIDDEN + o];
}

static void fc1_dx_ref(const void *turned, int n, const float *w, int k, float *dx,
                       const float *const soon[2])
{
    (void)soon;
    const float *dyt = turned;
    for (int i = 0; i < n; i++)
        for (int j = k; j < k + DQ_FC_SLICE; j++) {
            float sum = 0.0f;
            for (int o = 0; o < DQ_HIDDEN; o++)
                sum += dyt[o * dq_fc_pad(n) + i] *
                       w[(o / DQ_FC_BLOCK * DQ_X3 + j) * DQ_FC_BLOCK + o % DQ_FC_BLOCK];
            dx[i * DQ_X3 + j] = sum;
        }
}

static void fc2_ref(const float *x, int n, const float *w, const float *bias, float *y)
{
    for (int i = 0; i < n; i++)
        for (int o = 0; o < DQ_OUT_PAD; o++) {
            float sum = 0.0f;
            for (int k = 0; k < DQ_HIDDEN; k++)
                sum += x[i * DQ_HIDDEN + k] * w[k * DQ_OUT_PAD + o];
            y[i * DQ_OUT_PAD + o] = sum + bias[o];
        }
}

static float flush(float x)
{
    return fabsf(x) < FLT_MIN ? 0.0f : x;
}

/* Kingma and Ba 2015, algorithm 1, arranged as in PyTorch: epsilon outside the root. A moment below
 * FLT_MIN is zero. */
static void adam_ref(size_t n, float *w, float *m, float *v, const float *g, const dq_adam_step *s)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = flush(m[i] + (1.0f - s->beta1) * (g[i] - m[i]));
        v[i] = flush(s->beta2 * v[i] + (1.0f - s->beta2) * g[i] * g[i]);
        w[i] = w[i] - s->step_size * m[i] / (sqrtf(v[i]) * s->inv_sqrt_bias2 + s->epsilon);
    }
}

static void peak_ref(int64_t n, float *sums)
{
    for (int64_t round = 0; round < n; round++)
        for (int i = 0; i < DQ_PEAK_SUMS; i++)
            sums[i] = sums[i] * 0.5f + 1.0f;
}

const dq_kernels dq_kernels_ref = {
    .isa = "ref",
    .precision = DQ_FP32,
    .scale = scale_ref,
    .conv_sizes = conv_sizes_ref,
    .conv_prepare = conv_prepare_ref,
    .conv_forward = conv_forward_ref,
    .conv_backward = conv_backward_ref,
    .conv_du_tasks = {DQ_CONV1_K, DQ_CONV2_K, DQ_CONV3_K},
    .conv_du = conv_du_ref,
    .conv_dw = conv_dw_ref,
    .fc_sizes = fc_sizes_ref,
    .fc1_turn = fc1_turn_ref,
    .fc1 = fc1_ref,
    .fc1_dw = fc1_dw_ref,
    .fc1_dx = fc1_dx_ref,
    .fc2 = fc2_ref,
    .peak = peak_ref,
    .peak_flops = 2.0 * DQ_PEAK_SUMS,
    .adam = adam_ref,
};

/* bf16: the same with the factors of conv1, conv2 and fc1 rounded. */

static void conv_prepare_bf16(int layer, const float *w, int c, void *u, void *ut)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    int taps = s->k / s->stride;
    conv_prepare_ref(layer, w, c, u, ut);
    for (int tap = 0; layer < DQ_N_BF16_CONVS && tap < taps * taps; tap++)
        for (int v = c; v < c + DQ_CONV_SLICE; v++) {
            size_t at = (size_t)dq_conv_row(s, tap / taps, tap % taps, v) * (size_t)s->out;
            copy_rounded(w + at, (size_t)s->out, (float *)u + at);
            copy_rounded(w + at, (size_t)s->out, (float *)ut + at);
        }
}

static void conv_forward_bf16(int layer, dq_conv_part part, const float *x, const void *u,
                              const float *bias, void *v, float *products, float *y)
{
    size_t n = x_size(&dq_conv_shapes[layer]);
    if (layer >= DQ_N_BF16_CONVS) {
        conv_forward_ref(layer, part, x, u, bias, v, products, y);
        return;
    }
    copy_rounded(x, (size_t)part.n * n, (float *)v + (size_t)part.at * n);
    forward_from(layer, part, u, bias, v, y);
}

static void conv_backward_bf16(int layer, dq_conv_part part, const float *dy, const float *y,
                               const void *ut, void *z, float *products, float *dx,
                               const float *soon)
{
    size_t n = y_size(&dq_conv_shapes[layer]);
    float *to = (float *)z + (size_t)part.at * n;
    if (layer >= DQ_N_BF16_CONVS) {
        conv_backward_ref(layer, part, dy, y, ut, z, products, dx, soon);
        return;
    }
    for (size_t i = 0; i < (size_t)part.n * n; i++)
        to[i] = y[i] > 0.0f ? dq_bf16_round(dy[i]) : 0.0f;
    backward_from(layer, part, ut, z, dx);
}

static dq_fc_sizes fc_sizes_bf16(int n)
{
    return (dq_fc_sizes){.w = (size_t)DQ_X3 * DQ_FC_BLOCK,
                         .x = DQ_X3,
                         .dy = (size_t)n * DQ_HIDDEN,
                         .dyt = (size_t)dq_fc_pad(n) * DQ_HIDDEN};
}

static void fc1_prepare_bf16(const float *w, int k, void *to)
{
    size_t at = (size_t)k * DQ_FC_BLOCK;
    copy_rounded(w + at, (size_t)DQ_FC_SLICE * DQ_FC_BLOCK, (float *)to + at);
}

static void fc1_input_bf16(const float *x, void *to)
{
    copy_rounded(x, DQ_X3, to);
}

static void fc1_turn_bf16(const float *dh, int n, void *dy, void *dyt)
{
    copy_rounded(dh, (size_t)n * DQ_HIDDEN, dy);
    fc1_turn_ref(dy, n, NULL, dyt);
}

static void fc1_dx_bf16(const void *turned, int n, const float *w, int k, float *dx,
                        const float *const soon[2])
{
    (void)soon;
    const float *dyt = turned;
    for (int i = 0; i < n; i++)
        for (int j = k; j < k + DQ_FC_SLICE; j++) {
            float sum = 0.0f;
            for (int o = 0; o < DQ_HIDDEN; o++) {
                int at = (o / DQ_FC_BLOCK * DQ_X3 + j) * DQ_FC_BLOCK + o % DQ_FC_BLOCK;
                sum += dyt[o * dq_fc_pad(n) + i] * dq_bf16_round(w[at]);
            }
            dx[i * DQ_X3 + j] = sum;
        }
}

const dq_kernels dq_kernels_ref_bf16 = {
    .isa = "ref",
    .precision = DQ_BF16,
    .scale = scale_ref,
    .conv_sizes = conv_sizes_ref,
    .conv_prepare = conv_prepare_bf16,
    .conv_forward = conv_forward_bf16,
    .conv_backward = conv_backward_bf16,
    .conv_du_tasks = {DQ_CONV1_K, DQ_CONV2_K, DQ_CONV3_K},
    .conv_du = conv_du_ref,
    .conv_dw = conv_dw_ref,
    .fc_sizes = fc_sizes_bf16,
    .fc1_prepare = fc1_prepare_bf16,
    .fc1_input = fc1_input_bf16,
    .fc1_turn = fc1_turn_bf16,
    .fc1 = fc1_ref,
    .fc1_dw = fc1_dw_ref,
    .fc1_dx = fc1_dx_bf16,
    .fc2 = fc2_ref,
    .peak = peak_ref,
    .peak_flops = 2.0 * DQ_PEAK_SUMS,
    .adam = adam_ref,
};
