/* An Atari game as one of the well-known programs preprocesses it, in one fused environment. What
 * is special about each is its row in dialects.c. Of a skip's frames only the last two are drawn,
 * since only they are looked at, unless all are. */
#include "env/dialect_env.h"

#include <stdlib.h>
#include <string.h>

#include "atari/session.h"
#include "base/error.h"
#include "base/stream_internal.h"

/* ---------------------------------------------------------------- the stack */

static size_t older_bytes(const dq_dialect_env *e)
{
    return (size_t)(e->p.stack - 1) * e->frame_bytes;
}

void dq_dialect_shift(dq_dialect_env *e)
{
    if (e->p.stack == 1)
        return;
    size_t rest = older_bytes(e) - e->frame_bytes;
    memmove(e->older, e->older + e->frame_bytes, rest);
    memcpy(e->older + rest, dq_dialect_newest(e), e->frame_bytes);
}

void dq_dialect_fill(dq_dialect_env *e)
{
    for (size_t at = 0; at < older_bytes(e); at += e->frame_bytes)
        if (e->row->repeats)
            memcpy(e->older + at, dq_dialect_newest(e), e->frame_bytes);
        else
            memset(e->older + at, 0, e->frame_bytes);
}

static void observe(dq_dialect_env *e, uint8_t *obs)
{
    memcpy(obs, e->older, older_bytes(e));
    memcpy(obs + older_bytes(e), dq_dialect_newest(e), e->frame_bytes);
}

/* ---------------------------------------------------------------- holding an action */

static bool lost_life(const dq_dialect_env *e, int lives)
{
    return lives < e->lives && (lives > 0 || e->row->last_life_is);
}

static bool limit_breaks(const dq_dialect_env *e)
{
    return e->row->limit_breaks && e->row->is_cut_off(e);
}

void dq_dialect_set_both(dq_dialect_env *e, dq_obs_picture first, dq_obs_picture second)
{
    dq_obs_buffer_set(&e->buffer, DQ_OBS_FIRST, first);
    dq_obs_buffer_set(&e->buffer, DQ_OBS_SECOND, second);
}

/** One console frame of a skip. */
static dq_status tick(dq_dialect_env *e, int ale_action, dq_dialect_held *s)
{
    dq_atari *atari = e->session.atari;
    bool is_second = s->n_ticks > 0 && s->n_ticks == e->p.skip - 1;
    bool draws_over = dq_session_is_partial(atari);
    if (is_second && draws_over)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_LAST_BUT_ONE, DQ_OBS_NEWER);
    DQ_TRY(dq_obs_buffer_keep(&e->buffer));
    bool is_seen = e->p.pool_all || s->n_ticks >= e->p.skip - 2;
    s->reward += dq_atari_act(atari, ale_action, is_seen);
    if (e->p.pool_all)
        dq_dialect_pool_all_add(e);
    if (is_second && !draws_over)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_LAST_BUT_ONE, DQ_OBS_OLDER);
    s->n_ticks++;
    e->n_ticks++;
    return DQ_OK;
}

/** The same for frames of one's own. The frame that ends an episode is not looked at. */
static void tick_own(dq_dialect_env *e, int ale_action, dq_dialect_held *s)
{
    s->reward += dq_atari_act(e->session.atari, ale_action, s->n_ticks >= e->p.skip - 2);
    s->n_ticks++;
    e->n_ticks++;
}

dq_status dq_dialect_hold(dq_dialect_env *e, int ale_action, dq_dialect_held *s)
{
    dq_atari *atari = e->session.atari;
    bool breaks = e->p.episodic_life && e->row->life_breaks;
    *s = (dq_dialect_held){0};
    if (e->p.pool_all)
        dq_dialect_pool_all_begin(e);
    do {
        if (e->own)
            tick_own(e, ale_action, s);
        else
            DQ_TRY(tick(e, ale_action, s));
        int lives = dq_atari_lives(atari);
        s->life_lost = lost_life(e, lives);
        if (breaks && e->row->within_skip)
            e->lives = lives;
        s->ended = dq_dialect_is_over(e) || (breaks && s->life_lost) || limit_breaks(e);
        if (e->own && !s->ended && s->n_ticks >= e->p.skip - 1)
            dq_own_frame_take(e->own, e->p.skip - s->n_ticks);
    } while (!s->ended && s->n_ticks < e->p.skip);
    e->lives = dq_atari_lives(atari);
    if (e->own) {
        dq_own_frame_make(e->own);
        return DQ_OK;
    }
    if (!e->p.pool_all)
        return e->row->pool(e, s);
    dq_dialect_pool_all(e);
    return DQ_OK;
}

/* ---------------------------------------------------------------- episodes and steps */

static dq_status dialect_reset(void *self, void *obs)
{
    dq_dialect_env *e = self;
    DQ_TRY(e->row->reset(e));
    e->lives = dq_atari_lives(e->session.atari);
    e->game_over = false;
    e->n_ticks = 0;
    observe(e, obs);
    return DQ_OK;
}

/** What the step that was held ended. A lost life and the limits count as in the original. */
static void tell_end(dq_dialect_env *e, const dq_dialect_held *s, dq_step *result)
{
    const dq_dialect_row *row = e->row;
    bool over = dq_atari_game_over(e->session.atari), cut = row->is_cut_off && row->is_cut_off(e);
    result->terminated = over || (e->p.episodic_life && s->life_lost);
    result->truncated = cut || dq_atari_truncated(e->session.atari);
    if (cut && row->limit_breaks)
        result->truncated = !result->terminated;
    else if (cut)
        result->terminated = false;
    e->game_over = over || result->truncated;
    result->game_goes_on = result->terminated && !e->game_over && row->plays_on;
}

static dq_status dialect_step(void *self, int action, void *obs, dq_step *result)
{
    dq_dialect_env *e = self;
    dq_dialect_held s;
    dq_dialect_shift(e);
    DQ_TRY(dq_dialect_hold(e, e->session.actions[action], &s));
    e->n_steps++;
    tell_end(e, &s, result);
    int reward = e->p.clip_reward ? (s.reward > 0) - (s.reward < 0) : s.reward;
    result->reward = (float)reward;
    result->clipped = (float)(s.reward - reward);
    result->lives = e->lives;
    result->life_lost = s.life_lost;
    dq_game_points_tell(&e->points, result);
    observe(e, obs);
    return DQ_OK;
}

static void seed_noops(dq_dialect_env *e, uint64_t seed)
{
    dq_mt19937_seed(&e->noops, (uint32_t)seed);
}

static dq_status dialect_seed(void *self, uint64_t seed)
{
    dq_dialect_env *e = self;
    dq_obs_buffer_clear(&e->buffer);  // as a new one's, whose first skip may end early
    if (e->own)
        memset(e->own->raw[0], 0, 2 * e->own->raw_bytes);
    seed_noops(e, seed);
    e->game_over = true;
    e->points = (dq_game_points){0};
    return dq_atari_session_seed(&e->session, seed);
}

static dq_status dialect_render(void *self, dq_image *image)
{
    dq_dialect_env *e = self;
    return dq_atari_session_render(&e->session, image);
}

static int dialect_lives(void *self)
{
    dq_dialect_env *e = self;
    return dq_atari_lives(e->session.atari);
}

static dq_status dialect_observe(void *self, void *obs)
{
    observe(self, obs);
    return DQ_OK;
}

static dq_atari *dialect_atari(void *self)
{
    dq_dialect_env *e = self;
    return e->session.atari;
}

/* ---------------------------------------------------------------- state */

static dq_status dialect_save(void *self, dq_writer *w)
{
    dq_dialect_env *e = self;
    dq_write_tag(w, "DIAL", 2);
    dq_write_u32(w, (uint32_t)e->p.dialect);
    dq_game_points_save(&e->points, w);
    dq_write_u32(w, (uint32_t)e->lives);
    dq_write_u32(w, e->game_over);
    dq_write_u32(w, e->n_steps);
    dq_write_u32(w, e->n_ticks);
    for (int i = 0; i < 624; i++)
        dq_write_u32(w, e->noops.word[i]);
    dq_write_u32(w, e->noops.next);
    dq_write(w, e->older, older_bytes(e));
    dq_write(w, dq_dialect_newest(e), e->frame_bytes);
    if (e->own)
        dq_write(w, e->own->raw[0], 2 * e->own->raw_bytes);
    else
        DQ_TRY(dq_obs_buffer_save(&e->buffer, w));
    return dq_atari_session_save(&e->session, w);
}

static dq_status load_noops(dq_dialect_env *e, dq_reader *r)
{
    for (int i = 0; i < 624; i++)
        DQ_TRY(dq_read_u32(r, &e->noops.word[i]));
    DQ_TRY(dq_read_u32(r, &e->noops.next));
    if (e->noops.next > 624)
        return dq_fail(DQ_ERR_INPUT, "saved state: impossible random numbers: the file is damaged");
    return DQ_OK;
}

static dq_status dialect_load(void *self, dq_reader *r)
{
    dq_dialect_env *e = self;
    uint32_t version, dialect, lives, over;
    DQ_TRY(dq_read_tag_between(r, "DIAL", 1, 2, &version));
    DQ_TRY(dq_read_u32(r, &dialect));
    if (dialect != (uint32_t)e->p.dialect)
        return dq_fail(DQ_ERR_INPUT, "%s: saved state of another dialect", e->session.cfg.id);
    e->points = (dq_game_points){0};
    if (version > 1)
        DQ_TRY(dq_game_points_load(&e->points, r));
    DQ_TRY(dq_read_u32(r, &lives));
    DQ_TRY(dq_read_u32(r, &over));
    DQ_TRY(dq_read_u32(r, &e->n_steps));
    DQ_TRY(dq_read_u32(r, &e->n_ticks));
    DQ_TRY(load_noops(e, r));
    DQ_TRY(dq_read(r, e->older, older_bytes(e)));
    DQ_TRY(dq_read(r, dq_dialect_newest(e), e->frame_bytes));
    if (e->own)
        DQ_TRY(dq_read(r, e->own->raw[0], 2 * e->own->raw_bytes));
    else
        DQ_TRY(dq_obs_buffer_load(&e->buffer, r));
    e->lives = (int)lives;
    e->game_over = over != 0;
    return dq_atari_session_restore(&e->session, r);
}

/* ---------------------------------------------------------------- create and destroy */

static void dialect_destroy(void *self)
{
    dq_dialect_env *e = self;
    dq_atari_session_close(&e->session);
    dq_obs_buffer_clear(&e->buffer);
    dq_own_frame_destroy(e->own);
    free(e->older);
    free(e->brightest);
    free(e);
}

static const dq_env_ops dialect_ops = {
    .reset = dialect_reset,
    .step = dialect_step,
    .seed = dialect_seed,
    .render = dialect_render,
    .save = dialect_save,
    .load = dialect_load,
    .destroy = dialect_destroy,
    .lives = dialect_lives,
    .observe = dialect_observe,
    .atari = dialect_atari,
};

/** Refuse what the original refuses; find out whether FIRE is to be pressed. */
static dq_status check_game(dq_dialect_env *e)
{
    const dq_atari_session *s = &e->session;
    bool any = false;
    for (int i = 0; i < s->n_actions; i++)
        any |= s->actions[i] == DQ_DIALECT_ALE_FIRE;
    e->has_fire = any && e->p.fire_reset;
    if (e->row->noop_is_action_0 && e->p.noop_max > 0 && s->actions[0] != 0)
        return dq_fail(DQ_ERR_CONFIG, "%s: action 0 is %s, not NOOP: no-op starts need it",
                       s->cfg.id, s->action_names[0]);
    if (e->row->fire_is_action_1 && e->has_fire &&
        (s->n_actions < 3 || s->actions[1] != DQ_DIALECT_ALE_FIRE))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: FIRE is not action 1 of at least 3, which this dialect presses after "
                       "each reset: choose another game, or switch that off",
                       s->cfg.id);
    return DQ_OK;
}

/** Sizes, and what makes frames that are not as usual. */
static dq_status prepare_frames(dq_dialect_env *e)
{
    dq_preprocessing *p = &e->p;
    p->height = p->height ? p->height : DQ_FRAME84;
    p->width = p->width ? p->width : DQ_FRAME84;
    e->frame_bytes = (size_t)(p->height * p->width * (p->colour ? 3 : 1));
    if (p->height == DQ_FRAME84 && p->width == DQ_FRAME84 && !p->colour && !p->no_pooling)
        return DQ_OK;
    return dq_own_frame_create(&e->own, e->session.atari, (dq_resize_size){p->height, p->width},
                               p->colour, !p->no_pooling);
}

static dq_space obs_space(const dq_preprocessing *p)
{
    return (dq_space){
        DQ_U8, p->colour ? 4 : 3, {p->stack, p->height, p->width, p->colour ? 3 : 0}, 0.0f, 255.0f};
}

static dq_status prepare(dq_dialect_env *e)
{
    const dq_dialect_row *row = e->row;
    dq_atari *atari = e->session.atari;
    DQ_TRY(check_game(e));
    DQ_TRY(prepare_frames(e));
    dq_obs_buffer_init(&e->buffer, atari, row->grey, e->p.linear_resize,
                       row->rows > 0 ? row->rows : dq_atari_height(atari));
    e->older = calloc(1, older_bytes(e) + 1);  // a block also where the stack is one frame
    if (e->p.pool_all)
        e->brightest = calloc(1, dq_small_frame_level_bytes(&e->buffer.small));
    if (!e->older || (e->p.pool_all && !e->brightest))
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for %d frames", e->session.cfg.id, e->p.stack);
    return DQ_OK;
}

dq_status dq_dialect_env_create(dq_env **out, const void *rom, size_t rom_bytes,
                                const dq_atari_env_config *cfg, const dq_preprocessing *p)
{
    *out = NULL;
    dq_dialect_env *e = calloc(1, sizeof(*e));
    if (!e)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for an environment", cfg->id);
    e->row = dq_dialect_row_at((int)p->dialect);
    dq_atari_env_config own = *cfg;
    own.seeding = e->row->seeding;
    own.max_ticks = e->row->is_cut_off ? 0 : cfg->max_ticks;
    e->p = *p;
    e->max_ticks = cfg->max_ticks;
    e->game_over = true;
    seed_noops(e, cfg->seed);
    dq_status st = dq_atari_session_open(&e->session, rom, rom_bytes, &own);
    if (st == DQ_OK)
        st = prepare(e);
    if (st == DQ_OK) {
        dq_space obs = obs_space(&e->p);
        dq_env_spec spec = dq_atari_session_spec(&e->session, &obs);
        st = dq_env_create(out, &dialect_ops, &spec, e);
    }
    if (st != DQ_OK)
        dialect_destroy(e);
    return st;
}
