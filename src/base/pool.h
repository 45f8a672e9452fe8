/** A pool of threads for short parallel steps: dq_pool_run() calls fn once for every task number.
 *
 *  Tasks are taken in order by whoever is free, the caller included, so that a slow or stolen core
 *  delays little. A computation is the same for any number of threads when what each task does
 *  depends on its number alone. Idle threads spin for some microseconds and then sleep. */
#ifndef DEEPQ_BASE_POOL_H
#define DEEPQ_BASE_POOL_H

#include "deepq/status.h"

typedef struct dq_pool dq_pool;
typedef void dq_task_fn(void *ctx, int task);

/** n_threads counts the caller; 0: dq_cpu_count(). One pool serves one caller at a time. */
DQ_NODISCARD dq_status dq_pool_create(dq_pool **out, int n_threads);
void dq_pool_destroy(dq_pool *pool);
int dq_pool_threads(const dq_pool *pool);

/** Call fn(ctx, 0) ... fn(ctx, n_tasks-1), each once, in parallel; returns when all are done.
 *  n_tasks is at most 65535. */
void dq_pool_run(dq_pool *pool, int n_tasks, dq_task_fn *fn, void *ctx);

#endif
