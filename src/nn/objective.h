/** What deep Q-learning is: the value of a next state, the target of a transition, the loss of one
 *  sample and its gradient at the network's output. One definition for the processor and the GPU:
 *  C and nvcc compile this same file. Sums over a batch, and what happens below the output, are the
 *  network's.
 *
 *  Sources: Mnih et al. 2015, equation 2 and Methods (the target, the clipped error); van Hasselt,
 *  Guez, Silver 2016, equation 4 (double Q-learning); Schaul et al. 2016, algorithm 1 (weights). */
#ifndef DEEPQ_NN_OBJECTIVE_H
#define DEEPQ_NN_OBJECTIVE_H

#include <math.h>

#include "deepq/net.h"
#include "nn/argmax.h"

/** The value of a state that a transition led to.
 *  @param target_q [n_actions] its action values by the target network
 *  @param chooser_q [n_actions] by the network that chooses the action: the target network's again,
 *                   or in double Q-learning the online network's */
DQ_EVERYWHERE float dq_objective_next_value(const float *target_q, const float *chooser_q,
                                            int n_actions)
{
    return target_q[dq_argmax(chooser_q, n_actions)];
}

/** What the taken action's value should be.
 *  @param reward the discounted sum of the transition's rewards
 *  @param discount of the value of the state they led to; 0: the episode had terminated
 *  @param next_value of that state; not looked at when discount is 0 */
DQ_EVERYWHERE float dq_objective_target(float reward, float discount, float next_value)
{
    return (discount > 0.0f ? next_value * discount : 0.0f) + reward;
}

/** One sample's part of a batch's loss, times the number of samples.
 *  @param q the taken action's value @param weight of this sample, 1 unless transitions are drawn
 * by priority @param n_samples in the batch
 *  @param[out] error q - target @param[out] dq the gradient of the batch's loss by q */
DQ_EVERYWHERE double dq_objective_loss(dq_loss loss, float q, float target, float weight,
                                       int n_samples, float *error, float *dq)
{
    float slope;
    double part, e;
    *error = q - target;
    e = fabs((double)*error);
    if (loss == DQ_LOSS_MSE) {
        slope = 2.0f * *error;
        part = e * e;
    } else {
        slope = e < 1.0 ? *error : copysignf(1.0f, *error);
        part = e < 1.0 ? 0.5 * e * e : e - 0.5;
    }
    *dq = slope * weight / (float)n_samples;
    return part * (double)weight;
}

#endif
