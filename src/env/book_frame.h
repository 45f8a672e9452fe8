/** From two palette pictures to the book's 84x84 frame, doing only the work that changed.
 *
 *  Holds the last two pictures seen. The colour maximum of two palette indices and its grey level
 *  come from one table; a source row is resized again only when one of the pictures changed there,
 *  and a frame row is made again only when one of its source rows was. The result is bit for bit
 *  that of maximum, grey and resize over the whole picture (frame84.h). */
#ifndef DEEPQ_ENV_BOOK_FRAME_H
#define DEEPQ_ENV_BOOK_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/stream.h"
#include "env/frame84.h"

typedef struct dq_book_frame {
    dq_frame84_plan plan;
    float *grey;  // of the brighter of two palette colours, channel by channel; by index >> shift
    int shift;    // 1 where odd indices look like the even ones below, as in NTSC
    uint8_t seen[2][DQ_FRAME84_MAX_HEIGHT][DQ_FRAME84_WIDTH];  // older and newer picture
    float shrunk[DQ_FRAME84_MAX_HEIGHT][DQ_FRAME84];
    uint8_t frame[DQ_FRAME84][DQ_FRAME84];
    bool stale[DQ_FRAME84_MAX_HEIGHT];  // rows in which `shrunk` is behind `seen`
} dq_book_frame;

enum { DQ_OLDER = 0, DQ_NEWER = 1 };

/** palette: RGB of all indices, [256][3]. height: 210 or 250. */
DQ_NODISCARD dq_status dq_book_frame_init(dq_book_frame *f, const uint8_t *palette, int height);
/** What init allocated, but not `f`. */
void dq_book_frame_free(dq_book_frame *f);
/** Replace the older or the newer picture by palette indices [height][160]. */
void dq_book_frame_set(dq_book_frame *f, int which, const uint8_t *picture);
/** A further picture: the newer one becomes the older one. */
void dq_book_frame_push(dq_book_frame *f, const uint8_t *picture);
/** The frame of the two pictures, [84][84]; valid until the next call. */
const uint8_t *dq_book_frame_make(dq_book_frame *f);

/** Only what the next frames depend on: the two pictures, where they are looked at. */
dq_status dq_book_frame_save(const dq_book_frame *f, dq_writer *w);
DQ_NODISCARD dq_status dq_book_frame_load(dq_book_frame *f, dq_reader *r);

#endif
