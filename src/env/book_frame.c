#include "env/book_frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static uint8_t brighter(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

dq_status dq_book_frame_init(dq_book_frame *f, const uint8_t *palette, int height)
{
    memset(f, 0, sizeof(*f));
    dq_frame84_plan_init(&f->plan, height);
    f->shift = dq_palette_shift(palette);
    int n = 256 >> f->shift;
    f->grey = malloc((size_t)n * (size_t)n * sizeof(f->grey[0]));
    if (!f->grey)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table of colours");
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const uint8_t *a = palette + 3 * (i << f->shift), *b = palette + 3 * (j << f->shift);
            f->grey[i * n + j] =
                dq_frame84_grey(brighter(a[0], b[0]), brighter(a[1], b[1]), brighter(a[2], b[2]));
        }
    memset(f->stale, true, sizeof(f->stale));
    return DQ_OK;
}

void dq_book_frame_free(dq_book_frame *f)
{
    free(f->grey);
    f->grey = NULL;
}

void dq_book_frame_set(dq_book_frame *f, int which, const uint8_t *picture)
{
    for (int y = f->plan.first_row; y < f->plan.end_row; y++) {
        const uint8_t *row = picture + (size_t)y * DQ_FRAME84_WIDTH;
        if (memcmp(f->seen[which][y], row, DQ_FRAME84_WIDTH) == 0)
            continue;
        memcpy(f->seen[which][y], row, DQ_FRAME84_WIDTH);
        f->stale[y] = true;
    }
}

void dq_book_frame_push(dq_book_frame *f, const uint8_t *picture)
{
    dq_book_frame_set(f, DQ_OLDER, f->seen[DQ_NEWER][0]);
    dq_book_frame_set(f, DQ_NEWER, picture);
}

static void shrink_row(dq_book_frame *f, int y)
{
    float grey[DQ_FRAME84_WIDTH];
    const uint8_t *older = f->seen[DQ_OLDER][y], *newer = f->seen[DQ_NEWER][y];
    int n = 256 >> f->shift;
    for (int x = 0; x < DQ_FRAME84_WIDTH; x++)
        grey[x] = f->grey[(older[x] >> f->shift) * n + (newer[x] >> f->shift)];
    dq_frame84_shrink_row(&f->plan, grey, f->shrunk[y]);
}

static bool any_stale(const dq_book_frame *f, const dq_area_cell *rows)
{
    bool stale = false;
    for (int k = 0; k < rows->n; k++)
        stale |= f->stale[rows->first + k];
    return stale;
}

const uint8_t *dq_book_frame_make(dq_book_frame *f)
{
    for (int y = f->plan.first_row; y < f->plan.end_row; y++)
        if (f->stale[y])
            shrink_row(f, y);
    for (int row = 0; row < DQ_FRAME84; row++)
        if (any_stale(f, &f->plan.y[row]))
            dq_frame84_finish_row(&f->plan, f->shrunk, row, f->frame[row]);
    memset(f->stale, false, sizeof(f->stale));
    return f->frame[0];
}

/** Bytes of one picture that are looked at. */
static size_t seen_bytes(const dq_book_frame *f)
{
    return (size_t)(f->plan.end_row - f->plan.first_row) * DQ_FRAME84_WIDTH;
}

dq_status dq_book_frame_save(const dq_book_frame *f, dq_writer *w)
{
    dq_write_tag(w, "SEEN", 1);
    dq_write(w, f->seen[DQ_OLDER][f->plan.first_row], seen_bytes(f));
    return dq_write(w, f->seen[DQ_NEWER][f->plan.first_row], seen_bytes(f));
}

dq_status dq_book_frame_load(dq_book_frame *f, dq_reader *r)
{
    memset(f->stale, true, sizeof(f->stale));
    DQ_TRY(dq_read_tag(r, "SEEN", 1));
    DQ_TRY(dq_read(r, f->seen[DQ_OLDER][f->plan.first_row], seen_bytes(f)));
    return dq_read(r, f->seen[DQ_NEWER][f->plan.first_row], seen_bytes(f));
}
