/** The thread pool: every task once, whatever the number of threads; and no core spent on waiting.
 */
#define _POSIX_C_SOURCE 200809L  // clock_gettime, nanosleep

#define _GNU_SOURCE  // sched_setaffinity
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/pool.h"
#include "base/workers.h"

enum { MAX_TASKS = 300 };

typedef struct tally {
    _Atomic int count[MAX_TASKS];
} tally;

static void note(void *ctx, int task)
{
    tally *t = ctx;
    atomic_fetch_add(&t->count[task], 1);
}

static void every_task_runs_once(void **state)
{
    (void)state;
    static const int sizes[] = {0, 1, 2, 3, 7, 64, MAX_TASKS};
    for (int n_threads = 1; n_threads <= 5; n_threads++) {
        dq_pool *pool;
        assert_int_equal(dq_pool_create(&pool, n_threads), DQ_OK);
        assert_int_equal(dq_pool_threads(pool), n_threads);
        for (int round = 0; round < 2000; round++) {
            tally t = {0};
            int n = sizes[round % 7];
            dq_pool_run(pool, n, note, &t);
            for (int i = 0; i < MAX_TASKS; i++)
                assert_int_equal(t.count[i], i < n ? 1 : 0);
        }
        dq_pool_destroy(pool);
    }
}

static void what_tasks_wrote_is_seen_after_the_run(void **state)
{
    (void)state;
    dq_pool *pool;
    assert_int_equal(dq_pool_create(&pool, 3), DQ_OK);
    tally t = {0};
    for (int round = 1; round <= 5000; round++) {
        dq_pool_run(pool, 5, note, &t);
        for (int i = 0; i < 5; i++)
            assert_int_equal(t.count[i], round);
    }
    dq_pool_destroy(pool);
}

/** Seconds of processor time that this process uses in a third of a second of waiting. */
static double cpu_while_waiting(void)
{
    const struct timespec wait = {0, 333000000};
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    nanosleep(&wait, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    return (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
}

static void idle_threads_leave_the_cores_alone(void **state)
{
    (void)state;
    enum { THREADS = 4, TASKS = 8 };
    static const int tasks[TASKS] = {0, 1, 2, 3, 4, 5, 6, 7};
    dq_pool *pool;
    dq_workers *workers;
    tally t = {0};
    assert_int_equal(dq_pool_create(&pool, THREADS), DQ_OK);
    assert_int_equal(dq_workers_create(&workers, THREADS, TASKS, note, &t), DQ_OK);
    dq_pool_run(pool, TASKS, note, &t);
    dq_workers_give(workers, tasks, TASKS);
    for (int i = 0; i < TASKS; i++)
        dq_workers_wait(workers, i);
    /* One core that spins would be 0.333 s; going to sleep takes 6 threads some 40 us each. */
    assert_true(cpu_while_waiting() < 0.05);
    dq_pool_destroy(pool);
    dq_workers_destroy(workers);
}

static void impossible_numbers_of_threads_are_refused(void **state)
{
    (void)state;
    dq_pool *pool;
    assert_int_equal(dq_pool_create(&pool, -1), DQ_ERR_CONFIG);
    assert_int_equal(dq_pool_create(&pool, 100000), DQ_ERR_CONFIG);
    assert_null(pool);
    assert_int_equal(dq_pool_create(&pool, 0), DQ_OK);
    assert_true(dq_pool_threads(pool) >= 1);
    dq_pool_destroy(pool);
}

/** Of all processors those that this process may use: a container or taskset may leave few. */
static void processors_are_those_that_may_be_used(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(dq_cpu_count(), CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &one);
            break;
        }
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(dq_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(what_tasks_wrote_is_seen_after_the_run),
        cmocka_unit_test(idle_threads_leave_the_cores_alone),
        cmocka_unit_test(processors_are_those_that_may_be_used),
        cmocka_unit_test(impossible_numbers_of_threads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
