/** The parts of the linear layers that are the same over every element. */
#ifndef DEEPQ_NN_FAST_LINEAR_FAST_H
#define DEEPQ_NN_FAST_LINEAR_FAST_H

#include <string.h>

#include "nn/fast/products_fast.h"
#include "nn/kernels.h"

/* Each layer is compiled by itself, so that every size is a constant. */
#define FC_CASE(i, call)                                                                           \
    case i: {                                                                                      \
        const dq_fc_shape *f = &dq_fc_shapes[i];                                                   \
        call;                                                                                      \
        break;                                                                                     \
    }
#define EACH_FC(layer, call)                                                                       \
    switch (layer) {                                                                               \
        DQ_EACH_FC(FC_CASE, call)                                                                  \
    default:                                                                                       \
        break;                                                                                     \
    }

/** dq_kernels.fc1 */
DQ_INLINE void linear_forward(const dq_fc_shape *f, const void *x, int n, const void *w,
                              const float *bias, float least, float *y)
{
    product_rows(COLS, f->in, f->in,
                 &(product){.a = x,
                            .b = w,
                            .c = y,
                            .rows = n,
                            .cols = DQ_FC_BLOCK,
                            .b_row = DQ_FC_BLOCK,
                            .c_row = (size_t)f->out});
    for (int i = 0; i < n; i++)
        for (int o = 0; o < DQ_FC_BLOCK; o += VL) {
            float *to = y + (size_t)(i * f->out + o);
            vstore(to, vmax(vadd(vload(to), vload(bias + o)), vset(least)));
        }
}

enum { DX_SAMPLES = 32 };  // that fc1_dx takes at a time

/** Samples begin .. of dx from their gradients turned, [slice][DX_SAMPLES]. */
DQ_INLINE void store_turned(const dq_fc_shape *f, const float *turned, int begin, int n, int k,
                            float *dx)
{
    _Alignas(64) float rows[DX_SAMPLES * DQ_FC_SLICE_MAX];
    transpose(turned, DX_SAMPLES, f->slice, DX_SAMPLES, rows, (size_t)f->slice);
    for (int i = 0; i < DX_SAMPLES && begin + i < n; i++)
        memcpy(dx + (size_t)((begin + i) * f->in + k), rows + i * f->slice,
               (size_t)f->slice * sizeof(*dx));
}

#endif
