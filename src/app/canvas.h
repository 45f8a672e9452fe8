/** A picture that is drawn on: rectangles and small letters. What lies beyond its edges is left
 *  out. */
#ifndef DEEPQ_APP_CANVAS_H
#define DEEPQ_APP_CANVAS_H

#include <stdint.h>

typedef struct colour {
    uint8_t rgb[3];
} colour;

typedef struct canvas {
    uint8_t *pixels;  // [height][width][3]
    int width, height;
} canvas;

enum { CANVAS_LETTER_ROWS = 5, CANVAS_ADVANCE = 4 };  // of a letter of scale 1, in pixels

/** From x0 to x1 and from y0 to y1, both included. */
void canvas_fill(const canvas *c, int x0, int y0, int x1, int y1, colour k);
/** Letters without regard to case, digits, and some signs; others are spaces.
 *  @param x, y the top left corner
 *  @param scale pixels of a dot's side, 1 or more */
void canvas_print(const canvas *c, int x, int y, int scale, colour k, const char *text);

#endif
