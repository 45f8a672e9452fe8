#include "app/run_series.h"

#include <math.h>
#include <stdlib.h>

#include "app/axis.h"
#include "base/error.h"
#include "stats/score_set.h"

static dq_status fail_memory(void)
{
    return dq_fail(DQ_ERR_NOMEM, "no memory for the points of a curve");
}

/* ---------------------------------------------------------------- steps */

static int compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/** Sort steps and leave each in once. */
static void make_unique(int64_t *steps, size_t *n)
{
    size_t n_unique = 0;
    qsort(steps, *n, sizeof(*steps), compare_steps);
    for (size_t i = 0; i < *n; i++)
        if (n_unique == 0 || steps[n_unique - 1] != steps[i])
            steps[n_unique++] = steps[i];
    *n = n_unique;
}

int64_t series_end(const dq_run_curve *curve)
{
    return curve->step[curve->n - 1];
}

/** The steps that a group has points at. */
static dq_status choose_steps(const dq_run_curve *curves, size_t n_curves, int64_t end,
                              int64_t **steps, size_t *n)
{
    size_t n_games = 0;
    int64_t last = 0;
    for (size_t i = 0; i < n_curves; i++) {
        n_games += curves[i].n;
        last = series_end(&curves[i]) > last ? series_end(&curves[i]) : last;
    }
    last = last < end ? last : end;
    bool is_grid = n_games > SERIES_POINTS;
    const axis grid = axis_of(0, (double)(end > 0 ? end : 1), SERIES_POINTS);
    int64_t gap = grid.gap < 1 ? 1 : (int64_t)nearbyint(grid.gap);
    size_t cap = is_grid ? (size_t)(last / gap) + 1 : n_games;
    *n = 0;
    *steps = malloc((cap + 1) * sizeof(**steps));
    if (!*steps)
        return fail_memory();
    if (is_grid) {
        for (int64_t s = gap; s < last; s += gap)
            (*steps)[(*n)++] = s;
        (*steps)[(*n)++] = last;
        return DQ_OK;
    }
    for (size_t i = 0; i < n_curves; i++)
        for (size_t k = 0; k < curves[i].n; k++)
            if (curves[i].step[k] <= end)
                (*steps)[(*n)++] = curves[i].step[k];
    make_unique(*steps, n);
    return DQ_OK;
}

/* ---------------------------------------------------------------- points */

/** Median and quartiles of `n` values, which are sorted. */
static void summarise(figure_point *p, double *values, size_t n)
{
    p->n_runs = n;
    p->y = p->low = p->high = NAN;
    if (n == 0)
        return;
    dq_sort(values, n);
    p->y = dq_quantile(values, n, 0.5);
    if (n > 1) {
        p->low = dq_quantile(values, n, 0.25);
        p->high = dq_quantile(values, n, 0.75);
    }
}

/** The step up to which a run counts. */
static int64_t reach(const dq_run_curve *c)
{
    int64_t longest = 0;
    for (size_t i = 1; i < c->n; i++)
        if (c->step[i] - c->step[i - 1] > longest)
            longest = c->step[i] - c->step[i - 1];
    return c->low ? series_end(c) : series_end(c) + longest;  // evaluations have their own steps
}

/** The first step with a value. */
static int64_t begin(const dq_run_curve *c)
{
    size_t i = 0;
    while (isnan(c->value[i]))
        i++;
    return c->step[i];
}

/** The interval of the evaluation at a step. */
static void take_interval(figure_point *p, const dq_run_curve *c, int64_t step)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->step[i] == step) {
            p->low = c->low[i];
            p->high = c->high[i];
        }
}

/** A group of runs, and the room that a point needs. */
typedef struct group {
    const dq_run_curve *curves;  // [n]
    size_t n;
    const dq_smoothing *how;
    int64_t first;   // step at which every run has a value
    int64_t *reach;  // [n]
    double *values;  // [n] of one point
} group;

static void take_point(figure_point *p, const group *g, int64_t step)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        double value = dq_run_curve_at(&g->curves[i], g->how, step);
        if (step <= g->reach[i] && !isnan(value))
            g->values[n++] = value;
    }
    p->x = (double)step;
    summarise(p, g->values, n);
    if (g->n == 1 && g->curves[0].low)
        take_interval(p, &g->curves[0], step);
}

static dq_status take_points(figure_curve *c, group *g, const int64_t *steps, size_t n_steps)
{
    c->points = malloc((n_steps + 1) * sizeof(*c->points));
    g->values = malloc(g->n * sizeof(*g->values));
    g->reach = malloc(g->n * sizeof(*g->reach));
    if (!c->points || !g->values || !g->reach)
        return fail_memory();
    for (size_t i = 0; i < g->n; i++) {
        g->first = begin(&g->curves[i]) > g->first ? begin(&g->curves[i]) : g->first;
        g->reach[i] = reach(&g->curves[i]);
    }
    for (size_t k = 0; k < n_steps; k++)
        if (steps[k] >= g->first)
            take_point(&c->points[c->n++], g, steps[k]);
    return DQ_OK;
}

dq_status series_of_runs(figure_curve *c, const dq_run_curve *curves, size_t n,
                         const dq_smoothing *how, int64_t end)
{
    int64_t *steps;
    size_t n_steps;
    group g = {.curves = curves, .n = n, .how = how};
    c->n = 0;
    c->n_runs = n;
    DQ_TRY(choose_steps(curves, n, end, &steps, &n_steps));
    dq_status st = take_points(c, &g, steps, n_steps);
    free(g.values);
    free(g.reach);
    free(steps);
    return st;
}

dq_status series_of_published(figure_curve *c, const published_runs *runs, double end)
{
    double *values = malloc(runs->n_runs * sizeof(*values));
    c->points = malloc(runs->n_points * sizeof(*c->points));
    c->n = 0;
    c->n_runs = runs->n_runs;
    bool has_room = values && c->points;
    for (size_t i = 0; has_room && i < runs->n_points && runs->step[i] <= end; i++) {
        for (size_t k = 0; k < runs->n_runs; k++)
            values[k] = runs->score[i * runs->n_runs + k];
        c->points[i].x = runs->step[i];
        summarise(&c->points[i], values, runs->n_runs);
        c->n++;
    }
    free(values);
    return has_room ? DQ_OK : fail_memory();
}
