#include "env/small_frame.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { WIDTH = DQ_FRAME84_WIDTH, SIDE = DQ_FRAME84, WEIGHT_ONE = 1 << 11 };

/* INTER_LINEAR: a target sample is `a` parts of one source sample and `b` of the next. */
typedef struct linear_cell {
    int first, second, a, b;
} linear_cell;

struct dq_small_frame {
    dq_small_grey how;
    bool linear;
    int rows, n_channels;
    const uint8_t *palette, *grey;
    int shift;           // DQ_SMALL_RGB: a palette index >> shift counts in `pair_grey`
    uint8_t *pair_grey;  // DQ_SMALL_RGB: grey of the brighter of two colours
    dq_frame84_plan plan;
    linear_cell *cells;  // with `linear`: 84 for columns, 84 for rows
    uint8_t (*seen[2])[WIDTH];
    float (*shrunk[3])[SIDE];  // [channel][rows][84]
    int32_t (*mixed)[SIDE];    // with `linear`: [rows][84]
    uint8_t frame[SIDE][SIDE];
    bool stale[DQ_FRAME84_MAX_HEIGHT];  // rows in which `shrunk` is behind `seen`
};

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

static dq_status fill_pair_grey(dq_small_frame *f)
{
    f->shift = dq_palette_shift(f->palette);
    int n = 256 >> f->shift;
    f->pair_grey = malloc((size_t)n * (size_t)n);
    if (!f->pair_grey)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table of colours");
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            const uint8_t *a = f->palette + 3 * (i << f->shift);
            const uint8_t *b = f->palette + 3 * (k << f->shift);
            f->pair_grey[i * n + k] =
                rgb_grey(brighter(a[0], b[0]), brighter(a[1], b[1]), brighter(a[2], b[2]));
        }
    return DQ_OK;
}

/** One row of the brighter of two pictures, of a channel or of grey. */
static void row_levels(const dq_small_frame *f, const uint8_t *a, const uint8_t *b, int channel,
                       uint8_t *levels)
{
    if (f->how == DQ_SMALL_RGB) {
        int n = 256 >> f->shift;
        for (int x = 0; x < WIDTH; x++)
            levels[x] = f->pair_grey[(a[x] >> f->shift) * n + (b[x] >> f->shift)];
    } else if (f->how == DQ_SMALL_ALE) {
        for (int x = 0; x < WIDTH; x++)
            levels[x] = (uint8_t)brighter(f->grey[a[x]], f->grey[b[x]]);
    } else {
        for (int x = 0; x < WIDTH; x++)
            levels[x] =
                (uint8_t)brighter(f->palette[3 * a[x] + channel], f->palette[3 * b[x] + channel]);
    }
}

/* ---------------------------------------------------------------- INTER_AREA */

static void shrink_row(dq_small_frame *f, int y, int channel, const uint8_t *levels)
{
    float level[WIDTH];
    for (int x = 0; x < WIDTH; x++)
        level[x] = (float)levels[x];
    dq_frame84_shrink_row(&f->plan, level, f->shrunk[channel][y]);
}

/** To the nearest byte, halves to the even one: this large, a float has no places for fractions. */
static uint8_t round_to_byte(float v)
{
    float shifted = v + 12582912.0f;  // 1.5 * 2^23
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof(bits));
    return (uint8_t)bits;
}

static void round_row(const float *sums, uint8_t *row)
{
    for (int i = 0; i < SIDE; i++)
        row[i] = round_to_byte(sums[i]);
}

static void finish_row(dq_small_frame *f, int row)
{
    float sums[SIDE];
    uint8_t channel[3][SIDE];
    if (f->n_channels == 1) {
        dq_frame84_sum_row(&f->plan, f->shrunk[0], row, sums);
        round_row(sums, f->frame[row]);
        return;
    }
    for (int c = 0; c < 3; c++) {
        dq_frame84_sum_row(&f->plan, f->shrunk[c], row, sums);
        round_row(sums, channel[c]);
    }
    for (int i = 0; i < SIDE; i++)
        f->frame[row][i] = rgb_grey(channel[0][i], channel[1][i], channel[2][i]);
}

static bool any_stale(const dq_small_frame *f, const dq_area_cell *cell)
{
    bool stale = false;
    for (int k = 0; k < cell->n; k++)
        stale |= f->stale[cell->first + k];
    return stale;
}

static void make_area(dq_small_frame *f)
{
    uint8_t levels[WIDTH];
    for (int y = 0; y < f->rows; y++)
        for (int c = 0; f->stale[y] && c < f->n_channels; c++) {
            row_levels(f, f->seen[0][y], f->seen[1][y], c, levels);
            shrink_row(f, y, c, levels);
        }
    for (int row = 0; row < SIDE; row++)
        if (any_stale(f, &f->plan.y[row]))
            finish_row(f, row);
}

/* ---------------------------------------------------------------- INTER_LINEAR */

static linear_cell linear_cell_of(int i, int n_source)
{
    float at = (float)((i + 0.5) * ((double)n_source / SIDE) - 0.5);
    int first = (int)floorf(at);
    float part = at - (float)first;
    if (first >= n_source - 1) {
        first = n_source - 1;
        part = 0.0f;
    }
    return (linear_cell){first, first < n_source - 1 ? first + 1 : first,
                         (int)lrintf((1.0f - part) * WEIGHT_ONE), (int)lrintf(part * WEIGHT_ONE)};
}

static void mix_row(dq_small_frame *f, int y, const uint8_t *levels)
{
    for (int i = 0; i < SIDE; i++) {
        const linear_cell *c = &f->cells[i];
        f->mixed[y][i] = levels[c->first] * c->a + levels[c->second] * c->b;
    }
}

static void make_linear(dq_small_frame *f)
{
    uint8_t levels[WIDTH];
    for (int y = 0; y < f->rows; y++)
        if (f->stale[y]) {
            row_levels(f, f->seen[0][y], f->seen[1][y], 0, levels);
            mix_row(f, y, levels);
        }
    for (int row = 0; row < SIDE; row++) {
        const linear_cell *c = &f->cells[SIDE + row];
        const int32_t *a = f->mixed[c->first], *b = f->mixed[c->second];
        for (int i = 0; i < SIDE; i++)
            f->frame[row][i] =
                (uint8_t)(((c->a * (a[i] >> 4) >> 16) + (c->b * (b[i] >> 4) >> 16) + 2) >> 2);
    }
}

/* ---------------------------------------------------------------- pictures and frames */

void dq_small_frame_set(dq_small_frame *f, int which, const uint8_t *picture)
{
    static const uint8_t black[WIDTH];
    for (int y = 0; y < f->rows; y++) {
        const uint8_t *row = picture ? picture + (size_t)y * WIDTH : black;
        if (memcmp(f->seen[which][y], row, WIDTH) == 0)
            continue;
        memcpy(f->seen[which][y], row, WIDTH);
        f->stale[y] = true;
    }
}

const uint8_t *dq_small_frame_make(dq_small_frame *f)
{
    if (f->linear)
        make_linear(f);
    else
        make_area(f);
    memset(f->stale, false, sizeof(f->stale));
    return f->frame[0];
}

/** The frame of whole pictures that are not among the two; what is kept of those is stale then. */
static const uint8_t *make_other(dq_small_frame *f, const uint8_t *picture, bool with_the_two)
{
    uint8_t levels[WIDTH], others[WIDTH];
    for (int y = 0; y < f->rows; y++) {
        const uint8_t *row = picture + (size_t)y * WIDTH;
        for (int c = 0; c < f->n_channels; c++) {
            row_levels(f, row, row, c, levels);
            if (with_the_two) {
                row_levels(f, f->seen[0][y], f->seen[1][y], c, others);
                for (int x = 0; x < WIDTH; x++)
                    levels[x] = (uint8_t)brighter(levels[x], others[x]);
            }
            if (f->linear)
                mix_row(f, y, levels);
            else
                shrink_row(f, y, c, levels);
        }
    }
    memset(f->stale, false, sizeof(f->stale));
    if (f->linear)
        make_linear(f);
    for (int row = 0; !f->linear && row < SIDE; row++)
        finish_row(f, row);
    memset(f->stale, true, sizeof(f->stale));
    return f->frame[0];
}

const uint8_t *dq_small_frame_make_alone(dq_small_frame *f, const uint8_t *picture)
{
    return make_other(f, picture, false);
}

const uint8_t *dq_small_frame_make_three(dq_small_frame *f, const uint8_t *picture)
{
    assert(f->how == DQ_SMALL_ALE);
    return make_other(f, picture, true);
}

/* ---------------------------------------------------------------- create, state */

static dq_status allocate(dq_small_frame *f)
{
    size_t rows = (size_t)f->rows;
    bool good = true;
    for (int i = 0; i < 2; i++)
        good = (f->seen[i] = calloc(rows, sizeof(*f->seen[i]))) && good;
    for (int c = 0; c < f->n_channels && !f->linear; c++)
        good = (f->shrunk[c] = calloc(rows, sizeof(*f->shrunk[c]))) && good;
    if (f->linear) {
        f->cells = calloc(2 * SIDE, sizeof(*f->cells));
        f->mixed = calloc(rows, sizeof(*f->mixed));
        good = good && f->cells && f->mixed;
    }
    return good ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for pictures of %d rows", f->rows);
}

dq_status dq_small_frame_create(dq_small_frame **out, dq_small_grey how, bool linear,
                                const uint8_t *palette, const uint8_t *grey, int rows)
{
    assert(rows >= SIDE && rows <= DQ_FRAME84_MAX_HEIGHT && !(linear && how == DQ_SMALL_RGB_FIRST));
    *out = NULL;
    dq_small_frame *f = calloc(1, sizeof(*f));
    if (!f)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a frame");
    f->how = how;
    f->linear = linear;
    f->rows = rows;
    f->n_channels = how == DQ_SMALL_RGB_FIRST ? 3 : 1;
    f->palette = palette;
    f->grey = grey;
    dq_frame84_plan_init_whole(&f->plan, rows);
    memset(f->stale, true, sizeof(f->stale));
    dq_status st = allocate(f);
    if (st == DQ_OK && how == DQ_SMALL_RGB)
        st = fill_pair_grey(f);
    if (st != DQ_OK) {
        dq_small_frame_destroy(f);
        return st;
    }
    for (int i = 0; linear && i < SIDE; i++) {
        f->cells[i] = linear_cell_of(i, WIDTH);
        f->cells[SIDE + i] = linear_cell_of(i, rows);
    }
    *out = f;
    return DQ_OK;
}

void dq_small_frame_destroy(dq_small_frame *f)
{
    if (!f)
        return;
    for (int i = 0; i < 2; i++)
        free(f->seen[i]);
    for (int c = 0; c < 3; c++)
        free(f->shrunk[c]);
    free(f->mixed);
    free(f->cells);
    free(f->pair_grey);
    free(f);
}

dq_status dq_small_frame_save(const dq_small_frame *f, dq_writer *w)
{
    dq_write_tag(w, "SMAL", 1);
    dq_write(w, f->seen[0], (size_t)f->rows * WIDTH);
    return dq_write(w, f->seen[1], (size_t)f->rows * WIDTH);
}

dq_status dq_small_frame_load(dq_small_frame *f, dq_reader *r)
{
    memset(f->stale, true, sizeof(f->stale));
    DQ_TRY(dq_read_tag(r, "SMAL", 1));
    DQ_TRY(dq_read(r, f->seen[0], (size_t)f->rows * WIDTH));
    return dq_read(r, f->seen[1], (size_t)f->rows * WIDTH);
}
