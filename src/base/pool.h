/** A thread pool for short parallel computations: dq_pool_run() calls a function once for each
 *  task.
 *
 *  Threads, the caller included, take tasks in order, so a slow core delays little. When each task
 *  depends on its number only, the result is the same for any number of threads. Idle threads spin
 *  for some microseconds and then sleep. */
#ifndef DEEPQ_BASE_POOL_H
#define DEEPQ_BASE_POOL_H

#include "deepq/status.h"

typedef struct dq_pool dq_pool;
typedef void dq_task_fn(void *ctx, int task);

/** Create a pool, to be freed by dq_pool_destroy(). Only one thread at a time may call it.
 *  @param n_threads including the caller; 0: dq_cpu_count() */
DQ_NODISCARD dq_status dq_pool_create(dq_pool **out, int n_threads);
/** Accepts NULL. */
void dq_pool_destroy(dq_pool *pool);
/** The number of threads, including the caller. */
int dq_pool_threads(const dq_pool *pool);

/** Call fn(ctx, 0) to fn(ctx, n_tasks - 1), each once, in parallel. Returns when all are done.
 *  @param n_tasks at most 65535 */
void dq_pool_run(dq_pool *pool, int n_tasks, dq_task_fn *fn, void *ctx);

#endif
