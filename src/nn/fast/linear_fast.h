/** The parts of the linear layers that are the same over every element. */
#ifndef DEEPQ_NN_FAST_LINEAR_FAST_H
#define DEEPQ_NN_FAST_LINEAR_FAST_H

#include <string.h>

#include "nn/fast/products_fast.h"
#include "nn/kernels.h"

/** dq_kernels.fc1 */
DQ_INLINE void linear_forward(const void *x, int n, const void *w, const float *bias, float *y)
{
    product_rows(DQ_X3, DQ_X3,
                 &(product){.a = x,
                            .b = w,
                            .c = y,
                            .rows = n,
                            .cols = DQ_FC_BLOCK,
                            .b_row = DQ_FC_BLOCK,
                            .c_row = DQ_HIDDEN});
    for (int i = 0; i < n; i++)
        for (int o = 0; o < DQ_FC_BLOCK; o += VL) {
            float *to = y + (size_t)i * DQ_HIDDEN + o;
            vstore(to, vmax(vadd(vload(to), vload(bias + o)), vzero()));
        }
}

enum { DX_SAMPLES = 32 };  // that fc1_dx takes at a time

/** Samples begin .. of dx from their gradients turned, [DQ_FC_SLICE][DX_SAMPLES]. */
DQ_INLINE void store_turned(const float *turned, int begin, int n, int k, float *dx)
{
    _Alignas(64) float rows[DX_SAMPLES * DQ_FC_SLICE];
    transpose(turned, DX_SAMPLES, DQ_FC_SLICE, DX_SAMPLES, rows, DQ_FC_SLICE);
    for (int i = 0; i < DX_SAMPLES && begin + i < n; i++)
        memcpy(dx + (size_t)(begin + i) * DQ_X3 + k, rows + i * DQ_FC_SLICE,
               DQ_FC_SLICE * sizeof(*dx));
}

#endif
