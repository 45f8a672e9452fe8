/** Every fast kernel of this machine against the reference that defines it. Shapes are the
 * network's; values are random. The bound holds for any order of summation (Higham 2002,
 * section 3.1), with the sum of magnitudes taken from the reference itself on absolute values. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/rng.h"
#include "nn/kernels.h"
#include "nn/winograd.h"

static const dq_kernels *const ref = &dq_kernels_ref;
static dq_rng rng;

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

/** Both within their rounding bounds of the exact sum of n_terms products. */
static void assert_close(const float *got, const float *want, const float *size, size_t n,
                         int n_terms)
{
    for (size_t i = 0; i < n; i++) {
        double bound = (double)(n_terms + 1) * (double)FLT_EPSILON * (double)size[i] + 1e-30;
        if (!(fabs((double)got[i] - (double)want[i]) <= bound))
            fail_msg("value %zu is %.9g, %.9g expected within %.3g", i, (double)got[i],
                     (double)want[i], bound);
    }
}

static void scaling_is_exact(void **state)
{
    const dq_kernels *k = *state;
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
 * entry of the transforms replaced by its magnitude (the argument of Higham 2002, section 3.1,
 * applied to each of the three stages; see docs/kernels.md). It also covers the plain sums of the
 * reference.
 */
typedef struct bound {
    const dq_conv_shape *s;
    const dq_winograd *f;
    int block, tiles, points;
    double *v, *z, *u;  // [point][tile][value], [point][tile][output], [point][value][output]
} bound;

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
static bound bound_create(int layer, const float *x, const float *w, const float *dy)
{
    bound b = {.s = &dq_conv_shapes[layer], .f = &dq_winograds[layer]};
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

/** Everything that one level makes of a layer. */
typedef struct conv_results {
    float *y, *dx, *dw, *db;
} conv_results;

enum { N = 4 };  // samples, in two parts of 1 and 3

/** `mask`: the outputs whose signs the gradients follow; near 0 those of two levels may differ. */
static conv_results run_conv(const dq_kernels *k, int layer, const float *x, const float *w,
                             const float *bias, const float *dy, const float *mask)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    size_t n_x = (size_t)(s->in_side * s->in_side * s->in);
    size_t n_y = (size_t)(s->out_side * s->out_side * s->out);
    dq_conv_sizes size = k->conv_sizes(layer, N);
    float *u = zeros(size.u), *ut = zeros(size.ut + 1), *v = zeros(size.v), *z = zeros(size.z);
    float *products = zeros(size.products + 1), *du = zeros(size.du);
    conv_results r = {zeros(N * n_y), zeros(N * n_x), zeros((size_t)(s->k * s->k * s->in * s->out)),
                      zeros((size_t)s->out)};
    for (int c = 0; c < dq_conv_block(s); c += DQ_CONV_SLICE)
        k->conv_prepare(layer, w, c, u, ut);
    for (int at = 0; at < 2; at++) {
        dq_conv_part part = {at, at ? N - 1 : 1, N};
        size_t i = (size_t)at;
        k->conv_forward(layer, part, x + i * n_x, u, bias, v, products, r.y + i * n_y);
        k->conv_backward(layer, part, dy + i * n_y, (mask ? mask : r.y) + i * n_y, ut, z, products,
                         layer ? r.dx + i * n_x : NULL, x);
    }
    for (int task = 0; task < k->conv_du_tasks[layer]; task++)
        k->conv_du(layer, task, N, v, z, du, r.db);
    for (int c = 0; c < dq_conv_block(s); c += DQ_CONV_SLICE)
        k->conv_dw(layer, du, c, r.dw);
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

static void check_conv(const dq_kernels *k, int layer)
{
    const dq_conv_shape *s = &dq_conv_shapes[layer];
    int t = dq_winograds[layer].t, tiles = dq_winograds[layer].tiles;
    size_t n_x = (size_t)(s->in_side * s->in_side * s->in);
    size_t n_y = (size_t)(s->out_side * s->out_side * s->out), n_out = (size_t)s->out;
    size_t n_w = (size_t)(s->k * s->k * s->in * s->out);
    float *x = random_values(N * n_x, 1), *w = random_values(n_w, 0);
    float *b = random_values(n_out, 0), *dy = random_values(N * n_y, 0);
    conv_results want = run_conv(ref, layer, x, w, b, dy, NULL);
    conv_results got = run_conv(k, layer, x, w, b, dy, want.y);
    float *size_w = zeros(n_w), *size_b = zeros(n_out);
    for (size_t i = 0; i < N; i++) {
        float *size_y = zeros(n_y), *size_x = zeros(n_x);
        for (size_t j = 0; j < n_y; j++)
            size_b[j % n_out] += fabsf(dy[i * n_y + j]);
        bound magnitude = bound_create(layer, x + i * n_x, w, dy + i * n_y);
        bound_outputs(&magnitude, size_y);
        bound_inputs(&magnitude, size_x);
        bound_weights(&magnitude, size_w);
        for (size_t j = 0; j < n_y; j++)
            size_y[j] += fabsf(b[j % n_out]);
        assert_close(got.y + i * n_y, want.y + i * n_y, size_y, n_y, dq_conv_block(s) + 8 * t);
        assert_close(got.dx + i * n_x, want.dx + i * n_x, size_x, layer ? n_x : 0, s->out + 8 * t);
        bound_destroy(&magnitude);
        free(size_y);
        free(size_x);
    }
    assert_close(got.dw, want.dw, size_w, n_w, N * tiles * tiles + 8 * t);
    assert_close(got.db, want.db, size_b, n_out, N * s->out_side * s->out_side);
    free_results(&got);
    free_results(&want);
    float *all[] = {x, w, b, dy, size_w, size_b};
    for (size_t i = 0; i < 6; i++)
        free(all[i]);
}

static void convolutions(void **state)
{
    for (int layer = 0; layer < DQ_N_CONVS; layer++)
        check_conv(*state, layer);
}

static void linear_layers(void **state)
{
    const dq_kernels *k = *state;
    static const int sizes[] = {1, 2, 7, 14, 15, 32, 33};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        int n = sizes[s];
        size_t n_x = (size_t)n * DQ_X3, n_h = (size_t)n * DQ_HIDDEN, n_w = DQ_W4;
        float *x = random_values(n_x, 1), *w = random_values(n_w, 0), *dy = random_values(n_h, 0);
        float *ax = magnitudes(x, n_x), *aw = magnitudes(w, n_w), *ady = magnitudes(dy, n_h);
        float *b = random_values(DQ_HIDDEN, 0), *ab = magnitudes(b, DQ_HIDDEN);
        float *y = zeros(n_w), *z = zeros(n_w), *size = zeros(n_w);

        k->fc1(x, n, w, b, y);
        ref->fc1(x, n, w, b, z);
        ref->fc1(ax, n, aw, ab, size);
        assert_close(y, z, size, n_h, DQ_X3 + 1);

        k->fc1_dw(x, n, dy, 2 * DQ_FC_SLICE, y, (const float *const[]){y, y, y});
        ref->fc1_dw(x, n, dy, 2 * DQ_FC_SLICE, z, (const float *const[]){z, z, z});
        ref->fc1_dw(ax, n, ady, 2 * DQ_FC_SLICE, size, (const float *const[]){size, size, size});
        assert_close(y, z, size, DQ_FC_SLICE * DQ_FC_BLOCK, n);

        float *dyt = random_values((size_t)dq_fc_pad(n) * DQ_HIDDEN, 0);
        float *adyt = magnitudes(dyt, (size_t)dq_fc_pad(n) * DQ_HIDDEN);
        memset(y, 0, n_x * sizeof(*y));
        memset(z, 0, n_x * sizeof(*z));
        k->fc1_dx(dyt, n, w, 3 * DQ_FC_SLICE, y);
        ref->fc1_dx(dyt, n, w, 3 * DQ_FC_SLICE, z);
        ref->fc1_dx(adyt, n, aw, 3 * DQ_FC_SLICE, size);
        assert_close(y, z, size, n_x, DQ_HIDDEN);  // what lies outside the slice is untouched
        free(dyt);
        free(adyt);

        k->fc2(x, n, w, b, y);
        ref->fc2(x, n, w, b, z);
        ref->fc2(ax, n, aw, ab, size);
        assert_close(y, z, size, (size_t)n * DQ_OUT_PAD, DQ_HIDDEN + 1);
        float *all[] = {x, w, dy, ax, aw, ady, b, ab, y, z, size};
        for (size_t i = 0; i < 11; i++)
            free(all[i]);
    }
}

static void adam_steps(void **state)
{
    const dq_kernels *k = *state;
    enum { COUNT = 160 };
    float *w = random_values(COUNT, 0), *m = zeros(COUNT), *v = zeros(COUNT);
    float *w2 = zeros(COUNT), *m2 = zeros(COUNT), *v2 = zeros(COUNT);
    memcpy(w2, w, COUNT * sizeof(*w));
    for (int t = 1; t <= 20; t++) {
        dq_adam_step s = {0.9f, 0.999f, 1e-8f, (float)(1e-3 / (1 - pow(0.9, t))),
                          (float)(1 / sqrt(1 - pow(0.999, t)))};
        float *g = random_values(COUNT, 1);
        k->adam(COUNT, w, m, v, g, &s);
        ref->adam(COUNT, w2, m2, v2, g, &s);
        free(g);
        for (int i = 0; i < COUNT; i++) {
            assert_true(fabsf(m[i] - m2[i]) <= 1e-6f);
            assert_true(fabsf(v[i] - v2[i]) <= 1e-7f);
            assert_true(fabsf(w[i] - w2[i]) <= (float)t * 1e-6f);
        }
    }
    float *all[] = {w, m, v, w2, m2, v2};
    for (size_t i = 0; i < 6; i++)
        free(all[i]);
}

static int run_level(const char *isa)
{
    const dq_kernels *k = dq_kernels_for(isa);
    if (!k) {
        print_message("%s: not on this machine or not in this build, skipped\n", isa);
        return 0;
    }
    print_message("%s:\n", isa);
    rng = dq_rng_stream(1, isa);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(scaling_is_exact, (void *)k),
        cmocka_unit_test_prestate(convolutions, (void *)k),
        cmocka_unit_test_prestate(linear_layers, (void *)k),
        cmocka_unit_test_prestate(adam_steps, (void *)k),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_level("avx2") + run_level("avx512");
}
