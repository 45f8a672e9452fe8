#include "py_paint.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "words of pixels are written as they are");

/** A colour as the low 24 bits of a number. */
static uint32_t colour(const uint8_t *palette, uint8_t index)
{
    const uint8_t *p = palette + 3 * (size_t)index;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

void dq_py_paint_rgb(uint8_t *out, const uint8_t *indices, size_t n, const uint8_t *palette)
{
    uint32_t colours[256];
    for (int i = 0; i < 256; i++)
        colours[i] = colour(palette, (uint8_t)i);
    for (size_t i = 0; i < n; i += 4, out += 12) {  // four pixels are three words, little-endian
        uint32_t a = colours[indices[i]], b = colours[indices[i + 1]];
        uint32_t c = colours[indices[i + 2]], d = colours[indices[i + 3]];
        uint32_t words[3] = {a | b << 24, b >> 8 | c << 16, c >> 16 | d << 8};
        memcpy(out, words, sizeof(words));
    }
}

void dq_py_paint_grey(uint8_t *out, const uint8_t *indices, size_t n, const uint8_t *grey)
{
    for (size_t i = 0; i < n; i++)
        out[i] = grey[indices[i]];
}
