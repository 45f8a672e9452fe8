/** A window that shows an environment's picture as a television would: 4 wide to 3 high, sharp
 *  pixels. */
#ifndef DEEPQ_APP_WINDOW_H
#define DEEPQ_APP_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "deepq/env.h"
#include "deepq/status.h"

typedef struct window window;

/** DQ_ERR_UNSUPPORTED when there is no display, or no SDL2 in this build. */
DQ_NODISCARD dq_status window_create(window **out, const char *title);
void window_destroy(window *w);

/** @param rows those that are 3 high for 4 wide, 1 to image->height; others are below them */
DQ_NODISCARD dq_status window_show(window *w, const dq_image *image, int rows);
/** Play sound after that which was played before: float [n], one channel, -1 to 1, @param hz of
 * them a second. Where nothing can play sound, nothing happens. */
void window_play(window *w, const float *samples, size_t n, int hz);
/** Whether the user has closed it, or pressed q or Escape. */
bool window_closed(window *w);

#endif
