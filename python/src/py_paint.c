/* Most rows of a game's picture are as the one above: those are copied. */
#include "py_paint.h"

#include <stdbool.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "words of pixels are written as they are");

enum { WIDTH = 160, RGB = 3 * WIDTH };

/** A colour as the low 24 bits of a number. */
static uint32_t colour(const uint8_t *palette, size_t index)
{
    const uint8_t *p = palette + 3 * index;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static void put(uint8_t *out, uint32_t word)
{
    memcpy(out, &word, sizeof(word));
}

/** Four pixels are three words. */
static void paint_row(uint8_t *out, const uint8_t *indices, const uint32_t *colours)
{
    for (size_t x = 0; x < WIDTH; x += 4, out += 12) {
        uint32_t a = colours[indices[x]], b = colours[indices[x + 1]];
        uint32_t c = colours[indices[x + 2]], d = colours[indices[x + 3]];
        put(out, a | b << 24);
        put(out + 4, b >> 8 | c << 16);
        put(out + 8, c >> 16 | d << 8);
    }
}

static bool is_as_above(const uint8_t *row, size_t y)
{
    return y > 0 && memcmp(row, row - WIDTH, WIDTH) == 0;
}

void dq_py_paint_rgb(uint8_t *out, const uint8_t *indices, size_t rows, const uint8_t *palette)
{
    uint32_t colours[256];
    for (size_t i = 0; i < 256; i++)
        colours[i] = colour(palette, i);
    for (size_t y = 0; y < rows; y++, out += RGB, indices += WIDTH)
        if (is_as_above(indices, y))
            memcpy(out, out - RGB, RGB);
        else
            paint_row(out, indices, colours);
}

void dq_py_paint_grey(uint8_t *out, const uint8_t *indices, size_t rows, const uint8_t *grey)
{
    for (size_t y = 0; y < rows; y++, out += WIDTH, indices += WIDTH)
        if (is_as_above(indices, y))
            memcpy(out, out - WIDTH, WIDTH);
        else
            for (size_t x = 0; x < WIDTH; x++)
                out[x] = grey[indices[x]];
}
