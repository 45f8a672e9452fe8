/** Pictures as text: the character ▀ in two colours shows two pixels, one above the other, which
 *  are nearly square in a terminal. Where there are no colours, a character stands for how bright
 *  both are. */
#ifndef DEEPQ_APP_HALF_BLOCKS_H
#define DEEPQ_APP_HALF_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"

/** How many colours a terminal shows. */
typedef enum terminal_colours {
    COLOURS_NONE = 0,
    COLOURS_16,
    COLOURS_256,  // xterm's
    COLOURS_24BIT
} terminal_colours;

enum { HALF_BLOCKS_CELL_BYTES = 42, HALF_BLOCKS_END_BYTES = 5 };

/** What the environment variables of these names say; each may be NULL.
 *  Source: no-color.org; github.com/termstandard/colors for COLORTERM. */
terminal_colours half_blocks_colours(const char *no_color, const char *colorterm, const char *term);

/** Make a picture smaller or larger: a pixel is the mean of what it covers of the picture, so that
 *  nothing vanishes.
 *  @param[out] rgb uint8 [height][width][3] */
void half_blocks_scale(const dq_image *image, int width, int height, uint8_t *rgb);

/** A row of cells as text, n wide, without the end of the line; afterwards colours are the
 *  terminal's own again.
 *  @param upper, lower uint8 [n][3], rows of pixels
 *  @param[out] text n * HALF_BLOCKS_CELL_BYTES + HALF_BLOCKS_END_BYTES; ends with a null byte
 *  @return bytes written without that */
size_t half_blocks_row(char *text, const uint8_t *upper, const uint8_t *lower, int n,
                       terminal_colours colours);

#endif
