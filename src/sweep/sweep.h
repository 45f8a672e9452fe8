/** A sweep at work: its runs side by side on the cores there are, on one machine or on many, the
 *  longest first. */
#ifndef DEEPQ_SWEEP_SWEEP_H
#define DEEPQ_SWEEP_SWEEP_H

#include "sweep/sweep_folder.h"
#include "sweep/sweep_job.h"
#include "sweep/sweep_machines.h"

enum { DQ_SWEEP_MAX_JOBS = 4096 };

typedef enum dq_run_state {
    DQ_RUN_WAITING,
    DQ_RUN_RUNNING,
    DQ_RUN_DONE,
    DQ_RUN_FAILED
} dq_run_state;

typedef struct dq_run_status {
    dq_run_state state;
    int rank;        // of the process that has it, while it is running
    double began_s;  // dq_clock_s(), in this sitting
} dq_run_status;

typedef struct dq_sweep dq_sweep;

/** Whom a sweep tells what its user should know. */
typedef struct dq_sweep_teller {
    void *ctx;
    void (*began)(void *ctx, const dq_sweep *s, size_t run);
    /** In the state that it now has; DQ_RUN_WAITING: it was stopped. */
    void (*ended)(void *ctx, const dq_sweep *s, size_t run);
    /** One line that begins with the name of a run or of a machine. */
    void (*note)(void *ctx, const char *text);
    /** Called many times a second. */
    void (*tick)(void *ctx, const dq_sweep *s);
} dq_sweep_teller;

/** Plain data; the texts and the plan are the caller's. */
struct dq_sweep {
    const dq_sweep_plan *plan;
    const char *path;       // of its folder, which is held
    int n_jobs;             // runs of this process side by side
    double silence_s;       // a machine that is not heard of for so long is lost
    dq_machines *machines;  // NULL: this one alone
    const volatile int *stop;
    dq_sweep_teller teller;
    dq_run_status *runs;  // of the plan, in its order
    int n_slots;          // runs side by side of all processes
};

/** Train and score all runs that have no score yet. What failed, or was stopped, is begun again by
 * the next sweep of the folder.
 *  @param s all but `runs` and `n_slots` filled in; `runs` is to be freed by the caller
 *  @return DQ_OK, also when runs failed; DQ_ERR_INTERRUPTED: *stop; DQ_ERR_CONFIG: a machine has
 *          another folder; DQ_ERR_IO: a machine was lost, and the job is to be aborted */
DQ_NODISCARD dq_status dq_sweep_go(dq_sweep *s);

/** The part of the other ranks: to train and score what rank 0 gives out.
 *  @param s as above, without a teller
 *  @param same_folder whether this machine sees the folder that rank 0 holds
 *  @return DQ_ERR_IO: rank 0 was lost */
DQ_NODISCARD dq_status dq_sweep_help(dq_sweep *s, bool same_folder);

#endif
