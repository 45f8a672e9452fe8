#include "app/run_scores.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "run/run_curve.h"
#include "sweep/sweep_folder.h"

enum { LAST, BEST, MILLION, EVALUATION, SCORE };

static const run_scoring scorings[] = {
    [LAST] = {"last", "mean of its last 100 games"},
    [BEST] = {"best", "best mean of 100 games in a row"},
    [MILLION] = {"million", "mean of the games that ended in its last 250,000 agent steps, which "
                            "are a million console frames"},
    [EVALUATION] = {"evaluation", "mean of its last evaluation while it trained"},
    [SCORE] = {"score", "mean in its score.json, which `deepq sweep` had `deepq eval` write"},
};

const run_scoring *run_scoring_at(size_t index)
{
    return index < DQ_COUNT(scorings) ? &scorings[index] : NULL;
}

const run_scoring *run_scoring_find(const char *name)
{
    for (size_t i = 0; i < DQ_COUNT(scorings); i++)
        if (strcmp(scorings[i].name, name) == 0)
            return &scorings[i];
    return NULL;
}

/* ---------------------------------------------------------------- of a curve */

/** A run has come as far as the first game, or evaluation, after a step. */
static dq_status check_length(const dq_run_curve *c, const char *dir, int64_t at)
{
    if (c->step[c->n - 1] >= at)
        return DQ_OK;
    return dq_fail(DQ_ERR_INPUT, "%s has come to step %lld only: choose --at up to there", dir,
                   (long long)c->step[c->n - 1]);
}

static double best_of_hundred(const dq_run_curve *c, int64_t at)
{
    double sum = 0, best = -INFINITY;
    for (size_t i = 0; i < c->n && c->step[i] <= at; i++) {
        sum += c->value[i] - (i >= 100 ? c->value[i - 100] : 0);
        if (i >= 99 && sum / 100 > best)
            best = sum / 100;
    }
    return best;
}

static double last_value(const dq_run_curve *c, int64_t at)
{
    size_t n = c->n;
    while (n > 0 && c->step[n - 1] > at)
        n--;
    return n > 0 ? c->value[n - 1] : NAN;
}

static double score_of_curve(const dq_run_curve *c, const run_scoring *how, int64_t at)
{
    switch (how - scorings) {
    case LAST:
        return dq_run_curve_at(c, &(dq_smoothing){.n_games = 100}, at);
    case MILLION:
        return dq_run_curve_at(c, &(dq_smoothing){.n_steps = 250000}, at);
    case BEST:
        return best_of_hundred(c, at);
    default:
        return last_value(c, at);
    }
}

static dq_status score_in_log(double *score, const char *dir, const run_scoring *how, int64_t at)
{
    dq_run_curve c;
    bool is_evaluation = how == &scorings[EVALUATION];
    DQ_TRY(dq_run_curve_read(&c, dir, is_evaluation ? DQ_METRIC_EVALUATION : "reward"));
    dq_status st = at > 0 ? check_length(&c, dir, at) : DQ_OK;
    if (st == DQ_OK)
        *score = score_of_curve(&c, how, at > 0 ? at : c.step[c.n - 1]);
    dq_run_curve_free(&c);
    if (st == DQ_OK && !isfinite(*score))
        st = dq_fail(DQ_ERR_INPUT, "%s has no %s yet: choose another score with --by", dir,
                     how->about);
    return st;
}

/* ---------------------------------------------------------------- of a file */

static dq_status score_in_file(double *score, const char *dir)
{
    dq_status st = dq_sweep_score_in(dir, score);
    if (st != DQ_ERR_NOT_FOUND)
        return st;
    return dq_fail(DQ_ERR_INPUT, "%s has no score.json: choose another score with --by", dir);
}

dq_status run_score(double *score, const char *dir, const run_scoring *how, int64_t at)
{
    if (how == &scorings[SCORE])
        return score_in_file(score, dir);
    return score_in_log(score, dir, how, at);
}
