/* The raw Atari environment: one picture (or the RAM) for each action. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/rng.h"
#include "env/atari_session.h"

typedef struct atari_env {
    dq_atari_session session;
    dq_rng skips;  // how long actions are held
    int lives;
    size_t n_pixels;
    uint8_t *before;  // with DQ_ATARI_BLEND_MAX: the frame before the last one
} atari_env;

static const char skip_stream[] = "frame skip";

/* ---------------------------------------------------------------- observing */

static uint8_t brighter(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

static void observe_brighter(const atari_env *e, uint8_t *obs)
{
    const dq_atari *atari = e->session.atari;
    const uint8_t *before = e->before, *now = dq_atari_screen(atari);
    const uint8_t *palette = dq_atari_palette(atari), *grey = dq_atari_grey(atari);
    for (size_t i = 0; i < e->n_pixels; i++) {
        if (e->session.cfg.obs == DQ_ATARI_OBS_GREY)
            obs[i] = brighter(grey[before[i]], grey[now[i]]);
        else
            for (int c = 0; c < 3; c++)
                obs[3 * i + (size_t)c] =
                    brighter(palette[3 * before[i] + c], palette[3 * now[i] + c]);
    }
}

static void observe(atari_env *e, uint8_t *obs)
{
    const dq_atari *atari = e->session.atari;
    switch (e->session.cfg.obs) {
    case DQ_ATARI_OBS_RAM:
        memcpy(obs, dq_atari_ram(atari), DQ_ATARI_RAM);
        return;
    case DQ_ATARI_OBS_INDEX:
        memcpy(obs, dq_atari_screen(atari), e->n_pixels);
        return;
    case DQ_ATARI_OBS_GREY: {
        const uint8_t *from = dq_atari_screen(atari), *grey = dq_atari_grey(atari);
        for (size_t i = 0; i < e->n_pixels; i++)
            obs[i] = grey[from[i]];
        return;
    }
    default: {
        const uint8_t *from = dq_atari_screen(atari), *palette = dq_atari_palette(atari);
        for (size_t i = 0; i < e->n_pixels; i++)
            memcpy(obs + 3 * i, palette + 3 * from[i], 3);
    }
    }
}

/* ---------------------------------------------------------------- episodes */

static dq_status atari_reset(void *self, void *obs)
{
    atari_env *e = self;
    dq_atari_reset(e->session.atari);
    e->lives = dq_atari_lives(e->session.atari);
    observe(e, obs);
    return DQ_OK;
}

static int draw_skip(atari_env *e)
{
    const dq_atari_env_config *cfg = &e->session.cfg;
    if (cfg->skip_low == cfg->skip_high)
        return cfg->skip_low;
    if (cfg->seeding == DQ_ATARI_SEED_GYMNASIUM)
        return dq_numpy_rng_integers(&e->session.numpy, cfg->skip_low, cfg->skip_high);
    return cfg->skip_low +
           (int)dq_rng_below(&e->skips, (uint32_t)(cfg->skip_high - cfg->skip_low + 1));
}

/** How many of a step's last frames are looked at. Any may be the last but one of a game. */
static int n_looked_at(const dq_atari_env_config *cfg, int skip)
{
    if (cfg->obs == DQ_ATARI_OBS_RAM)
        return 0;
    return cfg->blend == DQ_ATARI_BLEND_NONE ? 1 : cfg->blend == DQ_ATARI_BLEND_MAX ? skip : 2;
}

static dq_status atari_step(void *self, int action, void *obs, dq_step *result)
{
    atari_env *e = self;
    dq_atari *atari = e->session.atari;
    int skip = draw_skip(e), reward = 0;
    int draw_from = skip - n_looked_at(&e->session.cfg, skip);
    for (int i = 0; i < skip; i++) {  // ALE takes all of them: after the game's end nothing happens
        if (e->before && !dq_atari_game_over(atari) && !dq_atari_truncated(atari))
            memcpy(e->before, dq_atari_screen(atari), e->n_pixels);
        reward += dq_atari_act(atari, e->session.actions[action], i >= draw_from);
    }
    if (e->before)
        observe_brighter(e, obs);
    else
        observe(e, obs);
    int lives = dq_atari_lives(atari);
    result->reward = (float)reward;
    result->terminated =
        dq_atari_game_over(atari) || (e->session.cfg.life_loss_ends && lives < e->lives);
    result->truncated = dq_atari_truncated(atari);
    result->lives = e->lives = lives;
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

static int atari_lives(void *self)
{
    atari_env *e = self;
    return dq_atari_lives(e->session.atari);
}

static dq_atari *atari_console(void *self)
{
    atari_env *e = self;
    return e->session.atari;
}

/* ---------------------------------------------------------------- state */

static dq_status atari_save(void *self, dq_writer *w)
{
    atari_env *e = self;
    dq_write_tag(w, "RAW ", 2);
    dq_rng_save(&e->skips, w);
    dq_write_u32(w, (uint32_t)e->lives);
    return dq_atari_session_save(&e->session, w);
}

static dq_status atari_load(void *self, dq_reader *r)
{
    atari_env *e = self;
    uint32_t lives;
    DQ_TRY(dq_read_tag(r, "RAW ", 2));
    DQ_TRY(dq_rng_load(&e->skips, r));
    DQ_TRY(dq_read_u32(r, &lives));
    e->lives = (int)lives;
    return dq_atari_session_restore(&e->session, r);
}

/* ---------------------------------------------------------------- create and destroy */

static void atari_destroy(void *self)
{
    atari_env *e = self;
    dq_atari_session_close(&e->session);
    free(e->before);
    free(e);
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
    .atari = atari_console,
};

static dq_space obs_space(dq_atari_obs obs, int height)
{
    switch (obs) {
    case DQ_ATARI_OBS_RAM:
        return (dq_space){DQ_U8, 1, {DQ_ATARI_RAM}, 0.0f, 255.0f};
    case DQ_ATARI_OBS_RGB:
        return (dq_space){DQ_U8, 3, {height, DQ_ATARI_WIDTH, 3}, 0.0f, 255.0f};
    default:
        return (dq_space){DQ_U8, 2, {height, DQ_ATARI_WIDTH}, 0.0f, 255.0f};
    }
}

static dq_status prepare_blend(atari_env *e)
{
    if (e->session.cfg.blend != DQ_ATARI_BLEND_MAX)
        return DQ_OK;
    e->before = calloc(1, e->n_pixels);
    return e->before ? DQ_OK
                     : dq_fail(DQ_ERR_NOMEM, "%s: no memory for pictures", e->session.cfg.id);
}

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
        e->n_pixels = (size_t)height * DQ_ATARI_WIDTH;
        if (cfg->obs != DQ_ATARI_OBS_RAM)
            st = prepare_blend(e);
    }
    if (st == DQ_OK) {
        dq_space obs = obs_space(cfg->obs, dq_atari_height(e->session.atari));
        dq_env_spec spec = dq_atari_session_spec(&e->session, &obs);
        st = dq_env_create(out, &atari_ops, &spec, e);
    }
    if (st != DQ_OK)
        atari_destroy(e);
    return st;
}
