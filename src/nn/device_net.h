/** A net that learns on a device. Its parameters live there; the net's own arrays are a copy that
 *  is fetched when somebody asks for it. A failure of the device sticks: from then on nothing is
 *  done, and dq_net_status() tells it. */
#ifndef DEEPQ_NN_DEVICE_NET_H
#define DEEPQ_NN_DEVICE_NET_H

#include <stdbool.h>

#include "nn/device.h"

typedef struct dq_device dq_device;

/** "cpu" or NULL, "auto", "cuda": whether a net on it can be made here. Where there is a GPU to
 *  choose, @param[out] name says which; "" else. DQ_ERR_CONFIG for another word,
 *  DQ_ERR_UNSUPPORTED with the reason. */
DQ_NODISCARD dq_status dq_device_check(const char *device, char name[DQ_DEVICE_TEXT]);
/** Whether `device` is a GPU; "auto" is the processor. */
bool dq_device_is_gpu(const char *device);
/** What GPUs the module was built for, or "" where there is no module. */
const char *dq_device_built_for(void);
/** "fp32", "tf32", "bf16", NULL for fp32; DQ_ERR_CONFIG for another word. */
DQ_NODISCARD dq_status dq_device_precision(const char *name, dq_precision *precision);

const char *dq_precision_name(dq_precision precision);
/** The precision of a device's products. */
const char *dq_device_precision_of(const dq_device *d);

bool dq_net_is_on_device(const dq_net *net);

/** Make the device's part of a net. */
DQ_NODISCARD dq_status dq_device_create(dq_device **out, const dq_net_config *cfg);
void dq_device_destroy(dq_device *d);
/** "cuda: NVIDIA H200 (sm_90), fp32" */
const char *dq_device_text(const dq_device *d);

/** What dq_net_* do where a net has a device; `net->device` is not NULL. */
void dq_device_fetch(const dq_net *net);  // parameters from the device, where ours are older
void dq_device_send(dq_net *net);         // our parameters to the device
void dq_device_sync_target(dq_net *net);
void dq_device_q(dq_net *net, bool of_target, const uint8_t *obs, int n, float *q);
float dq_device_update(dq_net *net, const uint8_t *obs, const int32_t *action, const float *target);
float dq_device_gradients(dq_net *net, const uint8_t *obs, const int32_t *action,
                          const float *target);

/* Learning from frames that are on the device already: what the trainer uses. */

/** States that are asked about at once, as the net's configuration says. */
int dq_device_states(const dq_net *net);
/** A replay of n_slots slots, each a frame of 84x84 bytes, black at first, and a transition; once.
 */
DQ_NODISCARD dq_status dq_device_create_replay(dq_net *net, size_t n_slots);
/** Fill slots at .. at+n-1; NULL leaves frames or transitions as they are. */
void dq_device_load(dq_net *net, size_t at, size_t n, const uint8_t *frames,
                    const dq_device_sample *samples);
/** Into a slot, in front of whatever is queued after it. The bytes may change when this returns. */
void dq_device_put_frame(dq_net *net, size_t slot, const uint8_t *frame);
void dq_device_put_sample(dq_net *net, size_t slot, const dq_device_sample *sample);

/** A learning step whose batch is drawn on the device. */
typedef struct dq_device_learning {
    dq_device_draw draw;
    float gamma;  // discount over the steps of a transition
    bool sync;    // copy the online weights to the target first
    bool whole;   // with Adam; else dq_device_finish() is to come
} dq_device_learning;

/** Queue a turn: the question for the values of states, each made of four frames by their slots
 *  (-1: black), oldest first; then a learning step, which the answer does not wait for.
 *  @param states int32 [dq_device_states()][DQ_NET_STACK], NULL to ask nothing @param learning NULL
 *  to learn nothing */
void dq_device_take_turn(dq_net *net, const int32_t *states, const dq_device_learning *learning);
/** The answer, once after each question and before anything else. @param[out] q
 *  [dq_device_states()][n_actions] */
void dq_device_values(dq_net *net, float *q);
/** Begin a learning step with these transitions: queue targets, loss and gradients. The online
 *  weights stay as they are until dq_device_finish(). */
void dq_device_begin(dq_net *net, const dq_device_sample *samples, float gamma, bool sync);
/** Adam with these gradients. A step that was begun and not finished has changed nothing but, where
 *  it was asked to, the target. */
void dq_device_finish(dq_net *net);
/** Loss of the last step begun, or of the one before it; waits for it. */
float dq_device_loss(dq_net *net);
float dq_device_loss_before(dq_net *net);
/** Arrays inside, for tests. @param n bytes */
DQ_NODISCARD dq_status dq_device_read(dq_net *net, dq_device_array array, void *to, size_t n);

#endif
