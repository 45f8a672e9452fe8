/* The fast kernels, compiled once for each instruction set. Measurements: docs/kernels.md. */
#include "nn/fast/conv_fast.h"
#include "nn/fast/linear_fast.h"
#include "nn/kernels.h"
#include "nn/layer_norm.h"
#include "nn/objective.h"

/** Interleave 16 pixels of four frames. */
static void interleave(const uint8_t *obs, uint8_t *pixels)
{
    enum { FRAME = DQ_SIDE0 * DQ_SIDE0 };
    __m128i f[4];
    for (int c = 0; c < 4; c++)
        f[c] = _mm_loadu_si128((const __m128i *)(const void *)(obs + c * FRAME));
    __m128i low01 = _mm_unpacklo_epi8(f[0], f[1]), high01 = _mm_unpackhi_epi8(f[0], f[1]);
    __m128i low23 = _mm_unpacklo_epi8(f[2], f[3]), high23 = _mm_unpackhi_epi8(f[2], f[3]);
    __m128i out[4] = {_mm_unpacklo_epi16(low01, low23), _mm_unpackhi_epi16(low01, low23),
                      _mm_unpacklo_epi16(high01, high23), _mm_unpackhi_epi16(high01, high23)};
    for (int i = 0; i < 4; i++)
        _mm_storeu_si128((__m128i *)(void *)(pixels + 16 * i), out[i]);
}

/** x / 255 correctly rounded for every byte: one step of refinement, three times as fast as the
 *  division. */
static vec scaled(vec x)
{
    vec inverse = vset(1.0f / 255.0f), quotient = vmul(x, inverse);
    return vfma(vfma(vset(-255.0f), quotient, x), inverse, quotient);
}

static void scale_fast(const uint8_t *obs, float *x)
{
    enum { PIXELS = DQ_SIDE0 * DQ_SIDE0, GROUP = 16 };
    _Static_assert(PIXELS % GROUP == 0, "whole groups of pixels");
    for (int i = 0; i < PIXELS; i += GROUP, x += GROUP * DQ_FRAMES) {
        uint8_t pixels[GROUP * DQ_FRAMES];
        interleave(obs + i, pixels);
        for (int j = 0; j < GROUP * DQ_FRAMES; j += VL)
            vstore(x + j, scaled(vload_bytes(pixels + j)));
    }
}

static dq_conv_sizes conv_sizes_fast(int layer, int n)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    const dq_winograd *f = dq_winograd_of(s);
    size_t t2 = (size_t)(f->t * f->t), block = (size_t)dq_conv_block(s);
    size_t u = t2 * block * (size_t)s->out;
    size_t wide = product_step(f, n, (int)block), narrow = product_step(f, n, s->out);
    return (dq_conv_sizes){.u = u,
                           .ut = dq_conv_is_first(s) ? 0 : u,
                           .v = t2 * wide,
                           .z = t2 * narrow,
                           .products = t2 * (dq_conv_is_first(s) ? narrow : wide),
                           .du = u};
}

/* Each layer is compiled by itself, so that every size is a constant. */
#define CONV_CASE(i, call)                                                                         \
    case i: {                                                                                      \
        const dq_conv_shape *s = &dq_conv_shapes[i];                                               \
        const dq_winograd *f = dq_winograd_of(s);                                                  \
        call;                                                                                      \
        break;                                                                                     \
    }
#define EACH_CONV(layer, call)                                                                     \
    switch (layer) {                                                                               \
        DQ_EACH_CONV(CONV_CASE, call)                                                              \
    default:                                                                                       \
        break;                                                                                     \
    }

static void conv_prepare_fast(int layer, const float *w, int c, void *u, void *ut)
{
    EACH_CONV(layer, prepare(s, f, w, c, u, ut, ut && !dq_conv_is_first(s)))
}

static void conv_forward_fast(int layer, dq_conv_part part, const float *x, const void *u,
                              const float *bias, float least, void *v, float *products, float *y)
{
    EACH_CONV(layer,
              forward(s, f, dq_conv_is_first(s) ? 1 : 4, part, x, u, bias, least, v, products, y))
}

static void conv_backward_fast(int layer, dq_conv_part part, const float *dy, const float *y,
                               const void *ut, void *z, float *products, float *dx,
                               const float *prefetch)
{
    EACH_CONV(layer, backward(s, f, part, dy, y, ut, z, products, dx, prefetch))
}

static int conv_du_tasks_fast(int layer)
{
    const dq_winograd *f = dq_winograd_of(&dq_conv_shapes[layer]);
    return f->t * f->t;
}

static void conv_du_fast(int layer, int task, int n, const void *v, const void *z, float *du,
                         float *db)
{
    EACH_CONV(layer, weight_products(s, f, task, n, v, z, du, db))
}

static void conv_dw_fast(int layer, const float *du, int c, float *dw)
{
    EACH_CONV(layer, weight_gradient(s, f, du, c, dw))
}

static dq_fc_sizes fc_sizes_fast(int layer, int n)
{
    return (dq_fc_sizes){.dyt = (size_t)dq_fc_pad(n) * (size_t)dq_fc_shapes[layer].out};
}

/** dyt [out][dq_fc_pad(n)], the samples padded with whatever is there. */
static void fc1_turn_fast(int layer, const float *dh, int n, void *dy, void *dyt)
{
    (void)dy;
    int whole = n / 4 * 4, pad = dq_fc_pad(n), out = dq_fc_shapes[layer].out;
    float *to = dyt;
    transpose(dh, (size_t)out, whole, out, to, (size_t)pad);
    for (int i = whole; i < n; i++)
        for (int o = 0; o < out; o++)
            to[o * pad + i] = dh[i * out + o];
}

static void fc1_fast(int layer, const void *x, int n, const void *w, const float *bias, float least,
                     float *y){EACH_FC(layer, linear_forward(f, x, n, w, bias, least, y))}

DQ_INLINE void weight_slice(const dq_fc_shape *f, const float *x, int n, const float *dy, int k,
                            float *dw, const float *const next[3])
{
    int lines = f->slice * DQ_FC_BLOCK / LINE;
    fetches s = {{next[0], next[1], next[2]}, {lines, lines, lines}};
    product_turned(COLS, f->slice, DQ_FC_BLOCK, n, x + k, f->in, dy, f->out, dw, DQ_FC_BLOCK, 0,
                   &s);
}

static void fc1_dw_fast(int layer, const void *x, int n, const void *dy, int k, float *dw,
                        const float *const next[3]){
    EACH_FC(layer, weight_slice(f, x, n, dy, k, dw, next))}

/** Vectors run along the samples: their gradients, turned, are multiplied by single weights. */
DQ_INLINE void input_slice(const dq_fc_shape *f, const float *dyt, int n, const float *w, int k,
                           float *dx, const float *const prefetch[2])
{
    size_t pad = (size_t)dq_fc_pad(n), step = dq_fc_block_weights(f);
    int lines = f->slice * DQ_FC_BLOCK / LINE, n_blocks = f->out / DQ_FC_BLOCK;
    for (int begin = 0; begin < n; begin += DX_SAMPLES) {
        _Alignas(64) float turned[DQ_FC_SLICE_MAX * DX_SAMPLES];
        const float *rows_w = w + (size_t)k * DQ_FC_BLOCK;
        size_t at = (size_t)k * DQ_FC_BLOCK;
        for (int block = 0; block < n_blocks; block++, rows_w += step, at += step)
            product_rows(
                COLS, DQ_FC_BLOCK, DQ_FC_BLOCK,
                &(product){.a = rows_w,
                           .b = dyt + (size_t)(block * DQ_FC_BLOCK) * pad + begin,
                           .c = turned,
                           .rows = f->slice,
                           .cols = DX_SAMPLES,
                           .b_row = pad,
                           .c_row = DX_SAMPLES,
                           .add = block > 0,
                           .prefetch = {{rows_w + step, prefetch[0] + at, prefetch[1] + at},
                                        {lines, lines, lines}}});
        store_turned(f, turned, begin, n, k, dx);
    }
}

static void fc1_dx_fast(int layer, const void *dyt, int n, const float *w, int k, float *dx,
                        const float *const prefetch[2]){
    EACH_FC(layer, input_slice(f, dyt, n, w, k, dx, prefetch))}

DQ_INLINE void output_layer(const dq_fc_shape *f, const float *x, int n, const float *w,
                            const float *bias, float *y, size_t y_row)
{
    product_rows(COLS, f->out, f->out,
                 &(product){.a = x,
                            .b = w,
                            .c = y,
                            .rows = n,
                            .cols = DQ_OUT_BLOCK,
                            .b_row = DQ_OUT_BLOCK,
                            .c_row = (int)y_row});
    for (int i = 0; i < n; i++, y += y_row)
        for (int o = 0; o < DQ_OUT_BLOCK; o += VL)
            vstore(y + o, vadd(vload(y + o), vload(bias + o)));
}

static void fc2_fast(int layer, const float *x, int n, const float *w, const float *bias, float *y,
                     size_t y_row)
{
    EACH_FC(layer, output_layer(f, x, n, w, bias, y, y_row))
}

/* A multilayer perceptron's layers have sizes of their own, so these are compiled once for all. */

static void dense_product(const float *a, size_t a_row, int rows, int k, const float *b, int cols,
                          float *c)
{
    product_rows(COLS, k, (int)a_row,
                 &(product){.a = a,
                            .b = b,
                            .c = c,
                            .rows = rows,
                            .cols = cols,
                            .b_row = (size_t)cols,
                            .c_row = (size_t)cols});
}

static void dense_fast(const dq_dense_shape *s, const float *x, int n, const float *w,
                       const float *bias, bool relu, float *y)
{
    dense_product(x, (size_t)s->in_row, n, s->in, w, s->out_row, y);
    for (int i = 0; i < n; i++, y += s->out_row)
        for (int o = 0; o < s->out_row; o += VL) {
            vec sum = vadd(vload(y + o), vload(bias + o));
            vstore(y + o, relu ? vmax(sum, vzero()) : sum);
        }
}

static void dense_dw_fast(const dq_dense_shape *s, const float *x, int n, const float *dy,
                          float *dw)
{
    static const fetches none = {.lines = {0}};
    product_turned(COLS, s->in_row, s->out_row, n, x, s->in_row, dy, s->out_row, dw, s->out_row, 0,
                   &none);
}

static void dense_dx_fast(const dq_dense_shape *s, const float *dy, int n, const float *w,
                          float *turned, float *dx)
{
    transpose(w, (size_t)s->out_row, s->in_row, s->out_row, turned, (size_t)s->in_row);
    dense_product(dy, (size_t)s->out_row, n, s->out, turned, s->in_row, dx);
}

/** Moments of what has no gradient any more fade towards zero through numbers below FLT_MIN, with
 *  which some processors calculate a hundred times slower: they count as zero (FTZ and DAZ).
 *  @return what _mm_setcsr() puts back */
static unsigned begin_flushing(void)
{
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
    return before;
}

static void adam_fast(size_t n, float *w, float *m, float *v, const float *g, const dq_adam_step *s)
{
    unsigned before = begin_flushing();
    vec rest1 = vset(1.0f - s->beta1), rest2 = vset(1.0f - s->beta2), beta2 = vset(s->beta2);
    vec size = vset(s->step_size), inv = vset(s->inv_sqrt_bias2), epsilon = vset(s->epsilon);
    for (size_t i = 0; i < n; i += VL) {
        vec grad = vload(g + i), mean = vload(m + i), square = vload(v + i);
        mean = vfma(rest1, vsub(grad, mean), mean);
        square = vfma(vmul(rest2, grad), grad, vmul(beta2, square));
        vstore(m + i, mean);
        vstore(v + i, square);
        vec divisor = vfma(vsqrt(square), inv, epsilon);
        vstore(w + i, vsub(vload(w + i), vdiv(vmul(size, mean), divisor)));
    }
    _mm_setcsr(before);
}

static void rmsprop_fast(size_t n, float *w, float *m, float *v, const float *g,
                         const dq_rmsprop_step *s)
{
    unsigned before = begin_flushing();
    vec rest = vset(1.0f - s->decay), decay = vset(s->decay);
    vec rate = vset(s->learning_rate), epsilon = vset(s->epsilon);
    for (size_t i = 0; i < n; i += VL) {
        vec grad = vload(g + i), mean = vload(m + i), square = vload(v + i);
        mean = vfma(rest, vsub(grad, mean), mean);
        square = vfma(vmul(rest, grad), grad, vmul(decay, square));
        vstore(m + i, mean);
        vstore(v + i, square);
        vec variance = vmax(vsub(square, vmul(mean, mean)), vzero());
        vec divisor = vsqrt(vadd(variance, epsilon));
        vstore(w + i, vsub(vload(w + i), vdiv(vmul(rate, grad), divisor)));
    }
    _mm_setcsr(before);
}

static double sample_loss_fast(const dq_objective *o, const float *y, const float *target,
                               float weight, int n_samples, float *error, float *dy)
{
    return dq_objective_sample(o, y, target, weight, n_samples, error, dy);
}

static float norm_fast(const dq_norm_shape *s, const float *scale, const float *shift, float *y,
                       float *normal)
{
    return dq_norm_forward(s, scale, shift, y, normal);
}

static void norm_back_fast(const dq_norm_shape *s, const float *scale, const float *normal,
                           float factor, const float *y, float *dy, float *behind)
{
    dq_norm_backward(s, scale, normal, factor, y, dy, behind);
}

static void mix_noise_fast(int n_in, int n_out, size_t row, const float *mean, const float *sigma,
                           const float *of_in, const float *of_out, float *used)
{
    for (int i = 0; i < n_in; i++, mean += row, sigma += row, used += row) {
        vec e = vset(of_in[i]);
        int o = 0;
        for (; o + VL <= n_out; o += VL)
            vstore(used + o, vfma(vload(sigma + o), vmul(e, vload(of_out + o)), vload(mean + o)));
        for (; o < n_out; o++)
            used[o] = mean[o] + sigma[o] * (of_in[i] * of_out[o]);
    }
}

static void noise_gradient_fast(int n_in, int n_out, size_t row, const float *dw,
                                const float *of_in, const float *of_out, float *dsigma)
{
    for (int i = 0; i < n_in; i++, dw += row, dsigma += row) {
        vec e = vset(of_in[i]);
        int o = 0;
        for (; o + VL <= n_out; o += VL)
            vstore(dsigma + o, vmul(vload(dw + o), vmul(e, vload(of_out + o))));
        for (; o < n_out; o++)
            dsigma[o] = dw[o] * (of_in[i] * of_out[o]);
    }
}

static void peak_fast(int64_t n, float *sums)
{
    multiply_rounds(n, sums);
}

const dq_kernels DQ_ISA_TABLE = {
    .isa = DQ_ISA_NAME,
    .precision = DQ_FP32,
    .scale = scale_fast,
    .conv_sizes = conv_sizes_fast,
    .conv_prepare = conv_prepare_fast,
    .conv_forward = conv_forward_fast,
    .conv_backward = conv_backward_fast,
    .conv_du_tasks = conv_du_tasks_fast,
    .conv_du = conv_du_fast,
    .conv_dw = conv_dw_fast,
    .fc_sizes = fc_sizes_fast,
    .fc1_turn = fc1_turn_fast,
    .fc1 = fc1_fast,
    .fc1_dw = fc1_dw_fast,
    .fc1_dx = fc1_dx_fast,
    .fc2 = fc2_fast,
    .dense = dense_fast,
    .dense_dw = dense_dw_fast,
    .dense_dx = dense_dx_fast,
    .peak = peak_fast,
    .peak_flops = 2.0 * PEAK_CHAINS * VL * PAIR,
    .norm = norm_fast,
    .norm_back = norm_back_fast,
    .sample_loss = sample_loss_fast,
    .mix_noise = mix_noise_fast,
    .noise_gradient = noise_gradient_fast,
    .adam = adam_fast,
    .rmsprop = rmsprop_fast,
};
