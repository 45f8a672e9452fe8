/** Which network learns an environment. */
#ifndef DEEPQ_AGENT_NETWORK_CHOICE_H
#define DEEPQ_AGENT_NETWORK_CHOICE_H

#include <stdbool.h>

#include "deepq/env.h"
#include "deepq/train.h"
#include "nn/graph.h"

/** Whether observations are stacks of pictures as the networks of fixed sizes take them, uint8
 *  [4][84][84]. */
bool dq_space_is_picture(const dq_space *obs);
/** Whether observations are vectors as the networks take them, float32 [1 to
 *  DQ_MLP_INPUTS_MAX]. */
bool dq_space_is_vector(const dq_space *obs);

/** What is new in an observation: the last frame of a stack of pictures, else all of it.
 *  @param[out] n its bytes */
const uint8_t *dq_newest_frame(const dq_space *obs, const uint8_t *state, size_t *n);

/** The network of a run by its full name, with sizes and words. Without cfg->network it is the
 *  one that the observations ask for.
 *  @return DQ_OK; DQ_ERR_CONFIG for observations that no network takes, or that this one does not
 */
DQ_NODISCARD dq_status dq_network_choose(const dq_train_config *cfg, const dq_env_spec *spec,
                                         char name[DQ_NETWORK_NAME]);

#endif
