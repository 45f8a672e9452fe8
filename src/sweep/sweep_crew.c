#include "sweep/sweep_crew.h"

#include <stdlib.h>
#include <time.h>

#include "base/error.h"

dq_status sweep_crew_create(sweep_crew *c, const sweep_crew *with)
{
    *c = *with;
    c->jobs = calloc((size_t)c->s->n_jobs, sizeof(*c->jobs));
    return c->jobs ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for %d jobs", c->s->n_jobs);
}

void sweep_crew_destroy(sweep_crew *c)
{
    free(c->jobs);
    c->jobs = NULL;
}

bool sweep_crew_has_room(const sweep_crew *c)
{
    return c->n_running < c->s->n_jobs;
}

void sweep_crew_begin(sweep_crew *c, size_t run)
{
    for (int i = 0; i < c->s->n_jobs; i++)
        if (c->jobs[i].state == DQ_JOB_NONE) {
            // mpirun kills the process groups of its ranks: then runs would have no time to save
            dq_job_begin(&c->jobs[i], c->s->plan, c->s->path, run, c->s->machines != NULL);
            c->n_running++;
            return;
        }
}

dq_status sweep_crew_poll(sweep_crew *c)
{
    for (int i = 0; i < c->s->n_jobs; i++) {
        dq_sweep_job *j = &c->jobs[i];
        if (j->state == DQ_JOB_NONE)
            continue;
        bool is_over = dq_job_poll(j);
        if (*j->note) {
            DQ_TRY(c->on_note(c->ctx, j->run, j->note));
            *j->note = '\0';
        }
        if (!is_over)
            continue;
        dq_job_state how = j->state;
        j->state = DQ_JOB_NONE;
        c->n_running--;
        DQ_TRY(c->on_end(c->ctx, j->run, how));
    }
    return DQ_OK;
}

void sweep_crew_stop(sweep_crew *c)
{
    for (int i = 0; i < c->s->n_jobs; i++)
        if (c->jobs[i].state != DQ_JOB_NONE)
            dq_job_stop(&c->jobs[i]);
}

void sweep_crew_finish(sweep_crew *c)
{
    for (int i = 0; c->jobs && i < c->s->n_jobs; i++) {
        dq_sweep_job *j = &c->jobs[i];
        if (j->state == DQ_JOB_NONE)
            continue;
        dq_job_stop(j);
        while (!dq_job_poll(j))
            sweep_crew_pause();
        j->state = DQ_JOB_NONE;
    }
}

void sweep_crew_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
}
