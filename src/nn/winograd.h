/** The transforms of Winograd's minimal filtering that the fast convolutions use.
 *
 *  F(m, r) makes m outputs of a filter with r taps from m + r - 1 products:
 *  y = A^T [(G w) * (B^T x)], products element by element; in two dimensions each matrix is applied
 *  to both sides (Winograd 1980; Lavin and Gray 2016). Its transposes give the gradients from as
 *  many products: dx = B [(G w) * (A dy)], dw = G^T [(B^T x) * (A dy)]. The matrices follow from
 *  the points at which the polynomials are evaluated; small points keep rounding small. */
#ifndef DEEPQ_NN_WINOGRAD_H
#define DEEPQ_NN_WINOGRAD_H

#include "nn/net_shape.h"

enum { DQ_WINO_MAX = 6 };  // most points along one side

typedef struct dq_winograd {
    int m, r, t;  // outputs, taps and products (t = m + r - 1) along one side of a tile
    int tiles;    // tiles along one side of the picture; the last may stick out
    float bt[DQ_WINO_MAX * DQ_WINO_MAX];  // [t][t]
    float g[DQ_WINO_MAX * DQ_WINO_MAX];   // [t][r]
    float at[DQ_WINO_MAX * DQ_WINO_MAX];  // [m][t]
} dq_winograd;

/** Row and column 1 of every A are ones: that product of the gradients is their plain sum. */
enum { DQ_WINO_SUM = 1 };

/** F(3, 2), points 0, 1, -1, infinity: 16 products instead of 36. */
#define DQ_WINOGRAD_F32(n_tiles)                                                                   \
    {                                                                                              \
        .m = 3, .r = 2, .t = 4, .tiles = (n_tiles),                                                \
        .bt = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, -1, 0, 1},                                 \
        .g = {1, 0, 1.0f / 2, 1.0f / 2, 1.0f / 2, -1.0f / 2, 0, 1},                                \
        .at = {1, 1, 1, 0, 0, 1, -1, 0, 0, 1, 1, 1},                                               \
    }

/** F(4, 2), points 0, 1, -1, 2, infinity: 25 products instead of 64. */
#define DQ_WINOGRAD_F42(n_tiles)                                                                   \
    {                                                                                              \
        .m = 4, .r = 2, .t = 5, .tiles = (n_tiles),                                                \
        .bt = {2, -1, -2, 1, 0, 0, -2, -1, 1, 0, 0, 2, -3, 1, 0, 0, -1, 0, 1, 0, 0, 2, -1, -2, 1}, \
        .g = {1.0f / 2, 0, -1.0f / 2, -1.0f / 2, -1.0f / 6, 1.0f / 6, 1.0f / 6, 1.0f / 3, 0, 1},   \
        .at = {1, 1, 1, 1, 0, 0, 1, -1, 2, 0, 0, 1, 1, 4, 0, 0, 1, -1, 8, 1},                      \
    }

/** F(4, 3), points 0, 1, -1, 2, -2, infinity: 36 products instead of 144. */
#define DQ_WINOGRAD_F43(n_tiles)                                                                   \
    {                                                                                              \
        .m = 4, .r = 3, .t = 6, .tiles = (n_tiles),                                                \
        .bt = {4, 0,  -5, 0, 1, 0, 0, -4, -4, 1,  1, 0, 0, 4, -4, -1, 1, 0,                        \
               0, -2, -1, 2, 1, 0, 0, 2,  -1, -2, 1, 0, 0, 4, 0,  -5, 0, 1},                       \
        .g = {1.0f / 4,  0,          0,         -1.0f / 6, -1.0f / 6, -1.0f / 6,                   \
              -1.0f / 6, 1.0f / 6,   -1.0f / 6, 1.0f / 24, 1.0f / 12, 1.0f / 6,                    \
              1.0f / 24, -1.0f / 12, 1.0f / 6,  0,         0,         1},                          \
        .at = {1, 1, 1, 1, 1, 0, 0, 1, -1, 2, -2, 0, 0, 1, 1, 4, 4, 0, 0, 1, -1, 8, -8, 1},        \
    }

/* Over blocks (dq_conv_shape): outputs 20 = 5 * 4, 9 = 3 * 3 and 7 = 2 * 4 - 1 a side; 21 = 7 * 3,
 * 11 = 4 * 3 - 1 and 11 = 3 * 4 - 1. In bf16 20 = 7 * 3 - 1. */
static const dq_winograd dq_winograd_20 = DQ_WINOGRAD_F42(5), dq_winograd_9 = DQ_WINOGRAD_F32(3),
                         dq_winograd_7 = DQ_WINOGRAD_F43(2), dq_winograd_21 = DQ_WINOGRAD_F32(7),
                         dq_winograd_11 = DQ_WINOGRAD_F32(4),
                         dq_winograd_11_3x3 = DQ_WINOGRAD_F43(3);

static inline const dq_winograd *dq_winograd_of(const dq_conv_shape *s)
{
    if (s->stride == 4)
        return s->out_side == 20 ? &dq_winograd_20 : &dq_winograd_21;
    if (s->stride == 2)
        return s->out_side == 9 ? &dq_winograd_9 : &dq_winograd_11;
    return s->out_side == 7 ? &dq_winograd_7 : &dq_winograd_11_3x3;
}

/** In bf16, for the layers that dq_conv_is_rounded(): F(3, 2), whose small entries keep the error
 *  of products of rounded factors at that of a direct convolution. */
static inline const dq_winograd *dq_winograd_of_bf16(const dq_conv_shape *s)
{
    return s->stride == 4 ? &dq_winograd_21 : dq_winograd_of(s);
}

#endif
