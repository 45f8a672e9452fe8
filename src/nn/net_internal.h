/** The insides of a net: its parameters in one flat array, its memory plan. */
#ifndef DEEPQ_NN_NET_INTERNAL_H
#define DEEPQ_NN_NET_INTERNAL_H

#include <stdatomic.h>

#include "base/pool.h"
#include "deepq/net.h"
#include "nn/device_net.h"
#include "nn/kernels.h"

enum { DQ_CHUNK = 4 };  // samples at most in one task of the convolutions

/** A set of parameters and what the kernels prepare from them. */
typedef struct dq_weights {
    float *params;         // [DQ_N_PARAMS]
    float *u[DQ_N_CONVS];  // for the forward pass
    float *w4;             // the first linear layer's as fc1 takes them
} dq_weights;

struct dq_net {
    dq_net_config cfg;
    const dq_kernels *k;
    dq_pool *pool;
    int64_t n_updates;  // Adam's t
    int cap;            // samples that the activations have room for
    dq_device *device;  // what computes in our place; NULL: the processor

    void *arena;
    dq_weights online, target;
    float *ut[DQ_N_CONVS];  // online weights prepared for the input gradients
    float *m, *v, *grad;    // [DQ_N_PARAMS]

    float *x[DQ_N_CONVS];  // [cap] outputs of each convolution
    float *h, *q;          // [cap][DQ_HIDDEN], [cap][DQ_OUT_PAD]
    float *fc_x;           // x[2] as fc1 takes it, and in slices (dq_kernels.fc1_slice)
    float *fc_slices;
    float *dx3;  // gradients of x[2] and h; that of h as fc1_dw and fc1_dx take it
    float *dh, *fc_dy, *dht;
    float *conv_v[DQ_N_CONVS], *conv_z[DQ_N_CONVS];  // transforms that the whole batch keeps
    float *conv_du[DQ_N_CONVS];

    float *scratch;       // one piece for each thread
    size_t scratch_size;  // floats in a piece
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

/** Where the weights and the bias of a convolution start in a flat array. */
extern const size_t dq_conv_weights_at[DQ_N_CONVS], dq_conv_bias_at[DQ_N_CONVS];

/** Words of one block in dq_weights.w4. */
size_t dq_net_w4_block(const dq_net *net);
/** Prepare the first linear layer's weights of block b, inputs k .. k+DQ_FC_SLICE-1. */
void dq_net_prepare_slice(const dq_net *net, const dq_weights *weights, int b, int k);

/** The online parameters were set from outside: make what depends on them. */
void dq_net_params_changed(dq_net *net);

/** What Adam needs in the next step, number n_updates + 1. */
dq_adam_step dq_net_adam_step(const dq_net *net);

/** Place of element i of PyTorch's tensor t (0..9) in the flat array. */
size_t dq_param_place(int t, size_t i);

#endif
