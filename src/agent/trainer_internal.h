/** The insides of a trainer, shared by the loop and by its save and load. */
#ifndef DEEPQ_AGENT_TRAINER_INTERNAL_H
#define DEEPQ_AGENT_TRAINER_INTERNAL_H

#include "agent/actor.h"
#include "agent/scores.h"
#include "deepq/train.h"
#include "learn/learner.h"

struct dq_trainer {
    dq_train_config cfg;
    dq_actor actor;
    dq_learner *learner;
    dq_scores scores;

    int64_t step;       // agent steps taken
    int64_t n_updates;  // learning steps taken
    double loss;        // of the last update, or of an older one while a GPU has it
    bool loss_is_old;   // it is an older one's
    bool started;       // the first game was begun
    bool solved;
    bool is_in_step;  // a game is being told of: nothing of the step but its transition is done

    double counts_from_s;  // wall clock when a game ended, for the speed
    int64_t counts_from_step;
    double speed;  // up to there
};

/** Have t->loss be the last update's; waits for a GPU. */
void dq_trainer_fetch_loss(dq_trainer *t);

/** DQ_ERR_DIVERGED when the last loss or a weight is infinite or no number. */
DQ_NODISCARD dq_status dq_trainer_check_finite(dq_trainer *t);

#endif
