#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/stream_internal.h"
#include "nn/net_internal.h"

enum { OLD_NAME = 32 };  // bytes of a network's name in version 2

dq_status dq_net_save(const dq_net *net, dq_writer *w)
{
    const float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    size_t n_params = net->shape.n_params;
    char network[DQ_NETWORK_NAME] = "";  // with zeros to its end
    snprintf(network, sizeof(network), "%s", dq_net_network(net));
    dq_write_tag(w, "DQNN", 3);
    dq_write_u32(w, (uint32_t)net->cfg.n_actions);
    dq_write_u64(w, n_params);
    dq_write_u64(w, (uint64_t)net->n_updates);
    dq_write(w, network, sizeof(network));
    dq_status st = dq_write_u32(w, (uint32_t)net->cfg.optimiser);
    for (size_t i = 0; i < DQ_COUNT(arrays); i++)
        st = dq_write(w, arrays[i], n_params * sizeof(float));
    return st;
}

static dq_status check_saved(const dq_net *net, const dq_saved_net *saved)
{
    if (*saved->network && strcmp(saved->network, dq_net_network(net)) != 0)
        return dq_fail(DQ_ERR_INPUT, "saved net is a %s network, this one is %s", saved->network,
                       dq_net_network(net));
    if (saved->n_actions != (uint32_t)net->cfg.n_actions || saved->n_params != net->shape.n_params)
        return dq_fail(DQ_ERR_INPUT,
                       "saved net has %u actions and %llu parameters, %d and %zu needed",
                       saved->n_actions, (unsigned long long)saved->n_params, net->cfg.n_actions,
                       net->shape.n_params);
    if (saved->optimiser != net->cfg.optimiser)
        return dq_fail(DQ_ERR_INPUT, "saved net learned by %s, this one is to learn by %s",
                       dq_optimiser_name(saved->optimiser), dq_optimiser_name(net->cfg.optimiser));
    if (saved->n_updates > (uint64_t)1 << 62)  // there must be room to count on
        return dq_fail(DQ_ERR_INPUT, "saved net: its count of updates is impossible");
    return DQ_OK;
}

/** What comes before the parameters. Version 1 had no name of the network, 2 no optimiser: Adam was
 *  the only one. */
static dq_status read_head(dq_reader *r, dq_saved_net *saved)
{
    uint32_t version, optimiser = DQ_OPTIMISER_ADAM;
    *saved = (dq_saved_net){0};
    DQ_TRY(dq_read_tag_between(r, "DQNN", 1, 3, &version));
    dq_read_u32(r, &saved->n_actions);
    DQ_TRY(dq_read_u64(r, &saved->n_params));
    DQ_TRY(dq_read_u64(r, &saved->n_updates));
    if (version > 1)
        DQ_TRY(dq_read(r, saved->network, version > 2 ? DQ_NETWORK_NAME : OLD_NAME));
    saved->network[DQ_NETWORK_NAME - 1] = '\0';
    dq_make_plain(saved->network);
    if (version > 2)
        DQ_TRY(dq_read_u32(r, &optimiser));
    saved->optimiser = (dq_optimiser)optimiser;
    if (!dq_optimiser_name(saved->optimiser))
        return dq_fail(DQ_ERR_INPUT, "saved net: there is no optimiser number %u", optimiser);
    return DQ_OK;
}

dq_status dq_saved_net_peek(dq_reader *r, dq_saved_net *saved)
{
    size_t start = r->at;
    DQ_TRY(read_head(r, saved));
    r->at = start;
    return DQ_OK;
}

dq_status dq_net_load(dq_net *net, dq_reader *r)
{
    float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    size_t bytes = net->shape.n_params * sizeof(float);
    dq_saved_net saved;
    DQ_TRY(read_head(r, &saved));
    DQ_TRY(check_saved(net, &saved));
    if (dq_reader_left(r) < DQ_COUNT(arrays) * bytes)
        return dq_fail(DQ_ERR_INPUT, "saved net ends early");
    for (size_t i = 0; i < DQ_COUNT(arrays); i++)
        DQ_TRY(dq_read(r, arrays[i], bytes));
    net->n_updates = (int64_t)saved.n_updates;
    dq_net_params_changed(net);
    return DQ_OK;
}
