/** Evaluation protocols of the literature, by name. */
#ifndef DEEPQ_RUN_PROTOCOLS_H
#define DEEPQ_RUN_PROTOCOLS_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "run/evaluation.h"

/** Of Atari games, in whole games with their own points. */
typedef struct dq_protocol {
    const char *name, *about, *source;
    int64_t noops;     // at most, at the start of a game; 0: none
    double sticky;     // probability of sticky actions
    int64_t cap;       // console frames that a game may last; 0: the environment's own limit
    double epsilon;    // probability of a random action
    int64_t episodes;  // games
} dq_protocol;

/** NULL past the last one. Static storage. */
const dq_protocol *dq_protocol_at(size_t index);
/** The protocol of that name for an environment.
 *  @param env_id NULL: for any
 *  @return DQ_ERR_CONFIG for an unknown name, which names those that there are, or an environment
 *          that is no Atari game */
DQ_NODISCARD dq_status dq_protocol_find(const dq_protocol **out, const char *name,
                                        const char *env_id);
/** Set what the protocol says, where the evaluation has not chosen: e->episodes 0, e->noops,
 * e->cap, e->epsilon and e->options.sticky below 0.
 *  @return DQ_ERR_CONFIG for an unknown name, which names those that there are, or an environment
 *          that is no Atari game */
DQ_NODISCARD dq_status dq_protocol_follow(dq_evaluation *e, const char *name);

#endif
