#include "app/evaluation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/interrupt.h"
#include "base/error.h"
#include "env/env_ids.h"
#include "run/environments.h"

/** The score is that of whole games, unless the command line wants another. */
static dq_status make_env(dq_env **out, const evaluation *e)
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

static dq_status show(const evaluation *e, const evaluation_scores *s, dq_env *env)
{
    return e->watch && s->n == 0 ? e->watch(e->watcher, env) : DQ_OK;
}

static dq_status play_episode(const evaluation *e, dq_env *env, dq_policy *player, void *obs,
                              evaluation_scores *s)
{
    int64_t skip = e->options.frame_skip > 0 ? e->options.frame_skip : EVALUATION_SKIP;
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

static void summarise(evaluation_scores *s)
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

static dq_status play_all(const evaluation *e, dq_env *env, evaluation_scores *s)
{
    volatile int *stop = interrupt_catch();
    dq_policy *player;
    DQ_TRY(trained_model_policy(&player, e->weights, e->model, env, e->epsilon, e->seed));
    void *obs = malloc(dq_space_bytes(&dq_env_get_spec(env)->obs));
    dq_status st = obs ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for an observation");
    while (st == DQ_OK && s->n < e->episodes && !*stop)
        st = play_episode(e, env, player, obs, s);
    free(obs);
    dq_policy_destroy(player);
    summarise(s);
    if (st == DQ_OK && *stop)
        st = dq_fail(DQ_ERR_INTERRUPTED, "interrupted after %lld of %lld games", (long long)s->n,
                     (long long)e->episodes);
    return st;
}

dq_status evaluation_run(const evaluation *e, evaluation_scores *s)
{
    dq_env *env;
    *s = (evaluation_scores){.rewards = NULL};
    DQ_TRY(make_env(&env, e));
    s->rewards = calloc((size_t)e->episodes, sizeof(*s->rewards));
    dq_status st =
        s->rewards ? play_all(e, env, s) : dq_fail(DQ_ERR_NOMEM, "no memory for the scores");
    dq_env_destroy(env);
    return st;
}

void evaluation_begin(evaluation *e, const trained_model *m, const model_choice *choice)
{
    const dq_preset *preset = dq_train_preset_find(m->preset);
    if (!preset)
        preset = dq_train_preset_at(0);
    bool is_atari = dq_environments_is_atari(m->env_id);
    e->model = m->path;
    e->weights = m->weights;
    e->env_id = m->env_id;
    e->dialect = m->dialect;
    e->options = m->options;
    e->options.noops = -1;  // the protocol's, which is told by itself
    e->noops = is_atari ? preset->eval_noops : -1;
    if (choice->options.noops >= 0)
        e->noops = choice->options.noops;
    if (e->epsilon < 0)
        e->epsilon = is_atari ? preset->eval_epsilon : 0;
    if (!is_atari)
        e->cap = 0;
}

double evaluation_sticky(const evaluation *e)
{
    dq_atari_id id;
    if (e->options.sticky >= 0)
        return e->options.sticky;
    return dq_atari_id_parse(e->env_id, &id) ? (double)id.repeat_action_probability : 0;
}

void evaluation_describe(const evaluation *e, char text[EVALUATION_TEXT])
{
    char options[DQ_ENVIRONMENT_OPTIONS_TEXT];
    dq_environment_options_print(&e->options, options);
    if (!dq_environments_is_atari(e->env_id))
        snprintf(text, EVALUATION_TEXT, "epsilon %g, seed %llu", e->epsilon,
                 (unsigned long long)e->seed);
    else
        snprintf(text, EVALUATION_TEXT,
                 "preprocessing %s%s%s, no-op starts up to %lld, epsilon %g, sticky actions %g, "
                 "cap %lld console frames, seed %llu",
                 e->dialect, *options ? " with " : "", options, (long long)e->noops, e->epsilon,
                 evaluation_sticky(e), (long long)e->cap, (unsigned long long)e->seed);
}
