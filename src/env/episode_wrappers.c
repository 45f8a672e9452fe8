/* Wrappers that change how an episode begins and ends. */
#include <string.h>

#include "base/error.h"
#include "deepq/env.h"
#include "deepq/rng.h"
#include "env/wrapper.h"

static bool is_over(const dq_step *s)
{
    return s->terminated || s->truncated;
}

/** Does the environment call this action by that name? */
static bool action_is(const dq_env_spec *spec, int action, const char *name)
{
    return spec->action_names && action < spec->n_actions &&
           strcmp(spec->action_names[action], name) == 0;
}

/* EpisodicLife */

typedef struct episodic_life {
    dq_wrapper base;
    int lives;
    bool really_over;  // the next reset starts a new game
} episodic_life;

static dq_status life_reset(void *self, void *obs)
{
    episodic_life *w = self;
    bool anew = w->really_over;
    w->really_over = true;  // also when something below fails
    if (!anew) {
        dq_step result;
        DQ_TRY(dq_env_step(w->base.inner, 0, obs, &result));
        anew = is_over(&result);
    }
    if (anew)
        DQ_TRY(dq_env_reset(w->base.inner, obs));
    w->really_over = false;
    w->lives = dq_env_lives(w->base.inner);
    return DQ_OK;
}

static dq_status life_step(void *self, int action, void *obs, dq_step *result)
{
    episodic_life *w = self;
    w->really_over = true;
    DQ_TRY(dq_env_step(w->base.inner, action, obs, result));
    w->really_over = is_over(result);
    // Some games show no lives for some frames at the end, before they are over: not a lost life.
    if (result->lives < w->lives && result->lives > 0)
        result->terminated = true;
    w->lives = result->lives;
    return DQ_OK;
}

static dq_status life_seed(void *self, uint64_t seed)
{
    episodic_life *w = self;
    w->really_over = true;
    return dq_env_seed(w->base.inner, seed);
}

static dq_status life_save(void *self, dq_writer *out)
{
    episodic_life *w = self;
    dq_write_tag(out, "LIFE", 1);
    dq_write_u32(out, (uint32_t)w->lives);
    dq_write_u32(out, w->really_over);
    return dq_env_save(w->base.inner, out);
}

static dq_status life_load(void *self, dq_reader *in)
{
    episodic_life *w = self;
    uint32_t lives, over;
    w->really_over = true;
    DQ_TRY(dq_read_tag(in, "LIFE", 1));
    DQ_TRY(dq_read_u32(in, &lives));
    DQ_TRY(dq_read_u32(in, &over));
    DQ_TRY(dq_env_load(w->base.inner, in));
    w->lives = (int)lives;
    w->really_over = over != 0;
    return DQ_OK;
}

dq_status dq_wrap_episodic_life(dq_env **out, dq_env *inner)
{
    void *w;
    *out = NULL;
    DQ_TRY(dq_wrapper_alloc(&w, sizeof(episodic_life), inner, 0));
    ((episodic_life *)w)->really_over = true;
    dq_env_ops ops = dq_wrapper_ops();
    ops.reset = life_reset;
    ops.step = life_step;
    ops.seed = life_seed;
    ops.save = life_save;
    ops.load = life_load;
    return dq_wrapper_create(out, &ops, dq_env_get_spec(inner), w);
}

/* NoopReset */

typedef struct noop_reset {
    dq_wrapper base;
    int max_noops;
    dq_rng rng;
} noop_reset;

static const char noop_stream[] = "no-op starts";

static dq_status noop_do_reset(void *self, void *obs)
{
    noop_reset *w = self;
    DQ_TRY(dq_env_reset(w->base.inner, obs));
    int n = 1 + (int)dq_rng_below(&w->rng, (uint32_t)w->max_noops);
    for (int i = 0; i < n; i++) {
        dq_step result;
        DQ_TRY(dq_env_step(w->base.inner, 0, obs, &result));
        if (is_over(&result))
            DQ_TRY(dq_env_reset(w->base.inner, obs));
    }
    return DQ_OK;
}

static dq_status noop_seed(void *self, uint64_t seed)
{
    noop_reset *w = self;
    w->rng = dq_rng_stream(seed, noop_stream);
    return dq_env_seed(w->base.inner, seed);
}

static dq_status noop_save(void *self, dq_writer *out)
{
    noop_reset *w = self;
    dq_write_tag(out, "NOOP", 1);
    dq_rng_save(&w->rng, out);
    return dq_env_save(w->base.inner, out);
}

static dq_status noop_load(void *self, dq_reader *in)
{
    noop_reset *w = self;
    DQ_TRY(dq_read_tag(in, "NOOP", 1));
    DQ_TRY(dq_rng_load(&w->rng, in));
    return dq_env_load(w->base.inner, in);
}

dq_status dq_wrap_noop_reset(dq_env **out, dq_env *inner, int max_noops)
{
    const dq_env_spec *spec = dq_env_get_spec(inner);
    *out = NULL;
    if (max_noops < 1)
        return dq_fail(DQ_ERR_CONFIG, "no-op starts of at most %d: must be 1 or more", max_noops);
    if (!action_is(spec, 0, "NOOP"))
        return dq_fail(DQ_ERR_CONFIG, "%s: action 0 is not NOOP: no-op starts need it", spec->id);
    void *object;
    DQ_TRY(dq_wrapper_alloc(&object, sizeof(noop_reset), inner, 0));
    noop_reset *w = object;
    w->max_noops = max_noops;
    w->rng = dq_rng_stream(0, noop_stream);
    dq_env_ops ops = dq_wrapper_ops();
    ops.reset = noop_do_reset;
    ops.seed = noop_seed;
    ops.save = noop_save;
    ops.load = noop_load;
    return dq_wrapper_create(out, &ops, spec, w);
}

/* FireReset */

static dq_status fire_do_reset(void *self, void *obs)
{
    dq_wrapper *w = self;
    DQ_TRY(dq_env_reset(w->inner, obs));
    for (int action = 1; action <= 2; action++) {
        dq_step result;
        DQ_TRY(dq_env_step(w->inner, action, obs, &result));
        if (is_over(&result))  // the observation stays that of the step, as in the book
            DQ_TRY(dq_env_reset(w->inner, w->scratch));
    }
    return DQ_OK;
}

dq_status dq_wrap_fire_reset(dq_env **out, dq_env *inner)
{
    const dq_env_spec *spec = dq_env_get_spec(inner);
    *out = NULL;
    if (!action_is(spec, 1, "FIRE"))
        return dq_fail(DQ_ERR_CONFIG, "%s: action 1 is %s, not FIRE: leave FireReset out", spec->id,
                       spec->action_names && spec->n_actions > 1 ? spec->action_names[1]
                                                                 : "without a name");
    if (spec->n_actions < 3)
        return dq_fail(DQ_ERR_CONFIG, "%s: %d actions: FireReset presses actions 1 and 2", spec->id,
                       spec->n_actions);
    void *w;
    DQ_TRY(dq_wrapper_alloc(&w, sizeof(dq_wrapper), inner, 1));
    dq_env_ops ops = dq_wrapper_ops();
    ops.reset = fire_do_reset;
    return dq_wrapper_create(out, &ops, spec, w);
}
