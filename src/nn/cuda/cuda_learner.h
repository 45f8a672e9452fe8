/** A learner on the GPU: its memory, its graphs, and the queue of its work. */
#ifndef DEEPQ_NN_CUDA_LEARNER_H
#define DEEPQ_NN_CUDA_LEARNER_H

#include "nn/cuda/cuda_platform.h"
#include "nn/device.h"

enum {
    STAGES = 4,       // host buffers that copies leave from, in turn
    MIN_CHUNK = 256,  // output pixels in one part of a convolution's weight gradient, at least
    MAX_PARTS = 64,
    FRAME_PIXELS = DQ_SIDE0 * DQ_SIDE0
};

/** What a learning step needs, in device memory; its samples follow. */
typedef struct step_header {
    const unsigned char *frames;
    dq_device_step step;
} step_header;

enum { HEADER_BYTES = 64 };  // samples start here

/** Pinned memory that copies leave from while the host goes on; taken again when they are done. */
typedef struct cuda_stages {
    unsigned char *bytes;  // [STAGES][size]
    size_t size;
    cudaEvent_t done[STAGES];
    unsigned next;
} cuda_stages;

struct cuda_learner {
    dq_device_config cfg;
    cudaStream_t stream, side;  // everything; what a captured step does beside it
    cudaEvent_t fork, join;

    unsigned char *arena;  // all of the below but the frames, in one block
    size_t arena_bytes;
    float *online, *target, *m, *v, *grad;  // [DQ_N_PARAMS]
    step_header *header, *act_header;       // with room for `batch` and one samples
    unsigned char *scratch_frames;          // [4 * batch] of states that come as bytes
    unsigned char *x0;
    float *y[DQ_N_CONVS], *dz[DQ_N_CONVS];
    float *h, *dh, *q, *loss;
    float *hidden_parts, *conv_parts[DQ_N_CONVS];
    int chunk[DQ_N_CONVS], n_parts[DQ_N_CONVS];

    unsigned char *frames;  // [n_frames], the frame store
    size_t n_frames;

    cuda_stages headers, pictures;
    float *act_q;                // pinned [DQ_OUT_PAD], what the act graph copies back
    unsigned char *act_staging;  // pinned, what it copies in
    cudaGraphExec_t gradients_graph, apply_graph, act_graph;
};

/** Queue a forward pass of n states whose header is in device memory. n_nets 2: the next states by
 *  the target net as well. */
void cuda_forward(cuda_learner *l, const step_header *header, int n, int n_nets,
                  const float *params);
/** Queue the whole first half of a learning step; on two streams where that is possible. */
void cuda_gradients(cuda_learner *l);
void cuda_apply(cuda_learner *l);

#endif
