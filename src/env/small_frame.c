#include "env/small_frame.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { WIDTH = DQ_FRAME84_WIDTH, SIDE = DQ_FRAME84, WEIGHT_ONE = 1 << 11, RING = 4 };

/* ---------------------------------------------------------------- colours */

static int brighter(int a, int b)
{
    return a > b ? a : b;
}

/** cv2.cvtColor(RGB2GRAY) of bytes. */
static uint8_t rgb_grey(int r, int g, int b)
{
    return (uint8_t)((r * 9798 + g * 19235 + b * 3735 + (1 << 14)) >> 15);
}

/** The pictures whose maximum is taken, some of them perhaps the same, and where there is anything
 *  to do: by row, groups of eight pixels. */
typedef struct pictures {
    const uint8_t *a, *b, *c;  // NULL: black
    const uint32_t *changed;   // NULL: everywhere
    const uint8_t *levels;     // instead of pictures; NULL: there are those
} pictures;

static uint32_t groups_of(const pictures *p, int y)
{
    return p->changed ? p->changed[y] & DQ_FRAME84_ALL_GROUPS : DQ_FRAME84_ALL_GROUPS;
}

static const uint8_t *row_of(const uint8_t *picture, int y)
{
    static const uint8_t black[WIDTH];
    return picture ? picture + (size_t)y * WIDTH : black;
}

static uint8_t rgb_pair_level(const dq_small_frame *f, size_t a, size_t b)
{
    if (a == b)
        return f->rgb_level[a];
    const uint8_t *p = f->palette + 3 * a, *q = f->palette + 3 * b;
    return rgb_grey(brighter(p[0], q[0]), brighter(p[1], q[1]), brighter(p[2], q[2]));
}

/** The same of levels that are there. */
static void copy_levels(const dq_small_frame *f, const uint8_t *of, int y, int channel, int from,
                        int end, uint8_t *levels)
{
    if (f->how == DQ_SMALL_ALE) {
        memcpy(levels + from, of + (size_t)y * WIDTH + from, (size_t)(end - from));
        return;
    }
    const uint8_t *rgb = of + 3 * (size_t)y * WIDTH;
    for (int x = from; x < end; x++)
        levels[x] = f->how == DQ_SMALL_RGB ? rgb_grey(rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2])
                                           : rgb[3 * x + channel];
}

/** Of the pixels from..end-1 of row y: the brighter one's grey, or a channel of it. */
static void find_levels(const dq_small_frame *f, const pictures *p, int y, int channel, int from,
                        int end, uint8_t *levels)
{
    const uint8_t *a = row_of(p->a, y), *b = row_of(p->b, y), *c = row_of(p->c, y);
    const uint8_t *palette = f->palette + channel;
    if (p->levels)
        copy_levels(f, p->levels, y, channel, from, end, levels);
    else if (f->how == DQ_SMALL_RGB)
        for (int x = from; x < end; x++)
            levels[x] = rgb_pair_level(f, a[x], b[x]);
    else if (f->how == DQ_SMALL_ALE && c == a)  // there are two, as nearly always
        for (int x = from; x < end; x++)
            levels[x] = (uint8_t)brighter(f->grey[a[x]], f->grey[b[x]]);
    else if (f->how == DQ_SMALL_ALE)
        for (int x = from; x < end; x++)
            levels[x] = (uint8_t)brighter(f->grey[a[x]], brighter(f->grey[b[x]], f->grey[c[x]]));
    else
        for (int x = from; x < end; x++)
            levels[x] = (uint8_t)brighter(palette[3 * a[x]], palette[3 * b[x]]);
}

/* ---------------------------------------------------------------- INTER_AREA */

/** Shrunk rows, the last RING of them, as far as they are made. */
typedef struct shrunk_rows {
    int row[RING];
    uint32_t groups[RING];
    float cell[3][RING][SIDE];  // [channel]
} shrunk_rows;

static void shrink(const dq_small_frame *f, const pictures *p, int y, int channel, int from, int to,
                   float *shrunk)
{
    uint8_t levels[WIDTH];
    float level[WIDTH];
    int first = f->plan.x[from].first, end = f->plan.x[to].first + f->plan.x[to].n;
    find_levels(f, p, y, channel, first, end, levels);
    for (int x = first; x < end; x++)
        level[x] = (float)levels[x];
    dq_frame84_shrink_cells(&f->plan, level, from, to, shrunk);
}

/** Have these groups of row y in its place of the ring. */
static void shrink_row(const dq_small_frame *f, const pictures *p, shrunk_rows *s, int y,
                       uint32_t groups)
{
    int slot = y % RING, from, to;
    if (s->row[slot] != y) {
        s->row[slot] = y;
        s->groups[slot] = 0;
    }
    for (uint32_t left = groups & ~s->groups[slot]; left;) {
        dq_frame84_take_cells(&f->plan, &left, &from, &to);
        for (int c = 0; c < f->n_channels; c++)
            shrink(f, p, y, c, from, to, s->cell[c][slot]);
    }
    s->groups[slot] |= groups;
}

/** To the nearest byte, halves to the even one: this large, a float has no places for fractions. */
static uint8_t round_to_byte(float v)
{
    float shifted = v + 12582912.0f;  // 1.5 * 2^23
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof(bits));
    return (uint8_t)bits;
}

/** Pixels from..to of a row of the frame, in one channel. */
static void finish_channel(const dq_small_frame *f, const shrunk_rows *s, int channel, int row,
                           int from, int to, uint8_t *level)
{
    const dq_area_cell *cell = &f->plan.y[row];
    const float *shrunk[4] = {NULL};
    float sums[SIDE];
    for (int k = 0; k < cell->n; k++)
        shrunk[k] = s->cell[channel][(cell->first + k) % RING];
    dq_frame84_sum_cells(&f->plan, shrunk, row, from, to, sums);
    for (int i = from; i <= to; i++)
        level[i] = round_to_byte(sums[i]);
}

static void finish_cells(dq_small_frame *f, const shrunk_rows *s, int row, int from, int to)
{
    if (f->n_channels == 1) {
        finish_channel(f, s, 0, row, from, to, f->frame[row]);
        return;
    }
    uint8_t level[3][SIDE] = {{0}};
    for (int c = 0; c < 3; c++)
        finish_channel(f, s, c, row, from, to, level[c]);
    for (int i = from; i <= to; i++)
        f->frame[row][i] = rgb_grey(level[0][i], level[1][i], level[2][i]);
}

static void make_area(dq_small_frame *f, const pictures *p)
{
    shrunk_rows s;  // `groups` and `cell` count once a row is there
    for (int i = 0; i < RING; i++)
        s.row[i] = -1;
    for (int row = 0; row < SIDE; row++) {
        const dq_area_cell *cell = &f->plan.y[row];
        uint32_t groups = 0;
        int from, to;
        for (int k = 0; k < cell->n; k++)
            groups |= groups_of(p, cell->first + k);
        for (int k = 0; k < cell->n && groups; k++)
            shrink_row(f, p, &s, cell->first + k, groups);
        while (groups) {
            dq_frame84_take_cells(&f->plan, &groups, &from, &to);
            finish_cells(f, &s, row, from, to);
        }
    }
}

/* ---------------------------------------------------------------- INTER_LINEAR */

static dq_linear_cell linear_cell_of(int i, int n_source)
{
    float at = (float)((i + 0.5) * ((double)n_source / SIDE) - 0.5);
    int first = (int)floorf(at);
    float part = at - (float)first;
    if (first >= n_source - 1) {
        first = n_source - 1;
        part = 0.0f;
    }
    return (dq_linear_cell){(uint8_t)first, (uint8_t)(first < n_source - 1 ? first + 1 : first),
                            (int16_t)lrintf((1.0f - part) * WEIGHT_ONE),
                            (int16_t)lrintf(part * WEIGHT_ONE)};
}

static void mix_row(const dq_small_frame *f, const pictures *p, int y, int32_t *mixed)
{
    uint8_t levels[WIDTH];
    find_levels(f, p, y, 0, 0, WIDTH, levels);
    for (int i = 0; i < SIDE; i++) {
        const dq_linear_cell *c = &f->columns[i];
        mixed[i] = levels[c->first] * c->a + levels[c->second] * c->b;
    }
}

static void make_linear(dq_small_frame *f, const pictures *p)
{
    int32_t a[SIDE], b[SIDE];
    for (int row = 0; row < SIDE; row++) {
        const dq_linear_cell *c = &f->lines[row];
        if (!(groups_of(p, c->first) | groups_of(p, c->second)))
            continue;
        mix_row(f, p, c->first, a);
        mix_row(f, p, c->second, b);
        for (int i = 0; i < SIDE; i++)
            f->frame[row][i] =
                (uint8_t)(((c->a * (a[i] >> 4) >> 16) + (c->b * (b[i] >> 4) >> 16) + 2) >> 2);
    }
}

/* ---------------------------------------------------------------- all of it */

static void make(dq_small_frame *f, const pictures *p)
{
    if (f->linear)
        make_linear(f, p);
    else
        make_area(f, p);
}

void dq_small_frame_make(dq_small_frame *f, const uint8_t *const *pictures_of, int n,
                         const uint32_t *changed)
{
    assert(n >= 1 && n <= 2 + (f->how == DQ_SMALL_ALE));
    make(f, &(pictures){.a = pictures_of[0],
                        .b = pictures_of[n > 1],
                        .c = pictures_of[n > 2 ? 2 : 0],
                        .changed = changed});
}

static size_t n_pixels(const dq_small_frame *f)
{
    return (size_t)f->plan.height * WIDTH;
}

size_t dq_small_frame_level_bytes(const dq_small_frame *f)
{
    return n_pixels(f) * (f->how == DQ_SMALL_ALE ? 1 : 3);
}

void dq_small_frame_add_levels(const dq_small_frame *f, const uint8_t *picture, uint8_t *levels)
{
    if (f->how == DQ_SMALL_ALE)
        for (size_t i = 0; i < n_pixels(f); i++)
            levels[i] = (uint8_t)brighter(levels[i], f->grey[picture[i]]);
    else
        for (size_t i = 0; i < 3 * n_pixels(f); i++)
            levels[i] = (uint8_t)brighter(levels[i], f->palette[3 * picture[i / 3] + i % 3]);
}

void dq_small_frame_make_of_levels(dq_small_frame *f, const uint8_t *levels)
{
    make(f, &(pictures){.levels = levels});
}

void dq_small_frame_init(dq_small_frame *f, dq_small_grey how, bool linear, const uint8_t *palette,
                         const uint8_t *grey, int rows)
{
    assert(rows >= SIDE && rows <= DQ_FRAME84_MAX_HEIGHT && !(linear && how == DQ_SMALL_RGB_FIRST));
    memset(f, 0, sizeof(*f));
    f->how = how;
    f->linear = linear;
    f->n_channels = how == DQ_SMALL_RGB_FIRST ? 3 : 1;
    f->palette = palette;
    f->grey = grey;
    dq_frame84_plan_init_whole(&f->plan, rows);
    for (int i = 0; i < 256; i++)
        f->rgb_level[i] = rgb_grey(palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]);
    for (int i = 0; linear && i < SIDE; i++) {
        f->columns[i] = linear_cell_of(i, WIDTH);
        f->lines[i] = linear_cell_of(i, rows);
    }
}
