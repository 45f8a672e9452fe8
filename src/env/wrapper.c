#include "env/wrapper.h"

#include <stdlib.h>

#include "base/error.h"
#include "deepq/atari_env.h"

static dq_status pass_reset(void *self, void *obs)
{
    dq_wrapper *w = self;
    return dq_env_reset(w->inner, obs);
}

static dq_status pass_step(void *self, int action, void *obs, dq_step *result)
{
    dq_wrapper *w = self;
    return dq_env_step(w->inner, action, obs, result);
}

static dq_status pass_seed(void *self, uint64_t seed)
{
    dq_wrapper *w = self;
    return dq_env_seed(w->inner, seed);
}

static dq_status pass_render(void *self, dq_image *image)
{
    dq_wrapper *w = self;
    return dq_env_render(w->inner, image);
}

static dq_status pass_save(void *self, dq_writer *writer)
{
    dq_wrapper *w = self;
    return dq_env_save(w->inner, writer);
}

static dq_status pass_load(void *self, dq_reader *reader)
{
    dq_wrapper *w = self;
    return dq_env_load(w->inner, reader);
}

static int pass_lives(void *self)
{
    dq_wrapper *w = self;
    return dq_env_lives(w->inner);
}

static dq_atari *pass_atari(void *self)
{
    dq_wrapper *w = self;
    return dq_env_atari(w->inner);
}

static void free_wrapper(void *self)
{
    dq_wrapper *w = self;
    free(w->scratch);
    free(w);
}

static void destroy(void *self)
{
    dq_wrapper *w = self;
    dq_env_destroy(w->inner);
    free_wrapper(w);
}

dq_env_ops dq_wrapper_ops(void)
{
    return (dq_env_ops){
        .reset = pass_reset,
        .step = pass_step,
        .seed = pass_seed,
        .render = pass_render,
        .save = pass_save,
        .load = pass_load,
        .destroy = destroy,
        .lives = pass_lives,
        .atari = pass_atari,
    };
}

dq_status dq_wrapper_alloc(void **out, size_t bytes, dq_env *inner, int n_scratch)
{
    dq_wrapper *w = calloc(1, bytes);
    *out = w;
    if (!w)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a wrapper");
    w->inner = inner;
    w->inner_bytes = dq_space_bytes(&dq_env_get_spec(inner)->obs);
    if (n_scratch == 0)
        return DQ_OK;
    w->scratch = calloc((size_t)n_scratch, w->inner_bytes);
    if (w->scratch)
        return DQ_OK;
    free(w);
    *out = NULL;
    return dq_fail(DQ_ERR_NOMEM, "no memory for %d observations of %zu bytes", n_scratch,
                   dq_space_bytes(&dq_env_get_spec(inner)->obs));
}

dq_status dq_wrapper_create(dq_env **out, const dq_env_ops *ops, const dq_env_spec *spec,
                            void *wrapper)
{
    dq_status st = dq_env_create(out, ops, spec, wrapper);
    if (st != DQ_OK)
        free_wrapper(wrapper);
    return st;
}
