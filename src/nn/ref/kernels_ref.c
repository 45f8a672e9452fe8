/* The definition of every kernel: to be read, not to be fast. The transforms of a convolution are
 * plain copies here: u is the weights, v the input, z the output's gradient behind the ReLU. The
 * factors of bf16's products are rounded floats. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/layer_norm.h"
#include "nn/objective.h"
#include "nn/ref/bf16.h"

static void scale_ref(const uint8_t *obs, float *x)
{
    enum { PIXELS = DQ_SIDE0 * DQ_SIDE0 };
    for (int c = 0; c < DQ_FRAMES; c++)
        for (int i = 0; i < PIXELS; i++)
            x[i * DQ_FRAMES + c] = (float)obs[c * PIXELS + i] / 255.0f;
}

static dq_conv_sizes conv_sizes_ref(int layer, int n)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    return (dq_conv_sizes){.u = dq_conv_weights(s),
                           .ut = dq_conv_weights(s),
                           .v = (size_t)n * dq_conv_inputs(s),
                           .z = (size_t)n * dq_conv_outputs(s),
                           .du = dq_conv_weights(s)};
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
    if (ut)
        copy_rows(&dq_conv_shapes[layer], c, w, ut);
}

/** Where the input of output pixel (oy, ox) and kernel row ky starts: k * in values follow. */
static size_t input_row(const dq_conv_shape *s, int oy, int ox, int ky)
{
    return (size_t)(((oy * s->stride + ky) * s->in_side + ox * s->stride) * s->in);
}

static void forward_one(const dq_conv_shape *s, const float *x, const float *w, const float *bias,
                        float least, float *y)
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
                y[o] = y[o] + bias[o] > least ? y[o] + bias[o] : least;
        }
}

/** v has the factors: the input, rounded or not. */
static void forward_from(int layer, dq_conv_part part, const float *u, const float *bias,
                         float least, const float *v, float *y)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    for (int i = 0; i < part.n; i++)
        forward_one(s, v + (size_t)(part.at + i) * dq_conv_inputs(s), u, bias, least,
                    y + (size_t)i * dq_conv_outputs(s));
}

static void conv_forward_ref(int layer, dq_conv_part part, const float *x, const void *u,
                             const float *bias, float least, void *v, float *products, float *y)
{
    (void)products;
    size_t n = dq_conv_inputs(&dq_conv_shapes[layer]);
    memcpy((float *)v + (size_t)part.at * n, x, (size_t)part.n * n * sizeof(*x));
    forward_from(layer, part, u, bias, least, v, y);
}

static void input_gradient_one(const dq_conv_shape *s, const float *z, const float *w, float *dx)
{
    int row = s->k * s->in;
    memset(dx, 0, dq_conv_inputs(s) * sizeof(*dx));
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
        input_gradient_one(s, z + (size_t)(part.at + i) * dq_conv_outputs(s), ut,
                           dx + (size_t)i * dq_conv_inputs(s));
}

static void conv_backward_ref(int layer, dq_conv_part part, const float *dy, const float *y,
                              const void *ut, void *z, float *products, float *dx,
                              const float *prefetch)
{
    (void)products;
    (void)prefetch;
    size_t n = dq_conv_outputs(&dq_conv_shapes[layer]);
    float *to = (float *)z + (size_t)part.at * n;
    for (size_t i = 0; i < (size_t)part.n * n; i++)
        to[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    backward_from(layer, part, ut, z, dx);
}

static int conv_du_tasks_ref(int layer)
{
    return dq_conv_shapes[layer].k;
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
    for (int sample = 0; sample < n; sample++, v += dq_conv_inputs(s))
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

static dq_fc_sizes fc_sizes_ref(int layer, int n)
{
    return (dq_fc_sizes){.dyt = (size_t)dq_fc_pad(n) * (size_t)dq_fc_shapes[layer].out};
}

/** dyt [out][dq_fc_pad(n)] */
static void fc1_turn_ref(int layer, const float *dh, int n, void *dy, void *dyt)
{
    (void)dy;
    int out = dq_fc_shapes[layer].out;
    float *to = dyt;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < out; o++)
            to[o * dq_fc_pad(n) + i] = dh[i * out + o];
}

static void fc1_ref(int layer, const void *inputs, int n, const void *weights, const float *bias,
                    float least, float *y)
{
    const dq_fc_shape *f = &dq_fc_shapes[layer];
    const float *x = inputs, *w = weights;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < DQ_FC_BLOCK; o++) {
            float sum = 0.0f;
            for (int k = 0; k < f->in; k++)
                sum += x[i * f->in + k] * w[k * DQ_FC_BLOCK + o];
            sum += bias[o];
            y[i * f->out + o] = sum > least ? sum : least;
        }
}

static void fc1_dw_ref(int layer, const void *inputs, int n, const void *gradients, int k,
                       float *dw, const float *const prefetch[3])
{
    (void)prefetch;
    const dq_fc_shape *f = &dq_fc_shapes[layer];
    const float *x = inputs, *dy = gradients;
    memset(dw, 0, (size_t)(f->slice * DQ_FC_BLOCK) * sizeof(*dw));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < f->slice; j++)
            for (int o = 0; o < DQ_FC_BLOCK; o++)
                dw[j * DQ_FC_BLOCK + o] += x[i * f->in + k + j] * dy[i * f->out + o];
}

/** Where the weight of input j and output o lies. */
static int weight_place(const dq_fc_shape *f, int j, int o)
{
    return (o / DQ_FC_BLOCK * f->in + j) * DQ_FC_BLOCK + o % DQ_FC_BLOCK;
}

static void fc1_dx_ref(int layer, const void *turned, int n, const float *w, int k, float *dx,
                       const float *const prefetch[2])
{
    (void)prefetch;
    const dq_fc_shape *f = &dq_fc_shapes[layer];
    const float *dyt = turned;
    for (int i = 0; i < n; i++)
        for (int j = k; j < k + f->slice; j++) {
            float sum = 0.0f;
            for (int o = 0; o < f->out; o++)
                sum += dyt[o * dq_fc_pad(n) + i] * w[weight_place(f, j, o)];
            dx[i * f->in + j] = sum;
        }
}

static void fc2_ref(int layer, const float *x, int n, const float *w, const float *bias, float *y,
                    size_t y_row)
{
    int in = dq_fc_shapes[layer].out;
    for (int i = 0; i < n; i++)
        for (int o = 0; o < DQ_OUT_BLOCK; o++) {
            float sum = 0.0f;
            for (int k = 0; k < in; k++)
                sum += x[i * in + k] * w[k * DQ_OUT_BLOCK + o];
            y[(size_t)i * y_row + (size_t)o] = sum + bias[o];
        }
}

static void dense_ref(const dq_dense_shape *s, const float *x, int n, const float *w,
                      const float *bias, bool relu, float *y)
{
    for (int i = 0; i < n; i++)
        for (int o = 0; o < s->out_row; o++) {
            float sum = 0.0f;
            for (int j = 0; j < s->in; j++)
                sum += x[i * s->in_row + j] * w[j * s->out_row + o];
            sum += bias[o];
            y[i * s->out_row + o] = !relu || sum > 0.0f ? sum : 0.0f;
        }
}

static void dense_dw_ref(const dq_dense_shape *s, const float *x, int n, const float *dy, float *dw)
{
    memset(dw, 0, dq_dense_weights(s) * sizeof(*dw));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < s->in_row; j++)
            for (int o = 0; o < s->out_row; o++)
                dw[j * s->out_row + o] += x[i * s->in_row + j] * dy[i * s->out_row + o];
}

static void dense_dx_ref(const dq_dense_shape *s, const float *dy, int n, const float *w,
                         float *turned, float *dx)
{
    (void)turned;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < s->in_row; j++) {
            float sum = 0.0f;
            for (int o = 0; o < s->out; o++)
                sum += dy[i * s->out_row + o] * w[j * s->out_row + o];
            dx[i * s->in_row + j] = sum;
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

static float norm_ref(const dq_norm_shape *s, const float *scale, const float *shift, float *y,
                      float *normal)
{
    return dq_norm_forward(s, scale, shift, y, normal);
}

static void norm_back_ref(const dq_norm_shape *s, const float *scale, const float *normal,
                          float factor, const float *y, float *dy, float *behind)
{
    dq_norm_backward(s, scale, normal, factor, y, dy, behind);
}

static double sample_loss_ref(const dq_objective *o, const float *y, const float *target,
                              float weight, int n_samples, float *error, float *dy)
{
    return dq_objective_sample(o, y, target, weight, n_samples, error, dy);
}

static void mix_noise_ref(int n_in, int n_out, size_t row, const float *mean, const float *sigma,
                          const float *of_in, const float *of_out, float *used)
{
    for (int i = 0; i < n_in; i++, mean += row, sigma += row, used += row)
        for (int o = 0; o < n_out; o++)
            used[o] = mean[o] + sigma[o] * (of_in[i] * of_out[o]);
}

static void noise_gradient_ref(int n_in, int n_out, size_t row, const float *dw, const float *of_in,
                               const float *of_out, float *dsigma)
{
    for (int i = 0; i < n_in; i++, dw += row, dsigma += row)
        for (int o = 0; o < n_out; o++)
            dsigma[o] = dw[o] * (of_in[i] * of_out[o]);
}

/* Centred RMSProp as in Mnih et al. 2015 (their program in Torch 7): epsilon is inside the root,
 * and the gradient itself is followed. v - m^2 is a variance, which rounding must not make
 * negative. */
static void rmsprop_ref(size_t n, float *w, float *m, float *v, const float *g,
                        const dq_rmsprop_step *s)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = flush(m[i] + (1.0f - s->decay) * (g[i] - m[i]));
        v[i] = flush(s->decay * v[i] + (1.0f - s->decay) * g[i] * g[i]);
        float variance = v[i] - m[i] * m[i];
        w[i] -= s->learning_rate * g[i] / sqrtf(fmaxf(variance, 0.0f) + s->epsilon);
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
    .conv_du_tasks = conv_du_tasks_ref,
    .conv_du = conv_du_ref,
    .conv_dw = conv_dw_ref,
    .fc_sizes = fc_sizes_ref,
    .fc1_turn = fc1_turn_ref,
    .fc1 = fc1_ref,
    .fc1_dw = fc1_dw_ref,
    .fc1_dx = fc1_dx_ref,
    .fc2 = fc2_ref,
    .dense = dense_ref,
    .dense_dw = dense_dw_ref,
    .dense_dx = dense_dx_ref,
    .peak = peak_ref,
    .peak_flops = 2.0 * DQ_PEAK_SUMS,
    .norm = norm_ref,
    .norm_back = norm_back_ref,
    .sample_loss = sample_loss_ref,
    .mix_noise = mix_noise_ref,
    .noise_gradient = noise_gradient_ref,
    .adam = adam_ref,
    .rmsprop = rmsprop_ref,
};

/* bf16: the same with the factors of the strided convolutions and fc1 rounded. */

static void conv_prepare_bf16(int layer, const float *w, int c, void *u, void *ut)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    int taps = s->k / s->stride;
    conv_prepare_ref(layer, w, c, u, ut);
    for (int tap = 0; dq_conv_is_rounded(s) && tap < taps * taps; tap++)
        for (int v = c; v < c + DQ_CONV_SLICE; v++) {
            size_t at = (size_t)dq_conv_row(s, tap / taps, tap % taps, v) * (size_t)s->out;
            copy_rounded(w + at, (size_t)s->out, (float *)u + at);
            if (ut)
                copy_rounded(w + at, (size_t)s->out, (float *)ut + at);
        }
}

static void conv_forward_bf16(int layer, dq_conv_part part, const float *x, const void *u,
                              const float *bias, float least, void *v, float *products, float *y)
{
    size_t n = dq_conv_inputs(&dq_conv_shapes[layer]);
    if (!dq_conv_is_rounded(&dq_conv_shapes[layer])) {
        conv_forward_ref(layer, part, x, u, bias, least, v, products, y);
        return;
    }
    copy_rounded(x, (size_t)part.n * n, (float *)v + (size_t)part.at * n);
    forward_from(layer, part, u, bias, least, v, y);
}

static void conv_backward_bf16(int layer, dq_conv_part part, const float *dy, const float *y,
                               const void *ut, void *z, float *products, float *dx,
                               const float *prefetch)
{
    size_t n = dq_conv_outputs(&dq_conv_shapes[layer]);
    float *to = (float *)z + (size_t)part.at * n;
    if (!dq_conv_is_rounded(&dq_conv_shapes[layer])) {
        conv_backward_ref(layer, part, dy, y, ut, z, products, dx, prefetch);
        return;
    }
    for (size_t i = 0; i < (size_t)part.n * n; i++)
        to[i] = y[i] > 0.0f ? dq_bf16_round(dy[i]) : 0.0f;
    backward_from(layer, part, ut, z, dx);
}

static dq_fc_sizes fc_sizes_bf16(int layer, int n)
{
    const dq_fc_shape *f = &dq_fc_shapes[layer];
    return (dq_fc_sizes){.w = dq_fc_block_weights(f),
                         .x = (size_t)f->in,
                         .dy = (size_t)n * (size_t)f->out,
                         .dyt = (size_t)dq_fc_pad(n) * (size_t)f->out};
}

static void fc1_prepare_bf16(int layer, const float *w, int k, void *to)
{
    size_t at = (size_t)k * DQ_FC_BLOCK;
    copy_rounded(w + at, (size_t)dq_fc_shapes[layer].slice * DQ_FC_BLOCK, (float *)to + at);
}

static void fc1_input_bf16(int layer, const float *x, void *to)
{
    copy_rounded(x, (size_t)dq_fc_shapes[layer].in, to);
}

static void fc1_turn_bf16(int layer, const float *dh, int n, void *dy, void *dyt)
{
    copy_rounded(dh, (size_t)n * (size_t)dq_fc_shapes[layer].out, dy);
    fc1_turn_ref(layer, dy, n, NULL, dyt);
}

static void fc1_dx_bf16(int layer, const void *turned, int n, const float *w, int k, float *dx,
                        const float *const prefetch[2])
{
    (void)prefetch;
    const dq_fc_shape *f = &dq_fc_shapes[layer];
    const float *dyt = turned;
    for (int i = 0; i < n; i++)
        for (int j = k; j < k + f->slice; j++) {
            float sum = 0.0f;
            for (int o = 0; o < f->out; o++)
                sum += dyt[o * dq_fc_pad(n) + i] * dq_bf16_round(w[weight_place(f, j, o)]);
            dx[i * f->in + j] = sum;
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
    .conv_du_tasks = conv_du_tasks_ref,
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
    .dense = dense_ref,
    .dense_dw = dense_dw_ref,
    .dense_dx = dense_dx_ref,
    .peak = peak_ref,
    .peak_flops = 2.0 * DQ_PEAK_SUMS,
    .norm = norm_ref,
    .norm_back = norm_back_ref,
    .sample_loss = sample_loss_ref,
    .mix_noise = mix_noise_ref,
    .noise_gradient = noise_gradient_ref,
    .adam = adam_ref,
    .rmsprop = rmsprop_ref,
};
