/** A training run's records: log.jsonl, one object a game, evaluations.jsonl, and TensorBoard's
 * curves. What is told of a game is one table in train_log.c. */
#ifndef DEEPQ_RUN_TRAIN_LOG_H
#define DEEPQ_RUN_TRAIN_LOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/train.h"
#include "run/evaluation.h"

typedef struct dq_train_log dq_train_log;

typedef struct dq_train_log_place {
    const char *path;             // of log.jsonl
    const char *evaluations;      // of evaluations.jsonl, NULL: there will be none
    const char *logdir, *events;  // folder and name of the event file
    const char *settings;         // for TensorBoard, Markdown
    int64_t step;                 // what an earlier process wrote beyond it is cut off
    bool resumed;
    bool tells_episodes;  // what was learned from is logged beside the games and their points
} dq_train_log_place;

DQ_NODISCARD dq_status dq_train_log_open(dq_train_log **out, const dq_train_log_place *place);
/** Damaged parts that were found when it was opened, and set aside in PATH.damaged and
 *  LOGDIR/events.damaged. */
void dq_train_log_damaged(const dq_train_log *log, size_t *n_lines, size_t *n_events);
void dq_train_log_close(dq_train_log *log);

/** An object about a game, and what the learner saw beside it: the episodes so far, and the last
 * one's sum of rewards. Takes over the reference; NULL for want of memory. */
json_t *dq_train_log_with_episodes(json_t *game, const dq_progress *p);

/** Both records are with the operating system when it returns; what cannot be written waits, and
 *  comes with the next. */
DQ_NODISCARD dq_status dq_train_log_game(dq_train_log *log, const dq_progress *p);
/** An evaluation, of the network as it was at a step. */
DQ_NODISCARD dq_status dq_train_log_evaluation(dq_train_log *log, int64_t step,
                                               const dq_evaluation_scores *scores);
/** Draw a picture of an observation for TensorBoard: its channels side by side, of pictures uint8
 *  [channels][height][width]; anything else is no picture. It waits for the next game or flush. */
void dq_train_log_observation(dq_train_log *log, int64_t step, const dq_space *space,
                              const void *obs);
/** Hand to the operating system what could not be handed to it before. */
DQ_NODISCARD dq_status dq_train_log_flush(dq_train_log *log);
/** Have all of both on the disk. */
DQ_NODISCARD dq_status dq_train_log_sync(dq_train_log *log);

#endif
