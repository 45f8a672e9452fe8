/** The functions of a GPU for a learner: the border between libdeepq and the module
 *  libdeepq_cuda.so, which is loaded at run time.
 *
 *  The module has no part in messages, files or environments: a function that fails returns a
 *  status and one line of text. Parameters cross the border as flat arrays of shape->n_params
 *  floats, with the layout of the CPU. Work is queued and done in order; only functions that return
 *  results wait for it. */
#ifndef DEEPQ_LEARN_DEVICE_H
#define DEEPQ_LEARN_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/priorities.h"
#include "deepq/status.h"
#include "learn/augmentation.h"
#include "nn/graph.h"
#include "nn/objective.h"
#include "nn/optimiser_step.h"
#include "nn/precision.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DQ_DEVICE_ABI = 6,    // version of this border
    DQ_DEVICE_TEXT = 512  // bytes of a name or a message
};

/** What a learner on a GPU is created from. */
typedef struct dq_device_config {
    const dq_net_shape *shape;  // of the network; need not exist after the call
    int batch;                  // transitions in an update
    int n_states;               // states in a decision; also frames and transitions in one copy
    size_t n_slots;             // slots of the replay buffer
    size_t n_frames;            // frames of the replay buffer, 84x84 bytes each
    dq_precision precision;     // of the matrix products
    dq_objective objective;     // what its outputs mean, and the loss
    int is_parted;              // its last layer has advantages and a value, apart
    int has_streams;            // and each of them half of the hidden units
    float norm_epsilon;         // what layer normalisation adds to a variance
    int double_dqn;             // the online network chooses the next action
    int no_target;              // batches have their targets as rewards, and no next states
    int augments;               // the states of a batch are augmented
    int value_levels;           // of IQN: levels whose quantiles' mean is a value; else 0
    size_t n_noise;             // numbers drawn for the noise of one network; 0: it has none
    /** Of factorised noise, [shape->n_noisy] each: which two of these numbers' product is the noise
     *  of a parameter; need not exist after the call. NULL: it is the number with its place. */
    const uint32_t *noise_in, *noise_out;
    double priority_alpha;           // exponent of priorities; 0: transitions are drawn uniformly
    dq_priority_rule priority_rule;  // how priorities and weights are computed
    dq_optimiser optimiser;          // how gradients change the parameters
    double gradient_norm;            // longest gradient of a batch; 0: any
    double target_rate;  // the part of the way that an update of the target network goes
} dq_device_config;

/** A transition. Frames are given by their numbers in the replay buffer, oldest first; -1 is a
 *  frame of zeros. */
typedef struct dq_device_sample {
    int32_t state[DQ_NET_STACK];  // frames of the state
    int32_t next[DQ_NET_STACK];   // frames of the next state
    int32_t action;               // the action taken
    float reward;                 // n-step return
    float discount;               // of the next state's value; 0: terminated
} dq_device_sample;

/** The batch to draw, and the random stream that the CPU would draw it with. */
typedef struct dq_device_draw {
    uint64_t rng[4];                       // state of the stream
    double beta;                           // exponent of the importance-sampling weights
    uint32_t n_slots, newest, n_drawable;  // of the ring, as dq_replay_drawable() has them
} dq_device_draw;

/** What an update needs besides its transitions. */
typedef struct dq_device_step {
    int32_t sync_target;          // update the target network first
    dq_optimiser_step optimiser;  // the constants of the optimiser's step
} dq_device_step;

/** What the CPU draws for an update, from the streams that it has for that; NULL where nothing is
 *  to be drawn. */
typedef struct dq_device_random {
    const dq_change *changes;  // [2 * batch] of the states, then of the next states
    /** [1, 2 or 3][n_noise] of the online network that learns, of the target network if there is
     *  one, and with Double DQN of the online network that chooses. */
    const float *noise;
    const float *levels;  // [2][batch][n_atoms] of the next states, then of the states
} dq_device_random;

/** A turn of the training loop. New frames and transitions are copied to the GPU, then the values
 *  of the current states are computed with the parameters as they are; at the same time an update
 *  is started or completed. */
typedef struct dq_device_turn {
    const int32_t *states;       // [n_states][DQ_NET_STACK] frames of the states; NULL: none
    const float *noise;          // [n_noise] of the online network for their values
    const dq_device_step *step;  // NULL: no update
    const dq_device_draw *draw;  // of the update
    dq_device_random random;     // of the update
    int32_t whole;  // 1: complete the update; 0: stop before the optimiser, apply() follows
} dq_device_turn;

/** Arrays of an update, which tests compare with the reference. With Double DQN those of 2 * batch
 *  samples have `batch` more: the next states in the online network; with Munchausen DQN, the
 *  states in the target network. Of IQN the hidden layer and the last one have a row for each drawn
 *  level of the states, and none of others. For a network with two convolutions the arrays of the
 *  third are empty. */
typedef enum dq_device_array {
    DQ_DEVICE_X0,       // uint8 [2 batch][84][84][4] states, then next states
    DQ_DEVICE_Y1,       // float [2 batch] outputs of the first convolution
    DQ_DEVICE_Y2,       // float [2 batch] outputs of the second convolution
    DQ_DEVICE_Y3,       // float [2 batch] outputs of the third convolution
    DQ_DEVICE_H,        // float [2 batch][hidden] outputs of the hidden layer
    DQ_DEVICE_Q,        // float [2 batch] action values, in rows of shape->out_pad
    DQ_DEVICE_DH,       // float [batch][hidden] gradient of the input of the hidden layer's ReLU
    DQ_DEVICE_DZ3,      // float [batch] gradient of the input of the third convolution's ReLU
    DQ_DEVICE_DZ2,      // float [batch] gradient of the input of the second convolution's ReLU
    DQ_DEVICE_DZ1,      // float [batch] gradient of the input of the first convolution's ReLU
    DQ_DEVICE_GRAD,     // float [n_params] gradients of the parameters
    DQ_DEVICE_DRAWN,    // dq_device_sample [batch] the batch
    DQ_DEVICE_SLOTS,    // uint32 [batch] its slots, when the GPU drew it
    DQ_DEVICE_TARGETS,  // float [batch][n_atoms] targets
    DQ_DEVICE_WEIGHTS,  // float [batch] importance-sampling weights, when drawn by priority
    DQ_DEVICE_N_ARRAYS  // their number
} dq_device_array;

/** The functions of the module. One that fails writes one line to error[DQ_DEVICE_TEXT]. `self` is
 *  what `create` gave. */
typedef struct dq_device_ops {
    uint32_t abi;           // DQ_DEVICE_ABI
    const char *built_for;  // "sm_80 sm_90, PTX 9.0"

    /** Check that there is a GPU that can be used.
     *  @param[out] name "NVIDIA H200 (sm_90)" */
    dq_status (*probe)(char name[DQ_DEVICE_TEXT], char *error);
    /** Create a learner with parameters and frames of zeros. */
    dq_status (*create)(void **self, const dq_device_config *cfg, char *error);
    /** Free what `create` allocated. */
    void (*destroy)(void *self);

    /** Set the parameters.
     *  @param arrays online and target parameters, the optimiser's first and second moments; NULL:
     *         those remain */
    dq_status (*set_params)(void *self, const float *const arrays[4], char *error);
    /** Copy out the parameters; waits.
     *  @param[out] arrays as in set_params */
    dq_status (*get_params)(void *self, float *const arrays[4], char *error);
    /** Update the target network from the online network. */
    dq_status (*sync_target)(void *self, char *error);

    /** Set the frames at .. at + n - 1, after all that was put before; waits. */
    dq_status (*load_frames)(void *self, size_t at, size_t n, const uint8_t *frames, char *error);
    /** Set the transitions of the slots at .. at + n - 1, after all that was put before; waits. */
    dq_status (*load_samples)(void *self, size_t at, size_t n, const dq_device_sample *samples,
                              char *error);
    /** Set all priorities, as dq_priorities_set() does. */
    dq_status (*load_priorities)(void *self, const double *priorities, double highest, char *error);
    /** Copy out all priorities, as dq_priorities_get() does; waits. */
    dq_status (*read_priorities)(void *self, double *priorities, double *highest, char *error);
    /** Set a frame in the next turn. The frame is copied before the call returns. */
    dq_status (*put_frame)(void *self, size_t number, const uint8_t *frame, char *error);
    /** Set the transition of a slot in the next turn; that of the slot `evicted` can no longer be
     *  drawn. */
    dq_status (*put_sample)(void *self, size_t slot, size_t evicted, const dq_device_sample *sample,
                            char *error);
    /** Queue a turn. */
    dq_status (*turn)(void *self, const dq_device_turn *turn, char *error);
    /** The action values of the last turn's states. Waits for them, but not for the update. To be
     *  called once after each turn with states, before any other function.
     *  @param[out] q [n_states] rows of shape->out_pad */
    dq_status (*values)(void *self, float *q, char *error);

    /** Queue the first half of an update: targets, loss and gradients.
     *  @param samples [batch] its transitions
     *  @param random NULL: all of it is NULL */
    dq_status (*gradients)(void *self, const dq_device_step *step, const dq_device_sample *samples,
                           const dq_device_random *random, char *error);
    /** Queue the second half of an update: the optimiser, with the gradients that were computed
     *  last. */
    dq_status (*apply)(void *self, char *error);
    /** The losses of the last two updates; waits.
     *  @param[out] losses the last one first */
    dq_status (*losses)(void *self, float losses[2], char *error);

    /** For tests: copy out an array.
     *  @param[out] to n bytes */
    dq_status (*read)(void *self, dq_device_array array, void *to, size_t n, char *error);
} dq_device_ops;

/** The function that the module exports: `const dq_device_ops *dq_device_module(void)`. */
#define DQ_DEVICE_ENTRY "dq_device_module"

#ifdef __cplusplus
}
#endif
#endif
