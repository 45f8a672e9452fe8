#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/rng.h"
#include "stats/estimates.h"

const dq_bootstrap dq_bootstrap_usual = {.confidence = 0.95, .n = 10000};

/** What is estimated, of one set or of two. */
typedef struct question {
    enum { ESTIMATE, ABOVE, IMPROVEMENT } kind;
    dq_estimate what;
    const double *thresholds;  // [n] of ABOVE
    size_t n;                  // answers
} question;

static double answer(const question *q, size_t i, const dq_draws *a, const dq_draws *b)
{
    switch (q->kind) {
    case ESTIMATE:
        return dq_draws_estimate(a, q->what);
    case ABOVE:
        return dq_draws_above(a, q->thresholds[i]);
    default:
        return dq_draws_improvement(a, b);
    }
}

/* ---------------------------------------------------------------- point estimates */

/* NaN for want of memory: point estimates have no status. */
static double estimate(const question *q, const dq_score_set *set, const dq_score_set *other)
{
    dq_draws a = {.set = NULL}, b = {.set = NULL};
    dq_status st = dq_draws_create(&a, set);
    if (st == DQ_OK && other)
        st = dq_draws_create(&b, other);
    double value = st == DQ_OK ? answer(q, 0, &a, &b) : NAN;
    dq_draws_free(&a);
    dq_draws_free(&b);
    return value;
}

double dq_estimate_of(dq_estimate what, const dq_score_set *set)
{
    return estimate(&(question){.kind = ESTIMATE, .what = what, .n = 1}, set, NULL);
}

double dq_scores_above(const dq_score_set *set, double threshold)
{
    return estimate(&(question){.kind = ABOVE, .thresholds = &threshold, .n = 1}, set, NULL);
}

double dq_probability_of_improvement(const dq_score_set *a, const dq_score_set *b)
{
    return estimate(&(question){.kind = IMPROVEMENT, .n = 1}, a, b);
}

/* ---------------------------------------------------------------- intervals */

/* Draw as many scores of each game as it has, with replacement. */
static void draw(dq_draws *d, dq_rng *rng)
{
    memset(d->count, 0, d->n * sizeof(*d->count));
    for (size_t g = 0, at = 0; g < d->set->n_games; at += d->set->games[g].n, g++)
        for (size_t i = 0; i < d->set->games[g].n; i++)
            d->count[at + dq_rng_below(rng, (uint32_t)d->set->games[g].n)]++;
}

static dq_interval middle(double *values, size_t n, double confidence)
{
    dq_sort(values, n);
    return (dq_interval){dq_quantile(values, n, (1 - confidence) / 2),
                         dq_quantile(values, n, (1 + confidence) / 2)};
}

static dq_status draw_again(const question *q, dq_draws *a, dq_draws *b, const dq_bootstrap *how,
                            dq_interval *out)
{
    dq_rng rng = dq_rng_stream(how->seed, "bootstrap");
    double *values = malloc(q->n * how->n * sizeof(*values));  // [q->n][how->n]
    if (!values)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu estimates", q->n * how->n);
    for (size_t i = 0; i < how->n; i++) {
        draw(a, &rng);
        if (b->set)
            draw(b, &rng);
        for (size_t k = 0; k < q->n; k++)
            values[k * how->n + i] = answer(q, k, a, b);
    }
    for (size_t k = 0; k < q->n; k++)
        out[k] = middle(values + k * how->n, how->n, how->confidence);
    free(values);
    return DQ_OK;
}

static dq_status interval(const question *q, const dq_score_set *set, const dq_score_set *other,
                          const dq_bootstrap *how, dq_interval *out)
{
    dq_draws a = {.set = NULL}, b = {.set = NULL};
    dq_status st = dq_draws_create(&a, set);
    if (st == DQ_OK && other)
        st = dq_draws_create(&b, other);
    if (st == DQ_OK)
        st = draw_again(q, &a, &b, how, out);
    dq_draws_free(&a);
    dq_draws_free(&b);
    return st;
}

dq_status dq_estimate_interval(dq_estimate what, const dq_score_set *set, const dq_bootstrap *how,
                               dq_interval *out)
{
    return interval(&(question){.kind = ESTIMATE, .what = what, .n = 1}, set, NULL, how, out);
}

dq_status dq_profile_intervals(const dq_score_set *set, const double *thresholds, size_t n,
                               const dq_bootstrap *how, dq_interval *out)
{
    return interval(&(question){.kind = ABOVE, .thresholds = thresholds, .n = n}, set, NULL, how,
                    out);
}

dq_status dq_improvement_interval(const dq_score_set *a, const dq_score_set *b,
                                  const dq_bootstrap *how, dq_interval *out)
{
    return interval(&(question){.kind = IMPROVEMENT, .n = 1}, a, b, how, out);
}
