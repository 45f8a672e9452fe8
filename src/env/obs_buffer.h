/** The pictures whose maximum is a frame, and that frame: `_obs_buffer` of the originals.
 *
 *  A place has one of the console's two pictures for as long as the console has it. Before it plays
 *  on, dq_obs_buffer_keep() takes down how that frame began: should the picture be wanted later,
 *  which is so after a skip that ended early, the console paints it again. Few frames cannot be
 *  painted again, or only the rows at their top; the rest is copied. */
#ifndef DEEPQ_ENV_OBS_BUFFER_H
#define DEEPQ_ENV_OBS_BUFFER_H

#include "atari/session.h"
#include "env/small_frame.h"

/** Two places of the buffer, and one for the last frame but one of the skip at hand. */
enum { DQ_OBS_FIRST, DQ_OBS_SECOND, DQ_OBS_LAST_BUT_ONE, DQ_OBS_PLACES };

typedef enum dq_obs_picture {
    DQ_OBS_BLACK,
    DQ_OBS_NEWER,  // of the console's pictures
    DQ_OBS_OLDER,
    DQ_OBS_KEPT
} dq_obs_picture;

/** What a frame is made of; what has changed since is known for the first two. */
typedef enum dq_obs_frame {
    DQ_OBS_OF_BOTH,  // the console's two pictures
    DQ_OBS_OF_ONE,   // its newer one
    DQ_OBS_OF_OTHERS
} dq_obs_frame;

typedef struct dq_obs_buffer {
    dq_atari *atari;
    dq_small_frame small;
    struct {
        dq_obs_picture what;
        dq_kept_picture kept;  // with DQ_OBS_KEPT
    } place[DQ_OBS_PLACES];
    bool made;              // `small` is the frame of the first two places as they are
    dq_obs_frame of;        // of what it was made,
    uint32_t after_frames;  // and when, as dq_session_frames() counts
} dq_obs_buffer;

/** All places are black. `atari` stays the caller's; the rest as for dq_small_frame_init(). */
void dq_obs_buffer_init(dq_obs_buffer *b, dq_atari *atari, dq_small_grey how, bool linear,
                        int rows);
/** All places are black again, the frame is forgotten, and nothing is left on the heap. */
void dq_obs_buffer_clear(dq_obs_buffer *b);

/** Put a picture into a place, not DQ_OBS_KEPT. */
void dq_obs_buffer_set(dq_obs_buffer *b, int place, dq_obs_picture what);
/** Put what is in one place into another; the first one is black then. */
void dq_obs_buffer_move(dq_obs_buffer *b, int to, int from);
/** Whenever the console is about to play on. Fails for want of memory. */
DQ_NODISCARD dq_status dq_obs_buffer_keep(dq_obs_buffer *b);

/** Make the frame, small.frame, of the first n places, 2 or (with DQ_SMALL_ALE) 3. Fails for want
 *  of memory. */
DQ_NODISCARD dq_status dq_obs_buffer_make(dq_obs_buffer *b, int n);
/** That of the console's newer picture, whatever is in the places. */
void dq_obs_buffer_make_alone(dq_obs_buffer *b);
/** That of levels (small_frame.h), whatever is in the places. */
void dq_obs_buffer_make_of_levels(dq_obs_buffer *b, const uint8_t *levels);
/** Something else was written into small.frame. */
void dq_obs_buffer_forget_frame(dq_obs_buffer *b);

/** The two pictures. */
DQ_NODISCARD dq_status dq_obs_buffer_save(dq_obs_buffer *b, dq_writer *w);
DQ_NODISCARD dq_status dq_obs_buffer_load(dq_obs_buffer *b, dq_reader *r);

#endif
