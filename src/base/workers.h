/** Threads that do tasks in the background, in the order in which they are given.
 *
 *  Unlike dq_pool_run() (pool.h), which waits for all tasks, the caller continues its own work and
 *  waits for one task at a time. A task is a number from 0 to n_tasks - 1; it may be given again
 *  only after it was waited for. Idle threads spin for some microseconds and then sleep. All calls
 *  come from one thread. */
#ifndef DEEPQ_BASE_WORKERS_H
#define DEEPQ_BASE_WORKERS_H

#include "base/pool.h"

typedef struct dq_workers dq_workers;

/** Create workers, to be freed by dq_workers_destroy().
 *  @param n_threads including the caller, which does tasks only while it waits; 0: dq_cpu_count()
 *  @param fn the function that does a task */
DQ_NODISCARD dq_status dq_workers_create(dq_workers **out, int n_threads, int n_tasks,
                                         dq_task_fn *fn, void *ctx);
/** Ends the threads. Tasks that were given but not begun are not done. Accepts NULL. */
void dq_workers_destroy(dq_workers *workers);
/** The number of threads, including the caller. */
int dq_workers_threads(const dq_workers *workers);

/** Give n tasks. They see what the caller wrote to memory before. */
void dq_workers_give(dq_workers *workers, const int *tasks, int n);
/** Wait for a task that was given, and do others in the meantime. What it wrote to memory is seen
 *  afterwards. */
void dq_workers_wait(dq_workers *workers, int task);

#endif
