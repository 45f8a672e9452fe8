/* A model to be written: its network, its tensors in order, what it was trained on. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deepq/version.h"
#include "export/export.h"

static const dq_tensor *named(const dq_model *weights, const char *name)
{
    size_t i = 0;
    while (strcmp(weights->tensors[i].name, name) != 0)
        i++;  // recognised, so there is one
    return &weights->tensors[i];
}

static dq_status check_finite(const dq_tensor *t)
{
    for (size_t i = 0; i < dq_tensor_elements(t); i++)
        if (!isfinite(t->data[i]))
            return dq_fail(DQ_ERR_INPUT,
                           "%s: a weight is not finite, learning had diverged: "
                           "choose an earlier model",
                           t->name);
    return DQ_OK;
}

dq_status dq_export_model_init(dq_export_model *m, const dq_model *weights)
{
    *m = (dq_export_model){.info = weights->info ? *weights->info : dq_model_info_default()};
    if (!dq_network_of_model(m->info.network, weights->tensors, weights->n, &m->network,
                             &m->n_actions))
        return dq_fail(DQ_ERR_INPUT, "its network is none that deepq knows: deepq inspect lists "
                                     "its tensors");
    snprintf(m->info.network, sizeof(m->info.network), "%s", dq_network_name(&m->network));
    m->n = (size_t)dq_net_param_shapes(m->info.network, m->n_actions, m->tensors);
    for (size_t i = 0; i < m->n; i++) {
        m->tensors[i].data = named(weights, m->tensors[i].name)->data;
        DQ_TRY(check_finite(&m->tensors[i]));
    }
    return DQ_OK;
}

void dq_export_each_fact(const dq_export_model *m,
                         void (*fn)(void *ctx, const char *key, const char *value), void *ctx)
{
    const struct {
        const char *key, *text;
    } texts[] = {
        {"env", m->info.env_id},    {"dialect", m->info.dialect}, {"options", m->info.options},
        {"preset", m->info.preset}, {"network", m->info.network}, {"version", dq_version()},
    };
    char number[32];
    for (size_t i = 0; i < DQ_COUNT(texts); i++)
        if (*texts[i].text)
            fn(ctx, texts[i].key, texts[i].text);
    if (m->has_seed) {
        snprintf(number, sizeof(number), "%" PRIu64, m->seed);
        fn(ctx, "seed", number);
    }
    if (m->info.step >= 0) {
        snprintf(number, sizeof(number), "%" PRId64, m->info.step);
        fn(ctx, "frame", number);
    }
    if (isfinite(m->info.score)) {
        snprintf(number, sizeof(number), "%.15g", m->info.score);
        fn(ctx, "score", number);
    }
}
