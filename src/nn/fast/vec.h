/** The few vector operations that the kernels need, for the instruction set being compiled. */
#ifndef DEEPQ_NN_FAST_VEC_H
#define DEEPQ_NN_FAST_VEC_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
typedef __m512 vec;
enum { VL = 16 };  // floats in a vector
#define DQ_ISA_NAME "avx512"
#define DQ_ISA_TABLE dq_kernels_avx512
#define vload(p) _mm512_loadu_ps(p)
#define vload_bytes(p)                                                                             \
    _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(p))))
#define vstore(p, v) _mm512_storeu_ps(p, v)
#define vset(x) _mm512_set1_ps(x)
#define vzero() _mm512_setzero_ps()
#define vadd(a, b) _mm512_add_ps(a, b)
#define vsub(a, b) _mm512_sub_ps(a, b)
#define vmul(a, b) _mm512_mul_ps(a, b)
#define vdiv(a, b) _mm512_div_ps(a, b)
#define vmax(a, b) _mm512_max_ps(a, b)
#define vsqrt(a) _mm512_sqrt_ps(a)
#define vfma(a, b, c) _mm512_fmadd_ps(a, b, c)  // a * b + c
/* v where x > 0, else 0 */
#define vkeep_positive(v, x)                                                                       \
    _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), v)
#else
typedef __m256 vec;
enum { VL = 8 };
#define DQ_ISA_NAME "avx2"
#define DQ_ISA_TABLE dq_kernels_avx2
#define vload(p) _mm256_loadu_ps(p)
#define vload_bytes(p)                                                                             \
    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(p))))
#define vstore(p, v) _mm256_storeu_ps(p, v)
#define vset(x) _mm256_set1_ps(x)
#define vzero() _mm256_setzero_ps()
#define vadd(a, b) _mm256_add_ps(a, b)
#define vsub(a, b) _mm256_sub_ps(a, b)
#define vmul(a, b) _mm256_mul_ps(a, b)
#define vdiv(a, b) _mm256_div_ps(a, b)
#define vmax(a, b) _mm256_max_ps(a, b)
#define vsqrt(a) _mm256_sqrt_ps(a)
#define vfma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define vkeep_positive(v, x) _mm256_and_ps(v, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ))
#endif

#define DQ_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define DQ_UNROLL _Pragma("clang loop unroll(full)")
#else
#define DQ_UNROLL _Pragma("GCC unroll 64")
#endif

/* The factors of products are elements: PAIR of them in a word are multiplied with PAIR others and
 * both products added to one float. So a matrix whose rows meet words of the other factor keeps
 * PAIR rows together, [row / PAIR][column][row % PAIR]. */
#if defined(DEEPQ_BF16)
typedef uint16_t elem;  // the upper half of a float
typedef __m512bh evec;
enum { PAIR = 2 };
#define eload(p) ((__m512bh)_mm512_loadu_si512((const void *)(p)))  // VL words
#define edot(a, b, c) _mm512_dpbf16_ps(c, a, b)                     // a * b + c
/* VL floats, rounded to elements; and back. */
#define estore(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), (__m256i)_mm512_cvtneps_pbh(v))
#define efloats(p)                                                                                 \
    _mm512_castsi512_ps(_mm512_slli_epi32(                                                         \
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(p))), 16))
/** One word in every place. */
DQ_INLINE evec eset(const elem *p)
{
    int word;
    memcpy(&word, p, sizeof(word));
    return (__m512bh)_mm512_set1_epi32(word);
}
#else
typedef float elem;
typedef vec evec;
enum { PAIR = 1 };
#define eload(p) vload(p)
#define edot(a, b, c) vfma(a, b, c)
#define estore(p, v) vstore(p, v)
#define efloats(p) vload(p)
#define eset(p) vset(*(p))
#endif

/** to [cols][rows] = from [rows][cols], by 4x4 blocks; both sides are multiples of 4. */
static inline void transpose(const float *from, size_t from_row, int rows, int cols, float *to,
                             size_t to_row)
{
    for (int r = 0; r < rows; r += 4)
        for (int c = 0; c < cols; c += 4) {
            const float *f = from + (size_t)r * from_row + c;
            float *t = to + (size_t)c * to_row + r;
            __m128 a = _mm_loadu_ps(f), b = _mm_loadu_ps(f + from_row),
                   d = _mm_loadu_ps(f + 2 * from_row), e = _mm_loadu_ps(f + 3 * from_row);
            _MM_TRANSPOSE4_PS(a, b, d, e);
            _mm_storeu_ps(t, a);
            _mm_storeu_ps(t + to_row, b);
            _mm_storeu_ps(t + 2 * to_row, d);
            _mm_storeu_ps(t + 3 * to_row, e);
        }
}

#endif
