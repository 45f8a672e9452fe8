/** Learning where the replay is on the GPU: its frames and transitions are copied there as they
 *  come, and batches are drawn there.
 *
 *  A step's batch is drawn, and its gradients are begun, while the environment is still at the step
 *  before it whenever that changes nothing: the draw is the one that would be made later, and the
 *  weights change in dq_device_learner_learn() alone. To know whether it changes anything, and
 *  where the random stream is afterwards, the same slots are drawn here too. */
#ifndef DEEPQ_AGENT_DEVICE_LEARNER_H
#define DEEPQ_AGENT_DEVICE_LEARNER_H

#include <stdbool.h>

#include "deepq/replay.h"
#include "nn/device_net.h"

typedef struct dq_device_learner {
    dq_net *net;  // not ours; NULL: the net is on the processor and nothing below is used
    const dq_replay *replay;
    int batch;
    int n_lanes;
    dq_transition *transitions;  // [batch] the last draw
    int32_t *states;             // [n_lanes][DQ_NET_STACK] where the environments are
    bool begun;                  // ahead, for the step that comes
    dq_rng before;               // the stream before it drew ahead
} dq_device_learner;

/** Room on the device for the replay's frames; does nothing for a net on the processor. */
DQ_NODISCARD dq_status dq_device_learner_init(dq_device_learner *l, dq_net *net,
                                              const dq_replay *replay, int batch);
void dq_device_learner_free(dq_device_learner *l);

/** The replay has got a transition: copy over the one that can be drawn now. */
void dq_device_learner_added(dq_device_learner *l);
/** Copy over the newest frame of the state that the environment is in. */
void dq_device_learner_remember(dq_device_learner *l);
/** The same in one of several lanes. */
void dq_device_learner_remember_lane(dq_device_learner *l, int lane);
/** Copy over everything: the replay was loaded. */
DQ_NODISCARD dq_status dq_device_learner_load(dq_device_learner *l);

/** What the device does while the environments take a step, in this order: it finds the values of
 *  all their states' actions, when they are asked for, to be fetched by dq_device_learner_values();
 *  and it begins the learning step that follows the next dq_replay_add(), if that one's batch does
 *  not need what will be added. @param rng that the step will draw with, NULL where none follows or
 *  a copy to the target is due before it */
void dq_device_learner_turn(dq_device_learner *l, bool asks, dq_rng *rng, float gamma);
/** The values that were asked for. @param[out] q [n_lanes][n_actions] */
void dq_device_learner_values(dq_device_learner *l, float *q);
/** Both of it, with nothing to learn. */
void dq_device_learner_act(dq_device_learner *l, float *q);
/** That step is not to be: give the draw back. */
void dq_device_learner_cancel(dq_device_learner *l, dq_rng *rng);
/** The learning step: goes on with what was begun ahead, or does all of it.
 *  @return the status of the device as it is known without waiting */
DQ_NODISCARD dq_status dq_device_learner_learn(dq_device_learner *l, dq_rng *rng, float gamma,
                                               bool sync);
/** Loss of the last step that was learnt; waits for it. */
float dq_device_learner_loss(dq_device_learner *l);

#endif
