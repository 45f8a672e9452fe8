/** A learner on the GPU: its memory, its graphs, and the queue of its work. */
#ifndef DEEPQ_LEARN_CUDA_LEARNER_H
#define DEEPQ_LEARN_CUDA_LEARNER_H

#include "learn/cuda/cuda_platform.h"
#include "learn/device.h"
#include "nn/objective.h"

enum {
    STAGES = 4,       // host buffers that copies leave from, in turn
    MIN_CHUNK = 512,  // output pixels in one part of a convolution's weight gradient, at least
    MAX_PARTS = 64,
    FRAME_PIXELS = DQ_SIDE0 * DQ_SIDE0
};

/** What a step needs, in device memory; its samples follow. */
typedef struct step_header {
    const unsigned char *frames;
    dq_device_step step;
    int32_t is_drawn;  // the samples are drawn there; else they came along
    dq_device_draw draw;
} step_header;

enum { HEADER_BYTES = 128 };  // samples start here
static_assert(sizeof(step_header) <= HEADER_BYTES, "the samples would lie on it");

/** Where the two factors of a parameter's noise are among the numbers drawn; NULL: the noise is
 *  the number with the parameter's place. */
typedef struct noise_places {
    uint32_t *of_in, *of_out;  // [n_noisy]
} noise_places;

/** What is new in the replay. Frame i is the i-th before the end of those that came along. All
 *  pointers are the device's. */
typedef struct turn_news {
    unsigned char *frames;
    dq_device_sample *table;
    const int32_t *frame_numbers, *sample_slots, *evicted_slots;
    const dq_device_sample *samples;
    int32_t n_frames, n_samples;
} turn_news;

/** Where things lie in what goes over in one copy, in bytes: frames, then the news, then a
 *  decision: noise, and the states, then an update: what was drawn for it, and its step. A turn
 *  leaves out the frames that did not come and the update that is not begun. */
typedef struct packet_plan {
    size_t news, frame_numbers, sample_slots, evicted_slots, samples;
    size_t decision;  // where it begins
    size_t act_noise, act;
    size_t update;  // where it begins
    size_t changes, noise, levels, step, bytes;
} packet_plan;

/** Pinned memory that is copied from while the CPU continues; it is reused when copies are done. */
typedef struct cuda_stages {
    unsigned char *bytes;  // [STAGES][size]
    size_t size;
    cudaEvent_t done[STAGES];
    unsigned next;
} cuda_stages;

enum { PASSES_MAX = 3 };

/** The parameters of each pass, and these with their noise. */
typedef struct pass_noise {
    const float *params[PASSES_MAX];
    float *used[PASSES_MAX];  // [shape.sigma] where there is noise, of the linear layers alone
} pass_noise;

/** Rows of states behind an embedding of levels: whose they are, and what is computed of them. */
typedef struct level_rows {
    int pass;             // whose features and whose network
    int n_levels;         // rows of a state
    const float *levels;  // [n][n_levels]; NULL: in even steps
    float *cosines;       // [n][n_levels][DQ_COSINES]
    float *psi;           // [n][n_levels][features] embeddings; NULL: not wanted
    float *mixed;         // [n][n_levels][features] features times embeddings
    float *h, *q;   // [n][n_levels] rows of the hidden layer's and of the last layer's outputs
    float *y;       // [n][n_actions][n_levels] outputs for each action
    float *values;  // rows of value_row values of actions; NULL: not wanted
} level_rows;

/** A pass's quantiles at drawn levels, of two passes; the mean that chooses the next action; and
 *  Munchausen's policy. */
enum { LEVEL_ROWS_MAX = 4 };

/** What a forward pass reads and writes. The rows of a learning step's pass are states by the
 * online network, next states by the target network, and for double Q-learning these by the online
 * network, or for Munchausen DQN the states by the target network; of the pictures there are two
 * kinds. */
typedef struct forward_room {
    unsigned char *x0;
    float *y[DQ_CONVS_MAX];
    float *hidden_parts, *h;
    float *q;       // rows of out_pad outputs of the last layer
    float *values;  // rows of value_row values of actions, where they are not these outputs
    int value_row;
    const dq_change *changes;  // of the pictures; NULL: they are as they are
    pass_noise passes;
    const float *linear[PASSES_MAX];  // of each pass the parameters, from the hidden layer on
    const float *noise;               // [n_noises] draws, of as many passes; NULL: there is none
    int n_noises;
    level_rows rows[LEVEL_ROWS_MAX];  // [n_level_rows], of IQN; 0: a state has one row
    int n_level_rows;
    float *y_of_actions;  // [2 batch][n_actions][n_atoms] outputs at drawn levels
} forward_room;

/** The priorities of the transitions, as replay/priority_tree.h has them. */
typedef struct priority_tree {
    double *node;  // [2 * n_leaves]; NULL: all transitions are alike
    size_t n_leaves;
    double *highest;  // [1] given so far
    double alpha;
    dq_priority_rule rule;
    double *place;  // [batch] of a draw in the tree, then of an update: the new priorities
    float *weight;  // [batch]
} priority_tree;

/** What the loss kernel needs. */
typedef struct loss_job {
    const step_header *header;
    dq_objective objective;
    int n, n_hidden, n_out_blocks, is_double;
    const float *out_w;       // weights of the last layer
    const float *hidden, *q;  // of the learning step's pass
    const float *weight;      // [n], NULL: all 1
    float *dh, *dout_w, *dout_b, *dhidden_b;
    float *error, *target;  // [n]
    float *value;           // [2] loss of this step, of the step before
} loss_job;

/** The gradients of the convolutions in parts, to be added up. */
typedef struct conv_parts {
    const float *parts[DQ_CONVS_MAX];
    int first[DQ_CONVS_MAX];  // parameter of each
    int size[DQ_CONVS_MAX];   // parameters of each
    int n_parts[DQ_CONVS_MAX];
    int n_convs;
} conv_parts;

struct cuda_learner {
    dq_device_config cfg;  // its shape is the one below
    dq_net_shape shape;
    size_t n_slots, n_frames;
    int n_passes;      // rows of a learning step: batch without a target network, 2 or 3 * batch
    int target_again;  // the third are of the target network
    int n_hidden_parts;
    noise_places noise;
    cudaStream_t stream;  // everything but
    cudaStream_t side;    // what a captured step does beside it,
    cudaStream_t acting;  // and decisions, beside the gradients; between packets and optimiser
    cudaEvent_t fork, join;
    cudaEvent_t arrived;  // a packet's news are in the replay

    unsigned char *arena;  // all of the below but the replay, in one block
    size_t arena_bytes;
    float *online, *target, *m, *v, *grad;  // [n_params]
    packet_plan at;
    unsigned char *packet;  // what came over last
    // In the packet, with room for n_states and `batch` samples. A step's header stays until the
    // optimiser has read it: a turn without a step leaves it.
    step_header *act_header, *header;
    uint32_t *slots;          // [batch] drawn
    unsigned char *no_frame;  // [FRAME_PIXELS] of the first step, before there are frames
    forward_room learn, act;
    float *decided_q;  // pinned [n_states][out_pad] values of act, written by the GPU
    float *dz[DQ_CONVS_MAX], *dh, *loss;
    // Of each normalisation, [batch] rows of the learning pass: see layer_norm.
    float *normal[DQ_NORMS_MAX], *norm_factor[DQ_NORMS_MAX];
    float *error, *sample_target;  // [batch], [batch][n_atoms] of the last learning step
    // Of IQN the rows of dh and dy are those of the levels.
    float *dy;          // [batch][out_pad] gradients of a dense last layer's outputs
    float *dmixed;      // [batch][n_atoms][features] of IQN, of rows[0].mixed, then psi
    double *loss_part;  // [batch] with such a layer
    double *squares;    // [norm_blocks()] sums of the gradient's; NULL: any norm will do
    float *scale;       // [1] of the gradient
    float *conv_parts[DQ_CONVS_MAX];
    int chunk[DQ_CONVS_MAX], n_parts[DQ_CONVS_MAX];

    unsigned char *frames;    // [n_frames] the replay
    dq_device_sample *table;  // [n_slots]
    priority_tree tree;

    cuda_stages packets;
    unsigned char *filling;  // the packet that news go into, or NULL
    int n_new_frames, n_new_samples;
    cudaEvent_t decided;  // the last decision's values are there
    cudaGraphExec_t gradients_graph, apply_graph, act_graph;
};

/** Choose the passes that the config asks for, and where everything lies in a packet. */
void cuda_choose_passes(cuda_learner *l);
/** Lay everything out in one block; called twice, first for the size.
 *  @param base NULL: there is none yet
 *  @return bytes */
size_t cuda_plan(cuda_learner *l, unsigned char *base);
/** After that, and when decided_q is there: where the passes find what they read and write. */
void cuda_aim(cuda_learner *l);
/** Bytes of the levels that are drawn for an update. */
size_t cuda_levels_bytes(const cuda_learner *l);
/** Queue what puts the packet's news into the replay. step: and draws its batch; or NULL. */
void cuda_news(cuda_learner *l, step_header *step);
/** Queue a forward pass of n states whose header is in device memory. n_passes: see forward_room.
 */
void cuda_forward(cuda_learner *l, cudaStream_t stream, const forward_room *room,
                  const step_header *header, int n, int n_passes);
/** Whether the last layer is a dense one, of distributions or of advantages and a value. */
bool cuda_is_dense(const cuda_learner *l);
/** Rows of a state in the layers behind the convolutions, while it learns. */
int cuda_rows_of_state(const cuda_learner *l);
/** Queue the first half of a learning step, on two streams where that is possible. */
void cuda_gradients(cuda_learner *l);
/** Queue the second: priorities, the optimiser. */
void cuda_apply(cuda_learner *l);
/** Queue an update of the target network from the online network. */
void cuda_sync_target(cuda_learner *l);
/** Blocks that the squares of the gradient are added up by. */
size_t cuda_norm_blocks(const cuda_learner *l);
/** Floats in one part of a convolution's weight gradient. */
size_t cuda_conv_part(int layer);

#endif
