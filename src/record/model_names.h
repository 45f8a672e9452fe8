/** Names of tensors that other programs give: which network of deepq's a model is. */
#ifndef DEEPQ_RECORD_MODEL_NAMES_H
#define DEEPQ_RECORD_MODEL_NAMES_H

#include "deepq/model.h"

/** Give the tensors of Stable-Baselines3's and CleanRL's networks the names that deepq's have
 *  (net.h), leave out a target network, order the outputs of QR-DQN by action, and note in the
 *  model's record with which preprocessing it was trained. Tensors of other programs remain as
 *  they are, but for the prefixes that DataParallel and torch.compile() put before all names.
 *  @param m its `tensors` have room for one more
 *  @param n_actions 0: unknown; it matters to QR-DQN alone
 *  @return DQ_OK; DQ_ERR_INPUT says why deepq has no such network; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_model_take_names(dq_model *m, int n_actions);

#endif
