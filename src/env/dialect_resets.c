/* How an episode starts. */
#include "env/dialect_env.h"

#include <string.h>

#include "base/error.h"

static dq_status start_game(dq_dialect_env *e)
{
    DQ_TRY(dq_obs_buffer_keep(&e->buffer));
    dq_atari_reset(e->session.atari);
    dq_game_points_end(&e->points);
    return DQ_OK;
}

/** One frame within a reset. */
static void act(dq_dialect_env *e, int ale_action, bool draw)
{
    e->points.untold += (float)dq_atari_act(e->session.atari, ale_action, draw);
}

/** A whole skip within a reset. */
static dq_status hold(dq_dialect_env *e, int ale_action, dq_dialect_held *s)
{
    DQ_TRY(dq_dialect_hold(e, ale_action, s));
    e->points.untold += (float)s->reward;
    return DQ_OK;
}

/** Press one action for n frames; a game that ends with another starts, and `*is_new` says so. */
static dq_status press(dq_dialect_env *e, int ale_action, int n, bool *is_new)
{
    DQ_TRY(dq_obs_buffer_keep(&e->buffer));
    for (int i = 0; i < n; i++) {
        act(e, ale_action, i == n - 1);
        if (!dq_dialect_is_over(e))
            continue;
        DQ_TRY(start_game(e));
        *is_new = true;
    }
    return DQ_OK;
}

static int numpy_noops(dq_dialect_env *e)
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
static dq_status start_with_noops(dq_dialect_env *e)
{
    bool is_new;
    DQ_TRY(start_game(e));
    return press(e, 0, numpy_noops(e), &is_new);
}

/** NoopResetEnv: what it shows is not pooled. */
static dq_status noop_reset(dq_dialect_env *e)
{
    DQ_TRY(start_with_noops(e));
    dq_obs_buffer_make_alone(&e->buffer);
    return DQ_OK;
}

/** EpisodicLifeEnv: after a lost life a no-op plays on. */
static dq_status life_reset(dq_dialect_env *e)
{
    bool plays_on = !e->game_over && e->p.episodic_life;
    dq_dialect_held s;
    if (plays_on)
        DQ_TRY(hold(e, 0, &s));
    if (!plays_on || dq_dialect_is_over(e))
        DQ_TRY(noop_reset(e));
    e->game_over = false;
    e->lives = dq_atari_lives(e->session.atari);
    return DQ_OK;
}

/** FireResetEnv: what it shows is that of the second press, even if another reset follows. */
static dq_status fire(dq_dialect_env *e)
{
    uint8_t shown[DQ_DIALECT_FRAME_BYTES];
    for (int action = 1; action <= 2; action++) {
        dq_dialect_held s;
        DQ_TRY(hold(e, e->session.actions[action], &s));
        memcpy(shown, dq_dialect_newest(e), DQ_DIALECT_FRAME_BYTES);
        e->game_over = dq_dialect_is_over(e);
        if (e->game_over || (e->p.episodic_life && s.life_lost))
            DQ_TRY(life_reset(e));
    }
    memcpy(dq_dialect_newest(e), shown, DQ_DIALECT_FRAME_BYTES);
    dq_obs_buffer_forget_frame(&e->buffer);
    return DQ_OK;
}

dq_status dq_dialect_reset_baselines(dq_dialect_env *e)
{
    DQ_TRY(life_reset(e));
    if (e->has_fire)
        DQ_TRY(fire(e));
    dq_dialect_fill(e);
    return DQ_OK;
}

/** The buffer of an episode that has one frame so far. */
static dq_status show_first(dq_dialect_env *e)
{
    if (e->own) {
        dq_own_frame_take(e->own, 0);
        dq_own_frame_clear_second(e->own);
        dq_own_frame_make(e->own);
        dq_dialect_fill(e);
        return DQ_OK;
    }
    dq_dialect_set_both(e, DQ_OBS_NEWER, DQ_OBS_BLACK);
    DQ_TRY(dq_obs_buffer_make(&e->buffer, 2));
    dq_dialect_fill(e);
    return DQ_OK;
}

/** AtariPreprocessing of Gymnasium and Dopamine, which press FIRE only if that is asked for. */
dq_status dq_dialect_reset_gymnasium(dq_dialect_env *e)
{
    DQ_TRY(start_with_noops(e));
    if (e->has_fire)
        act(e, DQ_DIALECT_ALE_FIRE, true);
    return show_first(e);
}

dq_status dq_dialect_reset_envpool(dq_dialect_env *e)
{
    bool is_new = e->game_over || !e->p.episodic_life;
    int n = e->p.noop_max > 0 ? draw_below(&e->noops, e->p.noop_max) + 1 - e->has_fire : 0;
    if (is_new) {
        DQ_TRY(start_game(e));
        e->n_steps = 0;
    }
    DQ_TRY(press(e, 0, n, &is_new));
    if (e->has_fire)
        act(e, DQ_DIALECT_ALE_FIRE, true);
    dq_dialect_set_both(e, DQ_OBS_NEWER, DQ_OBS_NEWER);
    if (!is_new)
        dq_dialect_shift(e);
    DQ_TRY(dq_obs_buffer_make(&e->buffer, 2));
    if (is_new)
        dq_dialect_fill(e);
    return DQ_OK;
}

dq_status dq_dialect_reset_ale_vector(dq_dialect_env *e)
{
    bool is_new;
    DQ_TRY(start_game(e));
    if (e->has_fire)
        act(e, DQ_DIALECT_ALE_FIRE, true);
    int n = e->p.noop_max > 0 ? draw_below(&e->noops, e->p.noop_max) : 0;
    DQ_TRY(press(e, 0, n - e->has_fire, &is_new));
    return show_first(e);
}
