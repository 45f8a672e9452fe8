#include "run/evaluation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "deepq/train.h"
#include "env/env_ids.h"
#include "run/environments.h"
#include "run/player.h"

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
    DQ_TRY(dq_environments_make(out, &choice));
    return dq_env_seed(*out, e->seed);
}

static dq_status show(const dq_evaluation *e, const dq_evaluation_scores *s, dq_env *env)
{
    return e->watch && s->n == 0 ? e->watch(e->watcher, env) : DQ_OK;
}

static dq_status play_episode(const dq_evaluation *e, dq_env *env, dq_policy *player, void *obs,
                              dq_evaluation_scores *s)
{
    int64_t skip = e->options.frame_skip > 0 ? e->options.frame_skip : DQ_EVALUATION_SKIP;
    int64_t limit = e->cap > 0 ? e->cap / skip : INT64_MAX;
    dq_step step = {0};
    double reward = 0;
    DQ_TRY(dq_env_reset(env, obs));
    DQ_TRY(show(e, s, env));
    for (int64_t i = 0; i < limit && !step.terminated && !step.truncated; i++) {
        DQ_TRY(dq_env_step(env, dq_policy_act(player, obs), obs, &step));
        reward += (double)step.reward;
        s->n_steps++;
        DQ_TRY(show(e, s, env));
    }
    s->rewards[s->n++] = reward;
    return DQ_OK;
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

static bool is_stopped(const dq_evaluation *e)
{
    return e->stop && *e->stop;
}

static dq_status play_all(const dq_evaluation *e, dq_env *env, dq_evaluation_scores *s)
{
    dq_policy *player;
    DQ_TRY(dq_player_create(&player, e->weights, e->model, env, e->epsilon, e->seed));
    void *obs = malloc(dq_space_bytes(&dq_env_get_spec(env)->obs));
    dq_status st = obs ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for an observation");
    while (st == DQ_OK && s->n < e->episodes && !is_stopped(e))
        st = play_episode(e, env, player, obs, s);
    free(obs);
    dq_policy_destroy(player);
    summarise(s);
    if (st == DQ_OK && is_stopped(e))
        st = dq_fail(DQ_ERR_INTERRUPTED, "interrupted after %lld of %lld games", (long long)s->n,
                     (long long)e->episodes);
    return st;
}

dq_status dq_evaluation_run(const dq_evaluation *e, dq_evaluation_scores *s)
{
    dq_env *env;
    *s = (dq_evaluation_scores){.rewards = NULL};
    DQ_TRY(make_env(&env, e));
    s->rewards = calloc((size_t)e->episodes, sizeof(*s->rewards));
    dq_status st =
        s->rewards ? play_all(e, env, s) : dq_fail(DQ_ERR_NOMEM, "no memory for the scores");
    dq_env_destroy(env);
    return st;
}

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
    if (!is_atari)
        e->cap = 0;
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
    char options[DQ_ENVIRONMENT_OPTIONS_TEXT];
    dq_environment_options_print(&e->options, options);
    if (!dq_environments_is_atari(e->env_id))
        snprintf(text, DQ_EVALUATION_TEXT, "epsilon %g, seed %llu", e->epsilon,
                 (unsigned long long)e->seed);
    else
        snprintf(text, DQ_EVALUATION_TEXT,
                 "preprocessing %s%s%s, no-op starts up to %lld, epsilon %g, sticky actions %g, "
                 "cap %lld console frames, seed %llu",
                 e->dialect, *options ? " with " : "", options, (long long)e->noops, e->epsilon,
                 dq_evaluation_sticky(e), (long long)e->cap, (unsigned long long)e->seed);
}
