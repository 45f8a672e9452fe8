#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/score_table_parts.h"
#include "base/text_of.h"
#include "record/json_lines.h"

/* ---------------------------------------------------------------- Markdown */

static void write_measure(FILE *to, const score_measure *m, double scale, int digits)
{
    fprintf(to, " %.*f (%.*f to %.*f) |", digits, scale * m->value, digits, scale * m->interval.low,
            digits, scale * m->interval.high);
}

static void write_cell(FILE *to, const score_table *t, size_t game, size_t agent, size_t n_expected)
{
    const score_cell *c = score_cell_of(t, game, agent);
    fprintf(to, "| %s | %s | %zu", t->games[game], t->agents[agent], c->n);
    if (n_expected > 0)
        fprintf(to, " of %zu", n_expected);
    if (c->n == 0) {
        fprintf(to, " | | | |\n");
        return;
    }
    fprintf(to, " | %.2f |", c->mean);
    write_measure(to, &c->iqm, 1, 2);
    if (t->has_human[game])
        fprintf(to, " %.1f %% |\n", 100 * c->mean_normalised);
    else
        fprintf(to, " |\n");
}

/** A game that nobody has scores of has no rows. */
static void write_games(FILE *to, const score_table *t, size_t n_expected)
{
    fprintf(to, "| game | agent | runs | mean | interquartile mean (95 %% interval) | "
                "human-normalised |\n|---|---|--:|--:|--:|--:|\n");
    for (size_t game = 0; game < t->n_games; game++)
        for (size_t agent = 0; agent < t->n_agents; agent++)
            if (score_cell_of(t, game, agent)->n > 0 || n_expected > 0)
                write_cell(to, t, game, agent, n_expected);
}

static bool has_wholes(const score_table *t)
{
    for (size_t i = 0; i < t->n_agents; i++)
        if (t->wholes[i].n_games > 0)
            return true;
    return false;
}

static void write_wholes(FILE *to, const score_table *t)
{
    fprintf(to, "\nOver the games with a human's score, human-normalised, in percent:\n\n"
                "| agent | games | runs | interquartile mean (95 %% interval) | mean | median | "
                "optimality gap |\n|---|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < t->n_agents; i++) {
        const score_whole *w = &t->wholes[i];
        fprintf(to, "| %s | %zu | %zu |", t->agents[i], w->n_games, w->n_runs);
        if (w->n_games == 0) {
            fprintf(to, " | | | |\n");
            continue;
        }
        write_measure(to, &w->iqm, 100, 1);
        write_measure(to, &w->mean, 100, 1);
        write_measure(to, &w->median, 100, 1);
        write_measure(to, &w->gap, 100, 1);
        fputc('\n', to);
    }
}

static void write_improvements(FILE *to, const score_table *t)
{
    fprintf(to,
            "\nProbability that a run scores more than one of %s on the same game:\n\n"
            "| agent | games | probability (95 %% interval) |\n|---|--:|--:|\n",
            t->agents[0]);
    for (size_t i = 1; i < t->n_agents; i++) {
        const score_whole *w = &t->wholes[i];
        fprintf(to, "| %s | %zu |", t->agents[i], w->n_compared);
        if (w->n_compared > 0)
            write_measure(to, &w->improvement, 1, 3);
        else
            fprintf(to, " |");
        fputc('\n', to);
    }
}

/** A table, and of how many runs it is to tell. */
typedef struct expectation {
    const score_table *table;
    size_t n;
} expectation;

static void write_markdown(FILE *to, const void *ctx)
{
    const expectation *e = ctx;
    write_games(to, e->table, e->n);
    if (has_wholes(e->table))
        write_wholes(to, e->table);
    if (e->table->n_agents > 1)
        write_improvements(to, e->table);
}

char *score_table_markdown(const score_table *t, size_t n_expected)
{
    return dq_text_of(write_markdown, &(expectation){t, n_expected});
}

/* ---------------------------------------------------------------- CSV */

static void write_line(FILE *to, const char *game, const char *agent, size_t runs, const char *what,
                       const score_measure *m, double scale)
{
    fprintf(to, "%s,%s,%zu,%s,%.10g,%.10g,%.10g\n", game, agent, runs, what, scale * m->value,
            scale * m->interval.low, scale * m->interval.high);
}

static void write_value(FILE *to, const char *game, const char *agent, size_t runs,
                        const char *what, double value)
{
    fprintf(to, "%s,%s,%zu,%s,%.10g,,\n", game, agent, runs, what, value);
}

static void write_profile(FILE *to, const char *agent, const score_whole *w)
{
    char what[32];
    for (int i = 0; i < SCORE_THRESHOLDS; i++) {
        snprintf(what, sizeof(what), "above_%d%%", i * SCORE_THRESHOLD_STEP);
        write_line(to, "all", agent, w->n_runs, what, &w->profile[i], 1);
    }
}

static void write_csv(FILE *to, const void *ctx)
{
    const score_table *t = ctx;
    fprintf(to, "game,agent,runs,measure,value,low,high\n");
    for (size_t game = 0; game < t->n_games; game++)
        for (size_t v = 0; v < t->n_agents; v++) {
            const score_cell *c = score_cell_of(t, game, v);
            const char *id = t->games[game], *agent = t->agents[v];
            if (c->n == 0)
                continue;
            write_value(to, id, agent, c->n, "mean", c->mean);
            write_line(to, id, agent, c->n, "iqm", &c->iqm, 1);
            if (t->has_human[game])
                write_value(to, id, agent, c->n, "human_normalised", 100 * c->mean_normalised);
        }
    for (size_t v = 0; v < t->n_agents; v++) {
        const score_whole *w = &t->wholes[v];
        const char *agent = t->agents[v];
        if (w->n_games > 0) {
            write_line(to, "all", agent, w->n_runs, "iqm", &w->iqm, 100);
            write_line(to, "all", agent, w->n_runs, "mean", &w->mean, 100);
            write_line(to, "all", agent, w->n_runs, "median", &w->median, 100);
            write_line(to, "all", agent, w->n_runs, "optimality_gap", &w->gap, 100);
            write_profile(to, agent, w);
        }
        if (w->n_compared > 0)
            write_line(to, "all", agent, w->n_runs, "probability_of_improvement", &w->improvement,
                       1);
    }
}

char *score_table_csv(const score_table *t)
{
    return dq_text_of(write_csv, t);
}

/* ---------------------------------------------------------------- JSON */

static json_t *json_measure(const score_measure *m, double scale)
{
    return json_pack("{s:o, s:o, s:o}", "value", dq_json_real(scale * m->value), "low",
                     dq_json_real(scale * m->interval.low), "high",
                     dq_json_real(scale * m->interval.high));
}

static json_t *json_cell(const score_table *t, size_t game, size_t v)
{
    const score_cell *c = score_cell_of(t, game, v);
    json_t *scores = json_array();
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(scores, dq_json_real(c->score[i]));
    json_t *o = json_pack("{s:o, s:o, s:I, s:o}", "game", dq_json_text(t->games[game]), "agent",
                          dq_json_text(t->agents[v]), "runs", (json_int_t)c->n, "scores", scores);
    if (c->n == 0)
        return o;
    json_object_set_new(o, "mean", dq_json_real(c->mean));
    json_object_set_new(o, "iqm", json_measure(&c->iqm, 1));
    json_object_set_new(o, "human_normalised",
                        t->has_human[game] ? dq_json_real(100 * c->mean_normalised) : json_null());
    return o;
}

/** Shares of the runs above human-normalised thresholds. */
static json_t *json_profile(const score_whole *w)
{
    json_t *profile = json_array();
    for (int i = 0; i < SCORE_THRESHOLDS; i++) {
        json_t *o = json_measure(&w->profile[i], 1);
        json_object_set_new(o, "above", json_real(i * SCORE_THRESHOLD_STEP / 100.0));
        json_array_append_new(profile, o);
    }
    return profile;
}

static json_t *json_whole(const score_table *t, size_t v)
{
    const score_whole *w = &t->wholes[v];
    json_t *o = json_pack("{s:o}", "agent", dq_json_text(t->agents[v]));
    if (w->n_games > 0) {
        json_object_set_new(o, "games", json_integer((json_int_t)w->n_games));
        json_object_set_new(o, "human_normalised_iqm", json_measure(&w->iqm, 100));
        json_object_set_new(o, "human_normalised_mean", json_measure(&w->mean, 100));
        json_object_set_new(o, "human_normalised_median", json_measure(&w->median, 100));
        json_object_set_new(o, "optimality_gap", json_measure(&w->gap, 100));
        json_object_set_new(o, "profile", json_profile(w));
    }
    if (w->n_compared > 0)
        json_object_set_new(o, "probability_of_improvement", json_measure(&w->improvement, 1));
    return o;
}

char *score_table_json(const score_table *t, bool compact)
{
    json_t *games = json_array(), *agents = json_array();
    for (size_t game = 0; game < t->n_games; game++)
        for (size_t v = 0; v < t->n_agents; v++)
            json_array_append_new(games, json_cell(t, game, v));
    for (size_t v = 0; v < t->n_agents; v++)
        json_array_append_new(agents, json_whole(t, v));
    json_t *o = json_pack("{s:o, s:o}", "games", games, "agents", agents);
    char *text = json_dumps(o, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10) |
                                   (compact ? JSON_COMPACT : JSON_INDENT(1)));
    json_decref(o);
    return text;
}
