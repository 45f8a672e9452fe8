/** Prioritized experience replay: how often each transition is drawn, and how much it then weighs.
 *
 *  A transition is drawn with a probability P proportional to its priority. A rule says how that
 *  follows from its last update, and what the importance-sampling weight of a drawn transition is,
 *  which is then divided by the largest of the batch:
 *
 *  | rule                 | priority                  | weight                 |
 *  |----------------------|---------------------------|------------------------|
 *  | DQ_PRIORITY_SCHAUL   | (abs(error) + 1e-3)^alpha | (1 / (n P))^beta       |
 *  | DQ_PRIORITY_DOPAMINE | (loss + 1e-10)^alpha      | (1 / (P + 1e-10))^beta |
 *
 *  Here error is the temporal-difference error, and loss the loss of this transition alone, without
 *  a weight. A transition that was not yet drawn has the highest priority given so far, at first 1.
 *
 *  The priorities are the leaves of a sum tree, so drawing a transition and changing a priority
 *  take O(log n). The same calls give the same bits, also after saving and loading. Only one thread
 *  at a time may use the priorities. Source: Schaul, Quan, Antonoglou, Silver 2016, "Prioritized
 *  Experience Replay", section 3.3 and appendix B.2.1 (stratified draws). */
#ifndef DEEPQ_PRIORITIES_H
#define DEEPQ_PRIORITIES_H

#include <stddef.h>

#include "deepq/replay.h"
#include "deepq/rng.h"
#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How priorities and weights are computed. */
typedef enum dq_priority_rule {
    /** From errors, as Schaul et al. 2016 have it. */
    DQ_PRIORITY_SCHAUL = 0,
    /** From losses, as Dopamine's Rainbow has it with alpha = beta = 1/2 (Castro et al. 2018,
     *  rainbow_agent.py). */
    DQ_PRIORITY_DOPAMINE
} dq_priority_rule;

typedef struct dq_priorities dq_priorities;

/** Create the priorities of a replay buffer that is still empty.
 *  @param[out] out to be freed by dq_priorities_destroy(); NULL on failure
 *  @param n_slots dq_replay_slots() of the buffer
 *  @param alpha exponent, 0 (all transitions are drawn alike) to 1
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_priorities_create(dq_priorities **out, size_t n_slots, double alpha);
/** Accepts NULL. */
DQ_API
void dq_priorities_destroy(dq_priorities *p);

/** Choose the rule of priorities that are still empty; until then it is DQ_PRIORITY_SCHAUL. */
DQ_API
void dq_priorities_set_rule(dq_priorities *p, dq_priority_rule rule);

/** Take note of a new transition; to be called after each dq_replay_add(). The transition that can
 *  be drawn from now on gets the highest priority, the one that was overwritten gets 0. */
DQ_API
void dq_priorities_added(dq_priorities *p, const dq_replay *replay);
/** Draw n transitions: the range of the summed priorities is divided into n equal parts, and one
 *  transition is drawn from each. A transition may be drawn more than once.
 *  @param beta exponent of the weights, 0 to 1
 *  @param rng the stream to draw from
 *  @param[out] batch [n]
 *  @param[out] weight float [n], 0 to 1
 *  @return DQ_OK; DQ_ERR_EMPTY when fewer than n can be drawn (outputs untouched) */
DQ_API
DQ_NODISCARD dq_status dq_priorities_sample(const dq_priorities *p, const dq_replay *replay,
                                            size_t n, double beta, dq_rng *rng,
                                            dq_transition *batch, float *weight);
/** Set the priorities of a batch after an update.
 *  @param error float [n], temporal-difference errors, or with DQ_PRIORITY_DOPAMINE losses; one
 *         that is not finite gives the highest priority so far, as a new transition has it */
DQ_API
void dq_priorities_update(dq_priorities *p, const dq_transition *batch, size_t n,
                          const float *error);

/* For callers that keep a copy of the priorities elsewhere, as on a GPU. */

/** Copy out all priorities.
 *  @param[out] priority double [n_slots], 0 for transitions that cannot be drawn
 *  @return the highest priority given so far */
DQ_API
double dq_priorities_get(const dq_priorities *p, double *priority);
/** Set all priorities, as dq_priorities_get() gives them.
 *  @param priority double [n_slots]
 *  @param highest the highest priority given so far */
DQ_API
void dq_priorities_set(dq_priorities *p, const double *priority, double highest);

/** Write the priorities.
 *  @return DQ_OK or the failure of the writer */
DQ_API
dq_status dq_priorities_save(const dq_priorities *p, dq_writer *w);
/** Read back what dq_priorities_save() wrote. dq_priorities_fit() checks that they are those of the
 *  replay buffer.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data, another number of slots, or an impossible
 *          priority */
DQ_API
DQ_NODISCARD dq_status dq_priorities_load(dq_priorities *p, dq_reader *r);
/** Check, after both were loaded, that exactly the transitions that can be drawn from the buffer
 *  have a priority above 0.
 *  @return DQ_OK or DQ_ERR_INPUT */
DQ_API
DQ_NODISCARD dq_status dq_priorities_fit(const dq_priorities *p, const dq_replay *replay);

#ifdef __cplusplus
}
#endif
#endif
