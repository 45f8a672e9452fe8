/* deepq plot: learning curves of runs as a picture or as numbers. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/figure.h"
#include "app/options.h"
#include "app/plot_figure.h"
#include "base/error.h"

enum { LEAST_PIXELS = 150, MOST_PIXELS = 16000, OUTPUTS_MAX = 2 * OPTION_LIST_MAX };

/** A file to write. */
typedef struct output {
    const char *path;
    figure_format format;
} output;

/** What was asked for. */
typedef struct asked {
    const char *metric, *size, *title;
    option_list out, csv, references;
    int64_t smooth, window, until;  // 0: not chosen
    output outputs[OUTPUTS_MAX];
    size_t n_outputs;
    int width, height;
} asked;

/* ---------------------------------------------------------------- options */

static dq_status add_output(asked *a, const char *path)
{
    static const struct {
        const char *suffix;
        figure_format format;
    } formats[] = {
        {".png", FIGURE_PNG}, {".svg", FIGURE_SVG}, {".pdf", FIGURE_PDF}, {".csv", FIGURE_CSV}};
    size_t n = strlen(path);
    for (size_t i = 0; i < DQ_COUNT(formats); i++)
        if (n > 4 && strcmp(path + n - 4, formats[i].suffix) == 0) {
            a->outputs[a->n_outputs++] = (output){path, formats[i].format};
            return DQ_OK;
        }
    return dq_fail(DQ_ERR_CONFIG, "--out %s: choose a name that ends with .png, .svg, .pdf or .csv",
                   path);
}

static dq_status take_outputs(asked *a)
{
    for (size_t i = 0; i < a->out.n; i++)
        DQ_TRY(add_output(a, a->out.values[i]));
    for (size_t i = 0; i < a->csv.n; i++)
        a->outputs[a->n_outputs++] = (output){a->csv.values[i], FIGURE_CSV};
    if (a->n_outputs == 0)
        return dq_fail(DQ_ERR_CONFIG, "plot: no file to write: name one with --out FILE");
    for (size_t i = 0; i < a->n_outputs; i++)
        DQ_TRY(figure_check(a->outputs[i].format));
    return DQ_OK;
}

static dq_status take_size(asked *a)
{
    char end;
    if (!a->size)
        return DQ_OK;
    if (sscanf(a->size, "%5dx%5d%c", &a->width, &a->height, &end) != 2 || a->width < LEAST_PIXELS ||
        a->height < LEAST_PIXELS || a->width > MOST_PIXELS || a->height > MOST_PIXELS)
        return dq_fail(DQ_ERR_CONFIG,
                       "--size '%s': choose WIDTHxHEIGHT, each from %d to %d pixels, as in 800x500",
                       a->size, LEAST_PIXELS, MOST_PIXELS);
    return DQ_OK;
}

static dq_status take_smoothing(const asked *a, plot_choice *choice)
{
    bool is_evaluation = strcmp(a->metric, DQ_METRIC_EVALUATION) == 0;
    if (a->smooth > 0 && a->window > 0)
        return dq_fail(DQ_ERR_CONFIG, "--smooth and --window exclude each other: choose one");
    if (is_evaluation && (a->smooth > 0 || a->window > 0))
        return dq_fail(DQ_ERR_CONFIG, "--%s: evaluations are not smoothed: leave it out",
                       a->smooth > 0 ? "smooth" : "window");
    choice->smoothing = (dq_smoothing){.n_steps = a->window};
    if (a->window == 0)
        choice->smoothing.n_games = a->smooth > 0 ? a->smooth : choice->metric.n_games;
    return DQ_OK;
}

static dq_status take_reference(const char *name, plot_choice *choice)
{
    const published_agent *agent;
    DQ_TRY(published_agent_named(&agent, name));
    for (size_t i = 0; i < choice->n_references; i++)
        if (choice->references[i] == agent)
            return dq_fail(DQ_ERR_CONFIG, "--reference %s is given twice", name);
    choice->references[choice->n_references++] = agent;
    return DQ_OK;
}

static dq_status take_choice(const asked *a, plot_choice *choice)
{
    choice->metric = plot_metric_of(a->metric);
    choice->until = a->until;
    if (a->references.n > 0 && !choice->metric.is_score)
        return dq_fail(DQ_ERR_CONFIG,
                       "--reference: published are rewards, and not '%s': leave one of the two out",
                       a->metric);
    for (size_t i = 0; i < a->references.n; i++)
        DQ_TRY(take_reference(a->references.values[i], choice));
    return take_smoothing(a, choice);
}

/* ---------------------------------------------------------------- plotting */

static dq_status write_all(const asked *a, plot_figure *p)
{
    p->figure.title = a->title;
    p->figure.width = a->width;
    p->figure.height = a->height;
    for (size_t i = 0; i < a->n_outputs; i++)
        DQ_TRY(figure_write(&p->figure, a->outputs[i].format, a->outputs[i].path));
    return DQ_OK;
}

static int plot(asked *a, char *const *dirs, size_t n)
{
    plot_choice choice = {.n_references = 0};
    plot_figure p;
    dq_status st = take_outputs(a);
    if (st == DQ_OK)
        st = take_size(a);
    if (st == DQ_OK)
        st = take_choice(a, &choice);
    if (st != DQ_OK)
        return app_report(st);
    st = plot_figure_make(&p, &choice, dirs, n);
    if (st == DQ_OK)
        st = write_all(a, &p);
    if (st == DQ_OK)
        run_groups_tell_twins(&p.groups);
    plot_figure_free(&p);
    return app_report(st);
}

int cmd_plot(int argc, char **argv)
{
    asked a = {.metric = "reward"};
    const option options[] = {
        {"out", 'o', OPTION_LIST, &a.out, "FILE",
         "write a picture, FILE.png, .svg or .pdf, or FILE.csv; may be given again", 0, 0},
        {"csv", 0, OPTION_LIST, &a.csv, "FILE", "write the numbers, whatever FILE is called", 0, 0},
        {"metric", 'm', OPTION_TEXT, &a.metric, "NAME",
         "a key of log.jsonl (loss, speed, max_q, ...) or evaluation (reward)", 0, 0},
        {"reference", 'r', OPTION_LIST, &a.references, "NAME",
         "beside them a published curve, dopamine-dqn; may be given again", 0, 0},
        {"smooth", 's', OPTION_INT, &a.smooth, "N",
         "mean of the last N games; 1: each game (100, or 1)", 1, 1e9},
        {"window", 'w', OPTION_INT, &a.window, "STEPS",
         "instead: mean of the games within the last STEPS agent steps", 1, 1e15},
        {"until", 'u', OPTION_INT, &a.until, "STEPS", "where the x axis ends (at the last game)", 1,
         1e15},
        {"size", 0, OPTION_TEXT, &a.size, "WxH", "pixels (800x500; larger for several games)", 0,
         0},
        {"title", 't', OPTION_TEXT, &a.title, "TEXT", "above everything", 0, 0},
    };
    const option_syntax syntax = {
        .command = "plot",
        .operands = "RUN...",
        .min_operands = 1,
        .max_operands = INT_MAX,
        .about =
            "Draw learning curves of runs. Runs of one game with the same settings but the seed\n"
            "are one curve: the median, and a band from the lower to the upper quartile. The\n"
            "legend says what differs between the others; each game has a panel of its own.\n"
            "References: dopamine-dqn, dopamine-dqn-nature, dopamine-c51, dopamine-qr,\n"
            "dopamine-iqn, dopamine-rainbow (up to 20 million frames), drq-eps, spr (after "
            "100,000\n"
            "steps), human, random.",
        .examples = "  deepq plot runs/* -o curves.png\n"
                    "  deepq plot runs/breakout-s* -o curves.svg --csv curves.csv -r dopamine-c51\n"
                    "  deepq plot runs/try --metric evaluation -o evaluations.png\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    return plot(&a, argv, (size_t)n);
}
