#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/error.h"

enum { SPINS = 2000 };  // about 20 to 40 microseconds: longer than the gaps inside a learning step

/* One word holds the round (32 bits), its number of tasks (16) and the next task (16), so that a
 * thread that wakes late can never take a task of a round it does not know. */
struct dq_pool {
    _Atomic uint64_t ticket;
    _Atomic int n_left;      // tasks of this round not finished yet
    _Atomic int n_sleeping;  // workers in pthread_cond_wait
    _Atomic bool quit;
    dq_task_fn *fn;  // of the round; written before the ticket, read by those who took a task
    void *ctx;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    int n_workers;
    pthread_t worker[];
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static uint32_t round_of(uint64_t ticket)
{
    return (uint32_t)(ticket >> 32);
}

/** Work on `round` until no task of it is left to take. */
static void take_tasks(dq_pool *p, uint32_t round)
{
    uint64_t ticket = atomic_load_explicit(&p->ticket, memory_order_acquire);
    while (round_of(ticket) == round) {
        int task = (int)(ticket & 0xFFFF);
        if (task >= (int)(ticket >> 16 & 0xFFFF))
            return;
        if (!atomic_compare_exchange_weak_explicit(&p->ticket, &ticket, ticket + 1,
                                                   memory_order_acq_rel, memory_order_acquire))
            continue;
        p->fn(p->ctx, task);
        atomic_fetch_sub_explicit(&p->n_left, 1, memory_order_acq_rel);
        ticket = atomic_load_explicit(&p->ticket, memory_order_acquire);
    }
}

static void sleep_until_round_changes(dq_pool *p, uint32_t seen)
{
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->n_sleeping, 1);
    while (round_of(atomic_load(&p->ticket)) == seen && !atomic_load(&p->quit))
        pthread_cond_wait(&p->wake, &p->mutex);
    atomic_fetch_sub(&p->n_sleeping, 1);
    pthread_mutex_unlock(&p->mutex);
}

static void *worker_main(void *arg)
{
    dq_pool *p = arg;
    uint32_t seen = 0;
    while (!atomic_load_explicit(&p->quit, memory_order_acquire)) {
        int spins = 0;
        uint32_t now;
        while ((now = round_of(atomic_load_explicit(&p->ticket, memory_order_acquire))) == seen &&
               spins++ < SPINS)
            relax();
        if (now == seen) {
            sleep_until_round_changes(p, seen);
            continue;
        }
        seen = now;
        take_tasks(p, seen);
    }
    return NULL;
}

dq_status dq_pool_create(dq_pool **out, int n_threads)
{
    *out = NULL;
    if (n_threads == 0)
        n_threads = dq_cpu_count();
    if (n_threads < 1 || n_threads > 1024)
        return dq_fail(DQ_ERR_CONFIG, "%d threads: choose 1 to 1024, or 0 for all cores",
                       n_threads);
    dq_pool *p = calloc(1, sizeof(*p) + (size_t)(n_threads - 1) * sizeof(p->worker[0]));
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a pool of %d threads", n_threads);
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (; p->n_workers < n_threads - 1; p->n_workers++) {
        int error = pthread_create(&p->worker[p->n_workers], NULL, worker_main, p);
        if (error != 0) {
            dq_status st = dq_fail(DQ_ERR_NOMEM, "cannot start thread %d of %d: %s",
                                   p->n_workers + 2, n_threads, strerror(error));
            dq_pool_destroy(p);
            return st;
        }
    }
    *out = p;
    return DQ_OK;
}

void dq_pool_destroy(dq_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->quit, true);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
    for (int i = 0; i < p->n_workers; i++)
        pthread_join(p->worker[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

int dq_pool_threads(const dq_pool *p)
{
    return p->n_workers + 1;
}

static uint32_t publish_round(dq_pool *p, int n_tasks)
{
    uint32_t round = round_of(atomic_load_explicit(&p->ticket, memory_order_relaxed)) + 1;
    atomic_store(&p->ticket, (uint64_t)round << 32 | (uint64_t)n_tasks << 16);
    if (atomic_load(&p->n_sleeping) > 0) {
        pthread_mutex_lock(&p->mutex);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->mutex);
    }
    return round;
}

void dq_pool_run(dq_pool *p, int n_tasks, dq_task_fn *fn, void *ctx)
{
    if (p->n_workers == 0 || n_tasks <= 1) {
        for (int i = 0; i < n_tasks; i++)
            fn(ctx, i);
        return;
    }
    p->fn = fn;
    p->ctx = ctx;
    atomic_store_explicit(&p->n_left, n_tasks, memory_order_relaxed);
    take_tasks(p, publish_round(p, n_tasks));
    for (int spins = 0; atomic_load_explicit(&p->n_left, memory_order_acquire) > 0; spins++) {
        relax();
        if (spins > SPINS)
            sched_yield();  // a worker lost its core in mid-task: let it have ours
    }
}
