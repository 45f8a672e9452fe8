#include "app/sweep_table.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/human_scores.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "record/file_names.h"
#include "record/json_lines.h"
#include "stats/score_set.h"
#include "sweep/sweep_folder.h"

/** A number with its 95 % interval. */
typedef struct measure {
    double value;
    dq_interval interval;
} measure;

/** A variant on one game. */
typedef struct cell {
    double *score, *normalised;  // [n], of the runs that have one
    size_t n;
    double mean, mean_normalised;
    measure iqm;
} cell;

/** A variant over games. */
typedef struct whole {
    size_t n_games, n_runs;  // of the games with a human's score
    measure iqm, mean, median;
    size_t n_compared;  // games that the first variant has scores of, too
    measure improvement;
} whole;

struct sweep_table {
    const dq_sweep_plan *plan;
    const human_scores **human;  // [n_games]; NULL: none were published
    cell *cells;                 // [n_games][n_variants]
    whole *wholes;               // [n_variants]
};

static cell *cell_of(const sweep_table *t, size_t game, size_t variant)
{
    return &t->cells[game * t->plan->n_variants + variant];
}

/* ---------------------------------------------------------------- figures */

static dq_status estimate(measure *m, dq_estimate what, const dq_score_set *set)
{
    m->value = dq_estimate_of(what, set);
    return dq_estimate_interval(what, set, &dq_bootstrap_usual, &m->interval);
}

static dq_status measure_cell(cell *c, const human_scores *human)
{
    const dq_game_scores scores = {c->score, c->n};
    const dq_score_set set = {&scores, 1};
    if (c->n == 0)
        return DQ_OK;
    c->mean = dq_estimate_of(DQ_ESTIMATE_MEAN, &set);
    if (human)
        c->mean_normalised = human_scores_normalise(human, c->mean);
    return estimate(&c->iqm, DQ_ESTIMATE_IQM, &set);
}

/** All games of a variant that have a human's score, normalised. */
static dq_status measure_whole(const sweep_table *t, size_t variant, dq_game_scores *games)
{
    whole *w = &t->wholes[variant];
    for (size_t game = 0; game < t->plan->n_games; game++) {
        const cell *c = cell_of(t, game, variant);
        if (!t->human[game] || c->n == 0)
            continue;
        games[w->n_games++] = (dq_game_scores){c->normalised, c->n};
        w->n_runs += c->n;
    }
    const dq_score_set set = {games, w->n_games};
    if (w->n_games == 0)
        return DQ_OK;
    DQ_TRY(estimate(&w->iqm, DQ_ESTIMATE_IQM, &set));
    DQ_TRY(estimate(&w->mean, DQ_ESTIMATE_MEAN, &set));
    return estimate(&w->median, DQ_ESTIMATE_MEDIAN, &set);
}

/** On the games that both have scores of; whose points need no scale. */
static dq_status measure_improvement(const sweep_table *t, size_t variant, dq_game_scores *games,
                                     dq_game_scores *first)
{
    whole *w = &t->wholes[variant];
    for (size_t game = 0; game < t->plan->n_games; game++) {
        const cell *c = cell_of(t, game, variant), *f = cell_of(t, game, 0);
        if (c->n == 0 || f->n == 0)
            continue;
        games[w->n_compared] = (dq_game_scores){c->score, c->n};
        first[w->n_compared++] = (dq_game_scores){f->score, f->n};
    }
    const dq_score_set a = {games, w->n_compared}, b = {first, w->n_compared};
    if (w->n_compared == 0)
        return DQ_OK;
    w->improvement.value = dq_probability_of_improvement(&a, &b);
    return dq_improvement_interval(&a, &b, &dq_bootstrap_usual, &w->improvement.interval);
}

static dq_status measure_all(sweep_table *t)
{
    const dq_sweep_plan *p = t->plan;
    dq_game_scores *games = calloc(2 * p->n_games, sizeof(*games));
    if (!games)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    dq_status st = DQ_OK;
    for (size_t game = 0; game < p->n_games && st == DQ_OK; game++)
        for (size_t v = 0; v < p->n_variants && st == DQ_OK; v++)
            st = measure_cell(cell_of(t, game, v), t->human[game]);
    for (size_t v = 0; v < p->n_variants && st == DQ_OK; v++) {
        st = measure_whole(t, v, games);
        if (st == DQ_OK && v > 0)
            st = measure_improvement(t, v, games, games + p->n_games);
    }
    free(games);
    return st;
}

/* ---------------------------------------------------------------- scores */

static const human_scores *human_of(const char *env)
{
    dq_atari_id id;
    if (!dq_atari_id_parse(env, &id) || dq_homebrew_by_id(env))
        return NULL;
    return human_scores_find(id.game->id);
}

static dq_status read_scores(sweep_table *t, const char *path)
{
    const dq_sweep_plan *p = t->plan;
    for (size_t i = 0; i < p->n_runs; i++) {
        const dq_sweep_run *run = &p->runs[i];
        cell *c = cell_of(t, run->game, run->variant);
        double score;
        dq_status st = dq_sweep_score(path, run, &score);
        if (st == DQ_ERR_NOT_FOUND)
            continue;
        if (st != DQ_OK)
            return st;
        const human_scores *human = t->human[run->game];
        c->normalised[c->n] = human ? human_scores_normalise(human, score) : 0;
        c->score[c->n++] = score;
    }
    return DQ_OK;
}

static dq_status make_room(sweep_table *t)
{
    const dq_sweep_plan *p = t->plan;
    t->human = calloc(p->n_games, sizeof(*t->human));
    t->cells = calloc(p->n_games * p->n_variants, sizeof(*t->cells));
    t->wholes = calloc(p->n_variants, sizeof(*t->wholes));
    bool has_room = t->human && t->cells && t->wholes;
    for (size_t i = 0; has_room && i < p->n_games * p->n_variants; i++) {
        t->cells[i].score = calloc(p->n_seeds, sizeof(double));
        t->cells[i].normalised = calloc(p->n_seeds, sizeof(double));
        has_room = t->cells[i].score && t->cells[i].normalised;
    }
    if (!has_room)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    for (size_t game = 0; game < p->n_games; game++)
        t->human[game] = human_of(p->games[game]);
    return DQ_OK;
}

dq_status sweep_table_create(sweep_table **out, const dq_sweep_plan *p, const char *path)
{
    sweep_table *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    t->plan = p;
    dq_status st = make_room(t);
    if (st == DQ_OK)
        st = read_scores(t, path);
    if (st == DQ_OK)
        st = measure_all(t);
    if (st != DQ_OK) {
        sweep_table_free(t);
        *out = NULL;
    }
    return st;
}

void sweep_table_free(sweep_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; t->cells && i < t->plan->n_games * t->plan->n_variants; i++) {
        free(t->cells[i].score);
        free(t->cells[i].normalised);
    }
    free(t->human);
    free(t->cells);
    free(t->wholes);
    free(t);
}

/* ---------------------------------------------------------------- Markdown */

static void write_measure(FILE *to, const measure *m, int digits)
{
    fprintf(to, " %.*f (%.*f to %.*f) |", digits, m->value, digits, m->interval.low, digits,
            m->interval.high);
}

static void write_games(FILE *to, const sweep_table *t)
{
    fprintf(to, "| game | variant | runs | mean | IQM (95 %% interval) | human-normalised |\n"
                "|---|---|--:|--:|--:|--:|\n");
    for (size_t game = 0; game < t->plan->n_games; game++)
        for (size_t v = 0; v < t->plan->n_variants; v++) {
            const cell *c = cell_of(t, game, v);
            fprintf(to, "| %s | %s | %zu of %zu |", t->plan->games[game], t->plan->variants[v].name,
                    c->n, t->plan->n_seeds);
            if (c->n == 0) {
                fprintf(to, " | | |\n");
                continue;
            }
            fprintf(to, " %.2f |", c->mean);
            write_measure(to, &c->iqm, 2);
            if (t->human[game])
                fprintf(to, " %.1f %% |\n", c->mean_normalised);
            else
                fprintf(to, " |\n");
        }
}

static bool has_wholes(const sweep_table *t)
{
    for (size_t v = 0; v < t->plan->n_variants; v++)
        if (t->wholes[v].n_games > 0)
            return true;
    return false;
}

static void write_wholes(FILE *to, const sweep_table *t)
{
    fprintf(to, "\nOver the games with a human's score, human-normalised, in percent:\n\n"
                "| variant | games | runs | IQM (95 %% interval) | mean | median |\n"
                "|---|--:|--:|--:|--:|--:|\n");
    for (size_t v = 0; v < t->plan->n_variants; v++) {
        const whole *w = &t->wholes[v];
        fprintf(to, "| %s | %zu | %zu |", t->plan->variants[v].name, w->n_games, w->n_runs);
        if (w->n_games == 0) {
            fprintf(to, " | | |\n");
            continue;
        }
        write_measure(to, &w->iqm, 1);
        write_measure(to, &w->mean, 1);
        write_measure(to, &w->median, 1);
        fputc('\n', to);
    }
}

static void write_improvements(FILE *to, const sweep_table *t)
{
    fprintf(
        to,
        "\nProbability that a run of the variant scores more than one of %s on the same game:\n\n"
        "| variant | games | probability (95 %% interval) |\n|---|--:|--:|\n",
        t->plan->variants[0].name);
    for (size_t v = 1; v < t->plan->n_variants; v++) {
        const whole *w = &t->wholes[v];
        fprintf(to, "| %s | %zu |", t->plan->variants[v].name, w->n_compared);
        if (w->n_compared > 0)
            write_measure(to, &w->improvement, 3);
        else
            fprintf(to, " |");
        fputc('\n', to);
    }
}

static void write_markdown(FILE *to, const sweep_table *t)
{
    write_games(to, t);
    if (has_wholes(t))
        write_wholes(to, t);
    if (t->plan->n_variants > 1)
        write_improvements(to, t);
}

static char *text_of(const sweep_table *t, void (*write)(FILE *to, const sweep_table *t))
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    if (!to)
        return NULL;
    write(to, t);
    if (fclose(to) == 0)
        return text;
    free(text);
    return NULL;
}

char *sweep_table_markdown(const sweep_table *t)
{
    return text_of(t, write_markdown);
}

/* ---------------------------------------------------------------- CSV */

static void write_line(FILE *to, const char *game, const char *variant, size_t runs,
                       const char *what, const measure *m)
{
    fprintf(to, "%s,%s,%zu,%s,%.10g,%.10g,%.10g\n", game, variant, runs, what, m->value,
            m->interval.low, m->interval.high);
}

static void write_value(FILE *to, const char *game, const char *variant, size_t runs,
                        const char *what, double value)
{
    fprintf(to, "%s,%s,%zu,%s,%.10g,,\n", game, variant, runs, what, value);
}

static void write_csv(FILE *to, const sweep_table *t)
{
    fprintf(to, "game,variant,runs,measure,value,low,high\n");
    for (size_t game = 0; game < t->plan->n_games; game++)
        for (size_t v = 0; v < t->plan->n_variants; v++) {
            const cell *c = cell_of(t, game, v);
            const char *id = t->plan->games[game], *variant = t->plan->variants[v].name;
            if (c->n == 0)
                continue;
            write_value(to, id, variant, c->n, "mean", c->mean);
            write_line(to, id, variant, c->n, "iqm", &c->iqm);
            if (t->human[game])
                write_value(to, id, variant, c->n, "human_normalised", c->mean_normalised);
        }
    for (size_t v = 0; v < t->plan->n_variants; v++) {
        const whole *w = &t->wholes[v];
        const char *variant = t->plan->variants[v].name;
        if (w->n_games > 0) {
            write_line(to, "all", variant, w->n_runs, "iqm", &w->iqm);
            write_line(to, "all", variant, w->n_runs, "mean", &w->mean);
            write_line(to, "all", variant, w->n_runs, "median", &w->median);
        }
        if (w->n_compared > 0)
            write_line(to, "all", variant, w->n_runs, "probability_of_improvement",
                       &w->improvement);
    }
}

char *sweep_table_csv(const sweep_table *t)
{
    return text_of(t, write_csv);
}

/* ---------------------------------------------------------------- JSON */

static json_t *json_measure(const measure *m)
{
    return json_pack("{s:o, s:o, s:o}", "value", dq_json_real(m->value), "low",
                     dq_json_real(m->interval.low), "high", dq_json_real(m->interval.high));
}

static json_t *json_cell(const sweep_table *t, size_t game, size_t v)
{
    const cell *c = cell_of(t, game, v);
    json_t *scores = json_array();
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(scores, dq_json_real(c->score[i]));
    json_t *o = json_pack("{s:o, s:o, s:I, s:o}", "game", dq_json_text(t->plan->games[game]),
                          "variant", dq_json_text(t->plan->variants[v].name), "runs",
                          (json_int_t)t->plan->n_seeds, "scores", scores);
    if (c->n == 0)
        return o;
    json_object_set_new(o, "mean", dq_json_real(c->mean));
    json_object_set_new(o, "iqm", json_measure(&c->iqm));
    json_object_set_new(o, "human_normalised",
                        t->human[game] ? dq_json_real(c->mean_normalised) : json_null());
    return o;
}

static json_t *json_whole(const sweep_table *t, size_t v)
{
    const whole *w = &t->wholes[v];
    json_t *o = json_pack("{s:o}", "variant", dq_json_text(t->plan->variants[v].name));
    if (w->n_games > 0) {
        json_object_set_new(o, "games", json_integer((json_int_t)w->n_games));
        json_object_set_new(o, "human_normalised_iqm", json_measure(&w->iqm));
        json_object_set_new(o, "human_normalised_mean", json_measure(&w->mean));
        json_object_set_new(o, "human_normalised_median", json_measure(&w->median));
    }
    if (w->n_compared > 0)
        json_object_set_new(o, "probability_of_improvement", json_measure(&w->improvement));
    return o;
}

char *sweep_table_json(const sweep_table *t, bool compact)
{
    json_t *games = json_array(), *variants = json_array();
    for (size_t game = 0; game < t->plan->n_games; game++)
        for (size_t v = 0; v < t->plan->n_variants; v++)
            json_array_append_new(games, json_cell(t, game, v));
    for (size_t v = 0; v < t->plan->n_variants; v++)
        json_array_append_new(variants, json_whole(t, v));
    json_t *o = json_pack("{s:o, s:o}", "games", games, "variants", variants);
    char *text = json_dumps(o, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10) |
                                   (compact ? JSON_COMPACT : JSON_INDENT(1)));
    json_decref(o);
    return text;
}

/* ---------------------------------------------------------------- files */

/** Takes over the text. */
static dq_status write_file(const char *path, const char *name, char *text)
{
    char to[DQ_PATH_CAP];
    if (!text)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    dq_status st = dq_path_format(to, sizeof(to), "%s/%s", path, name);
    if (st == DQ_OK)
        st = dq_file_write(to, text, strlen(text));
    free(text);
    return st;
}

dq_status sweep_table_write(const sweep_table *t, const char *path)
{
    DQ_TRY(write_file(path, "table.md", sweep_table_markdown(t)));
    DQ_TRY(write_file(path, "table.csv", sweep_table_csv(t)));
    return write_file(path, "table.json", sweep_table_json(t, false));
}
