#include "app/policy.h"

#include <string.h>

#include "agent/argmax.h"
#include "base/error.h"

/** Rows of the last layer; 0 if the model has no such layer. */
static int model_actions(const dq_model *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->tensors[i].name, "fc.2.weight") == 0)
            return m->tensors[i].shape[0];
    return 0;
}

static dq_status fill_net(policy *p, const dq_model *m, const char *path, const dq_env_spec *spec)
{
    int n = model_actions(m);
    if (n != 0 && n != spec->n_actions)
        return dq_fail(DQ_ERR_INPUT,
                       "%s chooses among %d actions and %s has %d: choose with --env the "
                       "environment it was trained on",
                       path, n, spec->id, spec->n_actions);
    dq_net_config cfg = dq_net_config_default(spec->n_actions);
    cfg.batch = 1;
    cfg.network = dq_net_recognise(m->tensors, m->n);  // none: the default's names what is wrong
    cfg.n_threads = 1;  // one state at a time: more threads would wait for each other
    DQ_TRY(dq_net_create(&p->net, &cfg));
    if (dq_net_set_params(p->net, m->tensors, m->n) != DQ_OK)
        return dq_fail_within(DQ_ERR_INPUT, "%s", path);
    if (!dq_net_is_finite(p->net))
        return dq_fail(DQ_ERR_INPUT,
                       "%s: a weight is not finite, learning had diverged: choose an earlier model",
                       path);
    return DQ_OK;
}

dq_status policy_create(policy *p, const dq_model *m, const char *path, const dq_env *env,
                        double epsilon, uint64_t seed)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    *p = (policy){
        .n_actions = spec->n_actions,
        .epsilon = m ? epsilon : 1,
        .rng = dq_rng_stream(seed, "exploration"),
    };
    dq_status st = m ? fill_net(p, m, path, spec) : DQ_OK;
    if (st != DQ_OK)
        policy_free(p);
    return st;
}

void policy_free(policy *p)
{
    dq_net_destroy(p->net);
    p->net = NULL;
}

int policy_action(policy *p, const uint8_t *obs)
{
    if (p->epsilon > 0 && dq_rng_unit(&p->rng) < p->epsilon)
        return (int)dq_rng_below(&p->rng, (uint32_t)p->n_actions);
    float q[DQ_MAX_ACTIONS];
    dq_net_q(p->net, obs, 1, q);
    return dq_argmax(q, p->n_actions);
}
