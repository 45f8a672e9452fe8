/* Wrappers that change what is observed, and the reward's. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/env.h"
#include "env/frame84.h"
#include "env/wrapper.h"

/* Wrappers without a memory: they convert what the inner environment writes into scratch. */

typedef struct converter {
    dq_wrapper base;
    void (*convert)(struct converter *w, void *obs);
    dq_space from;
} converter;

static dq_status converter_reset(void *self, void *obs)
{
    converter *w = self;
    DQ_TRY(dq_env_reset(w->base.inner, w->base.scratch));
    w->convert(w, obs);
    return DQ_OK;
}

static dq_status converter_step(void *self, int action, void *obs, dq_step *result)
{
    converter *w = self;
    DQ_TRY(dq_env_step(w->base.inner, action, w->base.scratch, result));
    w->convert(w, obs);
    return DQ_OK;
}

/** Allocate a converter as an object of `bytes` that starts with it. */
static dq_status converter_alloc(void **object, size_t bytes, dq_env *inner,
                                 void (*convert)(converter *w, void *obs))
{
    DQ_TRY(dq_wrapper_alloc(object, bytes, inner, 1));
    converter *w = *object;
    w->convert = convert;
    w->from = dq_env_get_spec(inner)->obs;
    return DQ_OK;
}

static dq_status converter_create(dq_env **out, void *object, const dq_space *to)
{
    converter *w = object;
    dq_env_spec spec = *dq_env_get_spec(w->base.inner);
    spec.obs = *to;
    dq_env_ops ops = dq_wrapper_ops();
    ops.reset = converter_reset;
    ops.step = converter_step;
    return dq_wrapper_create(out, &ops, &spec, w);
}

/* ProcessFrame84 */

typedef struct process_frame {
    converter base;
    dq_frame84_plan plan;
    float shrunk[DQ_FRAME84_MAX_HEIGHT][DQ_FRAME84];
} process_frame;

static void process(converter *c, void *obs)
{
    process_frame *w = (process_frame *)c;
    uint8_t *frame = obs;
    for (int y = w->plan.first_row; y < w->plan.end_row; y++) {
        const uint8_t *rgb = c->base.scratch + (size_t)y * DQ_FRAME84_WIDTH * 3;
        float grey[DQ_FRAME84_WIDTH];
        for (int x = 0; x < DQ_FRAME84_WIDTH; x++)
            grey[x] = dq_frame84_grey(rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2]);
        dq_frame84_shrink_row(&w->plan, grey, w->shrunk[y]);
    }
    for (int y = 0; y < DQ_FRAME84; y++)
        dq_frame84_finish_row(&w->plan, w->shrunk, y, frame + y * DQ_FRAME84);
}

static bool is_picture(const dq_space *s)
{
    return s->dtype == DQ_U8 && s->n_dims == 3 && dq_frame84_takes(s->shape[0]) &&
           s->shape[1] == DQ_FRAME84_WIDTH && s->shape[2] == 3;
}

dq_status dq_wrap_process_frame84(dq_env **out, dq_env *inner)
{
    const dq_env_spec *spec = dq_env_get_spec(inner);
    const dq_space *from = &spec->obs;
    *out = NULL;
    if (!is_picture(from))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: Unknown resolution. Its observation is [%d][%d][%d]: must be "
                       "[210 or 250][160][3] bytes",
                       spec->id, from->shape[0], from->shape[1], from->shape[2]);
    void *object;
    DQ_TRY(converter_alloc(&object, sizeof(process_frame), inner, process));
    dq_frame84_plan_init(&((process_frame *)object)->plan, from->shape[0]);
    dq_space to = {DQ_U8, 3, {DQ_FRAME84, DQ_FRAME84, 1}, 0.0f, 255.0f};
    return converter_create(out, object, &to);
}

/* ImageToPyTorch */

static void channels_first(converter *w, void *obs)
{
    size_t size = w->from.dtype == DQ_U8 ? 1 : 4;
    size_t n_pixels = (size_t)w->from.shape[0] * (size_t)w->from.shape[1];
    size_t n_channels = (size_t)w->from.shape[2];
    uint8_t *to = obs;
    for (size_t c = 0; c < n_channels; c++)
        for (size_t p = 0; p < n_pixels; p++)
            memcpy(to + (c * n_pixels + p) * size, w->base.scratch + (p * n_channels + c) * size,
                   size);
}

dq_status dq_wrap_image_to_pytorch(dq_env **out, dq_env *inner)
{
    const dq_env_spec *spec = dq_env_get_spec(inner);
    *out = NULL;
    if (spec->obs.n_dims != 3)
        return dq_fail(DQ_ERR_CONFIG, "%s: ImageToPyTorch needs observations [h][w][c]", spec->id);
    void *object;
    DQ_TRY(converter_alloc(&object, sizeof(converter), inner, channels_first));
    const int *shape = spec->obs.shape;
    dq_space to = {
        spec->obs.dtype, 3, {shape[2], shape[0], shape[1]}, spec->obs.low, spec->obs.high};
    return converter_create(out, object, &to);
}

/* ScaledFloat */

static void scale(converter *w, void *obs)
{
    float *to = obs;
    for (size_t i = 0; i < w->base.inner_bytes; i++)
        to[i] = (float)w->base.scratch[i] / 255.0f;
}

dq_status dq_wrap_scaled_float(dq_env **out, dq_env *inner)
{
    const dq_env_spec *spec = dq_env_get_spec(inner);
    *out = NULL;
    if (spec->obs.dtype != DQ_U8)
        return dq_fail(DQ_ERR_CONFIG, "%s: ScaledFloat needs observations of bytes", spec->id);
    void *object;
    DQ_TRY(converter_alloc(&object, sizeof(converter), inner, scale));
    dq_space to = spec->obs;
    to.dtype = DQ_F32;
    to.low = 0.0f;
    to.high = 1.0f;
    return converter_create(out, object, &to);
}

/* Buffer: the last n observations lie in scratch, oldest first. */

typedef struct frame_buffer {
    dq_wrapper base;
    size_t n;
} frame_buffer;

/** Make room for the newest observation. */
static uint8_t *shift(frame_buffer *w)
{
    size_t older = (w->n - 1) * w->base.inner_bytes;
    memmove(w->base.scratch, w->base.scratch + w->base.inner_bytes, older);
    return w->base.scratch + older;
}

static dq_status buffer_reset(void *self, void *obs)
{
    frame_buffer *w = self;
    size_t bytes = w->n * w->base.inner_bytes;
    memset(w->base.scratch, 0, bytes);
    DQ_TRY(dq_env_reset(w->base.inner, shift(w)));
    memcpy(obs, w->base.scratch, bytes);
    return DQ_OK;
}

static dq_status buffer_step(void *self, int action, void *obs, dq_step *result)
{
    frame_buffer *w = self;
    DQ_TRY(dq_env_step(w->base.inner, action, shift(w), result));
    memcpy(obs, w->base.scratch, w->n * w->base.inner_bytes);
    return DQ_OK;
}

static dq_status buffer_save(void *self, dq_writer *out)
{
    frame_buffer *w = self;
    dq_write_tag(out, "BUFF", 1);
    dq_write(out, w->base.scratch, w->n * w->base.inner_bytes);
    return dq_env_save(w->base.inner, out);
}

static dq_status buffer_load(void *self, dq_reader *in)
{
    frame_buffer *w = self;
    DQ_TRY(dq_read_tag(in, "BUFF", 1));
    DQ_TRY(dq_read(in, w->base.scratch, w->n * w->base.inner_bytes));
    return dq_env_load(w->base.inner, in);
}

dq_status dq_wrap_buffer(dq_env **out, dq_env *inner, int n)
{
    dq_env_spec spec = *dq_env_get_spec(inner);
    *out = NULL;
    if (n < 1)
        return dq_fail(DQ_ERR_CONFIG, "buffer of %d observations: must be 1 or more", n);
    if (spec.obs.n_dims != 3 || spec.obs.shape[0] != 1)
        return dq_fail(DQ_ERR_CONFIG, "%s: Buffer needs observations [1][h][w]", spec.id);
    void *object;
    DQ_TRY(dq_wrapper_alloc(&object, sizeof(frame_buffer), inner, n));
    ((frame_buffer *)object)->n = (size_t)n;
    spec.obs.shape[0] = n;
    dq_env_ops ops = dq_wrapper_ops();
    ops.reset = buffer_reset;
    ops.step = buffer_step;
    ops.save = buffer_save;
    ops.load = buffer_load;
    return dq_wrapper_create(out, &ops, &spec, object);
}

/* ClipReward */

static dq_status clip_step(void *self, int action, void *obs, dq_step *result)
{
    dq_wrapper *w = self;
    DQ_TRY(dq_env_step(w->inner, action, obs, result));
    float sign = (float)((result->reward > 0.0f) - (result->reward < 0.0f));
    result->clipped += result->reward - sign;
    result->reward = sign;
    return DQ_OK;
}

dq_status dq_wrap_clip_reward(dq_env **out, dq_env *inner)
{
    void *w;
    *out = NULL;
    DQ_TRY(dq_wrapper_alloc(&w, sizeof(dq_wrapper), inner, 0));
    dq_env_ops ops = dq_wrapper_ops();
    ops.step = clip_step;
    return dq_wrapper_create(out, &ops, dq_env_get_spec(inner), w);
}
