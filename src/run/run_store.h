/** What a training run keeps in its folder: settings, log, events, actions, best models,
 *  checkpoints.
 *
 *  A write that fails ends nothing: it is told once, and tried again until it succeeds, at the
 * latest at the end. What a checkpoint is of is on the disk before the checkpoint is. */
#ifndef DEEPQ_RUN_RUN_STORE_H
#define DEEPQ_RUN_RUN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/train.h"
#include "run/evaluation.h"
#include "run/train_settings.h"

typedef struct dq_run_store dq_run_store;

/** Whom a run tells what its user should know. Functions may be NULL. */
typedef struct dq_run_teller {
    void *ctx;
    /** What failed, or was damaged, and what comes of it; one line. */
    void (*note)(void *ctx, const char *text);
    /** A checkpoint that training waits for begins to be written, and has been. */
    void (*saving)(void *ctx, bool begins);
    /** An evaluation that training waits for begins: NULL; and its scores. */
    void (*evaluated)(void *ctx, int64_t step, const dq_evaluation_scores *scores);
} dq_run_teller;

/** What a store needs of its run, which owns all of it. */
typedef struct dq_run_parts {
    dq_train_settings *settings;  // gets the name of the event file
    dq_trainer *trainer;
    dq_run_teller teller;
} dq_run_parts;

/** The folder of a new run. `dir` NULL: runs/ENV-PRESET-sSEED-DATE; one with anything in it is
 *  DQ_ERR_CONFIG. */
DQ_NODISCARD dq_status dq_run_store_create(dq_run_store **out, const dq_run_parts *parts,
                                           const char *dir);
/** The folder of an earlier run, whose last checkpoint is loaded into the trainer; without one it
 *  begins again. */
DQ_NODISCARD dq_status dq_run_store_resume(dq_run_store **out, const dq_run_parts *parts,
                                           const char *dir);
void dq_run_store_destroy(dq_run_store *s);

const char *dq_run_store_path(const dq_run_store *s);
/** The frame of the last checkpoint; -1: there is none. Waits for one that is being written. */
int64_t dq_run_store_saved_step(dq_run_store *s);

/** Bytes that the checkpoints have on the disk. */
uint64_t dq_run_store_disk_bytes(const dq_run_store *s);

/** The trainer's events. A failure is one that trying again does not help. */
DQ_NODISCARD dq_status dq_run_store_act(dq_run_store *s, const dq_train_act *a);
DQ_NODISCARD dq_status dq_run_store_game(dq_run_store *s, const dq_progress *p);
/** @return the path of the model, good until the next call */
DQ_NODISCARD dq_status dq_run_store_best(dq_run_store *s, const dq_progress *p, const char **path);
DQ_NODISCARD dq_status dq_run_store_checkpoint(dq_run_store *s);
/** Before the trainer runs: the evaluation is made up for that was due at its step when an earlier
 *  process ended.
 *  @param stop as in dq_trainer_run(): an evaluation ends early then, and is not told */
DQ_NODISCARD dq_status dq_run_store_begin(dq_run_store *s, const volatile int *stop);
/** Between two steps: an evaluation that is due is played, what is complete of the replay buffer is
 * given to be written, and what failed is tried again now and then. */
DQ_NODISCARD dq_status dq_run_store_step(dq_run_store *s);
/** Save the end. A failure: what could not be written. */
DQ_NODISCARD dq_status dq_run_store_finish(dq_run_store *s);

#endif
