/* Networks that other programs have, too, with tensors of other names. */
#include <stdio.h>
#include <string.h>

#include "export/formats.h"

const dq_tensor *dq_export_tensor(const dq_export_model *m, const char *name)
{
    size_t i = 0;
    while (strcmp(m->tensors[i].name, name) != 0)
        i++;  // a network has the tensors of its layers
    return &m->tensors[i];
}

static bool is_plain(const dq_export_model *m)
{
    return m->network.last.dueling == DQ_DUELING_NONE;
}

bool dq_export_is_nature(const dq_export_model *m)
{
    return is_plain(m) && m->network.name && strcmp(m->network.name, "nature") == 0;
}

bool dq_export_is_mlp(const dq_export_model *m)
{
    return is_plain(m) && m->network.layers[0].kind == DQ_LAYER_LINEAR;
}

void dq_export_rename(const dq_export_model *m, const char *prefix, const char *const *layers,
                      dq_tensor *tensors, char (*names)[DQ_EXPORT_NAME])
{
    for (int i = 0; i < 2 * m->network.n_layers; i++) {
        const dq_layer *l = &m->network.layers[i / 2];
        snprintf(names[i], DQ_EXPORT_NAME, "%s%s.%s", prefix, layers[i / 2],
                 i % 2 == 0 ? "weight" : "bias");
        tensors[i] = *dq_export_tensor(m, i % 2 == 0 ? l->weight : l->bias);
        tensors[i].name = names[i];
    }
}
