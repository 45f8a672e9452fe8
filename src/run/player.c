#include "run/player.h"

#include "base/error.h"

dq_status dq_player_create(dq_policy **out, const dq_model *weights, const char *path,
                           const dq_env *env, double epsilon, uint64_t seed)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    const dq_policy_config cfg = {.epsilon = epsilon, .seed = seed};
    if (!weights)
        return dq_policy_random(out, spec->n_actions, seed);
    dq_status st = dq_policy_create(out, weights, &cfg);
    if (st != DQ_OK)  // the file's fault, but for a lack of memory
        return dq_fail_within(st == DQ_ERR_NOMEM ? st : DQ_ERR_INPUT, "%s", path);
    int n = dq_policy_actions(*out);
    size_t bytes = dq_policy_obs_bytes(*out), given = dq_space_bytes(&spec->obs);
    if (n == spec->n_actions && bytes == given)
        return DQ_OK;
    dq_policy_destroy(*out);
    *out = NULL;
    if (bytes != given)
        return dq_fail(DQ_ERR_INPUT,
                       "%s takes observations of %zu bytes, and those of %s have %zu: choose with "
                       "--env the environment it was trained on",
                       path, bytes, spec->id, given);
    return dq_fail(
        DQ_ERR_INPUT,
        "%s chooses among %d actions and %s has %d: choose with --env the environment it "
        "was trained on",
        path, n, spec->id, spec->n_actions);
}
