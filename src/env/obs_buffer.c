#include "env/obs_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void dq_obs_buffer_init(dq_obs_buffer *b, dq_atari *atari, dq_small_grey how, bool linear, int rows)
{
    memset(b, 0, sizeof(*b));
    b->atari = atari;
    b->of = DQ_OBS_OF_OTHERS;
    dq_small_frame_init(&b->small, how, linear, dq_atari_palette(atari), dq_atari_grey(atari),
                        rows);
}

static void empty(dq_obs_buffer *b, int place)
{
    free(b->place[place].kept.rest);
    b->place[place].kept.rest = NULL;
    b->place[place].what = DQ_OBS_BLACK;
}

void dq_obs_buffer_clear(dq_obs_buffer *b)
{
    for (int i = 0; i < DQ_OBS_PLACES; i++)
        empty(b, i);
    dq_obs_buffer_forget_frame(b);
}

/* ---------------------------------------------------------------- places */

void dq_obs_buffer_set(dq_obs_buffer *b, int place, dq_obs_picture what)
{
    empty(b, place);
    b->place[place].what = what;
    b->made &= place == DQ_OBS_LAST_BUT_ONE;
}

void dq_obs_buffer_move(dq_obs_buffer *b, int to, int from)
{
    dq_obs_buffer_set(b, to, b->place[from].what);
    b->place[to].kept = b->place[from].kept;
    b->place[from].kept.rest = NULL;
    empty(b, from);
}

dq_status dq_obs_buffer_keep(dq_obs_buffer *b)
{
    for (int i = 0; i < DQ_OBS_PLACES; i++) {
        dq_obs_picture what = b->place[i].what;
        if (what != DQ_OBS_NEWER && what != DQ_OBS_OLDER)
            continue;
        DQ_TRY(dq_session_keep(b->atari, what == DQ_OBS_OLDER, &b->place[i].kept));
        b->place[i].what = DQ_OBS_KEPT;
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- the frame */

static size_t picture_bytes(const dq_obs_buffer *b)
{
    return (size_t)dq_atari_height(b->atari) * DQ_ATARI_WIDTH;
}

/** The picture of a place, NULL when it is black. One that has to be painted takes `*space`, which
 *  the caller frees; painting compares with what is there, so that must be something. */
static dq_status picture_of(dq_obs_buffer *b, int place, const uint8_t **picture, uint8_t **space)
{
    const dq_kept_picture *kept = &b->place[place].kept;
    dq_obs_picture what = b->place[place].what;
    *picture = NULL;
    if (what == DQ_OBS_NEWER)
        *picture = dq_atari_screen(b->atari);
    else if (what == DQ_OBS_OLDER)
        *picture = dq_atari_screen_before(b->atari);
    if (what != DQ_OBS_KEPT)
        return DQ_OK;
    if (kept->rows > 0 && !(*space = calloc(1, picture_bytes(b))))
        return dq_fail(DQ_ERR_NOMEM, "no memory for a picture");
    *picture = dq_session_kept(b->atari, kept, *space);
    return DQ_OK;
}

static dq_obs_frame frame_of(const dq_obs_buffer *b, int n)
{
    dq_obs_picture first = b->place[DQ_OBS_FIRST].what, second = b->place[DQ_OBS_SECOND].what;
    if (n != 2 || second != DQ_OBS_NEWER)
        return DQ_OBS_OF_OTHERS;
    return first == DQ_OBS_OLDER   ? DQ_OBS_OF_BOTH
           : first == DQ_OBS_NEWER ? DQ_OBS_OF_ONE
                                   : DQ_OBS_OF_OTHERS;
}

/** By row: where the console's two pictures differ. */
static void compare_pictures(const dq_obs_buffer *b, uint32_t *changed)
{
    const uint8_t *older = dq_atari_screen_before(b->atari), *newer = dq_atari_screen(b->atari);
    for (int y = 0; y < b->small.plan.height; y++) {
        size_t at = (size_t)y * DQ_FRAME84_WIDTH;
        bool same = memcmp(older + at, newer + at, DQ_FRAME84_WIDTH) == 0;
        changed[y] = same ? 0 : dq_frame84_differences(older + at, newer + at);
    }
}

/** The parts that a frame made of `of` must recompute; NULL: all. */
static const uint32_t *changes(const dq_obs_buffer *b, dq_obs_frame of, uint32_t *space)
{
    if (of != b->of || of == DQ_OBS_OF_OTHERS)
        return NULL;
    if (of == DQ_OBS_OF_BOTH)
        return dq_session_changes(b->atari);
    if (dq_session_frames(b->atari) != b->after_frames + 1)
        return NULL;
    compare_pictures(b, space);
    return space;
}

static void make_of(dq_obs_buffer *b, const uint8_t *const *pictures, int n)
{
    uint32_t space[DQ_FRAME84_MAX_HEIGHT];
    dq_obs_frame of = frame_of(b, n);
    dq_small_frame_make(&b->small, pictures, n, changes(b, of, space));
    dq_session_forget_changes(b->atari);
    b->made = n == 2;
    b->of = of;
    b->after_frames = dq_session_frames(b->atari);
}

dq_status dq_obs_buffer_make(dq_obs_buffer *b, int n)
{
    const uint8_t *pictures[DQ_OBS_PLACES] = {NULL};
    uint8_t *space[DQ_OBS_PLACES] = {NULL};
    dq_status st = DQ_OK;
    if (b->made && n == 2)
        return DQ_OK;
    for (int i = 0; i < n && st == DQ_OK; i++)
        st = picture_of(b, i, &pictures[i], &space[i]);
    if (st == DQ_OK)
        make_of(b, pictures, n);
    for (int i = 0; i < n; i++)
        free(space[i]);
    return st;
}

void dq_obs_buffer_make_alone(dq_obs_buffer *b)
{
    const uint8_t *picture = dq_atari_screen(b->atari);
    dq_small_frame_make(&b->small, &picture, 1, NULL);
    dq_obs_buffer_forget_frame(b);
}

void dq_obs_buffer_make_of_levels(dq_obs_buffer *b, const uint8_t *levels)
{
    dq_small_frame_make_of_levels(&b->small, levels);
    dq_obs_buffer_forget_frame(b);
}

void dq_obs_buffer_forget_frame(dq_obs_buffer *b)
{
    b->made = false;
    b->of = DQ_OBS_OF_OTHERS;
}

/* ---------------------------------------------------------------- state */

static void write_picture(const dq_obs_buffer *b, const uint8_t *picture, dq_writer *w)
{
    static const uint8_t black[DQ_FRAME84_WIDTH];
    for (int y = 0; y < b->small.plan.height; y++)
        dq_write(w, picture ? picture + (size_t)y * DQ_FRAME84_WIDTH : black, DQ_FRAME84_WIDTH);
}

dq_status dq_obs_buffer_save(dq_obs_buffer *b, dq_writer *w)
{
    dq_write_tag(w, "SMAL", 1);
    for (int i = DQ_OBS_FIRST; i <= DQ_OBS_SECOND; i++) {
        const uint8_t *picture;
        uint8_t *space = NULL;
        DQ_TRY(picture_of(b, i, &picture, &space));
        write_picture(b, picture, w);
        free(space);
    }
    return DQ_OK;
}

static dq_status load_place(dq_obs_buffer *b, int place, dq_reader *r)
{
    uint8_t *picture = calloc(1, picture_bytes(b));
    if (!picture)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a picture");
    dq_obs_buffer_set(b, place, DQ_OBS_KEPT);
    b->place[place].kept.rows = 0;
    b->place[place].kept.rest = picture;
    return dq_read(r, picture, (size_t)b->small.plan.height * DQ_FRAME84_WIDTH);
}

dq_status dq_obs_buffer_load(dq_obs_buffer *b, dq_reader *r)
{
    dq_obs_buffer_forget_frame(b);
    DQ_TRY(dq_read_tag(r, "SMAL", 1));
    DQ_TRY(load_place(b, DQ_OBS_FIRST, r));
    return load_place(b, DQ_OBS_SECOND, r);
}
