#include "run/run_curve.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "record/json_lines.h"
#include "record/run_folder.h"
#include "stats/score_set.h"

enum { KEYS_BYTES = 512 };

/** A log being read. */
typedef struct reading {
    dq_run_curve *curve;
    const char *key;      // of the value
    bool is_evaluations;  // with the rewards of their games
    size_t cap;           // points that there is room for
    bool has_key;
    char keys[KEYS_BYTES];  // of the first line, for a message
} reading;

/* ---------------------------------------------------------------- points */

/** @return false for want of memory, with what was there before */
static bool grow(double **values, size_t cap)
{
    double *more = realloc(*values, cap * sizeof(*more));
    if (more)
        *values = more;
    return more != NULL;
}

static dq_status make_room(reading *r)
{
    dq_run_curve *c = r->curve;
    if (c->n < r->cap)
        return DQ_OK;
    size_t cap = r->cap ? 2 * r->cap : 256;
    int64_t *step = realloc(c->step, cap * sizeof(*step));
    if (step)
        c->step = step;
    bool has_room = step && grow(&c->value, cap);
    if (r->is_evaluations)
        has_room = has_room && grow(&c->low, cap) && grow(&c->high, cap);
    if (!has_room)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a curve of %zu points", cap);
    r->cap = cap;
    return DQ_OK;
}

/** The rewards of an evaluation's games. @return how many; 0: the line does not have them all */
static size_t take_rewards(const json_t *list, double *rewards)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_number(json_array_get(list, i)))
            return 0;
        rewards[i] = json_number_value(json_array_get(list, i));
    }
    return n;
}

/** The interval of a mean over games, as all intervals of deepq are found. */
static dq_status take_interval(dq_run_curve *c, const json_t *line)
{
    const json_t *list = json_object_get(line, "rewards");
    dq_interval interval = {NAN, NAN};
    double *rewards = malloc((json_array_size(list) + 1) * sizeof(*rewards));
    if (!rewards)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the games of an evaluation");
    const dq_game_scores game = {rewards, take_rewards(list, rewards)};
    const dq_score_set set = {&game, 1};
    dq_status st = DQ_OK;
    if (game.n > 0)
        st = dq_estimate_interval(DQ_ESTIMATE_MEAN, &set, &dq_bootstrap_usual, &interval);
    free(rewards);
    c->low[c->n] = interval.low;
    c->high[c->n] = interval.high;
    return st;
}

static void list_keys(reading *r, const json_t *line)
{
    size_t n = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)line, key, value)  // it takes no const
    {
        bool is_number = json_is_number(value) || json_is_null(value);
        if (is_number && strcmp(key, "frame") != 0 && n < sizeof(r->keys))
            n += (size_t)snprintf(r->keys + n, sizeof(r->keys) - n, "%s%s", n ? ", " : "", key);
    }
}

/** A line that is later than the next is damaged, as one that is no object is. */
static void drop_later(dq_run_curve *c, int64_t step)
{
    while (c->n > 0 && c->step[c->n - 1] > step) {
        c->n--;
        c->n_damaged++;
    }
}

static dq_status take_line(void *ctx, const json_t *line)
{
    reading *r = ctx;
    dq_run_curve *c = r->curve;
    const json_t *step = json_object_get(line, "frame"), *value = json_object_get(line, r->key);
    DQ_TRY(make_room(r));
    if (!*r->keys)
        list_keys(r, line);
    if (!json_is_integer(step) || json_integer_value(step) < 0) {
        c->n_damaged++;
        return DQ_OK;
    }
    drop_later(c, json_integer_value(step));
    r->has_key |= json_is_number(value) || json_is_null(value);
    c->step[c->n] = json_integer_value(step);
    c->value[c->n] = json_is_number(value) ? json_number_value(value) : NAN;
    if (r->is_evaluations)
        DQ_TRY(take_interval(c, line));
    c->n++;
    return DQ_OK;
}

/* ---------------------------------------------------------------- the log */

static dq_status fail_empty(const reading *r, const char *path, dq_status status)
{
    if (status == DQ_ERR_NOT_FOUND && r->is_evaluations)
        return dq_fail(DQ_ERR_INPUT, "%s: there is none: this run has no evaluations (eval_every)",
                       path);
    if (status == DQ_ERR_NOT_FOUND)
        return dq_fail(DQ_ERR_INPUT, "%s: there is none: this run has no log yet", path);
    if (status != DQ_OK)
        return status;
    if (r->curve->n == 0)
        return dq_fail(DQ_ERR_INPUT, "%s: no %s has ended yet", path,
                       r->is_evaluations ? "evaluation" : "game");
    if (!r->has_key)
        return dq_fail(DQ_ERR_CONFIG,
                       "no metric '%s' in %s: choose one of %s, or "  //
                       DQ_METRIC_EVALUATION,
                       r->key, path, r->keys);
    return DQ_OK;
}

/** NAN in every point is a curve of nothing. */
static dq_status check_values(const dq_run_curve *c, const char *path, const char *metric)
{
    for (size_t i = 0; i < c->n; i++)
        if (!isnan(c->value[i]))
            return DQ_OK;
    return dq_fail(DQ_ERR_INPUT, "%s: no game has a number for '%s' yet", path, metric);
}

dq_status dq_run_curve_read(dq_run_curve *c, const char *dir, const char *metric)
{
    char path[DQ_PATH_CAP];
    size_t n_no_objects;
    bool is_evaluations = strcmp(metric, DQ_METRIC_EVALUATION) == 0;
    reading r = {
        .curve = c, .key = is_evaluations ? "mean" : metric, .is_evaluations = is_evaluations};
    *c = (dq_run_curve){.n = 0};
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/%s", dir,
                          is_evaluations ? DQ_RUN_EVALUATIONS : DQ_RUN_LOG));
    dq_status st = fail_empty(&r, path, dq_json_lines_read(path, take_line, &r, &n_no_objects));
    if (st == DQ_OK)
        st = check_values(c, path, metric);
    if (st != DQ_OK)
        dq_run_curve_free(c);
    else
        c->n_damaged += n_no_objects;
    return st;
}

void dq_run_curve_free(dq_run_curve *c)
{
    free(c->step);
    free(c->value);
    free(c->low);
    free(c->high);
    *c = (dq_run_curve){.n = 0};
}

/* ---------------------------------------------------------------- smoothing */

/** How many points there are up to a step, that one included. */
static size_t n_until(const dq_run_curve *c, int64_t step)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->step[middle] <= step)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double dq_run_curve_at(const dq_run_curve *c, const dq_smoothing *how, int64_t step)
{
    size_t end = n_until(c, step), n = 0;
    size_t first = how->n_steps > 0              ? n_until(c, step - how->n_steps)
                   : (int64_t)end > how->n_games ? end - (size_t)how->n_games
                                                 : 0;
    double sum = 0;
    for (size_t i = first; i < end; i++)
        if (!isnan(c->value[i])) {
            sum += c->value[i];
            n++;
        }
    return n > 0 ? sum / (double)n : NAN;
}
