/** TensorBoard event files: what `tensorboard --logdir DIR` reads.
 *
 *  One writer writes one file, events.out.tfevents.TIME.HOST.PID.N, and never touches another, so
 *  that a resumed run continues in the same folder. Records are collected in a buffer: flush it
 *  whenever somebody may look. Errors stick and come back from every later call.
 *  Source: TFRecord framing, tensorflow/core/lib/io/record_writer.cc; tensorboardX 2.1. */
#ifndef DEEPQ_RECORD_TENSORBOARD_H
#define DEEPQ_RECORD_TENSORBOARD_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "deepq/status.h"

typedef struct dq_tb dq_tb;

/** Start a new event file in `logdir`, which is made when missing.
 *  @param suffix ends the file's name, may be NULL */
DQ_NODISCARD dq_status dq_tb_open(dq_tb **out, const char *logdir, const char *suffix);

/** One point of the curve `tag`. @param wall_time seconds since 1970, as TensorBoard shows them */
dq_status dq_tb_scalar(dq_tb *tb, const char *tag, int64_t step, double value, double wall_time);

/** A text in Markdown, as in the hyperparameters of a run. */
dq_status dq_tb_text(dq_tb *tb, const char *tag, int64_t step, const char *markdown,
                     double wall_time);

/** The run was resumed: TensorBoard drops points that older files of the folder have at `step` and
 *  later, since they come again. */
dq_status dq_tb_resume(dq_tb *tb, int64_t step, double wall_time);

/** Hand all records so far to the operating system. */
dq_status dq_tb_flush(dq_tb *tb);

/** Flush, close and destroy; the first failure, if there was one. Accepts NULL. */
dq_status dq_tb_close(dq_tb *tb);

/** The folder that the book's programs would choose: runs/MonDD_HH-MM-SS_HOST-COMMENT, in local
 *  time. Slashes in the comment become dashes. DQ_ERR_CONFIG when it has no room in `cap` bytes. */
DQ_NODISCARD dq_status dq_tb_default_logdir(char *to, size_t cap, const char *comment, time_t now);

#endif
