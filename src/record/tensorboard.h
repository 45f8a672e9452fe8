/** TensorBoard event files: what `tensorboard --logdir DIR` reads.
 *
 *  One writer writes one file, events.out.tfevents.TIME.HOST.PID.N. A resumed run continues its
 *  file, cut back to the point where the run continues. Records are collected in a buffer: flush it
 *  when they should be visible. Records that cannot be written are kept in memory for another try.
 *  Source: TFRecord framing, tensorflow/core/lib/io/record_writer.cc; tensorboardX 2.1. */
#ifndef DEEPQ_RECORD_TENSORBOARD_H
#define DEEPQ_RECORD_TENSORBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "deepq/status.h"

typedef struct dq_tb dq_tb;

enum { DQ_TB_NAME_CAP = 192 };

/** Where damaged records go, in the same folder; TensorBoard does not read it. */
#define DQ_TB_ASIDE "events.damaged"

/** Start a new event file in `logdir`, which is made when missing.
 *  @param suffix ends the file's name, may be NULL */
DQ_NODISCARD dq_status dq_tb_open(dq_tb **out, const char *logdir, const char *suffix);

/** The name of an event file that is still to be written. @param suffix may be NULL */
DQ_NODISCARD dq_status dq_tb_new_name(char *to, size_t cap, const char *logdir, const char *suffix);
/** Continue the event file of that name, or create it. Records of steps above `last`, which the run
 *  will write again, and an unfinished record are cut off; damaged ones are moved to DQ_TB_ASIDE.
 */
DQ_NODISCARD dq_status dq_tb_open_at(dq_tb **out, const char *logdir, const char *name,
                                     int64_t last);
/** Whether nothing was in it when it was opened. */
bool dq_tb_is_new(const dq_tb *tb);
/** Damaged records, or places of more, that were set aside when it was opened. */
size_t dq_tb_damaged(const dq_tb *tb);

/** One point of the curve `tag`. @param wall_time seconds since 1970, as TensorBoard shows them */
dq_status dq_tb_scalar(dq_tb *tb, const char *tag, int64_t step, double value, double wall_time);

/** A text in Markdown, as in the hyperparameters of a run. */
dq_status dq_tb_text(dq_tb *tb, const char *tag, int64_t step, const char *markdown,
                     double wall_time);

/** uint8 [height][width][channels]; 1 channel: grey, 3: RGB. */
typedef struct dq_tb_picture {
    const uint8_t *pixels;
    int width, height, channels;
} dq_tb_picture;
/** A picture. @return DQ_ERR_UNSUPPORTED when built without libpng: nothing is written */
dq_status dq_tb_image(dq_tb *tb, const char *tag, int64_t step, const dq_tb_picture *p,
                      double wall_time);

/** Say that the run continues in this file at `step`: TensorBoard drops the points at `step` and
 *  later that older files of the folder have. */
dq_status dq_tb_resume(dq_tb *tb, int64_t step, double wall_time);

/** Hand all records so far to the operating system. */
dq_status dq_tb_flush(dq_tb *tb);
/** The same, and have them on the disk. */
dq_status dq_tb_sync(dq_tb *tb);

/** Flush, close and destroy; the first failure, if there was one. Accepts NULL. */
dq_status dq_tb_close(dq_tb *tb);

/** The folder that the book's programs would choose: runs/MonDD_HH-MM-SS_HOST-COMMENT, in local
 *  time. Slashes in the comment become dashes. DQ_ERR_CONFIG when it has no room in `cap` bytes. */
DQ_NODISCARD dq_status dq_tb_default_logdir(char *to, size_t cap, const char *comment, time_t now);

#endif
