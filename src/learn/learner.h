/** A learner: a network, its replay buffer, and the update. There are two implementations of one
 *  interface, on the CPU (learner_cpu.c) and on a GPU (learner_cuda.c).
 *
 *  The caller runs environments, called lanes here, which take turns, lane 0 first. It calls
 *
 *      dq_learner_begin_episode() for every lane at the start;
 *      dq_learner_act(), then dq_learner_values(), for the greedy actions of a round of steps;
 *      dq_learner_add() for each step; dq_learner_begin_episode() when that ended its episode;
 *      dq_learner_learn() or dq_learner_sync_target() when they are due.
 *
 *  A learner does not count steps: the caller evaluates the schedules. It draws transitions with
 *  its own random stream, "replay" of the seed, and augments them with another, "augmentation".
 *
 *  Noisy layers draw their noise from the stream "noise": the online network before the values of a
 *  round of steps, if any are asked for; in an update first the target network, then with Double
 *  DQN the online network, which chooses the actions, and then the online network again, which
 *  learns (Fortunato et al. 2018, appendix C).
 *
 *  IQN draws the levels of quantiles from the stream "levels": in an update those of the targets,
 *  for the next state of each transition, whether or not there is one, and then those of the batch.
 * Values of actions are means over levels that are not drawn (deepq/net.h).
 *
 *  With `rollout` the memory is that of one rollout (rollout.h). When each lane has taken that
 *  number of steps, dq_learner_learn() is called once for every batch of every epoch. The online
 *  network's values of every round of steps are kept for the returns. Its noise is drawn for each
 *  round, for the values of the states behind the last, and for each update. */
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
#include "nn/objective.h"

/** What a learner is created from. Fields that dq_train_config has too mean the same. The strings
 *  may be freed once the learner is created. */
typedef struct dq_learner_config {
    int n_actions;               // 1 to DQ_MAX_ACTIONS
    int n_lanes;                 // environments, 1 or more
    int n_threads;               // 0: one for each core
    const char *device;          // "cpu", "cuda", "auto"; NULL: "cpu"
    const char *isa;             // instruction set; NULL: the best
    const char *precision;       // of the matrix products; NULL: "fp32"
    const char *network;         // architecture, an mlp's with its sizes; NULL: "nature"
    const char *initialisation;  // of the parameters; NULL: "pytorch"
    int batch;                   // transitions in an update
    dq_optimiser optimiser;      // how gradients change parameters
    double learning_rate;        // the optimiser's, until dq_learn_step sets another
    double beta1, beta2;         // Adam's decay rates
    double epsilon;              // Adam's constant in the denominator
    double rmsprop_decay;        // RMSProp's decay rate
    double rmsprop_epsilon;      // RMSProp's constant in the root
    double noisy_sigma;          // that noisy layers begin with; 0: the usual
    double gradient_norm;        // longest gradient of a batch; 0: any
    dq_loss loss;                // of an action value's difference from its target
    bool double_dqn;             // the online network chooses the next action
    dq_munchausen munchausen;    // all zero: it is off
    double target_rate;          // the part of the way that an update of the target network goes
    int replay_size;             // transitions in the replay buffer
    const char *replay_store;    // how their frames are kept; NULL: "auto"
    int n_step;                  // rewards that are summed in a transition
    int augment_shift;           // most pixels that states of a batch are shifted by; 0: none
    double augment_intensity;    // standard deviation of a factor of their inputs; 0: none
    double gamma;                // discount factor
    double priority_alpha;       // exponent of priorities; 0: transitions are drawn uniformly
    dq_priority_rule priority_rule;  // how priorities and weights are computed
    int rollout;           // steps of a lane that are learned together; 0: a replay buffer
    double return_lambda;  // of the returns of a rollout
    int epochs;            // how often each step of a rollout is learned
    uint64_t seed;         // of the random streams
} dq_learner_config;

/** One step of one environment. */
typedef struct dq_experience {
    int lane;         // the environment
    int action;       // the action taken
    float reward;     // that is learned from
    bool terminated;  // the episode ended by its rules
    bool truncated;   // a limit cut the episode off: the value of its last state counts
    /** uint8 [84][84] the newest frame of the next state, of a vector all of it; when truncated, of
     *  the episode's last state. Not read when terminated. */
    const uint8_t *next;
} dq_experience;

/** What an update needs besides transitions: the values of the schedules at its step. */
typedef struct dq_learn_step {
    double learning_rate;  // the optimiser's
    double priority_beta;  // exponent of the importance-sampling weights
    bool sync_target;      // update the target network first
} dq_learn_step;

typedef struct dq_learner dq_learner;
typedef struct dq_rollout dq_rollout;

/** The functions of an implementation. `l` is the first member of its struct. */
typedef struct dq_learner_ops {
    /** An episode began in a lane: its first frame is in the replay buffer. */
    void (*began)(dq_learner *l, int lane);
    /** dq_learner_act(). */
    void (*act)(dq_learner *l, const uint8_t *obs, const int *lanes, int n,
                const dq_learn_step *next);
    /** dq_learner_values(). */
    void (*values)(dq_learner *l, float *q);
    /** Of a rollout: the online network's action values of the next states of n transitions, at
     *  most a batch of them, with the noise that l->net drew last.
     *  @param[out] q [n][n_actions] */
    void (*next_values)(dq_learner *l, const size_t *slots, int n, float *q);
    /** The transition of a step was added to the replay buffer, in `slot`. */
    void (*added)(dq_learner *l, const dq_experience *e, size_t slot);
    /** dq_learner_learn(). */
    dq_status (*learn)(dq_learner *l, const dq_learn_step *step);
    /** dq_learner_cancel(). */
    void (*cancel)(dq_learner *l);
    /** dq_learner_sync_target(). */
    void (*sync_target)(dq_learner *l);
    /** dq_learner_loss(). */
    bool (*loss)(dq_learner *l, bool wait, double *loss);
    /** dq_learner_status(). */
    dq_status (*status)(const dq_learner *l);
    /** Copy the parameters that are trained to l->net. */
    void (*fetch)(dq_learner *l);
    /** Train the parameters that l->net has now. */
    void (*send)(dq_learner *l);
    /** Copy the priorities in use to l->priorities. */
    void (*fetch_priorities)(dq_learner *l);
    /** Use the contents that l->replay and l->priorities have now. */
    void (*send_replay)(dq_learner *l);
    /** dq_learner_look(). */
    void (*look)(dq_learner *l);
    /** dq_learner_destroy(). */
    void (*destroy)(dq_learner *l);
} dq_learner_ops;

/** The stages of an update on the CPU, which are timed. */
enum { DQ_STAGE_SAMPLE, DQ_STAGE_TARGETS, DQ_STAGE_STATES, DQ_STAGE_UPDATE, DQ_N_STAGES };

/** What both implementations have. */
struct dq_learner {
    const dq_learner_ops *ops;  // the implementation
    dq_learner_config cfg;      // its strings are NULL
    char device[512];           // "cpu", or "cuda: NVIDIA H200 (sm_90), fp32"
    const char *precision;      // of the matrix products
    bool on_gpu;                // whether it is the one on a GPU
    /** On the CPU: the network that is trained, or a copy of the one on the GPU. */
    dq_net *net;
    size_t obs_bytes;             // of a state
    int stack;                    // frames of a state: DQ_NET_STACK, or 1 of a vector
    dq_replay *replay;            // the replay buffer
    dq_priorities *priorities;    // NULL: transitions are drawn uniformly
    dq_rollout *rollout;          // NULL: there is none, the replay buffer is larger
    dq_rng sampling;              // the random stream "replay"
    dq_rng augmenting;            // the random stream "augmentation"
    dq_rng noise;                 // the random stream "noise", of noisy layers
    dq_rng levels;                // the random stream "levels", of IQN
    dq_transition *drawn;         // [batch] of the last update; see dq_learner_look()
    float *target;                // [batch][atoms] of the last update
    float *weight;                // [batch] of the last update
    double td_error;              // of the last update, dq_learner_td_error(); NAN: not known
    double gradient_norm;         // of the last update, dq_learner_gradient_norm(); NAN: not known
    double stage_s[DQ_N_STAGES];  // seconds of all updates on the CPU
};

/** Create a learner; parameters are drawn by its initialisation.
 *  @param[out] out to be freed by dq_learner_destroy(); NULL on failure
 *  @return DQ_OK; DQ_ERR_CONFIG for a value out of range; DQ_ERR_UNSUPPORTED names what the device
 *          does not have; DQ_ERR_DEVICE; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_learner_create(dq_learner **out, const dq_learner_config *cfg);
/** Accepts NULL. */
void dq_learner_destroy(dq_learner *l);

/** Begin an episode in a lane, after its environment was reset.
 *  @param obs uint8 [4][84][84], its first state, in which the older frames are zeros or
 *         repetitions of the newest; or a vector of floats */
void dq_learner_begin_episode(dq_learner *l, int lane, const uint8_t *obs);
/** Request the action values of the current states of some lanes. Does not wait for them.
 *  @param obs [n_lanes][obs_bytes], the states of all lanes
 *  @param lanes [n], the lanes, in increasing order
 *  @param next the update that will follow the next dq_learner_add(), which a GPU starts while the
 *         environments are stepped; NULL when none will */
void dq_learner_act(dq_learner *l, const uint8_t *obs, const int *lanes, int n,
                    const dq_learn_step *next);
/** Wait for the action values that were requested. To be called once after each dq_learner_act()
 *  with n > 0, before any other function.
 *  @param[out] q float [n][n_actions] */
void dq_learner_values(dq_learner *l, float *q);
/** Add a step's transition to the replay buffer; steps come in the order of the lanes. */
void dq_learner_add(dq_learner *l, const dq_experience *e);
/** Draw a batch and update the network.
 *  @return DQ_OK; DQ_ERR_EMPTY when the replay buffer has too few transitions; on a GPU, a failure
 *          that is known without waiting */
DQ_NODISCARD dq_status dq_learner_learn(dq_learner *l, const dq_learn_step *step);
/** The update that dq_learner_act() announced will not follow. */
void dq_learner_cancel(dq_learner *l);
/** Update the target network from the online network. */
void dq_learner_sync_target(dq_learner *l);
/** How far the values of the actions of the last update were from their targets: the mean of the
 *  absolute differences.
 *  @return whether it is known: not on a GPU, nor where an action has a distribution */
bool dq_learner_td_error(const dq_learner *l, double *td_error);
/** The L2 norm of the gradient of the last update, before it was limited. Where nothing limits it,
 *  it is measured in every 64th update.
 *  @return whether it is known; on a GPU never */
bool dq_learner_gradient_norm(const dq_learner *l, double *norm);
/** The loss of the last update.
 *  @param wait whether to wait for the GPU
 *  @return whether *loss was set: always on the CPU, on a GPU only when waiting */
bool dq_learner_loss(dq_learner *l, bool wait, double *loss);
/** The first failure of the GPU. After it the functions above do nothing, and values are 0. */
DQ_NODISCARD dq_status dq_learner_status(const dq_learner *l);

/** Whether the network's quantiles are at levels that are drawn. */
bool dq_learner_draws_levels(const dq_learner *l);
/** Whether the network has noisy layers. */
bool dq_learner_is_noisy(const dq_learner *l);
/** Whether the states of a batch are augmented. */
bool dq_learner_augments(const dq_learner *l);

/** The network that is trained, owned by the learner. Between two steps it may be read but not
 *  changed. It waits for the GPU, whose failure dq_learner_status() reports. */
dq_net *dq_learner_net(dq_learner *l);
/** dq_net_set_params() of the network that is trained. */
DQ_NODISCARD dq_status dq_learner_set_params(dq_learner *l, const dq_tensor *params, size_t n);

/** For tests: make l->drawn, l->target and l->weight those of the last update. */
void dq_learner_look(dq_learner *l);

/* A checkpoint begins with the network, so that it can be read alone, and ends with the memory: the
 * replay buffer and the priorities. The random stream, l->sampling, is saved by the caller. Errors
 * are those of dq_net_load(), dq_replay_load() and dq_priorities_load(). */

/** Write the network. */
dq_status dq_learner_save_net(dq_learner *l, dq_writer *w);
/** Read back what dq_learner_save_net() wrote. */
DQ_NODISCARD dq_status dq_learner_load_net(dq_learner *l, dq_reader *r);
/** Write the memory, without the segments of the replay buffer. */
dq_status dq_learner_save_memory(dq_learner *l, dq_writer *w);
/** Read back what dq_learner_save_memory() wrote. Then the segments are to be loaded, and
 *  dq_learner_load_end() called. */
DQ_NODISCARD dq_status dq_learner_load_memory(dq_learner *l, dq_reader *r);
/** Read back the memory as checkpoints had it before they had segments. */
DQ_NODISCARD dq_status dq_learner_load_old_memory(dq_learner *l, dq_reader *r);
/** Check and use what was loaded. */
DQ_NODISCARD dq_status dq_learner_load_end(dq_learner *l);

/* For the two implementations. */

/** Create what both have; on failure the caller calls dq_learner_free().
 *  @param batch of l->net, which may be smaller than that of the learner
 *  @param n_threads of l->net
 *  @param precision of l->net */
DQ_NODISCARD dq_status dq_learner_init(dq_learner *l, const dq_learner_config *cfg, int batch,
                                       int n_threads, const char *precision);
/** Free what dq_learner_init() created, and `l`. */
void dq_learner_free(dq_learner *l);
DQ_NODISCARD dq_status dq_learner_cpu_create(dq_learner **out, const dq_learner_config *cfg);
DQ_NODISCARD dq_status dq_learner_cuda_create(dq_learner **out, const dq_learner_config *cfg);

#endif
