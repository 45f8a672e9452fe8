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
/** Whether the user has closed it, or pressed q or Escape. Looks at what was done since the last
 *  call, also for the functions below. */
bool window_closed(window *w);
/** Whether p has been pressed, and not once more. */
bool window_paused(const window *w);
/** Whether r has been pressed since the last call of this. */
bool window_asks_again(window *w);

/** A joystick on the keyboard: arrows or W A S D, and space. */
typedef struct window_keys {
    bool up, down, left, right, fire;
} window_keys;

/** The keys that are held, or were pressed since the last call of this. */
window_keys window_held(window *w);

#endif
