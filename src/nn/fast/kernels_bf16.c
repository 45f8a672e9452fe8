/* The kernels in bf16 for AVX-512 processors that have its dot product: the strided
 * convolutions and fc1. All else is the float32 table's. Products are those of the float32 kernels
 * over other elements. */
#include "nn/fast/conv_fast.h"
#include "nn/fast/linear_fast.h"
#include "nn/kernels.h"
#include "nn/objective.h"

static const dq_kernels *const rest = &dq_kernels_avx512;

static void scale_bf16(const uint8_t *obs, float *x)
{
    rest->scale(obs, x);
}

/** Words for that many elements. */
static size_t words(size_t n)
{
    return (n + PAIR - 1) / PAIR;
}

static dq_conv_sizes conv_sizes_bf16(int layer, int n)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    if (!dq_conv_is_rounded(s))
        return rest->conv_sizes(layer, n);
    const dq_winograd *f = dq_winograd_of_bf16(s);
    size_t t2 = (size_t)(f->t * f->t), block = (size_t)dq_conv_block(s);
    size_t u = t2 * block * (size_t)s->out;
    size_t wide = product_step(f, n, (int)block), narrow = product_step(f, n, s->out);
    return (dq_conv_sizes){.u = words(u),
                           .ut = dq_conv_is_first(s) ? 0 : words(u),
                           .v = words(t2 * wide),
                           .z = words(t2 * narrow),
                           .products = t2 * (dq_conv_is_first(s) ? narrow : wide),
                           .du = u};
}

/* Each layer is compiled by itself, so that every size is a constant. */
#define CONV_CASE(i, call)                                                                         \
    case i: {                                                                                      \
        const dq_conv_shape *s = &dq_conv_shapes[i];                                               \
        const dq_winograd *f = dq_winograd_of_bf16(s);                                             \
        if (dq_conv_is_rounded(s))                                                                 \
            call;                                                                                  \
        break;                                                                                     \
    }
#define EACH_CONV(layer, call, other)                                                              \
    if (!dq_conv_is_rounded(&dq_conv_shapes[layer])) {                                             \
        other;                                                                                     \
        return;                                                                                    \
    }                                                                                              \
    switch (layer) {                                                                               \
        DQ_EACH_CONV(CONV_CASE, call)                                                              \
    default:                                                                                       \
        break;                                                                                     \
    }

static void conv_prepare_bf16(int layer, const float *w, int c, void *u, void *ut)
{
    EACH_CONV(layer, prepare(s, f, w, c, u, ut, ut && !dq_conv_is_first(s)),
              rest->conv_prepare(layer, w, c, u, ut))
}

static void conv_forward_bf16(int layer, dq_conv_part part, const float *x, const void *u,
                              const float *bias, float least, void *v, float *products, float *y)
{
    EACH_CONV(layer,
              forward(s, f, dq_conv_is_first(s) ? 1 : 4, part, x, u, bias, least, v, products, y),
              rest->conv_forward(layer, part, x, u, bias, least, v, products, y))
}

static void conv_backward_bf16(int layer, dq_conv_part part, const float *dy, const float *y,
                               const void *ut, void *z, float *products, float *dx,
                               const float *prefetch)
{
    EACH_CONV(layer, backward(s, f, part, dy, y, ut, z, products, dx, prefetch),
              rest->conv_backward(layer, part, dy, y, ut, z, products, dx, prefetch))
}

static int conv_du_tasks_bf16(int layer)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    const dq_winograd *f = dq_winograd_of_bf16(s);
    return dq_conv_is_rounded(s) ? f->t * f->t : rest->conv_du_tasks(layer);
}

static void conv_du_bf16(int layer, int task, int n, const void *v, const void *z, float *du,
                         float *db)
{
    EACH_CONV(layer, weight_products(s, f, task, n, v, z, du, db),
              rest->conv_du(layer, task, n, v, z, du, db))
}

static void conv_dw_bf16(int layer, const float *du, int c, float *dw)
{
    EACH_CONV(layer, weight_gradient(s, f, du, c, dw), rest->conv_dw(layer, du, c, dw))
}

static dq_fc_sizes fc_sizes_bf16(int layer, int n)
{
    const dq_fc_shape *f = &dq_fc_shapes[layer];
    size_t pad = (size_t)dq_fc_pad(n), in = (size_t)f->in, out = (size_t)f->out;
    return (dq_fc_sizes){.w = words(dq_fc_block_weights(f)),
                         .x = words(in),
                         .slices = words(pad * in),
                         .dy = words(pad * out),
                         .dyt = words(pad * out)};
}

/** A block's weights are [k / 2][DQ_FC_BLOCK][2]. */
static void fc1_prepare_bf16(int layer, const float *w, int k, void *to)
{
    _Alignas(64) elem rows[DQ_FC_SLICE_MAX * DQ_FC_BLOCK];
    int at = k * DQ_FC_BLOCK, slice = dq_fc_shapes[layer].slice;
    round_floats(w + at, slice * DQ_FC_BLOCK, rows);
    pair_rows(rows, DQ_FC_BLOCK, slice, DQ_FC_BLOCK, (elem *)to + at);
}

static void fc1_input_bf16(int layer, const float *x, void *to)
{
    round_floats(x, dq_fc_shapes[layer].in, to);
}

/** Each slice is [n / 2][slice][2]. */
static void fc1_slice_bf16(int layer, const void *x, int n, int k, void *to)
{
    const dq_fc_shape *f = &dq_fc_shapes[layer];
    pair_rows((const elem *)x + k, (size_t)f->in, n, f->slice,
              (elem *)to + (size_t)k * (size_t)dq_fc_pad(n));
}

/** dy [n / 2][out][2], dyt [out / 2][dq_fc_pad(n)][2]. */
static void fc1_turn_bf16(int layer, const float *dh, int n, void *dy, void *dyt)
{
    int pad = dq_fc_pad(n), out = dq_fc_shapes[layer].out;
    uint16_t *turned = dyt;
    for (int i = 0; i < n; i += 2) {
        _Alignas(64) elem rows[2 * DQ_HIDDEN_MAX];
        int count = n - i < 2 ? 1 : 2;
        round_floats(dh + (size_t)(i * out), count * out, rows);
        pair_rows(rows, (size_t)out, count, out, (elem *)dy + (size_t)(i * out));
        for (int j = 0; j < count; j++)
            for (int o = 0; o < out; o += 2)
                memcpy(turned + (size_t)(o * pad + (i + j) * 2), rows + j * out + o,
                       2 * sizeof(elem));
    }
}

static void fc1_bf16(int layer, const void *x, int n, const void *w, const float *bias, float least,
                     float *y){EACH_FC(layer, linear_forward(f, x, n, w, bias, least, y))}

DQ_INLINE void weight_slice(const dq_fc_shape *f, const elem *x, int n, const elem *dy, int k,
                            float *dw, const float *const next[3])
{
    int lines = f->slice * DQ_FC_BLOCK / LINE;
    fetches s = {{next[0], next[1], next[2]}, {lines, lines, lines}};
    product_turned(COLS, f->slice, DQ_FC_BLOCK, n, x + (size_t)k * (size_t)dq_fc_pad(n), f->slice,
                   dy, f->out, dw, DQ_FC_BLOCK, 0, &s);
}

static void fc1_dw_bf16(int layer, const void *x, int n, const void *dy, int k, float *dw,
                        const float *const next[3]){
    EACH_FC(layer, weight_slice(f, x, n, dy, k, dw, next))}

/** rows [slice][2 * DQ_FC_BLOCK]: the weights of two blocks, w and the one behind it. */
DQ_INLINE void round_two_blocks(const dq_fc_shape *f, const float *w, elem *rows)
{
    for (int j = 0; j < f->slice; j++, w += DQ_FC_BLOCK, rows += 2 * DQ_FC_BLOCK) {
        round_floats(w, DQ_FC_BLOCK, rows);
        round_floats(w + dq_fc_block_weights(f), DQ_FC_BLOCK, rows + DQ_FC_BLOCK);
    }
}

/** Vectors run along the samples, as in float32. The weights are rounded here, because Adam is
 *  about to read them anyway. */
DQ_INLINE void input_slice(const dq_fc_shape *f, const elem *dyt, int n, const float *w, int k,
                           float *dx, const float *const prefetch[2])
{
    enum { DEPTH = 2 * DQ_FC_BLOCK };
    size_t pad = (size_t)dq_fc_pad(n), block = dq_fc_block_weights(f);
    int lines = f->slice * DQ_FC_BLOCK / LINE;
    for (int begin = 0; begin < n; begin += DX_SAMPLES) {
        _Alignas(64) elem weights[DQ_FC_SLICE_MAX * DEPTH];
        _Alignas(64) float turned[DQ_FC_SLICE_MAX * DX_SAMPLES];
        size_t at = (size_t)(k * DQ_FC_BLOCK);
        for (int o = 0; o < f->out; o += DEPTH, at += 2 * block) {
            const float *m = prefetch[0] + at, *v = prefetch[1] + at, *next = w + at + 2 * block;
            round_two_blocks(f, w + at, weights);
            product_rows(COLS, DEPTH, DEPTH,
                         &(product){.a = weights,
                                    .b = dyt + (size_t)o * pad + begin * PAIR,
                                    .c = turned,
                                    .rows = f->slice,
                                    .cols = DX_SAMPLES,
                                    .b_row = pad,
                                    .c_row = DX_SAMPLES,
                                    .add = o > 0,
                                    .prefetch = {{m, m + block, v, v + block, next, next + block},
                                                 {lines, lines, lines, lines, lines, lines}}});
        }
        store_turned(f, turned, begin, n, k, dx);
    }
}

static void fc1_dx_bf16(int layer, const void *dyt, int n, const float *w, int k, float *dx,
                        const float *const prefetch[2])
{
    EACH_FC(layer, input_slice(f, dyt, n, w, k, dx, prefetch))
}

static void fc2_bf16(int layer, const float *x, int n, const float *w, const float *bias, float *y,
                     size_t y_row)
{
    rest->fc2(layer, x, n, w, bias, y, y_row);
}

static void dense_bf16(const dq_dense_shape *s, const float *x, int n, const float *w,
                       const float *bias, bool relu, float *y)
{
    rest->dense(s, x, n, w, bias, relu, y);
}

static void dense_dw_bf16(const dq_dense_shape *s, const float *x, int n, const float *dy,
                          float *dw)
{
    rest->dense_dw(s, x, n, dy, dw);
}

static void dense_dx_bf16(const dq_dense_shape *s, const float *dy, int n, const float *w,
                          float *turned, float *dx)
{
    rest->dense_dx(s, dy, n, w, turned, dx);
}

static void adam_bf16(size_t n, float *w, float *m, float *v, const float *g, const dq_adam_step *s)
{
    rest->adam(n, w, m, v, g, s);
}

static void rmsprop_bf16(size_t n, float *w, float *m, float *v, const float *g,
                         const dq_rmsprop_step *s)
{
    rest->rmsprop(n, w, m, v, g, s);
}

static float norm_bf16(const dq_norm_shape *s, const float *scale, const float *shift, float *y,
                       float *normal)
{
    return rest->norm(s, scale, shift, y, normal);
}

static void norm_back_bf16(const dq_norm_shape *s, const float *scale, const float *normal,
                           float factor, const float *y, float *dy, float *behind)
{
    rest->norm_back(s, scale, normal, factor, y, dy, behind);
}

static double sample_loss_bf16(const dq_objective *o, const float *y, const float *target,
                               float weight, int n_samples, float *error, float *dy)
{
    return rest->sample_loss(o, y, target, weight, n_samples, error, dy);
}

static void mix_noise_bf16(int n_in, int n_out, size_t row, const float *mean, const float *sigma,
                           const float *of_in, const float *of_out, float *used)
{
    rest->mix_noise(n_in, n_out, row, mean, sigma, of_in, of_out, used);
}

static void noise_gradient_bf16(int n_in, int n_out, size_t row, const float *dw,
                                const float *of_in, const float *of_out, float *dsigma)
{
    rest->noise_gradient(n_in, n_out, row, dw, of_in, of_out, dsigma);
}

static void peak_bf16(int64_t n, float *sums)
{
    multiply_rounds(n, sums);
}

const dq_kernels dq_kernels_avx512_bf16 = {
    .isa = "avx512",
    .precision = DQ_BF16,
    .scale = scale_bf16,
    .conv_sizes = conv_sizes_bf16,
    .conv_prepare = conv_prepare_bf16,
    .conv_forward = conv_forward_bf16,
    .conv_backward = conv_backward_bf16,
    .conv_du_tasks = conv_du_tasks_bf16,
    .conv_du = conv_du_bf16,
    .conv_dw = conv_dw_bf16,
    .fc_sizes = fc_sizes_bf16,
    .fc1_prepare = fc1_prepare_bf16,
    .fc1_input = fc1_input_bf16,
    .fc1_slice = fc1_slice_bf16,
    .fc1_turn = fc1_turn_bf16,
    .fc1 = fc1_bf16,
    .fc1_dw = fc1_dw_bf16,
    .fc1_dx = fc1_dx_bf16,
    .fc2 = fc2_bf16,
    .dense = dense_bf16,
    .dense_dw = dense_dw_bf16,
    .dense_dx = dense_dx_bf16,
    .peak = peak_bf16,
    .peak_flops = 2.0 * PEAK_CHAINS * VL * PAIR,
    .norm = norm_bf16,
    .norm_back = norm_back_bf16,
    .sample_loss = sample_loss_bf16,
    .mix_noise = mix_noise_bf16,
    .noise_gradient = noise_gradient_bf16,
    .adam = adam_bf16,
    .rmsprop = rmsprop_bf16,
};
