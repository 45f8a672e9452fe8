/** Processes of a sweep: this program again, with other arguments. */
#ifndef DEEPQ_SWEEP_SWEEP_PROCESS_H
#define DEEPQ_SWEEP_SWEEP_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "sweep/sweep_keys.h"

/** Start one. It gets SIGTERM when the thread that started it ends, in whatever way.
 *  @param out, err files that get its standard output and error, emptied first; out NULL: nobody
 *         reads it
 *  @param own_group it is the first of a process group, so that a signal for ours does not reach it
 *  @param[out] pid to be waited for by the caller */
DQ_NODISCARD dq_status dq_process_start(pid_t *pid, const dq_arguments *a, const char *out,
                                        const char *err, bool own_group);

/** To be called first in any process of this program: one that dq_process_start() started follows
 * who started it from now on; others are not changed. */
void dq_process_follow_parent(void);

#endif
