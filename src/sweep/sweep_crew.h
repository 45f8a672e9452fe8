/** The runs that one process has side by side, and what all processes of a sweep have in common. */
#ifndef DEEPQ_SWEEP_SWEEP_CREW_H
#define DEEPQ_SWEEP_SWEEP_CREW_H

#include "sweep/sweep.h"

#define DQ_SWEEP_ALIVE_S 1.0  // between two messages that say so

typedef struct sweep_crew {
    dq_sweep *s;
    void *ctx;
    dq_status (*on_note)(void *ctx, size_t run, const char *text);
    dq_status (*on_end)(void *ctx, size_t run, dq_job_state how);
    dq_sweep_job *jobs;  // [s->n_jobs]
    int n_running;
} sweep_crew;

/** @param with all but the jobs */
DQ_NODISCARD dq_status sweep_crew_create(sweep_crew *c, const sweep_crew *with);
/** Nothing of it may be running. Accepts an empty one. */
void sweep_crew_destroy(sweep_crew *c);
bool sweep_crew_has_room(const sweep_crew *c);
void sweep_crew_begin(sweep_crew *c, size_t run);
/** See how all are doing, and tell. */
DQ_NODISCARD dq_status sweep_crew_poll(sweep_crew *c);
/** Tell all to save and end. */
void sweep_crew_stop(sweep_crew *c);
/** The same, and wait for it; nobody is told. */
void sweep_crew_finish(sweep_crew *c);
/** Sleep between two polls. */
void sweep_crew_pause(void);

#endif
