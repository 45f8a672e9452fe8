/** Discrete environments, Gymnasium's toy texts: FrozenLake, CliffWalking, Taxi, Blackjack.
 *
 *  dq_env_make() creates them by id; the constructors here have more options. The observation is
 *  one int32, the state. Transition tables, rewards, time limits and the text of
 *  dq_env_render_text() are those of Gymnasium 1.4.0; random numbers are deepq's own.
 *
 *  | id                                   | states | time limit, steps |
 *  |--------------------------------------|--------|-------------------|
 *  | FrozenLake-v0, FrozenLake-v1         | 16     | 100               |
 *  | FrozenLake8x8-v0, FrozenLake8x8-v1   | 64     | 200               |
 *  | CliffWalking-v0, CliffWalking-v1     | 48     | none              |
 *  | CliffWalkingSlippery-v1              | 48     | none              |
 *  | Taxi-v3, Taxi-v4                     | 500    | 200               |
 *  | Blackjack-v1                         | 704    | none              |
 *
 *  The lower version of an id, which Gymnasium no longer has, is the same environment. The
 *  constructors return DQ_ERR_NOMEM too, and environments are freed by dq_env_destroy(). */
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

enum { DQ_LAKE_MAX_SIDE = 256 };  // most rows, and most columns, of a map

/** FrozenLake. Actions: 0 left, 1 down, 2 right, 3 up. State: row * columns + column. An episode
 *  ends at a hole or a goal. Fill it with dq_frozen_lake_default() first, whose values are the
 *  defaults below. */
typedef struct dq_frozen_lake_config {
    /** The id of the environment, at most 63 bytes; copied; default "FrozenLake-v1". */
    const char *id;
    /** Rows of S (start), F (frozen), H (hole) and G (goal), each ended by a newline or a comma,
     *  which the last one may lack; default Gymnasium's 4x4 map. */
    const char *map;
    /** Whether a move may go sideways; default true. */
    bool is_slippery;
    /** When slippery, the probability that a move goes where it should, 0 to 1; the rest is divided
     *  between the two sides; default 1/3. */
    double success_rate;
    /** Reward of reaching a goal; default 1. */
    float reward_goal;
    /** Reward of falling into a hole; default 0. */
    float reward_hole;
    /** Reward of a move to another cell; default 0. */
    float reward_frozen;
    /** Steps after which an episode is truncated; 0: no limit; default 100. */
    int max_steps;
    /** Seed; default 0. */
    uint64_t seed;
} dq_frozen_lake_config;

/** The configuration of FrozenLake-v1. */
DQ_API
dq_frozen_lake_config dq_frozen_lake_default(void);
/** Create FrozenLake.
 *  @return DQ_OK; DQ_ERR_CONFIG for a number out of range; DQ_ERR_INPUT for an impossible map */
DQ_API
DQ_NODISCARD dq_status dq_frozen_lake_create(dq_env **out, const dq_frozen_lake_config *cfg);
/** The rows of Gymnasium's map "4x4" or "8x8", in static storage; NULL for another name. */
DQ_API
const char *dq_frozen_lake_map(const char *name);
/** Check that a text is a map: rows of equal length, only S, F, H and G, at least one S and one G.
 *  @return DQ_OK; DQ_ERR_INPUT says what is wrong */
DQ_API
DQ_NODISCARD dq_status dq_frozen_lake_map_check(const char *map, int *n_rows, int *n_columns);
/** Draw a square map with start and goal in opposite corners and a path between them, as
 *  Gymnasium's generate_random_map(), with deepq's random numbers.
 *  @param[out] map size * (size + 1) bytes: rows separated by newlines, then a zero
 *  @param size rows and columns, 2 to DQ_LAKE_MAX_SIDE
 *  @param frozen probability that a cell is frozen, 0 to 1
 *  @return DQ_OK; DQ_ERR_CONFIG for a value out of range, or when 100,000 maps had no path;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_frozen_lake_random_map(char *map, int size, double frozen, uint64_t seed);

/** Create CliffWalking, 4 rows by 12 columns. Actions: 0 up, 1 right, 2 down, 3 left. State: row *
 *  12 + column. The reward of a step is -1; a step into the cliff gives -100 and leads to the
 *  start.
 *  @param is_slippery a move goes where it should, or to one of the two sides, with probability 1/3
 *         each
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_cliff_walking_create(dq_env **out, bool is_slippery, uint64_t seed);

/** Create Taxi. Actions: 0 south, 1 north, 2 east, 3 west, 4 pick up, 5 drop off. State: ((row * 5
 *  + column) * 5 + passenger) * 4 + destination, where passenger 4 is in the taxi. Gymnasium's
 *  fickle_passenger is not implemented, since its transitions are not a table over these states.
 *  @param dry_rate probability that a move goes where it should, 0 to 1; the rest is divided
 *         between the two sides where there is no wall. The ids have 1, Gymnasium's is_rainy 0.8.
 *  @return DQ_OK; DQ_ERR_CONFIG for a dry_rate out of range; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_taxi_create(dq_env **out, double dry_rate, uint64_t seed);

/** Create Blackjack. Actions: 0 stick, 1 hit. State: (sum * 11 + dealer's card) * 2 + usable ace.
 *  It has no transition model, since the state does not say whether 21 is a natural. The text is
 *  deepq's own.
 *  @param sab the rules of Sutton and Barto, which the id has: a natural wins unless the dealer has
 *         one too
 *  @param natural without `sab`: a natural that wins gives the reward 1.5
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_blackjack_create(dq_env **out, bool sab, bool natural, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
