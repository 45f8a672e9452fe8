/** A figure: panels with curves on common axes, as a picture or as numbers. */
#ifndef DEEPQ_APP_FIGURE_H
#define DEEPQ_APP_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

#include "deepq/status.h"

/** As many curves as colours that people tell apart, the colour-blind included. */
enum { FIGURE_COLOURS = 8 };

typedef enum figure_kind {
    FIGURE_CURVE,   // of runs
    FIGURE_DASHED,  // published curves: a dashed line
    FIGURE_MARK,    // one point with its interval
    FIGURE_LEVEL    // a level line across the panel
} figure_kind;

typedef struct figure_point {
    double x, y;       // y NAN: no value here, the line is broken
    double low, high;  // the band around it; NAN: there is none
    size_t n_runs;     // that it is from; fewer than the curve has: the line is dotted
} figure_point;

typedef struct figure_curve {
    size_t entry;  // of the legend
    figure_point *points;
    size_t n;
    size_t n_runs;
} figure_curve;

typedef struct figure_panel {
    const char *title;
    figure_curve *curves;  // [n]
    size_t n;
} figure_panel;

/** What a line means: all panels have one legend. */
typedef struct figure_entry {
    char text[256];  // UTF-8
    figure_kind kind;
    size_t colour;  // 0 .. FIGURE_COLOURS-1; of a level it does not matter
} figure_entry;

/** All texts are UTF-8, and the owner's as all arrays are. */
typedef struct figure {
    const char *title;  // NULL: none
    const char *x_label, *y_label;
    const char *caption;  // what the lines are made of
    double x_end;         // the axis goes from 0 to here
    const figure_panel *panels;
    size_t n_panels;
    const figure_entry *entries;
    size_t n_entries;
    int width, height;  // of a picture: pixels; points of 1/72 inch in a PDF; 0: as the panels need
} figure;

typedef enum figure_format { FIGURE_PNG, FIGURE_SVG, FIGURE_PDF, FIGURE_CSV } figure_format;

/** @return DQ_ERR_UNSUPPORTED for a picture in a build without cairo */
DQ_NODISCARD dq_status figure_check(figure_format format);

/** Write a figure to a file, which is complete or not made.
 *  @param format that figure_check() is content with
 *  @return DQ_ERR_CONFIG for a picture that is too small for its panels or has more curves than
 *          there are colours, or a text that is no UTF-8; DQ_ERR_IO, DQ_ERR_NOMEM */
DQ_NODISCARD dq_status figure_write(const figure *f, figure_format format, const char *path);

#endif
