/** A learner on the GPU: its memory, its graphs, and the queue of its work. */
#ifndef DEEPQ_NN_CUDA_LEARNER_H
#define DEEPQ_NN_CUDA_LEARNER_H

#include "nn/cuda/cuda_platform.h"
#include "nn/device.h"

enum {
    STAGES = 4,       // host buffers that copies leave from, in turn
    MIN_CHUNK = 512,  // output pixels in one part of a convolution's weight gradient, at least
    MAX_PARTS = 64,
    FRAME_PIXELS = DQ_SIDE0 * DQ_SIDE0
};

/** What a pass or a step needs, in device memory; its samples follow. */
typedef struct step_header {
    const unsigned char *frames;
    dq_device_step step;
    int32_t is_drawn;  // the samples are drawn there; else they came along
    dq_device_draw draw;
} step_header;

enum { HEADER_BYTES = 128 };  // samples start here
static_assert(sizeof(step_header) <= HEADER_BYTES, "the samples would lie on it");

/** What is new in the replay. Frame i is the i-th before the end of those that came along. All
 *  pointers are the device's. */
typedef struct turn_news {
    unsigned char *frames;
    dq_device_sample *table;
    const int32_t *frame_slots, *sample_slots;
    const dq_device_sample *samples;
    int32_t n_frames, n_samples;
} turn_news;

/** Where things lie in what goes over in one copy, in bytes: frames, then the news, then the states
 *  to decide about, then the step. A turn leaves out the frames that did not come and the step that
 *  is not begun. */
typedef struct packet_plan {
    size_t news, frame_slots, sample_slots, samples;
    size_t act, step, bytes;
} packet_plan;

/** Pinned memory that copies leave from while the host goes on; taken again when they are done. */
typedef struct cuda_stages {
    unsigned char *bytes;  // [STAGES][size]
    size_t size;
    cudaEvent_t done[STAGES];
    unsigned next;
} cuda_stages;

/** What a forward pass writes: rows are states, the next ones behind the first. */
typedef struct forward_room {
    unsigned char *x0;
    float *y[DQ_N_CONVS];
    float *hidden_parts, *h, *q;
} forward_room;

struct cuda_learner {
    dq_device_config cfg;
    cudaStream_t stream;  // everything but
    cudaStream_t side;    // what a captured step does beside it,
    cudaStream_t acting;  // and decisions, beside the gradients; between packets and Adam
    cudaEvent_t fork, join;
    cudaEvent_t arrived;  // a packet's news are in the replay

    unsigned char *arena;  // all of the below but the frames, in one block
    size_t arena_bytes;
    float *online, *target, *m, *v, *grad;  // [DQ_N_PARAMS]
    packet_plan at;
    unsigned char *packet;  // what came over last
    // In the packet, with room for n_states and `batch` samples. A step's header stays until Adam
    // has read it: a turn without a step leaves it, and other passes have one of their own.
    step_header *act_header, *header;
    step_header *q_header;
    uint32_t *slots;                // [batch] drawn
    unsigned char *scratch_frames;  // [4 * batch] of states that come as bytes
    forward_room learn, act;        // act.q: pinned [n_states][DQ_OUT_PAD], written by the GPU
    float *dz[DQ_N_CONVS], *dh, *loss;
    float *conv_parts[DQ_N_CONVS];
    int chunk[DQ_N_CONVS], n_parts[DQ_N_CONVS];

    unsigned char *frames;  // [n_slots], the replay
    dq_device_sample *table;
    size_t n_slots;

    cuda_stages packets;
    unsigned char *filling;  // the packet that news go into, or NULL
    int n_frames, n_samples;
    unsigned char *q_staging;  // pinned, the header of a pass that is waited for
    cudaEvent_t decided;       // the last decision's values are there
    cudaGraphExec_t gradients_graph, apply_graph, act_graph;
};

/** Queue what puts the packet's news into the replay. step: and draws its batch; or NULL. */
void cuda_news(cuda_learner *l, step_header *step);
/** Queue a forward pass of n states whose header is in device memory. n_nets 2: the next states by
 *  the target net as well. */
void cuda_forward(cuda_learner *l, cudaStream_t stream, const forward_room *room,
                  const step_header *header, int n, int n_nets, const float *params);
/** Queue the first half of a learning step, on two streams where that is possible. */
void cuda_gradients(cuda_learner *l);
void cuda_apply(cuda_learner *l);

#endif
