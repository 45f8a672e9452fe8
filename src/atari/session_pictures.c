/* The pictures of a session: the last two frames, and those that are kept. */
#include <stdlib.h>
#include <string.h>

#include "atari/session.h"
#include "base/error.h"

const uint8_t *dq_atari_screen(const dq_atari *a)
{
    if (!a->averaged)
        return dq_machine_picture(a->machine);
    const uint8_t *before = dq_atari_screen_before(a);  // may paint: before the other is asked
    dq_colour_average_mix(&a->averaged->colours, dq_machine_picture(a->machine), before,
                          a->averaged->picture, dq_machine_picture_bytes(a->machine));
    return a->averaged->picture;
}

const uint8_t *dq_atari_screen_before(const dq_atari *a)
{
    dq_machine_settle(a->machine);
    return a->machine->beam.picture[!a->machine->c.tia.picture];
}

bool dq_session_is_partial(const dq_atari *a)
{
    return a->machine->c.tia.partial;
}

void dq_session_crop(dq_atari *a, int first, int end)
{
    dq_machine_crop(a->machine, first, end);
}

const uint8_t *dq_session_rows(const dq_atari *a)
{
    return dq_machine_rows(a->machine);
}

const uint8_t *dq_session_rows_before(const dq_atari *a)
{
    return dq_machine_rows_before(a->machine);
}

uint32_t dq_session_frames(const dq_atari *a)
{
    return a->machine->frames.n_frames;
}

/* The rows of a kept picture that are not painted again. */
static size_t rest_bytes(const dq_atari *a, const dq_kept_picture *kept)
{
    return dq_machine_picture_bytes(a->machine) - (size_t)kept->rows * DQ_PICTURE_WIDTH;
}

dq_status dq_session_keep(dq_atari *a, bool older, dq_kept_picture *kept)
{
    dq_picture_source source = dq_machine_source_of(a->machine, older);
    free(kept->rest);
    kept->rest = NULL;
    kept->begin = *source.begin;
    kept->rows = source.rows;
    size_t n = rest_bytes(a, kept);
    if (n == 0)
        return DQ_OK;
    if (!(kept->rest = malloc(n)))
        return dq_fail(DQ_ERR_NOMEM, "no memory for a picture");
    if (kept->rows == 0)  // it may not be painted yet
        source.rest = older ? dq_atari_screen_before(a) : dq_machine_picture(a->machine);
    memcpy(kept->rest, source.rest + (size_t)kept->rows * DQ_PICTURE_WIDTH, n);
    return DQ_OK;
}

const uint8_t *dq_session_kept(dq_atari *a, const dq_kept_picture *kept, uint8_t *space)
{
    if (kept->rows == 0)
        return kept->rest;
    if (kept->rest)
        memcpy(space + (size_t)kept->rows * DQ_PICTURE_WIDTH, kept->rest, rest_bytes(a, kept));
    dq_machine_paint(a->machine, &kept->begin, space);
    return space;
}

const uint32_t *dq_session_changes(const dq_atari *a)
{
    return a->machine->beam.changed;
}

void dq_session_forget_changes(dq_atari *a)
{
    memset(a->machine->beam.changed, 0, sizeof(a->machine->beam.changed));
}

static const dq_palette *palette(const dq_atari *a)
{
    return a->play.pal ? &dq_palette_pal : &dq_palette_ntsc;
}

const uint8_t *dq_atari_palette(const dq_atari *a)
{
    return palette(a)->rgb;
}

const uint8_t *dq_atari_grey(const dq_atari *a)
{
    return palette(a)->grey;
}
