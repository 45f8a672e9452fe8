/* The networks there are. One more is a row here; its layers' sizes, where no other network has
 * them yet, are rows in net_shape.h, from which the kernels are compiled. */
#include <stdio.h>
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

static const dq_layer nature[] = {
    CONV("conv.0", 4, 84, 32, 8, 4, NOT_PADDED), CONV("conv.2", 32, 20, 64, 4, 2, NOT_PADDED),
    CONV("conv.4", 64, 9, 64, 3, 1, NOT_PADDED), LINEAR("fc.0", 64 * 7 * 7, 512, true),
    LINEAR("fc.2", 512, N_ACTIONS, false),
};
static const dq_layer nature_same[] = {
    CONV("conv.0", 4, 84, 32, 8, 4, PAD(2, 2)),  CONV("conv.2", 32, 21, 64, 4, 2, PAD(1, 2)),
    CONV("conv.4", 64, 11, 64, 3, 1, PAD(1, 1)), LINEAR("fc.0", 64 * 11 * 11, 512, true),
    LINEAR("fc.2", 512, N_ACTIONS, false),
};
static const dq_layer nips[] = {
    CONV("conv.0", 4, 84, 16, 8, 4, NOT_PADDED),
    CONV("conv.2", 16, 20, 32, 4, 2, NOT_PADDED),
    LINEAR("fc.0", 32 * 9 * 9, 256, true),
    LINEAR("fc.2", 256, N_ACTIONS, false),
};
static const dq_layer small[] = {
    CONV("conv.0", 4, 84, 32, 8, 4, NOT_PADDED), CONV("conv.2", 32, 20, 32, 4, 2, NOT_PADDED),
    CONV("conv.4", 32, 9, 32, 3, 1, NOT_PADDED), LINEAR("fc.0", 32 * 7 * 7, 256, true),
    LINEAR("fc.2", 256, N_ACTIONS, false),
};

static const dq_network networks[] = {
    {"nature", "Mnih et al. 2015", DQ_COUNT(nature), nature},
    {"nips", "Mnih et al. 2013", DQ_COUNT(nips), nips},
    {"small", "docs/fast.md", DQ_COUNT(small), small},
    {"nature_same", "Dopamine, where convolutions pad (Castro et al. 2018)", DQ_COUNT(nature_same),
     nature_same},
};

const dq_network *dq_network_at(size_t index)
{
    return index < DQ_COUNT(networks) ? &networks[index] : NULL;
}

const char *dq_net_network_name(size_t index)
{
    return index < DQ_COUNT(networks) ? networks[index].name : NULL;
}

dq_status dq_network_find(const char *name, const dq_network **network)
{
    const char *names[DQ_COUNT(networks)];
    char known[128];
    *network = NULL;
    for (size_t i = 0; i < DQ_COUNT(networks); i++) {
        names[i] = networks[i].name;
        if (strcmp(names[i], name ? name : networks[0].name) == 0)
            *network = &networks[i];
    }
    if (*network)
        return DQ_OK;
    dq_list_words(known, sizeof(known), names, DQ_COUNT(networks), "or");
    return dq_fail(DQ_ERR_CONFIG, "no network '%s': choose %s", name, known);
}
