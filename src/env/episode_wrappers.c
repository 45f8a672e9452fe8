/* Wrappers that change how an episode begins and ends. */
#include <string.h>

#include "base/error.h"
#include "base/stream_internal.h"
#include "deepq/env.h"
#include "deepq/rng.h"
#include "env/game_points.h"
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

/** Version 1 of a wrapper's state has none. */
static dq_status load_points(dq_game_points *points, dq_reader *in, uint32_t version)
{
    *points = (dq_game_points){0};
    return version > 1 ? dq_game_points_load(points, in) : DQ_OK;
}

/** Take a step within a reset. @param[out] over whether it ended the episode */
static dq_status step_in_reset(dq_env *inner, dq_game_points *points, int action, void *obs,
                               bool *over)
{
    dq_step result;
    DQ_TRY(dq_env_step(inner, action, obs, &result));
    dq_game_points_add(points, &result);
    *over = is_over(&result);
    return DQ_OK;
}

/** A reset begins: unless a lost life ended the episode, it starts another game. */
static void begin_reset(dq_game_points *points)
{
    if (!points->goes_on)
        dq_game_points_end(points);
}

/* EpisodicLife */

typedef struct episodic_life {
    dq_wrapper base;
    dq_game_points points;
    int lives;
    bool really_over;  // the next reset starts a new game
} episodic_life;

static dq_status life_reset(void *self, void *obs)
{
    episodic_life *w = self;
    bool is_new = w->really_over;
    w->really_over = true;  // also when something below fails
    if (is_new)
        dq_game_points_end(&w->points);
    else
        DQ_TRY(step_in_reset(w->base.inner, &w->points, 0, obs, &is_new));
    if (is_new)
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
    if (result->lives < w->lives && result->lives > 0) {
        result->terminated = true;
        result->game_goes_on |= !w->really_over;
    }
    w->lives = result->lives;
    dq_game_points_tell(&w->points, result);
    return DQ_OK;
}

static dq_status life_seed(void *self, uint64_t seed)
{
    episodic_life *w = self;
    w->really_over = true;
    w->points = (dq_game_points){0};
    return dq_env_seed(w->base.inner, seed);
}

static dq_status life_save(void *self, dq_writer *out)
{
    episodic_life *w = self;
    dq_write_tag(out, "LIFE", 2);
    dq_write_u32(out, (uint32_t)w->lives);
    dq_write_u32(out, w->really_over);
    dq_game_points_save(&w->points, out);
    return dq_env_save(w->base.inner, out);
}

static dq_status life_load(void *self, dq_reader *in)
{
    episodic_life *w = self;
    uint32_t version, lives, over;
    w->really_over = true;
    DQ_TRY(dq_read_tag_between(in, "LIFE", 1, 2, &version));
    DQ_TRY(dq_read_u32(in, &lives));
    DQ_TRY(dq_read_u32(in, &over));
    DQ_TRY(load_points(&w->points, in, version));
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
    dq_game_points points;
    int max_noops;
    dq_rng rng;
} noop_reset;

static const char noop_stream[] = "no-op starts";

static dq_status noop_do_reset(void *self, void *obs)
{
    noop_reset *w = self;
    begin_reset(&w->points);
    DQ_TRY(dq_env_reset(w->base.inner, obs));
    int n = 1 + (int)dq_rng_below(&w->rng, (uint32_t)w->max_noops);
    for (int i = 0; i < n; i++) {
        bool over;
        DQ_TRY(step_in_reset(w->base.inner, &w->points, 0, obs, &over));
        if (over)
            DQ_TRY(dq_env_reset(w->base.inner, obs));
    }
    return DQ_OK;
}

static dq_status noop_step(void *self, int action, void *obs, dq_step *result)
{
    noop_reset *w = self;
    DQ_TRY(dq_env_step(w->base.inner, action, obs, result));
    dq_game_points_tell(&w->points, result);
    return DQ_OK;
}

static dq_status noop_seed(void *self, uint64_t seed)
{
    noop_reset *w = self;
    w->points = (dq_game_points){0};
    w->rng = dq_rng_stream(seed, noop_stream);
    return dq_env_seed(w->base.inner, seed);
}

static dq_status noop_save(void *self, dq_writer *out)
{
    noop_reset *w = self;
    dq_write_tag(out, "NOOP", 2);
    dq_rng_save(&w->rng, out);
    dq_game_points_save(&w->points, out);
    return dq_env_save(w->base.inner, out);
}

static dq_status noop_load(void *self, dq_reader *in)
{
    noop_reset *w = self;
    uint32_t version;
    DQ_TRY(dq_read_tag_between(in, "NOOP", 1, 2, &version));
    DQ_TRY(dq_rng_load(&w->rng, in));
    DQ_TRY(load_points(&w->points, in, version));
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
    ops.step = noop_step;
    ops.seed = noop_seed;
    ops.save = noop_save;
    ops.load = noop_load;
    return dq_wrapper_create(out, &ops, spec, w);
}

/* FireReset */

typedef struct fire_reset {
    dq_wrapper base;
    dq_game_points points;
} fire_reset;

static dq_status fire_do_reset(void *self, void *obs)
{
    fire_reset *w = self;
    begin_reset(&w->points);
    DQ_TRY(dq_env_reset(w->base.inner, obs));
    for (int action = 1; action <= 2; action++) {
        bool over;
        DQ_TRY(step_in_reset(w->base.inner, &w->points, action, obs, &over));
        if (over)  // the observation stays that of the step, as in the book
            DQ_TRY(dq_env_reset(w->base.inner, w->base.scratch));
    }
    return DQ_OK;
}

static dq_status fire_step(void *self, int action, void *obs, dq_step *result)
{
    fire_reset *w = self;
    DQ_TRY(dq_env_step(w->base.inner, action, obs, result));
    dq_game_points_tell(&w->points, result);
    return DQ_OK;
}

static dq_status fire_seed(void *self, uint64_t seed)
{
    fire_reset *w = self;
    w->points = (dq_game_points){0};
    return dq_env_seed(w->base.inner, seed);
}

static dq_status fire_save(void *self, dq_writer *out)
{
    fire_reset *w = self;
    dq_write_tag(out, "FIRE", 1);
    dq_game_points_save(&w->points, out);
    return dq_env_save(w->base.inner, out);
}

/** Older states have nothing of it. */
static dq_status fire_load(void *self, dq_reader *in)
{
    fire_reset *w = self;
    w->points = (dq_game_points){0};
    if (dq_reader_is_at(in, "FIRE")) {
        DQ_TRY(dq_read_tag(in, "FIRE", 1));
        DQ_TRY(dq_game_points_load(&w->points, in));
    }
    return dq_env_load(w->base.inner, in);
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
    DQ_TRY(dq_wrapper_alloc(&w, sizeof(fire_reset), inner, 1));
    dq_env_ops ops = dq_wrapper_ops();
    ops.reset = fire_do_reset;
    ops.step = fire_step;
    ops.seed = fire_seed;
    ops.save = fire_save;
    ops.load = fire_load;
    return dq_wrapper_create(out, &ops, spec, w);
}
