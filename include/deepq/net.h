/** A Q-network, its target network and its optimiser, on the CPU.
 *
 *  A convolution reads "channels, kernel / stride":
 *
 *  | network       | convolutions                 | hidden layer | source                        |
 *  |---------------|------------------------------|--------------|-------------------------------|
 *  | "nature"      | 32 8x8/4, 64 4x4/2, 64 3x3/1 | 512          | Mnih et al. 2015              |
 *  | "nips"        | 16 8x8/4, 32 4x4/2           | 256          | Mnih et al. 2013              |
 *  | "small"       | 32 8x8/4, 32 4x4/2, 32 3x3/1 | 256          | docs/fast.md                  |
 *  | "nature_same" | as "nature", padded          | 512          | Castro et al. 2018 (Dopamine) |
 *
 *  The padding of "nature_same" follows TensorFlow's rule SAME; the others have none.
 *  Each layer but the last is followed by a ReLU; the last one is linear, with one output for each
 *  action. The input is four stacked 84x84 frames of bytes, which the network divides by 255.
 *
 *  For states that are vectors of floats there are multilayer perceptrons: linear layers, each but
 *  the last followed by a ReLU. The name says their sizes: "mlp 4-128-64" has 4 inputs and hidden
 *  layers of 128 and 64 outputs. It computes on one thread, in fp32.
 *
 *  For uint8 pictures of any size there are convolutions of any sizes before such layers: "cnn
 *  4x10x12-16k3s1-128" takes [4 channels][height 10][width 12], which it divides by 255; behind it
 *  come 1 to 3 convolutions, here 16 outputs, a 3x3 kernel and stride 1 without padding, then 1 to
 * 4 hidden layers. One thread, fp32.
 *
 *  Words behind the name change the last layers (docs/family.md):
 *
 *  | words             | what they do                                                            |
 *  |-------------------|-------------------------------------------------------------------------|
 *  | "dueling"         | output layers for advantages and a value, behind the same hidden layer  |
 *  | "streams W"       | two hidden layers of W outputs in place of the last one, one for the    |
 *  |                   | advantages and one for the value (Wang et al. 2016)                     |
 *  | "c51 N LOW HIGH"  | for each action the logits of N atoms from LOW to HIGH (Bellemare 2017) |
 *  | "qr N"            | for each action N quantiles of the return (Dabney et al. 2018)          |
 *  | "iqn N K"         | for each action the quantile of any level: N in an update, K for values |
 *  |                   | (Dabney et al. 2018, "Implicit Quantile Networks")                      |
 *  | "noisy"           | factorised noise in the linear layers (Fortunato et al. 2018), see      |
 *  |                   | dq_noise                                                                |
 *  | "noisy            | independent noise there                                                 |
 *  | independent"      |                                                                         |
 *  | "norm"            | layer normalisation behind each layer but the last, in front of its     |
 *  |                   | ReLU (Ba, Kiros, Hinton 2016)                                           |
 *
 *  as in "nature streams 512 noisy c51 51 -10 10". They must stand in this order: dueling or
 *  streams W, noisy or noisy independent, norm, then one of c51, qr and iqn. Dueling merges to
 *  value + advantage - mean advantage, for each atom. With "iqn" an embedding of the level, a
 *  linear layer of DQ_COSINES inputs and a ReLU, is multiplied with the inputs of the last hidden
 *  layer. "norm" excludes it.
 *
 *  A layer normalisation is torch.nn.LayerNorm over all outputs of its layer, [outputs] or
 *  [channels][height][width], with a scale and a shift for each and epsilon 1e-5, as CleanRL has
 *  it; the code of Gallici et al. 2024 normalises the channels of each pixel apart. Of two streams
 *  each is normalised by itself.
 *
 *  No function of this header draws noise; a trainer (train.h) does. A net from dq_net_create()
 *  computes with the means, and dq_net_update() then leaves each sigma as it is.
 *
 *  All memory is allocated by dq_net_create(), none afterwards. Results are bit-identical for any
 *  number of threads; between instruction sets they may differ in rounding. Only one thread at a
 *  time may use a net. Parameters have the names and the layout of the book's DQN class in PyTorch
 *  (Lapan 2020, chapter 6, lib/dqn_model.py), conv.0.weight to fc.2.bias; a network with two
 *  convolutions has no conv.4. Those of "cnn" are conv.0.weight, ..., fc.0.weight, ...; those of a
 *  multilayer perceptron are named as in PyTorch's
 *  nn.Sequential(Linear, ReLU, ..., Linear): 0.weight, 0.bias, 2.weight, ...; with advantages and a
 *  value fc.0.weight, ..., fc_adv.0.weight, fc_val.0.weight. Normalisations count in such a
 *  sequence: conv.0, conv.1 (the normalisation), conv.3, ..., fc.0, fc.1, fc.3. The atoms of C51,
 * "supports", and the levels of quantiles, "quantiles", come behind them as constants, as buffers
 * do in PyTorch; of "iqn" the levels of its K quantiles. */
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
    /** Frames in a state. */
    DQ_NET_STACK = 4,
    /** Height and width of a frame, in pixels. */
    DQ_NET_SIDE = 84,
    /** Bytes in a state. */
    DQ_NET_OBS_BYTES = DQ_NET_STACK * DQ_NET_SIDE * DQ_NET_SIDE,
    /** Most actions that a network can have; Atari has 18 at most. */
    DQ_MAX_ACTIONS = 1024,
    /** Most numbers in a state that is a vector. */
    DQ_MLP_INPUTS_MAX = 16384,
    /** Most hidden layers of a multilayer perceptron. */
    DQ_MLP_LAYERS_MAX = 4,
    /** Most outputs of one of them. */
    DQ_MLP_HIDDEN_MAX = 2048,
    /** Most outputs for one action. */
    DQ_ATOMS_MAX = 512,
    /** Inputs of the embedding of a level t in [0, 1]: cos(pi i t) for i = 1 to DQ_COSINES. */
    DQ_COSINES = 64
};

/** What the outputs of an action are. */
typedef enum dq_head {
    /** One, the action value. */
    DQ_HEAD_VALUE = 0,
    /** The logits of a categorical distribution of the return over fixed atoms: C51 (Bellemare,
     *  Dabney, Munos 2017). */
    DQ_HEAD_C51,
    /** Quantiles of the return at (i + 1/2) / N: QR-DQN (Dabney et al. 2018). */
    DQ_HEAD_QR,
    /** Quantiles of the return at levels that are inputs of the network: IQN (Dabney, Ostrovski,
     *  Silver, Munos 2018). */
    DQ_HEAD_IQN
} dq_head;

/** Whether advantages and a value are computed apart (Wang et al. 2016, equation 9). */
typedef enum dq_dueling {
    /** They are not. */
    DQ_DUELING_NONE = 0,
    /** By two output layers behind the same hidden layer, as in Dopamine. */
    DQ_DUELING_OUTPUT,
    /** By two hidden layers and two output layers, as in the paper. */
    DQ_DUELING_STREAMS
} dq_dueling;

/** Noise in the linear layers (Fortunato et al. 2018): a weight or bias is mean + sigma * noise, of
 *  which mean and sigma are learned and noise is drawn. */
typedef enum dq_noise {
    /** There is none. */
    DQ_NOISE_NONE = 0,
    /** Of a weight it is f(e_input) f(e_output), of a bias f(e_output), with one normal number e
     * for each input and each output of a layer, and f(e) = sgn(e) sqrt(|e|). */
    DQ_NOISE_FACTORISED,
    /** A normal number of its own for each weight and bias. */
    DQ_NOISE_INDEPENDENT
} dq_noise;

/** The loss of a batch: the mean over its samples of a function of e = q[action] - target. It is of
 *  networks whose outputs are values; those of distributions have their own (dq_net_update()). */
typedef enum dq_loss {
    /** e^2. */
    DQ_LOSS_MSE = 0,
    /** e^2 / 2 where |e| < 1, |e| - 1/2 elsewhere: PyTorch's smooth_l1_loss, whose gradient is the
     *  clipped error of Mnih et al. 2015. */
    DQ_LOSS_HUBER,
    /** e^2 / 2. */
    DQ_LOSS_HALF_MSE
} dq_loss;

/** How a gradient g changes a parameter w, at update number t. */
typedef enum dq_optimiser {
    /** Kingma and Ba 2015: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
     *  w -= learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon). */
    DQ_OPTIMISER_ADAM = 0,
    /** Centred RMSProp, as Mnih et al. 2015 have it: m = decay m + (1 - decay) g,
     *  v = decay v + (1 - decay) g^2, w -= learning_rate g / sqrt(v - m^2 + epsilon). */
    DQ_OPTIMISER_RMSPROP,
    /** Rectified Adam (Liu et al. 2020, algorithm 2) as PyTorch has it: Adam's moments, and with
     *  longest = 2 / (1 - beta2) - 1, length = longest - 2 t beta2^t / (1 - beta2^t)
     *  w -= learning_rate (m / (1 - beta1^t)) while length is at most 5; then that times
     *  sqrt((length - 4) (length - 2) longest / ((longest - 4) (longest - 2) length))
     *  sqrt(1 - beta2^t) / (sqrt(v) + epsilon). */
    DQ_OPTIMISER_RADAM
} dq_optimiser;

/** Fill it with dq_net_config_default() first. The strings may be freed once the net is created. */
typedef struct dq_net_config {
    /** Number of actions, 1 to DQ_MAX_ACTIONS. */
    int n_actions;
    /** Transitions in one update, 1 to 65536. */
    int batch;
    /** Threads that compute, the caller included; 0: one for each core. */
    int n_threads;
    /** Instruction set: "ref", "avx2" or "avx512". NULL: $DEEPQ_ISA if set, else the best that the
     *  machine has. */
    const char *isa;
    /** The optimiser of dq_net_update(). */
    dq_optimiser optimiser;
    /** The optimiser's learning rate, 0 or more. */
    double learning_rate;
    /** Adam's decay rate of the mean gradient, 0 to below 1 (Kingma and Ba 2015); rectified Adam's,
     *  too, as are the next two. */
    double beta1;
    /** Adam's decay rate of the mean squared gradient, 0 to below 1. */
    double beta2;
    /** Adam's constant that is added to the denominator, above 0, since a parameter may have no
     *  gradient. */
    double epsilon;
    /** RMSProp's decay rate of the mean gradient and the mean squared gradient, 0 to below 1. */
    double rmsprop_decay;
    /** RMSProp's constant in the root, above 0. */
    double rmsprop_epsilon;
    /** The longest gradient of a batch, all parameters together, as an L2 norm: a longer one is
     *  scaled down to it before the optimiser's step (Pascanu et al. 2013). 0: any length. */
    double gradient_norm;
    /** The loss that dq_net_update() minimises. */
    dq_loss loss;
    /** Precision of the matrix products: "fp32" or "bf16" (see dq_net_create()); NULL: "fp32". */
    const char *precision;
    /** Architecture: "nature", "nips", "small", "nature_same", "mlp" with its sizes, as in
     *  "mlp 4-128-64", or "cnn" with its sizes, as in "cnn 4x10x12-16k3s1-128"; then words for its
     *  last layers, see above; NULL: "nature". */
    const char *network;
    /** Initialisation that dq_net_init() uses, a name from its table; NULL: "pytorch". */
    const char *initialisation;
    /** The sigma that dq_net_init() begins with in noisy layers, above 0: that of a layer is this
     *  over sqrt(fan_in), or this itself where noise is independent. 0: 0.5, or 0.017 where it is
     *  independent (Fortunato et al. 2018, section 3.2). */
    double noisy_sigma;
    /** Whether there is no target network: its functions are then about the online network. */
    bool no_target;
} dq_net_config;

/** The book's values: the network "nature", batch 32, Adam with learning rate 1e-4, beta1 0.9,
 *  beta2 0.999 and epsilon 1e-8, mean squared error, all cores; for RMSProp, which the book does
 *  not use, decay 0.95 and epsilon 0.01 / 32^2 (Mnih et al. 2015). */
DQ_API
dq_net_config dq_net_config_default(int n_actions);

/** The name of initialisation number `index`; number 0 is the default. NULL past the last. */
DQ_API
const char *dq_net_initialisation_name(size_t index);

typedef struct dq_net dq_net;

/** Create a net. All its parameters are zero until dq_net_init(), dq_net_set_params() or
 *  dq_net_load().
 *
 *  With precision "bf16" the factors of most matrix products are rounded to bfloat16 when they are
 *  read; sums, stored weights, loss and optimiser remain float32. It needs a CPU with avx512_bf16,
 * or the instruction set "ref", which is slow.
 *  @param[out] out the net, to be freed by dq_net_destroy(); NULL on failure
 *  @return DQ_OK; DQ_ERR_CONFIG for a value out of range or an unknown name; DQ_ERR_UNSUPPORTED for
 *          an instruction set or a precision that this machine does not have; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_net_create(dq_net **out, const dq_net_config *cfg);
/** Accepts NULL. */
DQ_API
void dq_net_destroy(dq_net *net);

/** Draw the online network's parameters, then copy them to the target network. Each parameter is
 *  uniform between -bound and bound, or of "he_normal" normal with this standard deviation:
 *
 *  | initialisation | bound of a weight            | bias        | source                     |
 *  |----------------|------------------------------|-------------|----------------------------|
 *  | "pytorch"      | 1 / sqrt(fan_in)             | same bound  | PyTorch, Conv2d and Linear |
 *  | "torch7"       | 1 / sqrt(fan_in)             | same bound  | Torch 7, Mnih et al. 2015  |
 *  | "xavier"       | sqrt(6 / (fan_in + fan_out)) | 0           | Glorot, Bengio 2010        |
 *  | "he"           | sqrt(6 / fan_in)             | 0           | He et al. 2015             |
 *  | "he_normal"    | sqrt(2 / fan_in)             | 0           | He et al. 2015             |
 *  | "dopamine"     | sqrt(sqrt(3) / fan_in)       | 0           | Dopamine, RainbowNetwork   |
 *
 *  Means of noisy layers are within 1 / sqrt(fan_in), or sqrt(3 / fan_in) where noise is
 *  independent, biases too, whatever the initialisation; each sigma is dq_net_config.noisy_sigma's.
 *  The scales of normalisations are 1, their shifts 0.
 *
 *  fan_in is the number of inputs of one output of the layer, fan_out the number of outputs that
 *  one input has; for a convolution, channels times the pixels of its kernel. Dopamine's DQN has
 *  "xavier", its agents with distributions "dopamine". The optimiser's moments and step count stay
 * as they are.
 *  @param rng the stream to draw from, in PyTorch's order of parameters */
DQ_API
void dq_net_init(dq_net *net, dq_rng *rng);

/** The bytes of a state: DQ_NET_OBS_BYTES, or of a multilayer perceptron 4 for each input, of a cnn
 * 1 for each pixel of each channel. */
DQ_API
size_t dq_net_obs_bytes(const dq_net *net);

/** Compute the action values of n states with the online network.
 *  @param obs uint8 [n][4][84][84], oldest frame first; of a multilayer perceptron float
 *         [n][inputs], of a cnn uint8 [n][channels][height][width]
 *  @param n number of states, at least 1; it may be larger than the batch
 *  @param[out] q float [n][n_actions] */
DQ_API
void dq_net_q(dq_net *net, const void *obs, int n, float *q);
/** dq_net_q() with the target network. */
DQ_API
void dq_net_target_q(dq_net *net, const void *obs, int n, float *q);
/** The number of outputs for one action: 1, or the atoms of its distribution, or of "iqn N K" N. */
DQ_API
int dq_net_atoms(const dq_net *net);
/** Compute the outputs for n states with the online network: action values, logits of C51, or
 *  quantiles, advantages and values merged.
 *  @param obs as in dq_net_q()
 *  @param[out] y float [n][n_actions][dq_net_atoms()] */
DQ_API
void dq_net_online_outputs(dq_net *net, const void *obs, int n, float *y);
/** dq_net_online_outputs() with the target network. */
DQ_API
void dq_net_target_outputs(dq_net *net, const void *obs, int n, float *y);
/** Choose the levels of quantiles of a network "iqn N K", for the outputs and the updates that
 *  follow; values remain means over the levels (i + 1/2) / K.
 *  @param levels float [n][N] of the n states of the following calls, no more than a batch, each
 *         between 0 and 1; they must live on. NULL, as in the beginning: (i + 1/2) / N for each
 *         state */
DQ_API
void dq_net_set_levels(dq_net *net, const float *levels);
/** Set the learning rate for the updates that follow. dq_net_save() does not save it. */
DQ_API
void dq_net_set_learning_rate(dq_net *net, double learning_rate);
/** Copy the online network's parameters to the target network. */
DQ_API
void dq_net_sync_target(dq_net *net);
/** Move the target network's parameters a part of the way to the online network's: target += rate *
 *  (online - target) (Lillicrap et al. 2016).
 *  @param rate 0 to 1; 1: dq_net_sync_target() */
DQ_API
void dq_net_blend_target(dq_net *net, double rate);

/** One gradient step on a batch: forward pass, loss of the action's outputs against `target`,
 *  backward pass, the optimiser's step. The loss is dq_net_config.loss for values; for C51 the
 * cross entropy between the target and the distribution; for quantiles the sum of their quantile
 * Huber losses with threshold 1, each the mean over the targets (Dabney et al. 2018, equation 10).
 *  @param obs the states of the batch, as in dq_net_q()
 *  @param action int32 [batch], 0 to n_actions - 1
 *  @param target float [batch][dq_net_atoms()]: values, probabilities of C51's atoms, or samples of
 *         the return
 *  @return the loss before the step */
DQ_API
float dq_net_update(dq_net *net, const void *obs, const int32_t *action, const float *target);
/** dq_net_update() with each sample's loss multiplied by a weight, as prioritized replay needs.
 *  @param weight float [batch]; NULL: all 1
 *  @param[out] error float [batch], before the step: q[action] - target, or of a distribution its
 *              loss, without the weight; NULL: not wanted */
DQ_API
float dq_net_update_weighted(dq_net *net, const void *obs, const int32_t *action,
                             const float *target, const float *weight, float *error);
/** Compute the gradients of the loss of dq_net_update_weighted() without changing the parameters;
 *  for tests.
 *  @param weight float [batch]; NULL: all 1
 *  @param[in,out] grads [dq_net_n_tensors()], as dq_net_param_shapes() fills them; the gradients go
 *                 to each one's `data`, dq_tensor_elements() floats that the caller provides
 *  @return the loss */
DQ_API
float dq_net_gradients_weighted(dq_net *net, const void *obs, const int32_t *action,
                                const float *target, const float *weight, dq_tensor *grads);
/** dq_net_gradients_weighted() with all weights 1. */
DQ_API
float dq_net_gradients(dq_net *net, const void *obs, const int32_t *action, const float *target,
                       dq_tensor *grads);

/** The number of parameter tensors of a network, weights and biases; 0 for an unknown name.
 *  @param network NULL: "nature" */
DQ_API
int dq_net_n_tensors(const char *network);
/** The number of parameters of a network; 0 for an unknown name.
 *  @param network NULL: "nature" */
DQ_API
uint64_t dq_net_n_params(const char *network, int n_actions);
/** The names and shapes of a network's parameters, in PyTorch's order.
 *  @param network NULL: "nature"
 *  @param[out] shapes [dq_net_n_tensors()]; names in static storage, `data` NULL
 *  @return the number of tensors; 0 for an unknown name */
DQ_API
int dq_net_param_shapes(const char *network, int n_actions, dq_tensor *shapes);
/** Find the network that has exactly these tensors, by their names and shapes, in any order and
 *  for any number of actions. A cnn is not found: its tensors do not say the size of its pictures.
 *  @return its name, valid until the next call of this thread; NULL when no network has */
DQ_API
const char *dq_net_recognise(const dq_tensor *tensors, size_t n);
/** The number of actions of a network, by the tensors of a model that dq_net_recognise() knows; 0
 *  for others. */
DQ_API
int dq_net_outputs(const dq_tensor *tensors, size_t n);
/** The name of network number `index` of those for pictures; number 0 is the default. NULL past the
 *  last. */
DQ_API
const char *dq_net_network_name(size_t index);
/** Copy the online network's parameters to the caller's tensors.
 *  @param[in,out] params [dq_net_n_tensors()], as dq_net_param_shapes() fills them; the parameters
 *                 go to each one's `data`, dq_tensor_elements() floats that the caller provides */
DQ_API
void dq_net_get_params(const dq_net *net, dq_tensor *params);
/** Set the parameters of both networks from the caller's tensors, in any order; the
 *  optimiser starts again from zero moments.
 *  @return DQ_OK; DQ_ERR_INPUT names a tensor that is missing or has the wrong shape, or says that
 *          there are too many; nothing has changed then */
DQ_API
DQ_NODISCARD dq_status dq_net_set_params(dq_net *net, const dq_tensor *params, size_t n);

/** Whether every parameter of the online network is finite; after learning has diverged, some are
 *  not. */
DQ_API
bool dq_net_is_finite(const dq_net *net);

/** Write the network as PyTorch prints the module, "DQN(\n  (conv): Sequential(...".
 *  @param network NULL: "nature"; a multilayer perceptron is printed as an nn.Sequential
 *  @param[out] text at most `cap` bytes with the final zero, cut off where that is too little; ""
 *              for an unknown name */
DQ_API
void dq_net_describe(const char *network, int n_actions, char *text, size_t cap);
/** The name of the net's architecture, owned by the net. */
DQ_API
const char *dq_net_network(const dq_net *net);
/** The number of actions. */
DQ_API
int dq_net_actions(const dq_net *net);
/** The instruction set in use: "ref", "avx2" or "avx512". */
DQ_API
const char *dq_net_isa(const dq_net *net);
/** The precision of the matrix products: "fp32" or "bf16". */
DQ_API
const char *dq_net_precision(const dq_net *net);
/** The number of threads that compute, the caller included. */
DQ_API
int dq_net_threads(const dq_net *net);

/** Write all that further updates depend on: online and target parameters, the optimiser's moments
 *  and its step count.
 *  @return DQ_OK or the failure of the writer */
DQ_API
dq_status dq_net_save(const dq_net *net, dq_writer *w);
/** Read back what dq_net_save() wrote.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data, or data of another network, number of actions or
 *          optimiser */
DQ_API
DQ_NODISCARD dq_status dq_net_load(dq_net *net, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
