/** From palette pictures to an 84x84 frame of bytes, as OpenCV resizes bytes, doing only the work
 *  that changed.
 *
 *  The result is bit for bit that of maximum, grey and cv2.resize() over the whole pictures.
 *  Behaviour of OpenCV 4.5 to 5.0: INTER_AREA works in float32 and rounds to the nearest even byte,
 *  INTER_LINEAR in integers with weights of 11 bits, RGB to grey with weights of 15 bits. */
#ifndef DEEPQ_ENV_SMALL_FRAME_H
#define DEEPQ_ENV_SMALL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env/frame84.h"

typedef enum dq_small_grey {
    DQ_SMALL_ALE,       // the brighter of ALE's two grey levels, resized
    DQ_SMALL_RGB,       // grey of the brighter of two colours, channel by channel, resized
    DQ_SMALL_RGB_FIRST  // the brighter of two colours, resized in three channels, then grey
} dq_small_grey;

/** INTER_LINEAR: a target sample is `a` parts of one source sample and `b` of the next. */
typedef struct dq_linear_cell {
    uint8_t first, second;
    int16_t a, b;
} dq_linear_cell;

typedef struct dq_small_frame {
    dq_small_grey how;
    bool linear;
    int n_channels;
    const uint8_t *palette, *grey;
    uint8_t rgb_level[256];  // DQ_SMALL_RGB: grey of one colour
    dq_frame84_plan plan;
    dq_linear_cell columns[DQ_FRAME84], lines[DQ_FRAME84];  // with `linear`
    uint8_t frame[DQ_FRAME84][DQ_FRAME84];
} dq_small_frame;

/** palette: RGB of all indices, [256][3]; grey: ALE's levels of them, [256]; both are the caller's
 *  and stay. `rows` of a picture are looked at, from the top, 84 to 250. `linear` resizes by
 *  INTER_LINEAR, not with DQ_SMALL_RGB_FIRST. */
void dq_small_frame_init(dq_small_frame *f, dq_small_grey how, bool linear, const uint8_t *palette,
                         const uint8_t *grey, int rows);
/** Bytes of the levels of a picture: its grey, or its three colours. */
size_t dq_small_frame_level_bytes(const dq_small_frame *f);
/** Take the maximum of levels and those of a picture, palette indices [rows][160]. */
void dq_small_frame_add_levels(const dq_small_frame *f, const uint8_t *picture, uint8_t *levels);
/** The frame of levels that are there: of the maximum of any number of pictures. */
void dq_small_frame_make_of_levels(dq_small_frame *f, const uint8_t *levels);

/** The frame of the maximum of n pictures, 1, 2 or (with DQ_SMALL_ALE) 3: palette indices
 *  [rows][160]; NULL: a black one. `changed` has, by row, bit x when the pixels 8x..8x+7 of one of
 *  them are not what they were for the frame before; NULL: all of them. The result is f->frame. */
void dq_small_frame_make(dq_small_frame *f, const uint8_t *const *pictures, int n,
                         const uint32_t *changed);

#endif
