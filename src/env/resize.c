#include "env/resize.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { WEIGHT_ONE = 1 << 11 };

/** Source samples first, first+1, ... that make up a target sample; weights are at `weights`. */
typedef struct cell {
    int first, n, weights;
} cell;

/** One direction. */
typedef struct axis {
    int n_from, n_to;
    double scale;  // source samples for a target sample
    cell *cells;   // [n_to]
    float *weights;
} axis;

struct dq_resize {
    axis y, x;
    int channels;
    void (*run)(dq_resize *r, const uint8_t *from, uint8_t *to);
    float *shrunk, *sum;  // [x.n_to * channels]
    int32_t *mixed[2];    // the same, of INTER_LINEAR
    int mixed_row[2];     // that they are of; -1: none
};

static size_t row_elements(const dq_resize *r)
{
    return (size_t)r->x.n_to * (size_t)r->channels;
}

/* ---------------------------------------------------------------- averages of whole pixels */

static bool is_whole(double scale)
{
    return fabs(scale - rint(scale)) < 2.220446049250313e-16;
}

static uint8_t average(const dq_resize *r, const uint8_t *from, int rows, int columns)
{
    size_t row = (size_t)r->x.n_from * (size_t)r->channels;
    int sum = 0;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++)
            sum += from[(size_t)y * row + (size_t)(x * r->channels)];
    if (rows == 2 && columns == 2)
        return (uint8_t)((sum + 2) >> 2);
    return (uint8_t)lrintf((float)sum * (1.0f / (float)(rows * columns)));
}

static void run_whole(dq_resize *r, const uint8_t *from, uint8_t *to)
{
    int rows = (int)rint(r->y.scale), columns = (int)rint(r->x.scale);
    size_t c = (size_t)r->channels, row = (size_t)r->x.n_from * c;
    for (int i = 0; i < r->y.n_to; i++)
        for (int k = 0; k < r->x.n_to; k++)
            for (size_t channel = 0; channel < c; channel++)
                *to++ = average(
                    r, from + (size_t)(i * rows) * row + (size_t)(k * columns) * c + channel, rows,
                    columns);
}

/* ---------------------------------------------------------------- areas */

static void add_sample(axis *a, cell *c, int sample, double weight)
{
    if (c->n == 0)
        c->first = sample;
    a->weights[c->weights + c->n++] = (float)weight;
}

/** The part of each source sample that lies under target sample i: whole ones between the ends, and
 *  a piece at each end unless it is hardly there. */
static void find_area(axis *a, int i, int at)
{
    cell *c = &a->cells[i];
    *c = (cell){.weights = at};
    double begin = i * a->scale, end = begin + a->scale;
    double width = fmin(a->scale, a->n_from - begin);
    int first = (int)ceil(begin), last = (int)floor(end);
    last = last < a->n_from - 1 ? last : a->n_from - 1;
    first = first < last ? first : last;
    if (first - begin > 1e-3)
        add_sample(a, c, first - 1, (first - begin) / width);
    for (int s = first; s < last; s++)
        add_sample(a, c, s, 1.0 / width);
    if (end - last > 1e-3)
        add_sample(a, c, last, fmin(fmin(end - last, 1.0), width) / width);
}

static void shrink_row(const dq_resize *r, const uint8_t *row)
{
    size_t channels = (size_t)r->channels;
    float *out = r->shrunk;
    for (int i = 0; i < r->x.n_to; i++) {
        const cell *c = &r->x.cells[i];
        const float *weights = r->x.weights + c->weights;
        const uint8_t *sample = row + (size_t)c->first * channels;
        for (size_t channel = 0; channel < channels; channel++) {
            float sum = (float)sample[channel] * weights[0];
            for (int k = 1; k < c->n; k++)
                sum += (float)sample[(size_t)k * channels + channel] * weights[k];
            *out++ = sum;
        }
    }
}

static void run_area(dq_resize *r, const uint8_t *from, uint8_t *to)
{
    size_t n = row_elements(r), row = (size_t)r->x.n_from * (size_t)r->channels;
    for (int i = 0; i < r->y.n_to; i++, to += n) {
        const cell *c = &r->y.cells[i];
        for (int k = 0; k < c->n; k++) {
            float weight = r->y.weights[c->weights + k];
            shrink_row(r, from + (size_t)(c->first + k) * row);
            for (size_t x = 0; x < n; x++)
                r->sum[x] = k ? r->sum[x] + r->shrunk[x] * weight : r->shrunk[x] * weight;
        }
        for (size_t x = 0; x < n; x++)
            to[x] = (uint8_t)lrintf(r->sum[x]);
    }
}

/* ---------------------------------------------------------------- more pixels than there are */

/** INTER_AREA's own place of a target sample between two source samples. */
static void find_pair(axis *a, int i, int at)
{
    int first = (int)floor(i * a->scale);
    double inverse = (double)a->n_to / a->n_from;
    float part = (float)((i + 1) - (first + 1) * inverse);
    part = part <= 0 ? 0.0f : part - floorf(part);
    if (first >= a->n_from - 1) {
        first = a->n_from - 1;
        part = 0.0f;
    }
    a->cells[i] = (cell){.first = first, .n = 2, .weights = at};
    a->weights[at] = rintf((1.0f - part) * WEIGHT_ONE);
    a->weights[at + 1] = rintf(part * WEIGHT_ONE);
}

static int after(const axis *a, int sample)
{
    return sample < a->n_from - 1 ? sample + 1 : sample;
}

static void mix_row(const dq_resize *r, const uint8_t *row, int32_t *mixed)
{
    size_t channels = (size_t)r->channels;
    for (int i = 0; i < r->x.n_to; i++) {
        const cell *c = &r->x.cells[i];
        const uint8_t *a = row + (size_t)c->first * channels;
        const uint8_t *b = row + (size_t)after(&r->x, c->first) * channels;
        int32_t wa = (int32_t)r->x.weights[c->weights], wb = (int32_t)r->x.weights[c->weights + 1];
        for (size_t channel = 0; channel < channels; channel++)
            *mixed++ = a[channel] * wa + b[channel] * wb;
    }
}

/** The mixed row `y` of the source, which may be there from the row before. */
static const int32_t *mixed_row(dq_resize *r, const uint8_t *from, int y)
{
    int slot = y & 1;
    if (r->mixed_row[slot] != y)
        mix_row(r, from + (size_t)y * (size_t)r->x.n_from * (size_t)r->channels, r->mixed[slot]);
    r->mixed_row[slot] = y;
    return r->mixed[slot];
}

static void run_linear(dq_resize *r, const uint8_t *from, uint8_t *to)
{
    size_t n = row_elements(r);
    r->mixed_row[0] = r->mixed_row[1] = -1;
    for (int i = 0; i < r->y.n_to; i++, to += n) {
        const cell *c = &r->y.cells[i];
        const int32_t *a = mixed_row(r, from, c->first);
        const int32_t *b = mixed_row(r, from, after(&r->y, c->first));
        int32_t wa = (int32_t)r->y.weights[c->weights], wb = (int32_t)r->y.weights[c->weights + 1];
        for (size_t x = 0; x < n; x++)
            to[x] = (uint8_t)(((wa * (a[x] >> 4) >> 16) + (wb * (b[x] >> 4) >> 16) + 2) >> 2);
    }
}

static void run_copy(dq_resize *r, const uint8_t *from, uint8_t *to)
{
    memcpy(to, from, (size_t)r->y.n_to * row_elements(r));
}

/* ---------------------------------------------------------------- create */

/** The most source samples of a target sample. */
static int most_samples(const axis *a)
{
    return (int)ceil(a->scale) + 2;
}

static bool plan(axis *a, int n_from, int n_to, bool linear)
{
    *a = (axis){.n_from = n_from, .n_to = n_to, .scale = 1 / ((double)n_to / n_from)};
    int most = most_samples(a);
    a->cells = calloc((size_t)n_to, sizeof(a->cells[0]));
    a->weights = calloc((size_t)n_to * (size_t)most, sizeof(a->weights[0]));
    if (!a->cells || !a->weights)
        return false;
    for (int i = 0; i < n_to; i++)
        if (linear)
            find_pair(a, i, i * most);
        else
            find_area(a, i, i * most);
    return true;
}

static void choose(dq_resize *r)
{
    bool same = r->x.n_from == r->x.n_to && r->y.n_from == r->y.n_to;
    bool grows = r->x.scale < 1 || r->y.scale < 1;
    bool whole = is_whole(r->x.scale) && is_whole(r->y.scale);
    r->run = same ? run_copy : grows ? run_linear : whole ? run_whole : run_area;
}

dq_status dq_resize_create(dq_resize **out, dq_resize_size from, dq_resize_size to, int channels)
{
    *out = NULL;
    dq_resize *r = calloc(1, sizeof(*r));
    if (!r)
        return dq_fail(DQ_ERR_NOMEM, "no memory to resize pictures");
    bool linear = to.rows > from.rows || to.columns > from.columns;
    r->channels = channels;
    bool planned =
        plan(&r->y, from.rows, to.rows, linear) && plan(&r->x, from.columns, to.columns, linear);
    if (planned) {
        choose(r);
        r->shrunk = calloc(row_elements(r), sizeof(float));
        r->sum = calloc(row_elements(r), sizeof(float));
        r->mixed[0] = calloc(row_elements(r), sizeof(int32_t));
        r->mixed[1] = calloc(row_elements(r), sizeof(int32_t));
    }
    if (planned && r->shrunk && r->sum && r->mixed[0] && r->mixed[1]) {
        *out = r;
        return DQ_OK;
    }
    dq_resize_destroy(r);
    return dq_fail(DQ_ERR_NOMEM, "no memory to resize pictures");
}

void dq_resize_destroy(dq_resize *r)
{
    if (!r)
        return;
    free(r->y.cells);
    free(r->y.weights);
    free(r->x.cells);
    free(r->x.weights);
    free(r->shrunk);
    free(r->sum);
    free(r->mixed[0]);
    free(r->mixed[1]);
    free(r);
}

void dq_resize_picture(dq_resize *r, const uint8_t *from, uint8_t *to)
{
    r->run(r, from, to);
}
