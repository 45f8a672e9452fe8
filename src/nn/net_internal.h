/** The fields of a net: its parameters in flat arrays, and all other memory. */
#ifndef DEEPQ_NN_NET_INTERNAL_H
#define DEEPQ_NN_NET_INTERNAL_H

#include <stdatomic.h>

#include "base/pool.h"
#include "deepq/net.h"
#include "nn/graph.h"
#include "nn/kernels.h"
#include "nn/objective.h"

enum { DQ_CHUNK = 4 };  // most samples in one task of the convolutions

/** A set of parameters and what the kernels prepare from them. */
typedef struct dq_weights {
    float *params;           // [n_params] the parameters
    float *u[DQ_CONVS_MAX];  // transforms of convolution weights, for the forward pass
    float *w4;               // weights of the hidden layer in the layout of fc1
    float *used;   // [n_params] where the linear layers' are with their noise; params without noise
    float *noise;  // what was drawn (noise.c); without noise NULL
    bool is_stale;  // whether `used` and `w4` are yet to follow from the parameters and the noise
} dq_weights;

/** A rectangle of the weights of a noisy layer: outputs that share what is drawn for inputs. */
typedef struct dq_noisy_part {
    size_t at;             // position of its first weight in the flat array of parameters
    int n_in, row, n_out;  // inputs; floats from one to the next; outputs, which lie side by side
    size_t bias;           // position of its first bias
    size_t of_in, of_out;  // factorised: where their noise begins in dq_weights.noise
    int block;             // of the hidden layer of a network for pictures; -1: another layer
} dq_noisy_part;

enum { DQ_NOISY_PARTS_MAX = 2 * DQ_HIDDEN_MAX / DQ_FC_BLOCK + DQ_DENSE_MAX + 2 };

struct dq_net {
    dq_net_config cfg;       // as it was given; its strings are NULL
    dq_network network;      // its layers
    dq_net_shape shape;      // what follows from the layers
    dq_objective objective;  // what its outputs mean, and its loss
    const dq_kernels *k;     // kernels in use
    dq_pool *pool;           // threads
    int64_t n_updates;       // the optimiser's step count
    int initialisation;      // that dq_net_init() uses
    int cap;                 // samples that the activations have room for

    void *arena;              // all memory below
    dq_weights online;        // the online network
    dq_weights target;        // the target network
    float *ut[DQ_CONVS_MAX];  // transforms of online weights, for the input gradients
    float *m, *v;             // [n_params] the optimiser's first and second moments
    float *grad;              // [n_params] gradients
    double *squares;          // [dq_net_n_norm_tasks()] sums of squared gradients

    dq_noisy_part noisy[DQ_NOISY_PARTS_MAX];  // the noisy layers; of the hidden one a part is a
                                              // block, in their order
    int n_noisy;                              // how many parts there are; 0: none is noisy

    const float *gain;  // [states] factors of the inputs; NULL: all 1

    /* Behind an embedding a state has a row for each of its levels; else it has one. */
    int n_rows;                 // of a state, in this pass
    const float *row_levels;    // [states][n_rows] in this pass; NULL: in even steps
    const float *given_levels;  // dq_net_set_levels()
    float *levels;              // [rows] of the last pass
    float *cosines;             // [rows][DQ_COSINES] of the levels
    float *psi;                 // [rows][features] their embeddings
    float *mixed;               // [rows][features] the features times these
    float *dmixed;              // gradients of `mixed`, then of psi before its ReLU

    float *x[DQ_CONVS_MAX];        // [cap] outputs of each convolution
    float *features;               // the outputs of the last convolution, or of what is before an
                                   // embedding
    float *h;                      // [rows][hidden] outputs of the hidden layer
    float *q;                      // [rows][out_pad] outputs of the output layer
    float *fc_x;                   // inputs of the hidden layer in the layout of fc1
    float *fc_slices;              // the same in the layout of fc1_dw
    float *dfeatures;              // gradients of the features
    float *dh;                     // gradients of the input of the hidden layer's ReLU
    float *fc_dy;                  // dh in the layout of fc1_dw
    float *dht;                    // dh in the layout of fc1_dx
    float *conv_v[DQ_CONVS_MAX];   // transforms of the inputs of a batch
    float *conv_z[DQ_CONVS_MAX];   // transforms of the output gradients of a batch
    float *conv_du[DQ_CONVS_MAX];  // gradients of u

    float *dense_x[DQ_DENSE_MAX];   // [rows][in_row] inputs of a multilayer perceptron's layers
    float *dense_dy[DQ_DENSE_MAX];  // [rows][out_row] gradients of their outputs, before the ReLU
    float *dense_turned;            // transposed weights of one of them
    float *pictures;                // [cap] a network of own sizes: its states, channels last
    float
        *patches[DQ_CONVS_MAX];  // [cap][pixels][in_row] inputs of its convolutions, patch by patch
    float *dpatches[DQ_CONVS_MAX];  // their gradients
    float *dx[DQ_CONVS_MAX];        // gradients of x
    float *dinputs;                 // [cap] gradients of the inputs of its first linear layer
    /* Of each normalisation, outputs of a sample with their padding. */
    float *norm_x[DQ_NORMS_MAX];       // [cap] normalised outputs, in front of scale and shift
    float *norm_factor[DQ_NORMS_MAX];  // [cap][n_streams] factors that made their variance 1
    float *norm_dy[DQ_NORMS_MAX];      // [cap] gradients in front of the ReLU
    float *ones;                       // [n_ones] outputs of convolutions that no ReLU holds back
    size_t n_ones;

    float *out_dy;      // [rows][out_pad] gradients of q, of a dense output layer
    float *merged;      // [n_outputs][n_rows] outputs of a state, advantages and value merged
    float *merged_row;  // [n_outputs] of one row

    float *scratch;       // a piece for each thread
    size_t scratch_size;  // floats in a piece
    size_t padded_size;   // floats in the part of a piece for pictures with padding
    atomic_flag *in_use;  // [threads] pieces that a task has taken
};

/** Take a free piece of scratch. There is one for each thread, so one is always free. */
float *dq_net_take_scratch(dq_net *net);
/** Return a piece of scratch. */
void dq_net_return_scratch(dq_net *net, const float *piece);

/** The number of tasks that n samples are divided into. The results do not depend on it. */
int dq_net_n_chunks(const dq_net *net, int n);
/** The samples of a task, begin to end - 1. */
void dq_net_chunk(const dq_net *net, int n, int task, int *begin, int *end);

/** Forward pass of n <= cap states, to x, h and q.
 *  @param keep compute conv_v as well, for the gradients */
void dq_net_forward(dq_net *net, dq_weights *weights, const void *obs, int n, int keep);

/** Copy the inputs of the hidden layer of some rows, begin to end - 1, to the layout of fc1. */
void dq_net_take_hidden_inputs(dq_net *net, const float *x, int begin, int end);

/** The outputs of sample i of the last forward pass, advantages and value merged.
 *  @param[out] y [n_actions][n_atoms or n_rows] */
void dq_net_outputs_of(dq_net *net, int i, float *y);

/* The embedding of the levels of quantiles (embedding.c). Without one these do nothing. */

/** Choose the levels of the next passes: those that a value is the mean over, or those that are
 *  given. */
void dq_net_choose_levels(dq_net *net, bool of_values);
/** Most rows of a pass behind the embedding; without one cap. */
size_t dq_embedding_rows(const dq_net *net);
/** Lay out what it needs. */
void dq_embedding_plan(dq_net *net, char *base, size_t *used);
/** From the features of n states and their levels to `mixed`. */
void dq_embedding_forward(dq_net *net, const dq_weights *weights, int n);
/** From dmixed of a batch to dfeatures and the gradients of the embedding. */
void dq_embedding_backward(dq_net *net);

/** Multiply all inputs of each state by a factor, in the calls that follow. They must be of no more
 *  states than the batch. Not for multilayer perceptrons.
 *  @param gain [states], which must live on; NULL: none, as in the beginning */
void dq_net_set_gain(dq_net *net, const float *gain);

/** A part of the arena for n floats, or NULL while `base` is.
 *  @param[in,out] used bytes of the arena that are taken */
float *dq_net_take(char *base, size_t *used, size_t n_floats);

/* A multilayer perceptron, or one behind convolutions of own sizes. */

/** The gradient of a layer's biases: the sum over the samples.
 *  @param dy [n][out_row] */
void dq_net_sum_rows(const dq_dense_shape *s, const float *dy, int n, float *db);

/** Lay out what is between its inputs and net->q. */
void dq_mlp_plan(dq_net *net, char *base, size_t *used);
/** Forward pass of n <= cap states, to dense_x and q. */
void dq_mlp_forward(dq_net *net, const dq_weights *weights, const void *obs, int n);
/** All gradients of a batch, from dense_dy of the last layer and the last forward pass. */
void dq_mlp_backward(dq_net *net);

/* The convolutions of a network of own sizes (patches.c). */

/** Lay out what is between its states and the first linear layer. */
void dq_patches_plan(dq_net *net, char *base, size_t *used);
/** Forward pass of n <= cap states. @param[out] features [n][dense[0].in_row] */
void dq_patches_forward(dq_net *net, const dq_weights *weights, const uint8_t *obs, int n,
                        float *features);
/** All their gradients of a batch, from dinputs and the last forward pass. */
void dq_patches_backward(dq_net *net);

/* Layer normalisation (norm.c). Without it these do nothing. */

/** Lay out what normalisations need. */
void dq_norm_plan(dq_net *net, char *base, size_t *used);
/** Set the constants among it. */
void dq_norm_set_constants(dq_net *net);
/** Normalise the outputs of layer l of samples begin to end - 1, with the ReLU behind.
 *  @param l the number of the normalisation, in the order of the layers
 *  @param[in,out] y the outputs of all samples */
void dq_norm_forward_pass(dq_net *net, const dq_weights *weights, int l, int begin, int end,
                          float *y);
/** The gradients of layer l's outputs, of the last forward pass.
 *  @param y its outputs behind the ReLU, from sample `begin` on
 *  @param[in,out] dy gradients of y, then those of the outputs */
void dq_norm_backward_pass(dq_net *net, int l, int begin, int end, const float *y, float *dy);
/** The gradients of all scales and shifts, after dq_norm_backward_pass() of all layers. */
void dq_norm_gradients(dq_net *net);

/** Words in one block of dq_weights.w4. */
size_t dq_net_w4_block(const dq_net *net);
/** Compute w4 for block b of the hidden layer and the slice of inputs that begins at k. */
void dq_net_prepare_slice(const dq_net *net, const dq_weights *weights, int b, int k);

/** Compute what depends on the parameters, after they were set from outside. */
void dq_net_params_changed(dq_net *net);

/* Noisy layers (noise.c). Without noise these do nothing. */

/** Find the parts of a net. */
void dq_noise_plan(dq_net *net);
/** Floats that are drawn for one network. */
size_t dq_noise_floats(const dq_net *net);
/** Draw noise, which remains until the next draw. In the beginning it is 0.
 *  @param weights of the net: the online network's or the target network's
 *  @param rng draws, layer by layer in PyTorch's order, the inputs' numbers and then the outputs';
 *         or of independent noise the weights' and then the biases' */
void dq_net_draw_noise(dq_net *net, dq_weights *weights, dq_rng *rng);
/** Make `used` and `w4` follow from the parameters and the noise, unless they do. */
void dq_net_mix_noise(dq_net *net, dq_weights *weights);
/** Gradients of the factors of noise, of some weights of the online network.
 *  @param first, n which inputs of the part
 *  @param grad [n][row] gradients of these weights
 *  @param[out] sigma [n][row] */
void dq_noise_gradients(const dq_net *net, const dq_noisy_part *part, int first, int n,
                        const float *grad, float *sigma);
/** Gradients of the factors of noise in net->grad, from the others there.
 *  @param with_blocks whether the hidden layer's weights are there; its biases always are */
void dq_noise_all_gradients(dq_net *net, bool with_blocks);

/** The initialisation with a name.
 *  @param name NULL: the default
 *  @return DQ_OK; DQ_ERR_CONFIG for an unknown name: the message lists the known ones */
DQ_NODISCARD dq_status dq_initialisation_find(const char *name, int *index);

/** The optimiser's next step, number n_updates + 1. */
dq_optimiser_step dq_net_optimiser_step(const dq_net *net);
/** How many parts the sum of squared gradients has. */
int dq_net_n_norm_tasks(const dq_net *net);
/** Take the optimiser's step on n parameters.
 *  @param at the first one
 *  @param grad [n] their gradients */
void dq_net_optimise(dq_net *net, const dq_optimiser_step *step, size_t at, size_t n,
                     const float *grad);

/** Copy a flat array of all parameters, or of their gradients, to PyTorch's tensors. */
void dq_net_copy_tensors(const dq_net *net, const float *params, dq_tensor *out);

#endif
