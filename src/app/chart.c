#include "app/chart.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/canvas.h"
#include "base/error.h"
#include "record/png_file.h"

enum { WIDTH = 800, HEIGHT = 480, LEFT = 80, RIGHT = 20, TOP = 40, BOTTOM = 60 };
enum { PLOT_WIDTH = WIDTH - LEFT - RIGHT, PLOT_HEIGHT = HEIGHT - TOP - BOTTOM };
enum { SCALE = 3, ADVANCE = CANVAS_ADVANCE * SCALE };
enum { N_TICKS = 5 };

static const colour ink = {{40, 40, 40}}, grid = {{225, 225, 225}}, band = {{175, 200, 235}},
                    line = {{25, 80, 170}}, mark = {{200, 40, 40}};

typedef struct chart {
    canvas picture;
    double x_max, y_min, y_max;
} chart;

dq_status chart_curve_add(chart_curve *c, double value)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 1024;
        float *values = realloc(c->values, cap * sizeof(*values));
        if (!values)
            return dq_fail(DQ_ERR_NOMEM, "no memory for a curve of %zu points", cap);
        c->values = values;
        c->cap = cap;
    }
    c->values[c->n++] = (float)value;
    return DQ_OK;
}

void chart_curve_free(chart_curve *c)
{
    free(c->values);
    *c = (chart_curve){0};
}

static void fill(chart *c, int x0, int y0, int x1, int y1, colour k)
{
    canvas_fill(&c->picture, x0, y0, x1, y1, k);
}

static void print(chart *c, int x, int y, colour k, const char *text)
{
    canvas_print(&c->picture, x, y, SCALE, k, text);
}

static int x_of(const chart *c, double x)
{
    return LEFT + (int)lround(x / c->x_max * PLOT_WIDTH);
}

static int y_of(const chart *c, double y)
{
    return TOP + (int)lround((c->y_max - y) / (c->y_max - c->y_min) * PLOT_HEIGHT);
}

/** A step between two ticks that reads well: 1, 2 or 5 times a power of ten. */
static double nice_step(double range)
{
    double raw = range / N_TICKS, power = pow(10, floor(log10(raw)));
    double part = raw / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void draw_axes(chart *c, const char *title, const char *x_label)
{
    char text[32];
    double step = nice_step(c->y_max - c->y_min);
    int first = (int)ceil(c->y_min / step), last = (int)floor(c->y_max / step + 0.01);
    for (int i = first; i <= last; i++) {
        double y = i * step;
        fill(c, LEFT, y_of(c, y), LEFT + PLOT_WIDTH, y_of(c, y), grid);
        snprintf(text, sizeof(text), "%g", y);
        print(c, LEFT - 8 - ADVANCE * (int)strlen(text), y_of(c, y) - 7, ink, text);
    }
    step = nice_step(c->x_max);
    for (int i = 0; i <= (int)floor(c->x_max / step + 0.01); i++) {
        double x = i * step;
        fill(c, x_of(c, x), TOP, x_of(c, x), TOP + PLOT_HEIGHT, grid);
        snprintf(text, sizeof(text), "%.6g", x);
        print(c, x_of(c, x) - ADVANCE * (int)strlen(text) / 2, HEIGHT - BOTTOM + 8, ink, text);
    }
    print(c, LEFT, 12, ink, title);
    print(c, LEFT + PLOT_WIDTH - ADVANCE * (int)strlen(x_label), HEIGHT - 24, ink, x_label);
    fill(c, LEFT, TOP, LEFT, TOP + PLOT_HEIGHT, ink);
    fill(c, LEFT, TOP + PLOT_HEIGHT, LEFT + PLOT_WIDTH, TOP + PLOT_HEIGHT, ink);
}

static dq_status open_chart(chart *c)
{
    size_t bytes = (size_t)WIDTH * HEIGHT * 3;
    c->picture = (canvas){malloc(bytes), WIDTH, HEIGHT};
    if (!c->picture.pixels)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a picture");
    memset(c->picture.pixels, 255, bytes);
    return DQ_OK;
}

static dq_status close_chart(chart *c, const char *path)
{
    dq_status st = dq_png_write(path, c->picture.pixels, WIDTH, HEIGHT, 3);
    free(c->picture.pixels);
    return st;
}

/** One column of the curve: all iterations that fall into it. */
static void draw_column(chart *c, const chart_curve *curve, int column, int *last_y)
{
    size_t first = curve->n * (size_t)column / PLOT_WIDTH;
    size_t end = curve->n * (size_t)(column + 1) / PLOT_WIDTH;
    if (end == first)
        end = first + 1;
    double low = INFINITY, high = -INFINITY, sum = 0;
    for (size_t i = first; i < end; i++) {
        double v = (double)curve->values[i];
        low = fmin(low, v);
        high = fmax(high, v);
        sum += v;
    }
    int x = LEFT + 1 + column, y = y_of(c, sum / (double)(end - first));
    fill(c, x, y_of(c, high), x, y_of(c, low), band);
    int from = *last_y < 0 ? y : *last_y;
    fill(c, x, from < y ? from : y, x, (from < y ? y : from) + 1, line);
    *last_y = y;
}

dq_status chart_write_curve(const char *path, const chart_curve *curve, double bound)
{
    chart c = {.x_max = curve->n ? (double)curve->n : 1, .y_min = fmin(0, bound), .y_max = bound};
    for (size_t i = 0; i < curve->n; i++) {
        c.y_min = fmin(c.y_min, (double)curve->values[i]);
        c.y_max = fmax(c.y_max, (double)curve->values[i]);
    }
    c.y_max += (c.y_max - c.y_min) * 0.05 + (c.y_max == c.y_min);
    DQ_TRY(open_chart(&c));
    draw_axes(&c, "reward of each test", "iterations");
    int last_y = -1;
    for (int column = 0; column < PLOT_WIDTH && curve->n > 0; column++)
        draw_column(&c, curve, column, &last_y);
    for (int x = LEFT; x < LEFT + PLOT_WIDTH; x += 8)
        fill(&c, x, y_of(&c, bound), x + 4, y_of(&c, bound), mark);
    return close_chart(&c, path);
}

dq_status chart_write_share(const char *path, const double *sorted, size_t n_solved, size_t n_runs)
{
    chart c = {.x_max = n_solved ? sorted[n_solved - 1] * 1.02 : 1, .y_min = 0, .y_max = 1};
    DQ_TRY(open_chart(&c));
    draw_axes(&c, "share of runs solved", "iterations");
    int last_x = x_of(&c, 0), last_y = y_of(&c, 0);
    for (size_t i = 0; i < n_solved; i++) {
        int x = x_of(&c, sorted[i]), y = y_of(&c, (double)(i + 1) / (double)n_runs);
        fill(&c, last_x, last_y - 1, x, last_y, line);
        fill(&c, x, y, x + 1, last_y, line);
        last_x = x;
        last_y = y;
    }
    return close_chart(&c, path);
}
