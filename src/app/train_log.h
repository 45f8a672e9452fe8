/** A training run's records: log.jsonl, one object a game, and TensorBoard's scalars. */
#ifndef DEEPQ_APP_TRAIN_LOG_H
#define DEEPQ_APP_TRAIN_LOG_H

#include <stdint.h>

#include "deepq/status.h"
#include "deepq/train.h"

typedef struct train_log train_log;

/** @param step where the run goes on: what an earlier process wrote beyond it is cut off; 0 for a
 *  new run */
DQ_NODISCARD dq_status train_log_open(train_log **out, const char *path, const char *logdir,
                                      int64_t step);
void train_log_close(train_log *log);

/** Both records are with the operating system when it returns. */
DQ_NODISCARD dq_status train_log_game(train_log *log, const dq_progress *p);

#endif
