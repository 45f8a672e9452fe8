#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/stream_internal.h"
#include "nn/net_internal.h"

dq_status dq_net_save(const dq_net *net, dq_writer *w)
{
    const float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    size_t n_params = net->shape.n_params;
    char network[DQ_NETWORK_NAME] = "";  // with zeros to its end
    snprintf(network, sizeof(network), "%s", dq_net_network(net));
    dq_write_tag(w, "DQNN", 2);
    dq_write_u32(w, (uint32_t)net->cfg.n_actions);
    dq_write_u64(w, n_params);
    dq_write_u64(w, (uint64_t)net->n_updates);
    dq_status st = dq_write(w, network, sizeof(network));
    for (size_t i = 0; i < DQ_COUNT(arrays); i++)
        st = dq_write(w, arrays[i], n_params * sizeof(float));
    return st;
}

/** Of which network: version 1 did not say. */
static dq_status check_saved(const dq_net *net, const char *network, uint32_t n_actions,
                             uint64_t n_params)
{
    if (*network && strcmp(network, dq_net_network(net)) != 0)
        return dq_fail(DQ_ERR_INPUT, "saved net is a %s network, this one is %s", network,
                       dq_net_network(net));
    if (n_actions != (uint32_t)net->cfg.n_actions || n_params != net->shape.n_params)
        return dq_fail(DQ_ERR_INPUT,
                       "saved net has %u actions and %llu parameters, %d and %zu needed", n_actions,
                       (unsigned long long)n_params, net->cfg.n_actions, net->shape.n_params);
    return DQ_OK;
}

/** What comes before the parameters. */
static dq_status read_head(dq_reader *r, char network[DQ_NETWORK_NAME], uint32_t *n_actions,
                           uint64_t *n_params, uint64_t *n_updates)
{
    uint32_t version;
    memset(network, 0, DQ_NETWORK_NAME);
    DQ_TRY(dq_read_tag_between(r, "DQNN", 1, 2, &version));
    dq_read_u32(r, n_actions);
    DQ_TRY(dq_read_u64(r, n_params));
    DQ_TRY(dq_read_u64(r, n_updates));
    if (version > 1)
        DQ_TRY(dq_read(r, network, DQ_NETWORK_NAME));
    network[DQ_NETWORK_NAME - 1] = '\0';
    dq_make_plain(network);
    return DQ_OK;
}

dq_status dq_network_of_saved(dq_reader *r, char name[DQ_NETWORK_NAME], uint32_t *n_actions)
{
    size_t start = r->at;
    uint64_t n_params, n_updates;
    DQ_TRY(read_head(r, name, n_actions, &n_params, &n_updates));
    r->at = start;
    return DQ_OK;
}

dq_status dq_net_load(dq_net *net, dq_reader *r)
{
    float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    size_t bytes = net->shape.n_params * sizeof(float);
    char network[DQ_NETWORK_NAME];
    uint32_t n_actions;
    uint64_t n_params, n_updates;
    DQ_TRY(read_head(r, network, &n_actions, &n_params, &n_updates));
    DQ_TRY(check_saved(net, network, n_actions, n_params));
    if (n_updates > (uint64_t)1 << 62)  // there must be room to count on
        return dq_fail(DQ_ERR_INPUT, "saved net: its count of updates is impossible");
    if (dq_reader_left(r) < DQ_COUNT(arrays) * bytes)
        return dq_fail(DQ_ERR_INPUT, "saved net ends early");
    for (size_t i = 0; i < DQ_COUNT(arrays); i++)
        DQ_TRY(dq_read(r, arrays[i], bytes));
    net->n_updates = (int64_t)n_updates;
    dq_net_params_changed(net);
    return DQ_OK;
}
