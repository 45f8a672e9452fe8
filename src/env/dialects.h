/** The dialects: all that is special about each is its row in dialects.c, from which the code that
 *  runs, `deepq envs --dialect` and the table of docs/environments.md come. */
#ifndef DEEPQ_ENV_DIALECTS_H
#define DEEPQ_ENV_DIALECTS_H

#include "env/atari_session.h"
#include "env/small_frame.h"

typedef struct dq_dialect_env dq_dialect_env;
typedef struct dq_dialect_held dq_dialect_held;

typedef struct dq_dialect_row {
    /* In words */
    const char *name;
    const char *help;        // whose it is, one line
    const char *grey_help;   // how grey is made, and how large
    const char *pool_help;   // which two frames of a skip a frame is made of
    const char *reset_help;  // what is pressed, with fire_reset

    /* What it does */
    dq_status (*create)(dq_env **out, const void *rom, size_t rom_bytes,
                        const dq_atari_env_config *cfg, const dq_preprocessing *p);
    dq_status (*pool)(dq_dialect_env *e, const dq_dialect_held *held);
    dq_status (*reset)(dq_dialect_env *e);
    bool (*is_cut_off)(const dq_dialect_env *e);  // its own limit is reached; NULL: ALE counts

    /* Numbers */
    dq_small_grey grey;
    int rows;         // of the console's picture that are looked at, from the top; 0: all
    int least_noops;  // with noop_max above 0; as many fewer at most
    dq_atari_seeding seeding;
    dq_preprocessing defaults;  // the original's; `dialect` is the row's own number

    /* Holding an action */
    bool only_area;     // linear_resize is refused
    bool life_breaks;   // with episodic_life a lost life ends the skip at once
    bool within_skip;   // whether it is lost is asked of the frame before, not of the step before
    bool last_life_is;  // the last one counts as lost, too
    bool
        limit_breaks;  // a limit ends a skip at once; an end by the rules in the same step is first

    /* Starting an episode */
    bool fire_is_a_noop;    // where FIRE is pressed there is one no-op less
    bool noop_is_action_0;  // games of which that is not so are refused no-ops
    bool fire_is_action_1;  // games with FIRE elsewhere are refused
    bool plays_on;          // after a lost life a reset continues the game
    bool repeats;           // the stack is filled with the first frame, else with zeros
} dq_dialect_row;

/** That of a dialect's number, or NULL. */
const dq_dialect_row *dq_dialect_row_at(int dialect);

#endif
