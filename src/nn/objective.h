/** The objective of deep Q-learning: the value of a next state, the target of a transition, and the
 *  loss of one sample with its gradient at the network's output. It is one definition for the CPU
 *  and the GPU: C and nvcc compile this file. The network adds up the batch and computes the
 *  gradients below its output.
 *
 *  Sources: Mnih et al. 2015, equation 2 and Methods (the target, the clipped error); van Hasselt,
 *  Guez, Silver 2016, equation 4 (Double DQN); Schaul et al. 2016, algorithm 1 (weights). */
#ifndef DEEPQ_NN_OBJECTIVE_H
#define DEEPQ_NN_OBJECTIVE_H

#include <math.h>

#include "deepq/net.h"
#include "nn/argmax.h"

/** The value of a next state.
 *  @param target_q [n_actions] its action values by the target network
 *  @param chooser_q [n_actions] the values that choose the action: target_q, or in Double DQN its
 *         action values by the online network */
DQ_EVERYWHERE float dq_objective_next_value(const float *target_q, const float *chooser_q,
                                            int n_actions)
{
    return target_q[dq_argmax(chooser_q, n_actions)];
}

/** The target of a transition: reward + discount * next_value.
 *  @param reward n-step return
 *  @param discount of the next state's value; 0: the episode terminated
 *  @param next_value of the next state; ignored when discount is 0 */
DQ_EVERYWHERE float dq_objective_target(float reward, float discount, float next_value)
{
    return (discount > 0.0f ? next_value * discount : 0.0f) + reward;
}

/** The loss of one sample without its weight.
 *  @param e the distance of its action value from the target */
DQ_EVERYWHERE double dq_objective_part(dq_loss loss, double e)
{
    if (loss == DQ_LOSS_MSE)
        return e * e;
    return e < 1.0 ? 0.5 * e * e : e - 0.5;
}

/** The loss of one sample; that of a batch is the mean of its samples.
 *  @param q value of the action taken
 *  @param weight importance-sampling weight; 1 when transitions are drawn uniformly
 *  @param n_samples samples of the batch
 *  @param[out] error q - target
 *  @param[out] dq gradient of the batch's loss with respect to q */
DQ_EVERYWHERE double dq_objective_loss(dq_loss loss, float q, float target, float weight,
                                       int n_samples, float *error, float *dq)
{
    float slope;
    double e;
    *error = q - target;
    e = fabs((double)*error);
    if (loss == DQ_LOSS_MSE)
        slope = 2.0f * *error;
    else
        slope = e < 1.0 ? *error : copysignf(1.0f, *error);
    *dq = slope * weight / (float)n_samples;
    return dq_objective_part(loss, e) * (double)weight;
}

#endif
