/* What follows from a network's layers. */
#include "nn/graph.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- memory and kernels */

static int conv_kernels(const dq_layer *l)
{
    for (int i = 0; i < DQ_N_CONV_LAYERS; i++) {
        const dq_conv_shape *c = &dq_conv_shapes[i];
        if (dq_conv_picture_side(c) == l->side && c->before == l->before && c->after == l->after &&
            c->in == l->in && c->k == l->k && c->stride == l->stride && c->out == l->out)
            return i;
    }
    assert(!"a convolution that no kernel is compiled for: add it to net_shape.h");
    return 0;
}

static int fc_kernels(int in, int out)
{
    for (int i = 0; i < DQ_N_FC_LAYERS; i++)
        if (dq_fc_shapes[i].in == in && dq_fc_shapes[i].out == out)
            return i;
    assert(!"a linear layer that no kernel is compiled for: add it to net_shape.h");
    return 0;
}

static int whole_groups(int n, int group)
{
    return (n + group - 1) / group * group;
}

/** Where a layer's tensors are in the arrays of its kernels. */
typedef struct placing {
    size_t weight, bias;      // positions of the arrays
    int dense_row;            // as in dq_param
    int first_in, first_out;  // as in dq_param
    int norm;                 // number of the normalisation behind it, if there is one
} placing;

/** A normalisation, whose outputs lie so.
 *  @param size floats in the outputs of a sample, their padding included */
static void add_norm(dq_net_shape *s, dq_norm_shape shape, int n_streams, size_t size)
{
    assert(s->n_norms < DQ_NORMS_MAX);
    if (shape.n == shape.row)
        shape = (dq_norm_shape){.rows = 1, .n = shape.rows * shape.n, .row = shape.rows * shape.n};
    s->norm[s->n_norms++] = (dq_norm){.shape = shape,
                                      .n_streams = n_streams,
                                      .size = size,
                                      .scale = s->n_params,
                                      .shift = s->n_params + size};
    s->n_params += 2 * size;
}

/** The scale and the shift of the normalisation behind a layer. */
static void add_norm_tensors(dq_net_shape *s, const dq_layer *l, placing at)
{
    bool is_conv = l->kind == DQ_LAYER_CONV;
    dq_param scale = {.layer = l,
                      .is_norm = true,
                      .name = l->norm_weight,
                      .at = s->norm[at.norm].scale,
                      .dense_row = at.dense_row,
                      .first_out = at.first_out,
                      .n_dims = is_conv ? 3 : 1,
                      .shape = {l->out}};
    if (is_conv) {
        scale.shape[1] = dq_conv_extent(l, l->side);
        scale.shape[2] = dq_conv_extent(l, l->width ? l->width : l->side);
    }
    dq_param shift = scale;
    shift.is_bias = true;
    shift.name = l->norm_bias;
    shift.at = s->norm[at.norm].shift;
    s->tensors[s->n_tensors++] = scale;
    s->tensors[s->n_tensors++] = shift;
}

/** A layer's weight and its bias, then where it is noisy the factors of their noise, then those of
 *  its normalisation. */
static void add_tensors(dq_net_shape *s, const dq_layer *l, placing at)
{
    bool is_conv = l->kind == DQ_LAYER_CONV;
    dq_param weight = {.layer = l,
                       .name = l->weight,
                       .at = at.weight,
                       .dense_row = at.dense_row,
                       .first_in = at.first_in,
                       .first_out = at.first_out,
                       .n_dims = is_conv ? 4 : 2,
                       .shape = {l->out, l->in, l->k, l->k},
                       .fan_in = is_conv ? l->in * l->k * l->k : l->in};
    dq_param bias = weight;
    bias.is_bias = true;
    bias.name = l->bias;
    bias.at = at.bias;
    bias.n_dims = 1;
    assert(s->n_tensors + 6 <= DQ_TENSORS_MAX);
    s->tensors[s->n_tensors++] = weight;
    s->tensors[s->n_tensors++] = bias;
    if (l->kind == DQ_LAYER_LINEAR && s->network->last.noise != DQ_NOISE_NONE) {
        weight.is_sigma = bias.is_sigma = true;
        weight.name = l->sigma_weight;
        bias.name = l->sigma_bias;
        s->tensors[s->n_tensors++] = weight;
        s->tensors[s->n_tensors++] = bias;
    }
    if (l->norm)
        add_norm_tensors(s, l, at);
}

static void add_conv(dq_net_shape *s, const dq_layer *l)
{
    assert(s->n_convs < DQ_CONVS_MAX && !s->fc);
    int i = s->n_convs++;
    const dq_conv_shape *c = &dq_conv_shapes[conv_kernels(l)];
    s->layer[i] = conv_kernels(l);
    s->conv[i] = c;
    s->x[i] = dq_conv_outputs(c);
    s->n_channels = c->out;
    s->n_pixels = c->out_side * c->out_side;
    s->conv_w[i] = s->n_params;
    s->conv_b[i] = s->conv_w[i] + dq_conv_weights(c);
    s->n_params = s->conv_b[i] + (size_t)c->out;
    if (l->norm)
        add_norm(s, (dq_norm_shape){s->n_pixels, c->out, c->out}, 1, s->x[i]);
    add_tensors(s, l, (placing){.weight = s->conv_w[i], .bias = s->conv_b[i], .norm = i});
}

/** The normalisations of n linear layers side by side, in front of all that has noise. */
static void add_linear_norm(dq_net_shape *s, const dq_layer *l, int n)
{
    int out = l->out;
    if (l->norm)
        add_norm(s, (dq_norm_shape){1, out, out}, n, (size_t)whole_groups(n * out, DQ_DENSE_GROUP));
}

/** The hidden layer, which may be two streams: its first layer, and of how many outputs it is. */
static void add_hidden(dq_net_shape *s, const dq_layer *l, int n_streams)
{
    assert(s->n_convs > 0 && !s->fc && l->relu && s->x[s->n_convs - 1] == (size_t)l->in);
    s->fc_layer = fc_kernels(l->in, n_streams * l->out);
    s->fc = &dq_fc_shapes[s->fc_layer];
    s->n_blocks = s->fc->out / DQ_FC_BLOCK;
    s->hidden = (size_t)s->fc->out;
    add_linear_norm(s, l, n_streams);
    s->fc_w = s->n_params;
    s->fc_b = s->fc_w + dq_fc_weights(s->fc);
    s->n_params = s->fc_b + s->hidden;
    for (int i = 0; i < n_streams; i++)
        add_tensors(
            s, &l[i],
            (placing){
                .weight = s->fc_w, .bias = s->fc_b, .first_out = i * l->out, .norm = s->n_convs});
}

/** The output layer of an output for each action. */
static void add_output(dq_net_shape *s, const dq_layer *l)
{
    assert(s->fc && l->kind == DQ_LAYER_LINEAR && l->out == 0 && l->in == s->fc->out);
    s->n_out_blocks = whole_groups(s->n_outputs, DQ_OUT_BLOCK) / DQ_OUT_BLOCK;
    s->out_pad = (size_t)s->n_out_blocks * DQ_OUT_BLOCK;
    s->out_w = s->n_params;
    s->out_b = s->out_w + s->hidden * s->out_pad;
    s->n_params = s->out_b + s->out_pad;
    add_tensors(s, l, (placing){.weight = s->out_w, .bias = s->out_b});
}

/** The arrays of a dense layer of `in` inputs that n layers share, their outputs side by side.
 *  @param group of its inputs
 *  @param[out] d its sizes
 *  @return where its arrays are */
static placing place_dense(dq_net_shape *s, const dq_layer *l, int n, int in, int group,
                           dq_dense_shape *d)
{
    int out = 0;
    for (int i = 0; i < n; i++)
        out += l[i].out ? l[i].out : s->n_outputs;
    *d = (dq_dense_shape){.in = in,
                          .out = out,
                          .in_row = whole_groups(in, group),
                          .out_row = whole_groups(out, DQ_DENSE_GROUP)};
    placing at = {
        .weight = s->n_params, .bias = s->n_params + dq_dense_weights(d), .dense_row = d->out_row};
    s->n_params = at.bias + (size_t)d->out_row;
    return at;
}

/** A dense layer as place_dense() has it, with its tensors.
 *  @param norm number of its normalisation, if it has one */
static placing add_dense(dq_net_shape *s, const dq_layer *l, int n, int in, int group, int norm,
                         dq_dense_shape *d)
{
    placing first = place_dense(s, l, n, in, group, d), at = first;
    at.norm = norm;
    for (int i = 0; i < n; i++) {
        add_tensors(s, &l[i], at);
        at.first_in += l[i].in < in ? l[i].in : 0;  // each has inputs of its own
        at.first_out += l[i].out ? l[i].out : s->n_outputs;
    }
    return first;
}

/** A convolution of own sizes. */
static void add_patch(dq_net_shape *s, const dq_layer *l)
{
    assert(s->n_patches < DQ_CONVS_MAX);
    const dq_patch_shape *before = s->n_patches > 0 ? &s->patch[s->n_patches - 1] : NULL;
    dq_patch_shape *p = &s->patch[s->n_patches++];
    *p = (dq_patch_shape){.height = l->side,
                          .width = l->width,
                          .channels = l->in,
                          .row = before ? before->dense.out_row : l->in,
                          .k = l->k,
                          .stride = l->stride,
                          .out_height = dq_conv_extent(l, l->side),
                          .out_width = dq_conv_extent(l, l->width)};
    placing at = place_dense(s, l, 1, l->in * l->k * l->k, DQ_DENSE_GROUP, &p->dense);
    p->w = at.weight;
    p->b = at.bias;
    s->n_channels = l->out;
    s->n_pixels = p->out_height * p->out_width;
    at.norm = s->n_norms;
    if (l->norm)
        add_norm(s, (dq_norm_shape){s->n_pixels, l->out, p->dense.out_row}, 1,
                 (size_t)s->n_pixels * (size_t)p->dense.out_row);
    add_tensors(s, l, at);
}

/** The embedding of levels. It has no noise. */
static void add_embedding(dq_net_shape *s, const dq_layer *l)
{
    placing at = add_dense(s, l, 1, l->in, DQ_DENSE_GROUP, 0, &s->embedding);
    s->embedding_w = at.weight;
    s->embedding_b = at.bias;
}

/** The output layer of distributions, or of advantages and a value. */
static void add_dense_output(dq_net_shape *s, const dq_layer *l, int n)
{
    placing at = add_dense(s, l, n, s->fc->out, DQ_DENSE_GROUP, 0, &s->out);
    s->out_w = at.weight;
    s->out_b = at.bias;
    s->out_pad = (size_t)s->out.out_row;
}

/** The factors of noise lie as the parameters of the linear layers do. */
static void add_sigmas(dq_net_shape *s)
{
    s->noisy = s->fc ? s->fc_w : s->dense_w[0];
    s->n_noisy = s->n_params - s->noisy;
    s->sigma = s->n_params;
    s->n_params += s->n_noisy;
}

/** The constants of a distribution are among the parameters, where no gradient reaches them. */
static void add_constants(dq_net_shape *s)
{
    const dq_last_layers *last = &s->network->last;
    int n = dq_n_constants(last);
    if (n == 0)
        return;
    s->atoms = s->n_params;
    s->n_params += (size_t)whole_groups(n, DQ_DENSE_GROUP);
    s->tensors[s->n_tensors++] =
        (dq_param){.name = last->head == DQ_HEAD_C51 ? "supports" : "quantiles",
                   .at = s->atoms,
                   .n_dims = 1,
                   .shape = {n},
                   .fan_in = 1};
}

/** How many layers stand side by side where layer i is. */
static int n_beside(const dq_network *network, int i)
{
    bool is_pair = network->last.dueling != DQ_DUELING_NONE;
    int first = network->n_layers - (network->last.stream ? 4 : 2);
    return is_pair && i >= first ? 2 : 1;
}

/** A multilayer perceptron, or one behind convolutions. Its embedding comes before its layers,
 * since those before and behind it are one sequence. */
static void shape_own_sizes(dq_net_shape *s, const dq_network *network)
{
    const dq_layer *first = &network->layers[0];
    bool is_picture = first->kind == DQ_LAYER_CONV;
    s->obs_bytes = is_picture ? (size_t)first->in * (size_t)first->side * (size_t)first->width
                              : (size_t)first->in * sizeof(float);
    for (int i = 0; i < network->n_layers; i++)
        if (network->layers[i].kind == DQ_LAYER_CONV)
            add_patch(s, &network->layers[i]);
        else if (network->layers[i].kind == DQ_LAYER_EMBEDDING)
            add_embedding(s, &network->layers[i]);
    for (int i = 0; i < network->n_layers; i += n_beside(network, i))
        if (network->layers[i].kind == DQ_LAYER_LINEAR)
            add_linear_norm(s, &network->layers[i], n_beside(network, i));
    for (int i = 0, n; i < network->n_layers; i += n) {
        n = n_beside(network, i);
        if (network->layers[i].kind != DQ_LAYER_LINEAR)
            continue;
        int d = s->n_dense++, in = d > 0 ? s->dense[d - 1].out : network->layers[i].in;
        placing at = add_dense(s, &network->layers[i], n, in,
                               d > 0 || is_picture ? DQ_DENSE_GROUP : DQ_DENSE_FIRST_GROUP,
                               s->n_patches + d, &s->dense[d]);
        s->dense_w[d] = at.weight;
        s->dense_b[d] = at.bias;
    }
    s->out_pad = (size_t)s->dense[s->n_dense - 1].out_row;
}

static void shape_picture_network(dq_net_shape *s, const dq_network *network)
{
    const dq_last_layers *last = &network->last;
    int i = 0, n;
    s->obs_bytes = DQ_NET_OBS_BYTES;
    for (; network->layers[i].kind == DQ_LAYER_CONV; i++)
        add_conv(s, &network->layers[i]);
    if (network->layers[i].kind == DQ_LAYER_EMBEDDING)
        add_embedding(s, &network->layers[i++]);
    n = n_beside(network, i);
    add_hidden(s, &network->layers[i], n);
    i += n;
    if (last->head == DQ_HEAD_VALUE && last->dueling == DQ_DUELING_NONE)
        add_output(s, &network->layers[i]);
    else
        add_dense_output(s, &network->layers[i], n_beside(network, i));
}

/** The layers of a stream follow one another in a module. */
static void put_streams_in_order(dq_net_shape *s)
{
    size_t n = s->network->last.noise == DQ_NOISE_NONE ? 2 : 4;  // tensors of an output layer
    size_t n_hidden = n + (s->network->last.norm ? 2 : 0);       // of a hidden one
    dq_param *of_hidden_value = &s->tensors[(size_t)s->n_tensors - 2 * n - n_hidden], hidden[6];
    memcpy(hidden, of_hidden_value, n_hidden * sizeof(*hidden));
    memmove(of_hidden_value, of_hidden_value + n_hidden, n * sizeof(*hidden));
    memcpy(of_hidden_value + n, hidden, n_hidden * sizeof(*hidden));
}

dq_net_shape dq_net_shape_of(const dq_network *network, int n_actions)
{
    dq_net_shape s = {
        .network = network, .n_actions = n_actions, .n_outputs = n_actions * network->last.n_atoms};
    if (network->name)
        shape_picture_network(&s, network);
    else
        shape_own_sizes(&s, network);
    if (network->last.stream)
        put_streams_in_order(&s);
    if (network->last.noise != DQ_NOISE_NONE)
        add_sigmas(&s);
    add_constants(&s);
    return s;
}

/** [out][in][ky][kx] to [ky][kx][in][out]. */
static size_t conv_place(const int *shape, size_t i)
{
    size_t out = (size_t)shape[0], in = (size_t)shape[1],
           kernel = (size_t)shape[2] * (size_t)shape[3];
    size_t o = i / (in * kernel), c = i / kernel % in, k = i % kernel;
    return (k * in + c) * out + o;
}

/** Where input number i of PyTorch's, channels first, is among the inputs of the hidden layer. */
static size_t input_place(const dq_net_shape *s, size_t i)
{
    size_t pixels = (size_t)s->n_pixels, channels = (size_t)s->n_channels;
    return i % pixels * channels + i / pixels;
}

/** [out][channel * pixels + pixel] to [block][pixel * channels + channel][out in the block]. */
static size_t hidden_place(const dq_net_shape *s, size_t i)
{
    size_t n_in = (size_t)s->fc->in, o = i / n_in, k = input_place(s, i % n_in);
    return (o / DQ_FC_BLOCK * n_in + k) * DQ_FC_BLOCK + o % DQ_FC_BLOCK;
}

/** [out][in] to [in][out], with padding. */
static size_t dense_place(const dq_net_shape *s, const dq_param *p, size_t i)
{
    size_t n_in = (size_t)p->layer->in, in = i % n_in;
    in = s->n_patches > 0 && p->at == s->dense_w[0] ? input_place(s, in) : in;
    return (in + (size_t)p->first_in) * (size_t)p->dense_row + i / n_in + (size_t)p->first_out;
}

/** [out][in][ky][kx] to [ky][kx][in][out], with padding. */
static size_t patch_place(const dq_param *p, size_t i)
{
    size_t in = (size_t)p->shape[1], kernel = (size_t)p->shape[2] * (size_t)p->shape[3];
    size_t o = i / (in * kernel), c = i / kernel % in, k = i % kernel;
    return (k * in + c) * (size_t)p->dense_row + o;
}

/** The embedding's outputs lie as the inputs of the layer behind it. */
static size_t embedding_place(const dq_net_shape *s, const dq_param *p, size_t i)
{
    size_t n_in = p->is_bias ? 1 : (size_t)p->layer->in, o = i / n_in;
    o = p->layer[-1].kind == DQ_LAYER_CONV ? input_place(s, o) : o;
    return p->at + i % n_in * (size_t)p->dense_row + o;
}

/** [channel][y][x] to [pixel][channel], with padding; or one output after another. */
static size_t norm_place(const dq_param *p, size_t i)
{
    size_t pixels = (size_t)p->shape[1] * (size_t)p->shape[2];
    size_t row = (size_t)(p->dense_row ? p->dense_row : p->shape[0]);
    return p->n_dims == 1 ? (size_t)p->first_out + i : i % pixels * row + i / pixels;
}

/** Where it is, or of a factor of noise where its parameter is. */
static size_t mean_place(const dq_net_shape *s, const dq_param *p, size_t i)
{
    if (p->is_norm)
        return p->at + norm_place(p, i);
    if (p->layer->kind == DQ_LAYER_EMBEDDING)
        return embedding_place(s, p, i);
    if (p->is_bias)
        return p->at + (size_t)p->first_out + i;
    if (p->layer->kind == DQ_LAYER_CONV)
        return p->at + (p->dense_row ? patch_place(p, i) : conv_place(p->shape, i));
    if (p->dense_row)
        return p->at + dense_place(s, p, i);
    if (p->at == s->fc_w)
        return p->at + hidden_place(s, i + (size_t)p->first_out * (size_t)p->layer->in);
    return p->at + dq_out_place(s, i % s->hidden, i / s->hidden);
}

size_t dq_param_place(const dq_net_shape *s, const dq_param *p, size_t i)
{
    if (!p->layer)
        return p->at + i;
    return mean_place(s, p, i) + (p->is_sigma ? s->sigma - s->noisy : 0);
}

/* ---------------------------------------------------------------- tensors */

static void tensors_of(const dq_net_shape *s, dq_tensor *tensors)
{
    for (int t = 0; t < s->n_tensors; t++) {
        const dq_param *p = &s->tensors[t];
        tensors[t] = (dq_tensor){.name = p->name, .n_dims = p->n_dims};
        for (int d = 0; d < p->n_dims; d++)
            tensors[t].shape[d] = p->shape[d] ? p->shape[d] : s->n_outputs;
    }
}

int dq_net_n_tensors(const char *network)
{
    dq_network known;
    if (dq_network_find(network, &known) != DQ_OK)
        return 0;
    dq_net_shape s = dq_net_shape_of(&known, 1);
    return s.n_tensors;
}

int dq_net_param_shapes(const char *network, int n_actions, dq_tensor *shapes)
{
    dq_network known;
    if (dq_network_find(network, &known) != DQ_OK)
        return 0;
    dq_net_shape s = dq_net_shape_of(&known, n_actions);
    tensors_of(&s, shapes);
    return s.n_tensors;
}

uint64_t dq_net_n_params(const char *network, int n_actions)
{
    dq_tensor shapes[DQ_TENSORS_MAX];
    uint64_t sum = 0;
    int n = dq_net_param_shapes(network, n_actions, shapes);
    for (int t = 0; t < n; t++)
        sum += dq_tensor_elements(&shapes[t]);
    return sum;
}

/* ---------------------------------------------------------------- recognition */

static const dq_tensor *tensor_named(const dq_tensor *tensors, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(tensors[i].name, name) == 0)
            return &tensors[i];
    return NULL;
}

/** Actions of a network with these tensors. */
static int actions_of(const dq_network *network, const dq_tensor *tensors, size_t n)
{
    const dq_layer *l = network->layers + network->n_layers - 1;
    while (l->out != 0)
        l--;  // the value's come behind the actions'
    const dq_tensor *bias = tensor_named(tensors, n, l->bias);
    return bias ? bias->shape[0] / network->last.n_atoms : 0;
}

static bool is_network(const dq_network *network, const dq_tensor *tensors, size_t n)
{
    dq_net_shape s = dq_net_shape_of(network, actions_of(network, tensors, n));
    dq_tensor want[DQ_TENSORS_MAX];
    tensors_of(&s, want);
    for (int t = 0; t < s.n_tensors; t++) {
        const dq_tensor *have = tensor_named(tensors, n, want[t].name);
        if (!have || have->n_dims != want[t].n_dims ||
            memcmp(have->shape, want[t].shape, (size_t)want[t].n_dims * sizeof(want[t].shape[0])) !=
                0)
            return false;
    }
    return n == (size_t)s.n_tensors;
}

/** Whether constants are those that a distribution has. */
static bool are_constants(const dq_last_layers *last, const dq_tensor *t)
{
    int n = dq_n_constants(last);
    if (t->n_dims != 1 || n < 1 || n > DQ_ATOMS_MAX || !t->data)
        return false;
    float scale = fmaxf(fabsf(last->low), fabsf(last->high));
    for (int i = 0; i < n; i++)
        if (!(fabsf(t->data[i] - dq_atom_constant(last, i)) <= 1e-5f * scale))
            return false;
    return true;
}

bool dq_network_fits(const dq_network *network, const dq_tensor *tensors, size_t n)
{
    const dq_tensor *atoms = tensor_named(tensors, n, "supports");
    return is_network(network, tensors, n) && (!atoms || are_constants(&network->last, atoms));
}

enum { USUALLY_DRAWN = 64 };  // levels of an update of IQN: no tensor says how many

/** Of the normalisation behind the first layer of a sequence; without one it would be its ReLU. */
static bool is_norm_scale(const dq_tensor *t)
{
    static const char *const names[] = {"conv.1.weight", "fc.1.weight", "1.weight",
                                        "fc_adv.1.weight"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(t->name, names[i]) == 0)
            return true;
    return false;
}

/** What the last layers compute, by the names of their tensors and the constants.
 *  @return false: the constants are those of no distribution */
static bool find_last(const dq_tensor *tensors, size_t n, dq_last_layers *last)
{
    const dq_tensor *atoms = tensor_named(tensors, n, "supports");
    const dq_tensor *levels = tensor_named(tensors, n, "quantiles");
    const dq_tensor *stream = tensor_named(tensors, n, "fc_adv.2.weight");
    *last = (dq_last_layers){.n_atoms = 1, .high = 1.0f};
    for (size_t i = 0; i < n; i++) {
        if (strstr(tensors[i].name, ".sigma_"))
            last->noise = DQ_NOISE_FACTORISED;  // the tensors do not say which
        last->norm = last->norm || is_norm_scale(&tensors[i]);
    }
    if (last->norm)
        stream = tensor_named(tensors, n, "fc_adv.3.weight");
    if (stream) {
        last->dueling = DQ_DUELING_STREAMS;
        last->stream = stream->n_dims == 2 ? stream->shape[1] : 0;
    } else if (tensor_named(tensors, n, "fc_adv.0.weight"))
        last->dueling = DQ_DUELING_OUTPUT;
    if (!atoms && !levels)
        return true;
    if (levels && tensor_named(tensors, n, "embedding.0.weight")) {
        last->head = DQ_HEAD_IQN;
        last->n_drawn = USUALLY_DRAWN;
        last->n_levels = levels->shape[0];
        return are_constants(last, levels);
    }
    last->head = atoms ? DQ_HEAD_C51 : DQ_HEAD_QR;
    last->n_atoms = atoms ? atoms->shape[0] : levels->shape[0];
    if (atoms && atoms->data && last->n_atoms > 1) {
        last->low = atoms->data[0];
        last->high = atoms->data[last->n_atoms - 1];
    }
    return are_constants(last, atoms ? atoms : levels);
}

/** The name that a multilayer perceptron with these tensors has, without words; "" for others. */
static void name_mlp(const dq_tensor *tensors, size_t n, const dq_last_layers *last,
                     char name[DQ_NETWORK_NAME])
{
    size_t used = (size_t)snprintf(name, DQ_NETWORK_NAME, DQ_MLP);
    const dq_tensor *weight = NULL;
    char before = ' ';
    for (int i = 0; i < DQ_DENSE_MAX && used < DQ_NETWORK_NAME; i++, before = '-') {
        weight = tensor_named(tensors, n, dq_mlp_weight_name(i, last));
        if (!weight)
            break;
        used += (size_t)snprintf(name + used, DQ_NETWORK_NAME - used, "%c%d", before,
                                 weight->n_dims == 2 ? weight->shape[1] : 0);
    }
    weight = tensor_named(tensors, n, "fc_adv.0.weight");
    if (weight && used < DQ_NETWORK_NAME)
        used += (size_t)snprintf(name + used, DQ_NETWORK_NAME - used, "%c%d", before,
                                 weight->n_dims == 2 ? weight->shape[1] : 0);
    if (last->stream && used < DQ_NETWORK_NAME)
        used += (size_t)snprintf(name + used, DQ_NETWORK_NAME - used, "-%d", last->stream);
    name[used < DQ_NETWORK_NAME ? used : 0] = '\0';
}

/** Whether the network `base` with words for these last layers has these tensors. */
static bool fits(const char *base, const dq_last_layers *last, const dq_tensor *tensors, size_t n,
                 dq_network *network)
{
    char words[DQ_NETWORK_NAME], name[2 * DQ_NETWORK_NAME];
    dq_network_words(last, words, sizeof(words));
    snprintf(name, sizeof(name), "%s%s", base, words);
    return dq_network_find(name, network) == DQ_OK && is_network(network, tensors, n);
}

static bool recognise(const dq_tensor *tensors, size_t n, dq_network *network)
{
    char name[DQ_NETWORK_NAME];
    dq_last_layers last;
    if (!find_last(tensors, n, &last))
        return false;
    for (size_t i = 0; dq_network_at(i); i++)
        if (fits(dq_network_at(i)->name, &last, tensors, n, network))
            return true;
    name_mlp(tensors, n, &last, name);
    return fits(name, &last, tensors, n, network);
}

bool dq_network_of_model(const char *named, const dq_tensor *tensors, size_t n, dq_network *network,
                         int *n_actions)
{
    bool is_named = named && *named && dq_network_find(named, network) == DQ_OK &&
                    dq_network_fits(network, tensors, n);
    if (!is_named && !recognise(tensors, n, network))
        return false;
    *n_actions = actions_of(network, tensors, n);
    return true;
}

const char *dq_net_recognise(const dq_tensor *tensors, size_t n)
{
    static _Thread_local dq_network network;
    return recognise(tensors, n, &network) ? dq_network_name(&network) : NULL;
}

int dq_net_outputs(const dq_tensor *tensors, size_t n)
{
    dq_network network;
    return recognise(tensors, n, &network) ? actions_of(&network, tensors, n) : 0;
}
