/** Hyperparameters that change while a run learns, at a step of it. */
#ifndef DEEPQ_AGENT_CONFIG_H
#define DEEPQ_AGENT_CONFIG_H

#include "deepq/train.h"

/** The share of random actions after `step` steps: falls from epsilon_start to epsilon_final, and
 *  from there more slowly to epsilon_last. */
double dq_config_epsilon(const dq_train_config *cfg, int64_t step);

/** The optimiser's learning rate at step `step`. */
double dq_config_learning_rate(const dq_train_config *cfg, int64_t step);

/** How far the weights of a batch make up for drawing by priority, at step `step`. */
double dq_config_priority_beta(const dq_train_config *cfg, int64_t step);

#endif
