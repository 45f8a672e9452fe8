/** What the parts of a drawing share: where they are, and how lines and texts look. */
#ifndef DEEPQ_APP_FIGURE_PAINTER_H
#define DEEPQ_APP_FIGURE_PAINTER_H

#include <cairo.h>

#include "app/figure.h"

/** Sizes of texts, in pixels. */
#define FIGURE_TITLE_SIZE 16.0
#define FIGURE_TEXT_SIZE 12.5
#define FIGURE_TICK_SIZE 11.5
#define FIGURE_CAPTION_SIZE 10.0

typedef struct figure_box {
    double x, y, width, height;  // pixels; (x, y) is the upper left corner
} figure_box;

typedef enum figure_align { FIGURE_LEFT, FIGURE_CENTRE, FIGURE_RIGHT } figure_align;

/** Choose the size and the weight of the texts that follow. */
void figure_font(cairo_t *cr, double size, bool is_bold);
double figure_text_width(cairo_t *cr, const char *text);
/** Draw a text on the line y; x is its left end, centre or right end. */
void figure_text(cairo_t *cr, double x, double y, figure_align align, const char *text);
/** Grey, 0 is black and 1 white. */
void figure_grey(cairo_t *cr, double level);
/** The colour of a legend's entry. @param alpha 1: opaque */
void figure_colour(cairo_t *cr, const figure_entry *entry, double alpha);
/** The width, colour and dashes of an entry's line. */
void figure_line(cairo_t *cr, const figure_entry *entry);
/** A point with its interval. */
void figure_mark(cairo_t *cr, double x, double y, double low, double high);

/** The room that a panel's y axis needs for its numbers. */
double figure_panel_labels(cairo_t *cr, const figure *f, const figure_panel *panel, double height);
/** Draw a panel's axes and curves. @param plot the rectangle within the axes */
void figure_panel_draw(cairo_t *cr, const figure *f, const figure_panel *panel, figure_box plot);

#endif
