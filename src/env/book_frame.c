#include "env/book_frame.h"

#include <string.h>

enum { WIDTH = DQ_FRAME84_WIDTH, RING = 4 };

static uint8_t brighter(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

void dq_book_frame_init(dq_book_frame *f, const uint8_t *palette, int height)
{
    memset(f, 0, sizeof(*f));
    dq_frame84_plan_init(&f->plan, height);
    f->palette = palette;
    for (int i = 0; i < 256; i++)
        f->grey[i] = dq_frame84_grey(palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]);
}

/** Shrunk rows of the pictures at hand, the last RING of them, as far as they are made. */
typedef struct shrunk_rows {
    const uint8_t *a, *b;
    int row[RING];
    uint32_t groups[RING];
    float cell[RING][DQ_FRAME84];
} shrunk_rows;

static float pair_grey(const dq_book_frame *f, size_t a, size_t b)
{
    if (a == b)
        return f->grey[a];
    const uint8_t *p = f->palette + 3 * a, *q = f->palette + 3 * b;
    return dq_frame84_grey(brighter(p[0], q[0]), brighter(p[1], q[1]), brighter(p[2], q[2]));
}

static void shrink(const dq_book_frame *f, const uint8_t *a, const uint8_t *b, int from, int to,
                   float *shrunk)
{
    float grey[WIDTH];
    int end = f->plan.x[to].first + f->plan.x[to].n;
    for (int x = f->plan.x[from].first; x < end; x++)
        grey[x] = pair_grey(f, a[x], b[x]);
    dq_frame84_shrink_cells(&f->plan, grey, from, to, shrunk);
}

static const float *shrunk_row(const dq_book_frame *f, shrunk_rows *s, int y, uint32_t groups)
{
    int slot = y % RING;
    if (s->row[slot] != y) {
        s->row[slot] = y;
        s->groups[slot] = 0;
    }
    size_t at = (size_t)(y - f->plan.first_row) * WIDTH;
    for (uint32_t left = groups & ~s->groups[slot]; left;) {
        int from, to;
        dq_frame84_take_cells(&f->plan, &left, &from, &to);
        shrink(f, s->a + at, s->b + at, from, to, s->cell[slot]);
    }
    s->groups[slot] |= groups;
    return s->cell[slot];
}

static void make_row(dq_book_frame *f, shrunk_rows *s, int row, uint32_t groups)
{
    const dq_area_cell *rows = &f->plan.y[row];
    const float *shrunk[4] = {NULL};
    float sum[DQ_FRAME84];
    for (int k = 0; k < rows->n; k++)
        shrunk[k] = shrunk_row(f, s, rows->first + k, groups);
    while (groups) {
        int from, to;
        dq_frame84_take_cells(&f->plan, &groups, &from, &to);
        dq_frame84_sum_cells(&f->plan, shrunk, row, from, to, sum);
        for (int i = from; i <= to; i++)
            f->frame[row][i] = (uint8_t)sum[i];
    }
}

void dq_book_frame_make(dq_book_frame *f, const uint8_t *a, const uint8_t *b,
                        const uint32_t *changed)
{
    shrunk_rows s;  // `groups` and `cell` count once a row is there
    s.a = a;
    s.b = b;
    for (int i = 0; i < RING; i++)
        s.row[i] = -1;
    for (int row = 0; row < DQ_FRAME84; row++) {
        const dq_area_cell *rows = &f->plan.y[row];
        uint32_t groups = changed ? 0 : DQ_FRAME84_ALL_GROUPS;
        for (int k = 0; changed && k < rows->n; k++)
            groups |= changed[rows->first + k];
        groups &= DQ_FRAME84_ALL_GROUPS;
        if (groups)
            make_row(f, &s, row, groups);
    }
}
