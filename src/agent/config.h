/** Hyperparameters: setting them, and the values of their schedules at a step. */
#ifndef DEEPQ_AGENT_CONFIG_H
#define DEEPQ_AGENT_CONFIG_H

#include "deepq/train.h"

/** Set a hyperparameter that is a number; `value` must be in its range. Unlike
 *  dq_train_config_set() it does not depend on the locale. */
DQ_NODISCARD dq_status dq_config_set_number(dq_train_config *cfg, const char *key, double value);

/** Whether an id is one of Pong's, the game that the book solves. */
bool dq_config_is_pong(const char *env_id);

/** Epsilon, the probability of a random action, at a step: it changes linearly from epsilon_start
 *  to epsilon_final, and from there to epsilon_last. */
double dq_config_epsilon(const dq_train_config *cfg, int64_t step);

/** Adam's learning rate at a step. */
double dq_config_learning_rate(const dq_train_config *cfg, int64_t step);

/** Beta, the exponent of the importance-sampling weights, at a step. */
double dq_config_priority_beta(const dq_train_config *cfg, int64_t step);

#endif
