#include "app/figure_painter.h"

/* Okabe and Ito 2008, "Color universal design", in an order in which the first ones are dark enough
 * for lines on white. */
static const unsigned colours[FIGURE_COLOURS] = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7,
                                                 0xE69F00, 0x56B4E9, 0x000000, 0xF0E442};

void figure_font(cairo_t *cr, double size, bool is_bold)
{
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
}

double figure_text_width(cairo_t *cr, const char *text)
{
    cairo_text_extents_t e;
    cairo_text_extents(cr, text, &e);
    return e.x_advance;
}

void figure_text(cairo_t *cr, double x, double y, figure_align align, const char *text)
{
    double width = align == FIGURE_LEFT ? 0 : figure_text_width(cr, text);
    cairo_move_to(cr, align == FIGURE_CENTRE ? x - width / 2 : x - width, y);
    cairo_show_text(cr, text);
    cairo_new_path(cr);
}

void figure_grey(cairo_t *cr, double level)
{
    cairo_set_source_rgb(cr, level, level, level);
}

void figure_colour(cairo_t *cr, const figure_entry *entry, double alpha)
{
    unsigned rgb = colours[entry->colour % FIGURE_COLOURS];
    cairo_set_source_rgba(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0,
                          alpha);
}

void figure_line(cairo_t *cr, const figure_entry *entry)
{
    static const double dashes[] = {7, 4}, level_dashes[] = {2, 3};
    figure_colour(cr, entry, 1);
    cairo_set_line_width(cr, 1.8);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_dash(cr, NULL, 0, 0);
    if (entry->kind == FIGURE_DASHED)
        cairo_set_dash(cr, dashes, 2, 0);
    if (entry->kind == FIGURE_LEVEL) {
        figure_grey(cr, entry->colour % 2 ? 0.6 : 0.35);
        cairo_set_line_width(cr, 1.2);
        cairo_set_dash(cr, level_dashes, 2, 0);
    }
}

void figure_mark(cairo_t *cr, double x, double y, double low, double high)
{
    const double cap = 4, radius = 4;
    if (low != high) {
        cairo_move_to(cr, x - cap, low);
        cairo_line_to(cr, x + cap, low);
        cairo_move_to(cr, x - cap, high);
        cairo_line_to(cr, x + cap, high);
        cairo_move_to(cr, x, low);
        cairo_line_to(cr, x, high);
        cairo_stroke(cr);
    }
    cairo_new_path(cr);
    cairo_arc(cr, x, y, radius, 0, 6.283185307179586);
    cairo_fill(cr);
}
