/** An environment that plays a script and keeps a log, to see what a wrapper does to it.
 *
 *  Calls (resets and steps) are counted from 0; call n gives the observation {n, 200 - n}, so that
 *  the maximum of two shows which two they were. */
#ifndef DEEPQ_TESTS_SCRIPTED_ENV_H
#define DEEPQ_TESTS_SCRIPTED_ENV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "deepq/env.h"

enum { SCRIPT_CALLS = 20000 };

typedef struct scripted {
    int n;                      // calls so far
    char log[SCRIPT_CALLS];     // 'R' for a reset, the action's digit for a step
    char script[SCRIPT_CALLS];  // what call n comes to: 'T' terminated, 'C' cut off, 'E' fails,
                                // else continues
    float reward[SCRIPT_CALLS];
    int lives[SCRIPT_CALLS];
    uint64_t seed;
    int n_destroyed;
    uint8_t pixels[3];
} scripted;

static inline void scripted_note(scripted *s, char what, uint8_t *obs)
{
    assert_true(s->n + 1 < SCRIPT_CALLS);
    obs[0] = (uint8_t)s->n;
    obs[1] = (uint8_t)(200 - s->n);
    s->log[s->n++] = what;
}

static inline dq_status scripted_reset(void *self, void *obs)
{
    scripted *s = self;
    int n = s->n;
    scripted_note(s, 'R', obs);
    return s->script[n] == 'E' ? DQ_ERR_IO : DQ_OK;
}

static inline dq_status scripted_step(void *self, int action, void *obs, dq_step *result)
{
    scripted *s = self;
    int n = s->n;
    scripted_note(s, (char)('0' + action), obs);
    *result = (dq_step){.reward = s->reward[n],
                        .terminated = s->script[n] == 'T',
                        .truncated = s->script[n] == 'C',
                        .lives = s->lives[n]};
    return s->script[n] == 'E' ? DQ_ERR_IO : DQ_OK;
}

static inline dq_status scripted_seed(void *self, uint64_t seed)
{
    ((scripted *)self)->seed = seed;
    return DQ_OK;
}

static inline dq_status scripted_render(void *self, dq_image *image)
{
    *image = (dq_image){((scripted *)self)->pixels, 1, 1};
    return DQ_OK;
}

static inline dq_status scripted_save(void *self, dq_writer *w)
{
    return dq_write_u32(w, (uint32_t)((scripted *)self)->n);
}

static inline dq_status scripted_load(void *self, dq_reader *r)
{
    uint32_t n;
    dq_status st = dq_read_u32(r, &n);
    ((scripted *)self)->n = (int)n;
    return st;
}

static inline void scripted_destroy(void *self)
{
    ((scripted *)self)->n_destroyed++;
}

static inline int scripted_lives(void *self)
{
    scripted *s = self;
    return s->n > 0 ? s->lives[s->n - 1] : 0;
}

static const dq_env_ops scripted_ops = {
    .reset = scripted_reset,
    .step = scripted_step,
    .seed = scripted_seed,
    .render = scripted_render,
    .save = scripted_save,
    .load = scripted_load,
    .destroy = scripted_destroy,
    .lives = scripted_lives,
};

static const char *const scripted_names[] = {"NOOP", "FIRE", "RIGHT", "LEFT"};

/** `script` says what the first calls come to (see above); the observation is [1][2][1]. */
static inline dq_env *scripted_create(scripted *s, const char *script)
{
    dq_env_spec spec = {"Scripted-v0", {DQ_U8, 3, {1, 2, 1}, 0, 255}, 4, scripted_names, 0, 0};
    dq_env *env;
    memset(s, 0, sizeof(*s));
    memcpy(s->script, script, strlen(script));
    assert_int_equal(dq_env_create(&env, &scripted_ops, &spec, s), DQ_OK);
    return env;
}

#endif
