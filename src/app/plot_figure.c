#include "app/plot_figure.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/run_series.h"
#include "base/error.h"

/* ---------------------------------------------------------------- runs */

static dq_status read_curves(plot_figure *p, const plot_choice *choice)
{
    p->curves = calloc(p->groups.n_runs, sizeof(*p->curves));
    if (!p->curves)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the curves of %zu runs", p->groups.n_runs);
    for (size_t i = 0; i < p->groups.n_runs; i++) {
        const char *dir = p->groups.runs[i].dir;
        DQ_TRY(dq_run_curve_read(&p->curves[i], dir, choice->metric.key));
        if (p->curves[i].n_damaged > 0)
            app_note("%s: %zu damaged lines of its log are left out", dir, p->curves[i].n_damaged);
    }
    return DQ_OK;
}

/** The next number of two digits and zeros. */
static double round_up(double steps)
{
    double unit = pow(10, floor(log10(steps)) - 1);
    return ceil(steps / unit) * unit;
}

/** Where the x axis ends: behind the last game of all, or the first point of a reference. */
static void choose_end(plot_figure *p, const plot_choice *choice)
{
    int64_t end = 1;
    for (size_t i = 0; i < p->groups.n_runs; i++)
        if (series_end(&p->curves[i]) > end)
            end = series_end(&p->curves[i]);
    for (size_t i = 0; i < choice->n_references; i++) {
        int64_t first = choice->references[i]->kind == PUBLISHED_CURVE ? 250000
                        : choice->references[i]->kind == PUBLISHED_END ? 100000
                                                                       : 0;
        end = first > end ? first : end;
    }
    p->figure.x_end = choice->until > 0 ? (double)choice->until : round_up((double)end);
}

/* ---------------------------------------------------------------- curves */

static dq_status add_group(plot_figure *p, const plot_choice *choice, figure_panel *panel,
                           size_t variant)
{
    const run_groups *g = &p->groups;
    dq_run_curve *curves = malloc(g->n_runs * sizeof(*curves));
    size_t n = 0;
    if (!curves)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu runs", g->n_runs);
    for (size_t i = 0; i < g->n_runs; i++)
        if (g->runs[i].variant == variant && &p->panels[g->runs[i].panel] == panel)
            curves[n++] = p->curves[i];
    dq_status st = DQ_OK;
    if (n > 0) {
        figure_curve *c = &panel->curves[panel->n++];
        c->entry = variant;
        st = series_of_runs(c, curves, n, &choice->smoothing, (int64_t)p->figure.x_end);
    }
    free(curves);
    return st;
}

static dq_status add_reference(plot_figure *p, const plot_choice *choice, figure_panel *panel,
                               const grouped_run *game, size_t i)
{
    published_runs runs;
    const published_agent *agent = choice->references[i];
    if (!game->atari_id)
        return dq_fail(DQ_ERR_CONFIG, "--reference %s: nothing is published for %s", agent->name,
                       game->game);
    DQ_TRY(published_runs_read(&runs, agent, game->atari_id));
    figure_curve *c = &panel->curves[panel->n++];
    c->entry = p->groups.n_variants + i;
    dq_status st = series_of_published(c, &runs, p->figure.x_end);
    published_runs_free(&runs);
    return st;
}

static dq_status fill_panel(plot_figure *p, const plot_choice *choice, size_t i)
{
    figure_panel *panel = &p->panels[i];
    const grouped_run *game = &p->groups.runs[p->groups.games[i]];
    panel->title = game->game;
    panel->curves = calloc(p->figure.n_entries, sizeof(*panel->curves));
    if (!panel->curves)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the curves of a panel");
    for (size_t v = 0; v < p->groups.n_variants; v++)
        DQ_TRY(add_group(p, choice, panel, v));
    for (size_t k = 0; k < choice->n_references; k++)
        DQ_TRY(add_reference(p, choice, panel, game, k));
    return DQ_OK;
}

static dq_status fill_panels(plot_figure *p, const plot_choice *choice)
{
    p->figure.n_panels = p->groups.n_games;
    p->figure.n_entries = p->groups.n_variants + choice->n_references;
    p->panels = calloc(p->figure.n_panels, sizeof(*p->panels));
    p->entries = calloc(p->figure.n_entries, sizeof(*p->entries));
    p->figure.panels = p->panels;
    p->figure.entries = p->entries;
    if (!p->panels || !p->entries)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a figure");
    for (size_t i = 0; i < p->figure.n_panels; i++)
        DQ_TRY(fill_panel(p, choice, i));
    return DQ_OK;
}

/* ---------------------------------------------------------------- texts */

/** The fewest and the most runs of an entry's curves. */
static void count_runs(const plot_figure *p, size_t entry, size_t *least, size_t *most)
{
    *least = SIZE_MAX;
    *most = 0;
    for (size_t i = 0; i < p->figure.n_panels; i++)
        for (size_t k = 0; k < p->panels[i].n; k++) {
            const figure_curve *c = &p->panels[i].curves[k];
            if (c->entry != entry)
                continue;
            *least = c->n_runs < *least ? c->n_runs : *least;
            *most = c->n_runs > *most ? c->n_runs : *most;
        }
}

static void name_entry(plot_figure *p, size_t i, const char *label)
{
    figure_entry *e = &p->entries[i];
    size_t least, most;
    count_runs(p, i, &least, &most);
    if (most <= 1)
        snprintf(e->text, sizeof(e->text), "%s", label);
    else if (least == most)
        snprintf(e->text, sizeof(e->text), "%s (%zu runs)", label, most);
    else
        snprintf(e->text, sizeof(e->text), "%s (%zu to %zu runs)", label, least, most);
}

static void name_entries(plot_figure *p, const plot_choice *choice)
{
    static const figure_kind kinds[] = {FIGURE_DASHED, FIGURE_MARK, FIGURE_LEVEL};
    size_t colour = 0, n_levels = 0;
    for (size_t v = 0; v < p->groups.n_variants; v++) {
        name_entry(p, v, p->groups.labels[v]);
        p->entries[v].colour = colour++;
    }
    for (size_t i = 0; i < choice->n_references; i++) {
        figure_entry *e = &p->entries[p->groups.n_variants + i];
        e->kind = kinds[choice->references[i]->kind];
        e->colour = e->kind == FIGURE_LEVEL ? n_levels++ : colour++;
        name_entry(p, p->groups.n_variants + i, choice->references[i]->label);
    }
}

/** A sentence of the caption, and a blank before all but the first. */
static void say(plot_figure *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(plot_figure *p, const char *format, ...)
{
    size_t n = strlen(p->caption);
    va_list args;
    va_start(args, format);
    if (n > 0 && n + 1 < sizeof(p->caption))
        p->caption[n++] = ' ';
    vsnprintf(p->caption + n, sizeof(p->caption) - n, format, args);
    va_end(args);
}

static void say_smoothing(plot_figure *p, const plot_choice *choice)
{
    const dq_smoothing *how = &choice->smoothing;
    if (strcmp(choice->metric.key, DQ_METRIC_EVALUATION) == 0)
        say(p, "Each point: the mean of an evaluation's games.");
    else if (how->n_steps > 0)
        say(p, "Mean of the games that ended within the last %lld agent steps.",
            (long long)how->n_steps);
    else if (how->n_games > 1)
        say(p, "Mean of the last %lld games.", (long long)how->n_games);
}

/** What bands and dots mean, where there are any. */
static void say_lines(plot_figure *p)
{
    bool has_group = false, has_interval = false, is_partial = false;
    for (size_t i = 0; i < p->figure.n_panels; i++)
        for (size_t k = 0; k < p->panels[i].n; k++) {
            const figure_curve *c = &p->panels[i].curves[k];
            has_group |= c->n_runs > 1;
            for (size_t j = 0; j < c->n; j++) {
                is_partial |= c->points[j].n_runs < c->n_runs;
                has_interval |= c->n_runs == 1 && !isnan(c->points[j].low);
            }
        }
    if (has_group)
        say(p, "Of several runs: the median, and a band from the lower to the upper quartile.");
    if (is_partial)
        say(p, "Dotted: of fewer runs, others ended before.");
    if (has_interval)
        say(p, "Band of one run: the 95 %% interval of the mean over its games.");
}

/** 0 unless all runs have the same. */
static int64_t skip_of(const run_groups *g)
{
    for (size_t i = 1; i < g->n_runs; i++)
        if (g->runs[i].skip != g->runs[0].skip)
            return 0;
    return g->runs[0].skip;
}

static void write_texts(plot_figure *p, const plot_choice *choice)
{
    int64_t skip = skip_of(&p->groups);
    name_entries(p, choice);
    p->figure.x_label = "agent steps";
    p->figure.y_label = choice->metric.label;
    say_smoothing(p, choice);
    say_lines(p);
    if (skip > 0)
        say(p, "An agent step is %lld console frame%s.", (long long)skip, skip > 1 ? "s" : "");
    for (size_t i = 0; i < choice->n_references; i++)
        if (!strstr(p->caption, choice->references[i]->protocol))
            say(p, "%s.", choice->references[i]->protocol);
    p->figure.caption = p->caption;
}

dq_status plot_figure_make(plot_figure *p, const plot_choice *choice, char *const *dirs, size_t n)
{
    *p = (plot_figure){.curves = NULL};
    DQ_TRY(run_groups_read(&p->groups, dirs, n));
    DQ_TRY(read_curves(p, choice));
    choose_end(p, choice);
    DQ_TRY(fill_panels(p, choice));
    write_texts(p, choice);
    return DQ_OK;
}

void plot_figure_free(plot_figure *p)
{
    for (size_t i = 0; p->curves && i < p->groups.n_runs; i++)
        dq_run_curve_free(&p->curves[i]);
    for (size_t i = 0; p->panels && i < p->figure.n_panels; i++) {
        for (size_t k = 0; k < p->panels[i].n; k++)
            free(p->panels[i].curves[k].points);
        free(p->panels[i].curves);
    }
    free(p->curves);
    free(p->panels);
    free(p->entries);
    run_groups_free(&p->groups);
}
