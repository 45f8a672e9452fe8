#include "learn/augmentation.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/normal.h"

dq_status dq_augmentation_init(dq_augmentation *a, int shift, double intensity, int batch)
{
    size_t n = (size_t)batch;
    *a = (dq_augmentation){.shift = shift, .intensity = intensity, .batch = batch};
    a->state = calloc(2 * n, sizeof(*a->state));
    a->next = a->state ? a->state + n : NULL;
    a->gain = calloc(n, sizeof(*a->gain));
    a->original = malloc(DQ_NET_OBS_BYTES);
    if (a->state && a->gain && a->original)
        return DQ_OK;
    return dq_fail(DQ_ERR_NOMEM, "no memory for the augmentation of a batch of %zu", n);
}

void dq_augmentation_free(dq_augmentation *a)
{
    free(a->state);
    free(a->gain);
    free(a->original);
    *a = (dq_augmentation){0};
}

static dq_change draw_one(const dq_augmentation *a, dq_rng *rng)
{
    dq_change c = {.gain = 1.0f};
    if (a->shift > 0) {
        c.dy = (int)dq_rng_below(rng, 2 * (uint32_t)a->shift) - a->shift;
        c.dx = (int)dq_rng_below(rng, 2 * (uint32_t)a->shift) - a->shift;
    }
    if (a->intensity > 0) {
        double noise = dq_rng_normal(rng);
        noise = noise < -2 ? -2 : noise > 2 ? 2 : noise;
        c.gain = (float)(1 + a->intensity * noise);
    }
    return c;
}

void dq_augmentation_draw(dq_augmentation *a, dq_rng *rng)
{
    for (int i = 0; i < a->batch; i++)
        a->state[i] = draw_one(a, rng);
    for (int i = 0; i < a->batch; i++)
        a->next[i] = draw_one(a, rng);
}

/** A row of a frame: its ends are repeated where the shift comes from beyond them. */
static void shift_row(const uint8_t *from, int dx, uint8_t *to)
{
    int left = dq_clip_to_picture(-dx), right = dq_clip_to_picture(dx);
    int n = DQ_NET_SIDE - left - right;
    memset(to, from[0], (size_t)left);
    memcpy(to + left, from + right, (size_t)n);
    memset(to + left + n, from[DQ_NET_SIDE - 1], (size_t)right);
}

void dq_shift_state(const uint8_t *from, int dy, int dx, uint8_t *to)
{
    for (int f = 0; f < DQ_NET_STACK; f++, from += DQ_NET_SIDE * DQ_NET_SIDE)
        for (int y = 0; y < DQ_NET_SIDE; y++, to += DQ_NET_SIDE)
            shift_row(from + dq_clip_to_picture(y + dy) * DQ_NET_SIDE, dx, to);
}

void dq_augmentation_apply(dq_augmentation *a, const dq_change *change, int i, uint8_t *obs)
{
    a->gain[i] = change->gain;
    if (change->dy == 0 && change->dx == 0)
        return;
    memcpy(a->original, obs, DQ_NET_OBS_BYTES);
    dq_shift_state(a->original, change->dy, change->dx, obs);
}
