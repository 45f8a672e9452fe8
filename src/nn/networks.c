/* The networks there are. One more for pictures is a row here; its layers' sizes, where no other
 * network has them yet, are rows in net_shape.h, from which the kernels are compiled. A multilayer
 * perceptron has its sizes in its name. Words behind a name change the last layers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spelling.h"
#include "nn/graph.h"
#include "nn/objective.h"

#define CONV(layer, n_in, pixels, n_out, kernel, step, ...)                                        \
    {                                                                                              \
        .kind = DQ_LAYER_CONV, .name = layer, .weight = layer ".weight", .bias = layer ".bias",    \
        .in = (n_in), .out = (n_out), .side = (pixels), .k = (kernel), .stride = (step),           \
        .relu = true, __VA_ARGS__                                                                  \
    }
#define LINEAR(layer, n_in, n_out, has_relu)                                                       \
    {                                                                                              \
        .kind = DQ_LAYER_LINEAR, .name = layer, .weight = layer ".weight", .bias = layer ".bias",  \
        .sigma_weight = layer ".sigma_weight", .sigma_bias = layer ".sigma_bias", .in = (n_in),    \
        .out = (n_out), .relu = (has_relu)                                                         \
    }
#define EMBEDDING                                                                                  \
    {                                                                                              \
        .kind = DQ_LAYER_EMBEDDING, .name = "embedding.0", .weight = "embedding.0.weight",         \
        .bias = "embedding.0.bias", .in = DQ_COSINES, .relu = true                                 \
    }
#define NOT_PADDED .before = 0
#define PAD(first, second) .before = (first), .after = (second)
enum { N_ACTIONS = 0 };  // outputs: as many as there are actions

static const dq_network networks[] = {
    {"nature",
     "",
     "Mnih et al. 2015",
     {CONV("conv.0", 4, 84, 32, 8, 4, NOT_PADDED), CONV("conv.2", 32, 20, 64, 4, 2, NOT_PADDED),
      CONV("conv.4", 64, 9, 64, 3, 1, NOT_PADDED), LINEAR("fc.0", 64 * 7 * 7, 512, true),
      LINEAR("fc.2", 512, N_ACTIONS, false)},
     5,
     {.n_atoms = 1}},
    {"nips",
     "",
     "Mnih et al. 2013",
     {CONV("conv.0", 4, 84, 16, 8, 4, NOT_PADDED), CONV("conv.2", 16, 20, 32, 4, 2, NOT_PADDED),
      LINEAR("fc.0", 32 * 9 * 9, 256, true), LINEAR("fc.2", 256, N_ACTIONS, false)},
     4,
     {.n_atoms = 1}},
    {"small",
     "",
     "docs/fast.md",
     {CONV("conv.0", 4, 84, 32, 8, 4, NOT_PADDED), CONV("conv.2", 32, 20, 32, 4, 2, NOT_PADDED),
      CONV("conv.4", 32, 9, 32, 3, 1, NOT_PADDED), LINEAR("fc.0", 32 * 7 * 7, 256, true),
      LINEAR("fc.2", 256, N_ACTIONS, false)},
     5,
     {.n_atoms = 1}},
    {"nature_same",
     "",
     "Dopamine, where convolutions pad (Castro et al. 2018)",
     {CONV("conv.0", 4, 84, 32, 8, 4, PAD(2, 2)), CONV("conv.2", 32, 21, 64, 4, 2, PAD(1, 2)),
      CONV("conv.4", 64, 11, 64, 3, 1, PAD(1, 1)), LINEAR("fc.0", 64 * 11 * 11, 512, true),
      LINEAR("fc.2", 512, N_ACTIONS, false)},
     5,
     {.n_atoms = 1}},
};

/* As in PyTorch's nn.Sequential(Linear, ReLU, ...); with dueling or an embedding that is a part of
 * a module. */
static const dq_layer mlp_layers[DQ_DENSE_MAX] = {
    LINEAR("0", 0, 0, true), LINEAR("2", 0, 0, true), LINEAR("4", 0, 0, true),
    LINEAR("6", 0, 0, true), LINEAR("8", 0, 0, true),
};
static const dq_layer mlp_part_layers[DQ_DENSE_MAX] = {
    LINEAR("fc.0", 0, 0, true), LINEAR("fc.2", 0, 0, true), LINEAR("fc.4", 0, 0, true),
    LINEAR("fc.6", 0, 0, true), LINEAR("fc.8", 0, 0, true),
};

/** A layer's names where normalisations stand between the layers, and theirs. */
#define NORMED(from, sequence, number, norm_number)                                                \
    {                                                                                              \
        from,                                                                                      \
        {                                                                                          \
            .name = sequence number, .weight = sequence number ".weight",                          \
            .bias = sequence number ".bias", .sigma_weight = sequence number ".sigma_weight",      \
            .sigma_bias = sequence number ".sigma_bias", .norm = sequence norm_number,             \
            .norm_weight = sequence norm_number ".weight",                                         \
            .norm_bias = sequence norm_number ".bias"                                              \
        }                                                                                          \
    }
static const struct {
    const char *from;
    dq_layer names;
} normed[] = {
    NORMED("conv.0", "conv.", "0", "1"),
    NORMED("conv.2", "conv.", "3", "4"),
    NORMED("conv.4", "conv.", "6", "7"),
    NORMED("fc.0", "fc.", "0", "1"),
    NORMED("fc.2", "fc.", "3", "4"),
    NORMED("fc.4", "fc.", "6", "7"),
    NORMED("fc.6", "fc.", "9", "10"),
    NORMED("fc.8", "fc.", "12", "13"),
    NORMED("0", "", "0", "1"),
    NORMED("2", "", "3", "4"),
    NORMED("4", "", "6", "7"),
    NORMED("6", "", "9", "10"),
    NORMED("8", "", "12", "13"),
    NORMED("fc_adv.0", "fc_adv.", "0", "1"),
    NORMED("fc_adv.2", "fc_adv.", "3", "4"),
    NORMED("fc_val.0", "fc_val.", "0", "1"),
    NORMED("fc_val.2", "fc_val.", "3", "4"),
};

/** The names that a layer has then. */
static const dq_layer *normed_names(const dq_layer *l)
{
    size_t i = 0;
    while (strcmp(normed[i].from, l->name) != 0)
        i++;
    return &normed[i].names;
}

const char *dq_mlp_weight_name(int i, const dq_last_layers *last)
{
    const dq_layer *l = (dq_mlp_is_part(last) ? mlp_part_layers : mlp_layers) + i;
    return last->norm ? normed_names(l)->weight : l->weight;
}

bool dq_mlp_is_part(const dq_last_layers *last)
{
    return last->dueling != DQ_DUELING_NONE || last->head == DQ_HEAD_IQN;
}

const dq_network *dq_network_at(size_t index)
{
    return index < DQ_COUNT(networks) ? &networks[index] : NULL;
}

const char *dq_net_network_name(size_t index)
{
    return index < DQ_COUNT(networks) ? networks[index].name : NULL;
}

/** Whether a name begins with a word. */
static bool begins_with(const char *name, const char *word)
{
    size_t n = strlen(word);
    return name && strncmp(name, word, n) == 0 && (name[n] == ' ' || name[n] == '\0');
}

bool dq_network_is_mlp(const char *name)
{
    return begins_with(name, DQ_MLP);
}

bool dq_network_is_cnn(const char *name)
{
    return begins_with(name, DQ_CNN);
}

bool dq_network_takes_whole(const char *name)
{
    static const char stacked[] = DQ_CNN " 4x84x84-";
    return dq_network_is_mlp(name) ||
           (dq_network_is_cnn(name) && strncmp(name, stacked, strlen(stacked)) != 0);
}

/** One of the sizes of an mlp. @return where the text goes on, NULL for something else */
static const char *read_size(const char *text, int most, int *size)
{
    char *end;
    if (*text < '1' || *text > '9')
        return NULL;
    long n = strtol(text, &end, 10);
    *size = (int)n;
    return n <= most ? end : NULL;
}

/** "4-128-64": inputs, then hidden layers. @return how many sizes, 0 for something else */
static int read_sizes(const char *text, int sizes[DQ_DENSE_MAX])
{
    for (int n = 0; n < DQ_DENSE_MAX; text++) {
        text = read_size(text, n == 0 ? DQ_MLP_INPUTS_MAX : DQ_MLP_HIDDEN_MAX, &sizes[n]);
        if (!text || (*text != '-' && *text != '\0'))
            return 0;
        n++;
        if (*text == '\0')
            return n;
    }
    return 0;
}

/** The sizes of an mlp, "mlp 4-128-64", without words behind them. */
static dq_status make_mlp(const char *name, size_t n_name, dq_network *network)
{
    char text[DQ_NETWORK_NAME];
    int sizes[DQ_DENSE_MAX], n = 0;
    snprintf(text, sizeof(text), "%.*s", (int)n_name, name);
    if (text[strlen(DQ_MLP)] == ' ')
        n = read_sizes(text + strlen(DQ_MLP) + 1, sizes);
    if (n < 2)
        return dq_fail(DQ_ERR_CONFIG,
                       "network '%s': write inputs and 1 to %d hidden layers, 1 to %d wide, as in "
                       "'mlp 4-128-128'",
                       name, DQ_MLP_LAYERS_MAX, DQ_MLP_HIDDEN_MAX);
    *network = (dq_network){.source = "a multilayer perceptron", .n_layers = n};
    for (int i = 0; i < n; i++) {
        network->layers[i] = mlp_layers[i];
        network->layers[i].in = sizes[i];
        network->layers[i].out = i + 1 < n ? sizes[i + 1] : N_ACTIONS;
        network->layers[i].relu = i + 1 < n;
    }
    return DQ_OK;
}

enum { CNN_SIDE_MAX = 512, CNN_CHANNELS_MAX = 512, CNN_KERNEL_MAX = 32 };

/** A letter and a size behind it. @return as read_size() */
static const char *read_marked(const char *text, char mark, int most, int *size)
{
    return text && *text == mark ? read_size(text + 1, most, size) : NULL;
}

/** "16k3s1". @return as read_size() */
static const char *read_convolution(const char *text, dq_layer *l)
{
    text = read_size(text, CNN_CHANNELS_MAX, &l->out);
    text = read_marked(text, 'k', CNN_KERNEL_MAX, &l->k);
    return read_marked(text, 's', CNN_KERNEL_MAX, &l->stride);
}

bool dq_is_convolutions(const char *text)
{
    dq_layer l;
    for (int i = 0; i < DQ_CONVS_MAX; i++, text++) {
        text = read_convolution(text, &l);
        if (!text || *text == '\0' || *text != ',')
            return text && *text == '\0';
    }
    return false;
}

/** Height and width of what a convolution gives. @return whether its kernel has room */
static bool size_of_output(const dq_layer *l, int *height, int *width)
{
    if (l->k > l->side || l->k > l->width)
        return false;
    *height = (l->side - l->k) / l->stride + 1;
    *width = (l->width - l->k) / l->stride + 1;
    return true;
}

/** "4x10x10-16k3s1-128": channels, height and width, convolutions, hidden layers. */
static bool read_cnn(const char *text, dq_network *network)
{
    static const dq_layer convs[] = {CONV("conv.0", 0, 0, 0, 0, 0, NOT_PADDED),
                                     CONV("conv.2", 0, 0, 0, 0, 0, NOT_PADDED),
                                     CONV("conv.4", 0, 0, 0, 0, 0, NOT_PADDED)};
    int channels = 0, height = 0, width = 0, n = 0, n_dense = 0;
    text = read_size(text, CNN_CHANNELS_MAX, &channels);
    text = read_marked(text, 'x', CNN_SIDE_MAX, &height);
    text = read_marked(text, 'x', CNN_SIDE_MAX, &width);
    for (; text && *text == '-' && n < DQ_CONVS_MAX && strchr(text + 1, 'k'); n++) {
        dq_layer l = convs[n];
        l.in = channels;
        l.side = height;
        l.width = width;
        text = read_convolution(text + 1, &l);
        if (!text || !size_of_output(&l, &height, &width))
            return false;
        channels = l.out;
        network->layers[n] = l;
    }
    network->n_layers = n;
    int in = channels * height * width;
    for (; text && *text == '-' && n > 0 && n_dense < DQ_MLP_LAYERS_MAX; n_dense++) {
        dq_layer l = mlp_part_layers[n_dense];
        l.in = in;
        text = read_size(text + 1, DQ_MLP_HIDDEN_MAX, &l.out);
        in = l.out;
        network->layers[network->n_layers++] = l;
    }
    if (!text || *text || n_dense == 0)
        return false;
    network->layers[network->n_layers] = mlp_part_layers[n_dense];
    network->layers[network->n_layers].in = in;
    network->layers[network->n_layers].out = N_ACTIONS;
    network->layers[network->n_layers++].relu = false;
    return true;
}

/** The sizes of a network with convolutions of own sizes, without words behind them. */
static dq_status make_cnn(const char *name, size_t n_name, dq_network *network)
{
    char text[DQ_NETWORK_NAME];
    snprintf(text, sizeof(text), "%.*s", (int)n_name, name);
    *network = (dq_network){.source = "convolutions of any sizes"};
    if (text[strlen(DQ_CNN)] == ' ' && read_cnn(text + strlen(DQ_CNN) + 1, network))
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG,
                   "network '%s': write channels, height and width, 1 to %d convolutions (outputs, "
                   "kernel, stride) that fit into them, and 1 to %d hidden layers, as in 'cnn "
                   "4x10x10-16k3s1-128'",
                   name, DQ_CONVS_MAX, DQ_MLP_LAYERS_MAX);
}

/* ---------------------------------------------------------------- words for the last layers */

const char *const dq_head_names[] = {[DQ_HEAD_VALUE] = "value",
                                     [DQ_HEAD_C51] = "c51",
                                     [DQ_HEAD_QR] = "qr",
                                     [DQ_HEAD_IQN] = "iqn",
                                     NULL};

static const char *const duelings[] = {
    [DQ_DUELING_NONE] = "none", [DQ_DUELING_OUTPUT] = "dueling", [DQ_DUELING_STREAMS] = "streams"};

const char *const dq_noise_names[] = {[DQ_NOISE_NONE] = "none",
                                      [DQ_NOISE_FACTORISED] = "factorised",
                                      [DQ_NOISE_INDEPENDENT] = "independent",
                                      NULL};

static const char noisy[] = "noisy";  // factorised, where no word says otherwise
static const char norm[] = "norm";

/** Whether the text goes on with a word. @param[in,out] text is moved behind it */
static bool take_word(const char **text, const char *word)
{
    size_t n = strlen(word);
    if (**text != ' ' || strncmp(*text + 1, word, n) != 0 ||
        ((*text)[n + 1] != ' ' && (*text)[n + 1] != '\0'))
        return false;
    *text += n + 1;
    return true;
}

/** Whether the text goes on with a number. @param[in,out] text is moved behind it */
static bool take_number(const char **text, double low, double high, double *number)
{
    char *end;
    if (**text != ' ' || !strchr("-0123456789", (*text)[1]))
        return false;
    *number = strtod(*text + 1, &end);
    if (end == *text + 1 || !(*number >= low && *number <= high))
        return false;
    *text = end;
    return true;
}

static bool take_count(const char **text, int low, int high, int *count)
{
    double number;
    if (!take_number(text, low, high, &number) || number != floor(number))
        return false;
    *count = (int)number;
    return true;
}

static bool read_words(const char *text, dq_last_layers *last)
{
    double low = 0, high = 1;
    *last = (dq_last_layers){.n_atoms = 1};
    if (take_word(&text, duelings[DQ_DUELING_OUTPUT]))
        last->dueling = DQ_DUELING_OUTPUT;
    else if (take_word(&text, duelings[DQ_DUELING_STREAMS])) {
        last->dueling = DQ_DUELING_STREAMS;
        if (!take_count(&text, 1, DQ_MLP_HIDDEN_MAX, &last->stream))
            return false;
    }
    if (take_word(&text, noisy))
        last->noise = take_word(&text, dq_noise_names[DQ_NOISE_INDEPENDENT]) ? DQ_NOISE_INDEPENDENT
                                                                             : DQ_NOISE_FACTORISED;
    last->norm = take_word(&text, norm);
    if (take_word(&text, dq_head_names[DQ_HEAD_C51])) {
        last->head = DQ_HEAD_C51;
        if (!take_count(&text, 2, DQ_ATOMS_MAX, &last->n_atoms) ||
            !take_number(&text, -1e6, 1e6, &low) || !take_number(&text, -1e6, 1e6, &high))
            return false;
    } else if (take_word(&text, dq_head_names[DQ_HEAD_QR])) {
        last->head = DQ_HEAD_QR;
        if (!take_count(&text, 1, DQ_ATOMS_MAX, &last->n_atoms))
            return false;
    } else if (take_word(&text, dq_head_names[DQ_HEAD_IQN])) {
        last->head = DQ_HEAD_IQN;
        if (!take_count(&text, 1, DQ_ATOMS_MAX, &last->n_drawn) ||
            !take_count(&text, 1, DQ_ATOMS_MAX, &last->n_levels))
            return false;
    }
    last->low = (float)low;
    last->high = (float)high;
    return *text == '\0' && last->low < last->high;
}

void dq_network_words(const dq_last_layers *last, char *text, size_t cap)
{
    size_t used = 0;
    *text = '\0';
    if (last->dueling == DQ_DUELING_OUTPUT)
        used = (size_t)snprintf(text, cap, " %s", duelings[DQ_DUELING_OUTPUT]);
    else if (last->dueling == DQ_DUELING_STREAMS)
        used = (size_t)snprintf(text, cap, " %s %d", duelings[DQ_DUELING_STREAMS], last->stream);
    if (last->noise != DQ_NOISE_NONE && used < cap)
        used += (size_t)snprintf(
            text + used, cap - used, " %s%s%s", noisy,
            last->noise == DQ_NOISE_INDEPENDENT ? " " : "",
            last->noise == DQ_NOISE_INDEPENDENT ? dq_noise_names[DQ_NOISE_INDEPENDENT] : "");
    if (last->norm && used < cap)
        used += (size_t)snprintf(text + used, cap - used, " %s", norm);
    if (last->head == DQ_HEAD_C51 && used < cap)
        snprintf(text + used, cap - used, " %s %d %.9g %.9g", dq_head_names[DQ_HEAD_C51],
                 last->n_atoms, (double)last->low, (double)last->high);
    else if (last->head == DQ_HEAD_QR && used < cap)
        snprintf(text + used, cap - used, " %s %d", dq_head_names[DQ_HEAD_QR], last->n_atoms);
    else if (last->head == DQ_HEAD_IQN && used < cap)
        snprintf(text + used, cap - used, " %s %d %d", dq_head_names[DQ_HEAD_IQN], last->n_drawn,
                 last->n_levels);
}

int dq_n_constants(const dq_last_layers *last)
{
    if (last->head == DQ_HEAD_IQN)
        return last->n_levels;
    return last->head == DQ_HEAD_VALUE ? 0 : last->n_atoms;
}

float dq_atom_constant(const dq_last_layers *last, int i)
{
    if (last->head == DQ_HEAD_C51)
        return dq_objective_atom(last->low, last->high, last->n_atoms, i);
    return dq_objective_level(dq_n_constants(last), i);
}

/** Two layers in place of the last of its kind: of the advantages, of the value. */
static void add_pair(dq_network *network, dq_layer advantage, dq_layer value)
{
    network->layers[network->n_layers++] = advantage;
    network->layers[network->n_layers++] = value;
}

/** The layers of an mlp that is a part of a module. */
static void name_as_part(dq_network *network)
{
    for (int i = 0; i < network->n_layers; i++) {
        dq_layer named = mlp_part_layers[i];
        named.in = network->layers[i].in;
        named.out = network->layers[i].out;
        named.relu = network->layers[i].relu;
        network->layers[i] = named;
    }
}

/** Advantages and a value behind the hidden layer, or behind one of their own each. */
static void part(dq_network *network)
{
    static const dq_layer hidden[] = {LINEAR("fc_adv.0", 0, 0, true),
                                      LINEAR("fc_val.0", 0, 0, true)};
    static const dq_layer behind[] = {LINEAR("fc_adv.2", 0, N_ACTIONS, false),
                                      LINEAR("fc_val.2", 0, 0, false)};
    static const dq_layer alone[] = {LINEAR("fc_adv.0", 0, N_ACTIONS, false),
                                     LINEAR("fc_val.0", 0, 0, false)};
    const dq_last_layers *last = &network->last;
    int in = network->layers[--network->n_layers].in;
    dq_layer advantage = alone[0], value = alone[1];
    if (last->stream) {
        dq_layer first = hidden[0], second = hidden[1];
        first.in = second.in = network->layers[--network->n_layers].in;
        first.out = second.out = in = last->stream;
        add_pair(network, first, second);
        advantage = behind[0];
        value = behind[1];
    }
    advantage.in = value.in = in;
    value.out = last->n_atoms;
    add_pair(network, advantage, value);
}

/** The embedding of levels before the last hidden layer, whose inputs it multiplies. */
static void embed(dq_network *network)
{
    static const dq_layer embedding[] = {EMBEDDING};
    dq_layer *at = &network->layers[network->n_layers - 2];
    memmove(at + 1, at, 2 * sizeof(*at));
    *at = embedding[0];
    at->out = at[1].in;
    network->n_layers++;
}

/** A normalisation behind every layer that has a ReLU. */
static void normalise(dq_network *network)
{
    for (int i = 0; i < network->n_layers; i++) {
        dq_layer *l = &network->layers[i];
        const dq_layer *names = normed_names(l);
        l->name = names->name;
        l->weight = names->weight;
        l->bias = names->bias;
        l->sigma_weight = names->sigma_weight;
        l->sigma_bias = names->sigma_bias;
        l->norm = l->relu ? names->norm : NULL;
        l->norm_weight = names->norm_weight;
        l->norm_bias = names->norm_bias;
    }
}

/** The last layers as the words behind a base's name say. */
static dq_status change_last(dq_network *network, const char *name, const char *words)
{
    const dq_layer *hidden = &network->layers[network->n_layers - 2];
    bool is_fixed = network->name != NULL, has_convs = network->layers[0].kind == DQ_LAYER_CONV;
    char plain[DQ_NETWORK_NAME];
    if (strlen(name) >= sizeof(network->own_name) || !read_words(words, &network->last))
        return dq_fail(
            DQ_ERR_CONFIG,
            "network '%s': behind its name may stand dueling or streams W, then noisy or "
            "noisy independent, then norm, then c51 N LOW HIGH, qr N or iqn N K, with at most %d "
            "atoms",
            name, DQ_ATOMS_MAX);
    if (network->last.norm && network->last.head == DQ_HEAD_IQN)
        return dq_fail(DQ_ERR_CONFIG,
                       "network '%s': norm and iqn exclude each other: leave one of them out",
                       name);
    if (network->last.head == DQ_HEAD_IQN && network->n_layers < 3)
        return dq_fail(DQ_ERR_CONFIG,
                       "network '%s': iqn needs two hidden layers or more: the levels of quantiles "
                       "enter between them",
                       name);
    int stream = network->last.stream;
    if (stream && stream != hidden->out && !(is_fixed && 2 * stream == hidden->out))
        return dq_fail(DQ_ERR_CONFIG, "network '%s': streams of %d: choose %d%s", name, stream,
                       hidden->out, is_fixed ? " or half of it" : ", as its last hidden layer");
    if (is_fixed && !*words)
        return DQ_OK;
    dq_network_words(&network->last, plain, sizeof(plain));  // 051 is 51
    if (snprintf(network->own_name, sizeof(network->own_name), "%.*s%s", (int)(words - name), name,
                 plain) >= (int)sizeof(network->own_name))
        return dq_fail(DQ_ERR_CONFIG, "network '%s': its name is too long", name);
    if (!has_convs && dq_mlp_is_part(&network->last))
        name_as_part(network);
    if (network->last.head == DQ_HEAD_IQN)
        embed(network);
    if (network->last.dueling != DQ_DUELING_NONE)
        part(network);
    if (network->last.norm)
        normalise(network);
    return DQ_OK;
}

/** Where the words behind sizes begin. */
static size_t base_with_sizes(const char *name)
{
    size_t base = strcspn(name, " ");
    return name[base] ? base + 1 + strcspn(name + base + 1, " ") : base;
}

/* ---------------------------------------------------------------- by name */

dq_status dq_network_find(const char *name, dq_network *network)
{
    const char *names[DQ_COUNT(networks) + 2];
    char known[128];
    name = name ? name : networks[0].name;
    if (dq_network_is_mlp(name)) {
        DQ_TRY(make_mlp(name, base_with_sizes(name), network));
        return change_last(network, name, name + base_with_sizes(name));
    }
    if (dq_network_is_cnn(name)) {
        DQ_TRY(make_cnn(name, base_with_sizes(name), network));
        return change_last(network, name, name + base_with_sizes(name));
    }
    size_t base = strcspn(name, " ");
    for (size_t i = 0; i < DQ_COUNT(networks); i++) {
        names[i] = networks[i].name;
        if (strlen(names[i]) == base && strncmp(names[i], name, base) == 0) {
            *network = networks[i];
            return change_last(network, name, name + base);
        }
    }
    names[DQ_COUNT(networks)] = DQ_MLP;
    names[DQ_COUNT(networks) + 1] = DQ_CNN;
    dq_list_words(known, sizeof(known), names, DQ_COUNT(names), "or");
    return dq_fail(DQ_ERR_CONFIG, "no network '%s': choose %s", name, known);
}
