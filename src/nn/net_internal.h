/** The insides of a net: its parameters in one flat array, its memory plan. */
#ifndef DEEPQ_NN_NET_INTERNAL_H
#define DEEPQ_NN_NET_INTERNAL_H

#include <stdatomic.h>

#include "base/pool.h"
#include "deepq/net.h"
#include "nn/graph.h"
#include "nn/kernels.h"

enum { DQ_CHUNK = 4 };  // samples at most in one task of the convolutions

/** A set of parameters and what the kernels prepare from them. */
typedef struct dq_weights {
    float *params;           // [n_params]
    float *u[DQ_CONVS_MAX];  // for the forward pass
    float *w4;               // the first linear layer's as fc1 takes them
} dq_weights;

struct dq_net {
    dq_net_config cfg;
    dq_net_shape shape;
    const dq_kernels *k;
    dq_pool *pool;
    int64_t n_updates;   // Adam's t
    int initialisation;  // of dq_net_init()
    int cap;             // samples that the activations have room for

    void *arena;
    dq_weights online, target;
    float *ut[DQ_CONVS_MAX];  // online weights prepared for the input gradients
    float *m, *v, *grad;      // [n_params]

    float *x[DQ_CONVS_MAX];  // [cap] outputs of each convolution
    float *features;         // the last one's
    float *h, *q;            // [cap][hidden], [cap][out_pad]
    float *fc_x;             // the features as fc1 takes them, and in slices (fc1_slice)
    float *fc_slices;
    float *dfeatures;  // gradients of the features and h; that of h as fc1_dw and fc1_dx take it
    float *dh, *fc_dy, *dht;
    float *conv_v[DQ_CONVS_MAX], *conv_z[DQ_CONVS_MAX];  // transforms that the whole batch keeps
    float *conv_du[DQ_CONVS_MAX];

    float *scratch;       // one piece for each thread
    size_t scratch_size;  // floats in a piece
    size_t padded_size;   // of them for pictures with their padding
    atomic_flag *in_use;  // which pieces a task has taken
};

/** A free piece of scratch; there are as many as threads, so there always is one. */
float *dq_net_take_scratch(dq_net *net);
void dq_net_return_scratch(dq_net *net, const float *piece);

/** How many tasks n samples make, and the samples begin .. end-1 of one of them. Whatever the cut,
 *  each sample's result is the same. */
int dq_net_n_chunks(const dq_net *net, int n);
void dq_net_chunk(const dq_net *net, int n, int task, int *begin, int *end);

/** Forward pass of n <= cap states; fills x, h, q. `keep`: also conv_v, for the gradients. */
void dq_net_forward(dq_net *net, const dq_weights *weights, const uint8_t *obs, int n, int keep);

/** Words of one block in dq_weights.w4. */
size_t dq_net_w4_block(const dq_net *net);
/** Prepare the first linear layer's weights of block b for the slice of inputs that begins
 *  at k. */
void dq_net_prepare_slice(const dq_net *net, const dq_weights *weights, int b, int k);

/** The online parameters were set from outside: make what depends on them. */
void dq_net_params_changed(dq_net *net);

/** By name, NULL is the first; DQ_ERR_CONFIG names those there are. */
DQ_NODISCARD dq_status dq_initialisation_find(const char *name, int *index);

/** What Adam needs in the next step, number n_updates + 1. */
dq_adam_step dq_net_adam_step(const dq_net *net);

/** A flat array of all parameters, or of their gradients, as PyTorch's tensors. */
void dq_net_copy_tensors(const dq_net *net, const float *params, dq_tensor *out);

#endif
