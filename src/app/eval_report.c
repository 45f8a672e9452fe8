#include "app/eval_report.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/published.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "env/env_ids.h"
#include "record/json_lines.h"
#include "run/environments.h"

/* ---------------------------------------------------------------- figures */

static dq_status median_of(double *out, const dq_evaluation_scores *s)
{
    double *sorted = malloc((size_t)s->n * sizeof(*sorted));
    if (!sorted)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %lld scores", (long long)s->n);
    memcpy(sorted, s->rewards, (size_t)s->n * sizeof(*sorted));
    dq_sort(sorted, (size_t)s->n);
    *out = dq_quantile(sorted, (size_t)s->n, 0.5);
    free(sorted);
    return DQ_OK;
}

dq_status eval_report_make(eval_report *r, const dq_evaluation *e, const dq_evaluation_scores *s)
{
    const dq_game_scores games = {s->rewards, (size_t)s->n};
    const dq_score_set set = {&games, 1};
    dq_atari_id id = {.name = e->env_id};
    bool is_game = dq_atari_id_parse(e->env_id, &id) && !id.homebrew;
    *r = (eval_report){.e = e, .s = s, .env_id = id.name};
    if (is_game && human_scores_find(id.game->id, &r->human))
        r->game_id = id.game->id;
    r->iqm = dq_estimate_of(DQ_ESTIMATE_IQM, &set);
    DQ_TRY(median_of(&r->median, s));
    DQ_TRY(dq_estimate_interval(DQ_ESTIMATE_MEAN, &set, &dq_bootstrap_usual, &r->mean_interval));
    return dq_estimate_interval(DQ_ESTIMATE_IQM, &set, &dq_bootstrap_usual, &r->iqm_interval);
}

/** What a score is told beside: columns of data/published/scores.csv, which says how each was
 *  measured. Most have the protocol noop after 200 million console frames. */
static const struct {
    const char *column, *name;
} beside[] = {
    {"dqn_nature", "DQN (Nature)"},
    {"ddqn_2017", "Double DQN"},
    {"dueling", "dueling"},
    {"c51", "C51"},
    {"qrdqn", "QR-DQN"},
    {"iqn", "IQN"},
    {"rainbow", "Rainbow"},
};

/* ---------------------------------------------------------------- to be read */

static void print_published(const char *game_id)
{
    const char *before = "published:";
    for (size_t i = 0; i < DQ_COUNT(beside); i++) {
        double score = published_score(game_id, beside[i].column);
        if (isnan(score))
            continue;
        printf("%s %s %.1f", before, beside[i].name, score);
        before = ",";
    }
    printf("\n");
}

void eval_report_print_text(const eval_report *r)
{
    char protocol[DQ_EVALUATION_TEXT];
    const dq_evaluation_scores *s = r->s;
    dq_evaluation_describe(r->e, protocol);
    printf("%s on %s: %lld games, %lld frames\n", app_plain(r->e->model), r->env_id,
           (long long)s->n, (long long)s->n_steps);
    printf("protocol: %s\n", protocol);
    printf("reward: mean %.2f, sd %.2f, min %.2f, max %.2f\n", s->mean, s->sd, s->min, s->max);
    printf("median %.2f, interquartile mean %.2f (95 %% interval %.2f to %.2f), mean's interval "
           "%.2f to %.2f\n",
           r->median, r->iqm, r->iqm_interval.low, r->iqm_interval.high, r->mean_interval.low,
           r->mean_interval.high);
    if (!dq_environments_is_atari(r->env_id))
        return;
    if (r->game_id) {
        printf("human-normalised: %.1f %% (random %g, human %g)\n",
               human_scores_normalise(&r->human, s->mean), r->human.random, r->human.human);
        print_published(r->game_id);
    } else {
        printf("human-normalised: no published scores of this game\n");
    }
}

void eval_report_print_markdown(const eval_report *r)
{
    char protocol[DQ_EVALUATION_TEXT];
    const dq_evaluation_scores *s = r->s;
    dq_evaluation_describe(r->e, protocol);
    printf(
        "| environment | games | mean (sd) | 95 %% interval | median | interquartile mean | 95 %% "
        "interval | least to most | human-normalised |\n");
    printf("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    printf("| %s | %lld | %.2f (%.2f) | %.2f to %.2f | %.2f | %.2f | %.2f to %.2f | %.2f to %.2f |",
           r->env_id, (long long)s->n, s->mean, s->sd, r->mean_interval.low, r->mean_interval.high,
           r->median, r->iqm, r->iqm_interval.low, r->iqm_interval.high, s->min, s->max);
    if (r->game_id)
        printf(" %.1f %% |\n", human_scores_normalise(&r->human, s->mean));
    else
        printf(" |\n");
    printf("\n%s: %s.\n", app_plain(r->e->model), protocol);
}

/* ---------------------------------------------------------------- to be read by programs */

static json_t *interval_of(dq_interval i)
{
    return json_pack("[f, f]", i.low, i.high);
}

static json_t *published_of(const char *game_id)
{
    json_t *o = json_object();
    for (size_t i = 0; i < DQ_COUNT(beside); i++) {
        double score = published_score(game_id, beside[i].column);
        if (!isnan(score))
            json_object_set_new(o, beside[i].column, json_real(score));
    }
    return o;
}

static void add_games(json_t *o, const dq_evaluation_scores *s)
{
    json_t *rewards = json_array(), *steps = json_array();
    for (int64_t i = 0; i < s->n; i++) {
        json_array_append_new(rewards, json_real(s->rewards[i]));
        json_array_append_new(steps, json_integer(s->steps[i]));
    }
    json_object_set_new(o, "rewards", rewards);
    json_object_set_new(o, "steps", steps);
}

void eval_report_print_json(const eval_report *r)
{
    const dq_evaluation *e = r->e;
    const dq_evaluation_scores *s = r->s;
    char options[DQ_ENVIRONMENT_OPTIONS_TEXT];
    dq_environment_options_print(&e->options, options);
    json_t *o =
        json_pack("{s:o, s:s, s:s?, s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I}", "model",
                  dq_json_text(e->model), "env", r->env_id, "protocol", e->protocol, "dialect",
                  dq_environments_is_atari(r->env_id) ? e->dialect : "", "options", options,
                  "episodes", (json_int_t)s->n, "frames", (json_int_t)s->n_steps, "noops",
                  (json_int_t)(e->noops < 0 ? 0 : e->noops), "epsilon", e->epsilon, "sticky",
                  dq_evaluation_sticky(e), "cap", (json_int_t)e->cap, "seed", (json_int_t)e->seed);
    json_t *figures =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "mean", s->mean, "sd", s->sd, "min",
                  s->min, "max", s->max, "median", r->median, "iqm", r->iqm, "mean_interval",
                  interval_of(r->mean_interval), "iqm_interval", interval_of(r->iqm_interval));
    json_object_update(o, figures);
    json_decref(figures);
    add_games(o, s);
    json_object_set_new(o, "human_normalised",
                        r->game_id ? json_real(human_scores_normalise(&r->human, s->mean))
                                   : json_null());
    if (r->game_id)
        json_object_set_new(o, "published", published_of(r->game_id));
    json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    printf("\n");
    json_decref(o);
}

dq_status eval_report_write_games(const eval_report *r, const char *path)
{
    enum { LINE = 96 };
    const dq_evaluation_scores *s = r->s;
    size_t cap = LINE * ((size_t)s->n + 1), n = 0;
    char *text = malloc(cap);
    if (!text)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the table of games");
    n += (size_t)snprintf(text, cap, "game,reward,steps\n");
    for (int64_t i = 0; i < s->n; i++)
        n += (size_t)snprintf(text + n, cap - n, "%lld,%.10g,%lld\n", (long long)(i + 1),
                              s->rewards[i], (long long)s->steps[i]);
    dq_status st = dq_file_write(path, text, n);
    free(text);
    return st;
}
