/** A network as data: a list of layers, and what follows from it: the layout of its parameters, its
 *  kernels, the tensors of model files and checkpoints, the printed structure, and how a model is
 *  recognised. The networks are in networks.c. */
#ifndef DEEPQ_NN_GRAPH_H
#define DEEPQ_NN_GRAPH_H

#include "deepq/net.h"
#include "nn/net_shape.h"

/** The kind of a layer. An embedding is a linear layer beside the others: its input is a level, and
 *  its outputs are factors of the next layer's inputs. */
typedef enum dq_layer_kind { DQ_LAYER_CONV, DQ_LAYER_LINEAR, DQ_LAYER_EMBEDDING } dq_layer_kind;

/** A layer. Its input is the output of the layer before it, or the picture. The input of the first
 *  linear layer is the output of the last convolution, channels first, as PyTorch flattens it. */
typedef struct dq_layer {
    const char *name;                       // PyTorch's, "conv.0"
    const char *weight;                     // name of its weight tensor, "conv.0.weight"
    const char *bias;                       // name of its bias tensor, "conv.0.bias"
    const char *sigma_weight, *sigma_bias;  // where it is noisy: "fc.0.sigma_weight"
    const char *norm;                       // of the normalisation behind it, "conv.1"; NULL: none
    const char *norm_weight, *norm_bias;    // the tensors of its scale and shift
    dq_layer_kind kind;                     // convolution, linear or embedding
    int in;             // input channels of a convolution, inputs of a linear layer
    int out;            // output channels or outputs; 0: the number of actions
    int side;           // of a convolution: height of its input in pixels, and width
    int width;          // of its input, where it is not the height; else 0
    int k, stride;      // of a convolution: height and width of its kernel, and its stride
    int before, after;  // of a convolution: pixels of zeros above and left, below and right
    bool relu;          // whether a ReLU follows
} dq_layer;

enum {
    DQ_DENSE_MAX = DQ_MLP_LAYERS_MAX + 1,  // most linear layers of a multilayer perceptron
    DQ_LAYERS_MAX = DQ_CONVS_MAX + DQ_DENSE_MAX + 3,  // all, two of them twice, and an embedding
    DQ_NORMS_MAX = DQ_CONVS_MAX + DQ_DENSE_MAX,       // most normalisations
    DQ_TENSORS_MAX = 6 * DQ_LAYERS_MAX + 1
};
#define DQ_MLP "mlp"            // a multilayer perceptron; its name goes on with its sizes
#define DQ_CNN "cnn"            // convolutions of any sizes before one; the same
enum { DQ_NETWORK_NAME = 96 };  // bytes of a network's name, the final zero included

/** What the last layers of a network compute. */
typedef struct dq_last_layers {
    dq_head head;        // what the outputs of an action are
    int n_atoms;         // outputs of an action
    int n_drawn;         // of IQN: levels of a state in an update; else 0
    int n_levels;        // of IQN: levels of a state whose quantiles' mean is a value; else 0
    float low, high;     // of C51: its first and last atom
    dq_dueling dueling;  // whether advantages and a value are apart
    int stream;          // outputs of each of the two hidden layers; 0: there is one
    dq_noise noise;      // of all linear layers
    bool norm;           // whether layers but the last are normalised, in front of their ReLU
} dq_last_layers;

/** A network: convolutions, a hidden linear layer and the output layer, for pictures; or, in a
 *  multilayer perceptron, linear layers alone, for vectors; or convolutions of any sizes before
 *  these. With two streams the last two linear layers are there twice: of the advantages, of the
 *  value. */
typedef struct dq_network {
    const char *name;                // of one whose sizes are fixed, "nature"; else NULL
    char own_name[DQ_NETWORK_NAME];  // with sizes or words, "mlp 4-128-128", "nature qr 200"; else
                                     // ""
    const char *source;              // where it is described
    dq_layer layers[DQ_LAYERS_MAX];  // [n_layers]
    int n_layers;                    // number of layers
    dq_last_layers last;             // what the last of them compute
} dq_network;

/** Its name, as long as it is there. */
static inline const char *dq_network_name(const dq_network *network)
{
    return *network->own_name ? network->own_name : network->name;
}

/** One of PyTorch's tensors, and its position in the flat array of all parameters. The weights of
 *  two streams are parts of one matrix, the other parts of which are zero. */
typedef struct dq_param {
    const dq_layer *layer;    // the layer that it belongs to; NULL: a constant
    const char *name;         // "conv.0.weight"
    size_t at;                // position of its layer's array
    int dense_row;            // floats in a row of that array, of the dense kernels; else 0
    int first_in, first_out;  // the input and the output where it begins
    int n_dims;               // number of dimensions
    int shape[4];             // size of each dimension; 0: actions times atoms
    int fan_in;               // inputs of one output of its layer
    bool is_bias;             // the bias, else the weight
    bool is_sigma;            // the factor of its noise
    bool is_norm;             // of the normalisation behind it: its scale, or its shift the bias
} dq_param;

/** A convolution of any sizes: a dense layer over the patches of its input, which is [height]
 *  [width][row] floats. */
typedef struct dq_patch_shape {
    int height, width, channels;  // of the input
    int row;                      // floats from one pixel of the input to the next
    int k, stride;                // of its kernel
    int out_height, out_width;    // of the output
    dq_dense_shape dense;         // from a patch, [k][k][channels], to its outputs
    size_t w, b;                  // positions of weights and biases in the flat array
} dq_patch_shape;

/** The normalisation of a layer's outputs, or of the outputs of two streams, each by itself. Scale
 *  and shift lie as the outputs of a sample do. */
typedef struct dq_norm {
    dq_norm_shape shape;  // what is normalised together
    int n_streams;        // 1, or 2 of which the second begins behind shape.n outputs
    size_t size;          // floats in the outputs of a sample, their padding included
    size_t scale, shift;  // positions in the flat array
} dq_norm;

/** What follows from the layers of a network. A multilayer perceptron has n_dense layers and none
 *  of the others, a network of own sizes n_patches before them. Other networks with an output for
 * each action have the output layer of fc2; where the last layers compute more, it is a dense
 * layer. */
typedef struct dq_net_shape {
    const dq_network *network;                // the network
    size_t obs_bytes;                         // bytes of a state
    int n_actions;                            // number of actions
    int n_dense;                              // layers of a multilayer perceptron, or 0
    dq_dense_shape dense[DQ_DENSE_MAX];       // sizes of each
    int n_patches;                            // convolutions of own sizes
    dq_patch_shape patch[DQ_CONVS_MAX];       // sizes of each
    int n_channels, n_pixels;                 // of the output of the last convolution of any kind
    int n_convs;                              // number of convolutions
    int layer[DQ_CONVS_MAX];                  // number of each in dq_conv_shapes
    const dq_conv_shape *conv[DQ_CONVS_MAX];  // sizes of each
    size_t x[DQ_CONVS_MAX];                   // floats in a sample's output of each
    int n_norms;                              // normalisations, 0: none
    dq_norm norm[DQ_NORMS_MAX];               // of the convolutions, then of hidden layers
    dq_dense_shape embedding;                 // sizes of the embedding; in is 0: there is none
    int fc_layer;                             // number of the hidden layer in dq_fc_shapes
    const dq_fc_shape *fc;                    // sizes of the hidden layer
    int n_blocks;                             // blocks of DQ_FC_BLOCK outputs of the hidden layer
    size_t hidden;                            // outputs of the hidden layer
    int n_outputs;                            // outputs for all actions: those times the atoms
    dq_dense_shape out;                       // sizes of a dense output layer; in is 0: it is fc2's
    int n_out_blocks;                         // blocks of DQ_OUT_BLOCK outputs of the output layer
    size_t out_pad;                           // floats in a row of its outputs: whole blocks

    /* Positions in the flat array of n_params floats, in PyTorch's order. */
    size_t dense_w[DQ_DENSE_MAX];      // weights of each layer of a multilayer perceptron
    size_t dense_b[DQ_DENSE_MAX];      // biases of each
    size_t conv_w[DQ_CONVS_MAX];       // weights of each convolution
    size_t conv_b[DQ_CONVS_MAX];       // biases of each convolution
    size_t embedding_w, embedding_b;   // weights and biases of the embedding
    size_t fc_w, fc_b;                 // weights and biases of the hidden layer
    size_t out_w, out_b;               // weights and biases of the output layer
    size_t noisy, n_noisy;             // the parameters that have noise: the first, and how many
    size_t sigma;                      // the factors of their noise, [n_noisy]
    size_t atoms;                      // the constants of a distribution
    size_t n_params;                   // floats in the array
    int n_tensors;                     // number of tensors
    dq_param tensors[DQ_TENSORS_MAX];  // in PyTorch's order
} dq_net_shape;

/** Whether tensors, in any order, are those of a network, the constants of its distribution
 *  included. */
bool dq_network_fits(const dq_network *network, const dq_tensor *tensors, size_t n);

/** The name that a multilayer perceptron with these last layers gives the weights of layer i,
 *  "2.weight", or as a part of a module "fc.2.weight". */
const char *dq_mlp_weight_name(int i, const dq_last_layers *last);
/** Whether with these last layers a multilayer perceptron is a part of a module. */
bool dq_mlp_is_part(const dq_last_layers *last);

/** The network of a model: the one that its record names, if it has these tensors, which do not say
 *  all of noise, of levels and of convolutions; else the one that the tensors show.
 *  @param named "" or NULL: there is no record
 *  @param[out] n_actions the number of its actions
 *  @return false: none that deepq knows */
bool dq_network_of_model(const char *named, const dq_tensor *tensors, size_t n, dq_network *network,
                         int *n_actions);

/** Network number `index` of those for pictures; number 0 is the default. NULL past the last. */
const dq_network *dq_network_at(size_t index);
/** The network with a name.
 *  @param name NULL: the default
 *  @param[out] network for which nothing need be freed
 *  @return DQ_OK; DQ_ERR_CONFIG for an unknown name: the message lists the known ones */
DQ_NODISCARD dq_status dq_network_find(const char *name, dq_network *network);
/** Whether a name is that of a multilayer perceptron, with or without its sizes; NULL is none. */
bool dq_network_is_mlp(const char *name);
/** Whether a name is that of a network with convolutions of own sizes; NULL is none. */
bool dq_network_is_cnn(const char *name);
/** Whether its states are kept whole: stacks of four 84x84 pictures alone share them with one
 *  another. */
bool dq_network_takes_whole(const char *name);
/** Whether a text is that of convolutions, "16k3s1" or up to DQ_CONVS_MAX of them with commas
 *  between: outputs, side of the kernel, stride. */
bool dq_is_convolutions(const char *text);

/** The words that say what the last layers of a network compute, " qr 200"; "" for action values.
 */
void dq_network_words(const dq_last_layers *last, char *text, size_t cap);

/** The head of what dq_net_save() wrote. */
typedef struct dq_saved_net {
    char network[DQ_NETWORK_NAME];  // "" where it does not say: one for pictures
    uint32_t n_actions;
    uint64_t n_params, n_updates;
    dq_optimiser optimiser;
} dq_saved_net;
/** Of which net dq_net_save() wrote, which is to be read next and remains so.
 *  @return DQ_OK; DQ_ERR_INPUT */
DQ_NODISCARD dq_status dq_saved_net_peek(dq_reader *r, dq_saved_net *saved);

/** "value", "c51", "qr", "iqn", NULL: the words for each dq_head. */
extern const char *const dq_head_names[];
/** "none", "factorised", "independent", NULL: the words for each dq_noise. */
extern const char *const dq_noise_names[];
/** "adam", "rmsprop", NULL: the words for each dq_optimiser. */
extern const char *const dq_optimiser_names[];
/** The word for an optimiser; NULL: there is no such one. */
const char *dq_optimiser_name(dq_optimiser optimiser);

/** What follows from the layers of a network.
 *  @param network is pointed to by the result */
dq_net_shape dq_net_shape_of(const dq_network *network, int n_actions);
/** How many constants a distribution has; 0: it is none. */
int dq_n_constants(const dq_last_layers *last);
/** Constant i of a distribution: an atom of C51, a quantile's level. */
float dq_atom_constant(const dq_last_layers *last, int i);

/** The inputs of an embedding: cos(pi i level) for i = 1 to DQ_COSINES.
 *  @param level [n]
 *  @param[out] to [n][DQ_COSINES] */
void dq_level_cosines(const float *level, int n, float *to);

/* What stands between the output layer and the outputs for each action (last_layers.c). */

/** Merge advantages and value: value + advantage - mean advantage.
 *  @param raw [out_pad] outputs of the output layer: of all advantages, then of the value
 *  @param[out] y [n_actions][n_atoms] */
void dq_net_merge(const dq_net_shape *s, const float *raw, float *y);
/** The gradient with respect to the output layer's outputs.
 *  @param dy [n_atoms] gradient with respect to the outputs of an action
 *  @param[out] raw [out_pad] */
void dq_net_spread(const dq_net_shape *s, int action, const float *dy, float *raw);
/** Set to zero the parts of an output layer's weights, or of their gradients, that would lead from
 *  one stream to the other's outputs.
 *  @param[in,out] w [in_row][out_row] */
void dq_net_part_streams(const dq_net_shape *s, const dq_dense_shape *out, float *w);

/** Height or width of what a convolution gives, from that of its input. */
static inline int dq_conv_extent(const dq_layer *l, int extent)
{
    return (extent + l->before + l->after - l->k) / l->stride + 1;
}

/** Position in the flat array of element i of tensor p. */
size_t dq_param_place(const dq_net_shape *s, const dq_param *p, size_t i);

/** Position of the output layer's weight from hidden unit k to an output, relative to out_w. */
static inline size_t dq_out_place(const dq_net_shape *s, size_t k, size_t output)
{
    return (output / DQ_OUT_BLOCK * s->hidden + k) * DQ_OUT_BLOCK + output % DQ_OUT_BLOCK;
}

#endif
