#include <string.h>

#include "base/error.h"
#include "deepq/env.h"
#include "env/wrapper.h"

/* A queue of the last two frames, in scratch. It is kept from step to step, so when a step ends at
 * its first frame the maximum is with a frame of the previous step. */
typedef struct max_and_skip {
    dq_wrapper base;
    int skip;
    bool all;         // the maximum over all frames of a skip, which is in the newest slot
    uint32_t n_seen;  // frames in the queue, 0..2
    uint32_t newest;  // slot of the last frame, 0 or 1
} max_and_skip;

/** The slot for the next frame: that of the older one. */
static uint8_t *push(max_and_skip *w)
{
    w->newest ^= 1;
    w->n_seen += w->n_seen < 2;
    return w->base.scratch + w->newest * w->base.inner_bytes;
}

static void maximum(const max_and_skip *w, uint8_t *obs)
{
    size_t n = w->base.inner_bytes;
    const uint8_t *a = w->base.scratch + w->newest * n;
    const uint8_t *b = w->n_seen == 2 ? w->base.scratch + (w->newest ^ 1) * n : a;
    for (size_t i = 0; i < n; i++)
        obs[i] = a[i] > b[i] ? a[i] : b[i];
}

static dq_status skip_reset(void *self, void *obs)
{
    max_and_skip *w = self;
    w->n_seen = 0;
    DQ_TRY(dq_env_reset(w->base.inner, push(w)));
    maximum(w, obs);
    return DQ_OK;
}

/** Another step of the skip; only its first can be that of a new game. */
static void add(dq_step *total, const dq_step *step)
{
    float reward = total->reward + step->reward, clipped = total->clipped + step->clipped;
    bool is_new_game = total->is_new_game || step->is_new_game;
    float ended_points = total->ended_points + step->ended_points;
    *total = *step;
    total->reward = reward;
    total->clipped = clipped;
    total->is_new_game = is_new_game;
    total->ended_points = ended_points;
}

/** Have the maximum of both slots in the older one, which so becomes the newer one. */
static void merge(max_and_skip *w)
{
    uint8_t *older = w->base.scratch + (w->newest ^ 1) * w->base.inner_bytes;
    maximum(w, older);
    w->newest ^= 1;
}

static dq_status skip_step(void *self, int action, void *obs, dq_step *result)
{
    max_and_skip *w = self;
    dq_step total = {0};
    w->n_seen = w->all ? 0 : w->n_seen;
    for (int i = 0; i < w->skip && !total.terminated && !total.truncated; i++) {
        DQ_TRY(dq_env_step(w->base.inner, action, push(w), result));
        add(&total, result);
        if (w->all)
            merge(w);
    }
    *result = total;
    maximum(w, obs);
    return DQ_OK;
}

static dq_status skip_save(void *self, dq_writer *out)
{
    max_and_skip *w = self;
    dq_write_tag(out, "SKIP", 1);
    dq_write_u32(out, w->n_seen);
    dq_write_u32(out, w->newest);
    dq_write(out, w->base.scratch, 2 * w->base.inner_bytes);
    return dq_env_save(w->base.inner, out);
}

static dq_status skip_load(void *self, dq_reader *in)
{
    max_and_skip *w = self;
    uint32_t n_seen, newest;
    DQ_TRY(dq_read_tag(in, "SKIP", 1));
    DQ_TRY(dq_read_u32(in, &n_seen));
    DQ_TRY(dq_read_u32(in, &newest));
    if (n_seen > 2 || newest > 1)
        return dq_fail(DQ_ERR_INPUT, "saved state: %u frames, newest %u: the file is damaged",
                       n_seen, newest);
    w->n_seen = n_seen;
    w->newest = newest;
    DQ_TRY(dq_read(in, w->base.scratch, 2 * w->base.inner_bytes));
    return dq_env_load(w->base.inner, in);
}

static dq_status wrap(dq_env **out, dq_env *inner, int skip, bool all)
{
    const dq_env_spec *spec = dq_env_get_spec(inner);
    *out = NULL;
    if (skip < 1)
        return dq_fail(DQ_ERR_CONFIG, "frame skip %d: must be 1 or more", skip);
    if (spec->obs.dtype != DQ_U8)
        return dq_fail(DQ_ERR_CONFIG, "%s: MaxAndSkip needs observations of bytes", spec->id);
    void *object;
    DQ_TRY(dq_wrapper_alloc(&object, sizeof(max_and_skip), inner, 2));
    max_and_skip *w = object;
    w->skip = skip;
    w->all = all;
    dq_env_ops ops = dq_wrapper_ops();
    ops.reset = skip_reset;
    ops.step = skip_step;
    ops.save = skip_save;
    ops.load = skip_load;
    return dq_wrapper_create(out, &ops, spec, w);
}

dq_status dq_wrap_max_and_skip(dq_env **out, dq_env *inner, int skip)
{
    return wrap(out, inner, skip, false);
}

dq_status dq_wrap_max_over_skip(dq_env **out, dq_env *inner, int skip)
{
    return wrap(out, inner, skip, true);
}
