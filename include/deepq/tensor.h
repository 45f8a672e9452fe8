/** A named array of float32: how networks and model files exchange parameters. */
#ifndef DEEPQ_TENSOR_H
#define DEEPQ_TENSOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A tensor, row-major, in PyTorch's layout: weights of a convolution are [out][in][height][width],
 *  of a linear layer [out][in]. */
typedef struct dq_tensor {
    const char *name;  // "conv.0.weight"
    int n_dims;        // number of dimensions, 1 to 4
    int shape[4];      // size of each dimension
    float *data;       // elements; the function that returns the tensor says who owns them
} dq_tensor;

/** The number of elements. */
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
