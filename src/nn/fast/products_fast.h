/** The two matrix products that everything here comes down to, blocked in registers. Factors are
 *  elements (vec.h), sums are floats. */
#ifndef DEEPQ_NN_FAST_PRODUCTS_FAST_H
#define DEEPQ_NN_FAST_PRODUCTS_FAST_H

#include <stddef.h>

#include "nn/fast/vec.h"

/* A block is ROWS x COLS vectors of sums: what the registers hold (32 of AVX-512, 16 of AVX2),
 * and enough to hide the latency of a multiply-add. Where a row is one vector, twice the rows. */
#if defined(__AVX512F__)
enum { ROWS = 14, COLS = 2, TURNED_ROWS = 8, PEAK_CHAINS = 20 };
#else
enum { ROWS = 6, COLS = 2, TURNED_ROWS = 4, PEAK_CHAINS = 12 };
#endif
enum { N_FETCHES = 6, SUMS = ROWS * COLS };

/** Memory that is wanted after a product: fetched between its multiplications, line by line from
 *  each place, so that memory and arithmetic work at the same time. Any address will do: a fetch
 *  never fails. */
typedef struct fetches {
    const void *at[N_FETCHES];
    int lines[N_FETCHES];
} fetches;

enum { LINE = 16, ELINE = LINE * PAIR };  // floats and elements in a line of the cache

DQ_INLINE void fetch(const fetches *s, int line)
{
    DQ_UNROLL
    for (int i = 0; i < N_FETCHES; i++)
        if (line < s->lines[i])
            _mm_prefetch((const char *)s->at[i] + (size_t)line * LINE * sizeof(float), _MM_HINT_T0);
}

/** c [rows][cols] = a [rows][k] times b [k][cols], or added to what is there. b keeps PAIR rows
 *  together. */
typedef struct product {
    const elem *a, *b;
    float *c;
    int rows, cols;
    size_t b_row, c_row;  // elements of a row of b; floats from one row of c to the next
    int add;
    fetches prefetch;  // loaded into the cache meanwhile
} product;

/** How many vectors of a row a block takes: rows are a multiple of 16 long. */
DQ_INLINE int block_vectors(int cols)
{
    return cols % (COLS * VL) == 0 ? COLS : 1;
}

/** P rows by C vectors. a's rows lie a_row apart, a constant: addresses need no registers. */
DQ_INLINE void product_block(int P, int C, int k, int a_row, const product *g, const elem *a,
                             const elem *b, float *c, int line)
{
    vec acc[SUMS];
    DQ_UNROLL
    for (int i = 0; i < P * C; i++)
        acc[i] = g->add ? vload(c + (size_t)(i / C) * g->c_row + (size_t)(i % C) * VL) : vzero();
    for (int j = 0; j < k; j += PAIR, b += PAIR * g->b_row) {
        evec value[COLS];
        fetch(&g->prefetch, line + j / PAIR);
        DQ_UNROLL
        for (int q = 0; q < C; q++)
            value[q] = eload(b + q * VL * PAIR);
        DQ_UNROLL
        for (int p = 0; p < P; p++) {
            evec x = eset(a + j + p * a_row);
            DQ_UNROLL
            for (int q = 0; q < C; q++)
                acc[p * C + q] = edot(x, value[q], acc[p * C + q]);
        }
    }
    DQ_UNROLL
    for (int i = 0; i < P * C; i++)
        vstore(c + (size_t)(i / C) * g->c_row + (size_t)(i % C) * VL, acc[i]);
}

#define PRODUCT_CASE(P)                                                                            \
    case P:                                                                                        \
        if (P <= SUMS / C)                                                                         \
            product_block(P <= SUMS / C ? P : 1, C, k, a_row, g, a, b, c, line);                   \
        break;

/** The whole product, its rows cut into blocks as equal as can be; C is
 *  block_vectors(g->cols). */
DQ_INLINE void product_rows(int C, int k, int a_row, const product *g)
{
    int most = SUMS / C, n_blocks = (g->rows + most - 1) / most, line = 0;
    for (int o = 0; o < g->cols; o += C * VL)
        for (int block = 0; block < n_blocks; block++, line += k / PAIR) {
            int begin = g->rows * block / n_blocks, end = g->rows * (block + 1) / n_blocks;
            const elem *a = g->a + (size_t)begin * (size_t)a_row, *b = g->b + o * PAIR;
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
                PRODUCT_CASE(15)
                PRODUCT_CASE(16)
                PRODUCT_CASE(17)
                PRODUCT_CASE(18)
                PRODUCT_CASE(19)
                PRODUCT_CASE(20)
                PRODUCT_CASE(21)
                PRODUCT_CASE(22)
                PRODUCT_CASE(23)
                PRODUCT_CASE(24)
                PRODUCT_CASE(25)
                PRODUCT_CASE(26)
                PRODUCT_CASE(27)
                PRODUCT_CASE(28)
            }
        }
}

/** c [a_cols][b_cols] = a^T b, or added to what is there: the sum over `rows` rows of a and b,
 *  which both keep PAIR rows together. C is block_vectors(b_cols), a_cols a multiple of the rows of
 *  a block. */
DQ_INLINE void product_turned(int C, int a_cols, int b_cols, int rows, const elem *a, int a_row,
                              const elem *b, int b_row, float *c, int c_row, int add,
                              const fetches *s)
{
    enum { TURNED_SUMS = TURNED_ROWS * COLS };
    int line = 0, R = TURNED_SUMS / C;
    for (int o = 0; o < b_cols; o += C * VL)
        for (int i = 0; i < a_cols; i += R) {
            vec acc[TURNED_SUMS];
            float *to = c + (size_t)i * (size_t)c_row + o;
            DQ_UNROLL
            for (int j = 0; j < TURNED_SUMS; j++)
                acc[j] = add ? vload(to + j / C * c_row + j % C * VL) : vzero();
            const elem *a_at = a + i * PAIR, *b_at = b + o * PAIR;
            for (int row = 0; row < rows; row += PAIR, a_at += PAIR * a_row, b_at += PAIR * b_row) {
                evec value[COLS];
                fetch(s, line++);
                DQ_UNROLL
                for (int q = 0; q < C; q++)
                    value[q] = eload(b_at + q * VL * PAIR);
                DQ_UNROLL
                for (int r = 0; r < R; r++) {
                    evec x = eset(a_at + r * PAIR);
                    DQ_UNROLL
                    for (int q = 0; q < C; q++)
                        acc[r * C + q] = edot(x, value[q], acc[r * C + q]);
                }
            }
            DQ_UNROLL
            for (int j = 0; j < TURNED_SUMS; j++)
                vstore(to + j / C * c_row + j % C * VL, acc[j]);
        }
}

/** dq_kernels.peak: products of any finite factors. */
DQ_INLINE void multiply_rounds(int64_t n, float *sums)
{
    vec acc[PEAK_CHAINS], small = vset(0x1p-20f);
    evec factor;
    memcpy(&factor, &small, sizeof(factor));
    DQ_UNROLL
    for (int i = 0; i < PEAK_CHAINS; i++)
        acc[i] = vload(sums + i * VL);
    for (int64_t round = 0; round < n; round++) {
        DQ_UNROLL
        for (int i = 0; i < PEAK_CHAINS; i++)
            acc[i] = edot(factor, factor, acc[i]);
    }
    DQ_UNROLL
    for (int i = 0; i < PEAK_CHAINS; i++)
        vstore(sums + i * VL, acc[i]);
}

#if defined(DEEPQ_BF16)
/** to [rows / 2][cols][2] = from [rows][cols]; an odd last row meets zeros. cols is a multiple
 *  of 16. */
static inline void pair_rows(const elem *from, size_t from_row, int rows, int cols, elem *to)
{
    static const uint16_t order[64] = {
        0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39,  //
        8,  40, 9,  41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47,  //
        16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55,  //
        24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63};
    __m512i low = _mm512_loadu_si512(order), high = _mm512_loadu_si512(order + 32);
    for (int r = 0; r < rows; r += 2, from += 2 * from_row) {
        for (int c = 0; c + 32 <= cols; c += 32, to += 64) {
            __m512i a = _mm512_loadu_si512(from + c), b = _mm512_setzero_si512();
            if (r + 1 < rows)
                b = _mm512_loadu_si512(from + from_row + c);
            _mm512_storeu_si512(to, _mm512_permutex2var_epi16(a, low, b));
            _mm512_storeu_si512(to + 32, _mm512_permutex2var_epi16(a, high, b));
        }
        if (cols % 32 != 0) {
            const elem *last = from + cols - 16;
            __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)last);
            __m256i b = r + 1 < rows
                            ? _mm256_loadu_si256((const __m256i *)(const void *)(last + from_row))
                            : _mm256_setzero_si256();
            _mm512_storeu_si512(to, _mm512_permutex2var_epi16(_mm512_castsi256_si512(a), low,
                                                              _mm512_castsi256_si512(b)));
            to += 32;
        }
    }
}

/** n floats rounded to elements; n is a multiple of 32. */
DQ_INLINE void round_floats(const float *from, int n, elem *to)
{
    for (int i = 0; i < n; i += 2 * VL)
        _mm512_storeu_si512(to + i,
                            (__m512i)_mm512_cvtne2ps_pbh(vload(from + i + VL), vload(from + i)));
}
#endif

#endif
