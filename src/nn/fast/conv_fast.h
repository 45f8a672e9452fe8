/** Convolutions by Winograd's minimal filtering (nn/winograd.h): transform, multiply, transform.
 *
 *  Transforms lie as [product][tile of a sample][value]; all samples' tiles of one product are one
 *  matrix. Each product's matrix is followed by one unused row, because without it all products of
 *  a tile would fall into the same set of the first-level cache. */
#ifndef DEEPQ_NN_FAST_CONV_FAST_H
#define DEEPQ_NN_FAST_CONV_FAST_H

#include "nn/fast/products_fast.h"
#include "nn/kernels.h"
#include "nn/winograd.h"

enum {
    T2 = DQ_WINO_MAX * DQ_WINO_MAX,
    // rows that one product of the weight gradient takes: they fit the first-level cache
    SEGMENT = 64 * PAIR
};

/** Elements or floats from one product's matrix to the next: n samples, rows of `row` values. */
DQ_INLINE size_t product_step(const dq_winograd *f, int n, int row)
{
    return (size_t)(n * f->tiles * f->tiles + 1) * (size_t)row;
}

/** out[i] = sum of mat[i][j] * in[j], all strides constants, so that zeros and ones of the matrix
 *  cost nothing. */
DQ_INLINE void apply(const float *mat, int mat_row, int mat_col, int rows, int cols, const vec *in,
                     int in_step, vec *out, int out_step)
{
    DQ_UNROLL
    for (int i = 0; i < rows; i++) {
        vec sum = vzero();
        int empty = 1;
        DQ_UNROLL
        for (int j = 0; j < cols; j++) {
            float m = mat[i * mat_row + j * mat_col];
            vec x = in[j * in_step];
            if (m == 0.0f)
                continue;
            if (empty)
                sum = m == 1.0f ? x : vmul(vset(m), x);
            else if (m == 1.0f)
                sum = vadd(sum, x);
            else if (m == -1.0f)
                sum = vsub(sum, x);
            else
                sum = vfma(vset(m), x, sum);
            empty = 0;
        }
        out[i * out_step] = sum;
    }
}

/** out [rows][rows] = mat in mat^T, in [cols][cols]; mat [rows][cols] with the given strides. */
DQ_INLINE void apply_both(const float *mat, int mat_row, int mat_col, int rows, int cols,
                          const vec *in, vec *out)
{
    vec half[T2];
    DQ_UNROLL
    for (int j = 0; j < cols; j++)
        apply(mat, mat_row, mat_col, rows, cols, in + j, cols, half + j, cols);
    DQ_UNROLL
    for (int i = 0; i < rows; i++)
        apply(mat, mat_row, mat_col, rows, cols, half + i * cols, 1, out + i * rows, 1);
}

/** Where value c of block (y, x) of a picture lies. */
DQ_INLINE size_t block_place(const dq_conv_shape *s, int y, int x, int c)
{
    int group = s->stride * s->in;
    return (size_t)(((y * s->stride + c / group) * s->in_side + x * s->stride) * s->in + c % group);
}

/** Tiles of one sample's input: v = B^T x B. Beyond the picture x is 0. */
DQ_INLINE void input_tiles(const dq_conv_shape *s, const dq_winograd *f, const float *x, elem *v,
                           size_t step)
{
    int t = f->t, n_blocks = s->in_side / s->stride, block = s->stride * s->stride * s->in;
    int inside = (f->tiles - 1) * f->m + t <= n_blocks;
    for (int tile = 0; tile < f->tiles * f->tiles; tile++) {
        int y0 = tile / f->tiles * f->m, x0 = tile % f->tiles * f->m;
        for (int c = 0; c < block; c += VL) {
            vec d[T2], out[T2];
            DQ_UNROLL
            for (int i = 0; i < t * t; i++)
                d[i] = inside || (y0 + i / t < n_blocks && x0 + i % t < n_blocks)
                           ? vload(x + block_place(s, y0 + i / t, x0 + i % t, c))
                           : vzero();
            apply_both(f->bt, t, 1, t, t, d, out);
            elem *to = v + tile * block + c;
            DQ_UNROLL
            for (int i = 0; i < t * t; i++, to += step)
                estore(to, out[i]);
        }
    }
}

/** Tiles of one sample's output: y = max(least, A^T products A + bias). */
DQ_INLINE void output_tiles(const dq_conv_shape *s, const dq_winograd *f, const float *products,
                            size_t step, const float *bias, float least, float *y)
{
    int t = f->t, m = f->m, side = s->out_side, inside = f->tiles * m <= side;
    for (int tile = 0; tile < f->tiles * f->tiles; tile++) {
        int y0 = tile / f->tiles * m, x0 = tile % f->tiles * m;
        for (int o = 0; o < s->out; o += VL) {
            vec d[T2], out[T2];
            const float *from = products + tile * s->out + o;
            DQ_UNROLL
            for (int i = 0; i < t * t; i++, from += step)
                d[i] = vload(from);
            apply_both(f->at, t, 1, m, t, d, out);
            vec b = vload(bias + o);
            DQ_UNROLL
            for (int i = 0; i < m * m; i++)
                if (inside || (y0 + i / m < side && x0 + i % m < side))
                    vstore(y + ((y0 + i / m) * side + x0 + i % m) * s->out + o,
                           vmax(vadd(out[i], b), vset(least)));
        }
    }
}

/** Tiles of one sample's output gradient, through the ReLU: z = A dy A^T. */
DQ_INLINE void gradient_tiles(const dq_conv_shape *s, const dq_winograd *f, const float *dy,
                              const float *y, elem *z, size_t step)
{
    int t = f->t, m = f->m, side = s->out_side, inside = f->tiles * m <= side;
    for (int tile = 0; tile < f->tiles * f->tiles; tile++) {
        int y0 = tile / f->tiles * m, x0 = tile % f->tiles * m;
        for (int o = 0; o < s->out; o += VL) {
            vec d[T2], out[T2];
            DQ_UNROLL
            for (int i = 0; i < m * m; i++) {
                int at = ((y0 + i / m) * side + x0 + i % m) * s->out + o;
                d[i] = inside || (y0 + i / m < side && x0 + i % m < side)
                           ? vkeep_positive(vload(dy + at), vload(y + at))
                           : vzero();
            }
            apply_both(f->at, 1, t, t, m, d, out);
            elem *to = z + tile * s->out + o;
            DQ_UNROLL
            for (int i = 0; i < t * t; i++, to += step)
                estore(to, out[i]);
        }
    }
}

/** Tiles of one sample's input gradient, added up where they overlap: dx = B products B^T. */
DQ_INLINE void input_gradient_tiles(const dq_conv_shape *s, const dq_winograd *f,
                                    const float *products, size_t step, float *dx)
{
    int t = f->t, n_blocks = s->in_side / s->stride, block = s->stride * s->stride * s->in;
    int inside = (f->tiles - 1) * f->m + t <= n_blocks;
    for (int i = 0; i < s->in_side * s->in_side * s->in; i += VL)
        vstore(dx + i, vzero());
    for (int tile = 0; tile < f->tiles * f->tiles; tile++) {
        int y0 = tile / f->tiles * f->m, x0 = tile % f->tiles * f->m;
        for (int c = 0; c < block; c += VL) {
            vec d[T2], out[T2];
            const float *from = products + tile * block + c;
            DQ_UNROLL
            for (int i = 0; i < t * t; i++, from += step)
                d[i] = vload(from);
            apply_both(f->bt, 1, t, t, t, d, out);
            DQ_UNROLL
            for (int i = 0; i < t * t; i++)
                if (inside || (y0 + i / t < n_blocks && x0 + i % t < n_blocks)) {
                    float *to = dx + block_place(s, y0 + i / t, x0 + i % t, c);
                    vstore(to, vadd(vload(to), out[i]));
                }
        }
    }
}

/** Some samples of a layer. Their tiles go through the products together, `group` samples at a
 *  time: as many as the second-level cache holds. */
DQ_INLINE void forward(const dq_conv_shape *s, const dq_winograd *f, int group, dq_conv_part part,
                       const float *x, const elem *u, const float *bias, float least, elem *v,
                       float *products, float *y)
{
    int block = s->stride * s->stride * s->in, tiles = f->tiles * f->tiles;
    size_t x_size = (size_t)(s->in_side * s->in_side * s->in);
    size_t y_size = (size_t)(s->out_side * s->out_side * s->out);
    size_t v_step = product_step(f, part.n_kept, block);
    v += (size_t)(part.at * tiles * block);
    for (int begin = 0; begin < part.n; begin += group) {
        int n = part.n - begin < group ? part.n - begin : group;
        size_t step = product_step(f, n, s->out);
        elem *v_at = v + (size_t)(begin * tiles * block);
        for (int i = 0; i < n; i++)
            input_tiles(s, f, x + (size_t)(begin + i) * x_size, v_at + (size_t)(i * tiles * block),
                        v_step);
        /* Soon: the next product's weights, the next samples' v, and y. */
        const float *y_at = y + (size_t)begin * y_size;
        int v_lines = begin + group < part.n ? n * tiles * block / ELINE : 0;
        int y_lines = n * (int)y_size / LINE / (f->t * f->t) + 1;
        for (int i = 0; i < f->t * f->t; i++)
            product_rows(block_vectors(s->out), block, block,
                         &(product){.a = v_at + (size_t)i * v_step,
                                    .b = u + (size_t)(i * block * s->out),
                                    .c = products + (size_t)i * step,
                                    .rows = n * tiles,
                                    .cols = s->out,
                                    .b_row = (size_t)s->out,
                                    .c_row = (size_t)s->out,
                                    .prefetch = {{u + (size_t)((i + 1) * block * s->out),
                                                  v_at + (size_t)i * v_step + n * tiles * block,
                                                  y_at + i * y_lines * LINE},
                                                 {block * s->out / ELINE, v_lines, y_lines}}});
        for (int i = 0; i < n; i++)
            output_tiles(s, f, products + (size_t)(i * tiles * s->out), step, bias, least,
                         y + (size_t)(begin + i) * y_size);
    }
}

DQ_INLINE void backward(const dq_conv_shape *s, const dq_winograd *f, dq_conv_part part,
                        const float *dy, const float *y, const elem *ut, elem *z, float *products,
                        float *dx, const float *prefetch)
{
    int block = s->stride * s->stride * s->in, tiles = f->tiles * f->tiles;
    size_t x_size = (size_t)(s->in_side * s->in_side * s->in);
    size_t y_size = (size_t)(s->out_side * s->out_side * s->out);
    size_t z_step = product_step(f, part.n_kept, s->out), step = product_step(f, part.n, block);
    z += (size_t)(part.at * tiles * s->out);
    for (int i = 0; i < part.n; i++)
        gradient_tiles(s, f, dy + (size_t)i * y_size, y + (size_t)i * y_size,
                       z + (size_t)(i * tiles * s->out), z_step);
    if (!dx)
        return;
    int prefetch_lines = part.n * (int)x_size / LINE / (f->t * f->t) + 1;
    for (int i = 0; i < f->t * f->t; i++)
        product_rows(block_vectors(block), s->out, s->out,
                     &(product){.a = z + (size_t)i * z_step,
                                .b = ut + (size_t)(i * s->out * block),
                                .c = products + (size_t)i * step,
                                .rows = part.n * tiles,
                                .cols = block,
                                .b_row = (size_t)block,
                                .c_row = (size_t)block,
                                .prefetch = {{ut + (size_t)((i + 1) * s->out * block),
                                              prefetch + i * prefetch_lines * LINE},
                                             {s->out * block / ELINE, prefetch_lines}}});
    for (int i = 0; i < part.n; i++)
        input_gradient_tiles(s, f, products + (size_t)(i * tiles * block), step,
                             dx + (size_t)i * x_size);
}

/** One segment of a product's part of du. */
DQ_INLINE void weight_segment(int block, int out, int count, const elem *a, const elem *b,
                              float *du, int add, const fetches *next)
{
#if defined(DEEPQ_BF16)
    _Alignas(64) elem pairs_a[SEGMENT * DQ_BLOCK_MAX], pairs_b[SEGMENT * DQ_OUT_MAX];
    pair_rows(a, (size_t)block, count, block, pairs_a);
    pair_rows(b, (size_t)out, count, out, pairs_b);
    a = pairs_a;
    b = pairs_b;
#endif
    product_turned(block_vectors(out), block, out, count, a, block, b, out, du, out, add, next);
}

/** One product's part of du: v^T z over all tiles of all samples. */
DQ_INLINE void weight_products(const dq_conv_shape *s, const dq_winograd *f, int i, int n,
                               const elem *v, const elem *z, float *du, float *db)
{
    int block = s->stride * s->stride * s->in, rows = n * f->tiles * f->tiles;
    v += (size_t)i * product_step(f, n, block);
    z += (size_t)i * product_step(f, n, s->out);
    for (int begin = 0; begin < rows; begin += SEGMENT) {
        int count = rows - begin < SEGMENT ? rows - begin : SEGMENT;
        const elem *a = v + (size_t)begin * (size_t)block, *b = z + (size_t)begin * (size_t)s->out;
        fetches next = {{a + SEGMENT * block, b + SEGMENT * s->out},
                        {SEGMENT * block / ELINE, SEGMENT * s->out / ELINE}};
        weight_segment(block, s->out, count, a, b, du + (size_t)(i * block * s->out), begin > 0,
                       &next);
    }
    if (i != DQ_WINO_SUM * f->t + DQ_WINO_SUM)
        return;
    for (int o = 0; o < s->out; o += VL) {  // here A is all ones: z is the sum over the tile
        vec sum = vzero();
        for (int row = 0; row < rows; row++)
            sum = vadd(sum, efloats(z + (size_t)row * (size_t)s->out + o));
        vstore(db + o, sum);
    }
}

/** dw = G^T du G for some values of the block. */
DQ_INLINE void weight_gradient(const dq_conv_shape *s, const dq_winograd *f, const float *du,
                               int c0, float *dw)
{
    int block = s->stride * s->stride * s->in, t = f->t, r = f->r;
    for (int c = c0; c < c0 + DQ_CONV_SLICE; c++)
        for (int o = 0; o < s->out; o += VL) {
            vec d[T2], out[T2];
            DQ_UNROLL
            for (int i = 0; i < t * t; i++)
                d[i] = vload(du + (size_t)((i * block + c) * s->out + o));
            apply_both(f->g, 1, r, r, t, d, out);
            DQ_UNROLL
            for (int i = 0; i < r * r; i++)
                vstore(dw + dq_conv_row(s, i / r, i % r, c) * s->out + o, out[i]);
        }
}

/** u = G w G^T for some values of the block: rows [product][value][out], products `step` apart. */
DQ_INLINE void weight_tiles(const dq_conv_shape *s, const dq_winograd *f, const float *w, int c0,
                            elem *rows, size_t step)
{
    int t = f->t, r = f->r;
    for (int c = 0; c < DQ_CONV_SLICE; c++)
        for (int o = 0; o < s->out; o += VL) {
            vec d[T2], out[T2];
            DQ_UNROLL
            for (int i = 0; i < r * r; i++)
                d[i] = vload(w + dq_conv_row(s, i / r, i % r, c0 + c) * s->out + o);
            apply_both(f->g, r, 1, t, r, d, out);
            elem *to = rows + c * s->out + o;
            DQ_UNROLL
            for (int i = 0; i < t * t; i++, to += step)
                estore(to, out[i]);
        }
}

/** u for some values of the block, and where it is wanted its transpose. */
DQ_INLINE void prepare(const dq_conv_shape *s, const dq_winograd *f, const float *w, int c0,
                       elem *u, elem *ut, int want_turned)
{
    int block = s->stride * s->stride * s->in, t2 = f->t * f->t;
#if defined(DEEPQ_BF16)
    _Alignas(64) elem plain[T2 * DQ_CONV_SLICE * DQ_OUT_MAX];
    elem *rows = plain;
    size_t step = (size_t)(DQ_CONV_SLICE * s->out);
#else
    elem *rows = u + c0 * s->out;
    size_t step = (size_t)(block * s->out);
#endif
    weight_tiles(s, f, w, c0, rows, step);
    for (int i = 0; i < t2; i++, rows += step) {
#if defined(DEEPQ_BF16)
        pair_rows(rows, (size_t)s->out, DQ_CONV_SLICE, s->out,
                  u + (size_t)((i * block + c0) * s->out));
#endif
        if (want_turned)
            transpose((const void *)rows, (size_t)s->out / PAIR, DQ_CONV_SLICE, s->out / PAIR,
                      (float *)(void *)(ut + (size_t)(i * s->out * block + c0 * PAIR)),
                      (size_t)block);
    }
}

#endif
