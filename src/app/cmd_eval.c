/* deepq eval: a model's score over many games, by a stated protocol. */
#include <stdio.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "app/environment_table.h"
#include "app/eval_report.h"
#include "app/options.h"
#include "app/trained_model.h"
#include "base/error.h"
#include "run/evaluation.h"
#include "run/protocols.h"

/** How the result is told. */
typedef struct telling {
    bool json, markdown;
    const char *games;  // a file for a table of the games, or NULL
} telling;

static dq_status tell(const telling *how, const dq_evaluation *p, const dq_evaluation_scores *s)
{
    eval_report r;
    DQ_TRY(eval_report_make(&r, p, s));
    if (how->json)
        eval_report_print_json(&r);
    else if (how->markdown)
        eval_report_print_markdown(&r);
    else
        eval_report_print_text(&r);
    return how->games ? eval_report_write_games(&r, how->games) : DQ_OK;
}

static int eval(const dq_evaluation *p, const trained_model *m, const telling *how)
{
    dq_evaluation_scores s;
    int exit_status = environments_check_id(p->env_id);
    if (exit_status != APP_DONE)
        return exit_status;
    dq_status st = dq_evaluation_run(p, &s);
    if (st == DQ_OK)
        trained_model_warn(m);
    exit_status = app_report(st);
    if (s.n > 0 && (st == DQ_OK || st == DQ_ERR_INTERRUPTED))
        st = tell(how, p, &s);
    dq_evaluation_scores_free(&s);
    return exit_status == APP_DONE ? app_report(st) : exit_status;
}

static int eval_model(const dq_evaluation *asked, const model_choice *choice, const telling *how)
{
    trained_model m;
    dq_evaluation p = *asked;
    dq_status st = trained_model_load(&m, choice);
    if (st == DQ_OK)
        st = trained_model_check_game(&m);
    if (st == DQ_OK)
        st = trained_model_evaluate(&m, choice, &p);
    int exit_status = st == DQ_OK ? eval(&p, &m, how) : app_report(st);
    trained_model_free(&m);
    return exit_status;
}

/** The examples, and what protocols there are. */
static void describe_protocols(char *text, size_t cap)
{
    size_t n = (size_t)snprintf(text, cap,
                                "  deepq eval -m PongNoFrameskip-v4-best_19.dat\n"
                                "  deepq eval -m model.dat --protocol nature --csv games.csv\n"
                                "  deepq eval -m runs/try --last --episodes 200 --json\n"
                                "\nProtocols:\n");
    for (size_t i = 0; dq_protocol_at(i) && n < cap; i++) {
        const dq_protocol *p = dq_protocol_at(i);
        char most[32] = "no cap";
        if (p->cap > 0)
            snprintf(most, sizeof(most), "cap %lld", (long long)p->cap);
        n += (size_t)snprintf(text + n, cap - n,
                              "  %-10s %s\n"
                              "             no-ops %lld, sticky actions %g, epsilon %g, %s, %lld "
                              "games\n"
                              "             (%s)\n",
                              p->name, p->about, (long long)p->noops, p->sticky, p->epsilon, most,
                              (long long)p->episodes, p->source);
    }
}

int cmd_eval(int argc, char **argv)
{
    char examples[2048];
    telling how = {.json = false};
    model_choice choice = {.path = NULL, .options = dq_environment_options_none()};
    option more[DQ_ENVIRONMENT_OPTIONS_MAX];
    dq_evaluation p = {
        .epsilon = -1,  // as the protocol, or the preset and the environment are
        .cap = -1,
    };
    const option options[] = {
        {"model", 'm', OPTION_TEXT, &choice.path, "FILE",
         "the model, or a run folder: its best one", 0, 0},
        {"last", 0, OPTION_FLAG, &choice.last, NULL,
         "of a run folder, the weights of its checkpoint", 0, 0},
        {"env", 'e', OPTION_TEXT, &choice.env_id, "ID", "environment (the model's)", 0, 0},
        {"dialect", 0, OPTION_TEXT, &choice.dialect, "NAME", "preprocessing (the model's)", 0, 0},
        {"protocol", 0, OPTION_TEXT, &p.protocol, "NAME", "one of the literature; listed below", 0,
         0},
        {"episodes", 0, OPTION_INT, &p.episodes, "N", "games to play (the protocol's, or 30)", 1,
         1e6},
        {"envs", 0, OPTION_INT, &p.envs, "N", "games at a time (one for each core)", 1, 1024},
        {"epsilon", 0, OPTION_NUMBER, &p.epsilon, "E",
         "probability of a random action (the protocol's or the preset's)", 0, 1},
        {"cap", 0, OPTION_INT, &p.cap, "N",
         "console frames a game may last (the protocol's, or 108000)", DQ_EVALUATION_SKIP, 1e9},
        {"seed", 0, OPTION_UINT, &p.seed, "N", "of no-ops, epsilon and sticky actions (0)", 0, 0},
        {"rom-dir", 0, OPTION_TEXT, &p.rom_dir, "DIR", "look for the ROM here first", 0, 0},
        {"csv", 0, OPTION_TEXT, &how.games, "FILE", "a table of the games: number, reward, steps",
         0, 0},
        {"markdown", 0, OPTION_FLAG, &how.markdown, NULL, "print a Markdown table", 0, 0},
        {"json", 0, OPTION_FLAG, &how.json, NULL, "print one JSON object", 0, 0},
    };
    const option_syntax syntax = {
        .command = "eval",
        .operands = "",
        .about =
            "Score a model over many games, with bootstrap intervals of the mean and of the\n"
            "interquartile mean. Without --protocol, epsilon and no-ops are those of the preset\n"
            "that it was trained with (docs/hyperparameters.md), and the cap is 108,000 console\n"
            "frames. An option that is given wins over the protocol. Scores do not depend on how\n"
            "many games are played at a time.",
        .examples = examples,
        .options = options,
        .n_options = DQ_COUNT(options),
        .more_title = "The environment, instead of what the model, its preset and --protocol have",
        .more = more,
        .n_more = environment_options_table(&choice.options, more),
    };
    int n, exit_status;
    describe_protocols(examples, sizeof(examples));
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (!choice.path)
        return app_fail(APP_MISUSED, "eval: no model: name one with --model FILE");
    if (how.json && how.markdown)
        return app_fail(APP_MISUSED, "eval: --json and --markdown exclude each other");
    return eval_model(&p, &choice, &how);
}
