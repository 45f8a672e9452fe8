#include <stdlib.h>

#include "base/error.h"
#include "deepq/rng.h"
#include "env/atari_session.h"

typedef struct atari_env {
    dq_atari_session session;
    dq_rng skips;  // how long actions are held
} atari_env;

static const char skip_stream[] = "frame skip";

static dq_status atari_reset(void *self, void *obs)
{
    atari_env *e = self;
    dq_atari_reset(e->session.atari);
    dq_atari_session_paint(&e->session, obs);
    return DQ_OK;
}

static int draw_skip(atari_env *e)
{
    int low = e->session.cfg.skip_low, high = e->session.cfg.skip_high;
    return low == high ? low : low + (int)dq_rng_below(&e->skips, (uint32_t)(high - low + 1));
}

static dq_status atari_step(void *self, int action, void *obs, dq_step *result)
{
    atari_env *e = self;
    dq_atari *atari = e->session.atari;
    int skip = draw_skip(e), reward = 0;
    for (int i = 0; i < skip;
         i++)  // ALE takes the rest also when the game is over: nothing happens
        reward += dq_atari_act(atari, e->session.actions[action], true);
    dq_atari_session_paint(&e->session, obs);
    result->reward = (float)reward;
    result->terminated = dq_atari_game_over(atari);
    result->truncated = dq_atari_truncated(atari);
    result->lives = dq_atari_lives(atari);
    return DQ_OK;
}

static dq_status atari_seed(void *self, uint64_t seed)
{
    atari_env *e = self;
    e->skips = dq_rng_stream(seed, skip_stream);
    return dq_atari_session_seed(&e->session, seed);
}

static dq_status atari_render(void *self, dq_image *image)
{
    atari_env *e = self;
    return dq_atari_session_render(&e->session, image);
}

static dq_status atari_save(void *self, dq_writer *w)
{
    atari_env *e = self;
    dq_write_tag(w, "RAW ", 1);
    for (int i = 0; i < 4; i++)
        dq_write_u64(w, e->skips.s[i]);
    return dq_atari_save(e->session.atari, w);
}

static dq_status atari_load(void *self, dq_reader *r)
{
    atari_env *e = self;
    DQ_TRY(dq_read_tag(r, "RAW ", 1));
    for (int i = 0; i < 4; i++)
        DQ_TRY(dq_read_u64(r, &e->skips.s[i]));
    return dq_atari_load(e->session.atari, r);
}

static void atari_destroy(void *self)
{
    atari_env *e = self;
    dq_atari_session_close(&e->session);
    free(e);
}

static int atari_lives(void *self)
{
    atari_env *e = self;
    return dq_atari_lives(e->session.atari);
}

static const dq_env_ops atari_ops = {
    .reset = atari_reset,
    .step = atari_step,
    .seed = atari_seed,
    .render = atari_render,
    .save = atari_save,
    .load = atari_load,
    .destroy = atari_destroy,
    .lives = atari_lives,
};

dq_status dq_atari_env_create(dq_env **out, const void *rom, size_t rom_bytes,
                              const dq_atari_env_config *cfg)
{
    *out = NULL;
    atari_env *e = calloc(1, sizeof(*e));
    if (!e)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for an environment", cfg->id);
    dq_status st = dq_atari_session_open(&e->session, rom, rom_bytes, cfg);
    if (st == DQ_OK) {
        e->skips = dq_rng_stream(cfg->seed, skip_stream);
        int height = dq_atari_height(e->session.atari);
        dq_space obs = {DQ_U8, 3, {height, DQ_ATARI_WIDTH, 3}, 0.0f, 255.0f};
        dq_env_spec spec = dq_atari_session_spec(&e->session, &obs);
        st = dq_env_create(out, &atari_ops, &spec, e);
    }
    if (st != DQ_OK)
        atari_destroy(e);
    return st;
}
