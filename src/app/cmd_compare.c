/* deepq compare: what differs in the settings of runs, and what in their scores. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/comparison.h"
#include "app/options.h"
#include "app/setting_table.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/spelling.h"

/** What was asked for. */
typedef struct asked {
    const char *by, *csv;
    option_list references;
    int64_t at;
    bool json;
    char *const *operands;
    size_t n;
} asked;

/** What is compared. */
typedef struct subject {
    char **dirs, **files;  // [n_dirs], [n_files] of the operands
    size_t n_dirs, n_files;
    run_groups groups;
    comparison scores;
    const run_scoring *how;
    score_table *table;
} subject;

/* ---------------------------------------------------------------- what is compared */

static dq_status sort_operands(subject *s, const asked *a)
{
    s->dirs = calloc(a->n, sizeof(*s->dirs));
    s->files = calloc(a->n, sizeof(*s->files));
    if (!s->dirs || !s->files)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a comparison");
    for (size_t i = 0; i < a->n; i++) {
        if (dq_ends_with(a->operands[i], ".csv"))
            s->files[s->n_files++] = a->operands[i];
        else
            s->dirs[s->n_dirs++] = a->operands[i];
    }
    return DQ_OK;
}

static dq_status choose_scoring(subject *s, const asked *a)
{
    const char *names[16];
    char known[256];
    size_t n = 0;
    for (; run_scoring_at(n); n++)
        names[n] = run_scoring_at(n)->name;
    s->how = run_scoring_find(a->by);
    if (s->how)
        return DQ_OK;
    dq_list_words(known, sizeof(known), names, n, "or");
    return dq_fail(DQ_ERR_CONFIG, "compare: no score '%s': choose %s", a->by, known);
}

static dq_status add_references(subject *s, const asked *a)
{
    for (size_t i = 0; i < a->references.n; i++) {
        const published_agent *agent;
        DQ_TRY(published_agent_named(&agent, a->references.values[i]));
        if (agent->kind == PUBLISHED_CURVE && a->at == 0)
            return dq_fail(DQ_ERR_CONFIG,
                           "compare: %s is a curve: choose with --at the agent step that is "
                           "compared, as in --at 500000 --by million",
                           agent->name);
        DQ_TRY(comparison_add_published(&s->scores, agent, a->at));
    }
    return DQ_OK;
}

static dq_status collect(subject *s, const asked *a)
{
    DQ_TRY(choose_scoring(s, a));
    DQ_TRY(sort_operands(s, a));
    if (s->n_dirs > 0) {
        DQ_TRY(run_groups_read(&s->groups, s->dirs, s->n_dirs));
        DQ_TRY(comparison_add_runs(&s->scores, &s->groups, s->how, a->at));
    }
    for (size_t i = 0; i < s->n_files; i++)
        DQ_TRY(comparison_add_file(&s->scores, s->files[i]));
    DQ_TRY(add_references(s, a));
    if (s->scores.n_rows == 0)
        return dq_fail(DQ_ERR_INPUT, "compare: there are no scores in %s", s->files[0]);
    return comparison_measure(&s->scores, &s->table);
}

static void release(subject *s)
{
    score_table_free(s->table);
    comparison_free(&s->scores);
    run_groups_free(&s->groups);
    free(s->dirs);
    free(s->files);
}

/* ---------------------------------------------------------------- what is told */

/** Takes over the text. */
static dq_status print(char *text, const char *end)
{
    if (!text)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    printf("%s%s", text, end);
    free(text);
    return DQ_OK;
}

static dq_status tell(const subject *s, const asked *a)
{
    if (a->csv) {
        char *text = score_table_csv(s->table);
        if (!text)
            return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
        dq_status st = dq_file_write(a->csv, text, strlen(text));
        free(text);
        DQ_TRY(st);
    }
    if (a->json)
        return print(score_table_json(s->table, true), "\n");
    if (s->n_dirs > 0) {
        setting_table_write(stdout, &s->groups);
        printf("Score of a run: %s", s->how->about);
        if (a->at > 0)
            printf(", at step %lld", (long long)a->at);
        printf(".\n\n");
    }
    return print(score_table_markdown(s->table, 0), "");
}

static int compare(const asked *a)
{
    subject s = {.n_dirs = 0};
    dq_status st = collect(&s, a);
    if (st == DQ_OK)
        st = tell(&s, a);
    if (st == DQ_OK)
        run_groups_tell_twins(&s.groups);
    release(&s);
    return app_report(st);
}

int cmd_compare(int argc, char **argv)
{
    asked a = {.by = "last"};
    const option options[] = {
        {"by", 0, OPTION_TEXT, &a.by, "NAME",
         "a run's score: last, best, million, evaluation, score; see below (last)", 0, 0},
        {"at", 0, OPTION_INT, &a.at, "STEP", "scores as of that agent step (the run's end)", 1,
         1e15},
        {"reference", 'r', OPTION_LIST, &a.references, "NAME",
         "beside them a published agent's runs; deepq plot --help has them", 0, 0},
        {"csv", 0, OPTION_TEXT, &a.csv, "FILE", "write the figures, one a line", 0, 0},
        {"json", 0, OPTION_FLAG, &a.json, NULL, "print one JSON object", 0, 0},
    };
    const option_syntax syntax = {
        .command = "compare",
        .operands = "RUN...",
        .min_operands = 1,
        .max_operands = INT_MAX,
        .about =
            "Compare runs: what differs in their settings, and what in their scores. Runs with "
            "the\n"
            "same settings but game and seed are one agent. The tables are Markdown: of each game\n"
            "mean and interquartile mean, over all games the human-normalised scores, and the\n"
            "probability that a run scores more than one of the first agent; 95 % intervals by\n"
            "stratified bootstrap, as rliable has them. A RUN that ends with .csv is a table of\n"
            "scores, lines of game,agent,score,score,...\n"
            "\n"
            "The score of a run: last, mean of its last 100 games; best, its best mean of 100;\n"
            "million, mean of the games within its last 250,000 steps, as Dopamine's curves;\n"
            "evaluation, its last evaluation in training; score, that of deepq sweep.",
        .examples = "  deepq compare runs/*\n"
                    "  deepq compare runs/a-s* runs/b-s* --by evaluation --csv figures.csv\n"
                    "  deepq compare runs/* --at 500000 --by million --reference dopamine-dqn\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    a.operands = argv;
    a.n = (size_t)n;
    return compare(&a);
}
