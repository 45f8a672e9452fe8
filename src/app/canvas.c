#include "app/canvas.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { GLYPH_WIDTH = 3, GLYPH_HEIGHT = CANVAS_LETTER_ROWS };

void canvas_fill(const canvas *c, int x0, int y0, int x1, int y1, colour k)
{
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++)
            if (x >= 0 && x < c->width && y >= 0 && y < c->height)
                memcpy(&c->pixels[3 * ((size_t)y * (size_t)c->width + (size_t)x)], k.rgb, 3);
}

/** Three columns by five rows, the top row first, the left column in the highest bit. */
static uint16_t glyph(char letter)
{
    static const uint16_t digits[] = {075557, 026227, 071747, 071717, 055711,
                                      074717, 074757, 071111, 075757, 075717};
    static const uint16_t letters[] = {025755, 065656, 034443, 065556, 074647, 074644, 034553,
                                       055755, 072227, 011153, 055655, 044447, 057755, 065555,
                                       025552, 065644, 025573, 065655, 034216, 072222, 055557,
                                       055552, 055775, 055255, 055222, 071247};
    int upper = toupper((unsigned char)letter);
    if (letter >= '0' && letter <= '9')
        return digits[letter - '0'];
    if (upper >= 'A' && upper <= 'Z')
        return letters[upper - 'A'];
    return letter == '.' ? 000002 : letter == '-' ? 000700 : letter == '+' ? 002720 : 0;
}

void canvas_print(const canvas *c, int x, int y, int scale, colour k, const char *text)
{
    for (; *text; text++, x += CANVAS_ADVANCE * scale)
        for (int bit = 0; bit < GLYPH_WIDTH * GLYPH_HEIGHT; bit++)
            if (glyph(*text) >> (GLYPH_WIDTH * GLYPH_HEIGHT - 1 - bit) & 1) {
                int left = x + bit % GLYPH_WIDTH * scale, top = y + bit / GLYPH_WIDTH * scale;
                canvas_fill(c, left, top, left + scale - 1, top + scale - 1, k);
            }
}
