/* The axes and the curves of a panel. */
#include <math.h>

#include "app/axis.h"
#include "app/figure_painter.h"

static const double x_tick_room = 58, y_tick_room = 42;  // pixels from tick to tick, at least
static const double margin = 0.05;                       // of the values above and below them
static const double band_alpha = 0.18;

/** A panel's scales, and where they are. */
typedef struct scales {
    axis x, y;
    figure_box plot;
} scales;

/* ---------------------------------------------------------------- scales */

static int max_ticks(double length, double room)
{
    int n = (int)(length / room) + 1;
    return n < 2 ? 2 : n;
}

static void widen(double value, double *low, double *high)
{
    if (isnan(value))
        return;
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

static axis y_axis_of(const figure *f, const figure_panel *panel, double height)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t k = 0; k < panel->n; k++)
        for (size_t i = 0; i < panel->curves[k].n; i++) {
            const figure_point *p = &panel->curves[k].points[i];
            if (p->x > f->x_end)
                continue;
            widen(p->y, &low, &high);
            widen(p->low, &low, &high);
            widen(p->high, &low, &high);
        }
    if (low > high)  // no value up to the end of the axis
        low = high = 0;
    double apart = margin * (high - low);
    return axis_of(low - apart, high + apart, max_ticks(height, y_tick_room));
}

static double x_at(const scales *s, double x)
{
    return s->plot.x + (x - s->x.low) / (s->x.high - s->x.low) * s->plot.width;
}

static double y_at(const scales *s, double y)
{
    return s->plot.y + (s->y.high - y) / (s->y.high - s->y.low) * s->plot.height;
}

/* ---------------------------------------------------------------- axes */

static double widest_label(cairo_t *cr, const axis *a)
{
    char text[AXIS_LABEL_BYTES];
    double widest = 0;
    for (int i = 0; i < a->n_ticks; i++) {
        axis_label(a, i, text);
        widest = fmax(widest, figure_text_width(cr, text));
    }
    return widest;
}

double figure_panel_labels(cairo_t *cr, const figure *f, const figure_panel *panel, double height)
{
    const axis a = y_axis_of(f, panel, height);
    figure_font(cr, FIGURE_TICK_SIZE, false);
    return widest_label(cr, &a) + 8;
}

static void line(cairo_t *cr, double x1, double y1, double x2, double y2)
{
    cairo_move_to(cr, x1, y1);
    cairo_line_to(cr, x2, y2);
    cairo_stroke(cr);
}

/** Lines of one pixel are sharp in the middle of one. */
static double sharp(double at)
{
    return floor(at) + 0.5;
}

static void draw_grid(cairo_t *cr, const scales *s)
{
    cairo_set_line_width(cr, 1);
    figure_grey(cr, 0.9);
    for (int i = 0; i < s->x.n_ticks; i++) {
        double x = sharp(x_at(s, axis_tick(&s->x, i)));
        line(cr, x, s->plot.y, x, s->plot.y + s->plot.height);
    }
    for (int i = 0; i < s->y.n_ticks; i++) {
        double y = sharp(y_at(s, axis_tick(&s->y, i)));
        line(cr, s->plot.x, y, s->plot.x + s->plot.width, y);
    }
}

static void draw_axes(cairo_t *cr, const scales *s)
{
    char text[AXIS_LABEL_BYTES];
    const figure_box *p = &s->plot;
    double left = sharp(p->x), bottom = sharp(p->y + p->height);
    figure_grey(cr, 0.35);
    cairo_set_line_width(cr, 1);
    line(cr, left, p->y, left, bottom);
    line(cr, left, bottom, p->x + p->width, bottom);
    figure_grey(cr, 0.2);
    figure_font(cr, FIGURE_TICK_SIZE, false);
    for (int i = 0; i < s->x.n_ticks; i++) {
        axis_label(&s->x, i, text);
        figure_text(cr, x_at(s, axis_tick(&s->x, i)), bottom + 15, FIGURE_CENTRE, text);
    }
    for (int i = 0; i < s->y.n_ticks; i++) {
        axis_label(&s->y, i, text);
        figure_text(cr, left - 6, y_at(s, axis_tick(&s->y, i)) + 4, FIGURE_RIGHT, text);
    }
}

/* ---------------------------------------------------------------- curves */

static bool has_band(const figure_point *p)
{
    return !isnan(p->y) && !isnan(p->low) && !isnan(p->high);
}

/** The band over points first .. end-1, which all have one. */
static void fill_band(cairo_t *cr, const scales *s, const figure_curve *c, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        cairo_line_to(cr, x_at(s, c->points[i].x), y_at(s, c->points[i].high));
    for (size_t i = end; i-- > first;)
        cairo_line_to(cr, x_at(s, c->points[i].x), y_at(s, c->points[i].low));
    cairo_close_path(cr);
    cairo_fill(cr);
}

static void draw_band(cairo_t *cr, const scales *s, const figure_curve *c)
{
    for (size_t first = 0, end; first < c->n; first = end) {
        bool has_one = has_band(&c->points[first]);
        for (end = first + 1; end < c->n && has_band(&c->points[end]) == has_one;)
            end++;
        if (has_one && end - first > 1)
            fill_band(cr, s, c, first, end);
    }
}

/** The stretches of one kind: of all runs, or of some. */
static void draw_line(cairo_t *cr, const scales *s, const figure_curve *c, bool whole)
{
    static const double dots[] = {1.2, 3.6};
    bool goes_on = false;
    if (!whole)
        cairo_set_dash(cr, dots, 2, 0);
    for (size_t i = 1; i < c->n; i++) {
        const figure_point *from = &c->points[i - 1], *to = &c->points[i];
        if (isnan(from->y) || isnan(to->y) || (to->n_runs >= c->n_runs) != whole) {
            goes_on = false;
            continue;
        }
        if (!goes_on)
            cairo_move_to(cr, x_at(s, from->x), y_at(s, from->y));
        cairo_line_to(cr, x_at(s, to->x), y_at(s, to->y));
        goes_on = true;
    }
    cairo_stroke(cr);
}

static void draw_level(cairo_t *cr, const scales *s, const figure_curve *c,
                       const figure_entry *entry)
{
    double y = y_at(s, c->points[0].y);
    figure_line(cr, entry);
    line(cr, s->plot.x, y, s->plot.x + s->plot.width, y);
}

static void draw_curve(cairo_t *cr, const scales *s, const figure_curve *c,
                       const figure_entry *entry)
{
    if (c->n == 1 || entry->kind == FIGURE_MARK) {
        const figure_point *p = &c->points[0];
        figure_line(cr, entry);
        figure_mark(cr, x_at(s, p->x), y_at(s, p->y), y_at(s, isnan(p->low) ? p->y : p->low),
                    y_at(s, isnan(p->high) ? p->y : p->high));
        return;
    }
    figure_line(cr, entry);
    draw_line(cr, s, c, true);
    draw_line(cr, s, c, false);
}

void figure_panel_draw(cairo_t *cr, const figure *f, const figure_panel *panel, figure_box plot)
{
    const scales s = {.x = axis_of(0, f->x_end, max_ticks(plot.width, x_tick_room)),
                      .y = y_axis_of(f, panel, plot.height),
                      .plot = plot};
    draw_grid(cr, &s);
    cairo_save(cr);
    cairo_rectangle(cr, plot.x, plot.y, plot.width + 4, plot.height);
    cairo_clip(cr);
    for (size_t k = 0; k < panel->n; k++)
        if (f->entries[panel->curves[k].entry].kind == FIGURE_LEVEL)
            draw_level(cr, &s, &panel->curves[k], &f->entries[panel->curves[k].entry]);
    for (size_t k = 0; k < panel->n; k++) {
        figure_colour(cr, &f->entries[panel->curves[k].entry], band_alpha);
        draw_band(cr, &s, &panel->curves[k]);
    }
    for (size_t k = 0; k < panel->n; k++)
        if (f->entries[panel->curves[k].entry].kind != FIGURE_LEVEL)
            draw_curve(cr, &s, &panel->curves[k], &f->entries[panel->curves[k].entry]);
    cairo_restore(cr);
    draw_axes(cr, &s);
}
