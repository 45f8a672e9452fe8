/** The world that `deepq tabular` learns, made as often as needed: for tests, for each seed. */
#ifndef DEEPQ_APP_TABULAR_WORLD_H
#define DEEPQ_APP_TABULAR_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/env.h"

/** What the options say. */
typedef struct tabular_world_options {
    const char *env_id;
    const char *map;     // a name, rows with commas, or a file; NULL: the id's own
    int64_t random_map;  // side of a random map, 0: none
    double frozen;       // of a random map
    uint64_t map_seed;
    double success_rate;  // of FrozenLake; below 0: 1/3
    bool is_firm;         // FrozenLake that is not slippery
    bool is_rainy;        // Taxi
} tabular_world_options;

typedef struct tabular_world {
    tabular_world_options options;
    char *map;              // rows of FrozenLake, malloc'd; NULL for the others
    int n_rows, n_columns;  // of a world that is a grid, else 0
    double reward_bound;    // what a good test is above
} tabular_world;

/** Check the options and read the map. @return an exit status; APP_DONE when all is well, otherwise
 *  it has been said */
int tabular_world_open(tabular_world *w, const tabular_world_options *options);
void tabular_world_close(tabular_world *w);

/** A new environment. */
DQ_NODISCARD dq_status tabular_world_make(const tabular_world *w, dq_env **out);

#endif
