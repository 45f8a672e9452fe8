#include "stats/score_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "stats/estimates.h"

/* ---------------------------------------------------------------- scores in a row */

typedef struct ranked {
    double score;
    uint32_t at;
} ranked;

static int compare(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

static dq_status rank_scores(dq_draws *d)
{
    ranked *order = malloc(d->n * sizeof(*order));
    if (!order)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the order of %zu scores", d->n);
    for (size_t i = 0; i < d->n; i++)
        order[i] = (ranked){d->score[i], (uint32_t)i};
    qsort(order, d->n, sizeof(*order), compare);
    for (size_t i = 0; i < d->n; i++)
        d->rank[i] = order[i].at;
    free(order);
    return DQ_OK;
}

dq_status dq_draws_create(dq_draws *d, const dq_score_set *set)
{
    *d = (dq_draws){.set = set};
    for (size_t g = 0; g < set->n_games; g++)
        d->n += set->games[g].n;
    if (set->n_games == 0 || d->n == 0)
        return dq_fail(DQ_ERR_CONFIG, "a set without scores has no estimates");
    d->score = calloc(d->n, sizeof(*d->score));
    d->rank = calloc(d->n, sizeof(*d->rank));
    d->count = calloc(d->n, sizeof(*d->count));
    d->means = calloc(set->n_games, sizeof(*d->means));
    if (!d->score || !d->rank || !d->count || !d->means)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu scores", d->n);
    for (size_t g = 0, at = 0; g < set->n_games; at += set->games[g].n, g++) {
        memcpy(d->score + at, set->games[g].score, set->games[g].n * sizeof(*d->score));
        dq_sort(d->score + at, set->games[g].n);
    }
    for (size_t i = 0; i < d->n; i++)
        d->count[i] = 1;
    return rank_scores(d);
}

void dq_draws_free(dq_draws *d)
{
    free(d->score);
    free(d->rank);
    free(d->count);
    free(d->means);
    *d = (dq_draws){.set = NULL};
}

/* ---------------------------------------------------------------- as the scores count */

/* The mean of what is left when a quarter of the scores is cut off at each end. */
static double interquartile_mean(const dq_draws *d)
{
    const size_t cut = d->n / 4, end = d->n - cut;
    size_t passed = 0;
    double sum = 0;
    for (size_t i = 0; i < d->n && passed < end; i++) {
        size_t from = passed > cut ? passed : cut;
        passed += d->count[d->rank[i]];
        size_t to = passed < end ? passed : end;
        if (to > from)
            sum += (double)(to - from) * d->score[d->rank[i]];
    }
    return sum / (double)(end - cut);
}

/* The mean of each game. */
static void find_means(const dq_draws *d)
{
    size_t i = 0;
    for (size_t g = 0; g < d->set->n_games; g++) {
        const size_t n = d->set->games[g].n, end = i + n;
        double sum = 0;
        for (; i < end; i++)
            sum += d->count[i] * d->score[i];
        d->means[g] = sum / (double)n;
    }
}

static double mean_of_means(const dq_draws *d)
{
    double sum = 0;
    find_means(d);
    for (size_t g = 0; g < d->set->n_games; g++)
        sum += d->means[g];
    return sum / (double)d->set->n_games;
}

static double median_of_means(const dq_draws *d)
{
    find_means(d);
    dq_sort(d->means, d->set->n_games);
    return dq_quantile(d->means, d->set->n_games, 0.5);
}

static double optimality_gap(const dq_draws *d)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++)
        sum += d->count[i] * (d->score[i] < 1 ? d->score[i] : 1);
    return 1 - sum / (double)d->n;
}

double dq_draws_estimate(const dq_draws *d, dq_estimate what)
{
    switch (what) {
    case DQ_ESTIMATE_IQM:
        return interquartile_mean(d);
    case DQ_ESTIMATE_MEAN:
        return mean_of_means(d);
    case DQ_ESTIMATE_MEDIAN:
        return median_of_means(d);
    default:
        return optimality_gap(d);
    }
}

double dq_draws_above(const dq_draws *d, double threshold)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        n += d->score[i] > threshold ? d->count[i] : 0;
    return (double)n / (double)d->n;
}

/* Of one game, from the places where its scores begin on: pairs of runs in which a's is better. */
static double pairs_won(const dq_draws *a, const dq_draws *b, size_t at_a, size_t at_b, size_t g)
{
    const size_t end_a = at_a + a->set->games[g].n, end_b = at_b + b->set->games[g].n;
    double won = 0, n_below = 0;
    for (size_t k = at_b; at_a < end_a; at_a++) {
        for (; k < end_b && b->score[k] < a->score[at_a]; k++)
            n_below += b->count[k];
        double n_same = 0;
        for (size_t i = k; i < end_b && b->score[i] == a->score[at_a]; i++)
            n_same += b->count[i];
        won += a->count[at_a] * (n_below + n_same / 2);
    }
    return won;
}

double dq_draws_improvement(const dq_draws *a, const dq_draws *b)
{
    double sum = 0;
    size_t at_a = 0, at_b = 0;
    for (size_t g = 0; g < a->set->n_games; g++) {
        const size_t n_a = a->set->games[g].n, n_b = b->set->games[g].n;
        sum += pairs_won(a, b, at_a, at_b, g) / ((double)n_a * (double)n_b);
        at_a += n_a;
        at_b += n_b;
    }
    return sum / (double)a->set->n_games;
}
