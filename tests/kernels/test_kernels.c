/** Every table of kernels of this machine against the reference that defines it. Layers are
 *  those of all networks; values, batches and how they are cut are random. The bound holds for any
 *  order of summation (Higham 2002, section 3.1), with the sum of magnitudes taken from the
 *  reference itself on absolute values. In bf16 both factors of a product are rounded as well, to
 *  2^-8 of their size: that is how far the bf16 reference may be from the float32 one, and both
 *  from the exact sum. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/rng.h"
#include "nn/kernels.h"
#include "nn/winograd.h"

static const dq_kernels *const ref = &dq_kernels_ref;
static dq_rng rng;

/** What is tested, and what it is held to. */
typedef struct level {
    const char *name;
    const dq_kernels *k, *want;
} level;

/** How far the rounding of factors may take the two apart, in parts of the sum of magnitudes. */
static double factors_of(const level *l)
{
    const double u = 1.0 / 256, pair = (1 + u) * (1 + u) - 1;
    return (l->k->precision == DQ_BF16 ? pair : 0) + (l->want->precision == DQ_BF16 ? pair : 0);
}

static double conv_factors(const level *l, int layer)
{
    return dq_conv_is_rounded(&dq_conv_shapes[layer]) ? factors_of(l) : 0;
}

static float *zeros(size_t n)
{
    float *a = calloc(n, sizeof(*a));
    assert_non_null(a);
    return a;
}

/** Values in [-1, 1], about half of them zero if `sparse`, as after a ReLU. */
static float *random_values(size_t n, int sparse)
{
    float *a = zeros(n);
    for (size_t i = 0; i < n; i++) {
        float v = (float)(2 * dq_rng_unit(&rng) - 1);
        a[i] = sparse && v < 0 ? 0 : v;
    }
    return a;
}

static float *magnitudes(const float *a, size_t n)
{
    float *b = zeros(n);
    for (size_t i = 0; i < n; i++)
        b[i] = fabsf(a[i]);
    return b;
}

/** Both within their rounding bounds of the exact sum of n_terms products; `factors`: what rounding
 *  the factors adds. */
static void assert_close(const float *got, const float *want, const float *size, size_t n,
                         int n_terms, double factors)
{
    for (size_t i = 0; i < n; i++) {
        double sums = (double)(n_terms + 1) * (double)FLT_EPSILON * (1 + factors);
        double bound = (sums + factors) * (double)size[i] + 1e-30;
        if (!(fabs((double)got[i] - (double)want[i]) <= bound))
            fail_msg("value %zu is %.9g, %.9g expected within %.3g", i, (double)got[i],
                     (double)want[i], bound);
    }
}

static void scaling_is_exact(void **state)
{
    const dq_kernels *k = ((const level *)*state)->k;
    enum { BYTES = 4 * 84 * 84 };
    static uint8_t obs[BYTES];
    for (int i = 0; i < BYTES; i++)
        obs[i] =
            (uint8_t)(i < 1024 ? i / 4 : (int)dq_rng_below(&rng, 256));  // every value is there
    float *x = zeros(BYTES), *y = zeros(BYTES);
    ref->scale(obs, x);
    k->scale(obs, y);
    assert_memory_equal(x, y, BYTES * sizeof(*x));
    assert_true(y[5 * 4 + 2] == (float)obs[2 * 84 * 84 + 5] / 255.0f);
    free(x);
    free(y);
}

/** The bound of a convolution by Winograd's algorithm: the same sums with every term and every
 *  entry of the transforms replaced by its magnitude (the argument of Higham 2002, section 3.1,
 *  applied to each of the three stages; see docs/kernels.md). It also covers the plain sums of the
 *  reference.
 */
typedef struct bound {
    const dq_conv_shape *s;
    const dq_winograd *f;
    int block, tiles, points;
    double *v, *z, *u;  // [point][tile][value], [point][tile][output], [point][value][output]
} bound;

static const dq_winograd *winograd_of(const dq_kernels *k, int layer)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    bool is_bf16 = k->precision == DQ_BF16 && dq_conv_is_rounded(s);
    return is_bf16 ? dq_winograd_of_bf16(s) : dq_winograd_of(s);
}

/** out [rows][rows] = |mat| in |mat|^T, in [cols][cols]. */
static void both_sides(const float *mat, int mat_row, int mat_col, int rows, int cols,
                       const double *in, double *out)
{
    double half[36] = {0};
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            for (int k = 0; k < cols; k++)
                half[i * cols + j] +=
                    (double)fabsf(mat[i * mat_row + k * mat_col]) * in[k * cols + j];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < rows; j++) {
            out[i * rows + j] = 0;
            for (int k = 0; k < cols; k++)
                out[i * rows + j] +=
                    half[i * cols + k] * (double)fabsf(mat[j * mat_row + k * mat_col]);
        }
}

/** Place of value c of block (by, bx), or -1 beyond the picture. */
static long place(const dq_conv_shape *s, int by, int bx, int c)
{
    int y = by * s->stride + c / (s->stride * s->in), x = bx * s->stride + c / s->in % s->stride;
    if (y >= s->in_side || x >= s->in_side)
        return -1;
    return ((long)y * s->in_side + x) * s->in + c % s->in;
}

static double *doubles(size_t n)
{
    double *a = calloc(n, sizeof(*a));
    assert_non_null(a);
    return a;
}

/** Magnitudes of the transforms of one sample's input x and output gradient dy, and of w. */
static bound bound_create(const level *l, int layer, const float *x, const float *w,
                          const float *dy)
{
    bound b = {.s = &dq_conv_shapes[layer], .f = winograd_of(l->k, layer)};
    const dq_conv_shape *s = b.s;
    const dq_winograd *f = b.f;
    int t = f->t, m = f->m, r = f->r;
    double in[36], out[36];
    b.block = dq_conv_block(s);
    b.tiles = f->tiles * f->tiles;
    b.points = t * t;
    b.v = doubles((size_t)(b.points * b.tiles * b.block));
    b.z = doubles((size_t)(b.points * b.tiles * s->out));
    b.u = doubles((size_t)(b.points * b.block * s->out));
    for (int tile = 0; tile < b.tiles; tile++) {
        int ty = tile / f->tiles * m, tx = tile % f->tiles * m;
        for (int c = 0; c < b.block; c++) {
            for (int i = 0; i < t * t; i++) {
                long at = place(s, ty + i / t, tx + i % t, c);
                in[i] = at < 0 ? 0 : (double)fabsf(x[at]);
            }
            both_sides(f->bt, t, 1, t, t, in, out);
            for (int i = 0; i < t * t; i++)
                b.v[(i * b.tiles + tile) * b.block + c] = out[i];
        }
        for (int o = 0; o < s->out; o++) {
            for (int i = 0; i < m * m; i++) {
                int oy = ty + i / m, ox = tx + i % m;
                int inside = oy < s->out_side && ox < s->out_side;
                in[i] = inside ? (double)fabsf(dy[(oy * s->out_side + ox) * s->out + o]) : 0;
            }
            both_sides(f->at, 1, t, t, m, in, out);
            for (int i = 0; i < t * t; i++)
                b.z[(i * b.tiles + tile) * s->out + o] = out[i];
        }
    }
    for (int c = 0; c < b.block; c++)
        for (int o = 0; o < s->out; o++) {
            for (int i = 0; i < r * r; i++)
                in[i] = (double)fabsf(w[dq_conv_row(s, i / r, i % r, c) * s->out + o]);
            both_sides(f->g, r, 1, t, r, in, out);
            for (int i = 0; i < t * t; i++)
                b.u[(i * b.block + c) * s->out + o] = out[i];
        }
    return b;
}

static void bound_destroy(bound *b)
{
    free(b->v);
    free(b->z);
    free(b->u);
}

/** size [out_side][out_side][out] of the outputs without their bias. */
static void bound_outputs(const bound *b, float *size)
{
    const dq_conv_shape *s = b->s;
    int m = b->f->m, t = b->f->t;
    double in[36], out[36];
    for (int tile = 0; tile < b->tiles; tile++)
        for (int o = 0; o < s->out; o++) {
            for (int i = 0; i < b->points; i++) {
                in[i] = 0;
                for (int c = 0; c < b->block; c++)
                    in[i] += b->v[(i * b->tiles + tile) * b->block + c] *
                             b->u[(i * b->block + c) * s->out + o];
            }
            both_sides(b->f->at, t, 1, m, t, in, out);
            for (int i = 0; i < m * m; i++) {
                int oy = tile / b->f->tiles * m + i / m, ox = tile % b->f->tiles * m + i % m;
                if (oy < s->out_side && ox < s->out_side)
                    size[(oy * s->out_side + ox) * s->out + o] = (float)out[i];
            }
        }
}

/** size [in_side][in_side][in] of the input gradients. */
static void bound_inputs(const bound *b, float *size)
{
    const dq_conv_shape *s = b->s;
    int m = b->f->m, t = b->f->t;
    double in[36], out[36];
    for (int tile = 0; tile < b->tiles; tile++)
        for (int c = 0; c < b->block; c++) {
            for (int i = 0; i < b->points; i++) {
                in[i] = 0;
                for (int o = 0; o < s->out; o++)
                    in[i] += b->z[(i * b->tiles + tile) * s->out + o] *
                             b->u[(i * b->block + c) * s->out + o];
            }
            both_sides(b->f->bt, 1, t, t, t, in, out);
            for (int i = 0; i < t * t; i++) {
                long at =
                    place(s, tile / b->f->tiles * m + i / t, tile % b->f->tiles * m + i % t, c);
                if (at >= 0)
                    size[at] += (float)out[i];
            }
        }
}

/** Adds this sample's share to size [k * k * in][out] of the weight gradients. */
static void bound_weights(const bound *b, float *size)
{
    const dq_conv_shape *s = b->s;
    int r = b->f->r, t = b->f->t;
    double in[36], out[36];
    for (int c = 0; c < b->block; c++)
        for (int o = 0; o < s->out; o++) {
            for (int i = 0; i < b->points; i++) {
                in[i] = 0;
                for (int tile = 0; tile < b->tiles; tile++)
                    in[i] += b->v[(i * b->tiles + tile) * b->block + c] *
                             b->z[(i * b->tiles + tile) * s->out + o];
            }
            both_sides(b->f->g, 1, r, r, t, in, out);
            for (int i = 0; i < r * r; i++)
                size[dq_conv_row(s, i / r, i % r, c) * s->out + o] += (float)out[i];
        }
}

/** Everything that one table makes of a layer. */
typedef struct conv_results {
    float *y, *dx, *dw, *db;
} conv_results;

/** Random inputs of a layer. */
typedef struct conv_case {
    int layer, n;  // samples
    const dq_conv_shape *s;
    size_t n_x, n_y, n_w, n_out;
    float *x, *w, *bias, *dy;
} conv_case;

static conv_case conv_case_create(int layer, int n)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    conv_case c = {.layer = layer, .n = n, .s = s, .n_out = (size_t)s->out};
    c.n_x = dq_conv_inputs(s);
    c.n_y = dq_conv_outputs(s);
    c.n_w = dq_conv_weights(s);
    c.x = random_values((size_t)n * c.n_x, 1);
    c.w = random_values(c.n_w, 0);
    c.bias = random_values(c.n_out, 0);
    c.dy = random_values((size_t)n * c.n_y, 0);
    return c;
}

static void conv_case_destroy(conv_case *c)
{
    free(c->x);
    free(c->w);
    free(c->bias);
    free(c->dy);
}

/** A batch's forward and backward pass in parts of random size.
 *  `mask`: the outputs whose signs the gradients follow; near 0 those of two tables may differ. */
static conv_results run_conv(const dq_kernels *k, const conv_case *c, const float *mask)
{
    int layer = c->layer;
    size_t n = (size_t)c->n;
    dq_conv_sizes size = k->conv_sizes(layer, c->n);
    float *u = zeros(size.u), *ut = zeros(size.ut + 1), *v = zeros(size.v), *z = zeros(size.z);
    float *products = zeros(size.products + 1), *du = zeros(size.du);
    conv_results r = {zeros(n * c->n_y), zeros(n * c->n_x), zeros(c->n_w), zeros(c->n_out)};
    for (int at = 0; at < dq_conv_block(c->s); at += DQ_CONV_SLICE)
        k->conv_prepare(layer, c->w, at, u, ut);
    for (int at = 0, count; at < c->n; at += count) {
        count = 1 + (int)dq_rng_below(&rng, (uint32_t)(c->n - at));
        dq_conv_part part = {at, count, c->n};
        size_t x = (size_t)at * c->n_x, y = (size_t)at * c->n_y;
        k->conv_forward(layer, part, c->x + x, u, c->bias, 0.0f, v, products, r.y + y);
        k->conv_backward(layer, part, c->dy + y, (mask ? mask : r.y) + y, ut, z, products,
                         dq_conv_is_first(c->s) ? NULL : r.dx + x, c->x);
    }
    for (int task = 0; task < k->conv_du_tasks(layer); task++)
        k->conv_du(layer, task, c->n, v, z, du, r.db);
    for (int at = 0; at < dq_conv_block(c->s); at += DQ_CONV_SLICE)
        k->conv_dw(layer, du, at, r.dw);
    float *all[] = {u, ut, v, z, products, du};
    for (size_t i = 0; i < 6; i++)
        free(all[i]);
    return r;
}

static void free_results(conv_results *r)
{
    free(r->y);
    free(r->dx);
    free(r->dw);
    free(r->db);
}

/** One sample's results, and its share of the batch's magnitudes. */
static void check_sample(const level *l, const conv_case *c, size_t i, const conv_results *got,
                         const conv_results *want, float *size_w, float *size_b)
{
    int layer = c->layer, t = winograd_of(l->k, layer)->t;
    size_t x = i * c->n_x, y = i * c->n_y;
    double factors = conv_factors(l, layer);
    float *size_y = zeros(c->n_y), *size_x = zeros(c->n_x);
    bound magnitude = bound_create(l, layer, c->x + x, c->w, c->dy + y);
    bound_outputs(&magnitude, size_y);
    bound_inputs(&magnitude, size_x);
    bound_weights(&magnitude, size_w);
    for (size_t j = 0; j < c->n_y; j++) {
        size_b[j % c->n_out] += fabsf(c->dy[y + j]);
        size_y[j] += fabsf(c->bias[j % c->n_out]);
    }
    assert_close(got->y + y, want->y + y, size_y, c->n_y, dq_conv_block(c->s) + 8 * t, factors);
    if (!dq_conv_is_first(c->s))
        assert_close(got->dx + x, want->dx + x, size_x, c->n_x, c->s->out + 8 * t, factors);
    bound_destroy(&magnitude);
    free(size_y);
    free(size_x);
}

static void check_conv(const level *l, int layer, int n)
{
    conv_case c = conv_case_create(layer, n);
    const dq_winograd *f = winograd_of(l->k, layer);
    double factors = conv_factors(l, layer);
    conv_results want = run_conv(l->want, &c, NULL), got = run_conv(l->k, &c, want.y);
    float *size_w = zeros(c.n_w), *size_b = zeros(c.n_out);
    for (int i = 0; i < n; i++)
        check_sample(l, &c, (size_t)i, &got, &want, size_w, size_b);
    assert_close(got.dw, want.dw, size_w, c.n_w, n * f->tiles * f->tiles + 8 * f->t, factors);
    assert_close(got.db, want.db, size_b, c.n_out, n * c.s->out_side * c.s->out_side, factors);
    free_results(&got);
    free_results(&want);
    free(size_w);
    free(size_b);
    conv_case_destroy(&c);
}

static void convolutions(void **state)
{
    for (int layer = 0; layer < DQ_N_CONV_LAYERS; layer++) {
        check_conv(*state, layer, 1);
        check_conv(*state, layer, 2 + (int)dq_rng_below(&rng, 5));
    }
}

/** Root of the mean square of a - b, or of a where b is NULL. */
static double rms(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)a[i] - (b ? (double)b[i] : 0);
        sum += d * d;
    }
    return sqrt(sum / (double)n);
}

static void check_accuracy(const char *what, const float *got, const float *direct,
                           const float *exact, size_t n)
{
    double size = rms(exact, NULL, n);
    double error = rms(got, exact, n) / size, of_direct = rms(direct, exact, n) / size;
    print_message("%s: error %.2g, direct bf16 %.2g\n", what, error, of_direct);
    if (!(error <= 2 * of_direct))
        fail_msg("%s: error %.3g of the values, a direct sum in bf16 has %.3g", what, error,
                 of_direct);
}

/** A bf16 Winograd whose transforms cancel loses digits that a direct bf16 sum keeps. */
static void bf16_is_as_accurate_as_without_winograd(void **state)
{
    const level *l = *state;
    if (l->k->precision != DQ_BF16)
        return;  // a property of bf16 alone
    for (int layer = 0; layer < DQ_N_CONV_LAYERS; layer++) {
        if (!dq_conv_is_rounded(&dq_conv_shapes[layer]))
            continue;
        conv_case c = conv_case_create(layer, 3);
        conv_results exact = run_conv(ref, &c, NULL);
        conv_results direct = run_conv(&dq_kernels_ref_bf16, &c, exact.y);
        conv_results got = run_conv(l->k, &c, exact.y);
        check_accuracy("outputs", got.y, direct.y, exact.y, 3 * c.n_y);
        if (!dq_conv_is_first(c.s))
            check_accuracy("input gradients", got.dx, direct.dx, exact.dx, 3 * c.n_x);
        check_accuracy("weight gradients", got.dw, direct.dw, exact.dw, c.n_w);
        check_accuracy("bias gradients", got.db, direct.db, exact.db, c.n_out);
        free_results(&exact);
        free_results(&direct);
        free_results(&got);
        conv_case_destroy(&c);
    }
}

/** The factors of the first linear layer as a table takes them. */
typedef struct linear {
    dq_fc_sizes size;
    float *w, *x, *slices, *dy, *dyt;  // the plain arrays where there is no size
} linear;

static linear linear_create(const dq_kernels *k, int layer, int n, int slice, float *x, float *w,
                            float *dh)
{
    const dq_fc_shape *s = &dq_fc_shapes[layer];
    linear f = {k->fc_sizes(layer, n), w, x, NULL, dh, NULL};
    if (f.size.w) {
        f.w = zeros(f.size.w);
        for (int i = 0; i < s->in; i += s->slice)
            k->fc1_prepare(layer, w, i, f.w);
    }
    if (f.size.x) {
        f.x = zeros(f.size.x * (size_t)n);
        for (size_t i = 0; i < (size_t)n; i++)
            k->fc1_input(layer, x + i * (size_t)s->in, f.x + i * f.size.x);
    }
    f.slices = f.x;
    if (f.size.slices) {
        f.slices = zeros(f.size.slices);
        k->fc1_slice(layer, f.x, n, slice, f.slices);
    }
    if (f.size.dy)
        f.dy = zeros(f.size.dy);
    f.dyt = zeros(f.size.dyt);
    k->fc1_turn(layer, dh, n, f.dy, f.dyt);
    return f;
}

static void linear_destroy(linear *f)
{
    if (f->size.slices)
        free(f->slices);
    if (f->size.w)
        free(f->w);
    if (f->size.x)
        free(f->x);
    if (f->size.dy)
        free(f->dy);
    free(f->dyt);
}

typedef struct linear_results {
    float *y, *dw, *dx, *q;
} linear_results;

/** What lies behind an output, of a sample that is not in the batch. */
static void assert_untouched(const float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(a[i] == 0.0f);
}

/** Block 0's outputs and a slice's gradients, by one table. There is room for one sample more. */
static linear_results run_linear(const dq_kernels *k, int layer, int n, int slice, float *x,
                                 float *w, float *bias, float *dh)
{
    const dq_fc_shape *s = &dq_fc_shapes[layer];
    size_t count = (size_t)n, in = (size_t)s->in, out = (size_t)s->out;
    linear f = linear_create(k, layer, n, slice, x, w, dh);
    linear_results r = {zeros((count + 1) * out), zeros((size_t)s->slice * DQ_FC_BLOCK),
                        zeros((count + 1) * in), zeros((count + 1) * DQ_OUT_BLOCK)};
    k->fc1(layer, f.x, n, f.w, bias, 0.0f, r.y);
    k->fc1_dw(layer, f.slices, n, f.dy, slice, r.dw, (const float *const[]){w, w, w});
    k->fc1_dx(layer, f.dyt, n, w, slice, r.dx, (const float *const[]){w, w});
    k->fc2(layer, dh, n, w, bias, r.q, DQ_OUT_BLOCK);
    assert_untouched(r.y + count * out, out);
    assert_untouched(r.dx + count * in, in);
    assert_untouched(r.q + count * DQ_OUT_BLOCK, DQ_OUT_BLOCK);
    linear_destroy(&f);
    return r;
}

static void free_linear(linear_results *r)
{
    free(r->y);
    free(r->dw);
    free(r->dx);
    free(r->q);
}

static void check_linear(const level *l, int layer, int n)
{
    const dq_fc_shape *s = &dq_fc_shapes[layer];
    size_t count = (size_t)n, n_x = count * (size_t)s->in, n_h = count * (size_t)s->out;
    size_t n_w = dq_fc_weights(s), n_bias = (size_t)s->out;
    int slice = s->slice * (int)dq_rng_below(&rng, (uint32_t)(s->in / s->slice));
    float *x = random_values(n_x, 1), *w = random_values(n_w, 0);
    float *dh = random_values(n_h, 0), *bias = random_values(n_bias, 0);
    float *ax = magnitudes(x, n_x), *aw = magnitudes(w, n_w);
    float *adh = magnitudes(dh, n_h), *abias = magnitudes(bias, n_bias);
    linear_results got = run_linear(l->k, layer, n, slice, x, w, bias, dh);
    linear_results want = run_linear(l->want, layer, n, slice, x, w, bias, dh);
    linear_results size = run_linear(ref, layer, n, slice, ax, aw, abias, adh);
    double factors = factors_of(l);
    assert_close(got.y, want.y, size.y, n_h, s->in + 1, factors);
    assert_close(got.dw, want.dw, size.dw, (size_t)s->slice * DQ_FC_BLOCK, n, factors);
    assert_close(got.dx, want.dx, size.dx, n_x, s->out, factors);  // beyond the slice: untouched
    assert_close(got.q, want.q, size.q, count * DQ_OUT_BLOCK, s->out + 1, 0);
    free_linear(&got);
    free_linear(&want);
    free_linear(&size);
    float *all[] = {x, w, dh, bias, ax, aw, adh, abias};
    for (size_t i = 0; i < 8; i++)
        free(all[i]);
}

static void linear_layers(void **state)
{
    static const int sizes[] = {1, 2, 7, 14, 15, 32, 33};
    for (int layer = 0; layer < DQ_N_FC_LAYERS; layer++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            check_linear(*state, layer, sizes[i]);
        check_linear(*state, layer, 3 + (int)dq_rng_below(&rng, 40));
    }
}

static void adam_steps(void **state)
{
    const dq_kernels *k = ((const level *)*state)->k;
    enum { COUNT = 160 };
    float *w = random_values(COUNT, 0), *m = zeros(COUNT), *v = zeros(COUNT);
    float *w2 = zeros(COUNT), *m2 = zeros(COUNT), *v2 = zeros(COUNT);
    memcpy(w2, w, COUNT * sizeof(*w));
    m[0] = m2[0] = 2 * FLT_MIN;  // falls below FLT_MIN, where moments are zero, without a gradient
    v[0] = v2[0] = FLT_MIN;
    for (int t = 1; t <= 20; t++) {
        dq_adam_step s = {0.9f, 0.999f, 1e-8f, (float)(1e-3 / (1 - pow(0.9, t))),
                          (float)(1 / sqrt(1 - pow(0.999, t)))};
        float *g = random_values(COUNT, 1);
        g[0] = 0.0f;
        k->adam(COUNT, w, m, v, g, &s);
        ref->adam(COUNT, w2, m2, v2, g, &s);
        free(g);
        for (int i = 0; i < COUNT; i++) {
            assert_true(fabsf(m[i] - m2[i]) <= 1e-6f);
            assert_true(fabsf(v[i] - v2[i]) <= 1e-7f);
            assert_true(fabsf(w[i] - w2[i]) <= (float)t * 1e-6f);
        }
    }
    assert_true(m[0] == 0.0f && m2[0] == 0.0f && v[0] == 0.0f && v2[0] == 0.0f);
    float *all[] = {w, m, v, w2, m2, v2};
    for (size_t i = 0; i < 6; i++)
        free(all[i]);
}

/** What has no gradient any more: m and v fade to zero. What has always the same: no variance. */
static void rmsprop_steps(void **state)
{
    const dq_kernels *k = ((const level *)*state)->k;
    enum { COUNT = 160 };
    const dq_rmsprop_step s = {.decay = 0.95f, .epsilon = 1e-5f, .learning_rate = 1e-3f};
    float *w = random_values(COUNT, 0), *m = zeros(COUNT), *v = zeros(COUNT);
    float *w2 = zeros(COUNT), *m2 = zeros(COUNT), *v2 = zeros(COUNT);
    memcpy(w2, w, COUNT * sizeof(*w));
    m[0] = m2[0] = v[0] = v2[0] = FLT_MIN;
    m[1] = m2[1] = 100.0f;
    v[1] = v2[1] = 10000.0f;
    for (int t = 1; t <= 20; t++) {
        float *g = random_values(COUNT, 1);
        g[0] = 0.0f;
        g[1] = 100.0f;
        k->rmsprop(COUNT, w, m, v, g, &s);
        ref->rmsprop(COUNT, w2, m2, v2, g, &s);
        free(g);
        for (int i = 0; i < COUNT; i++) {
            assert_true(fabsf(m[i] - m2[i]) <= 1e-6f * fmaxf(1.0f, m2[i]));
            assert_true(fabsf(v[i] - v2[i]) <= 1e-6f * fmaxf(1.0f, v2[i]));
            assert_true(isfinite(w[i]) && isfinite(w2[i]));
            assert_true(i == 1 || fabsf(w[i] - w2[i]) <= (float)t * 1e-6f);
        }
    }
    assert_true(m[0] == 0.0f && m2[0] == 0.0f && v[0] == 0.0f && v2[0] == 0.0f);
    float *all[] = {w, m, v, w2, m2, v2};
    for (size_t i = 0; i < 6; i++)
        free(all[i]);
}

static int run_level(level l)
{
    if (!l.k) {
        printf("SKIP: kernels %s: not on this machine or not in this build\n", l.name);
        return 0;
    }
    print_message("%s:\n", l.name);
    rng = dq_rng_stream(1, l.name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(scaling_is_exact, &l),
        cmocka_unit_test_prestate(convolutions, &l),
        cmocka_unit_test_prestate(bf16_is_as_accurate_as_without_winograd, &l),
        cmocka_unit_test_prestate(linear_layers, &l),
        cmocka_unit_test_prestate(adam_steps, &l),
        cmocka_unit_test_prestate(rmsprop_steps, &l),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    const level levels[] = {
        {"avx2", dq_kernels_for("avx2"), ref},
        {"avx512", dq_kernels_for("avx512"), ref},
        {"ref bf16", &dq_kernels_ref_bf16, ref},
        {"avx512 bf16", dq_kernels_bf16_for("avx512"), &dq_kernels_ref_bf16},
    };
    int n_failed = 0;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        n_failed += run_level(levels[i]);
    return n_failed;
}
