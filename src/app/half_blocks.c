#include "app/half_blocks.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

terminal_colours half_blocks_colours(const char *no_color, const char *colorterm, const char *term)
{
    if ((no_color && *no_color) || !term || !*term || strcmp(term, "dumb") == 0)
        return COLOURS_NONE;
    if (colorterm && (strcmp(colorterm, "truecolor") == 0 || strcmp(colorterm, "24bit") == 0))
        return COLOURS_24BIT;
    return strstr(term, "256color") ? COLOURS_256 : COLOURS_16;
}

/* ---------------------------------------------------------------- scaling */

/** The part that a pixel of the result covers, in units of 1 / (size of the result) pixels of the
 *  picture: whole numbers, and the same for every machine. */
typedef struct span {
    int64_t begin, end;
} span;

static int64_t overlap(span s, int64_t pixel, int64_t size)
{
    int64_t begin = pixel * size, end = begin + size;
    if (begin < s.begin)
        begin = s.begin;
    if (end > s.end)
        end = s.end;
    return end - begin;
}

static void mean_of(const dq_image *image, span x, span y, int width, int height, uint8_t rgb[3])
{
    int64_t sum[3] = {0}, area = (x.end - x.begin) * (y.end - y.begin);
    for (int64_t r = y.begin / height; r * height < y.end; r++)
        for (int64_t c = x.begin / width; c * width < x.end; c++) {
            const uint8_t *pixel = image->pixels + 3 * (r * image->width + c);
            int64_t weight = overlap(x, c, width) * overlap(y, r, height);
            for (int i = 0; i < 3; i++)
                sum[i] += weight * pixel[i];
        }
    for (int i = 0; i < 3; i++)
        rgb[i] = (uint8_t)((sum[i] + area / 2) / area);
}

void half_blocks_scale(const dq_image *image, int width, int height, uint8_t *rgb)
{
    for (int64_t r = 0; r < height; r++)
        for (int64_t c = 0; c < width; c++) {
            const span x = {c * image->width, (c + 1) * image->width};
            const span y = {r * image->height, (r + 1) * image->height};
            mean_of(image, x, y, width, height, rgb + 3 * (r * width + c));
        }
}

/* ---------------------------------------------------------------- colours */

static int distance(const uint8_t *a, const uint8_t *b)
{
    int sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/** xterm's first sixteen; other terminals show similar ones. */
static int nearest_of_16(const uint8_t *rgb)
{
    static const uint8_t colours[16][3] = {
        {0, 0, 0},     {205, 0, 0},     {0, 205, 0},     {205, 205, 0},  {0, 0, 238}, {205, 0, 205},
        {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},    {0, 255, 0}, {255, 255, 0},
        {92, 92, 255}, {255, 0, 255},   {0, 255, 255},   {255, 255, 255}};
    int best = 0;
    for (int i = 1; i < 16; i++)
        if (distance(rgb, colours[i]) < distance(rgb, colours[best]))
            best = i;
    return best;
}

/** A cube of 6x6x6 colours from 16 on, and 24 greys from 232 on; the first sixteen are not the same
 *  everywhere. */
static int nearest_of_256(const uint8_t *rgb)
{
    static const uint8_t steps[6] = {0, 95, 135, 175, 215, 255};
    int cube = 0, mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
    uint8_t colour[3];
    for (int i = 0; i < 3; i++) {
        int best = 0;
        for (int k = 1; k < 6; k++)
            if (2 * rgb[i] > steps[k - 1] + steps[k])
                best = k;
        cube = 6 * cube + best;
        colour[i] = steps[best];
    }
    int grey = mean < 3 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
    uint8_t level = (uint8_t)(8 + 10 * grey);
    const uint8_t greys[3] = {level, level, level};
    return distance(rgb, greys) < distance(rgb, colour) ? 232 + grey : 16 + cube;
}

/** The parameters of "select graphic rendition". */
static int select_colour(char *text, size_t cap, const uint8_t *rgb, bool behind,
                         terminal_colours colours)
{
    int base = behind ? 40 : 30, n;
    if (colours == COLOURS_24BIT)
        return snprintf(text, cap, "\033[%d;2;%d;%d;%dm", base + 8, rgb[0], rgb[1], rgb[2]);
    if (colours == COLOURS_256)
        return snprintf(text, cap, "\033[%d;5;%dm", base + 8, nearest_of_256(rgb));
    n = nearest_of_16(rgb);
    return snprintf(text, cap, "\033[%dm", n < 8 ? base + n : base + 60 + n - 8);
}

/* ---------------------------------------------------------------- text */

/** From dark to bright, as the eye sees it: ITU-R BT.601. */
static char brightness(const uint8_t *upper, const uint8_t *lower)
{
    static const char marks[] = " .:-=+*#%@";
    int sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (i == 0 ? 299 : i == 1 ? 587 : 114) * (upper[i] + lower[i]);
    return marks[sum * 10 / (2 * 255 * 1000 + 1)];
}

static size_t row_of_marks(char *text, const uint8_t *upper, const uint8_t *lower, int n)
{
    for (int i = 0; i < n; i++)
        text[i] = brightness(upper + 3 * i, lower + 3 * i);
    text[n] = '\0';
    return (size_t)n;
}

/** @return where the null byte was put */
static char *append(char *to, const char *text)
{
    size_t n = strlen(text);
    memcpy(to, text, n + 1);
    return to + n;
}

/** A colour is said where it changes. */
size_t half_blocks_row(char *text, const uint8_t *upper, const uint8_t *lower, int n,
                       terminal_colours colours)
{
    char *to = text;
    if (colours == COLOURS_NONE)
        return row_of_marks(text, upper, lower, n);
    for (int i = 0; i < n; i++) {
        const uint8_t *u = upper + 3 * i, *l = lower + 3 * i;
        if (i == 0 || memcmp(u, u - 3, 3) != 0)
            to += select_colour(to, HALF_BLOCKS_CELL_BYTES / 2, u, false, colours);
        if (i == 0 || memcmp(l, l - 3, 3) != 0)
            to += select_colour(to, HALF_BLOCKS_CELL_BYTES / 2, l, true, colours);
        to = append(to, "▀");
    }
    return (size_t)(append(to, "\033[0m") - text);
}
