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
    DQ_FRAME84 = 84,              // rows and columns of the result
    DQ_FRAME84_WIDTH = 160,       // columns of the source
    DQ_FRAME84_MAX_HEIGHT = 250,  // rows of the source: 210 (NTSC) or 250 (PAL)
    DQ_FRAME84_GROUPS = 20,       // of eight columns of the source
    DQ_FRAME84_ALL_GROUPS = (1 << DQ_FRAME84_GROUPS) - 1
};

/** Which source samples make up one target sample, and how much of each: first, first+1, ... */
typedef struct dq_area_cell {
    uint8_t first, n;  // n is 1 to 4, in a row of 160 at most 3
    float weight[4];
} dq_area_cell;

typedef struct dq_frame84_plan {
    int height;              // rows of the source
    int first_row, end_row;  // those that the crop leaves, end exclusive
    dq_area_cell x[DQ_FRAME84];
    dq_area_cell y[DQ_FRAME84];  // of the target rows that the crop leaves
    struct {
        uint8_t from, to;
    } cells[DQ_FRAME84_GROUPS];  // target columns that a group has a part in
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

/** By groups of eight pixels of two rows of 160: bit x when the pixels 8x..8x+7 differ. */
uint32_t dq_frame84_differences(const uint8_t *a, const uint8_t *b);
/** Of a set of groups that is not empty take out the leftmost ones that lie together: the columns
 *  from..to of the result are those that these pixels have a part in. */
static inline void dq_frame84_take_cells(const dq_frame84_plan *plan, uint32_t *groups, int *from,
                                         int *to)
{
    int first = __builtin_ctz(*groups), n = __builtin_ctz(~(*groups >> first));
    *groups &= ~(((UINT32_C(1) << n) - 1) << first);
    *from = plan->cells[first].from;
    *to = plan->cells[first + n - 1].to;
}

/** The book's grey level of a colour, 0..255, not rounded. */
static inline float dq_frame84_grey(uint8_t r, uint8_t g, uint8_t b)
{
    return ((float)r * 0.299f + (float)g * 0.587f) + (float)b * 0.114f;
}

/** Of one source row, grey [160], the cells from..to of its [84]. */
void dq_frame84_shrink_cells(const dq_frame84_plan *plan, const float *grey, int from, int to,
                             float *shrunk);
/** All of them. */
static inline void dq_frame84_shrink_row(const dq_frame84_plan *plan, const float *grey,
                                         float *shrunk)
{
    dq_frame84_shrink_cells(plan, grey, 0, DQ_FRAME84 - 1, shrunk);
}

/** Pixels from..to of one row of the result, from the shrunk rows [84] that plan->y[row] names. */
void dq_frame84_sum_cells(const dq_frame84_plan *plan, const float *const shrunk[4], int row,
                          int from, int to, float *sum);
/** All of them, from shrunk rows [height][84]. */
void dq_frame84_sum_row(const dq_frame84_plan *plan, float (*shrunk)[DQ_FRAME84], int row,
                        float *sum);
/** The same, cut to bytes. */
void dq_frame84_finish_row(const dq_frame84_plan *plan, float (*shrunk)[DQ_FRAME84], int row,
                           uint8_t *frame_row);

#endif
