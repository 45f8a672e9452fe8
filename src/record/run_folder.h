/** The folder of a training run: config, log.jsonl, event files, actions, models, checkpoint/. */
#ifndef DEEPQ_RECORD_RUN_FOLDER_H
#define DEEPQ_RECORD_RUN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "deepq/status.h"
#include "record/file_names.h"

/** Files in a run folder, for dq_run_file(). */
#define DQ_RUN_CONFIG "config"
#define DQ_RUN_LOG "log.jsonl"
#define DQ_RUN_EVALUATIONS "evaluations.jsonl"
#define DQ_RUN_ACTIONS "actions"
#define DQ_RUN_CHECKPOINT "checkpoint/state"
#define DQ_RUN_BEFORE "checkpoint/state.before"

/** What names a run. */
typedef struct dq_run_name {
    const char *out;     // the folder that the user asked for; NULL: runs/ENV-PRESET-sSEED-DATE
    const char *env;     // "PongNoFrameskip-v4"
    const char *preset;  // "book"
    uint64_t seed;
    time_t now;
} dq_run_name;

typedef struct dq_run_folder {
    char path[DQ_PATH_CAP];
    int lock_fd;  // held open while the run is: a second process is refused
} dq_run_folder;

/** Make the folder of a new run and its checkpoint/. A folder of that name that is not empty is
 *  DQ_ERR_CONFIG, and the message names --resume when there is a run in it. */
DQ_NODISCARD dq_status dq_run_folder_create(dq_run_folder *run, const dq_run_name *name);

/** Open the folder of an earlier run to resume it. DQ_ERR_NOT_FOUND: no folder, or no config in it;
 *  DQ_ERR_CONFIG: another process is at it. @param[out] has_checkpoint else it begins again */
DQ_NODISCARD dq_status dq_run_folder_open(dq_run_folder *run, const char *path,
                                          bool *has_checkpoint);

void dq_run_folder_close(dq_run_folder *run);

/** The path of a file in the folder, DQ_RUN_LOG for one. @param[out] to DQ_PATH_CAP bytes */
DQ_NODISCARD dq_status dq_run_file(const dq_run_folder *run, const char *name,
                                   char to[DQ_PATH_CAP]);

/** The path of a model: ENV-best_%.0f.dat in the folder, as the book names it. */
DQ_NODISCARD dq_status dq_run_model_file(const dq_run_folder *run, const char *env,
                                         double mean_reward, char to[DQ_PATH_CAP]);

#endif
