/** The objective of deep Q-learning: what the outputs of a network mean, the target of a
 * transition, and the loss of one sample with its gradient at the network's output. It is one
 * definition for the CPU and the GPU: C and nvcc compile this file. The network adds up the batch
 * and computes the gradients below its output.
 *
 *  The outputs of an action are one value, or the n_atoms numbers of a distribution of the return.
 *
 *  Sources: Mnih et al. 2015, equation 2 and Methods (the target, the clipped error); van Hasselt,
 *  Guez, Silver 2016, equation 4 (Double DQN); Schaul et al. 2016, algorithm 1 (weights);
 * Bellemare, Dabney, Munos 2017, algorithm 1 (C51); Dabney et al. 2018, equations 9 and 10
 * (quantiles); Dabney, Ostrovski, Silver, Munos 2018, equation 3 (levels that are drawn). */
#ifndef DEEPQ_NN_OBJECTIVE_H
#define DEEPQ_NN_OBJECTIVE_H

#include <math.h>

#include "deepq/net.h"
#include "nn/argmax.h"

/** Munchausen DQN (Vieillard, Pietquin, Geist 2020, equation 1). All zero: it is off. */
typedef struct dq_munchausen {
    float alpha;  // factor of the scaled log-policy that is added to the reward
    float tau;    // temperature of the policy, a softmax over the action values; above 0: it is on
    float least;  // bound of the scaled log-policy from below
} dq_munchausen;

/** What the outputs of a network for a state are, [n_actions][n_atoms], and which loss is
 *  minimised. */
typedef struct dq_objective {
    dq_head head;     // what the outputs of an action are
    dq_loss loss;     // of values
    int n_actions;    // number of actions
    int n_atoms;      // outputs of an action; 1: values
    float low, high;  // of C51: its first and last atom
    /** Of IQN, for the loss of a sample: [n_atoms] the levels of its quantiles. */
    const float *levels;
    dq_munchausen munchausen;
} dq_objective;

/** The objective of a net. */
dq_objective dq_net_objective(const dq_net *net);

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
    return e < 1.0 || loss == DQ_LOSS_HALF_MSE ? 0.5 * e * e : e - 0.5;
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
        slope = e < 1.0 || loss == DQ_LOSS_HALF_MSE ? *error : copysignf(1.0f, *error);
    *dq = slope * weight / (float)n_samples;
    return dq_objective_part(loss, e) * (double)weight;
}

/* ---------------------------------------------------------------- distributions */

/** Atom i of n from `low` to `high`. */
DQ_EVERYWHERE float dq_objective_atom(float low, float high, int n, int i)
{
    return low + (high - low) * (float)i / (float)(n - 1);
}

/** The level of quantile i of n: the middle of its part of [0, 1]. */
DQ_EVERYWHERE float dq_objective_level(int n, int i)
{
    return ((float)i + 0.5f) / (float)n;
}

/** The probabilities of n logits.
 *  @return the logarithm of the sum of their exponentials */
DQ_EVERYWHERE float dq_objective_softmax(const float *logits, int n, float *p)
{
    float most = logits[0], sum = 0.0f;
    for (int i = 1; i < n; i++)
        most = logits[i] > most ? logits[i] : most;
    for (int i = 0; i < n; i++) {
        p[i] = expf(logits[i] - most);
        sum += p[i];
    }
    for (int i = 0; i < n; i++)
        p[i] /= sum;
    return most + logf(sum);
}

/** The value of an action.
 *  @param y its outputs */
DQ_EVERYWHERE float dq_objective_value(const dq_objective *o, const float *y)
{
    float p[DQ_ATOMS_MAX], sum = 0.0f;
    int n = o->n_atoms;
    if (o->head == DQ_HEAD_VALUE)
        return *y;
    if (o->head == DQ_HEAD_C51) {
        dq_objective_softmax(y, n, p);
        for (int i = 0; i < n; i++)
            sum += p[i] * dq_objective_atom(o->low, o->high, n, i);
        return sum;
    }
    for (int i = 0; i < n; i++)
        sum += y[i];
    return sum / (float)n;
}

/** The values of all actions.
 *  @param y [n_actions][n_atoms]
 *  @param[out] q [n_actions] */
DQ_EVERYWHERE void dq_objective_values(const dq_objective *o, const float *y, float *q)
{
    for (int a = 0; a < o->n_actions; a++)
        q[a] = dq_objective_value(o, y + (size_t)a * (size_t)o->n_atoms);
}

/** The distribution of an action from its outputs: probabilities of the atoms, quantiles, or the
 *  value itself.
 *  @param[out] next [n_atoms] */
DQ_EVERYWHERE void dq_objective_distribution(const dq_objective *o, const float *y, float *next)
{
    if (o->head == DQ_HEAD_C51)
        dq_objective_softmax(y, o->n_atoms, next);
    else
        for (int i = 0; i < o->n_atoms; i++)
            next[i] = y[i];
}

/** Probabilities of atoms that move to reward + discount * atom, shared between the two atoms
 *  beside (Bellemare et al. 2017, algorithm 1). What leaves the range goes to its end. */
DQ_EVERYWHERE void dq_objective_project(const dq_objective *o, float reward, float discount,
                                        const float *p, float *target)
{
    int n = o->n_atoms;
    double step = ((double)o->high - (double)o->low) / (n - 1);
    for (int i = 0; i < n; i++)
        target[i] = 0.0f;
    for (int i = 0; i < n; i++) {
        double z =
            (double)reward + (double)discount * (double)dq_objective_atom(o->low, o->high, n, i);
        double at = (z - (double)o->low) / step;
        at = at > 0 ? at : 0;
        at = at < n - 1 ? at : n - 1;
        int below = (int)at;
        float above = (float)(at - below);
        float mass = discount > 0.0f ? p[i] : 1.0f / (float)n;
        target[below] += mass * (1.0f - above);
        if (above > 0.0f)
            target[below + 1] += mass * above;
    }
}

/** The target of a transition.
 *  @param reward n-step return
 *  @param discount of the next state; 0: the episode terminated
 *  @param next [n_atoms] distribution of the next state and its action; ignored when discount is 0
 *  @param[out] target [n_atoms] */
DQ_EVERYWHERE void dq_objective_targets(const dq_objective *o, float reward, float discount,
                                        const float *next, float *target)
{
    if (o->head == DQ_HEAD_C51)
        dq_objective_project(o, reward, discount, next, target);
    else
        for (int i = 0; i < o->n_atoms; i++)
            target[i] = dq_objective_target(reward, discount, next[i]);
}

/** tau log pi(a) of all actions, where pi is the softmax of q / tau.
 *  @param[out] scaled [n_actions]
 *  @param[out] p [n_actions] the probabilities pi */
DQ_EVERYWHERE void dq_objective_scaled_policy(const dq_objective *o, const float *q, float *scaled,
                                              float *p)
{
    float tau = o->munchausen.tau;
    for (int a = 0; a < o->n_actions; a++)
        scaled[a] = q[a] / tau;
    float log_sum = dq_objective_softmax(scaled, o->n_actions, p);
    for (int a = 0; a < o->n_actions; a++)
        scaled[a] = (scaled[a] - log_sum) * tau;
}

/** What Munchausen DQN adds to the reward of an action.
 *  @param q [n_actions] values by the target network for the state */
DQ_EVERYWHERE float dq_objective_bonus(const dq_objective *o, const float *q, int action)
{
    float scaled[DQ_MAX_ACTIONS] = {0}, p[DQ_MAX_ACTIONS] = {0};
    dq_objective_scaled_policy(o, q, scaled, p);
    float kept = scaled[action] > o->munchausen.least ? scaled[action] : o->munchausen.least;
    return o->munchausen.alpha * kept;
}

/** The soft value of a next state: sum over the actions of pi(a) (y[a] - tau log pi(a)), for each
 *  quantile.
 *  @param q [n_actions] values by the target network for it
 *  @param y [n_actions][n_atoms] its outputs
 *  @param[out] next [n_atoms] */
DQ_EVERYWHERE void dq_objective_soft_next(const dq_objective *o, const float *q, const float *y,
                                          float *next)
{
    float scaled[DQ_MAX_ACTIONS] = {0}, p[DQ_MAX_ACTIONS] = {0};
    dq_objective_scaled_policy(o, q, scaled, p);
    for (int i = 0; i < o->n_atoms; i++) {
        next[i] = 0.0f;
        for (int a = 0; a < o->n_actions; a++)
            next[i] += p[a] * (y[a * o->n_atoms + i] - scaled[a]);
    }
}

/** Cross entropy of the target's probabilities. @param[out] dy [n_atoms] */
DQ_EVERYWHERE double dq_objective_cross_entropy(int n, const float *y, const float *target,
                                                float *dy)
{
    float log_sum = dq_objective_softmax(y, n, dy);
    double loss = 0;
    for (int i = 0; i < n; i++) {
        loss += (double)target[i] * ((double)log_sum - (double)y[i]);
        dy[i] -= target[i];
    }
    return loss;
}

/** The part of one target in the quantile Huber loss with threshold 1.
 *  @param u target - quantile
 *  @param[in,out] loss, slope sums; of the slope with respect to the quantile */
DQ_EVERYWHERE void dq_objective_quantile_part(float u, float level, float *loss, float *slope)
{
    float above = u < 1.0f ? u : 1.0f, clipped = above > -1.0f ? above : -1.0f;
    float weight = u < 0.0f ? 1.0f - level : level;
    *loss += weight * clipped * (u - 0.5f * clipped);
    *slope -= weight * clipped;
}

/** The quantile Huber loss of one quantile with threshold 1, the mean over n targets.
 *  @param level between 0 and 1
 *  @param[out] dy its gradient */
DQ_EVERYWHERE double dq_objective_quantile(int n, float y, float level, const float *target,
                                           float *dy)
{
    enum { LANES = 16 };  // sums side by side, which a compiler makes vectors of
    float loss[LANES] = {0}, slope[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            dq_objective_quantile_part(target[i + k] - y, level, &loss[k], &slope[k]);
    for (; i < n; i++)
        dq_objective_quantile_part(target[i] - y, level, &loss[i % LANES], &slope[i % LANES]);
    double sum = 0;
    *dy = 0.0f;
    for (int k = 0; k < LANES; k++) {
        sum += (double)loss[k];
        *dy += slope[k];
    }
    *dy /= (float)n;
    return sum / n;
}

/** The loss of one sample with any head; that of a batch is the mean of its samples.
 *  @param y [n_atoms] outputs of the action taken
 *  @param target [n_atoms]
 *  @param weight importance-sampling weight; 1 when transitions are drawn uniformly
 *  @param n_samples samples of the batch
 *  @param[out] error y - target, or of a distribution its loss without the weight
 *  @param[out] dy [n_atoms] gradient of the batch's loss with respect to y */
DQ_EVERYWHERE double dq_objective_sample(const dq_objective *o, const float *y, const float *target,
                                         float weight, int n_samples, float *error, float *dy)
{
    int n = o->n_atoms;
    double loss = 0;
    if (o->head == DQ_HEAD_VALUE)
        return dq_objective_loss(o->loss, *y, *target, weight, n_samples, error, dy);
    if (o->head == DQ_HEAD_C51)
        loss = dq_objective_cross_entropy(n, y, target, dy);
    for (int i = 0; i < n && o->head == DQ_HEAD_QR; i++)
        loss += dq_objective_quantile(n, y[i], dq_objective_level(n, i), target, &dy[i]);
    for (int i = 0; i < n && o->head == DQ_HEAD_IQN; i++)
        loss += dq_objective_quantile(n, y[i], o->levels[i], target, &dy[i]);
    for (int i = 0; i < n; i++)
        dy[i] *= weight / (float)n_samples;
    *error = (float)loss;
    return loss * (double)weight;
}

#endif
