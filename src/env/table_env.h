/** The environment of a world in tables. */
#ifndef DEEPQ_ENV_TABLE_ENV_H
#define DEEPQ_ENV_TABLE_ENV_H

#include "deepq/env.h"
#include "env/world.h"

enum { DQ_TABLE_ID = 64 };

/** How such a world looks in a terminal. @param last_action -1 right after a reset
 *  @param[out] text `cap` bytes, as many as dq_table_config.text_bytes */
typedef void dq_table_text_fn(const void *picture, int state, int last_action, char *text,
                              size_t cap);

typedef struct dq_table_config {
    const char *id;                   // copied
    const char *const *action_names;  // [n_actions], static storage
    uint64_t seed;
    void
        *picture;  // malloc'd, what `text` draws from; NULL for one that draws from the state alone
    dq_table_text_fn *text;
    size_t text_bytes;
} dq_table_config;

/** Takes over the world's tables and the picture, also when it fails. */
DQ_NODISCARD dq_status dq_table_env_create(dq_env **out, dq_world *world,
                                           const dq_table_config *cfg);

#endif
