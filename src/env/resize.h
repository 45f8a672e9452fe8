/** Pictures of bytes resized by OpenCV's INTER_AREA to any size, bit for bit.
 *
 *  Behaviour of OpenCV 4.5 to 5.0: whole numbers of pixels are averaged in integers, other cells of
 *  at least a pixel in float32; where rows or columns become more, both directions are interpolated
 *  in integers with weights of 11 bits. small_frame.h does 84x84 with less work. */
#ifndef DEEPQ_ENV_RESIZE_H
#define DEEPQ_ENV_RESIZE_H

#include <stdint.h>

#include "deepq/status.h"

typedef struct dq_resize dq_resize;

typedef struct dq_resize_size {
    int rows, columns;
} dq_resize_size;

/** Plan a resize of pictures [rows][columns][channels].
 *  @param channels 1 to 4
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_resize_create(dq_resize **out, dq_resize_size from, dq_resize_size to,
                                        int channels);
/** Accepts NULL. */
void dq_resize_destroy(dq_resize *r);
/** Resize one picture. Nothing is allocated. */
void dq_resize_picture(dq_resize *r, const uint8_t *from, uint8_t *to);

#endif
