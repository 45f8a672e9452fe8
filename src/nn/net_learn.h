/** An update that tells more than its loss. */
#ifndef DEEPQ_NN_NET_LEARN_H
#define DEEPQ_NN_NET_LEARN_H

#include "deepq/net.h"

/** dq_net_update_weighted(), to the same bits, with the norm of its gradient. Where
 *  dq_net_config.gradient_norm limits none, that takes some time: all gradients are to be there
 *  before the optimiser's step.
 *  @param[out] norm L2 norm of the gradient of all parameters, before it is scaled; NULL: not
 *         wanted */
float dq_net_update_measured(dq_net *net, const void *obs, const int32_t *action,
                             const float *target, const float *weight, float *error, double *norm);

/** The L2 norm of net->grad, all of which is to be there. */
double dq_net_gradient_length(dq_net *net);
/** What gradients of that norm are to be multiplied by, so that it is at most `longest`, 1 for
 *  shorter ones, with `longest` 0 for all. */
float dq_net_gradient_scale(double norm, double longest);

#endif
