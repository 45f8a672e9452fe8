#include "agent/network_choice.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

bool dq_space_is_picture(const dq_space *obs)
{
    return obs->dtype == DQ_U8 && obs->n_dims == 3 && obs->shape[0] == DQ_NET_STACK &&
           obs->shape[1] == DQ_NET_SIDE && obs->shape[2] == DQ_NET_SIDE;
}

bool dq_space_is_vector(const dq_space *obs)
{
    return obs->dtype == DQ_F32 && obs->n_dims == 1 && obs->shape[0] >= 1 &&
           obs->shape[0] <= DQ_MLP_INPUTS_MAX;
}

/** Whether observations are pictures of any size, channels first. */
static bool is_picture_of_any_size(const dq_space *obs)
{
    return obs->dtype == DQ_U8 && obs->n_dims == 3 && obs->shape[0] >= 1 && obs->shape[1] >= 1 &&
           obs->shape[2] >= 1;
}

/** Outputs of the last hidden layer. */
static int last_hidden(const int *hidden)
{
    int i = DQ_MLP_LAYERS_MAX - 1;
    while (i > 0 && hidden[i] == 0)
        i--;
    return hidden[i];
}

/** Behind what is before them, the sizes of hidden layers; two streams take the place of the last
 *  one. */
static void add_hidden(const dq_train_config *cfg, char name[DQ_NETWORK_NAME])
{
    size_t used = strlen(name);
    for (int i = 0; i < DQ_MLP_LAYERS_MAX && cfg->hidden[i] > 0 && used < DQ_NETWORK_NAME; i++) {
        bool is_last = i + 1 == DQ_MLP_LAYERS_MAX || cfg->hidden[i + 1] == 0;
        bool is_stream = is_last && cfg->dueling == DQ_DUELING_STREAMS && cfg->stream_width > 0;
        used += (size_t)snprintf(name + used, DQ_NETWORK_NAME - used, "-%d",
                                 is_stream ? cfg->stream_width : cfg->hidden[i]);
    }
}

static void name_mlp(const dq_train_config *cfg, int n_inputs, char name[DQ_NETWORK_NAME])
{
    snprintf(name, DQ_NETWORK_NAME, DQ_MLP " %d", n_inputs);
    add_hidden(cfg, name);
}

static void name_cnn(const dq_train_config *cfg, const dq_space *obs, char name[DQ_NETWORK_NAME])
{
    snprintf(name, DQ_NETWORK_NAME, DQ_CNN " %dx%dx%d-%s", obs->shape[0], obs->shape[1],
             obs->shape[2], cfg->convolutions);
    for (char *comma; (comma = strchr(name, ','));)
        *comma = '-';
    add_hidden(cfg, name);
}

/** Outputs of the hidden layer of a network for pictures; 0 for an unknown one. */
static int hidden_of(const char *name)
{
    dq_network network;
    if (dq_network_find(name, &network) != DQ_OK)
        return 0;  // who creates it says so
    return network.layers[network.n_layers - 2].out;
}

/** Behind the name of a network, the words for its last layers. */
static dq_status add_words(const dq_train_config *cfg, int hidden, char name[DQ_NETWORK_NAME])
{
    dq_network network;
    char words[DQ_NETWORK_NAME];
    bool is_iqn = cfg->head == DQ_HEAD_IQN;
    const dq_last_layers last = {
        .head = cfg->head,
        .n_atoms = cfg->head == DQ_HEAD_VALUE || is_iqn ? 1 : cfg->atoms,
        .n_drawn = is_iqn ? cfg->atoms : 0,
        .n_levels = is_iqn ? cfg->value_levels : 0,
        .low = (float)cfg->value_min,
        .high = (float)cfg->value_max,
        .dueling = cfg->dueling,
        .stream = cfg->dueling != DQ_DUELING_STREAMS ? 0
                  : cfg->stream_width > 0            ? cfg->stream_width
                                                     : hidden,
        .noise = cfg->noisy,
        .norm = cfg->layer_norm,
    };
    dq_network_words(&last, words, sizeof(words));
    size_t used = strlen(name);
    snprintf(name + used, DQ_NETWORK_NAME - used, "%s", words);
    return dq_network_find(name, &network);
}

static dq_status choose_for_pictures(const dq_train_config *cfg, const dq_env_spec *spec,
                                     char name[DQ_NETWORK_NAME])
{
    const int *shape = spec->obs.shape;
    bool is_usual = dq_space_is_picture(&spec->obs);
    if (dq_network_is_mlp(cfg->network))
        return dq_fail(DQ_ERR_CONFIG,
                       "network %s is for vectors, and the observations of %s are pictures: choose "
                       "another network",
                       cfg->network, spec->id);
    if (dq_network_is_cnn(cfg->network) || (!cfg->network && !is_usual)) {
        name_cnn(cfg, &spec->obs, name);
        return add_words(cfg, last_hidden(cfg->hidden), name);
    }
    if (!is_usual)
        return dq_fail(DQ_ERR_CONFIG,
                       "network %s is for pictures of %dx%dx%d, and those of %s are %dx%dx%d: "
                       "choose the network " DQ_CNN,
                       cfg->network, DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE, spec->id, shape[0],
                       shape[1], shape[2]);
    snprintf(name, DQ_NETWORK_NAME, "%s", cfg->network ? cfg->network : dq_net_network_name(0));
    return add_words(cfg, hidden_of(name), name);
}

const uint8_t *dq_newest_frame(const dq_space *obs, const uint8_t *state, size_t *n)
{
    const size_t frame = (size_t)DQ_NET_SIDE * DQ_NET_SIDE;
    bool is_stack = dq_space_is_picture(obs);
    *n = is_stack ? frame : dq_space_bytes(obs);
    return is_stack ? state + (DQ_NET_STACK - 1) * frame : state;
}

dq_status dq_network_choose(const dq_train_config *cfg, const dq_env_spec *spec,
                            char name[DQ_NETWORK_NAME])
{
    if (is_picture_of_any_size(&spec->obs))
        return choose_for_pictures(cfg, spec, name);
    if (!dq_space_is_vector(&spec->obs))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: its observations are neither uint8 [channels][height][width] nor "
                       "float32 [1 to %d]: wrap it",
                       spec->id, DQ_MLP_INPUTS_MAX);
    if (cfg->network && !dq_network_is_mlp(cfg->network))
        return dq_fail(DQ_ERR_CONFIG,
                       "network %s is for pictures, and the observations of %s are vectors: choose "
                       "the network " DQ_MLP,
                       cfg->network, spec->id);
    name_mlp(cfg, spec->obs.shape[0], name);
    return add_words(cfg, last_hidden(cfg->hidden), name);
}
