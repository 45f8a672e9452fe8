/** A DQN with its target copy and its Adam optimiser, in one of the shapes
 *
 *  - "nature" (Mnih et al. 2015): convolution 32 8x8/4, 64 4x4/2, 64 3x3/1, linear 512;
 *  - "nips" (Mnih et al. 2013): convolution 16 8x8/4, 32 4x4/2, linear 256;
 *  - "small": convolution 32 8x8/4, 32 4x4/2, 32 3x3/1, linear 256;
 *
 *  then linear n_actions; ReLU between. Input: four 84x84 frames of bytes, scaled by 1/255 inside.
 *  All memory is planned when the net is created and nothing is allocated afterwards. Results are
 *  the same bits for any number of threads; they may differ in rounding between instruction sets
 *  and devices. One thread at a time calls into a net. Names and layout of parameters are those of
 *  the book's DQN class in PyTorch (Lapan 2020, chapter 6, lib/dqn_model.py): conv.0.weight ...
 *  fc.2.bias; a network with two convolutions has no conv.4. */
#ifndef DEEPQ_NET_H
#define DEEPQ_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/rng.h"
#include "deepq/status.h"
#include "deepq/stream.h"
#include "deepq/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DQ_NET_STACK = 4,  // frames in a state
    DQ_NET_SIDE = 84,  // pixels, height and width of a frame
    DQ_NET_OBS_BYTES = DQ_NET_STACK * DQ_NET_SIDE * DQ_NET_SIDE,
    DQ_MAX_ACTIONS = 18
};

/** Of the errors of a batch the mean of their squares, or of what is a half of the square up to 1
 *  and the absolute error less a half beyond (PyTorch's smooth_l1_loss; its gradient is the clipped
 *  error of Mnih et al. 2015). */
typedef enum dq_loss { DQ_LOSS_MSE = 0, DQ_LOSS_HUBER } dq_loss;

typedef struct dq_net_config {
    int n_actions;         // 1..DQ_MAX_ACTIONS
    int batch;             // transitions in one update, >= 1
    int n_threads;         // 0: as many as the machine has cores
    const char *isa;       // "ref", "avx2", "avx512"; NULL: $DEEPQ_ISA, else the best there is
    double learning_rate;  // Adam
    double beta1, beta2, epsilon;
    dq_loss loss;
    const char *precision;       // of products: "fp32", "bf16"; NULL: "fp32"
    const char *network;         // "nature", "nips", "small"; NULL: "nature"
    const char *initialisation;  // of dq_net_init(); NULL: "pytorch"
} dq_net_config;

/** The book's values: the network "nature", batch 32, Adam 1e-4 (0.9, 0.999, 1e-8), all cores. */
DQ_API
dq_net_config dq_net_config_default(int n_actions);

/** The initialisations there are, from index 0 on; NULL past the last. */
DQ_API
const char *dq_net_initialisation_name(size_t index);

typedef struct dq_net dq_net;

/** In bf16 the factors of most products are rounded to bfloat16, as they are taken; sums, weights,
 *  loss and Adam stay float32. On the processor it takes the instruction set "avx512" with
 *  avx512_bf16, or "ref", which is slow: DQ_ERR_UNSUPPORTED elsewhere.
 *
 *  All weights zero until dq_net_init(), dq_net_set_params() or dq_net_load(). */
DQ_API
DQ_NODISCARD dq_status dq_net_create(dq_net **out, const dq_net_config *cfg);
DQ_API
void dq_net_destroy(dq_net *net);

/** Draw the online network's weights and biases uniformly, then copy them to the target:
 *
 *  | initialisation | weights within               | biases    | as |
 *  |----------------|------------------------------|-----------|-----------------------------------|
 *  | "pytorch"      | 1 / sqrt(fan_in)             | as weights | PyTorch's Conv2d and Linear | |
 * "torch7"       | 1 / sqrt(fan_in)             | as weights | Torch 7's, so Mnih et al. 2015's  |
 *  | "xavier"       | sqrt(6 / (fan_in + fan_out)) | 0         | Glorot, Bengio 2010; Dopamine | |
 * "he"           | sqrt(6 / fan_in)             | 0         | He et al. 2015                    |
 *
 *  fan_in counts the inputs that feed one output of a layer, fan_out the outputs that one input
 *  feeds (of a convolution: channels times the kernel's pixels). */
DQ_API
void dq_net_init(dq_net *net, dq_rng *rng);

/** Action values of n states by the online net. @param obs uint8 [n][4][84][84], oldest frame
 *  first @param[out] q float [n][n_actions]. Any n >= 1. */
DQ_API
void dq_net_q(dq_net *net, const uint8_t *obs, int n, float *q);
/** Largest action value of each of n states by the target net. @param[out] max_q float [n] */
DQ_API
void dq_net_target_max(dq_net *net, const uint8_t *obs, int n, float *max_q);
/** Action values of n states by the target net, as dq_net_q() by the online one. */
DQ_API
void dq_net_target_q(dq_net *net, const uint8_t *obs, int n, float *q);
/** Adam's learning rate from the next update on; dq_net_save() does not keep it. */
DQ_API
void dq_net_set_learning_rate(dq_net *net, double learning_rate);
/** Copy the online weights to the target net. */
DQ_API
void dq_net_sync_target(dq_net *net);

/** One learning step on a batch: forward, the loss of q[action] against target, backward, Adam.
 *  @param obs uint8 [batch][4][84][84] @param action int32 [batch] @param target float [batch]
 *  @return the loss before the step. */
DQ_API
float dq_net_update(dq_net *net, const uint8_t *obs, const int32_t *action, const float *target);
/** The same with each transition's part of the loss times its weight, as prioritized replay wants
 *  it. @param weight float [batch]
 *  @param[out] error float [batch], q[action] - target before the step */
DQ_API
float dq_net_update_weighted(dq_net *net, const uint8_t *obs, const int32_t *action,
                             const float *target, const float *weight, float *error);
/** The gradients of that loss alone, for tests: weights stay. Fills the network's tensors, whose
 *  `data` the caller provides (each dq_tensor_elements long, PyTorch's layout). */
DQ_API
float dq_net_gradients(dq_net *net, const uint8_t *obs, const int32_t *action, const float *target,
                       dq_tensor *grads);

/** How many tensors a network has, weights and biases; 0 for a network that there is not.
 *  @param network NULL: "nature" */
DQ_API
int dq_net_n_tensors(const char *network);
/** How many parameters they have together. */
DQ_API
uint64_t dq_net_n_params(const char *network, int n_actions);
/** Names and shapes of a network's parameters, `data` NULL, in PyTorch's order. Static names.
 *  @param network NULL: "nature" @param[out] shapes [dq_net_n_tensors()] @return their number, 0
 * for a network that there is not */
DQ_API
int dq_net_param_shapes(const char *network, int n_actions, dq_tensor *shapes);
/** The network that has just these tensors, in any order and for any number of actions; NULL when
 *  there is none. */
DQ_API
const char *dq_net_recognise(const dq_tensor *tensors, size_t n);
/** The number of actions of a network that dq_net_recognise() knows, by its tensors; else 0. */
DQ_API
int dq_net_outputs(const dq_tensor *tensors, size_t n);
/** The names of the networks there are, the default first; NULL past the last. */
DQ_API
const char *dq_net_network_name(size_t index);
/** Copy the online parameters out into / in from tensors of the caller (PyTorch's layout). Setting
 *  looks tensors up by name; a missing, extra or misshapen one is DQ_ERR_INPUT and says which.
 *  Setting also copies to the target and forgets Adam's moments. */
DQ_API
void dq_net_get_params(const dq_net *net, dq_tensor *params);
DQ_API
DQ_NODISCARD dq_status dq_net_set_params(dq_net *net, const dq_tensor *params, size_t n);

/** Whether every online weight is a finite number: learning that diverges leaves others. */
DQ_API
bool dq_net_is_finite(const dq_net *net);

/** The module as PyTorch prints it ("DQN(\n  (conv): Sequential(..."); writes at most cap bytes
 *  with the final NUL. @param network NULL: "nature"; nothing for one that there is not */
DQ_API
void dq_net_describe(const char *network, int n_actions, char *text, size_t cap);
/** Which network it is. */
DQ_API
const char *dq_net_network(const dq_net *net);
DQ_API
int dq_net_actions(const dq_net *net);
/** Instruction set in use: "ref", "avx2", "avx512". */
DQ_API
const char *dq_net_isa(const dq_net *net);
/** Precision of products in use: "fp32", "tf32", "bf16". */
DQ_API
const char *dq_net_precision(const dq_net *net);
DQ_API
int dq_net_threads(const dq_net *net);

/** Online and target weights, Adam's moments and step count: all that learning on needs. */
DQ_API
dq_status dq_net_save(const dq_net *net, dq_writer *w);
DQ_API
DQ_NODISCARD dq_status dq_net_load(dq_net *net, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
