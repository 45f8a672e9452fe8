/** Hyperparameters: what the table in config.c knows of them, and those that change while a run
 *  learns. */
#ifndef DEEPQ_AGENT_CONFIG_H
#define DEEPQ_AGENT_CONFIG_H

#include "deepq/train.h"

/** Set a hyperparameter whose values are numbers, whatever the locale; `value` is in its range. */
DQ_NODISCARD dq_status dq_config_set_number(dq_train_config *cfg, const char *key, double value);

/** The share of random actions after `step` steps: falls from epsilon_start to epsilon_final, and
 *  from there more slowly to epsilon_last. */
double dq_config_epsilon(const dq_train_config *cfg, int64_t step);

/** The optimiser's learning rate at step `step`. */
double dq_config_learning_rate(const dq_train_config *cfg, int64_t step);

/** How far the weights of a batch make up for drawing by priority, at step `step`. */
double dq_config_priority_beta(const dq_train_config *cfg, int64_t step);

#endif
