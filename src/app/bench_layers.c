#define _POSIX_C_SOURCE 200809L  // CLOCK_THREAD_CPUTIME_ID

#include "app/bench_layers.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "deepq/net.h"
#include "learn/gpu.h"
#include "nn/graph.h"
#include "nn/kernels.h"
#include "nn/winograd.h"

enum { N = 32, CHUNK = 4, REPEATS = 40, N_ARRAYS = 40 };

/** Every array of a step, with values of no meaning. */
typedef struct layers {
    const dq_kernels *k;
    dq_net_shape net;
    dq_conv_sizes conv[DQ_CONVS_MAX];
    dq_fc_sizes fc;
    uint8_t *obs;
    float *x[DQ_CONVS_MAX + 1], *v[DQ_CONVS_MAX], *z[DQ_CONVS_MAX], *u[DQ_CONVS_MAX];
    float *features, *ut[DQ_CONVS_MAX], *du[DQ_CONVS_MAX], *products, *dx, *w, *m, *s, *block;
    float *fc_w, *fc_x, *fc_slices, *fc_dy, *dyt;
    float *arrays[N_ARRAYS];
    int n_arrays;
    volatile int *stop;
    bool json;
    double peak[2];  // GFLOP/s in fp32 and in the table's precision
} layers;

/** Floats in a sample's input of convolution i, padding included, or in the features behind the
 *  last. */
static size_t x_size(const layers *l, int i)
{
    return i < l->net.n_convs ? dq_conv_inputs(l->net.conv[i]) : l->net.x[i - 1];
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/** n floats, or NULL without memory. */
static float *values(layers *l, size_t n)
{
    float *a = l->arrays[l->n_arrays++] = aligned_alloc(64, (n * sizeof(*a) + 4095) / 64 * 64);
    for (size_t i = 0; a && i < n; i++)
        a[i] = (float)((i * 7 + i / 31) % 97) / 97 - 0.4f;
    return a;
}

static void create_linear(layers *l)
{
    size_t n_weights = dq_fc_weights(l->net.fc);
    l->w = values(l, n_weights);
    l->m = values(l, n_weights);
    l->s = values(l, n_weights);
    l->block = values(l, (size_t)l->net.fc->slice * DQ_FC_BLOCK);
    l->fc_w = l->fc.w ? values(l, l->fc.w * (size_t)l->net.n_blocks) : l->w;
    l->fc_x = l->fc.x ? values(l, l->fc.x * N) : l->features;
    l->fc_slices = l->fc.slices ? values(l, l->fc.slices) : l->fc_x;
    l->dyt = values(l, l->fc.dyt);
    l->fc_dy = l->fc.dy ? values(l, l->fc.dy) : l->dyt;
}

static dq_status create(layers *l)
{
    size_t products = 0;
    l->fc = l->k->fc_sizes(l->net.fc_layer, N);
    for (int i = 0; i <= l->net.n_convs; i++)
        l->features = l->x[i] = values(l, N * x_size(l, i));
    for (int i = 0; i < l->net.n_convs; i++) {
        dq_conv_sizes s = l->conv[i] = l->k->conv_sizes(l->net.layer[i], N);
        l->v[i] = values(l, s.v);
        l->z[i] = values(l, s.z);
        l->u[i] = values(l, s.u);
        l->ut[i] = values(l, s.ut + 1);
        l->du[i] = values(l, s.du);
        products = s.products > products ? s.products : products;
    }
    l->products = values(l, products + 1);
    l->dx = values(l, (size_t)CHUNK * x_size(l, 1));
    create_linear(l);
    l->obs = calloc(N, DQ_NET_OBS_BYTES);
    bool complete = l->obs != NULL;
    for (int i = 0; i < l->n_arrays; i++)
        complete = complete && l->arrays[i];
    if (!complete)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    for (size_t i = 0; i < (size_t)N * DQ_NET_OBS_BYTES; i++)
        l->obs[i] = (uint8_t)(i * 2654435761u >> 24);
    for (size_t i = 0; i < dq_fc_weights(l->net.fc); i++)
        l->s[i] *= l->s[i];  // Adam takes its root
    return DQ_OK;
}

static void destroy(layers *l)
{
    for (int i = 0; i < l->n_arrays; i++)
        free(l->arrays[i]);
    free(l->obs);
    free(l);
}

static void run_scale(layers *l, int i)
{
    (void)i;
    for (size_t n = 0; n < N; n++)
        l->k->scale(l->obs + n * DQ_NET_OBS_BYTES, l->x[0] + n % CHUNK * DQ_X0);
}

static void run_forward(layers *l, int i)
{
    for (int n = 0; n < N; n += CHUNK)
        l->k->conv_forward(l->net.layer[i], (dq_conv_part){n, CHUNK, N},
                           l->x[i] + (size_t)(i ? n : 0) * x_size(l, i), l->u[i], l->w, 0.0f,
                           l->v[i], l->products, l->x[i + 1] + (size_t)n * x_size(l, i + 1));
}

static void run_backward(layers *l, int i)
{
    for (int n = 0; n < N; n += CHUNK) {
        const float *y = l->x[i + 1] + (size_t)n * x_size(l, i + 1);
        l->k->conv_backward(l->net.layer[i], (dq_conv_part){n, CHUNK, N}, y, y, l->ut[i], l->z[i],
                            l->products, i ? l->dx : NULL, l->dx);
    }
}

static void run_du(layers *l, int i)
{
    for (int task = 0; task < l->k->conv_du_tasks(l->net.layer[i]); task++)
        l->k->conv_du(l->net.layer[i], task, N, l->v[i], l->z[i], l->du[i], l->block);
}

static void run_dw(layers *l, int i)
{
    for (int c = 0; c < dq_conv_block(l->net.conv[i]); c += DQ_CONV_SLICE)
        l->k->conv_dw(l->net.layer[i], l->du[i], c, l->m);
}

static void run_prepare(layers *l, int i)
{
    for (int c = 0; c < dq_conv_block(l->net.conv[i]); c += DQ_CONV_SLICE)
        l->k->conv_prepare(l->net.layer[i], l->w, c, l->u[i], l->ut[i]);
}

static void run_fc1(layers *l, int i)
{
    (void)i;
    size_t block = l->fc.w ? l->fc.w : dq_fc_block_weights(l->net.fc);
    for (size_t n = 0; l->k->fc1_input && n < N; n++)
        l->k->fc1_input(l->net.fc_layer, l->features + n * (size_t)l->net.fc->in,
                        l->fc_x + n * l->fc.x);
    for (size_t b = 0; b < (size_t)l->net.n_blocks; b++)
        l->k->fc1(l->net.fc_layer, l->fc_x, N, l->fc_w + b * block, l->w, 0.0f,
                  l->s + b * DQ_FC_BLOCK);
}

static void run_fc1_dx(layers *l, int i)
{
    (void)i;
    for (int k = 0; k < l->net.fc->in; k += l->net.fc->slice)
        l->k->fc1_dx(l->net.fc_layer, l->dyt, N, l->w, k, l->features,
                     (const float *const[]){l->w, l->w});
}

static void run_fc1_dw(layers *l, int i)
{
    (void)i;
    const float *const prefetch[] = {l->block, l->block, l->block};
    for (int k = 0; k < l->net.fc->in; k += l->net.fc->slice) {
        if (l->k->fc1_slice)
            l->k->fc1_slice(l->net.fc_layer, l->fc_x, N, k, l->fc_slices);
        for (size_t b = 0; b < (size_t)l->net.n_blocks; b++)
            l->k->fc1_dw(l->net.fc_layer, l->fc_slices, N, l->fc_dy + b * DQ_FC_BLOCK, k, l->block,
                         prefetch);
    }
}

static void run_fc1_prepare(layers *l, int i)
{
    (void)i;
    for (size_t b = 0; l->k->fc1_prepare && b < (size_t)l->net.n_blocks; b++)
        for (int k = 0; k < l->net.fc->in; k += l->net.fc->slice)
            l->k->fc1_prepare(l->net.fc_layer, l->w + b * dq_fc_block_weights(l->net.fc), k,
                              l->fc_w + b * l->fc.w);
}

static void run_turn(layers *l, int i)
{
    (void)i;
    l->k->fc1_turn(l->net.fc_layer, l->s, N, l->fc_dy, l->dyt);
}

static void run_adam(layers *l, int i)
{
    (void)i;
    size_t part = (size_t)l->net.fc->slice * DQ_FC_BLOCK;
    static const dq_adam_step step = {0.9f, 0.999f, 1e-8f, 1e-6f, 1.0f};
    for (size_t at = 0; at < dq_fc_weights(l->net.fc); at += part)
        l->k->adam(part, l->w + at, l->m + at, l->s + at, l->block, &step);
}

/** A row of the table. `words`: of 32 bits, the arrays that it must read or write. */
typedef struct row {
    const char *name;
    void (*run)(layers *l, int layer);
    double plain, done;  // floating-point operations, 0 where there are no products
    size_t words;
    int layer;
    bool is_fp32;  // whatever the precision
} row;

static double least_seconds(layers *l, const row *r)
{
    double best = 1e9;
    for (int i = 0; i < REPEATS && !*l->stop; i++) {
        double t = cpu_seconds();
        r->run(l, r->layer);
        t = cpu_seconds() - t;
        best = t < best ? t : best;
    }
    return best;
}

static void print_row(layers *l, const row *r)
{
    double s = least_seconds(l, r), peak = l->peak[r->is_fp32 ? 0 : 1];
    double done = r->done / s * 1e-9, plain = r->plain / s * 1e-9;
    if (*l->stop)
        return;
    if (l->json) {
        json_t *o =
            json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:s, s:s, s:s}", "layer", r->name, "us",
                      s * 1e6, "plain_gflops", plain, "done_gflops", done, "peak_gflops", peak,
                      "bytes", 4.0 * (double)r->words, "isa", l->k->isa, "precision",
                      dq_precision_name(r->is_fp32 ? DQ_FP32 : l->k->precision), "network",
                      l->net.network->name);
        json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(7));
        json_decref(o);
        printf("\n");
        return;
    }
    printf("  %-24s %8.0f", r->name, s * 1e6);
    if (r->plain > 0)
        printf(" %8.0f %8.0f %7.0f %%", plain, done, 100 * done / peak);
    printf("\n");
}

/** One core's multiply-adds, of the factors of a table. */
static double peak_gflops(const dq_kernels *k)
{
    float sums[DQ_PEAK_SUMS] = {0};
    double best = 1e9;
    int64_t rounds = (int64_t)(2e8 / k->peak_flops);
    for (int i = 0; i < REPEATS; i++) {
        double t = cpu_seconds();
        k->peak(rounds, sums);
        t = cpu_seconds() - t;
        best = t < best ? t : best;
    }
    return (double)rounds * k->peak_flops / best * 1e-9;
}

static void print_conv(layers *l, int i)
{
    static const char *const names[DQ_CONVS_MAX][5] = {
        {"conv1 forward", "conv1 backward", "conv1 weight products", "conv1 weight gradient",
         "conv1 prepare"},
        {"conv2 forward", "conv2 backward", "conv2 weight products", "conv2 weight gradient",
         "conv2 prepare"},
        {"conv3 forward", "conv3 backward", "conv3 weight products", "conv3 weight gradient",
         "conv3 prepare"}};
    const dq_conv_shape *c = l->net.conv[i];
    bool is_bf16 = l->k->precision == DQ_BF16 && dq_conv_is_rounded(c);
    const dq_winograd *f = is_bf16 ? dq_winograd_of_bf16(c) : dq_winograd_of(c);
    double plain = 2.0 * N * c->out_side * c->out_side * c->k * c->k * c->in * c->out, done = plain;
    if (strcmp(l->k->isa, "ref") != 0)
        done = 2.0 * N * f->tiles * f->tiles * f->t * f->t * dq_conv_block(c) * c->out;
    const dq_conv_sizes *s = &l->conv[i];
    size_t x = N * x_size(l, i), y = N * x_size(l, i + 1), w = dq_conv_weights(c);
    const row rows[] = {
        {names[i][0], run_forward, plain, done, x + s->u + s->v + y, i, !is_bf16},
        {names[i][1], run_backward, i ? plain : 0, i ? done : 0, 2 * y + s->z + (i ? s->ut + x : 0),
         i, !is_bf16},
        {names[i][2], run_du, plain, done, s->v + s->z + s->du, i, !is_bf16},
        {names[i][3], run_dw, 0, 0, s->du + w, i, true},
        {names[i][4], run_prepare, 0, 0, w + s->u + s->ut, i, true},
    };
    for (size_t r = 0; r < DQ_COUNT(rows); r++)
        print_row(l, &rows[r]);
}

static void print_rows(layers *l)
{
    size_t plain = dq_fc_weights(l->net.fc), features = N * (size_t)l->net.fc->in;
    size_t hidden = N * l->net.hidden;
    double fc = 2.0 * N * (double)plain;
    size_t x = l->fc.x ? N * l->fc.x : features;
    size_t w = l->fc.w ? l->fc.w * (size_t)l->net.n_blocks : plain;
    bool is_fp32 = l->k->precision == DQ_FP32;
    const row scale = {"scale", run_scale, 0, 0, (size_t)N * DQ_X0 * 5 / 4, 0, true};
    const row rows[] = {
        {"fc1 forward", run_fc1, fc, fc, x + w + hidden, 0, is_fp32},
        {"fc1 input gradient", run_fc1_dx, fc, fc, l->fc.dyt + plain + features, 0, is_fp32},
        {"fc1 weight gradient", run_fc1_dw, fc, fc, x + hidden + plain, 0, is_fp32},
        {"fc1 Adam", run_adam, 0, 0, 7 * plain, 0, true},
        {"fc1 prepare", run_fc1_prepare, 0, 0, plain + w, 0, true},
        {"fc1 turn", run_turn, 0, 0, 2 * hidden, 0, true},
    };
    print_row(l, &scale);
    for (int i = 0; i < l->net.n_convs; i++)
        print_conv(l, i);
    for (size_t r = 0; r < DQ_COUNT(rows); r++)
        if (rows[r].run != run_fc1_prepare || l->fc.w)
            print_row(l, &rows[r]);
}

static void print_title(const layers *l, dq_precision precision)
{
    printf("  %s, %s, one thread, batch %d; peak %.0f GFLOP/s in fp32", l->net.network->name,
           l->k->isa, N, l->peak[0]);
    if (precision != DQ_FP32)
        printf(", %.0f in %s", l->peak[1], dq_precision_name(precision));
    printf("\n  %-24s %8s %8s %8s %9s\n", "layer", "us", "plain", "done", "of peak");
}

dq_status bench_layers_print(const bench_settings *s, bool json, volatile int *stop)
{
    dq_precision precision;
    const dq_kernels *fp32;
    dq_network network;
    if (dq_gpu_is_meant(s->device))
        return DQ_OK;  // its kernels are measured with the GPU's own tools
    layers *l = calloc(1, sizeof(*l));
    if (!l)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    l->stop = stop;
    l->json = json;
    dq_status st = dq_network_find(s->network, &network);
    if (st == DQ_OK)
        l->net = dq_net_shape_of(&network, 6);
    if (st == DQ_OK)
        st = dq_precision_find(s->precision, &precision);
    if (st == DQ_OK)
        st = dq_kernels_choose(s->isa, DQ_FP32, &fp32);
    if (st == DQ_OK)
        st = dq_kernels_choose(s->isa, precision, &l->k);
    if (st == DQ_OK)
        st = create(l);
    if (st == DQ_OK) {
        l->peak[0] = peak_gflops(fp32);
        l->peak[1] = peak_gflops(l->k);
        if (!json)
            print_title(l, precision);
        print_rows(l);
        if (*stop)
            st = dq_fail(DQ_ERR_INTERRUPTED, "layers: interrupted");
    }
    destroy(l);
    return st;
}
