/** What a training run keeps in its folder: settings, log, events, best models, checkpoints.
 *
 *  A write that fails ends nothing: it is told once, and tried again until it succeeds, at the
 * latest at the end. What a checkpoint is of is on the disk before the checkpoint is. */
#ifndef DEEPQ_APP_RUN_STORE_H
#define DEEPQ_APP_RUN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/train_output.h"
#include "app/train_settings.h"
#include "deepq/status.h"
#include "deepq/train.h"

typedef struct run_store run_store;

/** What a store needs of its run, which owns all of it. */
typedef struct run_parts {
    train_settings *settings;  // gets the name of the event file
    dq_trainer *trainer;
    train_output *out;  // its live line makes room for what is told
} run_parts;

/** The folder of a new run. `dir` NULL: runs/ENV-PRESET-sSEED-DATE; one with anything in it is
 *  DQ_ERR_CONFIG. */
DQ_NODISCARD dq_status run_store_create(run_store **out, const run_parts *parts, const char *dir);
/** The folder of an earlier run, whose last checkpoint is loaded into the trainer; without one it
 *  begins again. */
DQ_NODISCARD dq_status run_store_resume(run_store **out, const run_parts *parts, const char *dir);
void run_store_destroy(run_store *s);

const char *run_store_path(const run_store *s);
/** The frame of the last checkpoint; -1: there is none. Waits for one that is being written. */
int64_t run_store_saved_step(run_store *s);

/** Bytes that the checkpoints have on the disk. */
uint64_t run_store_disk_bytes(const run_store *s);

/** The trainer's events. A failure is one that trying again does not help. */
DQ_NODISCARD dq_status run_store_game(run_store *s, const dq_progress *p);
/** @return the path of the model, good until the next call */
DQ_NODISCARD dq_status run_store_best(run_store *s, const dq_progress *p, const char **path);
DQ_NODISCARD dq_status run_store_checkpoint(run_store *s);
/** Between two steps: what is complete of the replay buffer is given to be written, and what failed
 *  is tried again now and then. */
DQ_NODISCARD dq_status run_store_step(run_store *s);
/** Save the end. A failure: what could not be written. */
DQ_NODISCARD dq_status run_store_finish(run_store *s);

#endif
