/** How the frames of a replay buffer are kept, by its name. */
#ifndef DEEPQ_REPLAY_STORE_CHOICE_H
#define DEEPQ_REPLAY_STORE_CHOICE_H

#include "deepq/replay.h"

/** Set `store` and `folder` from "plain", "packed", "file:DIR", or "auto", which NULL and "" mean,
 *  too: plain where the buffer takes at most half of the memory that is free, else packed.
 *  @param[in,out] cfg its other fields are set; `folder` will point into `name`
 *  @param on_gpu a GPU has the frames that are drawn: "auto" is packed
 *  @return DQ_OK or DQ_ERR_CONFIG */
DQ_NODISCARD dq_status dq_replay_choose_store(dq_replay_config *cfg, const char *name, bool on_gpu);

#endif
