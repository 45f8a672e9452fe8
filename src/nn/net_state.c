#include <string.h>

#include "base/error.h"
#include "nn/net_internal.h"

dq_status dq_net_save(const dq_net *net, dq_writer *w)
{
    const float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    size_t n_params = net->shape.n_params;
    dq_write_tag(w, "DQNN", 1);
    dq_write_u32(w, (uint32_t)net->cfg.n_actions);
    dq_write_u64(w, n_params);
    dq_status st = dq_write_u64(w, (uint64_t)net->n_updates);
    for (size_t i = 0; i < DQ_COUNT(arrays); i++)
        st = dq_write(w, arrays[i], n_params * sizeof(float));
    return st;
}

/** No two networks have as many parameters. */
static dq_status check_saved(const dq_net *net, uint32_t n_actions, uint64_t n_params)
{
    const dq_network *theirs = dq_network_of_size(n_params);
    if (theirs && theirs != net->shape.network)
        return dq_fail(DQ_ERR_INPUT, "saved net is a %s network, this one is %s", theirs->name,
                       dq_net_network(net));
    if (n_actions != (uint32_t)net->cfg.n_actions || !theirs)
        return dq_fail(DQ_ERR_INPUT,
                       "saved net has %u actions and %llu parameters, %d and %zu needed", n_actions,
                       (unsigned long long)n_params, net->cfg.n_actions, net->shape.n_params);
    return DQ_OK;
}

dq_status dq_net_load(dq_net *net, dq_reader *r)
{
    float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    size_t bytes = net->shape.n_params * sizeof(float);
    uint32_t n_actions;
    uint64_t n_params, n_updates;
    DQ_TRY(dq_read_tag(r, "DQNN", 1));
    dq_read_u32(r, &n_actions);
    dq_read_u64(r, &n_params);
    DQ_TRY(dq_read_u64(r, &n_updates));
    DQ_TRY(check_saved(net, n_actions, n_params));
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
