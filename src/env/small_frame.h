/** From two palette pictures to an 84x84 frame of bytes, as OpenCV resizes bytes.
 *
 *  Holds the last two pictures seen. A source row is resized again only when one of them changed
 *  there, and a frame row is made again only when one of its source rows was. The result is bit for
 *  bit that of maximum, grey and cv2.resize() over the whole picture. Behaviour of OpenCV 4.5 to
 *  5.0: INTER_AREA works in float32 and rounds to the nearest even byte, INTER_LINEAR in integers
 *  with weights of 11 bits, RGB to grey with weights of 15 bits. */
#ifndef DEEPQ_ENV_SMALL_FRAME_H
#define DEEPQ_ENV_SMALL_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/stream.h"
#include "env/frame84.h"

typedef enum dq_small_grey {
    DQ_SMALL_ALE,       // the brighter of ALE's two grey levels, resized
    DQ_SMALL_RGB,       // grey of the brighter of two colours, channel by channel, resized
    DQ_SMALL_RGB_FIRST  // the brighter of two colours, resized in three channels, then grey
} dq_small_grey;

typedef struct dq_small_frame dq_small_frame;

/** palette: RGB of all indices, [256][3]; grey: ALE's levels of them, [256]; both are the caller's
 *  and stay. `rows` of a picture are looked at, from the top, 84 to 250. `linear` resizes by
 *  INTER_LINEAR, not with DQ_SMALL_RGB_FIRST. Both pictures are black. */
DQ_NODISCARD dq_status dq_small_frame_create(dq_small_frame **out, dq_small_grey how, bool linear,
                                             const uint8_t *palette, const uint8_t *grey, int rows);
void dq_small_frame_destroy(dq_small_frame *f);

/** Replace picture 0 or 1 by palette indices [rows][160]; NULL: black. */
void dq_small_frame_set(dq_small_frame *f, int which, const uint8_t *picture);
/** The frame of the two pictures, [84][84]; valid until the next call. */
const uint8_t *dq_small_frame_make(dq_small_frame *f);
/** That of one picture alone; the two stay what they are. */
const uint8_t *dq_small_frame_make_alone(dq_small_frame *f, const uint8_t *picture);
/** That of the two and a third one; only with DQ_SMALL_ALE. */
const uint8_t *dq_small_frame_make_three(dq_small_frame *f, const uint8_t *picture);

/** Only what the next frames depend on: the two pictures. */
dq_status dq_small_frame_save(const dq_small_frame *f, dq_writer *w);
DQ_NODISCARD dq_status dq_small_frame_load(dq_small_frame *f, dq_reader *r);

#endif
