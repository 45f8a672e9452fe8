/* The networks there are. One more for pictures is a row here; its layers' sizes, where no other
 * network has them yet, are rows in net_shape.h, from which the kernels are compiled. A multilayer
 * perceptron has its sizes in its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spelling.h"
#include "nn/graph.h"

#define CONV(layer, n_in, pixels, n_out, kernel, step, ...)                                        \
    {                                                                                              \
        .kind = DQ_LAYER_CONV, .name = layer, .weight = layer ".weight", .bias = layer ".bias",    \
        .in = (n_in), .out = (n_out), .side = (pixels), .k = (kernel), .stride = (step),           \
        .relu = true, __VA_ARGS__                                                                  \
    }
#define LINEAR(layer, n_in, n_out, has_relu)                                                       \
    {                                                                                              \
        .kind = DQ_LAYER_LINEAR, .name = layer, .weight = layer ".weight", .bias = layer ".bias",  \
        .in = (n_in), .out = (n_out), .relu = (has_relu)                                           \
    }
#define NOT_PADDED .before = 0
#define PAD(first, second) .before = (first), .after = (second)
enum { N_ACTIONS = 0 };  // outputs: as many as there are actions

static const dq_network networks[] = {
    {"nature",
     "",
     "Mnih et al. 2015",
     5,
     {CONV("conv.0", 4, 84, 32, 8, 4, NOT_PADDED), CONV("conv.2", 32, 20, 64, 4, 2, NOT_PADDED),
      CONV("conv.4", 64, 9, 64, 3, 1, NOT_PADDED), LINEAR("fc.0", 64 * 7 * 7, 512, true),
      LINEAR("fc.2", 512, N_ACTIONS, false)}},
    {"nips",
     "",
     "Mnih et al. 2013",
     4,
     {CONV("conv.0", 4, 84, 16, 8, 4, NOT_PADDED), CONV("conv.2", 16, 20, 32, 4, 2, NOT_PADDED),
      LINEAR("fc.0", 32 * 9 * 9, 256, true), LINEAR("fc.2", 256, N_ACTIONS, false)}},
    {"small",
     "",
     "docs/fast.md",
     5,
     {CONV("conv.0", 4, 84, 32, 8, 4, NOT_PADDED), CONV("conv.2", 32, 20, 32, 4, 2, NOT_PADDED),
      CONV("conv.4", 32, 9, 32, 3, 1, NOT_PADDED), LINEAR("fc.0", 32 * 7 * 7, 256, true),
      LINEAR("fc.2", 256, N_ACTIONS, false)}},
    {"nature_same",
     "",
     "Dopamine, where convolutions pad (Castro et al. 2018)",
     5,
     {CONV("conv.0", 4, 84, 32, 8, 4, PAD(2, 2)), CONV("conv.2", 32, 21, 64, 4, 2, PAD(1, 2)),
      CONV("conv.4", 64, 11, 64, 3, 1, PAD(1, 1)), LINEAR("fc.0", 64 * 11 * 11, 512, true),
      LINEAR("fc.2", 512, N_ACTIONS, false)}},
};

const dq_layer dq_mlp_layers[DQ_LAYERS_MAX] = {
    LINEAR("0", 0, 0, true), LINEAR("2", 0, 0, true), LINEAR("4", 0, 0, true),
    LINEAR("6", 0, 0, true), LINEAR("8", 0, 0, true),
};

const dq_network *dq_network_at(size_t index)
{
    return index < DQ_COUNT(networks) ? &networks[index] : NULL;
}

const char *dq_net_network_name(size_t index)
{
    return index < DQ_COUNT(networks) ? networks[index].name : NULL;
}

bool dq_network_is_mlp(const char *name)
{
    return name && strncmp(name, DQ_MLP, strlen(DQ_MLP)) == 0 &&
           (name[strlen(DQ_MLP)] == ' ' || name[strlen(DQ_MLP)] == '\0');
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
static int read_sizes(const char *text, int sizes[DQ_LAYERS_MAX])
{
    for (int n = 0; n < DQ_LAYERS_MAX; text++) {
        text = read_size(text, n == 0 ? DQ_MLP_INPUTS_MAX : DQ_MLP_HIDDEN_MAX, &sizes[n]);
        if (!text || (*text != '-' && *text != '\0'))
            return 0;
        n++;
        if (*text == '\0')
            return n;
    }
    return 0;
}

static dq_status make_mlp(const char *name, dq_network *network)
{
    int sizes[DQ_LAYERS_MAX], n = 0;
    if (name[strlen(DQ_MLP)] == ' ')
        n = read_sizes(name + strlen(DQ_MLP) + 1, sizes);
    if (n < 2 || strlen(name) >= sizeof(network->own_name))
        return dq_fail(DQ_ERR_CONFIG,
                       "network '%s': write inputs and 1 to %d hidden layers, 1 to %d wide, as in "
                       "'mlp 4-128-128'",
                       name, DQ_MLP_LAYERS_MAX, DQ_MLP_HIDDEN_MAX);
    *network = (dq_network){.source = "a multilayer perceptron", .n_layers = n};
    memcpy(network->own_name, name, strlen(name) + 1);
    for (int i = 0; i < n; i++) {
        network->layers[i] = dq_mlp_layers[i];
        network->layers[i].in = sizes[i];
        network->layers[i].out = i + 1 < n ? sizes[i + 1] : N_ACTIONS;
        network->layers[i].relu = i + 1 < n;
    }
    return DQ_OK;
}

dq_status dq_network_find(const char *name, dq_network *network)
{
    const char *names[DQ_COUNT(networks) + 1];
    char known[128];
    if (dq_network_is_mlp(name))
        return make_mlp(name, network);
    for (size_t i = 0; i < DQ_COUNT(networks); i++) {
        names[i] = networks[i].name;
        if (strcmp(names[i], name ? name : networks[0].name) == 0) {
            *network = networks[i];
            return DQ_OK;
        }
    }
    names[DQ_COUNT(networks)] = DQ_MLP;
    dq_list_words(known, sizeof(known), names, DQ_COUNT(names), "or");
    return dq_fail(DQ_ERR_CONFIG, "no network '%s': choose %s", name, known);
}
