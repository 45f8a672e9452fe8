/** The frames of ale-py's AtariVectorEnv that are not as usual: of any size, in colour, or not
 *  pooled. As there, the last two pictures of a skip each have a place, and the maximum is taken in
 *  the first one. obs_buffer.h makes the usual ones with less work. */
#ifndef DEEPQ_ENV_OWN_FRAME_H
#define DEEPQ_ENV_OWN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/atari.h"
#include "env/resize.h"

typedef struct dq_own_frame {
    dq_atari *atari;  // the caller's
    bool colour, pools;
    size_t raw_bytes;  // of a picture
    size_t bytes;      // of a frame
    uint8_t *raw[2];   // the last picture of a skip, and the one before
    uint8_t *frame;
    dq_resize *resize;
} dq_own_frame;

/** All pictures are black. @return DQ_OK or DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_own_frame_create(dq_own_frame **out, dq_atari *atari, dq_resize_size size,
                                           bool colour, bool pools);
/** Accepts NULL. */
void dq_own_frame_destroy(dq_own_frame *f);
/** Put the console's picture into a place, 0 for the last one of a skip. */
void dq_own_frame_take(dq_own_frame *f, int place);
/** Put a black picture into the second place. */
void dq_own_frame_clear_second(dq_own_frame *f);
/** Make the frame. */
void dq_own_frame_make(dq_own_frame *f);

#endif
