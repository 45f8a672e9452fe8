#include "env/own_frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

dq_status dq_own_frame_create(dq_own_frame **out, dq_atari *atari, dq_resize_size size, bool colour,
                              bool pools)
{
    *out = NULL;
    dq_own_frame *f = calloc(1, sizeof(*f));
    if (!f)
        return dq_fail(DQ_ERR_NOMEM, "no memory for frames");
    int channels = colour ? 3 : 1;
    dq_resize_size from = {dq_atari_height(atari), DQ_ATARI_WIDTH};
    f->atari = atari;
    f->colour = colour;
    f->pools = pools;
    f->raw_bytes = (size_t)(from.rows * from.columns * channels);
    f->bytes = (size_t)(size.rows * size.columns * channels);
    f->raw[0] = calloc(2, f->raw_bytes);
    f->frame = calloc(1, f->bytes);
    dq_status st = f->raw[0] && f->frame ? dq_resize_create(&f->resize, from, size, channels)
                                         : dq_fail(DQ_ERR_NOMEM, "no memory for frames");
    if (st != DQ_OK) {
        dq_own_frame_destroy(f);
        return st;
    }
    f->raw[1] = f->raw[0] + f->raw_bytes;
    *out = f;
    return DQ_OK;
}

void dq_own_frame_destroy(dq_own_frame *f)
{
    if (!f)
        return;
    dq_resize_destroy(f->resize);
    free(f->raw[0]);
    free(f->frame);
    free(f);
}

void dq_own_frame_take(dq_own_frame *f, int place)
{
    const uint8_t *screen = dq_atari_screen(f->atari), *grey = dq_atari_grey(f->atari);
    const uint8_t *palette = dq_atari_palette(f->atari);
    uint8_t *out = f->raw[place];
    if (f->colour)
        for (size_t i = 0; i < f->raw_bytes / 3; i++)
            memcpy(out + 3 * i, palette + 3 * (size_t)screen[i], 3);
    else
        for (size_t i = 0; i < f->raw_bytes; i++)
            out[i] = grey[screen[i]];
}

void dq_own_frame_clear_second(dq_own_frame *f)
{
    memset(f->raw[1], 0, f->raw_bytes);
}

void dq_own_frame_make(dq_own_frame *f)
{
    uint8_t *first = f->raw[0];
    const uint8_t *second = f->raw[1];
    for (size_t i = 0; f->pools && i < f->raw_bytes; i++)
        first[i] = first[i] > second[i] ? first[i] : second[i];
    dq_resize_picture(f->resize, first, f->frame);
}
