/** A session: a cartridge in a console under the rules of its game, as ALE runs it. */
#ifndef DEEPQ_ATARI_SESSION_H
#define DEEPQ_ATARI_SESSION_H

#include "atari/colour_average.h"
#include "atari/games.h"
#include "atari/image.h"
#include "atari/machine_run.h"
#include "deepq/atari.h"

enum {
    DQ_PADDLE_MIN = 27450,   // resistances
    DQ_PADDLE_MAX = 790196,  // in games that have no other limit
    DQ_PADDLE_FAR = 1000000,
    DQ_PADDLE_STEP = 23000,  // a frame, at full strength
    DQ_ACTION_RESET = 40     // ALE's number of the console switch
};

/** What a session knows besides the console; plain, saved as it is. */
typedef struct dq_play {
    dq_mt19937 system;       // power-on values
    dq_mt19937 environment;  // sticky actions
    uint64_t ticks;          // of this episode
    uint64_t frames;         // since the cartridge was loaded
    int32_t vars[DQ_RULE_VARS];
    int32_t paddle;  // resistance of paddle A; B never moves
    int32_t mode, difficulty;
    float previous_strength;
    uint8_t previous_action;
    uint8_t pal;
} dq_play;

struct dq_atari {
    const dq_game *game;  // dq_game_unknown without rules
    dq_game borrowed;     // what `game` points to when the rules are another cartridge's
    dq_atari_config cfg;
    const dq_image_shared *image;
    char md5[33];
    dq_play play;
    float strength;   // of the actions to come
    int first_lives;  // with life_loss_truncates: fewer of them truncate
    struct averaged {
        dq_colour_average colours;
        uint8_t picture[DQ_PICTURE_BYTES];
    } * averaged;  // with color_averaging
    void (*hear)(void *listener, const uint8_t *samples);
    void *listener;
    dq_machine *machine;
};

/** The resistance that a setting of dq_atari_config stands for. */
int32_t dq_paddle_limit(int setting, int32_t usual);
/** The paddles' resistance when a game starts, between their limits. */
int32_t dq_paddle_start(const dq_atari *a);
/** Release all inputs; switches as the difficulty says, paddles where they are. */
void dq_inputs_release(dq_atari *a);
/** The same, then press what an ALE action (or DQ_ACTION_RESET) presses. Moves the paddle by
 *  `strength` of a step. */
void dq_inputs_set(dq_atari *a, int action, float strength);
/** No input at all, as while a cartridge's television format is found out. */
void dq_inputs_unplug(dq_atari *a);

/** Did the last frame run out of instructions, so that the next one goes on in the same picture? */
bool dq_session_is_partial(const dq_atari *a);
/** Of pictures drawn by dq_atari_act() only the rows first..end-1 will be looked at, by means of
 *  dq_session_rows(); dq_atari_screen() stays right, but costs as much as another frame. */
void dq_session_crop(dq_atari *a, int first, int end);
const uint8_t *dq_session_rows(const dq_atari *a);
/** The same of the frame before. */
const uint8_t *dq_session_rows_before(const dq_atari *a);
/** Frames begun so far; those of two pictures that follow each other differ by 1. */
uint32_t dq_session_frames(const dq_atari *a);
/** A picture that is kept while the console plays on. Zeros: none. */
typedef struct dq_kept_picture {
    dq_console begin;  // of its frame, from which
    int rows;          // so many rows, from the top, are painted again
    uint8_t *rest;     // the rows below, on the heap; NULL: none
} dq_kept_picture;
/** Keep the newer or the older picture, in place of what is kept there. Fails for want of memory.
 */
DQ_NODISCARD dq_status dq_session_keep(dq_atari *a, bool older, dq_kept_picture *kept);
/** The picture: painted into `space`, which has room for one, unless all of it is in `rest`. */
const uint8_t *dq_session_kept(dq_atari *a, const dq_kept_picture *kept, uint8_t *space);
/** By row: bit x when the pixels 8x..8x+7 of one of the two pictures may have changed since the
 *  last dq_session_forget_changes(). */
const uint32_t *dq_session_changes(const dq_atari *a);
void dq_session_forget_changes(dq_atari *a);
/** As if it had just been created with this seed, in its default mode. */
void dq_session_restart(dq_atari *a, uint32_t seed);

/** ALE's loadROM: generators seeded, format found, then one game reset. */
void dq_session_load(dq_atari *a);

#endif
