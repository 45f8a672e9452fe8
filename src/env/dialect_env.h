/** The fused environment of the dialects: what its parts share. What each function does is said by
 *  the original's name for it. */
#ifndef DEEPQ_ENV_DIALECT_ENV_H
#define DEEPQ_ENV_DIALECT_ENV_H

#include "atari/mt19937.h"
#include "env/dialects.h"
#include "env/game_points.h"
#include "env/obs_buffer.h"
#include "env/own_frame.h"

enum { DQ_DIALECT_FRAME_BYTES = DQ_FRAME84 * DQ_FRAME84, DQ_DIALECT_ALE_FIRE = 1 };

struct dq_dialect_env {
    const dq_dialect_row *row;
    dq_atari_session session;
    dq_preprocessing p;
    dq_obs_buffer buffer;  // and the newest frame of the stack
    dq_own_frame *own;     // makes frames instead, where they are not as usual; else NULL
    size_t frame_bytes;
    uint8_t *older;      // the others, oldest first
    uint8_t *brightest;  // with pool_all: levels of the skip at hand (small_frame.h)
    dq_mt19937 noops;    // of the originals in C++
    dq_game_points points;
    uint32_t max_ticks;  // of the originals that count themselves
    bool has_fire;       // and it is to be pressed
    bool game_over;      // the next reset starts a game
    int lives;
    uint32_t n_steps, n_ticks;  // since the last reset
};

/** What holding an action for a skip came to. */
struct dq_dialect_held {
    int reward, n_ticks;
    bool life_lost;  // the last frame lost one
    bool ended;      // before another frame was wanted, or with the last one
};

static inline bool dq_dialect_is_over(const dq_dialect_env *e)
{
    return dq_atari_game_over(e->session.atari) || dq_atari_truncated(e->session.atari);
}

static inline uint8_t *dq_dialect_newest(dq_dialect_env *e)
{
    return e->own ? e->own->frame : e->buffer.small.frame[0];
}

/* dialect_env.c */

/** The newest frame of the stack becomes an older one; what it is next is about to be made. */
void dq_dialect_shift(dq_dialect_env *e);
/** The newest frame is an episode's first: fill the others. */
void dq_dialect_fill(dq_dialect_env *e);
/** Hold an action for a skip and make the frame of it. */
DQ_NODISCARD dq_status dq_dialect_hold(dq_dialect_env *e, int ale_action, dq_dialect_held *held);
/** Put two pictures into the places of the buffer. */
void dq_dialect_set_both(dq_dialect_env *e, dq_obs_picture first, dq_obs_picture second);

/* dialect_pools.c: `pool` of a row */

/** MaxAndSkipEnv and Dopamine. */
DQ_NODISCARD dq_status dq_dialect_pool_places(dq_dialect_env *e, const dq_dialect_held *held);
/** AtariPreprocessing and ALE. */
DQ_NODISCARD dq_status dq_dialect_pool_unless_ended(dq_dialect_env *e, const dq_dialect_held *held);
/** EnvPool. */
DQ_NODISCARD dq_status dq_dialect_pool_if_whole(dq_dialect_env *e, const dq_dialect_held *held);

/** With pool_all: a skip begins; another frame of it; the frame of all of them. */
void dq_dialect_pool_all_begin(dq_dialect_env *e);
void dq_dialect_pool_all_add(dq_dialect_env *e);
void dq_dialect_pool_all(dq_dialect_env *e);

/* dialect_resets.c: `reset` of a row */

/** FireResetEnv around EpisodicLifeEnv around NoopResetEnv. */
DQ_NODISCARD dq_status dq_dialect_reset_baselines(dq_dialect_env *e);
/** AtariPreprocessing of Gymnasium and Dopamine. */
DQ_NODISCARD dq_status dq_dialect_reset_gymnasium(dq_dialect_env *e);
DQ_NODISCARD dq_status dq_dialect_reset_envpool(dq_dialect_env *e);
DQ_NODISCARD dq_status dq_dialect_reset_ale_vector(dq_dialect_env *e);

#endif
