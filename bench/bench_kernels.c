/* How long each kernel of the learning step takes on one thread, batch 32, beside this core's
 * multiply-add peak in the same run. Columns: microseconds; GFLOP of the plain algorithm a second
 * (what the layer would cost without Winograd) and of the multiplications really done, and the
 * latter's share of the peak.
 *
 *     bench_kernels [ref|avx2|avx512] [fp32|bf16]     (takes the minimum of many repetitions; CPU
 * time) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "deepq/net.h"
#include "nn/kernels.h"
#include "nn/winograd.h"

enum { N = 32, CHUNK = 4, REPEATS = 40 };

static const dq_kernels *k;
static float *x[4], *v[3], *z[3], *u[3], *ut[3], *du[3], *products, *w, *m, *s, *dht;
static float *fc_w, *fc_x, *fc_slices, *fc_dy;
static uint8_t *obs;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *values(size_t n)
{
    float *a = aligned_alloc(64, (n * sizeof(*a) + 4095) / 64 * 64);
    if (!a)
        exit(1);
    for (size_t i = 0; i < n; i++)
        a[i] = (float)((i * 7 + i / 31) % 97) / 97 - 0.4f;
    return a;
}

#if defined(__x86_64__)
/** Ten independent chains of multiply-adds, enough to keep both units busy. */
__attribute__((target("avx2,fma"))) static double fma_gflops(void)
{
    __m256 a0 = _mm256_set1_ps(1), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0,
           a8 = a0, a9 = a0, half = _mm256_set1_ps(0.5f);
    double best = 1e9;
    for (int r = 0; r < REPEATS; r++) {
        double t = now();
        for (int j = 0; j < 100000; j++)
            __asm__ volatile("vfmadd132ps %10, %10, %0\nvfmadd132ps %10, %10, %1\n"
                             "vfmadd132ps %10, %10, %2\nvfmadd132ps %10, %10, %3\n"
                             "vfmadd132ps %10, %10, %4\nvfmadd132ps %10, %10, %5\n"
                             "vfmadd132ps %10, %10, %6\nvfmadd132ps %10, %10, %7\n"
                             "vfmadd132ps %10, %10, %8\nvfmadd132ps %10, %10, %9"
                             : "+x"(a0), "+x"(a1), "+x"(a2), "+x"(a3), "+x"(a4), "+x"(a5), "+x"(a6),
                               "+x"(a7), "+x"(a8), "+x"(a9)
                             : "x"(half));
        t = now() - t;
        best = t < best ? t : best;
    }
    return 100000.0 * 10 * 16 / best * 1e-9;
}
#endif

/** The core's limit, or 0 where we cannot measure it. */
static double peak_gflops(void)
{
#if defined(__x86_64__)
    if (dq_kernels_for("avx2"))
        return fma_gflops();
#endif
    return 0;
}

static void run_scale(int l)
{
    (void)l;
    for (int i = 0; i < N; i++)
        k->scale(obs + (size_t)i * DQ_NET_OBS_BYTES, x[0] + (size_t)i % CHUNK * DQ_X0);
}

static size_t x_size(int l)
{
    static const size_t size[] = {DQ_X0, DQ_X1, DQ_X2, DQ_X3};
    return size[l];
}

static void run_forward(int l)
{
    for (int i = 0; i < N; i += CHUNK)
        k->conv_forward(l, (dq_conv_part){i, CHUNK, N}, x[l] + (size_t)(l ? i : 0) * x_size(l),
                        u[l], w, v[l], products, x[l + 1] + (size_t)i * x_size(l + 1));
}

static void run_backward(int l)
{
    static float dx[CHUNK * DQ_X1];
    for (int i = 0; i < N; i += CHUNK)
        k->conv_backward(l, (dq_conv_part){i, CHUNK, N}, x[l + 1] + (size_t)i * x_size(l + 1),
                         x[l + 1] + (size_t)i * x_size(l + 1), ut[l], z[l], products, l ? dx : NULL,
                         dx);
}

static void run_du(int l)
{
    for (int task = 0; task < k->conv_du_tasks[l]; task++)
        k->conv_du(l, task, N, v[l], z[l], du[l], s);
}

static void run_dw(int l)
{
    for (int c = 0; c < dq_conv_block(&dq_conv_shapes[l]); c += DQ_CONV_SLICE)
        k->conv_dw(l, du[l], c, m);
}

static void run_prepare(int l)
{
    for (int c = 0; c < dq_conv_block(&dq_conv_shapes[l]); c += DQ_CONV_SLICE)
        k->conv_prepare(l, w, c, u[l], ut[l]);
}

static void run_fc1(int l)
{
    (void)l;
    size_t row = k->fc_sizes(N).x, block = k->fc_sizes(N).w;
    for (size_t i = 0; k->fc1_input && i < N; i++)
        k->fc1_input(x[3] + i * DQ_X3, fc_x + i * row);
    for (size_t b = 0; b < DQ_FC_BLOCKS; b++)
        k->fc1(fc_x, N, fc_w + b * (block ? block : (size_t)DQ_X3 * DQ_FC_BLOCK), w,
               s + b * DQ_FC_BLOCK);
}

static void run_fc1_prepare(int l)
{
    (void)l;
    for (size_t b = 0; k->fc1_prepare && b < DQ_FC_BLOCKS; b++)
        for (int i = 0; i < DQ_X3; i += DQ_FC_SLICE)
            k->fc1_prepare(w + b * DQ_X3 * DQ_FC_BLOCK, i, fc_w + b * k->fc_sizes(N).w);
}

static void run_fc1_turn(int l)
{
    (void)l;
    k->fc1_turn(s, N, fc_dy, dht);
}

static void run_fc1_dx(int l)
{
    (void)l;
    for (int i = 0; i < DQ_X3; i += DQ_FC_SLICE)
        k->fc1_dx(dht, N, w, i, x[3]);
}

static void run_fc1_dw(int l)
{
    (void)l;
    static float block[DQ_FC_SLICE * DQ_FC_BLOCK];
    for (int i = 0; i < DQ_X3; i += DQ_FC_SLICE) {
        if (k->fc1_slice)
            k->fc1_slice(fc_x, N, i, fc_slices);
        for (size_t b = 0; b < DQ_FC_BLOCKS; b++)
            k->fc1_dw(fc_slices, N, fc_dy + b * DQ_FC_BLOCK, i, block,
                      (const float *const[]){block, block, block});
    }
}

static void run_adam(int l)
{
    (void)l;
    dq_adam_step step = {0.9f, 0.999f, 1e-8f, 1e-6f, 1.0f};
    for (size_t at = 0; at < DQ_W4; at += 2048)
        k->adam(2048, w + at, m + at, s + at, dht, &step);
}

static void report(const char *name, void (*run)(int), int l, double plain, double done,
                   double peak)
{
    double best = 1e9;
    for (int r = 0; r < REPEATS; r++) {
        double t = now();
        run(l);
        t = now() - t;
        best = t < best ? t : best;
    }
    printf("%-24s %8.0f us", name, best * 1e6);
    if (plain > 0)
        printf(" %8.0f %8.0f", plain / best * 1e-9, done / best * 1e-9);
    if (plain > 0 && peak > 0)
        printf("  %4.0f %%", 100 * done / best * 1e-9 / peak);
    putchar('\n');
}

int main(int argc, char **argv)
{
    int bf16 = argc > 2 && strcmp(argv[2], "bf16") == 0;
    if (dq_kernels_choose(argc > 1 ? argv[1] : NULL, bf16 ? DQ_BF16 : DQ_FP32, &k) != DQ_OK) {
        fprintf(stderr, "bench_kernels: %s\n", dq_errmsg());
        return 2;
    }
    obs = calloc(N, DQ_NET_OBS_BYTES);
    for (size_t i = 0; i < (size_t)N * DQ_NET_OBS_BYTES; i++)
        obs[i] = (uint8_t)(i * 2654435761u >> 24);
    products = values(k->conv_sizes(0, N).products + k->conv_sizes(1, N).products);
    w = values(DQ_W4), m = values(DQ_W4), s = values(DQ_W4);
    for (size_t i = 0; i < DQ_W4; i++)
        s[i] = s[i] * s[i];
    for (int l = 0; l < 4; l++)
        x[l] = values(N * x_size(l));
    for (int l = 0; l < 3; l++) {
        dq_conv_sizes size = k->conv_sizes(l, N);
        v[l] = values(size.v), z[l] = values(size.z), u[l] = values(size.u);
        ut[l] = values(size.ut + 1), du[l] = values(size.du);
    }
    dq_fc_sizes size = k->fc_sizes(N);
    fc_w = size.w ? values(size.w * DQ_FC_BLOCKS) : w;
    fc_x = size.x ? values(size.x * N) : x[3];
    fc_slices = size.slices ? values(size.slices) : fc_x;
    dht = values(size.dyt);
    fc_dy = size.dy ? values(size.dy) : dht;
    double peak = peak_gflops(), fc = 2.0 * N * DQ_W4;
    run_fc1_prepare(0);
    run_fc1_turn(0);
    for (int l = 0; l < DQ_N_CONVS; l++)
        run_prepare(l);
    printf("%s %s, one thread, batch %d, peak %.0f GFLOP/s\n%-24s %11s %8s %8s  %s\n", k->isa,
           bf16 ? "bf16" : "fp32", N, peak, "", "time", "plain", "done", "of peak");
    report("scale", run_scale, 0, 0, 0, peak);
    for (int l = 0; l < 3; l++) {
        const dq_conv_shape *c = &dq_conv_shapes[l];
        const dq_winograd *f =
            bf16 && l < DQ_N_BF16_CONVS ? &dq_winograds_bf16[l] : &dq_winograds[l];
        double plain = 2.0 * N * c->out_side * c->out_side * c->k * c->k * c->in * c->out;
        double done = strcmp(k->isa, "ref") == 0
                          ? plain
                          : 2.0 * N * f->tiles * f->tiles * f->t * f->t * dq_conv_block(c) * c->out;
        char name[32];
        snprintf(name, sizeof(name), "conv%d forward", l + 1);
        report(name, run_forward, l, plain, done, peak);
        snprintf(name, sizeof(name), "conv%d backward", l + 1);
        report(name, run_backward, l, l ? plain : 0, done, peak);
        snprintf(name, sizeof(name), "conv%d weight products", l + 1);
        report(name, run_du, l, plain, done, peak);
        snprintf(name, sizeof(name), "conv%d weight gradient", l + 1);
        report(name, run_dw, l, 0, 0, peak);
        snprintf(name, sizeof(name), "conv%d prepare", l + 1);
        report(name, run_prepare, l, 0, 0, peak);
    }
    report("fc1 forward", run_fc1, 0, fc, fc, peak);
    report("fc1 input gradient", run_fc1_dx, 0, fc, fc, peak);
    report("fc1 weight gradient", run_fc1_dw, 0, fc, fc, peak);
    report("fc1 prepare", run_fc1_prepare, 0, 0, 0, peak);
    report("fc1 turn", run_fc1_turn, 0, 0, 0, peak);
    report("fc1 Adam", run_adam, 0, 0, 0, peak);
    return 0;
}
