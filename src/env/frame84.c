#include "env/frame84.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    RESIZED_HEIGHT = 110,
    CROP_TOP = 18  // rows of the resized picture above the ones that stay
};

static void add_sample(dq_area_cell *cell, int sample, double weight)
{
    assert(cell->n < 4);
    if (cell->n == 0)
        cell->first = (uint8_t)sample;
    cell->weight[cell->n++] = (float)weight;
}

/** The part of each source sample that lies under target sample i: whole ones between the ends, and
 *  a piece at each end unless it is hardly there. */
static dq_area_cell area_cell(int i, int n_source, int n_target)
{
    dq_area_cell cell = {0};
    double scale = (double)n_source / n_target;
    double begin = i * scale, end = begin + scale;
    double width = fmin(scale, n_source - begin);
    int last = (int)floor(end);
    if (last > n_source - 1)
        last = n_source - 1;
    int first = (int)ceil(begin);
    if (first > last)
        first = last;
    if (first - begin > 1e-3)
        add_sample(&cell, first - 1, (first - begin) / width);
    for (int s = first; s < last; s++)
        add_sample(&cell, s, 1.0 / width);
    if (end - last > 1e-3)
        add_sample(&cell, last, fmin(fmin(end - last, 1.0), width) / width);
    return cell;
}

static void find_cells(dq_frame84_plan *plan)
{
    for (int g = 0; g < DQ_FRAME84_GROUPS; g++) {
        int from = 0, to = DQ_FRAME84 - 1;
        while (plan->x[from].first + plan->x[from].n <= 8 * g)
            from++;
        while (plan->x[to].first > 8 * g + 7)
            to--;
        plan->cells[g].from = (uint8_t)from;
        plan->cells[g].to = (uint8_t)to;
    }
}

/** Target rows top .. top+83 of `target_height`. */
static void plan_init(dq_frame84_plan *plan, int height, int top, int target_height)
{
    plan->height = height;
    for (int i = 0; i < DQ_FRAME84; i++) {
        plan->x[i] = area_cell(i, DQ_FRAME84_WIDTH, DQ_FRAME84);
        plan->y[i] = area_cell(top + i, height, target_height);
    }
    const dq_area_cell *last = &plan->y[DQ_FRAME84 - 1];
    plan->first_row = plan->y[0].first;
    plan->end_row = last->first + last->n;
    find_cells(plan);
}

void dq_frame84_plan_init(dq_frame84_plan *plan, int height)
{
    assert(dq_frame84_takes(height));
    plan_init(plan, height, CROP_TOP, RESIZED_HEIGHT);
}

void dq_frame84_plan_init_whole(dq_frame84_plan *plan, int height)
{
    plan_init(plan, height, 0, DQ_FRAME84);
}

uint32_t dq_frame84_differences(const uint8_t *a, const uint8_t *b)
{
    uint32_t groups = 0;
    for (int i = 0; i < DQ_FRAME84_GROUPS; i++) {
        uint64_t v, w;
        memcpy(&v, a + 8 * i, 8);
        memcpy(&w, b + 8 * i, 8);
        groups |= (uint32_t)(v != w) << i;
    }
    return groups;
}

void dq_frame84_shrink_cells(const dq_frame84_plan *plan, const float *grey, int from, int to,
                             float *shrunk)
{
    for (int i = from; i <= to; i++) {
        const dq_area_cell *cell = &plan->x[i];
        const float *sample = grey + cell->first;
        float sum = sample[0] * cell->weight[0];
        for (int k = 1; k < cell->n; k++)
            sum += sample[k] * cell->weight[k];
        shrunk[i] = sum;
    }
}

void dq_frame84_sum_cells(const dq_frame84_plan *plan, const float *const shrunk[4], int row,
                          int from, int to, float *sum)
{
    const dq_area_cell *cell = &plan->y[row];
    for (int i = from; i <= to; i++)
        sum[i] = shrunk[0][i] * cell->weight[0];
    for (int k = 1; k < cell->n; k++)
        for (int i = from; i <= to; i++)
            sum[i] += shrunk[k][i] * cell->weight[k];
}

void dq_frame84_sum_row(const dq_frame84_plan *plan, float (*shrunk)[DQ_FRAME84], int row,
                        float *sum)
{
    const dq_area_cell *cell = &plan->y[row];
    const float *rows[4];
    for (int k = 0; k < 4; k++)
        rows[k] = shrunk[cell->first + (k < cell->n ? k : 0)];
    dq_frame84_sum_cells(plan, rows, row, 0, DQ_FRAME84 - 1, sum);
}

void dq_frame84_finish_row(const dq_frame84_plan *plan, float (*shrunk)[DQ_FRAME84], int row,
                           uint8_t *frame_row)
{
    float sum[DQ_FRAME84];
    dq_frame84_sum_row(plan, shrunk, row, sum);
    for (int i = 0; i < DQ_FRAME84; i++)
        frame_row[i] = (uint8_t)sum[i];
}
