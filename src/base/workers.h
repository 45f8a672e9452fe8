/** Threads that do tasks in the background, in the order in which they were given.
 *
 *  dq_pool_run() (pool.h) waits for all tasks of a round; here the caller goes on with its own work
 *  and waits for one task at a time, while others are still being done. A task is a number,
 *  0..n_tasks-1, and is given again only after it was waited for. Idle threads spin for some
 *  microseconds and then sleep. All calls come from one thread. */
#ifndef DEEPQ_BASE_WORKERS_H
#define DEEPQ_BASE_WORKERS_H

#include "base/pool.h"

typedef struct dq_workers dq_workers;

/** n_threads counts the caller, who does tasks only while waiting (with 1 all of them are done
 *  there); 0: dq_cpu_count(). fn(ctx, task) does a task. */
DQ_NODISCARD dq_status dq_workers_create(dq_workers **out, int n_threads, int n_tasks,
                                         dq_task_fn *fn, void *ctx);
/** Ends the threads; tasks that were given and not begun are dropped. Accepts NULL. */
void dq_workers_destroy(dq_workers *workers);
int dq_workers_threads(const dq_workers *workers);

/** Have n tasks done. What the caller wrote before is seen by those who do them. */
void dq_workers_give(dq_workers *workers, const int *tasks, int n);
/** Wait for a task that was given, doing others meanwhile. What it wrote is seen afterwards. */
void dq_workers_wait(dq_workers *workers, int task);

#endif
