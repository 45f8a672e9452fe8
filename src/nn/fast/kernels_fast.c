/* The fast kernels, compiled once for each instruction set. Measurements: docs/kernels.md. */
#include "nn/fast/conv_fast.h"
#include "nn/fast/linear_fast.h"
#include "nn/kernels.h"

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
    for (int i = 0; i < PIXELS; i += GROUP, x += GROUP * DQ_CONV1_IN) {
        uint8_t pixels[GROUP * DQ_CONV1_IN];
        interleave(obs + i, pixels);
        for (int j = 0; j < GROUP * DQ_CONV1_IN; j += VL)
            vstore(x + j, scaled(vload_bytes(pixels + j)));
    }
}

static dq_conv_sizes conv_sizes_fast(int layer, int n)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    const dq_winograd *f = &dq_winograds[layer];
    size_t t2 = (size_t)(f->t * f->t), block = (size_t)dq_conv_block(s);
    size_t u = t2 * block * (size_t)s->out;
    size_t wide = product_step(f, n, (int)block), narrow = product_step(f, n, s->out);
    return (dq_conv_sizes){.u = u,
                           .ut = layer == 0 ? 0 : u,  // nobody asks for the picture's gradient
                           .v = t2 * wide,
                           .z = t2 * narrow,
                           .products = t2 * (layer == 0 ? narrow : wide),
                           .du = u};
}

/* Each layer is compiled by itself, so that every size is a constant. */
#define EACH_LAYER(layer, call)                                                                    \
    do {                                                                                           \
        if ((layer) == 0) {                                                                        \
            const dq_conv_shape *s = &dq_conv_shapes[0];                                           \
            const dq_winograd *f = &dq_winograds[0];                                               \
            call;                                                                                  \
        } else if ((layer) == 1) {                                                                 \
            const dq_conv_shape *s = &dq_conv_shapes[1];                                           \
            const dq_winograd *f = &dq_winograds[1];                                               \
            call;                                                                                  \
        } else {                                                                                   \
            const dq_conv_shape *s = &dq_conv_shapes[2];                                           \
            const dq_winograd *f = &dq_winograds[2];                                               \
            call;                                                                                  \
        }                                                                                          \
    } while (0)

static void conv_prepare_fast(int layer, const float *w, int c, void *u, void *ut)
{
    EACH_LAYER(layer, prepare(s, f, w, c, u, ut, f != &dq_winograds[0]));
}

static void conv_forward_fast(int layer, dq_conv_part part, const float *x, const void *u,
                              const float *bias, void *v, float *products, float *y)
{
    EACH_LAYER(layer,
               forward(s, f, f == &dq_winograds[0] ? 1 : 4, part, x, u, bias, v, products, y));
}

static void conv_backward_fast(int layer, dq_conv_part part, const float *dy, const float *y,
                               const void *ut, void *z, float *products, float *dx,
                               const float *soon)
{
    EACH_LAYER(layer, backward(s, f, part, dy, y, ut, z, products, dx, soon));
}

static void conv_du_fast(int layer, int task, int n, const void *v, const void *z, float *du,
                         float *db)
{
    EACH_LAYER(layer, weight_products(s, f, task, n, v, z, du, db));
}

static void conv_dw_fast(int layer, const float *du, int c, float *dw)
{
    EACH_LAYER(layer, weight_gradient(s, f, du, c, dw));
}

static dq_fc_sizes fc_sizes_fast(int n)
{
    return (dq_fc_sizes){.dyt = (size_t)dq_fc_pad(n) * DQ_HIDDEN};
}

/** dyt [DQ_HIDDEN][dq_fc_pad(n)], the samples padded with whatever is there. */
static void fc1_turn_fast(const float *dh, int n, void *dy, void *dyt)
{
    (void)dy;
    int whole = n / 4 * 4, pad = dq_fc_pad(n);
    float *to = dyt;
    transpose(dh, DQ_HIDDEN, whole, DQ_HIDDEN, to, (size_t)pad);
    for (int i = whole; i < n; i++)
        for (int o = 0; o < DQ_HIDDEN; o++)
            to[o * pad + i] = dh[i * DQ_HIDDEN + o];
}

static void fc1_fast(const void *x, int n, const void *w, const float *bias, float *y)
{
    linear_forward(x, n, w, bias, y);
}

static void fc1_dw_fast(const void *x, int n, const void *dy, int k, float *dw,
                        const float *const next[3])
{
    enum { LINES = DQ_FC_SLICE * DQ_FC_BLOCK / LINE };
    fetches s = {{next[0], next[1], next[2]}, {LINES, LINES, LINES}};
    product_turned(DQ_FC_SLICE, DQ_FC_BLOCK, n, (const float *)x + k, DQ_X3, dy, DQ_HIDDEN, dw,
                   DQ_FC_BLOCK, 0, &s);
}

/** Vectors run along the samples: their gradients, turned, are multiplied by single weights. */
static void fc1_dx_fast(const void *dyt, int n, const float *w, int k, float *dx,
                        const float *const soon[2])
{
    enum { LINES = DQ_FC_SLICE * DQ_FC_BLOCK / LINE };
    size_t pad = (size_t)dq_fc_pad(n);
    for (int begin = 0; begin < n; begin += DX_SAMPLES) {
        _Alignas(64) float turned[DQ_FC_SLICE * DX_SAMPLES];
        const float *rows_w = w + (size_t)k * DQ_FC_BLOCK;
        size_t at = (size_t)k * DQ_FC_BLOCK;
        for (size_t block = 0; block < DQ_FC_BLOCKS;
             block++, rows_w += DQ_X3 * DQ_FC_BLOCK, at += DQ_X3 * DQ_FC_BLOCK)
            product_rows(
                DQ_FC_BLOCK, DQ_FC_BLOCK,
                &(product){.a = rows_w,
                           .b = (const float *)dyt + block * DQ_FC_BLOCK * pad + begin,
                           .c = turned,
                           .rows = DQ_FC_SLICE,
                           .cols = DX_SAMPLES,
                           .b_row = pad,
                           .c_row = DX_SAMPLES,
                           .add = block > 0,
                           .soon = {{rows_w + DQ_X3 * DQ_FC_BLOCK, soon[0] + at, soon[1] + at},
                                    {LINES, LINES, LINES}}});
        store_turned(turned, begin, n, k, dx);
    }
}

static void fc2_fast(const float *x, int n, const float *w, const float *bias, float *y)
{
    product_rows(DQ_HIDDEN, DQ_HIDDEN,
                 &(product){.a = x,
                            .b = w,
                            .c = y,
                            .rows = n,
                            .cols = DQ_OUT_PAD,
                            .b_row = DQ_OUT_PAD,
                            .c_row = DQ_OUT_PAD});
    for (int i = 0; i < n * DQ_OUT_PAD; i += VL)
        vstore(y + i, vadd(vload(y + i), vload(bias + i % DQ_OUT_PAD)));
}

/** Moments of what has no gradient any more fade towards zero through numbers below FLT_MIN, with
 *  which some processors calculate a hundred times slower: they count as zero (FTZ and DAZ). */
static void adam_fast(size_t n, float *w, float *m, float *v, const float *g, const dq_adam_step *s)
{
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
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
    .conv_du_tasks = {25, 16, 36},
    .conv_du = conv_du_fast,
    .conv_dw = conv_dw_fast,
    .fc_sizes = fc_sizes_fast,
    .fc1_turn = fc1_turn_fast,
    .fc1 = fc1_fast,
    .fc1_dw = fc1_dw_fast,
    .fc1_dx = fc1_dx_fast,
    .fc2 = fc2_fast,
    .peak = peak_fast,
    .peak_flops = 2.0 * PEAK_CHAINS * VL * PAIR,
    .adam = adam_fast,
};
