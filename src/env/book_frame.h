/** From two palette pictures to the book's 84x84 frame, doing only the work that changed.
 *
 *  The brighter of two colours, channel by channel, its grey level and the resize are made pixel by
 *  pixel of the result, and only where a picture changed since the last frame. The result is bit
 *  for bit that of maximum, grey and resize over the whole pictures (frame84.h). */
#ifndef DEEPQ_ENV_BOOK_FRAME_H
#define DEEPQ_ENV_BOOK_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "env/frame84.h"

typedef struct dq_book_frame {
    dq_frame84_plan plan;
    const uint8_t *palette;
    float grey[256];  // of one colour
    uint8_t frame[DQ_FRAME84][DQ_FRAME84];
} dq_book_frame;

/** palette: RGB of all indices, [256][3], stays the caller's. height: 210 or 250. The frame is
 * black until one is made. */
void dq_book_frame_init(dq_book_frame *f, const uint8_t *palette, int height);
/** The frame of two pictures, palette indices from row plan.first_row on; they may be one.
 *  `changed` has, by row from 0 on, bit x when the pixels 8x..8x+7 of one of them are not what they
 *  were for the frame before; NULL: all of them. The result, [84][84], is f->frame. */
void dq_book_frame_make(dq_book_frame *f, const uint8_t *a, const uint8_t *b,
                        const uint32_t *changed);

#endif
