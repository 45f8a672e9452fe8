/** The two matrix products that everything here comes down to, blocked in registers. */
#ifndef DEEPQ_NN_FAST_PRODUCTS_FAST_H
#define DEEPQ_NN_FAST_PRODUCTS_FAST_H

#include <stddef.h>

#include "nn/fast/vec.h"

/* A block is ROWS x COLS vectors of sums: what the registers hold (32 of AVX-512, 16 of AVX2),
 * and enough to hide the latency of a multiply-add. */
#if defined(__AVX512F__)
enum { ROWS = 14, COLS = 2, TURNED_ROWS = 8 };
#else
enum { ROWS = 6, COLS = 2, TURNED_ROWS = 4 };
#endif

/** Memory that is wanted after a product: fetched between its multiplications, line by line from
 *  each place, so that memory and arithmetic work at the same time. Any address will do: a fetch
 *  never fails. */
typedef struct fetches {
    const float *at[3];
    int lines[3];
} fetches;

enum { LINE = 16 };  // floats in a line of the cache

DQ_INLINE void fetch(const fetches *s, int line)
{
    DQ_UNROLL
    for (int i = 0; i < 3; i++)
        if (line < s->lines[i])
            _mm_prefetch((const char *)(s->at[i] + (size_t)line * LINE), _MM_HINT_T0);
}

/** c [rows][cols] = a [rows][k] times b [k][cols], or added to what is there. */
typedef struct product {
    const float *a, *b;
    float *c;
    int rows, cols;
    size_t b_row, c_row;  // floats from one row to the next
    int add;
    fetches soon;
} product;

/** P rows by COLS vectors. a's rows lie a_row apart, a constant: addresses need no registers. */
DQ_INLINE void product_block(int P, int k, int a_row, const product *g, const float *a,
                             const float *b, float *c, int line)
{
    vec acc[ROWS * COLS];
    DQ_UNROLL
    for (int i = 0; i < P * COLS; i++)
        acc[i] =
            g->add ? vload(c + (size_t)(i / COLS) * g->c_row + (size_t)(i % COLS) * VL) : vzero();
    for (int j = 0; j < k; j++, b += g->b_row) {
        vec value[COLS];
        fetch(&g->soon, line + j);
        DQ_UNROLL
        for (int q = 0; q < COLS; q++)
            value[q] = vload(b + q * VL);
        DQ_UNROLL
        for (int p = 0; p < P; p++) {
            vec x = vset(a[j + p * a_row]);
            DQ_UNROLL
            for (int q = 0; q < COLS; q++)
                acc[p * COLS + q] = vfma(x, value[q], acc[p * COLS + q]);
        }
    }
    DQ_UNROLL
    for (int i = 0; i < P * COLS; i++)
        vstore(c + (size_t)(i / COLS) * g->c_row + (size_t)(i % COLS) * VL, acc[i]);
}

#define PRODUCT_CASE(P)                                                                            \
    case P:                                                                                        \
        if (P <= ROWS)                                                                             \
            product_block(P <= ROWS ? P : 1, k, a_row, g, a, b, c, line);                          \
        break;

/** The whole product, its rows cut into blocks as equal as can be. */
DQ_INLINE void product_rows(int k, int a_row, const product *g)
{
    int n_blocks = (g->rows + ROWS - 1) / ROWS, line = 0;
    for (int o = 0; o < g->cols; o += COLS * VL)
        for (int block = 0; block < n_blocks; block++, line += k) {
            int begin = g->rows * block / n_blocks, end = g->rows * (block + 1) / n_blocks;
            const float *a = g->a + (size_t)begin * (size_t)a_row, *b = g->b + o;
            float *c = g->c + (size_t)begin * g->c_row + o;
            switch (end - begin) {
                PRODUCT_CASE(1)
                PRODUCT_CASE(2)
                PRODUCT_CASE(3)
                PRODUCT_CASE(4)
                PRODUCT_CASE(5)
                PRODUCT_CASE(6)
                PRODUCT_CASE(7)
                PRODUCT_CASE(8)
                PRODUCT_CASE(9)
                PRODUCT_CASE(10)
                PRODUCT_CASE(11)
                PRODUCT_CASE(12)
                PRODUCT_CASE(13)
                PRODUCT_CASE(14)
            }
        }
}

/** c [a_cols][b_cols] = a^T b, or added to what is there: the sum over `rows` rows of a and b.
 *  a_cols is a multiple of TURNED_ROWS, b_cols of two vectors. */
DQ_INLINE void product_turned(int a_cols, int b_cols, int rows, const float *a, int a_row,
                              const float *b, int b_row, float *c, int c_row, int add,
                              const fetches *s)
{
    enum { R = TURNED_ROWS };
    int line = 0;
    for (int o = 0; o < b_cols; o += COLS * VL)
        for (int i = 0; i < a_cols; i += R) {
            vec acc[R * COLS];
            float *to = c + (size_t)i * (size_t)c_row + o;
            DQ_UNROLL
            for (int j = 0; j < R * COLS; j++)
                acc[j] = add ? vload(to + j / COLS * c_row + j % COLS * VL) : vzero();
            const float *a_at = a + i, *b_at = b + o;
            for (int row = 0; row < rows; row++, a_at += a_row, b_at += b_row) {
                vec value[COLS];
                fetch(s, line++);
                DQ_UNROLL
                for (int q = 0; q < COLS; q++)
                    value[q] = vload(b_at + q * VL);
                DQ_UNROLL
                for (int r = 0; r < R; r++) {
                    vec x = vset(a_at[r]);
                    DQ_UNROLL
                    for (int q = 0; q < COLS; q++)
                        acc[r * COLS + q] = vfma(x, value[q], acc[r * COLS + q]);
                }
            }
            DQ_UNROLL
            for (int j = 0; j < R * COLS; j++)
                vstore(to + j / COLS * c_row + j % COLS * VL, acc[j]);
        }
}

#endif
