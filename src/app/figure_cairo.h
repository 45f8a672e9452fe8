/** Pictures of figures, drawn with cairo; only in a build that has it. */
#ifndef DEEPQ_APP_FIGURE_CAIRO_H
#define DEEPQ_APP_FIGURE_CAIRO_H

#include "app/figure.h"
#include "deepq/stream.h"

/** Draw a figure and give the picture's bytes to `w`.
 *  @param format not FIGURE_CSV
 *  @return DQ_ERR_CONFIG for a size that is too small or a text that is no UTF-8; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status figure_draw(const figure *f, figure_format format, dq_writer *w);

#endif
