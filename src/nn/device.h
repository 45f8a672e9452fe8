/** What a learner on a device (a GPU) does for a net: the table between libdeepq and the module
 *  libdeepq_cuda.so, which is loaded at run time.
 *
 *  The module knows nothing of errors, files or environments: it fails with a status and one line
 * of text. Parameters cross this border as flat arrays of DQ_N_PARAMS floats, laid out as the
 *  processor's (net_shape.h). Work is queued and done in order; a call waits only where it gives
 *  something back. */
#ifndef DEEPQ_NN_DEVICE_H
#define DEEPQ_NN_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/status.h"
#include "nn/adam_step.h"
#include "nn/net_shape.h"
#include "nn/precision.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DQ_DEVICE_ABI = 1, DQ_DEVICE_TEXT = 512 };

typedef struct dq_device_config {
    int n_actions;
    int batch;
    dq_precision precision;
} dq_device_config;

/** A transition by the places of its frames in the frame store, oldest first; -1: a black frame. */
typedef struct dq_device_sample {
    int32_t state[DQ_NET_STACK], next[DQ_NET_STACK];
    int32_t action;
    float reward;
    int32_t done;  // the target is the reward alone
} dq_device_sample;

/** What one learning step needs besides its transitions. */
typedef struct dq_device_step {
    float gamma;
    int32_t sync_target;  // copy the online weights to the target first
    dq_adam_step adam;
} dq_device_step;

/** Arrays inside that tests hold against the reference. */
typedef enum dq_device_array {
    DQ_DEVICE_X0,    // uint8 [2 batch][84][84][4], states then next states
    DQ_DEVICE_Y1,    // float [2 batch][20][20][32]
    DQ_DEVICE_Y2,    // float [2 batch][9][9][64]
    DQ_DEVICE_Y3,    // float [2 batch][7][7][64]
    DQ_DEVICE_H,     // float [2 batch][512]
    DQ_DEVICE_Q,     // float [2 batch][DQ_OUT_PAD]
    DQ_DEVICE_DH,    // float [batch][512], of what goes into the ReLU, as the others below
    DQ_DEVICE_DZ3,   // float [batch][7][7][64]
    DQ_DEVICE_DZ2,   // float [batch][9][9][64]
    DQ_DEVICE_DZ1,   // float [batch][20][20][32]
    DQ_DEVICE_GRAD,  // float [DQ_N_PARAMS]
    DQ_DEVICE_N_ARRAYS
} dq_device_array;

/** Every function that can fail writes one line to error[DQ_DEVICE_TEXT] then. */
typedef struct dq_device_ops {
    uint32_t abi;           // DQ_DEVICE_ABI
    const char *built_for;  // "sm_80 sm_90, PTX 9.0"

    /** Is there a device that can be used? @param[out] name "NVIDIA H200 (sm_90)" */
    dq_status (*probe)(char name[DQ_DEVICE_TEXT], char *error);
    /** All parameters zero, no frame store. */
    dq_status (*create)(void **self, const dq_device_config *cfg, char *error);
    void (*destroy)(void *self);

    /** @param arrays online and target weights, Adam's first and second moments */
    dq_status (*set_params)(void *self, const float *const arrays[4], char *error);
    dq_status (*get_params)(void *self, float *const arrays[4], char *error);
    dq_status (*sync_target)(void *self, char *error);

    /** Action values of n states by the online or the target weights. n <= batch.
     *  @param obs uint8 [n][4][84][84] @param[out] q float [n][DQ_OUT_PAD] */
    dq_status (*q)(void *self, int of_target, const uint8_t *obs, int n, float *q, char *error);

    /** Room for n frames of 84x84 bytes, all black. */
    dq_status (*create_frames)(void *self, size_t n, char *error);
    /** The bytes are taken before the call returns; they arrive in order with other work. */
    dq_status (*put_frames)(void *self, size_t at, size_t n, const uint8_t *frames, char *error);
    /** Action values of the state made of four frames of the store. @param[out] q [DQ_OUT_PAD] */
    dq_status (*act)(void *self, const int32_t frames[DQ_NET_STACK], float *q, char *error);

    /** First half of a learning step: targets, loss, gradients; the weights stay.
     *  @param samples [batch] @param obs NULL: frames are in the store; else uint8 [n_obs][84][84]
     *  and the samples' places count from there, n_obs <= 4 * batch */
    dq_status (*gradients)(void *self, const dq_device_step *step, const dq_device_sample *samples,
                           const uint8_t *obs, size_t n_obs, char *error);
    /** Second half: Adam with the gradients of the call before. */
    dq_status (*apply)(void *self, char *error);
    /** Losses of the last gradients() and of the one before it. */
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
