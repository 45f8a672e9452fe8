/* What this machine can do at most: the yardstick of the other figures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench_cases.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"
#include "learn/gpu.h"
#include "nn/kernels.h"

enum { READ_BYTES = 64 << 20 };  // of each thread: far more than its share of any cache

typedef struct peak {
    dq_pool *pool;
    const dq_kernels *k;
    int64_t rounds;             // of multiply-adds, each thread's in one portion of work
    float *sums;                // [n_threads][DQ_PEAK_SUMS]
    uint64_t *memory, *totals;  // [n_threads][READ_BYTES]; totals keep the reading alive
} peak;

static void destroy_peak(void *self)
{
    peak *p = self;
    if (!p)
        return;
    dq_pool_destroy(p->pool);
    free(p->sums);
    free(p->memory);
    free(p->totals);
    free(p);
}

static void multiply_task(void *ctx, int task)
{
    peak *p = ctx;
    p->k->peak(p->rounds, p->sums + (size_t)task * DQ_PEAK_SUMS);
}

static dq_status work_multiply(void *self, int64_t *n_items)
{
    peak *p = self;
    dq_pool_run(p->pool, dq_pool_threads(p->pool), multiply_task, p);
    *n_items = dq_pool_threads(p->pool);
    return DQ_OK;
}

static void read_task(void *ctx, int task)
{
    enum { WORDS = READ_BYTES / sizeof(uint64_t), LANES = 16 };
    peak *p = ctx;
    const uint64_t *from = p->memory + (size_t)task * WORDS;
    uint64_t sum[LANES] = {0}, total = 0;
    for (size_t i = 0; i < WORDS; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += from[i + (size_t)j];
    for (int j = 0; j < LANES; j++)
        total += sum[j];
    p->totals[task] += total;
}

/** Items are 64 MiB; the unit below is made of them. */
static dq_status work_read(void *self, int64_t *n_items)
{
    peak *p = self;
    dq_pool_run(p->pool, dq_pool_threads(p->pool), read_task, p);
    *n_items = dq_pool_threads(p->pool);
    return DQ_OK;
}

static dq_status create_multiply(peak *p, const bench_settings *s, dq_precision precision)
{
    size_t n = (size_t)dq_pool_threads(p->pool);
    DQ_TRY(dq_kernels_choose(s->isa, precision, &p->k));
    p->rounds = (int64_t)(1e9 / p->k->peak_flops);  // an item is 1 GFLOP, some 10 ms
    p->sums = calloc(n * DQ_PEAK_SUMS, sizeof(*p->sums));
    return p->sums ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
}

static dq_status create_read(peak *p)
{
    size_t n = (size_t)dq_pool_threads(p->pool);
    p->memory = malloc(n * READ_BYTES);
    p->totals = calloc(n, sizeof(*p->totals));
    if (!p->memory || !p->totals)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark: %zu MB needed",
                       n * READ_BYTES / 1000000);
    memset(p->memory, 1, n * READ_BYTES);  // pages of its own, not one page of zeros
    return DQ_OK;
}

/* fp32, bf16 and memory, each on one thread and on all. */
dq_status bench_make_peak(bench_case *c, const bench_settings *s, int variant)
{
    enum { READ = 2 };
    static const dq_precision precisions[] = {DQ_FP32, DQ_BF16};
    static const char *const names[] = {"peak/fp32", "peak/bf16", "peak/memory"};
    int what = variant / 2;
    const dq_kernels *k;
    if (what == 1 && dq_kernels_choose(s->isa, DQ_BF16, &k) == DQ_ERR_UNSUPPORTED)
        return DQ_OK;  // nothing to measure
    peak *p = calloc(1, sizeof(*p));
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    dq_status st = dq_pool_create(&p->pool, variant % 2 ? s->n_threads : 1);
    if (st == DQ_OK)
        st = what == READ ? create_read(p) : create_multiply(p, s, precisions[what]);
    if (st != DQ_OK) {
        destroy_peak(p);
        return st;
    }
    snprintf(c->name, sizeof(c->name), "%s", names[what]);
    c->unit = what == READ ? "GB/s" : "GFLOP/s";
    c->scale = what == READ ? READ_BYTES * 1e-9 : 1;
    c->isa = what == READ ? "generic" : p->k->isa;
    c->precision = what == READ ? NULL : names[what] + strlen("peak/");
    c->n_threads = dq_pool_threads(p->pool);
    c->self = p;
    c->work = what == READ ? work_read : work_multiply;
    c->destroy = destroy_peak;
    return DQ_OK;
}

double bench_peak_gflops(const char *isa, const char *precision, int n_threads)
{
    enum { RUNS = 20 };
    bench_settings s = {.isa = isa};
    dq_precision wanted;
    double best = 0;
    int64_t items;
    peak *p = calloc(1, sizeof(*p));
    if (p && dq_precision_find(precision, &wanted) == DQ_OK &&
        dq_pool_create(&p->pool, n_threads) == DQ_OK && create_multiply(p, &s, wanted) == DQ_OK)
        for (int i = 0; i < RUNS; i++) {
            double t = dq_clock_s();
            (void)work_multiply(p, &items);
            t = dq_clock_s() - t;
            best = (double)items / t > best ? (double)items / t : best;
        }
    destroy_peak(p);
    return best;
}
