#include "agent/actor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/network_choice.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "nn/argmax.h"

/** No environment has values that its action was chosen by. */
static void forget_rows(dq_actor *a)
{
    for (int i = 0; i < a->n_envs; i++)
        a->row[i] = -1;
}

static dq_status allocate(dq_actor *a)
{
    size_t n = (size_t)a->n_envs;
    a->obs = calloc(n, a->obs_bytes);
    a->last_obs = calloc(n, a->obs_bytes);
    a->action = calloc(n, sizeof(*a->action));
    a->results = calloc(n, sizeof(*a->results));
    a->greedy = calloc(n, sizeof(*a->greedy));
    a->q = calloc(n, (size_t)a->n_actions * sizeof(*a->q));
    a->row = calloc(n, sizeof(*a->row));
    if (!a->obs || !a->last_obs || !a->action || !a->results || !a->greedy || !a->q || !a->row)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d environments", a->n_envs);
    forget_rows(a);
    return DQ_OK;
}

static dq_status take_envs(dq_actor *a, const dq_train_config *cfg, dq_env *const *envs)
{
    int threads = cfg->n_threads > 0 ? cfg->n_threads : dq_cpu_count();
    dq_vector_config vector = {.n_threads = threads < a->n_envs ? threads : a->n_envs,
                               .autoreset = DQ_AUTORESET_SAME_STEP};
    for (int i = 0; i < a->n_envs; i++)
        DQ_TRY(dq_env_seed(envs[i], cfg->seed + (uint64_t)i));
    return dq_vector_create(&a->envs, envs, a->n_envs, &vector);
}

dq_status dq_actor_init(dq_actor *a, const dq_train_config *cfg, dq_env *const *envs)
{
    const dq_env_spec *spec = dq_env_get_spec(envs[0]);
    *a = (dq_actor){.n_envs = cfg->n_envs,
                    .n_actions = spec->n_actions,
                    .obs_bytes = dq_space_bytes(&spec->obs),
                    .is_vector = dq_space_is_vector(&spec->obs),
                    .exploration = dq_rng_stream(cfg->seed, "exploration")};
    dq_status st = allocate(a);
    if (st == DQ_OK)
        st = take_envs(a, cfg, envs);
    if (st != DQ_OK)
        dq_actor_free(a);
    return st;
}

void dq_actor_free(dq_actor *a)
{
    dq_vector_destroy(a->envs);
    free(a->obs);
    free(a->last_obs);
    free(a->action);
    free(a->results);
    free(a->greedy);
    free(a->q);
    free(a->row);
    *a = (dq_actor){0};
}

static uint8_t *obs_of(const dq_actor *a, int env)
{
    return a->obs + (size_t)env * a->obs_bytes;
}

/** Where an episode that is over ended. */
static uint8_t *last_obs_of(const dq_actor *a, int env)
{
    return a->last_obs + (size_t)env * a->obs_bytes;
}

dq_status dq_actor_reset(dq_actor *a, dq_learner *learner)
{
    DQ_TRY(dq_vector_reset(a->envs, a->obs));
    for (int i = 0; i < a->n_envs; i++)
        dq_learner_begin_episode(learner, i, obs_of(a, i));
    return DQ_OK;
}

dq_status dq_actor_play(dq_actor *a, dq_learner *learner, const dq_train_config *cfg, int64_t step,
                        const dq_learn_step *next)
{
    int n = 0;
    double began_s = dq_clock_s();
    forget_rows(a);
    for (int i = 0; i < a->n_envs; i++) {
        if (dq_rng_unit(&a->exploration) < dq_config_epsilon(cfg, step + i))
            a->action[i] = (int)dq_rng_below(&a->exploration, (uint32_t)a->n_actions);
        else
            a->greedy[n++] = i;
    }
    dq_learner_act(learner, a->obs, a->greedy, n, next);
    if (n > 0)
        dq_learner_values(learner, a->q);
    for (int i = 0; i < n; i++) {
        const float *q = a->q + (size_t)i * (size_t)a->n_actions;
        int best = dq_argmax(q, a->n_actions);
        a->action[a->greedy[i]] = best;
        a->row[a->greedy[i]] = i;
        a->max_q += (double)q[best];
        a->n_max_q++;
    }
    double chosen_s = dq_clock_s();
    dq_status st = dq_vector_step(a->envs, a->action, a->obs, a->last_obs, a->results);
    a->act_s += chosen_s - began_s;
    a->play_s += dq_clock_s() - chosen_s;
    return st;
}

void dq_actor_forget_values(dq_actor *a)
{
    a->max_q = 0;
    a->n_max_q = 0;
}

const dq_step *dq_actor_result(const dq_actor *a)
{
    return &a->results[a->turn].step;
}

static const uint8_t *newest_frame(const dq_actor *a, const uint8_t *state, size_t *n)
{
    return dq_newest_frame(&dq_env_get_spec(dq_vector_env(a->envs, 0))->obs, state, n);
}

/** The state that the step whose turn it is led to. */
static const uint8_t *led_to(const dq_actor *a)
{
    const dq_step *step = dq_actor_result(a);
    bool over = step->terminated || step->truncated;
    return over ? last_obs_of(a, a->turn) : obs_of(a, a->turn);
}

bool dq_actor_is_finite(const dq_actor *a)
{
    const float *x = (const float *)(const void *)led_to(a);
    for (size_t i = 0; a->is_vector && i < a->obs_bytes / sizeof(*x); i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

dq_experience dq_actor_experience(const dq_actor *a, bool truncation_ends)
{
    const dq_step *step = dq_actor_result(a);
    size_t frame_bytes;
    return (dq_experience){.lane = a->turn,
                           .action = a->action[a->turn],
                           .reward = step->reward,
                           .terminated = step->terminated || (truncation_ends && step->truncated),
                           .truncated = step->truncated,
                           .next = newest_frame(a, led_to(a), &frame_bytes)};
}

dq_train_act dq_actor_act(const dq_actor *a)
{
    size_t n;
    const uint8_t *frame = newest_frame(a, led_to(a), &n);
    int row = a->row[a->turn];
    return (dq_train_act){.env = a->turn,
                          .action = a->action[a->turn],
                          .values = row < 0 ? NULL : a->q + (size_t)row * (size_t)a->n_actions,
                          .result = dq_actor_result(a),
                          .frame = frame,
                          .frame_bytes = n};
}

void dq_actor_advance(dq_actor *a, dq_learner *learner)
{
    const dq_step *step = dq_actor_result(a);
    if (step->terminated || step->truncated)
        dq_learner_begin_episode(learner, a->turn, obs_of(a, a->turn));
    a->turn = a->turn + 1 == a->n_envs ? 0 : a->turn + 1;
}

/* ---------------------------------------------------------------- saving */

enum { ENDED = 1, CUT_OFF = 2, GOES_ON = 4, NEW_GAME = 8 };  // flags of a step

/** Whether an episode is over whose last observation is still wanted: when its step's turn comes.
 */
static bool is_waiting(const dq_actor *a, int env)
{
    const dq_step *step = &a->results[env].step;
    return env >= a->turn && a->turn > 0 && (step->terminated || step->truncated);
}

static dq_status save_step(const dq_actor *a, int env, dq_writer *w)
{
    const dq_step *step = &a->results[env].step;
    dq_write_u32(w, (uint32_t)a->action[env]);
    dq_write_f64(w, (double)step->reward);
    uint32_t flags = (step->terminated ? ENDED : 0u) | (step->truncated ? CUT_OFF : 0u) |
                     (step->game_goes_on ? GOES_ON : 0u) | (step->is_new_game ? NEW_GAME : 0u);
    dq_write_u32(w, flags);
    dq_write_f64(w, (double)step->clipped);
    dq_status st = dq_write_f64(w, (double)step->ended_points);
    return is_waiting(a, env) ? dq_write(w, last_obs_of(a, env), a->obs_bytes) : st;
}

dq_status dq_actor_save_round(const dq_actor *a, dq_writer *w)
{
    dq_write_u32(w, (uint32_t)a->n_envs);
    dq_status st = dq_write_u32(w, (uint32_t)a->turn);
    for (int i = 0; i < a->n_envs; i++)
        st = save_step(a, i, w);
    return st;
}

static dq_status load_step(dq_actor *a, int env, dq_reader *r, dq_round_format format)
{
    bool is_whole = format >= DQ_ROUND_WHOLE;
    uint32_t action, flags;
    double reward, clipped = 0, ended_points = 0;
    dq_read_u32(r, &action);
    dq_read_f64(r, &reward);
    DQ_TRY(dq_read_u32(r, &flags));
    if (is_whole)
        dq_read_f64(r, &clipped);
    if (is_whole)
        DQ_TRY(dq_read_f64(r, &ended_points));
    if (action >= (uint32_t)a->n_actions ||
        flags > (is_whole ? ENDED | CUT_OFF | GOES_ON | NEW_GAME : ENDED | CUT_OFF))
        return dq_fail(DQ_ERR_INPUT, "saved run: its round is impossible");
    a->action[env] = (int)action;
    a->results[env] = (dq_vector_result){.step = {.reward = (float)reward,
                                                  .terminated = (flags & ENDED) != 0,
                                                  .truncated = (flags & CUT_OFF) != 0,
                                                  .clipped = (float)clipped,
                                                  .game_goes_on = (flags & GOES_ON) != 0,
                                                  .is_new_game = (flags & NEW_GAME) != 0,
                                                  .ended_points = (float)ended_points}};
    dq_step *step = &a->results[env].step;
    if (!is_waiting(a, env))
        return DQ_OK;
    if (format == DQ_ROUND_ALL_LAST || (is_whole && step->truncated))
        return dq_read(r, last_obs_of(a, env), a->obs_bytes);
    step->terminated = true;  // so it was learned then
    return DQ_OK;
}

dq_status dq_actor_load_round(dq_actor *a, dq_reader *r, dq_round_format format)
{
    uint32_t n_envs, turn;
    dq_read_u32(r, &n_envs);
    DQ_TRY(dq_read_u32(r, &turn));
    if (n_envs != (uint32_t)a->n_envs)
        return dq_fail(DQ_ERR_INPUT, "saved run has %u environments, this one has %d", n_envs,
                       a->n_envs);
    if (turn >= n_envs)
        return dq_fail(DQ_ERR_INPUT, "saved run: its round is impossible");
    a->turn = (int)turn;
    forget_rows(a);
    for (int i = 0; i < a->n_envs; i++)
        DQ_TRY(load_step(a, i, r, format));
    return DQ_OK;
}

dq_status dq_actor_save_envs(const dq_actor *a, dq_writer *w)
{
    return a->n_envs > 1 ? dq_vector_save(a->envs, w) : dq_env_save(dq_vector_env(a->envs, 0), w);
}

dq_status dq_actor_load_envs(dq_actor *a, dq_reader *r)
{
    return a->n_envs > 1 ? dq_vector_load(a->envs, r) : dq_env_load(dq_vector_env(a->envs, 0), r);
}
