#include "deepq/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/rng.h"
#include "nn/argmax.h"
#include "nn/graph.h"

struct dq_policy {
    dq_net *net;  // NULL: always at random
    int n_actions;
    double epsilon;
    dq_rng rng;
};

void dq_policy_seed(dq_policy *p, uint64_t seed)
{
    p->rng = dq_rng_stream(seed, "exploration");
}

static dq_status create(dq_policy **out, int n_actions, double epsilon, uint64_t seed)
{
    *out = NULL;
    if (n_actions < 1 || n_actions > DQ_MAX_ACTIONS)
        return dq_fail(DQ_ERR_CONFIG, "%d actions: choose 1 to %d", n_actions, DQ_MAX_ACTIONS);
    if (!(epsilon >= 0 && epsilon <= 1))
        return dq_fail(DQ_ERR_CONFIG, "epsilon %g: choose 0 to 1", epsilon);
    dq_policy *p = calloc(1, sizeof(*p));
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a policy");
    p->n_actions = n_actions;
    p->epsilon = epsilon;
    dq_policy_seed(p, seed);
    *out = p;
    return DQ_OK;
}

/** One state at a time: more threads would wait for each other. */
static dq_status create_net(dq_policy *p, const dq_model *m, const char *network)
{
    dq_net_config cfg = dq_net_config_default(p->n_actions);
    cfg.batch = 1;
    cfg.network = network;
    cfg.n_threads = 1;
    DQ_TRY(dq_net_create(&p->net, &cfg));
    DQ_TRY(dq_net_set_params(p->net, m->tensors, m->n));
    if (!dq_net_is_finite(p->net))
        return dq_fail(DQ_ERR_INPUT,
                       "a weight is not finite, learning had diverged: choose an earlier model");
    return DQ_OK;
}

dq_status dq_policy_create(dq_policy **out, const dq_model *model, const dq_policy_config *cfg)
{
    static const dq_policy_config greedy = {0};
    assert(out && model);
    cfg = cfg ? cfg : &greedy;
    dq_network network;
    int n_actions = 1;
    bool is_known = dq_network_of_model(model->info ? model->info->network : NULL, model->tensors,
                                        model->n, &network, &n_actions);
    DQ_TRY(create(out, n_actions, cfg->epsilon, cfg->seed));
    dq_status st = create_net(*out, model, is_known ? dq_network_name(&network) : NULL);
    // an unknown one: the default network says what is missing
    if (st != DQ_OK) {
        dq_policy_destroy(*out);
        *out = NULL;
    }
    return st;
}

dq_status dq_policy_load(dq_policy **out, const char *path, const dq_policy_config *cfg)
{
    dq_model *model;
    assert(out && path);
    *out = NULL;
    DQ_TRY(dq_model_load(&model, path));
    dq_status st = dq_policy_create(out, model, cfg);
    if (st != DQ_OK)
        st = dq_fail_within(st, "%s", path);
    dq_model_destroy(model);
    return st;
}

dq_status dq_policy_random(dq_policy **out, int n_actions, uint64_t seed)
{
    assert(out);
    return create(out, n_actions, 1, seed);
}

void dq_policy_destroy(dq_policy *p)
{
    if (!p)
        return;
    dq_net_destroy(p->net);
    free(p);
}

int dq_policy_actions(const dq_policy *p)
{
    return p->n_actions;
}

size_t dq_policy_obs_bytes(const dq_policy *p)
{
    return p->net ? dq_net_obs_bytes(p->net) : 0;
}

void dq_policy_values(dq_policy *p, const void *obs, float *q)
{
    if (p->net)
        dq_net_q(p->net, obs, 1, q);
    else
        memset(q, 0, (size_t)p->n_actions * sizeof(*q));
}

int dq_policy_act(dq_policy *p, const void *obs)
{
    float q[DQ_MAX_ACTIONS];
    if (p->epsilon > 0 && dq_rng_unit(&p->rng) < p->epsilon)
        return (int)dq_rng_below(&p->rng, (uint32_t)p->n_actions);
    dq_policy_values(p, obs, q);
    return dq_argmax(q, p->n_actions);
}
