/** The book's 84x84 frame: grey in float32, area resize to 84x110, rows 18 to 101, cut to bytes.
 *
 *  The same bits as OpenCV's cv2.resize(float32, (84, 110), INTER_AREA): float32 throughout, in its
 *  order of additions. The cut to bytes truncates, so any other order or precision shows. Source:
 *  Lapan 2020, chapter 6, lib/wrappers.py, ProcessFrame84; behaviour of OpenCV 5.0.0. */
#ifndef DEEPQ_ENV_FRAME84_H
#define DEEPQ_ENV_FRAME84_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DQ_FRAME84 = 84,             // rows and columns of the result
    DQ_FRAME84_WIDTH = 160,      // columns of the source
    DQ_FRAME84_MAX_HEIGHT = 250  // rows of the source: 210 (NTSC) or 250 (PAL)
};

/** Which source samples make up one target sample, and how much of each: first, first+1, ... */
typedef struct dq_area_cell {
    int first, n;
    float weight[4];
} dq_area_cell;

typedef struct dq_frame84_plan {
    int height;              // rows of the source
    int first_row, end_row;  // those that the crop leaves, end exclusive
    dq_area_cell x[DQ_FRAME84];
    dq_area_cell y[DQ_FRAME84];  // of the target rows that the crop leaves
} dq_frame84_plan;

/** Is this the height of a picture that the book accepts? */
static inline bool dq_frame84_takes(int height)
{
    return height == 210 || height == 250;
}

/** Precompute the weights for a source of `height` rows. */
void dq_frame84_plan_init(dq_frame84_plan *plan, int height);

/** The same for all of it resized to 84x84, without a crop; `height` is 84 to 250. */
void dq_frame84_plan_init_whole(dq_frame84_plan *plan, int height);

/** Where odd palette indices look like the even ones below, as in NTSC, tables of colours need the
 *  even ones alone: by how many bits an index is shifted there, 0 or 1. palette: RGB, [256][3]. */
int dq_palette_shift(const uint8_t *palette);

/** The book's grey level of a colour, 0..255, not rounded. */
static inline float dq_frame84_grey(uint8_t r, uint8_t g, uint8_t b)
{
    return ((float)r * 0.299f + (float)g * 0.587f) + (float)b * 0.114f;
}

/** Resize one source row: grey [160] to [84]. */
void dq_frame84_shrink_row(const dq_frame84_plan *plan, const float *grey, float *shrunk);

/** One row of the result, [84], from shrunk rows [height][84], of which only those that
 *  plan->y[row] names are read. */
void dq_frame84_sum_row(const dq_frame84_plan *plan, float (*shrunk)[DQ_FRAME84], int row,
                        float *sum);
/** The same, cut to bytes. */
void dq_frame84_finish_row(const dq_frame84_plan *plan, float (*shrunk)[DQ_FRAME84], int row,
                           uint8_t *frame_row);

#endif
