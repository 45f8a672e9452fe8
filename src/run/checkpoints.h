/** The checkpoints of a run, in its folder checkpoint/.
 *
 *  A checkpoint is the file `state` and the files that it names, each with a segment of the replay
 *  buffer: `replay-NUMBER` for one that is complete, which is written once and shared by the
 *  checkpoints that follow, and `replay-NUMBER-STEP` for the newest. The checkpoint before is kept
 *  as `state.before`. A thread writes the files, beside training: a checkpoint stops it only as
 *  long as the state is copied. */
#ifndef DEEPQ_RUN_CHECKPOINTS_H
#define DEEPQ_RUN_CHECKPOINTS_H

#include "record/file_names.h"
#include "record/file_queue.h"
#include "run/checkpoint_file.h"

typedef struct dq_checkpoints dq_checkpoints;

/** @param[out] out to be freed by dq_checkpoints_destroy(); NULL on failure
 *  @param run the run's folder */
DQ_NODISCARD dq_status dq_checkpoints_create(dq_checkpoints **out, const char *run);
/** Waits until everything is written. Accepts NULL. */
void dq_checkpoints_destroy(dq_checkpoints *c);

/** Looks at the head of a checkpoint. */
typedef dq_status dq_checkpoints_fit_fn(void *ctx, const dq_checkpoint_info *info);
/** Load the newest checkpoint into a trainer. When it is damaged, or a file of it is missing, the
 * one before takes its place, and the damaged one gets the name `state.damaged`.
 *  @param fits called with its head first
 *  @param[out] damage what is wrong with the newest one; "" when nothing is
 *  @return DQ_OK; the failure of `fits`; DQ_ERR_INPUT when no checkpoint is whole; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_checkpoints_load(dq_checkpoints *c, dq_trainer *trainer,
                                           dq_checkpoints_fit_fn *fits, void *ctx,
                                           dq_checkpoint_info *info, char *damage, size_t cap);

/** Have the thread write the segments that are complete by now; those that it cannot be given are
 *  left to the next checkpoint. To be called between two steps. */
void dq_checkpoints_follow(dq_checkpoints *c, const dq_trainer *trainer);
/** Copy the state of a trainer, and have the thread write it. That of an earlier call must have
 *  ended.
 *  @param synced files that are to be on the disk first; NULL or "": none */
DQ_NODISCARD dq_status dq_checkpoints_begin(dq_checkpoints *c, const dq_checkpoint_info *info,
                                            dq_trainer *trainer,
                                            const char *const synced[DQ_QUEUE_SYNCED]);
/** What became of the checkpoint that was begun; told once.
 *  @param wait until it is written
 *  @param[out] step the trainer's when it was begun
 *  @param[out] st whether it could be written; dq_errmsg() says why not
 *  @return false: none was begun, or it is still being written */
bool dq_checkpoints_ended(dq_checkpoints *c, bool wait, int64_t *step, dq_status *st);
/** Bytes that the run's checkpoints have on the disk. */
uint64_t dq_checkpoints_bytes(const dq_checkpoints *c);

#endif
