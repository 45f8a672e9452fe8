/** A named array of float32: how parameters cross the borders between layers and files. */
#ifndef DEEPQ_TENSOR_H
#define DEEPQ_TENSOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Row-major, in PyTorch's layout: convolution weights [out][in][kh][kw], linear [out][in]. */
typedef struct dq_tensor {
    const char *name;  // "conv.0.weight"
    int n_dims;        // 1..4
    int shape[4];
    float *data;  // owner as the function that hands it out says
} dq_tensor;

/** Product of the shape. */
static inline size_t dq_tensor_elements(const dq_tensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->n_dims; i++)
        n *= (size_t)t->shape[i];
    return n;
}

#ifdef __cplusplus
}
#endif
#endif
