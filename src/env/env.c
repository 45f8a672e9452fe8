#include "deepq/env.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "deepq/atari_env.h"

struct dq_env {
    dq_env_ops ops;
    dq_env_spec spec;
    void *self;
    bool running;    // between a reset and the end of its episode
    bool observed;   // reset since it was seeded or loaded, so there is an observation
    int last_lives;  // of the last step, for environments without the `lives` operation
};

size_t dq_space_elements(const dq_space *space)
{
    size_t n = 1;
    for (int i = 0; i < space->n_dims; i++)
        n *= (size_t)space->shape[i];
    return n;
}

size_t dq_space_bytes(const dq_space *space)
{
    return dq_space_elements(space) * (space->dtype == DQ_U8 ? 1 : 4);
}

static dq_status check_spec(const dq_env_spec *spec)
{
    if (!spec->id)
        return dq_fail(DQ_ERR_CONFIG, "environment without an id: set spec.id");
    if (spec->n_actions < 1)
        return dq_fail(DQ_ERR_CONFIG, "%s: %d actions: an environment needs at least one", spec->id,
                       spec->n_actions);
    if (spec->obs.n_dims < 0 || spec->obs.n_dims > DQ_MAX_DIMS)
        return dq_fail(DQ_ERR_CONFIG, "%s: observation of %d dimensions: 0 to %d are possible",
                       spec->id, spec->obs.n_dims, DQ_MAX_DIMS);
    for (int i = 0; i < spec->obs.n_dims; i++)
        if (spec->obs.shape[i] < 1)
            return dq_fail(DQ_ERR_CONFIG, "%s: observation dimension %d is %d: must be positive",
                           spec->id, i, spec->obs.shape[i]);
    return DQ_OK;
}

dq_status dq_env_create(dq_env **out, const dq_env_ops *ops, const dq_env_spec *spec, void *self)
{
    assert(out && ops && spec && ops->reset && ops->step);
    *out = NULL;
    DQ_TRY(check_spec(spec));
    dq_env *env = calloc(1, sizeof(*env));
    if (!env)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for an environment", spec->id);
    env->ops = *ops;
    env->spec = *spec;
    env->self = self;
    *out = env;
    return DQ_OK;
}

const dq_env_spec *dq_env_get_spec(const dq_env *env)
{
    return &env->spec;
}

dq_status dq_env_reset(dq_env *env, void *obs)
{
    env->last_lives = 0;
    env->running = env->observed = false;
    DQ_TRY(env->ops.reset(env->self, obs));
    env->running = env->observed = true;
    return DQ_OK;
}

dq_status dq_env_step(dq_env *env, int action, void *obs, dq_step *result)
{
    if (action < 0 || action >= env->spec.n_actions)
        return dq_fail(DQ_ERR_CONFIG, "%s: action %d: must be 0 to %d", env->spec.id, action,
                       env->spec.n_actions - 1);
    if (!env->running)
        return dq_fail(DQ_ERR_CONFIG, "%s: step outside an episode: reset the environment first",
                       env->spec.id);
    env->running = false;
    *result = (dq_step){0};
    DQ_TRY(env->ops.step(env->self, action, obs, result));
    env->running = !result->terminated && !result->truncated;
    env->last_lives = result->lives;
    return DQ_OK;
}

int dq_env_lives(const dq_env *env)
{
    return env->ops.lives ? env->ops.lives(env->self) : env->last_lives;
}

dq_status dq_env_seed(dq_env *env, uint64_t seed)
{
    env->running = env->observed = false;
    return env->ops.seed ? env->ops.seed(env->self, seed) : DQ_OK;
}

static dq_status unsupported(const dq_env *env, const char *what)
{
    return dq_fail(DQ_ERR_UNSUPPORTED, "%s cannot %s: this environment does not implement it",
                   env->spec.id, what);
}

dq_status dq_env_render(dq_env *env, dq_image *image)
{
    return env->ops.render ? env->ops.render(env->self, image) : unsupported(env, "be drawn");
}

dq_status dq_env_render_text(dq_env *env, const char **text)
{
    return env->ops.render_text ? env->ops.render_text(env->self, text)
                                : unsupported(env, "be drawn as text");
}

dq_status dq_env_observe(dq_env *env, void *obs)
{
    if (!env->ops.observe)
        return unsupported(env, "give an observation once more");
    if (!env->observed)
        return dq_fail(DQ_ERR_CONFIG, "%s: no observation yet: reset the environment first",
                       env->spec.id);
    return env->ops.observe(env->self, obs);
}

dq_atari *dq_env_atari(const dq_env *env)
{
    return env->ops.atari ? env->ops.atari(env->self) : NULL;
}

dq_status dq_env_model(dq_env *env, int state, int action, const dq_outcome **outcomes, int *n)
{
    if (!env->ops.model)
        return unsupported(env, "give its transition model");
    if (state < 0 || state >= env->spec.n_states || action < 0 || action >= env->spec.n_actions)
        return dq_fail(DQ_ERR_CONFIG, "%s: state %d, action %d: must be below %d and %d",
                       env->spec.id, state, action, env->spec.n_states, env->spec.n_actions);
    return env->ops.model(env->self, state, action, outcomes, n);
}

dq_status dq_env_start_model(dq_env *env, const dq_outcome **outcomes, int *n)
{
    return env->ops.start_model ? env->ops.start_model(env->self, outcomes, n)
                                : unsupported(env, "give its starting states");
}

dq_status dq_env_save(dq_env *env, dq_writer *w)
{
    if (!env->ops.save)
        return unsupported(env, "be saved");
    dq_write_tag(w, "ENV ", 1);
    dq_write_u32(w, env->running);
    dq_write_u32(w, (uint32_t)env->last_lives);
    return env->ops.save(env->self, w);
}

dq_status dq_env_load(dq_env *env, dq_reader *r)
{
    if (!env->ops.load)
        return unsupported(env, "be loaded");
    env->running = false;
    uint32_t running = 0, lives = 0;
    DQ_TRY(dq_read_tag(r, "ENV ", 1));
    DQ_TRY(dq_read_u32(r, &running));
    DQ_TRY(dq_read_u32(r, &lives));
    DQ_TRY(env->ops.load(env->self, r));
    env->running = running != 0;
    env->observed = env->observed || env->running;
    env->last_lives = (int)lives;
    return DQ_OK;
}

void dq_env_destroy(dq_env *env)
{
    if (env && env->ops.destroy)
        env->ops.destroy(env->self);
    free(env);
}
