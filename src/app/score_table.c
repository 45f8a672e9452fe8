#include "app/score_table_parts.h"

#include <stdlib.h>
#include <string.h>

#include "app/game_names.h"
#include "base/error.h"

/* ---------------------------------------------------------------- figures */

static dq_status estimate(score_measure *m, dq_estimate what, const dq_score_set *set)
{
    m->value = dq_estimate_of(what, set);
    return dq_estimate_interval(what, set, &dq_bootstrap_usual, &m->interval);
}

static dq_status measure_cell(const score_table *t, size_t game, size_t agent)
{
    score_cell *c = score_cell_of(t, game, agent);
    const dq_game_scores scores = {c->score, c->n};
    const dq_score_set set = {&scores, 1};
    if (c->n == 0)
        return DQ_OK;
    c->mean = dq_estimate_of(DQ_ESTIMATE_MEAN, &set);
    if (t->has_human[game])
        c->mean_normalised = human_scores_normalise(&t->human[game], c->mean) / 100;
    return estimate(&c->iqm, DQ_ESTIMATE_IQM, &set);
}

static dq_status measure_profile(score_whole *w, const dq_score_set *set)
{
    double thresholds[SCORE_THRESHOLDS];
    dq_interval intervals[SCORE_THRESHOLDS];
    for (int i = 0; i < SCORE_THRESHOLDS; i++)
        thresholds[i] = i * SCORE_THRESHOLD_STEP / 100.0;
    DQ_TRY(dq_profile_intervals(set, thresholds, SCORE_THRESHOLDS, &dq_bootstrap_usual, intervals));
    for (int i = 0; i < SCORE_THRESHOLDS; i++)
        w->profile[i] = (score_measure){dq_scores_above(set, thresholds[i]), intervals[i]};
    return DQ_OK;
}

/** All games of an agent that have a human's score, normalised. */
static dq_status measure_whole(const score_table *t, size_t agent, dq_game_scores *games)
{
    score_whole *w = &t->wholes[agent];
    for (size_t game = 0; game < t->n_games; game++) {
        const score_cell *c = score_cell_of(t, game, agent);
        if (!t->has_human[game] || c->n == 0)
            continue;
        games[w->n_games++] = (dq_game_scores){c->normalised, c->n};
        w->n_runs += c->n;
    }
    const dq_score_set set = {games, w->n_games};
    if (w->n_games == 0)
        return DQ_OK;
    DQ_TRY(estimate(&w->iqm, DQ_ESTIMATE_IQM, &set));
    DQ_TRY(estimate(&w->mean, DQ_ESTIMATE_MEAN, &set));
    DQ_TRY(estimate(&w->median, DQ_ESTIMATE_MEDIAN, &set));
    DQ_TRY(estimate(&w->gap, DQ_ESTIMATE_GAP, &set));
    return measure_profile(w, &set);
}

/** On the games that both have scores of; whose points need no scale. */
static dq_status measure_improvement(const score_table *t, size_t agent, dq_game_scores *games,
                                     dq_game_scores *first)
{
    score_whole *w = &t->wholes[agent];
    for (size_t game = 0; game < t->n_games; game++) {
        const score_cell *c = score_cell_of(t, game, agent), *f = score_cell_of(t, game, 0);
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

dq_status score_table_measure(score_table *t)
{
    dq_game_scores *games = calloc(2 * t->n_games, sizeof(*games));
    if (!games)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    dq_status st = DQ_OK;
    for (size_t game = 0; game < t->n_games && st == DQ_OK; game++)
        for (size_t v = 0; v < t->n_agents && st == DQ_OK; v++)
            st = measure_cell(t, game, v);
    for (size_t v = 0; v < t->n_agents && st == DQ_OK; v++) {
        st = measure_whole(t, v, games);
        if (st == DQ_OK && v > 0)
            st = measure_improvement(t, v, games, games + t->n_games);
    }
    free(games);
    return st;
}

/* ---------------------------------------------------------------- scores */

static bool find_human(const char *game, human_scores *human)
{
    dq_atari_id id;
    return game_named(game, &id) && human_scores_find(id.game->id, human);
}

static char **copy_names(const char *const *names, size_t n)
{
    char **copies = calloc(n, sizeof(*copies));
    for (size_t i = 0; copies && i < n; i++)
        copies[i] = strdup(names[i]);
    return copies;
}

static bool have_all(char *const *names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        if (!names[i])
            return false;
    return names;
}

dq_status score_table_create(score_table **out, const char *const *games, size_t n_games,
                             const char *const *agents, size_t n_agents)
{
    score_table *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    t->n_games = n_games;
    t->n_agents = n_agents;
    t->games = copy_names(games, n_games);
    t->agents = copy_names(agents, n_agents);
    t->human = calloc(n_games, sizeof(*t->human));
    t->has_human = calloc(n_games, sizeof(*t->has_human));
    t->cells = calloc(n_games * n_agents, sizeof(*t->cells));
    t->wholes = calloc(n_agents, sizeof(*t->wholes));
    if (!have_all(t->games, n_games) || !have_all(t->agents, n_agents) || !t->human ||
        !t->has_human || !t->cells || !t->wholes) {
        score_table_free(t);
        *out = NULL;
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    }
    for (size_t i = 0; i < n_games; i++)
        t->has_human[i] = find_human(games[i], &t->human[i]);
    return DQ_OK;
}

static dq_status append(double **values, size_t n, double value)
{
    double *more = realloc(*values, (n + 1) * sizeof(*more));
    if (!more)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a score");
    *values = more;
    more[n] = value;
    return DQ_OK;
}

dq_status score_table_add(score_table *t, size_t game, size_t agent, double score)
{
    score_cell *c = score_cell_of(t, game, agent);
    double normalised =
        t->has_human[game] ? human_scores_normalise(&t->human[game], score) / 100 : 0;
    DQ_TRY(append(&c->score, c->n, score));
    DQ_TRY(append(&c->normalised, c->n, normalised));
    c->n++;
    return DQ_OK;
}

void score_table_free(score_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; t->cells && i < t->n_games * t->n_agents; i++) {
        free(t->cells[i].score);
        free(t->cells[i].normalised);
    }
    for (size_t i = 0; t->games && i < t->n_games; i++)
        free(t->games[i]);
    for (size_t i = 0; t->agents && i < t->n_agents; i++)
        free(t->agents[i]);
    free(t->games);
    free(t->agents);
    free(t->human);
    free(t->has_human);
    free(t->cells);
    free(t->wholes);
    free(t);
}
