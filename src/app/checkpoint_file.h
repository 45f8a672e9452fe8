/** A training run's checkpoint: a few words about the run, then the trainer's whole state. The file
 *  is replaced atomically and ends with a checksum. */
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

DQ_NODISCARD dq_status checkpoint_write(const char *path, const checkpoint_info *info,
                                        dq_trainer *trainer);
/** Open a checkpoint and read its words; the reader stands at the trainer's state then. */
DQ_NODISCARD dq_status checkpoint_open(dq_reader **out, checkpoint_info *info, const char *path);

#endif
