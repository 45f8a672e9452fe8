/** Many environments side by side, stepped by a few threads.
 *
 *  Together: dq_vector_step() takes one action for each and returns when all are done. Or each at
 *  its own pace: dq_vector_send() starts a step in the background, dq_vector_recv() waits for the
 *  step that was sent first, so that a program can choose actions for some environments while
 *  others are still playing. What an environment does depends on its own actions alone, and steps
 *  come back in the order they were sent: results are the same for any number of threads.
 *
 *  When an episode ends, the environment is reset as Gymnasium's AutoresetMode of that name says.
 *  The last observation of an episode is never lost. One thread at a time per vector. */
#ifndef DEEPQ_VECTOR_H
#define DEEPQ_VECTOR_H

#include <stdbool.h>

#include "deepq/env.h"
#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dq_autoreset {
    /** The step after the last one of an episode resets: its action is not played, its reward is 0.
     *  Gymnasium's default. */
    DQ_AUTORESET_NEXT_STEP = 0,
    /** The last step of an episode also resets: the observation is the next episode's first, and
     *  the true last one goes to `last_obs`. */
    DQ_AUTORESET_SAME_STEP,
    /** Nothing is reset but by DQ_VECTOR_RESET or dq_vector_reset(); stepping an environment whose
     *  episode is over fails. */
    DQ_AUTORESET_DISABLED
} dq_autoreset;

enum { DQ_VECTOR_MAX = 65535, DQ_VECTOR_RESET = -1 };

/** Zero-initialise, then fill in. */
typedef struct dq_vector_config {
    int n_threads;  // that step environments, the caller (while it waits) counted; 0: all cores
    dq_autoreset autoreset;
} dq_vector_config;

/** What one step of one environment came to besides the observation. */
typedef struct dq_vector_result {
    dq_step step;
    bool is_reset;      // no action was played, the observation is an episode's first: the reward
                        // is 0, nothing ended, and this is no transition to learn from
    bool has_last_obs;  // SAME_STEP: the episode ended, its last observation is in `last_obs`
} dq_vector_result;

typedef struct dq_vector dq_vector;

/** Put n environments together, 1 to DQ_VECTOR_MAX, all of one observation space and one number of
 *  actions. Takes them over on success. DQ_ERR_CONFIG says which one does not fit. */
DQ_API
DQ_NODISCARD dq_status dq_vector_create(dq_vector **out, dq_env *const *envs, int n,
                                        const dq_vector_config *cfg);
/** Waits for steps under way; destroys the environments. Accepts NULL. */
DQ_API
void dq_vector_destroy(dq_vector *v);

DQ_API
int dq_vector_size(const dq_vector *v);
DQ_API
int dq_vector_threads(const dq_vector *v);
/** One of the environments, the vector's. Not to be called between its send and its receipt. */
DQ_API
dq_env *dq_vector_env(const dq_vector *v, int index);

/** Seed environment i with seed + i, as Gymnasium's vectors do. The next call must be a reset. */
DQ_API
DQ_NODISCARD dq_status dq_vector_seed(dq_vector *v, uint64_t seed);
/** Start an episode in every environment. @param[out] obs [n][observation] */
DQ_API
DQ_NODISCARD dq_status dq_vector_reset(dq_vector *v, void *obs);

/** Step every environment; an action of DQ_VECTOR_RESET resets that one instead.
 *  @param      actions  [n]
 *  @param[out] obs      [n][observation], what the next actions are chosen from
 *  @param[out] last_obs [n][observation], written only in rows whose result has_last_obs; may be
 *                       NULL when not wanted or not with SAME_STEP
 *  @param[out] results  [n]
 *  @return DQ_ERR_CONFIG for an impossible action or while sent steps are under way (nothing was
 *  done then); otherwise the failure of the environment with the lowest index, its number named;
 *  the others did their step. */
DQ_API
DQ_NODISCARD dq_status dq_vector_step(dq_vector *v, const int *actions, void *obs, void *last_obs,
                                      dq_vector_result *results);

/** Start the step of one environment in the background and return at once (with one thread it is
 *  played when it is received). `obs` and `last_obs`
 *  (which may be NULL) take one observation each and must stay until the step is received.
 *  DQ_ERR_CONFIG for an impossible index or action, or when its last step was not received yet. */
DQ_API
DQ_NODISCARD dq_status dq_vector_send(dq_vector *v, int index, int action, void *obs,
                                      void *last_obs);
/** Wait for the step that was sent first of those not received. @param[out] index whose it was.
 *  DQ_ERR_EMPTY when nothing was sent; a failure is that of the step. */
DQ_API
DQ_NODISCARD dq_status dq_vector_recv(dq_vector *v, int *index, dq_vector_result *result);
/** Steps sent and not received. */
DQ_API
int dq_vector_under_way(const dq_vector *v);

/** The whole state, or take it back: the run after it is identical. Not with steps under way. After
 *  a load that fails all have to be reset. */
DQ_API
DQ_NODISCARD dq_status dq_vector_save(dq_vector *v, dq_writer *w);
DQ_API
DQ_NODISCARD dq_status dq_vector_load(dq_vector *v, dq_reader *r);

#ifdef __cplusplus
}
#endif
#endif
