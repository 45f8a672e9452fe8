#include "replay/store_choice.h"

#include <string.h>

#include "base/error.h"
#include "base/free_memory.h"

dq_status dq_replay_choose_store(dq_replay_config *cfg, const char *name, bool on_gpu)
{
    static const char in_file[] = "file:";
    cfg->store = DQ_REPLAY_PLAIN;
    if (!name || !*name || strcmp(name, "auto") == 0) {
        if (on_gpu || dq_replay_bytes(cfg) > dq_free_memory() / 2)
            cfg->store = DQ_REPLAY_PACKED;
    } else if (strcmp(name, "packed") == 0) {
        cfg->store = DQ_REPLAY_PACKED;
    } else if (strncmp(name, in_file, strlen(in_file)) == 0 && name[strlen(in_file)]) {
        cfg->store = DQ_REPLAY_IN_FILE;
        cfg->folder = name + strlen(in_file);
    } else if (strcmp(name, "plain") != 0) {
        return dq_fail(DQ_ERR_CONFIG,
                       "replay_store = '%s': choose auto, plain, packed, or file:DIR", name);
    }
    return DQ_OK;
}
