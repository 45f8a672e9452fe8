/** What a GPU does for a learner: the table between libdeepq and the module libdeepq_cuda.so, which
 *  is loaded at run time.
 *
 *  The module knows nothing of error messages' homes, files or environments: it fails with a status
 *  and one line of text. Parameters cross this border as flat arrays of shape->n_params floats,
 * laid out as the processor's. Work is queued and done in order; a call waits only where it gives
 *  something back. */
#ifndef DEEPQ_LEARN_DEVICE_H
#define DEEPQ_LEARN_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/status.h"
#include "nn/adam_step.h"
#include "nn/graph.h"
#include "nn/precision.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DQ_DEVICE_ABI = 3, DQ_DEVICE_TEXT = 512 };

typedef struct dq_device_config {
    const dq_net_shape *shape;  // need not live on
    int n_actions;
    int batch;
    int n_states;  // decided about at once; as many frames and transitions go over in one copy
    size_t n_slots, n_frames;  // of the replay: transitions, and frames of 84x84 bytes
    dq_precision precision;
    dq_loss loss;
    int double_dqn;
    double priority_alpha;  // 0: transitions are drawn with the same chance
} dq_device_config;

/** A transition by the numbers of its frames in the replay, oldest first; -1: a black frame. */
typedef struct dq_device_sample {
    int32_t state[DQ_NET_STACK], next[DQ_NET_STACK];
    int32_t action;
    float reward;
    float discount;  // of the next state's value; 0: the target is the reward alone
} dq_device_sample;

/** Where a batch comes from: n_drawable transitions in order of their slots, the last in `newest`,
 *  and the state of the stream that the processor would draw with. */
typedef struct dq_device_draw {
    uint64_t rng[4];
    double beta;  // of priorities
    uint32_t n_slots, newest, n_drawable;
} dq_device_draw;

/** What one learning step needs besides its transitions. */
typedef struct dq_device_step {
    int32_t sync_target;  // copy the online weights to the target first
    dq_adam_step adam;
} dq_device_step;

/** A turn of the trainer's loop: what is new goes over in one copy, then the states are decided
 *  about, by the weights as they are, and beside that a step is begun or done. */
typedef struct dq_device_turn {
    const int32_t *states;       // [n_states] by their frames, or NULL
    const dq_device_step *step;  // or NULL: no learning
    const dq_device_draw *draw;  // of that step
    int32_t whole;               // Adam and priorities as well; else apply() is to come
} dq_device_turn;

/** Arrays inside that tests hold against the reference. With double Q-learning there are rows for
 *  the next states by the online network behind the others. Of a network with two convolutions the
 *  third's are empty. */
typedef enum dq_device_array {
    DQ_DEVICE_X0,   // uint8 [2 batch][84][84][4], states then next states
    DQ_DEVICE_Y1,   // float [2 batch] outputs of the first convolution
    DQ_DEVICE_Y2,   // of the second
    DQ_DEVICE_Y3,   // of the third
    DQ_DEVICE_H,    // float [2 batch][hidden]
    DQ_DEVICE_Q,    // float [2 batch] rows of shape->out_pad
    DQ_DEVICE_DH,   // float [batch][hidden], of what goes into the ReLU, as the others below
    DQ_DEVICE_DZ3,  // float [batch] by the third convolution's outputs
    DQ_DEVICE_DZ2,
    DQ_DEVICE_DZ1,
    DQ_DEVICE_GRAD,     // float [n_params]
    DQ_DEVICE_DRAWN,    // dq_device_sample [batch]
    DQ_DEVICE_SLOTS,    // uint32 [batch], of a batch drawn there
    DQ_DEVICE_TARGETS,  // float [batch]
    DQ_DEVICE_WEIGHTS,  // float [batch], of a batch drawn by priority
    DQ_DEVICE_N_ARRAYS
} dq_device_array;

/** Every function that can fail writes one line to error[DQ_DEVICE_TEXT] then. */
typedef struct dq_device_ops {
    uint32_t abi;           // DQ_DEVICE_ABI
    const char *built_for;  // "sm_80 sm_90, PTX 9.0"

    /** Is there a device that can be used? @param[out] name "NVIDIA H200 (sm_90)" */
    dq_status (*probe)(char name[DQ_DEVICE_TEXT], char *error);
    /** All parameters zero, all frames black. */
    dq_status (*create)(void **self, const dq_device_config *cfg, char *error);
    void (*destroy)(void *self);

    /** @param arrays online and target weights, Adam's first and second moments */
    dq_status (*set_params)(void *self, const float *const arrays[4], char *error);
    dq_status (*get_params)(void *self, float *const arrays[4], char *error);
    dq_status (*sync_target)(void *self, char *error);

    /** Fill frames or slots at .. at+n-1; waits. What was put before is in front of it. */
    dq_status (*load_frames)(void *self, size_t at, size_t n, const uint8_t *frames, char *error);
    dq_status (*load_samples)(void *self, size_t at, size_t n, const dq_device_sample *samples,
                              char *error);
    /** Priorities of all slots, 0 where nothing can be drawn, and the highest given so far. */
    dq_status (*load_priorities)(void *self, const double *priorities, double highest, char *error);
    dq_status (*read_priorities)(void *self, double *priorities, double *highest, char *error);
    /** With the next turn. The bytes are taken before the call returns. */
    dq_status (*put_frame)(void *self, size_t number, const uint8_t *frame, char *error);
    /** The same; what is in the slot `evicted` can be drawn no more. */
    dq_status (*put_sample)(void *self, size_t slot, size_t evicted, const dq_device_sample *sample,
                            char *error);
    /** Queue a turn; waits for nothing. */
    dq_status (*turn)(void *self, const dq_device_turn *turn, char *error);
    /** Action values of the last turn's states; waits for them, not for the learning behind them;
     *  to be called once after each turn with states, before anything else. @param[out] q
     *  [n_states] rows of shape->out_pad */
    dq_status (*values)(void *self, float *q, char *error);

    /** First half of a learning step with these transitions: targets, loss, gradients; the weights
     *  stay. @param samples [batch] */
    dq_status (*gradients)(void *self, const dq_device_step *step, const dq_device_sample *samples,
                           char *error);
    /** Second half: Adam with the gradients of the call before. */
    dq_status (*apply)(void *self, char *error);
    /** Losses of the last gradients and of those before. */
    dq_status (*losses)(void *self, float losses[2], char *error);

    /** For tests. @param n bytes */
    dq_status (*read)(void *self, dq_device_array array, void *to, size_t n, char *error);
} dq_device_ops;

/** What the module exports: `const dq_device_ops *dq_device_module(void)`. */
#define DQ_DEVICE_ENTRY "dq_device_module"

#ifdef __cplusplus
}
#endif
#endif
