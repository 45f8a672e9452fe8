/** How much memory and disk this machine has for a training run, before anything of it is taken. */
#ifndef DEEPQ_APP_MACHINE_ROOM_H
#define DEEPQ_APP_MACHINE_ROOM_H

#include "deepq/status.h"
#include "deepq/train.h"

/** DQ_ERR_CONFIG when a run of this environment takes more memory than the machine, its control
 * group or the limits of this process have at all, or when its checkpoints do not fit on the disk
 * of `dir` (which need not exist yet): what is needed, what there is, and what to do. */
DQ_NODISCARD dq_status machine_room_check(const dq_train_config *cfg, const char *env_id,
                                          const char *dir);

#endif
