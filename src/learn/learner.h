/** A learner: a network, its replay, and the learning step. Behind one interface there are two,
 *  which differ in where they compute: the processor (learner_cpu.c) and a GPU (learner_cuda.c).
 *
 *  Who acts tells the learner each state and what came of it, in turns, environment (lane) 0 first:
 *
 *      dq_learner_begin_episode() for every lane, then
 *      dq_learner_act() and dq_learner_values(), for a round's greedy actions;
 *      dq_learner_add() for a step; dq_learner_begin_episode() when it ended its episode;
 *      dq_learner_learn() or dq_learner_sync_target() when they are due.
 *
 *  A learner knows no step count: schedules are evaluated by who calls it. It draws with its own
 *  random stream, "replay" of the seed. */
#ifndef DEEPQ_LEARN_LEARNER_H
#define DEEPQ_LEARN_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/net.h"
#include "deepq/priorities.h"
#include "deepq/replay.h"
#include "deepq/rng.h"
#include "deepq/status.h"
#include "deepq/stream.h"

/** Strings need not live on. Those that are in dq_train_config mean what they mean there. */
typedef struct dq_learner_config {
    int n_actions;  // 1..DQ_MAX_ACTIONS
    int n_lanes;    // environments, >= 1
    int n_threads;  // 0: as many as the machine has cores
    const char *device, *isa, *precision, *network, *initialisation;
    int batch;                     // transitions in one update
    double learning_rate;          // of Adam, until a dq_learn_step brings another
    double beta1, beta2, epsilon;  // of Adam
    dq_loss loss;
    bool double_dqn;
    int replay_size;  // transitions kept
    int n_step;
    double gamma;
    double priority_alpha;  // 0: every transition is drawn with the same chance
    uint64_t seed;          // of the streams "initialisation" and "replay"
} dq_learner_config;

/** One step of one environment. */
typedef struct dq_experience {
    int lane;
    int action;
    float reward;
    bool terminated;
    bool truncated;       // and the last state's value counts
    const uint8_t *next;  // uint8 [84][84] newest frame of the state it led to; when truncated the
                          // episode's last; not looked at when terminated
} dq_experience;

/** What one learning step needs of the schedules. */
typedef struct dq_learn_step {
    double learning_rate;
    double priority_beta;
    bool sync_target;  // copy the online weights to the target network first
} dq_learn_step;

typedef struct dq_learner dq_learner;

/** What the two learners do each in their own way. `l` is the learner's first member. */
typedef struct dq_learner_ops {
    /** A lane's episode has begun: its first frame is in the replay. */
    void (*began)(dq_learner *l, int lane);
    void (*act)(dq_learner *l, const uint8_t *obs, const int *lanes, int n,
                const dq_learn_step *next);
    void (*values)(dq_learner *l, float *q);
    /** The replay has a step's transition in a slot. */
    void (*added)(dq_learner *l, const dq_experience *e, size_t slot);
    dq_status (*learn)(dq_learner *l, const dq_learn_step *step);
    void (*cancel)(dq_learner *l);
    void (*sync_target)(dq_learner *l);
    bool (*loss)(dq_learner *l, bool wait, double *loss);
    dq_status (*status)(const dq_learner *l);
    /** Have l->net be what it learns; or learn from what l->net is now. */
    void (*fetch)(dq_learner *l);
    void (*send)(dq_learner *l);
    /** The same for l->priorities, and for the whole replay. */
    void (*fetch_priorities)(dq_learner *l);
    void (*send_replay)(dq_learner *l);
    void (*look)(dq_learner *l);
    void (*destroy)(dq_learner *l);
} dq_learner_ops;

/** What a learning step on the processor is made of. */
enum { DQ_STAGE_SAMPLE, DQ_STAGE_TARGETS, DQ_STAGE_STATES, DQ_STAGE_UPDATE, DQ_N_STAGES };

/** What both have. */
struct dq_learner {
    const dq_learner_ops *ops;
    dq_learner_config cfg;  // its strings NULL
    char device[512];       // "cpu", or "cuda: NVIDIA H200 (sm_90), fp32"
    const char *precision;  // of products
    bool on_gpu;
    dq_net *net;  // on the processor: what learns, or a copy of it
    dq_replay *replay;
    dq_priorities *priorities;  // NULL: all transitions are alike
    dq_rng sampling;
    dq_transition *drawn;         // [batch] the last draw; see dq_learner_look()
    float *target, *weight;       // [batch] of the last update
    double stage_s[DQ_N_STAGES];  // of all learning steps on the processor
};

/** DQ_ERR_CONFIG or DQ_ERR_UNSUPPORTED name what the device cannot do, and what can. */
DQ_NODISCARD dq_status dq_learner_create(dq_learner **out, const dq_learner_config *cfg);
void dq_learner_destroy(dq_learner *l);

/** A lane's environment was reset. @param obs uint8 [4][84][84] its first state: the frames before
 *  the first are repetitions of it, or zeros */
void dq_learner_begin_episode(dq_learner *l, int lane, const uint8_t *obs);
/** Ask for the action values of some lanes' states; nothing is waited for. A GPU learns beside what
 *  the environments do next.
 *  @param obs uint8 [n_lanes][4][84][84] where all are @param lanes [n] those asked about, in order
 *  @param next the learning step that will follow the next dq_learner_add(), NULL when none will */
void dq_learner_act(dq_learner *l, const uint8_t *obs, const int *lanes, int n,
                    const dq_learn_step *next);
/** The values that were asked for; once after each dq_learner_act() with n > 0, before anything
 *  else. @param[out] q float [n][n_actions] */
void dq_learner_values(dq_learner *l, float *q);
void dq_learner_add(dq_learner *l, const dq_experience *e);
/** Draw a batch and learn from it. DQ_ERR_EMPTY while the replay has fewer transitions; on a GPU
 *  its status as it is known without waiting. */
DQ_NODISCARD dq_status dq_learner_learn(dq_learner *l, const dq_learn_step *step);
/** The learning step that dq_learner_act() was told of is not to be. */
void dq_learner_cancel(dq_learner *l);
void dq_learner_sync_target(dq_learner *l);
/** The last update's loss. @param wait for the GPU @return whether it is known: always on the
 *  processor, on a GPU when it was waited for; else *loss stays */
bool dq_learner_loss(dq_learner *l, bool wait, double *loss);
/** The first failure of the GPU; from then on the functions above do nothing and give zeros. */
DQ_NODISCARD dq_status dq_learner_status(const dq_learner *l);

/** What it learns, the learner's: between two steps it may be asked, not changed. Waits for a GPU,
 *  whose failure dq_learner_status() tells. */
dq_net *dq_learner_net(dq_learner *l);
/** Take other weights, as dq_net_set_params(). */
DQ_NODISCARD dq_status dq_learner_set_params(dq_learner *l, const dq_tensor *params, size_t n);

/** For tests: have l->drawn, l->target and l->weight be the last update's. */
void dq_learner_look(dq_learner *l);

/** A checkpoint has the network in front, so that it can be read alone, and the memory at its end.
 *  The random stream is the caller's to save: l->sampling. */
dq_status dq_learner_save_net(dq_learner *l, dq_writer *w);
DQ_NODISCARD dq_status dq_learner_load_net(dq_learner *l, dq_reader *r);
dq_status dq_learner_save_memory(dq_learner *l, dq_writer *w);
DQ_NODISCARD dq_status dq_learner_load_memory(dq_learner *l, dq_reader *r);

/* For the two learners. */

/** Fill in what both have; on failure the caller destroys. @param n_threads of the network here
 *  @param batch that it takes */
DQ_NODISCARD dq_status dq_learner_init(dq_learner *l, const dq_learner_config *cfg, int batch,
                                       int n_threads, const char *precision);
void dq_learner_free(dq_learner *l);
DQ_NODISCARD dq_status dq_learner_cpu_create(dq_learner **out, const dq_learner_config *cfg);
DQ_NODISCARD dq_status dq_learner_cuda_create(dq_learner **out, const dq_learner_config *cfg);

#endif
