#include "app/figure_cairo.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/figure_painter.h"
#include "base/error.h"

enum { CAPTION_BYTES = 1024 };

static const double edge = 14;                            // pixels around everything
static const double legend_row = 20, legend_line = 28;    // a row's height; a line's length
static const double caption_row = 14;                     // its height
static const double panel_title = 22, panel_ticks = 22;   // above a plot, and under it
static const double axis_name = 20, between_panels = 18;  // of a label's text
static const double plot_least = 60;                      // width and height of a plot

/* ---------------------------------------------------------------- title, legend, caption */

/** Whether some curve of an entry has a band. */
static bool has_band(const figure *f, size_t entry)
{
    for (size_t i = 0; i < f->n_panels; i++)
        for (size_t k = 0; k < f->panels[i].n; k++) {
            const figure_curve *c = &f->panels[i].curves[k];
            for (size_t j = 0; c->entry == entry && j < c->n; j++)
                if (!isnan(c->points[j].low))
                    return true;
        }
    return false;
}

static void draw_swatch(cairo_t *cr, const figure *f, size_t i, double x, double y)
{
    const figure_entry *entry = &f->entries[i];
    if (entry->kind != FIGURE_MARK && has_band(f, i)) {
        figure_colour(cr, entry, 0.18);
        cairo_rectangle(cr, x, y - 5, legend_line, 10);
        cairo_fill(cr);
    }
    figure_line(cr, entry);
    if (entry->kind == FIGURE_MARK) {
        figure_mark(cr, x + legend_line / 2, y, y - 7, y + 7);
        return;
    }
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, x + legend_line, y);
    cairo_stroke(cr);
}

/** Entries from left to right, in as many rows as they need. @return the height */
static double draw_legend(cairo_t *cr, const figure *f, double top)
{
    double x = edge, y = top;
    for (size_t i = 0; i < f->n_entries; i++) {
        figure_font(cr, FIGURE_TEXT_SIZE, false);
        double width = legend_line + 6 + figure_text_width(cr, f->entries[i].text);
        if (x > edge && x + width > f->width - edge) {
            x = edge;
            y += legend_row;
        }
        draw_swatch(cr, f, i, x, y + 9);
        cairo_set_dash(cr, NULL, 0, 0);
        figure_grey(cr, 0.1);
        figure_text(cr, x + legend_line + 6, y + 13.5, FIGURE_LEFT, f->entries[i].text);
        x += width + 20;
    }
    return y + legend_row + 4 - top;
}

/** Cut a text into lines that fit, in place: blanks become ends. @return the number of lines */
static size_t wrap(cairo_t *cr, char *text, double width)
{
    size_t n = 1;
    for (char *line = text, *blank = NULL, *p = text;; p++) {
        if (*p != ' ' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        if (blank && figure_text_width(cr, line) > width) {
            *blank = '\0';
            line = blank + 1;
            n++;
        }
        *p = end;
        blank = p;
        if (end == '\0')
            return n;
    }
}

/** At the lower edge. @return the height */
static double draw_caption(cairo_t *cr, const figure *f)
{
    char text[CAPTION_BYTES], *line = text;
    snprintf(text, sizeof(text), "%s", f->caption);
    figure_font(cr, FIGURE_CAPTION_SIZE, false);
    figure_grey(cr, 0.35);
    size_t n = wrap(cr, text, f->width - 2 * edge);
    double height = (double)n * caption_row;
    for (size_t i = 0; i < n; i++, line += strlen(line) + 1)
        figure_text(cr, edge, f->height - edge - height + (double)(i + 1) * caption_row - 3,
                    FIGURE_LEFT, line);
    return height + 6;
}

/* ---------------------------------------------------------------- panels */

static size_t n_columns(size_t n_panels)
{
    return n_panels <= 3 ? n_panels : (size_t)ceil(sqrt((double)n_panels));
}

/** The names of a panel's axes, of y beside the first of a row, of x under the last of a column. */
static void draw_names(cairo_t *cr, const figure *f, size_t i, double left, figure_box plot)
{
    size_t columns = n_columns(f->n_panels);
    figure_font(cr, FIGURE_TEXT_SIZE, true);
    figure_grey(cr, 0.1);
    figure_text(cr, plot.x, plot.y - 7, FIGURE_LEFT, f->panels[i].title);
    figure_font(cr, FIGURE_TEXT_SIZE, false);
    if (i + columns >= f->n_panels)
        figure_text(cr, plot.x + plot.width / 2, plot.y + plot.height + panel_ticks + 13,
                    FIGURE_CENTRE, f->x_label);
    if (i % columns != 0)
        return;
    double length = figure_text_width(cr, f->y_label), room = plot.height + panel_title;
    if (length > room)
        figure_font(cr, FIGURE_TEXT_SIZE * room / length, false);
    cairo_save(cr);
    cairo_translate(cr, left + 11, plot.y + plot.height / 2);
    cairo_rotate(cr, -acos(-1) / 2);
    figure_text(cr, 0, 0, FIGURE_CENTRE, f->y_label);
    cairo_restore(cr);
}

static dq_status draw_panels(cairo_t *cr, const figure *f, figure_box area)
{
    size_t columns = n_columns(f->n_panels), rows = (f->n_panels + columns - 1) / columns;
    double height = (area.height - axis_name) / (double)rows - panel_title - panel_ticks;
    double labels = 0;
    for (size_t i = 0; i < f->n_panels && height >= plot_least; i++)
        labels = fmax(labels, figure_panel_labels(cr, f, &f->panels[i], height));
    double cell = (area.width - axis_name) / (double)columns;
    double width = cell - labels - between_panels;
    if (height < plot_least || width < plot_least)
        return dq_fail(DQ_ERR_CONFIG,
                       "--size %dx%d: too small for %zu panel%s and what is said of them: choose a "
                       "larger one",
                       f->width, f->height, f->n_panels, f->n_panels > 1 ? "s" : "");
    for (size_t i = 0; i < f->n_panels; i++) {
        size_t row = i / columns, column = i % columns;
        double x = area.x + axis_name + (double)column * cell + labels;
        double y = area.y + (double)row * (height + panel_title + panel_ticks);
        const figure_box plot = {x, y + panel_title, width, height};
        figure_panel_draw(cr, f, &f->panels[i], plot);
        draw_names(cr, f, i, area.x, plot);
    }
    return DQ_OK;
}

static dq_status draw_all(cairo_t *cr, const figure *f)
{
    double top = edge;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    if (f->title) {
        figure_font(cr, FIGURE_TITLE_SIZE, true);
        figure_grey(cr, 0.1);
        figure_text(cr, edge, top + 14, FIGURE_LEFT, f->title);
        top += 28;
    }
    top += draw_legend(cr, f, top);
    double bottom = f->height - edge - draw_caption(cr, f);
    return draw_panels(cr, f, (figure_box){edge, top, f->width - 2 * edge, bottom - top});
}

/* ---------------------------------------------------------------- files */

/** The writer remembers a failure; cairo only is to stop. */
static cairo_status_t take_bytes(void *w, const unsigned char *bytes, unsigned n)
{
    return dq_write(w, bytes, n) == DQ_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static dq_status status_of(cairo_status_t status)
{
    switch (status) {
    case CAIRO_STATUS_SUCCESS:
    case CAIRO_STATUS_WRITE_ERROR:
        return DQ_OK;
    case CAIRO_STATUS_INVALID_STRING:
        return dq_fail(DQ_ERR_CONFIG, "a text of the picture is no UTF-8: give another --title");
    case CAIRO_STATUS_INVALID_SIZE:
        return dq_fail(DQ_ERR_CONFIG, "a picture cannot be as large as that: choose a smaller one");
    default:
        return dq_fail(DQ_ERR_NOMEM, "cairo cannot draw: %s", cairo_status_to_string(status));
    }
}

static cairo_surface_t *surface_of(const figure *f, figure_format format, dq_writer *w)
{
    cairo_surface_t *svg;
    switch (format) {
    case FIGURE_SVG:
        svg = cairo_svg_surface_create_for_stream(take_bytes, w, f->width, f->height);
        cairo_svg_surface_set_document_unit(svg, CAIRO_SVG_UNIT_PX);
        return svg;
    case FIGURE_PDF:
        return cairo_pdf_surface_create_for_stream(take_bytes, w, f->width, f->height);
    default:
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, f->width, f->height);
    }
}

/** One panel is 800 x 500; several are as large as they need. */
static void choose_size(figure *f)
{
    size_t columns = n_columns(f->n_panels), rows = (f->n_panels + columns - 1) / columns;
    if (f->width > 0)
        return;
    f->width = columns == 1 ? 800 : (int)(60 + 340 * columns);
    f->height = columns == 1 ? 500 : (int)(130 + 240 * rows);
}

/** Whether each curve has a colour of its own. */
static dq_status check_colours(const figure *f)
{
    for (size_t i = 0; i < f->n_entries; i++)
        if (f->entries[i].kind != FIGURE_LEVEL && f->entries[i].colour >= FIGURE_COLOURS)
            return dq_fail(DQ_ERR_CONFIG,
                           "a picture has colours for %d curves: plot fewer kinds of runs, or "
                           "write the numbers with --csv FILE",
                           FIGURE_COLOURS);
    return DQ_OK;
}

dq_status figure_draw(const figure *given, figure_format format, dq_writer *w)
{
    figure f = *given;
    DQ_TRY(check_colours(&f));
    choose_size(&f);
    cairo_surface_t *surface = surface_of(&f, format, w);
    cairo_t *cr = cairo_create(surface);
    dq_status st = draw_all(cr, &f);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    if (status == CAIRO_STATUS_SUCCESS && st == DQ_OK && format == FIGURE_PNG)
        status = cairo_surface_write_to_png_stream(surface, take_bytes, w);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    cairo_debug_reset_static_data();  // fonts that it and
    FcFini();                         // fontconfig keep: no object of theirs is left
    return st == DQ_OK ? status_of(status) : st;
}
