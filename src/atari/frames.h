/** The frames: which pictures are shown, kept and not painted yet. */
#ifndef DEEPQ_ATARI_FRAMES_H
#define DEEPQ_ATARI_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "atari/console.h"

typedef struct dq_frames {
    uint32_t n_frames;       // begun so far
    int short_soon;          // so many more frames are expected to end within the window
    int partial_soon;        // so many more are expected to run out of instructions there
    int first_row, end_row;  // of the picture, that are wanted when a frame is painted
    int32_t shown_to[2];     // by picture: clock up to which its frame goes, over what was there
    int rows_again[2];       // rows, from the top, that its frame makes without what was there
    bool stale[2];           // not painted yet
    bool has_rows[2];        // painted at least in the rows that are wanted
    dq_console start;        // how the current frame began
    dq_console shown[2];     // how its frame began, to paint it when asked for
} dq_frames;

#endif
