#include "agent/network_choice.h"

#include <stdio.h>

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

static void name_mlp(const dq_train_config *cfg, int n_inputs, char name[DQ_NETWORK_NAME])
{
    size_t used = (size_t)snprintf(name, DQ_NETWORK_NAME, DQ_MLP " %d", n_inputs);
    for (int i = 0; i < DQ_MLP_LAYERS_MAX && cfg->hidden[i] > 0 && used < DQ_NETWORK_NAME; i++)
        used += (size_t)snprintf(name + used, DQ_NETWORK_NAME - used, "-%d", cfg->hidden[i]);
}

dq_status dq_network_choose(const dq_train_config *cfg, const dq_env_spec *spec,
                            char name[DQ_NETWORK_NAME])
{
    bool is_mlp = dq_network_is_mlp(cfg->network);
    if (dq_space_is_picture(&spec->obs)) {
        if (is_mlp)
            return dq_fail(DQ_ERR_CONFIG,
                           "network %s is for vectors, and the observations of %s are pictures: "
                           "choose another network",
                           cfg->network, spec->id);
        snprintf(name, DQ_NETWORK_NAME, "%s", cfg->network ? cfg->network : dq_net_network_name(0));
        return DQ_OK;
    }
    if (!dq_space_is_vector(&spec->obs))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: its observations are neither uint8 [%d][%d][%d] nor float32 [1 to %d]: "
                       "wrap it",
                       spec->id, DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE, DQ_MLP_INPUTS_MAX);
    if (cfg->network && !is_mlp)
        return dq_fail(DQ_ERR_CONFIG,
                       "network %s is for pictures, and the observations of %s are vectors: choose "
                       "the network " DQ_MLP,
                       cfg->network, spec->id);
    name_mlp(cfg, spec->obs.shape[0], name);
    return DQ_OK;
}
