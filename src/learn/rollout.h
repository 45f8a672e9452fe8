/** The memory of a learner without a replay buffer and a target network (PQN: Gallici et al. 2024):
 *  the steps of one rollout, which are learned together and then replaced by the next.
 *
 *  The replay buffer has room for these steps and no more. Beside it are the largest action value
 * of each state, as the network gave it that acted, and from them the lambda-return of each step:
 *
 *      G = r + gamma (lambda G' + (1 - lambda) max q(s'))
 *
 *  where G' and s' are those of the lane's next step. Where the episode terminated it is r; in the
 *  last step of the rollout, and where a limit cut the episode off, it is r + gamma max q(s'). */
#ifndef DEEPQ_LEARN_ROLLOUT_H
#define DEEPQ_LEARN_ROLLOUT_H

#include "learn/learner.h"

/** Create the memory of l->cfg.rollout steps of each lane.
 *  @param l has its net and its replay buffer
 *  @param[out] out to be freed by dq_rollout_destroy(); NULL on failure
 *  @return DQ_OK; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_rollout_create(dq_rollout **out, const dq_learner *l);
/** Accepts NULL. */
void dq_rollout_destroy(dq_rollout *r);

/** Keep the action values of the current states of all lanes.
 *  @param q [n_lanes][n_actions] */
void dq_rollout_note(dq_rollout *r, const dq_learner *l, const float *q);
/** Copy the action values of some lanes that were kept last.
 *  @param[out] q float [n][n_actions] */
void dq_rollout_values(const dq_rollout *r, const int *lanes, int n, float *q);
/** Take the next batch: l->drawn and l->target. The first one of a rollout takes the returns of all
 *  its steps, the first one of an epoch shuffles them, with the stream "replay". */
void dq_rollout_draw(dq_rollout *r, dq_learner *l);
/** Begin with the first batch again, after another state was loaded. */
void dq_rollout_rewind(dq_rollout *r);

/** Write the values that are kept. Between two steps of the caller no epoch is half done. */
dq_status dq_rollout_save(const dq_rollout *r, dq_writer *w);
/** Read back what dq_rollout_save() wrote.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data */
DQ_NODISCARD dq_status dq_rollout_load(dq_rollout *r, dq_reader *in);

#endif
