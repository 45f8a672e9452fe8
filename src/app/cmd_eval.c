/* deepq eval: a model's score over many games, by a stated protocol. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/environments.h"
#include "app/human_scores.h"
#include "app/interrupt.h"
#include "app/options.h"
#include "app/trained_model.h"
#include "base/error.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "record/json_lines.h"

enum { SKIP = 4 };

typedef struct protocol {
    const char *model, *env_id, *dialect, *rom_dir;
    const dq_model *weights;
    int64_t episodes, noops, cap;  // cap in console frames, 0: the environment's own
    double epsilon;
    uint64_t seed;
    environment_options options;
} protocol;

typedef struct scores {
    double *rewards;
    int64_t n, n_steps;
    double mean, sd, min, max;
} scores;

/** The score is that of whole games, unless the command line wants another. */
static dq_status make_env(dq_env **out, const protocol *p)
{
    environment_choice choice = {.id = p->env_id,
                                 .dialect = p->dialect,
                                 .rom_dir = p->rom_dir,
                                 .seed = p->seed,
                                 .whole_games = true,
                                 .options = p->options};
    choice.options.noops = p->noops;
    DQ_TRY(environments_make(out, &choice));
    return dq_env_seed(*out, p->seed);
}

static dq_status play_episode(const protocol *p, dq_env *env, dq_policy *player, void *obs,
                              double *reward, int64_t *n_steps)
{
    int64_t skip = p->options.frame_skip > 0 ? p->options.frame_skip : SKIP;
    int64_t limit = p->cap > 0 ? p->cap / skip : INT64_MAX;
    dq_step step = {0};
    *reward = 0;
    DQ_TRY(dq_env_reset(env, obs));
    for (int64_t i = 0; i < limit && !step.terminated && !step.truncated; i++) {
        DQ_TRY(dq_env_step(env, dq_policy_act(player, obs), obs, &step));
        *reward += (double)step.reward;
        ++*n_steps;
    }
    return DQ_OK;
}

static void summarise(scores *s)
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

static dq_status play_all(const protocol *p, dq_env *env, scores *s)
{
    volatile int *stop = interrupt_catch();
    dq_policy *player;
    DQ_TRY(trained_model_policy(&player, p->weights, p->model, env, p->epsilon, p->seed));
    void *obs = malloc(dq_space_bytes(&dq_env_get_spec(env)->obs));
    dq_status st = obs ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for an observation");
    while (st == DQ_OK && s->n < p->episodes && !*stop) {
        st = play_episode(p, env, player, obs, &s->rewards[s->n], &s->n_steps);
        s->n += st == DQ_OK;
    }
    free(obs);
    dq_policy_destroy(player);
    summarise(s);
    if (st == DQ_OK && *stop)
        st = dq_fail(DQ_ERR_INTERRUPTED, "interrupted after %lld of %lld games", (long long)s->n,
                     (long long)p->episodes);
    return st;
}

static double sticky_of(const protocol *p, const dq_atari_id *id)
{
    return p->options.sticky >= 0 ? p->options.sticky : (double)id->repeat_action_probability;
}

static void print_text(const protocol *p, const dq_atari_id *id, const scores *s,
                       const human_scores *h)
{
    char options[ENVIRONMENT_OPTIONS_TEXT];
    environment_options_print(&p->options, options);
    printf("%s on %s: %lld games, %lld frames\n", app_plain(p->model), id->name, (long long)s->n,
           (long long)s->n_steps);
    if (!environments_is_atari(id->name))
        printf("protocol: epsilon %g, seed %llu\n", p->epsilon, (unsigned long long)p->seed);
    else
        printf("protocol: preprocessing %s%s%s, no-op starts up to %lld, epsilon %g, sticky "
               "actions %g, "
               "cap %lld console frames, seed %llu\n",
               p->dialect, *options ? " with " : "", options, (long long)p->noops, p->epsilon,
               sticky_of(p, id), (long long)p->cap, (unsigned long long)p->seed);
    printf("reward: mean %.2f, sd %.2f, min %.2f, max %.2f\n", s->mean, s->sd, s->min, s->max);
    if (!environments_is_atari(id->name))
        return;
    if (h)
        printf("human-normalised: %.1f %% (random %g, human %g)\n",
               human_scores_normalise(h, s->mean), h->random, h->human);
    else
        printf("human-normalised: no published scores of this game\n");
}

static void print_json(const protocol *p, const dq_atari_id *id, const scores *s,
                       const human_scores *h)
{
    json_t *rewards = json_array();
    char options[ENVIRONMENT_OPTIONS_TEXT];
    environment_options_print(&p->options, options);
    for (int64_t i = 0; i < s->n; i++)
        json_array_append_new(rewards, json_real(s->rewards[i]));
    json_t *o = json_pack(
        "{s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:f, s:f, s:f, s:f, s:o}", "model",
        dq_json_text(p->model), "env", id->name, "dialect",
        environments_is_atari(id->name) ? p->dialect : "", "options", options, "episodes",
        (json_int_t)s->n, "frames", (json_int_t)s->n_steps, "noops",
        (json_int_t)(p->noops < 0 ? 0 : p->noops), "epsilon", p->epsilon, "sticky",
        sticky_of(p, id), "cap", (json_int_t)p->cap, "seed", (json_int_t)p->seed, "mean", s->mean,
        "sd", s->sd, "min", s->min, "max", s->max, "rewards", rewards);
    json_object_set_new(o, "human_normalised",
                        h ? json_real(human_scores_normalise(h, s->mean)) : json_null());
    json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    printf("\n");
    json_decref(o);
}

static int eval(const protocol *p, const trained_model *m, bool json)
{
    dq_env *env;
    int exit_status = environments_check_id(p->env_id);
    if (exit_status != APP_DONE)
        return exit_status;
    dq_status st = make_env(&env, p);
    if (st != DQ_OK)
        return app_report(st);
    scores s = {.rewards = calloc((size_t)p->episodes, sizeof(double))};
    st = s.rewards ? play_all(p, env, &s) : dq_fail(DQ_ERR_NOMEM, "no memory for the scores");
    dq_atari_id id = {.name = p->env_id};
    const human_scores *h = NULL;
    if (dq_atari_id_parse(p->env_id, &id) && !dq_homebrew_by_id(p->env_id))
        h = human_scores_find(id.game->id);
    if (st == DQ_OK)
        trained_model_warn(m);
    if (s.n > 0 && (st == DQ_OK || st == DQ_ERR_INTERRUPTED)) {
        if (json)
            print_json(p, &id, &s, h);
        else
            print_text(p, &id, &s, h);
    }
    free(s.rewards);
    dq_env_destroy(env);
    return app_report(st);
}

/** The command line counts most, then the model's preset; without one, the book's. */
static void begin_protocol(protocol *p, const trained_model *m, const model_choice *choice)
{
    const dq_preset *preset = dq_train_preset_find(m->preset);
    if (!preset)
        preset = dq_train_preset_at(0);
    bool is_atari = environments_is_atari(m->env_id);
    p->noops = is_atari ? preset->eval_noops : -1;
    if (choice->options.noops >= 0)
        p->noops = choice->options.noops;
    if (p->epsilon < 0)
        p->epsilon = is_atari ? preset->eval_epsilon : 0;
}

static int eval_model(const protocol *asked, const model_choice *choice, bool json)
{
    trained_model m;
    protocol p = *asked;
    dq_status st = trained_model_load(&m, choice);
    if (st == DQ_OK)
        st = trained_model_check_game(&m);
    if (st != DQ_OK) {
        trained_model_free(&m);
        return app_report(st);
    }
    p.model = m.path;
    p.weights = m.weights;
    p.env_id = m.env_id;
    p.dialect = m.dialect;
    p.options = m.options;
    begin_protocol(&p, &m, choice);
    p.options.noops = -1;  // the protocol's, which is told by itself
    if (!environments_is_atari(p.env_id))
        p.cap = 0;
    int exit_status = eval(&p, &m, json);
    trained_model_free(&m);
    return exit_status;
}

int cmd_eval(int argc, char **argv)
{
    bool json = false;
    model_choice choice = {.path = NULL, .options = environment_options_none()};
    option more[ENVIRONMENT_OPTIONS_MAX];
    protocol p = {
        .episodes = 30,
        .epsilon = -1,  // as the preset and the environment are
        .cap = DQ_ATARI_EPISODE_TICKS,
    };
    const option options[] = {
        {"model", 'm', OPTION_TEXT, &choice.path, "FILE",
         "the model, or a run folder: its best one", 0, 0},
        {"last", 0, OPTION_FLAG, &choice.last, NULL,
         "of a run folder, the weights of its checkpoint", 0, 0},
        {"env", 'e', OPTION_TEXT, &choice.env_id, "ID", "environment (the model's)", 0, 0},
        {"dialect", 0, OPTION_TEXT, &choice.dialect, "NAME", "preprocessing (the model's)", 0, 0},
        {"episodes", 0, OPTION_INT, &p.episodes, "N", "games to play (30)", 1, 1e6},
        {"epsilon", 0, OPTION_NUMBER, &p.epsilon, "E",
         "probability of a random action (the preset's; 0 but in Atari games)", 0, 1},
        {"cap", 0, OPTION_INT, &p.cap, "N", "console frames a game may last (108000)", SKIP, 1e9},
        {"seed", 0, OPTION_UINT, &p.seed, "N", "of no-ops, epsilon and sticky actions (0)", 0, 0},
        {"rom-dir", 0, OPTION_TEXT, &p.rom_dir, "DIR", "look for the ROM here first", 0, 0},
        {"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", 0, 0},
    };
    const option_syntax syntax = {
        .command = "eval",
        .operands = "",
        .about =
            "Score a model over many games. Epsilon and no-ops are those of the preset that it "
            "was\n"
            "trained with; most have the protocol of Mnih et al. 2015 but for the cap, which is\n"
            "today's 108,000 frames (theirs: --cap 18000): a game starts with 1 to 30 no-ops, and\n"
            "epsilon is 0.05. That of Machado et al. 2018: --sticky 0.25 --noops 0 --epsilon "
            "0.001.",
        .examples = "  deepq eval -m PongNoFrameskip-v4-best_19.dat\n"
                    "  deepq eval -m model.dat --episodes 200 --epsilon 0.001 --json\n"
                    "  deepq eval -m runs/try --last\n",
        .options = options,
        .n_options = DQ_COUNT(options),
        .more_title =
            "The environment, instead of the model's; --noops instead of the preset's, 30",
        .more = more,
        .n_more = environment_options_table(&choice.options, more),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (!choice.path)
        return app_fail(APP_MISUSED, "eval: no model: name one with --model FILE");
    return eval_model(&p, &choice, json);
}
