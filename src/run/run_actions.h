/** The log of actions of a training run (record/action_log.h), fed by its trainer. */
#ifndef DEEPQ_RUN_RUN_ACTIONS_H
#define DEEPQ_RUN_RUN_ACTIONS_H

#include "deepq/train.h"
#include "record/action_log.h"

/** Open that of a run whose trainer stands at a checkpoint, or at its beginning. Where steps are
 *  missing in it, since an older deepq made the run or the file was damaged, it goes on from the
 *  environments as they are. */
DQ_NODISCARD dq_status dq_run_actions_open(dq_action_log **out, const char *path,
                                           const dq_train_config *cfg, dq_trainer *trainer);
/** An environment's step as the log has it. */
dq_logged_action dq_run_logged_action(const dq_train_act *a);
/** An `acted` event. */
DQ_NODISCARD dq_status dq_run_actions_act(dq_action_log *log, const dq_train_act *a);
/** A `game_over` event. */
DQ_NODISCARD dq_status dq_run_actions_game(dq_action_log *log, const dq_progress *p);
/** Before a checkpoint: all actions so far are handed on, and now and then states with them. */
DQ_NODISCARD dq_status dq_run_actions_checkpoint(dq_action_log *log, const dq_train_config *cfg,
                                                 dq_trainer *trainer);

#endif
