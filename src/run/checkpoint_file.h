/** The file checkpoint/state of a run: a few words about the run, the list of the files that have
 * the segments of its replay buffer, then the rest of the trainer's state. It ends with a checksum.
 */
#ifndef DEEPQ_RUN_CHECKPOINT_FILE_H
#define DEEPQ_RUN_CHECKPOINT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/stream.h"
#include "deepq/train.h"

enum { CHECKPOINT_TEXT_BYTES = 64, CHECKPOINT_CONFIG_BYTES = 4096 };

typedef struct dq_checkpoint_info {
    char version[CHECKPOINT_TEXT_BYTES];  // of the deepq that wrote it
    char env_id[CHECKPOINT_TEXT_BYTES];
    char kernels[CHECKPOINT_TEXT_BYTES];  // instruction set and precision: "avx512 bf16"
    int64_t step, n_updates, n_games;
    double mean_reward, best_mean;
    char config[CHECKPOINT_CONFIG_BYTES];  // dq_train_settings_tied(); "" in version 1
} dq_checkpoint_info;

/** True when the bytes begin as a checkpoint does. */
bool dq_checkpoint_is(const void *bytes, size_t n);

/** A file that has a segment of the replay buffer. */
typedef struct dq_checkpoint_part {
    uint64_t segment;  // its number
    int64_t step;      // the run's when the file was written; -1: the segment is complete
    uint64_t bytes;    // of the file without its checksum
    uint32_t crc;      // the checksum
} dq_checkpoint_part;

/** The files of a checkpoint, in the order of their segments. */
typedef struct dq_checkpoint_parts {
    dq_checkpoint_part *part;  // [n], to be freed
    size_t n;
} dq_checkpoint_parts;

/** Write all but the trainer's state, which follows. */
dq_status dq_checkpoint_write_head(dq_writer *w, const dq_checkpoint_info *info,
                                   const dq_checkpoint_parts *parts);
/** Open a checkpoint and read its head; the reader stands at the trainer's state then.
 *  @param[out] parts NULL: they are not needed */
DQ_NODISCARD dq_status dq_checkpoint_open(dq_reader **out, dq_checkpoint_info *info,
                                          dq_checkpoint_parts *parts, const char *path);

#endif
