/** Hyperparameters: setting them, and the values of their schedules at a step. */
#ifndef DEEPQ_AGENT_CONFIG_H
#define DEEPQ_AGENT_CONFIG_H

#include "deepq/train.h"

/** Set a hyperparameter that is a number; `value` must be in its range. Unlike
 *  dq_train_config_set() it does not depend on the locale. */
DQ_NODISCARD dq_status dq_config_set_number(dq_train_config *cfg, const char *key, double value);

/** Whether an id is one of Pong's, the game that the book solves. */
bool dq_config_is_pong(const char *env_id);

/** Check the hyperparameters that depend on each other, each of which is in its range.
 *  @return as dq_train_config_check() */
DQ_NODISCARD dq_status dq_config_check_together(const dq_train_config *cfg);
/** The word for a loss. */
const char *dq_config_loss_name(dq_loss loss);

/** The step at which the first leg of epsilon meets epsilon_final; it need not be a whole one. */
double dq_config_first_leg_end(const dq_train_config *cfg);
/** Epsilon, the probability of a random action, at a step: it changes linearly from epsilon_start
 *  to epsilon_final, and from there to epsilon_last. */
double dq_config_epsilon(const dq_train_config *cfg, int64_t step);

/** Adam's learning rate at a step. */
double dq_config_learning_rate(const dq_train_config *cfg, int64_t step);

/** The transitions that a learner's memory has room for. */
int dq_config_capacity(const dq_train_config *cfg);
/** The steps from one learning to the next. */
int dq_config_learn_every(const dq_train_config *cfg);
/** The updates that are then made. */
int dq_config_updates(const dq_train_config *cfg);

/** Beta, the exponent of the importance-sampling weights, at a step. */
double dq_config_priority_beta(const dq_train_config *cfg, int64_t step);

#endif
