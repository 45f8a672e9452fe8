/** The file checkpoint/state of a run: a few words about the run, the list of the files that have
 * the segments of its replay buffer, then the rest of the trainer's state. It ends with a checksum.
 */
#ifndef DEEPQ_APP_CHECKPOINT_FILE_H
#define DEEPQ_APP_CHECKPOINT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/stream.h"
#include "deepq/train.h"

enum { CHECKPOINT_TEXT_BYTES = 64, CHECKPOINT_CONFIG_BYTES = 4096 };

typedef struct checkpoint_info {
    char version[CHECKPOINT_TEXT_BYTES];  // of the deepq that wrote it
    char env_id[CHECKPOINT_TEXT_BYTES];
    char kernels[CHECKPOINT_TEXT_BYTES];  // instruction set and precision: "avx512 bf16"
    int64_t step, n_updates, n_games;
    double mean_reward, best_mean;
    char config[CHECKPOINT_CONFIG_BYTES];  // train_settings_tied(); "" in version 1
} checkpoint_info;

/** True when the bytes begin as a checkpoint does. */
bool checkpoint_is(const void *bytes, size_t n);

/** A file that has a segment of the replay buffer. */
typedef struct checkpoint_part {
    uint64_t segment;  // its number
    int64_t step;      // the run's when the file was written; -1: the segment is complete
    uint64_t bytes;    // of the file without its checksum
    uint32_t crc;      // the checksum
} checkpoint_part;

/** The files of a checkpoint, in the order of their segments. */
typedef struct checkpoint_parts {
    checkpoint_part *part;  // [n], to be freed
    size_t n;
} checkpoint_parts;

/** Write all but the trainer's state, which follows. */
dq_status checkpoint_write_head(dq_writer *w, const checkpoint_info *info,
                                const checkpoint_parts *parts);
/** Open a checkpoint and read its head; the reader stands at the trainer's state then.
 *  @param[out] parts NULL: they are not needed */
DQ_NODISCARD dq_status checkpoint_open(dq_reader **out, checkpoint_info *info,
                                       checkpoint_parts *parts, const char *path);

#endif
