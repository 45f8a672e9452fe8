#include <string.h>

#include "base/error.h"
#include "nn/net_internal.h"

dq_status dq_net_save(const dq_net *net, dq_writer *w)
{
    const float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    dq_device_fetch(net);
    DQ_TRY(dq_net_status(net));
    dq_write_tag(w, "DQNN", 1);
    dq_write_u32(w, (uint32_t)net->cfg.n_actions);
    dq_write_u64(w, DQ_N_PARAMS);
    dq_status st = dq_write_u64(w, (uint64_t)net->n_updates);
    for (size_t i = 0; i < DQ_COUNT(arrays); i++)
        st = dq_write(w, arrays[i], DQ_N_PARAMS * sizeof(float));
    return st;
}

dq_status dq_net_load(dq_net *net, dq_reader *r)
{
    float *arrays[] = {net->online.params, net->target.params, net->m, net->v};
    uint32_t n_actions;
    uint64_t n_params, n_updates;
    DQ_TRY(dq_read_tag(r, "DQNN", 1));
    dq_read_u32(r, &n_actions);
    dq_read_u64(r, &n_params);
    DQ_TRY(dq_read_u64(r, &n_updates));
    if (n_actions != (uint32_t)net->cfg.n_actions || n_params != DQ_N_PARAMS ||
        n_updates > INT64_MAX)
        return dq_fail(DQ_ERR_INPUT,
                       "saved net has %u actions and %llu parameters, %d and %d needed", n_actions,
                       (unsigned long long)n_params, net->cfg.n_actions, (int)DQ_N_PARAMS);
    if (dq_reader_left(r) < DQ_COUNT(arrays) * DQ_N_PARAMS * sizeof(float))
        return dq_fail(DQ_ERR_INPUT, "saved net ends early");
    for (size_t i = 0; i < DQ_COUNT(arrays); i++)
        DQ_TRY(dq_read(r, arrays[i], DQ_N_PARAMS * sizeof(float)));
    net->n_updates = (int64_t)n_updates;
    dq_net_params_changed(net);
    return dq_net_status(net);
}
