/** Replay memory: a ring of single frames; states are stacked when sampled.
 *
 *  A transition is state, action, reward, next state, and whether the episode terminated; with
 *  n_step > 1 the reward is the discounted sum of n_step rewards and the next state the one after
 *  them (Sutton 1988). An episode that was cut off has a last state as well, whose value counts:
 *  the replay keeps 16,384 of them, or one for every 64 transitions if that is more; were there
 *  ever more at once, the others would count as terminated. Each 84x84
 *  frame is stored once, so 10,000 transitions take 71 MB and not 1.1 GB. Frames before an
 *  episode's first are zeros, as the book's Buffer wrapper has them, or repeat it, as Gymnasium's.
 *  Memory is allocated once, when the replay is created.
 *
 *  With several environments side by side (lanes), their steps are added in turns, lane 0 first:
 *  one transition of each lane, then the next of each. States and returns are made of one lane's
 *  frames and rewards alone, and the oldest transition of all makes room. */
#ifndef DEEPQ_REPLAY_H
#define DEEPQ_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/rng.h"
#include "deepq/status.h"
#include "deepq/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dq_replay_config {
    size_t capacity;     // transitions kept, > 0
    size_t frame_bytes;  // bytes of one frame, 84*84
    int stack;           // frames in a state, 4
    int n_step;          // rewards summed before the next state, 1 as in the book
    double gamma;        // discount between those rewards, 0..1
    int n_lanes;         // environments that take turns; 0 is 1, as before there were lanes
    int n_actions;       // a saved replay's are 0..n_actions-1, or it is not loaded; 0: any are
} dq_replay_config;

DQ_API
dq_replay_config dq_replay_config_default(void);

/** What a sampled transition says besides its two states. */
typedef struct dq_transition {
    size_t slot;  // names the transition until it is overwritten, 0 .. dq_replay_slots()-1
    int32_t action;
    float reward;     // the sum over k < n_step of gamma^k * reward, up to the episode's end
    float discount;   // of the next state's value: gamma^(steps summed), 0 when terminated
    bool terminated;  // the episode ended by its rules among those steps: there is no next state
} dq_transition;

typedef struct dq_replay dq_replay;

DQ_API
DQ_NODISCARD dq_status dq_replay_create(dq_replay **out, const dq_replay_config *cfg);
DQ_API
void dq_replay_destroy(dq_replay *r);

/** An episode starts; `frame` is the newest frame of its first state. */
DQ_API
void dq_replay_begin(dq_replay *r, const uint8_t *frame);
/** The same in one of several lanes; at the start for each of them. */
DQ_API
void dq_replay_begin_lane(dq_replay *r, int lane, const uint8_t *frame);
/** An episode starts whose first state is `frame`, repeated. */
DQ_API
void dq_replay_begin_repeated(dq_replay *r, int lane, const uint8_t *frame);
/** A step from the current state of the lane whose turn it is; the oldest transition makes room
 *  when the ring is full.
 *  @param terminated the episode ended by its rules @param truncated a limit cut it off; after
 *  either, a dq_replay_begin() must follow
 *  @param next_frame the newest frame of the state it led to; not looked at when terminated
 *  @return the slot of the new transition */
DQ_API
size_t dq_replay_add(dq_replay *r, int32_t action, float reward, bool terminated, bool truncated,
                     const uint8_t *next_frame);

DQ_API
size_t dq_replay_size(const dq_replay *r);  // transitions stored
DQ_API
size_t dq_replay_slots(const dq_replay *r);  // all slot numbers are below this
DQ_API
size_t dq_replay_bytes(size_t capacity, size_t frame_bytes, int stack);  // memory needed

/** Draw n different transitions, each with the same chance; not the newest n_step - 1 of
 *  each lane, whose next states are still to come. @param[out] batch [n]
 *  @return DQ_OK, or DQ_ERR_EMPTY while fewer than n are stored (outputs untouched).
 *  Source: Lapan 2020, chapter 6, ExperienceBuffer.sample (numpy choice, replace=False). */
DQ_API
DQ_NODISCARD dq_status dq_replay_sample(const dq_replay *r, size_t n, dq_rng *rng,
                                        dq_transition *batch);
/** The state a transition left, or the state it led to (not for a terminated one), oldest frame
 *  first.
 *  @param[out] obs uint8 [stack][frame_bytes] */
DQ_API
void dq_replay_state(const dq_replay *r, size_t slot, uint8_t *obs);
DQ_API
void dq_replay_next_state(const dq_replay *r, size_t slot, uint8_t *obs);

/** The transition in a slot; one that dq_replay_sample() could draw. */
DQ_API
dq_transition dq_replay_transition(const dq_replay *r, size_t slot);
/** Draw as dq_replay_sample() would after one more dq_replay_add(), whatever that adds. @return
 *  whether no transition drawn needs it: batch is whole then; else the one that ends with it says
 *  nothing yet but its slot. n is at most what dq_replay_sample() could give then. */
DQ_API
bool dq_replay_sample_ahead(const dq_replay *r, size_t n, dq_rng *rng, dq_transition *batch);

/** The transitions that can be drawn: `n` slots in order, the last of them `newest` (nothing when n
 *  is 0). @param ahead after one more dq_replay_add() */
typedef struct dq_replay_range {
    size_t newest, n;
} dq_replay_range;
DQ_API
dq_replay_range dq_replay_drawable(const dq_replay *r, bool ahead);

/* For who keeps a copy of the frames elsewhere, as on a GPU: frames by their number. */

/** The slot of the state that the environment is in whose turn it is. */
DQ_API
size_t dq_replay_current(const dq_replay *r);
/** The slot of the state that a lane's environment is in. */
DQ_API
size_t dq_replay_current_of(const dq_replay *r, int lane);
/** Numbers of the frames of a state, or of the state it led to, oldest first; -1 for zeros. A
 *  frame's number is its slot, or that of dq_replay_last_frame().
 *  @param[out] frames int32 [stack] */
DQ_API
void dq_replay_frames(const dq_replay *r, size_t slot, int32_t *frames);
DQ_API
void dq_replay_next_frames(const dq_replay *r, size_t slot, int32_t *frames);
/** Number of the last frame of the episode that a transition's step cut off; -1: it did not. */
DQ_API
int32_t dq_replay_last_frame(const dq_replay *r, size_t slot);
/** All frames: those of the slots, in their order, then the last frames of cut-off episodes.
 *  uint8 [dq_replay_n_frames()][frame_bytes] */
DQ_API
const uint8_t *dq_replay_all_frames(const dq_replay *r);
DQ_API
size_t dq_replay_n_frames(const dq_replay *r);

DQ_API
dq_status dq_replay_save(const dq_replay *r, dq_writer *w);
DQ_API
DQ_NODISCARD dq_status dq_replay_load(dq_replay *r, dq_reader *in);

#ifdef __cplusplus
}
#endif
#endif
