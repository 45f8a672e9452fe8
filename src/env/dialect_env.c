/* An Atari game as one of the well-known programs preprocesses it, in one fused environment. What
 * each function does is said by the original's name for it. Of a skip's frames only the last two
 * are drawn, since only they are looked at. */
#include <stdlib.h>
#include <string.h>

#include "atari/mt19937.h"
#include "atari/session.h"
#include "base/error.h"
#include "env/atari_session.h"
#include "env/obs_buffer.h"

enum { FRAME_BYTES = DQ_FRAME84 * DQ_FRAME84, ENVPOOL_ROWS = 210, ALE_FIRE = 1 };

typedef struct dialect_env {
    dq_atari_session session;
    dq_preprocessing p;
    dq_obs_buffer buffer;  // and the newest frame of the stack
    uint8_t *older;        // the others, oldest first
    dq_mt19937 noops;      // of the originals in C++
    uint32_t max_ticks;    // of the originals that count themselves
    bool has_fire;         // and it is to be pressed
    bool repeats;          // the stack is filled with an episode's first frame, else with zeros
    bool game_over;        // the next reset starts a game
    int lives;
    uint32_t n_steps, n_ticks;  // since the last reset
} dialect_env;

static bool is_over(const dialect_env *e)
{
    return dq_atari_game_over(e->session.atari) || dq_atari_truncated(e->session.atari);
}

static bool is_one_of_baselines(const dialect_env *e)
{
    return e->p.dialect <= DQ_DIALECT_CLEANRL;
}

/* ---------------------------------------------------------------- the stack */

static uint8_t *newest(dialect_env *e)
{
    return e->buffer.small.frame[0];
}

static size_t older_bytes(const dialect_env *e)
{
    return (size_t)(e->p.stack - 1) * FRAME_BYTES;
}

/** The newest frame becomes an older one; what it is next is about to be made. */
static void shift(dialect_env *e)
{
    if (e->p.stack == 1)
        return;
    size_t rest = older_bytes(e) - FRAME_BYTES;
    memmove(e->older, e->older + FRAME_BYTES, rest);
    memcpy(e->older + rest, newest(e), FRAME_BYTES);
}

/** The newest frame is an episode's first. */
static void fill(dialect_env *e)
{
    for (size_t at = 0; at < older_bytes(e); at += FRAME_BYTES)
        if (e->repeats)
            memcpy(e->older + at, newest(e), FRAME_BYTES);
        else
            memset(e->older + at, 0, FRAME_BYTES);
}

static void observe(dialect_env *e, uint8_t *obs)
{
    memcpy(obs, e->older, older_bytes(e));
    memcpy(obs + older_bytes(e), newest(e), FRAME_BYTES);
}

/* ---------------------------------------------------------------- holding an action */

typedef struct played {
    int reward, n_ticks;
    bool life_lost;  // the last frame lost one
    bool ended;      // before another frame was wanted, or with the last one
} played;

/** Gymnasium, Dopamine and ALE leave the loop over frames when a life is lost. */
static bool life_breaks(const dialect_env *e)
{
    return e->p.episodic_life &&
           (e->p.dialect == DQ_DIALECT_GYMNASIUM || e->p.dialect == DQ_DIALECT_DOPAMINE ||
            e->p.dialect == DQ_DIALECT_ALE_VECTOR);
}

static bool lost_life(const dialect_env *e, int lives)
{
    return lives < e->lives && (lives > 0 || e->p.dialect == DQ_DIALECT_GYMNASIUM ||
                                e->p.dialect == DQ_DIALECT_DOPAMINE);
}

static bool is_cut_off(const dialect_env *e)
{
    return e->max_ticks && e->p.dialect == DQ_DIALECT_ALE_VECTOR && e->n_ticks >= e->max_ticks;
}

static void set_both(dialect_env *e, dq_obs_picture first, dq_obs_picture second)
{
    dq_obs_buffer_set(&e->buffer, DQ_OBS_FIRST, first);
    dq_obs_buffer_set(&e->buffer, DQ_OBS_SECOND, second);
}

/** The last two frames of a whole skip; of one frame, that one twice. */
static void set_last_two(dialect_env *e)
{
    dq_obs_buffer_set(&e->buffer, DQ_OBS_SECOND, DQ_OBS_NEWER);
    if (e->p.skip == 1)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_FIRST, DQ_OBS_NEWER);
    else
        dq_obs_buffer_move(&e->buffer, DQ_OBS_FIRST, DQ_OBS_LAST_BUT_ONE);
}

/** MaxAndSkipEnv and Dopamine: the last two frames of a skip each have a place; a skip that ends
 *  early leaves what is in the places that it does not come to. */
static dq_status pool_places(dialect_env *e, const played *s)
{
    if (s->n_ticks == e->p.skip)
        set_last_two(e);
    else if (s->n_ticks == e->p.skip - 1)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_FIRST, DQ_OBS_NEWER);
    return dq_obs_buffer_make(&e->buffer, 2);
}

/** AtariPreprocessing and ALE: the frame that ends an episode is not looked at, and the maximum is
 *  taken in place, so that the one of the step before goes into it. */
static dq_status pool_unless_ended(dialect_env *e, const played *s)
{
    if (!s->ended)
        set_last_two(e);
    bool goes_into = s->ended && s->n_ticks == e->p.skip && e->p.skip > 1;
    return dq_obs_buffer_make(&e->buffer, goes_into ? 3 : 2);
}

/** EnvPool: a skip that ends early is not pooled. */
static dq_status pool_if_whole(dialect_env *e, const played *s)
{
    if (s->n_ticks == e->p.skip)
        set_last_two(e);
    else if (s->n_ticks == e->p.skip - 1)
        set_both(e, DQ_OBS_NEWER, DQ_OBS_NEWER);
    return dq_obs_buffer_make(&e->buffer, 2);
}

static dq_status pool(dialect_env *e, const played *s)
{
    if (e->p.dialect == DQ_DIALECT_GYMNASIUM || e->p.dialect == DQ_DIALECT_ALE_VECTOR)
        return pool_unless_ended(e, s);
    return e->p.dialect == DQ_DIALECT_ENVPOOL ? pool_if_whole(e, s) : pool_places(e, s);
}

/** One console frame of a skip. */
static dq_status tick(dialect_env *e, int ale_action, played *s)
{
    dq_atari *atari = e->session.atari;
    bool is_second = s->n_ticks > 0 && s->n_ticks == e->p.skip - 1;
    bool draws_over = dq_session_is_partial(atari);
    if (is_second && draws_over)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_LAST_BUT_ONE, DQ_OBS_NEWER);
    DQ_TRY(dq_obs_buffer_keep(&e->buffer));
    s->reward += dq_atari_act(atari, ale_action, s->n_ticks >= e->p.skip - 2);
    if (is_second && !draws_over)
        dq_obs_buffer_set(&e->buffer, DQ_OBS_LAST_BUT_ONE, DQ_OBS_OLDER);
    s->n_ticks++;
    e->n_ticks++;
    return DQ_OK;
}

/** Hold an action for a skip and make the frame of it. */
static dq_status hold(dialect_env *e, int ale_action, played *s)
{
    dq_atari *atari = e->session.atari;
    bool breaks = life_breaks(e);
    *s = (played){0};
    do {
        DQ_TRY(tick(e, ale_action, s));
        int lives = dq_atari_lives(atari);
        s->life_lost = lost_life(e, lives);
        if (e->p.dialect != DQ_DIALECT_ALE_VECTOR && breaks)
            e->lives = lives;
        s->ended = is_over(e) || (breaks && s->life_lost) || is_cut_off(e);
    } while (!s->ended && s->n_ticks < e->p.skip);
    e->lives = dq_atari_lives(atari);
    return pool(e, s);
}

/* ---------------------------------------------------------------- resets */

static dq_status start_game(dialect_env *e)
{
    DQ_TRY(dq_obs_buffer_keep(&e->buffer));
    dq_atari_reset(e->session.atari);
    return DQ_OK;
}

/** Press one action for n frames; a game that ends with that starts anew, and `*anew` says so. */
static dq_status press(dialect_env *e, int ale_action, int n, bool *anew)
{
    DQ_TRY(dq_obs_buffer_keep(&e->buffer));
    for (int i = 0; i < n; i++) {
        (void)dq_atari_act(e->session.atari, ale_action, i == n - 1);
        if (!is_over(e))
            continue;
        DQ_TRY(start_game(e));
        *anew = true;
    }
    return DQ_OK;
}

static int numpy_noops(dialect_env *e)
{
    return e->p.noop_max > 0 ? dq_numpy_rng_integers(&e->session.numpy, 1, e->p.noop_max) : 0;
}

/** std::uniform_int_distribution(0, n - 1) of std::mt19937, as libstdc++ has it. */
static int draw_below(dq_mt19937 *mt, int n)
{
    uint32_t range = (uint32_t)n;
    uint64_t product = (uint64_t)dq_mt19937_next(mt) * range;
    while ((uint32_t)product < range && (uint32_t)product < -range % range)
        product = (uint64_t)dq_mt19937_next(mt) * range;
    return (int)(product >> 32);
}

/** A game and its no-ops, as far as they are drawn from NumPy's generator. */
static dq_status start_with_noops(dialect_env *e)
{
    bool anew;
    DQ_TRY(start_game(e));
    return press(e, 0, numpy_noops(e), &anew);
}

/** NoopResetEnv: what it shows is not pooled. */
static dq_status noop_reset(dialect_env *e)
{
    DQ_TRY(start_with_noops(e));
    dq_obs_buffer_make_alone(&e->buffer);
    return DQ_OK;
}

/** EpisodicLifeEnv: after a lost life a no-op plays on. */
static dq_status life_reset(dialect_env *e)
{
    bool plays_on = !e->game_over && e->p.episodic_life;
    played s;
    if (plays_on)
        DQ_TRY(hold(e, 0, &s));
    if (!plays_on || is_over(e))
        DQ_TRY(noop_reset(e));
    e->game_over = false;
    e->lives = dq_atari_lives(e->session.atari);
    return DQ_OK;
}

/** FireResetEnv: what it shows is that of the second press, even if another reset follows. */
static dq_status fire(dialect_env *e)
{
    uint8_t shown[FRAME_BYTES];
    for (int action = 1; action <= 2; action++) {
        played s;
        DQ_TRY(hold(e, e->session.actions[action], &s));
        memcpy(shown, newest(e), FRAME_BYTES);
        e->game_over = is_over(e);
        if (e->game_over || (e->p.episodic_life && s.life_lost))
            DQ_TRY(life_reset(e));
    }
    memcpy(newest(e), shown, FRAME_BYTES);
    dq_obs_buffer_forget_frame(&e->buffer);
    return DQ_OK;
}

static dq_status baselines_reset(dialect_env *e)
{
    DQ_TRY(life_reset(e));
    if (e->has_fire)
        DQ_TRY(fire(e));
    fill(e);
    return DQ_OK;
}

/** The buffer of an episode that has one frame so far. */
static dq_status show_first(dialect_env *e)
{
    set_both(e, DQ_OBS_NEWER, DQ_OBS_BLACK);
    DQ_TRY(dq_obs_buffer_make(&e->buffer, 2));
    fill(e);
    return DQ_OK;
}

/** AtariPreprocessing of Gymnasium and Dopamine. */
static dq_status gymnasium_reset(dialect_env *e)
{
    DQ_TRY(start_with_noops(e));
    return show_first(e);
}

static dq_status envpool_reset(dialect_env *e)
{
    bool anew = e->game_over || !e->p.episodic_life;
    int n = e->p.noop_max > 0 ? draw_below(&e->noops, e->p.noop_max) + 1 - e->has_fire : 0;
    if (anew) {
        DQ_TRY(start_game(e));
        e->n_steps = 0;
    }
    DQ_TRY(press(e, 0, n, &anew));
    if (e->has_fire)
        (void)dq_atari_act(e->session.atari, ALE_FIRE, true);
    set_both(e, DQ_OBS_NEWER, DQ_OBS_NEWER);
    if (!anew)
        shift(e);
    DQ_TRY(dq_obs_buffer_make(&e->buffer, 2));
    if (anew)
        fill(e);
    return DQ_OK;
}

static dq_status ale_vector_reset(dialect_env *e)
{
    bool anew;
    DQ_TRY(start_game(e));
    if (e->has_fire)
        (void)dq_atari_act(e->session.atari, ALE_FIRE, true);
    int n = e->p.noop_max > 0 ? draw_below(&e->noops, e->p.noop_max) : 0;
    DQ_TRY(press(e, 0, n - e->has_fire, &anew));
    return show_first(e);
}

static dq_status start_episode(dialect_env *e)
{
    if (is_one_of_baselines(e))
        return baselines_reset(e);
    if (e->p.dialect == DQ_DIALECT_ENVPOOL)
        return envpool_reset(e);
    return e->p.dialect == DQ_DIALECT_ALE_VECTOR ? ale_vector_reset(e) : gymnasium_reset(e);
}

static dq_status dialect_reset(void *self, void *obs)
{
    dialect_env *e = self;
    DQ_TRY(start_episode(e));
    e->lives = dq_atari_lives(e->session.atari);
    e->game_over = false;
    e->n_ticks = 0;
    observe(e, obs);
    return DQ_OK;
}

/* ---------------------------------------------------------------- steps */

/** Where the original counts steps or frames itself, a cap is not an end by the rules. */
static bool reached_cap(const dialect_env *e)
{
    if (e->p.dialect == DQ_DIALECT_ENVPOOL)
        return e->max_ticks && e->n_steps >= e->max_ticks / (uint32_t)e->p.skip;
    return is_cut_off(e);
}

static dq_status dialect_step(void *self, int action, void *obs, dq_step *result)
{
    dialect_env *e = self;
    played s;
    shift(e);
    DQ_TRY(hold(e, e->session.actions[action], &s));
    bool lost = e->p.episodic_life && s.life_lost;
    e->n_steps++;
    bool over = dq_atari_game_over(e->session.atari), cut = reached_cap(e);
    result->truncated = cut || dq_atari_truncated(e->session.atari);
    result->terminated = over || lost;
    if (cut && e->p.dialect == DQ_DIALECT_ENVPOOL)
        result->terminated = false;
    if (cut && e->p.dialect == DQ_DIALECT_ALE_VECTOR)
        result->truncated = !result->terminated;
    e->game_over = over || result->truncated;
    result->reward = (float)(e->p.clip_reward ? (s.reward > 0) - (s.reward < 0) : s.reward);
    result->lives = e->lives;
    observe(e, obs);
    return DQ_OK;
}

static void seed_noops(dialect_env *e, uint64_t seed)
{
    dq_mt19937_seed(&e->noops, (uint32_t)seed);
}

static dq_status dialect_seed(void *self, uint64_t seed)
{
    dialect_env *e = self;
    dq_obs_buffer_clear(&e->buffer);  // as a new one's, whose first skip may end early
    seed_noops(e, seed);
    e->game_over = true;
    return dq_atari_session_seed(&e->session, seed);
}

static dq_status dialect_render(void *self, dq_image *image)
{
    dialect_env *e = self;
    return dq_atari_session_render(&e->session, image);
}

static int dialect_lives(void *self)
{
    dialect_env *e = self;
    return dq_atari_lives(e->session.atari);
}

/* ---------------------------------------------------------------- state */

static dq_status dialect_save(void *self, dq_writer *w)
{
    dialect_env *e = self;
    dq_write_tag(w, "DIAL", 1);
    dq_write_u32(w, (uint32_t)e->p.dialect);
    dq_write_u32(w, (uint32_t)e->lives);
    dq_write_u32(w, e->game_over);
    dq_write_u32(w, e->n_steps);
    dq_write_u32(w, e->n_ticks);
    for (int i = 0; i < 624; i++)
        dq_write_u32(w, e->noops.word[i]);
    dq_write_u32(w, e->noops.next);
    dq_write(w, e->older, older_bytes(e));
    dq_write(w, newest(e), FRAME_BYTES);
    DQ_TRY(dq_obs_buffer_save(&e->buffer, w));
    return dq_atari_session_save(&e->session, w);
}

static dq_status load_noops(dialect_env *e, dq_reader *r)
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
    dialect_env *e = self;
    uint32_t dialect, lives, over;
    DQ_TRY(dq_read_tag(r, "DIAL", 1));
    DQ_TRY(dq_read_u32(r, &dialect));
    if (dialect != (uint32_t)e->p.dialect)
        return dq_fail(DQ_ERR_INPUT, "%s: saved state of another dialect", e->session.cfg.id);
    DQ_TRY(dq_read_u32(r, &lives));
    DQ_TRY(dq_read_u32(r, &over));
    DQ_TRY(dq_read_u32(r, &e->n_steps));
    DQ_TRY(dq_read_u32(r, &e->n_ticks));
    DQ_TRY(load_noops(e, r));
    DQ_TRY(dq_read(r, e->older, older_bytes(e)));
    DQ_TRY(dq_read(r, newest(e), FRAME_BYTES));
    DQ_TRY(dq_obs_buffer_load(&e->buffer, r));
    e->lives = (int)lives;
    e->game_over = over != 0;
    return dq_atari_session_restore(&e->session, r);
}

/* ---------------------------------------------------------------- create and destroy */

static void dialect_destroy(void *self)
{
    dialect_env *e = self;
    dq_atari_session_close(&e->session);
    dq_obs_buffer_clear(&e->buffer);
    free(e->older);
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
};

/** Refuse what the original refuses; find out whether FIRE is to be pressed. */
static dq_status check_game(dialect_env *e)
{
    const dq_atari_session *s = &e->session;
    bool any = false;
    for (int i = 0; i < s->n_actions; i++)
        any |= s->actions[i] == ALE_FIRE;
    e->has_fire = any && e->p.fire_reset;
    bool checks_noop = is_one_of_baselines(e) || e->p.dialect == DQ_DIALECT_GYMNASIUM ||
                       e->p.dialect == DQ_DIALECT_DOPAMINE;
    if (checks_noop && e->p.noop_max > 0 && s->actions[0] != 0)
        return dq_fail(DQ_ERR_CONFIG, "%s: action 0 is %s, not NOOP: no-op starts need it",
                       s->cfg.id, s->action_names[0]);
    if (is_one_of_baselines(e) && e->has_fire && (s->n_actions < 3 || s->actions[1] != ALE_FIRE))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: FIRE is not action 1 of at least 3, which this dialect presses after "
                       "each reset: choose another game, or switch that off",
                       s->cfg.id);
    return DQ_OK;
}

static dq_small_grey grey_of(dq_dialect dialect)
{
    if (dialect == DQ_DIALECT_CLEANRL)
        return DQ_SMALL_RGB_FIRST;
    return dialect <= DQ_DIALECT_SB3 ? DQ_SMALL_RGB : DQ_SMALL_ALE;
}

static dq_status prepare(dialect_env *e)
{
    dq_atari *atari = e->session.atari;
    int rows = e->p.dialect == DQ_DIALECT_ENVPOOL ? ENVPOOL_ROWS : dq_atari_height(atari);
    DQ_TRY(check_game(e));
    dq_obs_buffer_init(&e->buffer, atari, grey_of(e->p.dialect), e->p.linear_resize, rows);
    e->older = calloc(1, older_bytes(e) + 1);  // there even if empty
    if (!e->older)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for %d frames", e->session.cfg.id, e->p.stack);
    return DQ_OK;
}

dq_status dq_dialect_env_create(dq_env **out, const void *rom, size_t rom_bytes,
                                const dq_atari_env_config *cfg, const dq_preprocessing *p)
{
    *out = NULL;
    dialect_env *e = calloc(1, sizeof(*e));
    if (!e)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for an environment", cfg->id);
    bool counts = p->dialect == DQ_DIALECT_ENVPOOL || p->dialect == DQ_DIALECT_ALE_VECTOR;
    dq_atari_env_config own = *cfg;
    own.seeding = counts ? DQ_ATARI_SEED_ALE : DQ_ATARI_SEED_GYMNASIUM;
    own.max_ticks = counts ? 0 : cfg->max_ticks;
    e->p = *p;
    e->max_ticks = cfg->max_ticks;
    e->game_over = true;
    e->repeats = p->dialect == DQ_DIALECT_BASELINES || p->dialect == DQ_DIALECT_CLEANRL ||
                 p->dialect == DQ_DIALECT_GYMNASIUM || p->dialect == DQ_DIALECT_ENVPOOL;
    seed_noops(e, cfg->seed);
    dq_status st = dq_atari_session_open(&e->session, rom, rom_bytes, &own);
    if (st == DQ_OK)
        st = prepare(e);
    if (st == DQ_OK) {
        dq_space obs = {DQ_U8, 3, {p->stack, DQ_FRAME84, DQ_FRAME84}, 0.0f, 255.0f};
        dq_env_spec spec = dq_atari_session_spec(&e->session, &obs);
        st = dq_env_create(out, &dialect_ops, &spec, e);
    }
    if (st != DQ_OK)
        dialect_destroy(e);
    return st;
}
