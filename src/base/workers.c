#include "base/workers.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/error.h"

enum { SPINS = 1000 };  // some 10 to 20 microseconds: a fraction of one environment's step

enum { IDLE, GIVEN, DONE };

/* `ring`, `first` and what a condition stands for change under the mutex; the atomic numbers are
 * also looked at without it, by those who spin. */
struct dq_workers {
    dq_task_fn *fn;
    void *ctx;
    int n_tasks;
    int *ring;  // tasks given and not begun, the oldest at `first`; each is in there once
    int first;
    _Atomic int n_given;
    _Atomic int *state;  // of each task
    _Atomic bool quit;
    int n_sleeping;   // threads in `given`
    bool is_waiting;  // the caller is in `done`
    pthread_mutex_t mutex;
    pthread_cond_t given, done;
    int n_workers;
    pthread_t worker[];
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/** Take the oldest task and do it; with the mutex held before and after. */
static void do_oldest(dq_workers *w)
{
    int task = w->ring[w->first];
    w->first = (w->first + 1) % w->n_tasks;
    atomic_fetch_sub(&w->n_given, 1);
    pthread_mutex_unlock(&w->mutex);
    w->fn(w->ctx, task);
    pthread_mutex_lock(&w->mutex);
    atomic_store(&w->state[task], DONE);
    if (w->is_waiting)
        pthread_cond_signal(&w->done);
}

static void *worker_main(void *arg)
{
    dq_workers *w = arg;
    pthread_mutex_lock(&w->mutex);
    while (!atomic_load(&w->quit)) {
        if (atomic_load(&w->n_given) > 0) {
            do_oldest(w);
            continue;
        }
        pthread_mutex_unlock(&w->mutex);
        for (int i = 0; i < SPINS && atomic_load(&w->n_given) == 0 && !atomic_load(&w->quit); i++)
            relax();
        pthread_mutex_lock(&w->mutex);
        w->n_sleeping++;
        while (atomic_load(&w->n_given) == 0 && !atomic_load(&w->quit))
            pthread_cond_wait(&w->given, &w->mutex);
        w->n_sleeping--;
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

static dq_status start_threads(dq_workers *w, int n)
{
    for (; w->n_workers < n; w->n_workers++) {
        int error = pthread_create(&w->worker[w->n_workers], NULL, worker_main, w);
        if (error != 0)
            return dq_fail(DQ_ERR_NOMEM, "cannot start thread %d of %d: %s", w->n_workers + 2,
                           n + 1, strerror(error));
    }
    return DQ_OK;
}

dq_status dq_workers_create(dq_workers **out, int n_threads, int n_tasks, dq_task_fn *fn, void *ctx)
{
    assert(n_tasks > 0);
    *out = NULL;
    if (n_threads == 0)
        n_threads = dq_cpu_count();
    if (n_threads < 1 || n_threads > 1024)
        return dq_fail(DQ_ERR_CONFIG, "%d threads: choose 1 to 1024, or 0 for all cores",
                       n_threads);
    size_t n_others = (size_t)(n_threads - 1);
    dq_workers *w = calloc(1, sizeof(*w) + n_others * sizeof(w->worker[0]));
    if (!w)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d threads", n_threads);
    w->fn = fn;
    w->ctx = ctx;
    w->n_tasks = n_tasks;
    w->ring = calloc((size_t)n_tasks, sizeof(w->ring[0]));
    w->state = calloc((size_t)n_tasks, sizeof(w->state[0]));
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->given, NULL);
    pthread_cond_init(&w->done, NULL);
    dq_status st = w->ring && w->state ? start_threads(w, (int)n_others)
                                       : dq_fail(DQ_ERR_NOMEM, "no memory for %d tasks", n_tasks);
    if (st != DQ_OK) {
        dq_workers_destroy(w);
        return st;
    }
    *out = w;
    return DQ_OK;
}

void dq_workers_destroy(dq_workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    atomic_store(&w->quit, true);
    pthread_cond_broadcast(&w->given);
    pthread_mutex_unlock(&w->mutex);
    for (int i = 0; i < w->n_workers; i++)
        pthread_join(w->worker[i], NULL);
    pthread_cond_destroy(&w->done);
    pthread_cond_destroy(&w->given);
    pthread_mutex_destroy(&w->mutex);
    free(w->ring);
    free(w->state);
    free(w);
}

int dq_workers_threads(const dq_workers *w)
{
    return w->n_workers + 1;
}

void dq_workers_give(dq_workers *w, const int *tasks, int n)
{
    pthread_mutex_lock(&w->mutex);
    for (int i = 0; i < n; i++) {
        assert(tasks[i] >= 0 && tasks[i] < w->n_tasks && w->state[tasks[i]] == IDLE);
        atomic_store(&w->state[tasks[i]], GIVEN);
        w->ring[(w->first + atomic_load(&w->n_given)) % w->n_tasks] = tasks[i];
        atomic_fetch_add(&w->n_given, 1);
    }
    if (w->n_sleeping > 1 && n > 1)
        pthread_cond_broadcast(&w->given);
    else if (w->n_sleeping > 0 && n > 0)
        pthread_cond_signal(&w->given);
    pthread_mutex_unlock(&w->mutex);
}

void dq_workers_wait(dq_workers *w, int task)
{
    assert(task >= 0 && task < w->n_tasks && w->state[task] != IDLE);
    pthread_mutex_lock(&w->mutex);
    while (atomic_load(&w->state[task]) != DONE) {
        if (atomic_load(&w->n_given) > 0) {
            do_oldest(w);
            continue;
        }
        pthread_mutex_unlock(&w->mutex);
        for (int i = 0; i < SPINS && atomic_load(&w->state[task]) != DONE; i++)
            relax();
        pthread_mutex_lock(&w->mutex);
        w->is_waiting = true;
        while (atomic_load(&w->state[task]) != DONE)
            pthread_cond_wait(&w->done, &w->mutex);
        w->is_waiting = false;
    }
    atomic_store(&w->state[task], IDLE);
    pthread_mutex_unlock(&w->mutex);
}
