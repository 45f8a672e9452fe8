/** The discrete worlds that Gymnasium calls toy texts: FrozenLake, CliffWalking, Taxi, Blackjack.
 *
 *  dq_env_make() makes them by id; the constructors here take more. The observation is one int32
 *  state. Transition tables, rewards, time limits and dq_env_render_text() are Gymnasium's (1.4.0,
 *  toy_text); the stream of random numbers is deepq's own.
 *
 *  | id                                   | states | steps at most |
 *  |--------------------------------------|--------|---------------|
 *  | FrozenLake-v0, FrozenLake-v1         | 16     | 100           |
 *  | FrozenLake8x8-v0, FrozenLake8x8-v1   | 64     | 200           |
 *  | CliffWalking-v0, CliffWalking-v1     | 48     | no limit      |
 *  | CliffWalkingSlippery-v1              | 48     | no limit      |
 *  | Taxi-v3, Taxi-v4                     | 500    | 200           |
 *  | Blackjack-v1                         | 704    | no limit      |
 *
 *  The older version of an id, which Gymnasium no longer has, is the same world. */
#ifndef DEEPQ_TOY_TEXT_H
#define DEEPQ_TOY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DQ_LAKE_MAX_SIDE = 256 };  // rows or columns of a map

/** FrozenLake. Actions 0 left, 1 down, 2 right, 3 up; state = row * columns + column; G and H end
 *  the episode. Fill it with dq_frozen_lake_default() first. */
typedef struct dq_frozen_lake_config {
    const char *id;   // what the environment calls itself; copied, at most 63 bytes
    const char *map;  // rows of S F H G, each ended by a newline or a comma (the last may be open)
    bool is_slippery;
    double success_rate;  // of going where one wants to; the rest is shared by the two sides
    float reward_goal, reward_hole, reward_frozen;
    int max_steps;  // 0: no limit
    uint64_t seed;
} dq_frozen_lake_config;

/** FrozenLake-v1: the 4x4 map, slippery, success rate 1/3, rewards 1, 0, 0, 100 steps, seed 0. */
DQ_API
dq_frozen_lake_config dq_frozen_lake_default(void);
/** DQ_ERR_CONFIG or DQ_ERR_INPUT says what is wrong with a number or with the map. */
DQ_API
DQ_NODISCARD dq_status dq_frozen_lake_create(dq_env **out, const dq_frozen_lake_config *cfg);
/** The rows of Gymnasium's maps "4x4" and "8x8", static storage; NULL for another name. */
DQ_API
const char *dq_frozen_lake_map(const char *name);
/** Whether a text is a map: rows of equal length, known letters, at least one S and one G.
 *  DQ_ERR_INPUT says what is wrong. */
DQ_API
DQ_NODISCARD dq_status dq_frozen_lake_map_check(const char *map, int *n_rows, int *n_columns);
/** A random square map, start and goal in opposite corners, with a way between them: the map that
 *  Gymnasium's generate_random_map() makes, from deepq's chance.
 *  @param size 2..DQ_LAKE_MAX_SIDE  @param frozen chance that a cell is ice, 0..1
 *  @param[out] map size * (size + 1) bytes: rows separated by newlines, then a zero
 *  @return DQ_ERR_CONFIG also when 100,000 maps had no way through */
DQ_API
DQ_NODISCARD dq_status dq_frozen_lake_random_map(char *map, int size, double frozen, uint64_t seed);

/** CliffWalking, 4 x 12. Actions 0 up, 1 right, 2 down, 3 left; each step costs 1, a fall 100 and
 *  leads back to the start. `is_slippery`: a third each for the direction and its two sides. */
DQ_API
DQ_NODISCARD dq_status dq_cliff_walking_create(dq_env **out, bool is_slippery, uint64_t seed);

/** Taxi. Actions 0 south, 1 north, 2 east, 3 west, 4 pick up, 5 drop off; state =
 *  ((row * 5 + column) * 5 + passenger) * 4 + destination, passenger 4: in the taxi.
 *  @param dry_rate chance to go where one wants to, the rest is shared by the two sides where there
 *         is no wall: 1 for the ids, 0.8 is Gymnasium's is_rainy. Fickle passengers are not here:
 *         their world is not a table over these states. */
DQ_API
DQ_NODISCARD dq_status dq_taxi_create(dq_env **out, double dry_rate, uint64_t seed);

/** Blackjack. Actions 0 stick, 1 hit; state = (sum * 11 + dealer's card) * 2 + usable ace. It tells
 *  no model: whether 21 is a natural is not in the state. The text is deepq's own.
 *  @param sab Sutton's and Barto's rules, as the id has them: a natural wins unless the dealer has
 *         one  @param natural without `sab`: a natural that wins pays 1.5 */
DQ_API
DQ_NODISCARD dq_status dq_blackjack_create(dq_env **out, bool sab, bool natural, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
