/** Prioritized experience replay: which transitions are drawn, and how much each then counts.
 *
 *  A transition is drawn with a chance proportional to its priority, (|error| + 1e-3)^alpha, where
 *  error is the temporal-difference error that it had when last learned from; a new one has the
 *  highest priority given so far. What is drawn more often counts less in the loss, by a weight of
 *  (1 / (n P))^beta over the largest such weight of the batch. The priorities lie in a tree of
 *  sums, so a draw and a change cost the logarithm of their number. Equal calls give equal bits,
 *  and so do a saved and loaded one. Source: Schaul, Quan, Antonoglou, Silver 2016, "Prioritized
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

typedef struct dq_priorities dq_priorities;

/** Of the transitions of a replay with so many slots, none of them to be drawn yet.
 *  @param alpha 0 (all alike) to 1 */
DQ_API
DQ_NODISCARD dq_status dq_priorities_create(dq_priorities **out, size_t n_slots, double alpha);
DQ_API
void dq_priorities_destroy(dq_priorities *p);

/** The replay has got a transition: the one that can be drawn now gets the highest priority, and
 *  the one that made room is drawn no more. */
DQ_API
void dq_priorities_added(dq_priorities *p, const dq_replay *replay);
/** Draw n transitions, one from each of n parts of equal weight; the same one may come twice.
 *  @param[out] batch [n] @param[out] weight float [n], 0..1
 *  @return DQ_OK, or DQ_ERR_EMPTY while fewer than n are stored (outputs untouched) */
DQ_API
DQ_NODISCARD dq_status dq_priorities_sample(const dq_priorities *p, const dq_replay *replay,
                                            size_t n, double beta, dq_rng *rng,
                                            dq_transition *batch, float *weight);
/** What was learned from a batch. @param error float [n], temporal-difference errors; one that is
 *  infinite or no number counts as unknown, as a new transition's */
DQ_API
void dq_priorities_update(dq_priorities *p, const dq_transition *batch, size_t n,
                          const float *error);

/* For who keeps a copy of the priorities elsewhere, as on a GPU. */

/** @param[out] priority double [slots], 0 where nothing can be drawn @return the highest given so
 *  far */
DQ_API
double dq_priorities_get(const dq_priorities *p, double *priority);
DQ_API
void dq_priorities_set(dq_priorities *p, const double *priority, double highest);

DQ_API
dq_status dq_priorities_save(const dq_priorities *p, dq_writer *w);
/** DQ_ERR_INPUT for other slots than these, or a priority that cannot be. Whether those that are
 *  above 0 are the replay's drawable ones dq_priorities_fit() says. */
DQ_API
DQ_NODISCARD dq_status dq_priorities_load(dq_priorities *p, dq_reader *r);
/** DQ_ERR_INPUT unless exactly the transitions that this replay can draw have a priority. After
 * both were loaded. */
DQ_API
DQ_NODISCARD dq_status dq_priorities_fit(const dq_priorities *p, const dq_replay *replay);

#ifdef __cplusplus
}
#endif
#endif
