/** The folder of a sweep, and what its runs have come to.
 *
 *  DIR/plan       the plan that its runs were begun with
 *  DIR/lock       held while a sweep is at work here; says who
 *  DIR/RUN        the run's folder (record/run_folder.h); DIR/RUN/score.json what `deepq eval` said
 *  DIR/RUN.err    what its processes said on standard error */
#ifndef DEEPQ_SWEEP_SWEEP_FOLDER_H
#define DEEPQ_SWEEP_SWEEP_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "record/file_names.h"
#include "sweep/sweep_plan.h"

/** A file in a run's folder: its score. */
#define DQ_SWEEP_SCORE "score.json"

enum { DQ_SWEEP_HOLDER_BYTES = 320 };

typedef struct dq_sweep_folder {
    char path[DQ_PATH_CAP];  // absolute
    int lock_fd;
    char holder[DQ_SWEEP_HOLDER_BYTES];  // what its lock says: "process 123 on host since ..."
} dq_sweep_folder;

/** Make the folder where there is none, and hold it, with a lock that a file system of many
 * machines has as well. Not to be done twice in one process.
 *  @return DQ_ERR_CONFIG when another sweep holds it: the message says who */
DQ_NODISCARD dq_status dq_sweep_folder_hold(dq_sweep_folder *f, const char *path);
/** A folder that was never held, or is not any more, may be let go. */
void dq_sweep_folder_let_go(dq_sweep_folder *f);
/** Who holds a folder; "" when nobody does. */
void dq_sweep_folder_holder(const char *path, char holder[DQ_SWEEP_HOLDER_BYTES]);

/** Whether a plan goes with what is in the folder already: runs that began have the settings that
 *  the plan gives them, and those that have a score were scored as it says.
 *  @return DQ_ERR_CONFIG names the first run that differs, the setting and both values */
DQ_NODISCARD dq_status dq_sweep_folder_fits(const char *path, const dq_sweep_plan *p);
/** Keep a copy of the plan. */
DQ_NODISCARD dq_status dq_sweep_folder_keep_plan(const char *path, const char *plan_file);

/** How far a run is. */
typedef struct dq_sweep_progress {
    bool has_begun, has_score;
    int64_t frame;         // of its last game
    double reward, speed;  // mean of its last 100 games; frames a second
} dq_sweep_progress;

/** Look into a run's folder. Costs one small read of its log. */
void dq_sweep_look(const char *path, const dq_sweep_run *run, dq_sweep_progress *out);
/** Whether a process is at work in a run's folder: such as one of a sweep that was killed, which
 *  still saves its last checkpoint. */
bool dq_sweep_run_is_held(const char *path, const dq_sweep_run *run);

/** The mean reward of the games of a run's score.
 *  @return DQ_ERR_NOT_FOUND: it has none yet; DQ_ERR_INPUT: it is damaged */
DQ_NODISCARD dq_status dq_sweep_score(const char *path, const dq_sweep_run *run, double *mean);
/** The same of the run in a folder. */
DQ_NODISCARD dq_status dq_sweep_score_in(const char *run_folder, double *mean);

#endif
