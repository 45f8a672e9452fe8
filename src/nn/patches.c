/* Convolutions of any sizes: each is a dense layer over the patches of its input, so that the
 * kernels of a multilayer perceptron do all of it. The networks of 84x84 pictures have faster ones.
 */
#include <string.h>

#include "nn/net_internal.h"

static size_t pixels_out(const dq_patch_shape *p)
{
    return (size_t)p->out_height * (size_t)p->out_width;
}

static size_t input_size(const dq_patch_shape *p)
{
    return (size_t)p->height * (size_t)p->width * (size_t)p->row;
}

void dq_patches_plan(dq_net *net, char *base, size_t *used)
{
    const dq_net_shape *s = &net->shape;
    size_t cap = (size_t)net->cap;
    if (s->n_patches == 0)
        return;
    net->pictures = dq_net_take(base, used, cap * input_size(&s->patch[0]));
    for (int l = 0; l < s->n_patches; l++) {
        const dq_patch_shape *p = &s->patch[l];
        size_t rows = cap * pixels_out(p);
        net->patches[l] = dq_net_take(base, used, rows * (size_t)p->dense.in_row);
        net->x[l] = dq_net_take(base, used, rows * (size_t)p->dense.out_row);
        net->dx[l] = dq_net_take(base, used, rows * (size_t)p->dense.out_row);
        net->dpatches[l] = l > 0 ? dq_net_take(base, used, rows * (size_t)p->dense.in_row) : NULL;
    }
    net->dinputs = dq_net_take(base, used, cap * (size_t)s->dense[0].in_row);
}

/** Bytes, channels first, to floats in [0, 1], channels last. */
static void take_picture(const dq_patch_shape *p, const uint8_t *obs, float *to)
{
    size_t n = (size_t)p->height * (size_t)p->width, channels = (size_t)p->channels;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < n; i++)
            to[i * channels + c] = (float)obs[c * n + i] / 255.0f;
}

/** Where the patch of an output's pixel begins in its picture. */
static size_t corner(const dq_patch_shape *p, int y, int x)
{
    return ((size_t)(y * p->stride) * (size_t)p->width + (size_t)(x * p->stride)) * (size_t)p->row;
}

/** Copy each patch of a picture to a row. */
static void cut(const dq_patch_shape *p, const float *picture, float *to)
{
    size_t line = (size_t)p->width * (size_t)p->row, channels = (size_t)p->channels;
    for (int y = 0; y < p->out_height; y++)
        for (int x = 0; x < p->out_width; x++, to += p->dense.in_row) {
            const float *from = picture + corner(p, y, x);
            for (size_t i = 0; i < (size_t)(p->k * p->k); i++)
                memcpy(to + i * channels,
                       from + i / (size_t)p->k * line + i % (size_t)p->k * (size_t)p->row,
                       channels * sizeof(*to));
        }
}

/** The other way: add each row to where it was cut from. */
static void add_up(const dq_patch_shape *p, const float *rows, float *picture)
{
    size_t line = (size_t)p->width * (size_t)p->row, channels = (size_t)p->channels;
    for (int y = 0; y < p->out_height; y++)
        for (int x = 0; x < p->out_width; x++, rows += p->dense.in_row) {
            float *to = picture + corner(p, y, x);
            for (size_t i = 0; i < (size_t)(p->k * p->k); i++)
                for (size_t c = 0; c < channels; c++)
                    to[i / (size_t)p->k * line + i % (size_t)p->k * (size_t)p->row + c] +=
                        rows[i * channels + c];
        }
}

/** The last convolution's output without padding, as the next layer takes it. */
static void take_features(const dq_net *net, int n, float *to)
{
    const dq_net_shape *s = &net->shape;
    const dq_patch_shape *p = &s->patch[s->n_patches - 1];
    const float *x = net->x[s->n_patches - 1];
    size_t channels = (size_t)s->n_channels;
    for (int i = 0; i < n; i++, to += s->dense[0].in_row)
        for (size_t pixel = 0; pixel < pixels_out(p); pixel++, x += p->dense.out_row)
            memcpy(to + pixel * channels, x, channels * sizeof(*to));
}

void dq_patches_forward(dq_net *net, const dq_weights *weights, const uint8_t *obs, int n,
                        float *features)
{
    const dq_net_shape *s = &net->shape;
    size_t size = input_size(&s->patch[0]);
    for (size_t i = 0; i < (size_t)n; i++)
        take_picture(&s->patch[0], obs + i * s->obs_bytes, net->pictures + i * size);
    const float *x = net->pictures;
    for (int l = 0; l < s->n_patches; l++) {
        const dq_patch_shape *p = &s->patch[l];
        size_t rows = pixels_out(p) * (size_t)p->dense.in_row;
        for (size_t i = 0; i < (size_t)n; i++)
            cut(p, x + i * input_size(p), net->patches[l] + i * rows);
        net->k->dense(&p->dense, net->patches[l], n * (int)pixels_out(p), weights->params + p->w,
                      weights->params + p->b, s->n_norms == 0, net->x[l]);
        if (s->n_norms > 0)
            dq_norm_forward_pass(net, weights, l, 0, n, net->x[l]);
        x = net->x[l];
    }
    take_features(net, n, features);
}

/** The gradient of the last convolution's output, with padding. */
static void spread_features(dq_net *net, int n)
{
    const dq_net_shape *s = &net->shape;
    int last = s->n_patches - 1;
    const dq_patch_shape *p = &s->patch[last];
    const float *from = net->dinputs;
    float *dx = net->dx[last];
    size_t channels = (size_t)s->n_channels;
    for (int i = 0; i < n; i++, from += s->dense[0].in_row)
        for (size_t pixel = 0; pixel < pixels_out(p); pixel++, dx += p->dense.out_row)
            memcpy(dx, from + pixel * channels, channels * sizeof(*dx));
}

void dq_patches_backward(dq_net *net)
{
    const dq_net_shape *s = &net->shape;
    int n = net->cfg.batch;
    spread_features(net, n);
    for (int l = s->n_patches - 1; l >= 0; l--) {
        const dq_patch_shape *p = &s->patch[l];
        int rows = n * (int)pixels_out(p);
        float *dy = net->dx[l];
        if (s->n_norms > 0)
            dq_norm_backward_pass(net, l, 0, n, net->x[l], dy);
        for (size_t i = 0; s->n_norms == 0 && i < (size_t)rows * (size_t)p->dense.out_row; i++)
            dy[i] = net->x[l][i] > 0.0f ? dy[i] : 0.0f;
        net->k->dense_dw(&p->dense, net->patches[l], rows, dy, net->grad + p->w);
        dq_net_sum_rows(&p->dense, dy, rows, net->grad + p->b);
        if (l == 0)
            return;
        size_t size = input_size(p), of_sample = pixels_out(p) * (size_t)p->dense.in_row;
        net->k->dense_dx(&p->dense, dy, rows, net->online.params + p->w, net->dense_turned,
                         net->dpatches[l]);
        memset(net->dx[l - 1], 0, (size_t)n * size * sizeof(float));
        for (size_t i = 0; i < (size_t)n; i++)
            add_up(p, net->dpatches[l] + i * of_sample, net->dx[l - 1] + i * size);
    }
}
