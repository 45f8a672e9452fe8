/* deepq eval: a model's score over many games, by a stated protocol. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "app/environment_table.h"
#include "app/human_scores.h"
#include "app/options.h"
#include "app/trained_model.h"
#include "base/error.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "record/json_lines.h"
#include "run/environments.h"
#include "run/evaluation.h"

static void print_text(const dq_evaluation *p, const dq_atari_id *id, const dq_evaluation_scores *s,
                       const human_scores *h)
{
    char protocol[DQ_EVALUATION_TEXT];
    dq_evaluation_describe(p, protocol);
    printf("%s on %s: %lld games, %lld frames\n", app_plain(p->model), id->name, (long long)s->n,
           (long long)s->n_steps);
    printf("protocol: %s\n", protocol);
    printf("reward: mean %.2f, sd %.2f, min %.2f, max %.2f\n", s->mean, s->sd, s->min, s->max);
    if (!dq_environments_is_atari(id->name))
        return;
    if (h)
        printf("human-normalised: %.1f %% (random %g, human %g)\n",
               human_scores_normalise(h, s->mean), h->random, h->human);
    else
        printf("human-normalised: no published scores of this game\n");
}

static void print_json(const dq_evaluation *p, const dq_atari_id *id, const dq_evaluation_scores *s,
                       const human_scores *h)
{
    json_t *rewards = json_array();
    char options[DQ_ENVIRONMENT_OPTIONS_TEXT];
    dq_environment_options_print(&p->options, options);
    for (int64_t i = 0; i < s->n; i++)
        json_array_append_new(rewards, json_real(s->rewards[i]));
    json_t *o = json_pack(
        "{s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:f, s:f, s:f, s:f, s:o}", "model",
        dq_json_text(p->model), "env", id->name, "dialect",
        dq_environments_is_atari(id->name) ? p->dialect : "", "options", options, "episodes",
        (json_int_t)s->n, "frames", (json_int_t)s->n_steps, "noops",
        (json_int_t)(p->noops < 0 ? 0 : p->noops), "epsilon", p->epsilon, "sticky",
        dq_evaluation_sticky(p), "cap", (json_int_t)p->cap, "seed", (json_int_t)p->seed, "mean",
        s->mean, "sd", s->sd, "min", s->min, "max", s->max, "rewards", rewards);
    json_object_set_new(o, "human_normalised",
                        h ? json_real(human_scores_normalise(h, s->mean)) : json_null());
    json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    printf("\n");
    json_decref(o);
}

static int eval(const dq_evaluation *p, const trained_model *m, bool json)
{
    dq_evaluation_scores s;
    int exit_status = environments_check_id(p->env_id);
    if (exit_status != APP_DONE)
        return exit_status;
    dq_status st = dq_evaluation_run(p, &s);
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
    return app_report(st);
}

static int eval_model(const dq_evaluation *asked, const model_choice *choice, bool json)
{
    trained_model m;
    dq_evaluation p = *asked;
    dq_status st = trained_model_load(&m, choice);
    if (st == DQ_OK)
        st = trained_model_check_game(&m);
    if (st != DQ_OK) {
        trained_model_free(&m);
        return app_report(st);
    }
    trained_model_evaluate(&m, choice, &p);
    int exit_status = eval(&p, &m, json);
    trained_model_free(&m);
    return exit_status;
}

int cmd_eval(int argc, char **argv)
{
    bool json = false;
    model_choice choice = {.path = NULL, .options = dq_environment_options_none()};
    option more[DQ_ENVIRONMENT_OPTIONS_MAX];
    dq_evaluation p = {
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
        {"cap", 0, OPTION_INT, &p.cap, "N", "console frames a game may last (108000)",
         DQ_EVALUATION_SKIP, 1e9},
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
