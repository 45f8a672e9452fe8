/** The fields of a trainer, for the loop and for saving and loading. */
#ifndef DEEPQ_AGENT_TRAINER_INTERNAL_H
#define DEEPQ_AGENT_TRAINER_INTERNAL_H

#include "agent/actor.h"
#include "agent/scores.h"
#include "deepq/train.h"
#include "learn/learner.h"

/** Sums over the updates since the last game was over. */
typedef struct dq_update_sums {
    double loss, td_error, gradient_norm;
    int64_t n, n_td_errors, n_norms;
} dq_update_sums;

struct dq_trainer {
    dq_train_config cfg;  // as it was given
    dq_actor actor;       // the environments and their actions
    dq_learner *learner;  // the network, the replay buffer and the update
    dq_scores scores;     // of games and episodes

    int64_t step;       // agent steps taken
    int64_t n_updates;  // updates made
    double loss;        // of the last update, or of an earlier one when loss_is_old
    bool loss_is_old;   // the last update's loss is still on the GPU
    dq_update_sums sums;
    bool started;     // the environments were reset
    bool solved;      // the run is over
    bool failed;      // an environment failed: its round cannot be continued
    bool is_in_step;  // in an event that comes before the update of its step

    double counts_from_s;      // clock at which measuring of the speed began, seconds
    int64_t counts_from_step;  // step at which it began
    double speed;              // steps a second in the measurement before
};

/** Make t->loss that of the last update; waits for a GPU. */
void dq_trainer_fetch_loss(dq_trainer *t);

/** Check the last loss and all parameters.
 *  @return DQ_OK; DQ_ERR_DIVERGED when one is not finite */
DQ_NODISCARD dq_status dq_trainer_check_finite(dq_trainer *t);

/** @return DQ_ERR_CONFIG after an environment failed, until a checkpoint is loaded */
DQ_NODISCARD dq_status dq_trainer_check_whole(const dq_trainer *t);

#endif
