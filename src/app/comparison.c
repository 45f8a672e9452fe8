#include "app/comparison.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/game_names.h"
#include "base/atomic_file.h"
#include "base/error.h"

enum { MOST_BYTES = 1 << 28 };

/* ---------------------------------------------------------------- rows */

/** The index of a name, which is added where it is new. */
static dq_status find_or_add(char ***names, size_t *n, const char *name, size_t *index)
{
    for (*index = 0; *index < *n; ++*index)
        if (strcmp((*names)[*index], name) == 0)
            return DQ_OK;
    char **more = realloc(*names, (*n + 1) * sizeof(*more));
    if (more)
        *names = more;
    char *copy = more ? strdup(name) : NULL;
    if (!copy)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a comparison");
    more[(*n)++] = copy;
    return DQ_OK;
}

/** A game is called the same, however it was spelled. */
static const char *game_name(const char *name)
{
    dq_atari_id id;
    return game_named(name, &id) ? id.game->gym_name : name;
}

static dq_status add(comparison *c, const char *game, const char *agent, double score)
{
    comparison_row row = {.score = score};
    DQ_TRY(find_or_add(&c->games, &c->n_games, game_name(game), &row.game));
    DQ_TRY(find_or_add(&c->agents, &c->n_agents, agent, &row.agent));
    comparison_row *more = realloc(c->rows, (c->n_rows + 1) * sizeof(*more));
    if (!more)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a comparison");
    c->rows = more;
    more[c->n_rows++] = row;
    return DQ_OK;
}

void comparison_free(comparison *c)
{
    for (size_t i = 0; i < c->n_games; i++)
        free(c->games[i]);
    for (size_t i = 0; i < c->n_agents; i++)
        free(c->agents[i]);
    free(c->games);
    free(c->agents);
    free(c->rows);
    *c = (comparison){.n_rows = 0};
}

/* ---------------------------------------------------------------- where they come from */

dq_status comparison_add_runs(comparison *c, const run_groups *g, const run_scoring *how,
                              int64_t at)
{
    for (size_t i = 0; i < g->n_runs; i++) {
        const grouped_run *r = &g->runs[i];
        double score;
        DQ_TRY(run_score(&score, r->dir, how, at));
        DQ_TRY(add(c, r->game, g->labels[r->variant], score));
    }
    return DQ_OK;
}

/** The next part of a line up to a comma, or NULL; blanks around it do not count. */
static char *next_part(char **line)
{
    char *part = *line;
    if (!part)
        return NULL;
    char *comma = strchr(part, ',');
    *line = comma ? comma + 1 : NULL;
    if (comma)
        *comma = '\0';
    part += strspn(part, " \t");
    for (size_t n = strlen(part); n > 0 && strchr(" \t\r", part[n - 1]); n--)
        part[n - 1] = '\0';
    return part;
}

static dq_status add_line(comparison *c, char *line, const char *path, int number)
{
    const char *game = next_part(&line), *agent = next_part(&line), *text = next_part(&line);
    if (!agent || !*game || !*agent || !text)
        return dq_fail(DQ_ERR_INPUT, "%s:%d: not of the form game,agent,score,...", path, number);
    for (; text; text = next_part(&line)) {
        char *end;
        double score = strtod(text, &end);
        if (end == text || *end || !isfinite(score))
            return dq_fail(DQ_ERR_INPUT, "%s:%d: '%.40s' is no score: give a number", path, number,
                           text);
        DQ_TRY(add(c, game, agent, score));
    }
    return DQ_OK;
}

dq_status comparison_add_file(comparison *c, const char *path)
{
    void *bytes;
    size_t n;
    dq_status st = dq_file_read(path, MOST_BYTES, &bytes, &n);
    if (st != DQ_OK)
        return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;  // what the user named
    char *text = realloc(bytes, n + 1);
    if (!text) {
        free(bytes);
        return dq_fail(DQ_ERR_NOMEM, "no memory for %s", path);
    }
    text[n] = '\0';
    int number = 1;
    for (char *line = text, *next; line && st == DQ_OK; line = next, number++) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        if (*line && *line != '#' && *line != '\r')
            st = add_line(c, line, path, number);
    }
    free(text);
    return st;
}

/** The last point of a curve that is not after a step; false: there is none. */
static bool last_point(const published_runs *runs, const published_agent *agent, int64_t at,
                       size_t *point)
{
    *point = 0;
    if (agent->kind != PUBLISHED_CURVE)
        return true;
    for (size_t i = 0; i < runs->n_points && runs->step[i] <= (double)at; i++)
        *point = i;
    return runs->n_points > 0 && runs->step[0] <= (double)at;
}

static dq_status add_published_game(comparison *c, const published_agent *agent, size_t game,
                                    int64_t at, bool *has_any)
{
    dq_atari_id id;
    published_runs runs;
    size_t point;
    if (!game_named(c->games[game], &id))
        return DQ_OK;
    dq_status st = published_runs_read(&runs, agent, id.game->id);
    if (st != DQ_OK)
        return st == DQ_ERR_CONFIG ? DQ_OK : st;
    if (last_point(&runs, agent, at, &point))
        for (size_t i = 0; i < runs.n_runs && st == DQ_OK; i++) {
            double score = runs.score[point * runs.n_runs + i];
            if (isnan(score))
                continue;
            *has_any = true;
            st = add(c, c->games[game], agent->label, score);
        }
    published_runs_free(&runs);
    return st;
}

dq_status comparison_add_published(comparison *c, const published_agent *agent, int64_t at)
{
    bool has_any = false;
    for (size_t i = 0; i < c->n_games; i++)
        DQ_TRY(add_published_game(c, agent, i, at, &has_any));
    if (has_any)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "%s: nothing is published of these games%s", agent->name,
                   agent->kind == PUBLISHED_CURVE ? " so early: its first scores are of step 250000"
                                                  : "");
}

/* ---------------------------------------------------------------- the table */

dq_status comparison_measure(const comparison *c, score_table **t)
{
    DQ_TRY(score_table_create(t, (const char *const *)c->games, c->n_games,
                              (const char *const *)c->agents, c->n_agents));
    dq_status st = DQ_OK;
    for (size_t i = 0; i < c->n_rows && st == DQ_OK; i++)
        st = score_table_add(*t, c->rows[i].game, c->rows[i].agent, c->rows[i].score);
    return st == DQ_OK ? score_table_measure(*t) : st;
}
