/** Several environments side by side, stepped by a few threads.
 *
 *  dq_vector_step() takes one action for each environment and returns when all are stepped.
 *  Alternatively, dq_vector_send() starts the step of one environment in the background, and
 *  dq_vector_recv() waits for the step that was sent first; so a program can choose actions for
 *  some environments while others are stepped. Steps are received in the order in which they were
 *  sent, and an environment depends on its own actions only, so results are the same for any number
 *  of threads.
 *
 *  When an episode ends the environment is reset as dq_autoreset says; the last observation of an
 *  episode can always be had. Only one thread at a time may use a vector; its environments are
 *  reset and stepped by worker threads, and by the caller while it waits (dq_env_ops). */
#ifndef DEEPQ_VECTOR_H
#define DEEPQ_VECTOR_H

#include <stdbool.h>

#include "deepq/env.h"
#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/** When an environment is reset after the end of an episode: Gymnasium's AutoresetMode. */
typedef enum dq_autoreset {
    /** The step after the last one of an episode resets the environment: the action is ignored and
     *  the reward is 0. Gymnasium's default. */
    DQ_AUTORESET_NEXT_STEP = 0,
    /** The last step of an episode resets the environment as well: its observation is the first of
     *  the next episode, and the last one of the episode goes to `last_obs`. */
    DQ_AUTORESET_SAME_STEP,
    /** Only DQ_VECTOR_RESET and dq_vector_reset() reset an environment. A step after the end of an
     *  episode fails. */
    DQ_AUTORESET_DISABLED
} dq_autoreset;

enum {
    /** Most environments of a vector. */
    DQ_VECTOR_MAX = 65535,
    /** In place of an action: reset the environment. */
    DQ_VECTOR_RESET = -1
};

/** Zero-initialise it, then set what differs. */
typedef struct dq_vector_config {
    /** Threads that step environments, including the caller while it waits; 0: one for each
     *  core. */
    int n_threads;
    /** When environments are reset. */
    dq_autoreset autoreset;
} dq_vector_config;

/** The result of one step of one environment besides the observation. */
typedef struct dq_vector_result {
    /** The result of the environment's step. */
    dq_step step;
    /** The environment was reset and no action was taken: the observation is the first of an
     *  episode, the reward is 0, and this is not a transition to learn from. */
    bool is_reset;
    /** With DQ_AUTORESET_SAME_STEP: the episode ended, and its last observation is in
     *  `last_obs`. */
    bool has_last_obs;
} dq_vector_result;

typedef struct dq_vector dq_vector;

/** Create a vector of environments that have the same observation space and number of actions.
 *  @param[out] out to be freed by dq_vector_destroy(); NULL on failure
 *  @param envs [n], the vector's on success, the caller's on failure
 *  @param n 1 to DQ_VECTOR_MAX
 *  @param cfg NULL: all zero
 *  @return DQ_OK; DQ_ERR_CONFIG names the environment that differs; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_vector_create(dq_vector **out, dq_env *const *envs, int n,
                                        const dq_vector_config *cfg);
/** Waits for steps that were sent, then destroys the environments too. Accepts NULL. */
DQ_API
void dq_vector_destroy(dq_vector *v);

/** The number of environments. */
DQ_API
int dq_vector_size(const dq_vector *v);
/** The number of threads that step environments, including the caller. */
DQ_API
int dq_vector_threads(const dq_vector *v);
/** Environment number `index`, owned by the vector. It must not be used while a step of it is
 *  pending. */
DQ_API
dq_env *dq_vector_env(const dq_vector *v, int index);

/** Seed environment i with seed + i, as Gymnasium's vectors do. The next call must be
 *  dq_vector_reset().
 *  @return DQ_OK; DQ_ERR_CONFIG while steps are pending; or the failure of an environment */
DQ_API
DQ_NODISCARD dq_status dq_vector_seed(dq_vector *v, uint64_t seed);
/** Start an episode in every environment.
 *  @param[out] obs [n][observation]
 *  @return as dq_vector_step() */
DQ_API
DQ_NODISCARD dq_status dq_vector_reset(dq_vector *v, void *obs);

/** Step every environment.
 *  @param      actions  [n], or DQ_VECTOR_RESET for those that are to be reset
 *  @param[out] obs      [n][observation], the observations that the next actions are chosen from
 *  @param[out] last_obs [n][observation], written only where has_last_obs; NULL: not wanted
 *  @param[out] results  [n]
 *  @return DQ_OK; DQ_ERR_CONFIG for an action out of range or while steps are pending (nothing has
 *          changed then); or the failure of the environment with the lowest index, which the
 *          message names; the others were stepped */
DQ_API
DQ_NODISCARD dq_status dq_vector_step(dq_vector *v, const int *actions, void *obs, void *last_obs,
                                      dq_vector_result *results);

/** Start a step of one environment in the background and return at once. The step is pending until
 *  it is received. With one thread it is taken only then.
 *  @param action 0 to n_actions - 1, or DQ_VECTOR_RESET
 *  @param[out] obs [observation], must exist until the step is received
 *  @param[out] last_obs the same; NULL: not wanted
 *  @return DQ_OK; DQ_ERR_CONFIG for an index or an action out of range, or while a step of this
 *          environment is pending */
DQ_API
DQ_NODISCARD dq_status dq_vector_send(dq_vector *v, int index, int action, void *obs,
                                      void *last_obs);
/** Wait for the step that was sent first of those that are pending.
 *  @param[out] index the environment that it is of
 *  @return DQ_OK; DQ_ERR_EMPTY when no step is pending; or the failure of the environment */
DQ_API
DQ_NODISCARD dq_status dq_vector_recv(dq_vector *v, int *index, dq_vector_result *result);
/** The number of pending steps. */
DQ_API
int dq_vector_under_way(const dq_vector *v);

/** Write the complete state of all environments.
 *  @return DQ_OK; DQ_ERR_CONFIG while steps are pending; or a failure as of dq_env_save() */
DQ_API
DQ_NODISCARD dq_status dq_vector_save(dq_vector *v, dq_writer *w);
/** Read back what dq_vector_save() wrote, into a vector that was created in the same way: what
 *  follows is identical. After a failure all environments must be reset.
 *  @return DQ_OK; DQ_ERR_CONFIG while steps are pending; or a failure as of dq_env_load() */
DQ_API
DQ_NODISCARD dq_status dq_vector_load(dq_vector *v, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
