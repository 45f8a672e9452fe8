/** One run of a sweep, as its processes: `deepq train`, then `deepq eval`. A process that dies is
 *  started again from the run's last checkpoint, unless it made no progress several times.
 *
 *  All jobs of a process belong to one thread: theirs end when it does. */
#ifndef DEEPQ_SWEEP_SWEEP_JOB_H
#define DEEPQ_SWEEP_SWEEP_JOB_H

#include <sys/stat.h>
#include <sys/types.h>

#include "sweep/sweep_folder.h"

enum { DQ_SWEEP_TRIES = 3 };  // deaths without a new checkpoint in between
enum { DQ_SWEEP_NOTE_BYTES = 400 };

typedef enum dq_job_state {
    DQ_JOB_NONE,
    DQ_JOB_HELD,      // somebody else is at work in its folder: it begins when they end
    DQ_JOB_TRAINING,  // its process trains
    DQ_JOB_SCORING,   // its process plays the games of the score
    DQ_JOB_DONE,      // it has a score
    DQ_JOB_FAILED,    // the note says why
    DQ_JOB_STOPPED    // it was told to
} dq_job_state;

typedef struct dq_sweep_job {
    const dq_sweep_plan *plan;
    const char *path;  // of the sweep's folder
    size_t run;        // its number in the plan
    dq_job_state state;
    bool is_told_to_stop, own_group;
    pid_t pid;                       // of its process; 0: there is none
    int n_deaths;                    // without a new checkpoint in between
    struct stat checkpoint;          // when the process began; zero: there was none
    char note[DQ_SWEEP_NOTE_BYTES];  // what its user should know; the caller empties it
} dq_sweep_job;

/** Begin or continue a run; one with a score is done.
 *  @param own_group as in dq_process_start() */
void dq_job_begin(dq_sweep_job *j, const dq_sweep_plan *p, const char *path, size_t run,
                  bool own_group);
/** See what its process came to, and go on. @return whether the job is over */
bool dq_job_poll(dq_sweep_job *j);
/** Tell its process to save and end. The job is over when dq_job_poll() says so. */
void dq_job_stop(dq_sweep_job *j);

#endif
