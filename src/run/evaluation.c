#include "run/evaluation.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/pool.h"
#include "deepq/rng.h"
#include "deepq/train.h"
#include "env/env_ids.h"
#include "run/environments.h"
#include "run/player.h"

/* ---------------------------------------------------------------- one game */

/** One that plays games, on a thread of its own. */
typedef struct worker {
    dq_env *env;
    dq_policy *policy;
    void *obs;
} worker;

/** The score is that of whole games, unless the command line wants another. */
static dq_status make_env(dq_env **out, const dq_evaluation *e)
{
    dq_environment_choice choice = {.id = e->env_id,
                                    .dialect = e->dialect,
                                    .rom_dir = e->rom_dir,
                                    .seed = e->seed,
                                    .whole_games = true,
                                    .options = e->options};
    choice.options.noops = e->noops;
    return dq_environments_make(out, &choice);
}

static dq_status worker_open(worker *s, const dq_evaluation *e)
{
    DQ_TRY(make_env(&s->env, e));
    DQ_TRY(dq_player_create(&s->policy, e->weights, e->model, s->env, e->epsilon, e->seed));
    s->obs = malloc(dq_space_bytes(&dq_env_get_spec(s->env)->obs));
    return s->obs ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for an observation");
}

static void worker_close(worker *s)
{
    free(s->obs);
    dq_policy_destroy(s->policy);
    dq_env_destroy(s->env);
}

static dq_status show(const dq_evaluation *e, int64_t game, dq_env *env)
{
    return e->watch && game == 0 ? e->watch(e->watcher, env) : DQ_OK;
}

static dq_status play_game(const dq_evaluation *e, worker *s, int64_t game, uint64_t seed,
                           double *reward, int64_t *n_steps)
{
    int64_t skip = e->options.frame_skip > 0 ? e->options.frame_skip : DQ_EVALUATION_SKIP;
    int64_t limit = e->cap > 0 ? e->cap / skip : INT64_MAX;
    dq_step step = {0};
    *reward = 0;
    dq_policy_seed(s->policy, seed);
    DQ_TRY(dq_env_seed(s->env, seed));
    DQ_TRY(dq_env_reset(s->env, s->obs));
    DQ_TRY(show(e, game, s->env));
    for (*n_steps = 0; *n_steps < limit && !step.terminated && !step.truncated; ++*n_steps) {
        DQ_TRY(dq_env_step(s->env, dq_policy_act(s->policy, s->obs), s->obs, &step));
        *reward += (double)step.reward;
        DQ_TRY(show(e, game, s->env));
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- all of them */

/** An evaluation under way. */
typedef struct evaluating {
    const dq_evaluation *e;
    dq_evaluation_scores *s;
    worker *workers;
    int n_workers;
    uint64_t *seeds;     // [e->episodes] of each game
    bool *is_played;     // [e->episodes]
    atomic_llong next;   // the game to be played next
    atomic_int failure;  // the first dq_status that is none of success
    char why[1024];      // its message: each thread has its own dq_errmsg()
} evaluating;

static bool is_stopped(const dq_evaluation *e)
{
    return e->stop && *e->stop;
}

static void keep_failure(evaluating *m, dq_status st)
{
    int none = DQ_OK;
    if (atomic_compare_exchange_strong(&m->failure, &none, (int)st))
        snprintf(m->why, sizeof(m->why), "%s", dq_errmsg());
}

static void play_games(void *ctx, int i)
{
    evaluating *m = ctx;
    while (!is_stopped(m->e) && atomic_load(&m->failure) == DQ_OK) {
        int64_t game = atomic_fetch_add(&m->next, 1);
        if (game >= m->e->episodes)
            break;
        dq_status st = play_game(m->e, &m->workers[i], game, m->seeds[game], &m->s->rewards[game],
                                 &m->s->steps[game]);
        m->is_played[game] = st == DQ_OK;
        if (st != DQ_OK)
            keep_failure(m, st);
    }
}

/** Keep those that were played, in order. */
static void close_gaps(const evaluating *m)
{
    dq_evaluation_scores *s = m->s;
    for (int64_t i = 0; i < m->e->episodes; i++)
        if (m->is_played[i]) {
            s->rewards[s->n] = s->rewards[i];
            s->steps[s->n] = s->steps[i];
            s->n_steps += s->steps[i];
            s->n++;
        }
}

static void summarise(dq_evaluation_scores *s)
{
    double sum = 0, squares = 0;
    s->min = s->max = s->n ? s->rewards[0] : 0;
    for (int64_t i = 0; i < s->n; i++) {
        sum += s->rewards[i];
        s->min = fmin(s->min, s->rewards[i]);
        s->max = fmax(s->max, s->rewards[i]);
    }
    s->mean = s->n ? sum / (double)s->n : 0;
    for (int64_t i = 0; i < s->n; i++)
        squares += (s->rewards[i] - s->mean) * (s->rewards[i] - s->mean);
    s->sd = s->n > 1 ? sqrt(squares / (double)(s->n - 1)) : 0;
}

static dq_status allocate(evaluating *m)
{
    const size_t n = (size_t)m->e->episodes;
    dq_rng rng = dq_rng_stream(m->e->seed, "games");
    m->workers = calloc((size_t)m->n_workers, sizeof(*m->workers));
    m->seeds = malloc(n * sizeof(*m->seeds));
    m->is_played = calloc(n, sizeof(*m->is_played));
    m->s->rewards = calloc(n, sizeof(*m->s->rewards));
    m->s->steps = calloc(n, sizeof(*m->s->steps));
    if (!m->workers || !m->seeds || !m->is_played || !m->s->rewards || !m->s->steps)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the scores");
    for (size_t i = 0; i < n; i++)
        m->seeds[i] = dq_rng_u64(&rng);
    return DQ_OK;
}

static dq_status play_all(evaluating *m)
{
    dq_pool *pool;
    for (int i = 0; i < m->n_workers; i++)
        DQ_TRY(worker_open(&m->workers[i], m->e));
    DQ_TRY(dq_pool_create(&pool, m->n_workers));
    dq_pool_run(pool, m->n_workers, play_games, m);
    dq_pool_destroy(pool);
    close_gaps(m);
    summarise(m->s);
    int failure = atomic_load(&m->failure);
    if (failure != DQ_OK)
        return dq_fail((dq_status)failure, "%s", m->why);
    if (m->s->n < m->e->episodes)
        return dq_fail(DQ_ERR_INTERRUPTED, "interrupted after %lld of %lld games",
                       (long long)m->s->n, (long long)m->e->episodes);
    return DQ_OK;
}

dq_status dq_evaluation_run(const dq_evaluation *e, dq_evaluation_scores *s)
{
    int64_t n = e->envs > 0 ? e->envs : dq_cpu_count();
    evaluating m = {.e = e, .s = s, .n_workers = (int)(n < e->episodes ? n : e->episodes)};
    *s = (dq_evaluation_scores){.rewards = NULL};
    dq_status st = allocate(&m);
    if (st == DQ_OK)
        st = play_all(&m);
    for (int i = 0; m.workers && i < m.n_workers; i++)
        worker_close(&m.workers[i]);
    free(m.workers);
    free(m.seeds);
    free(m.is_played);
    return st;
}

void dq_evaluation_scores_free(dq_evaluation_scores *s)
{
    free(s->rewards);
    free(s->steps);
    s->rewards = NULL;
    s->steps = NULL;
}

/* ---------------------------------------------------------------- the protocol */

void dq_evaluation_follow(dq_evaluation *e, const char *name)
{
    const dq_preset *preset = dq_train_preset_find(name);
    if (!preset)
        preset = dq_train_preset_at(0);
    bool is_atari = dq_environments_is_atari(e->env_id);
    if (e->noops < 0 && is_atari)
        e->noops = preset->eval_noops;
    if (e->epsilon < 0)
        e->epsilon = is_atari ? preset->eval_epsilon : 0;
    if (e->cap < 0)
        e->cap = DQ_ATARI_EPISODE_TICKS;
    if (!is_atari)
        e->cap = 0;
    if (e->episodes <= 0)
        e->episodes = 30;
}

double dq_evaluation_sticky(const dq_evaluation *e)
{
    dq_atari_id id;
    if (e->options.sticky >= 0)
        return e->options.sticky;
    return dq_atari_id_parse(e->env_id, &id) ? (double)id.repeat_action_probability : 0;
}

void dq_evaluation_describe(const dq_evaluation *e, char text[DQ_EVALUATION_TEXT])
{
    char options[DQ_ENVIRONMENT_OPTIONS_TEXT], cap[48] = "no cap";
    if (e->cap > 0)
        snprintf(cap, sizeof(cap), "cap %lld console frames", (long long)e->cap);
    dq_environment_options others = e->options;
    others.sticky = -1;  // said by itself
    dq_environment_options_print(&others, options);
    if (!dq_environments_is_atari(e->env_id))
        snprintf(text, DQ_EVALUATION_TEXT, "epsilon %g, seed %llu", e->epsilon,
                 (unsigned long long)e->seed);
    else
        snprintf(text, DQ_EVALUATION_TEXT,
                 "%s%spreprocessing %s%s%s, no-op starts up to %lld, epsilon %g, sticky actions "
                 "%g, %s, seed %llu",
                 e->protocol ? e->protocol : "", e->protocol ? ", " : "", e->dialect,
                 *options ? " with " : "", options, (long long)e->noops, e->epsilon,
                 dq_evaluation_sticky(e), cap, (unsigned long long)e->seed);
}
