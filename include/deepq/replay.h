/** A replay buffer: a ring that stores each frame once and stacks frames when they are sampled.
 *
 *  A transition is a state, an action, a reward, the next state, and whether the episode
 *  terminated. With n_step > 1 its reward is the discounted sum of n_step rewards and its next
 *  state the one after them (n-step returns, Sutton 1988). Since each 84x84 frame is stored once,
 *  10,000 transitions take 71 MB and not 1.1 GB. Frames before the first of an episode are zeros,
 *  as in the book's Buffer wrapper, or repetitions of the first, as in Gymnasium. Memory for frames
 *  as they are is allocated by dq_replay_create(), for packed ones as they come. Only one thread at
 *  a time may use a buffer.
 *
 *  Truncation: when a limit cuts an episode off, its last state is kept as well, so that its value
 *  can be used in targets. The buffer has room for 16,384 last states, or one for every 64
 *  transitions if that is more. If there are ever more than that, the others are stored as
 *  terminated.
 *
 *  Lanes: a buffer may hold the transitions of several environments, its lanes. Their transitions
 *  are added in turns, one of each lane, lane 0 first. States and n-step returns are made of the
 *  frames and rewards of one lane, and a new transition overwrites the oldest of all.
 *
 *  A slot is a number below dq_replay_slots() that identifies a transition until it is
 *  overwritten. */
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

/** How the frames are kept. Every way gives the same bytes. */
typedef enum dq_replay_store {
    DQ_REPLAY_PLAIN,    // in memory, as they are, for the fastest access
    DQ_REPLAY_PACKED,   // in memory, packed without loss to an eighth or less for Atari's games
    DQ_REPLAY_IN_FILE,  // as they are in a file that is mapped into memory
} dq_replay_store;

/** Fill it with dq_replay_config_default() first. */
typedef struct dq_replay_config {
    /** Transitions kept, 1 to 2^30; default 10000. */
    size_t capacity;
    /** Bytes of one frame, 1 to 16 MiB; default 84 * 84. */
    size_t frame_bytes;
    /** Frames in a state, 1 to 255; default 4. */
    int stack;
    /** Rewards that are summed in a transition, 1 to capacity; default 1. */
    int n_step;
    /** Discount factor, 0 to 1; default 0.99. */
    double gamma;
    /** Environments that add transitions in turns, 1 to 65535; 0, the default, is the same as 1. */
    int n_lanes;
    /** How frames are kept; default DQ_REPLAY_PLAIN. */
    dq_replay_store store;
    /** For DQ_REPLAY_IN_FILE: the folder of the file, which has no name and ends with the buffer.
     *  The string may be freed once the buffer is created. Default NULL. */
    const char *folder;
    /** Number of actions: dq_replay_load() refuses data with other actions. 0, the default: any are
     *  accepted. */
    int n_actions;
} dq_replay_config;

/** The book's values, which are the defaults above. */
DQ_API
dq_replay_config dq_replay_config_default(void);

/** A transition without its states, which dq_replay_state() and dq_replay_next_state() give. */
typedef struct dq_transition {
    size_t slot;      // identifies the transition
    int32_t action;   // as it was added
    float reward;     // sum over k < n_step of gamma^k * reward, up to the end of the episode
    float discount;   // factor of the next state's value: gamma^(rewards summed); 0 when terminated
    bool terminated;  // the episode terminated within these steps: there is no next state
} dq_transition;

typedef struct dq_replay dq_replay;

/** Create an empty buffer.
 *  @param[out] out the buffer, to be freed by dq_replay_destroy(); NULL on failure
 *  @return DQ_OK; DQ_ERR_CONFIG for a value out of range; DQ_ERR_NOMEM; DQ_ERR_IO when there can be
 *          no such file */
DQ_API
DQ_NODISCARD dq_status dq_replay_create(dq_replay **out, const dq_replay_config *cfg);
/** Accepts NULL. */
DQ_API
void dq_replay_destroy(dq_replay *r);

/** Begin an episode in lane 0; the frames before its first are zeros.
 *  @param frame uint8 [frame_bytes], the first frame of the episode */
DQ_API
void dq_replay_begin(dq_replay *r, const uint8_t *frame);
/** dq_replay_begin() in any lane. At the start it is to be called for each lane. */
DQ_API
void dq_replay_begin_lane(dq_replay *r, int lane, const uint8_t *frame);
/** dq_replay_begin_lane() for an episode whose first frame is repeated in place of zeros. */
DQ_API
void dq_replay_begin_repeated(dq_replay *r, int lane, const uint8_t *frame);
/** Add a transition of the lane whose turn it is. When the buffer is full it overwrites the oldest.
 *  @param action the action taken in the lane's current state
 *  @param reward the reward of this step alone
 *  @param terminated the episode ended by its rules
 *  @param truncated a limit cut the episode off. After either of the two a new episode must be
 *         begun in this lane.
 *  @param next_frame uint8 [frame_bytes], the newest frame of the next state; not read when
 *         terminated
 *  @return the slot of the new transition */
DQ_API
size_t dq_replay_add(dq_replay *r, int32_t action, float reward, bool terminated, bool truncated,
                     const uint8_t *next_frame);

/** Transitions stored. */
DQ_API
size_t dq_replay_size(const dq_replay *r);
/** The number of slots, a little more than the capacity. */
DQ_API
size_t dq_replay_slots(const dq_replay *r);
/** Bytes of memory that a full buffer needs, without the last states of truncated episodes and what
 *  is in a file. For packed frames, which every buffer has for its checkpoints, this is an estimate
 *  of an eighth of a frame, the most that six of Atari's games were seen to take; of a frame of up
 *  to 1,024 bytes, all of it. */
DQ_API
size_t dq_replay_bytes(const dq_replay_config *cfg);
/** Bytes that the packed frames take at present. */
DQ_API
size_t dq_replay_packed_bytes(const dq_replay *r);
/** Whether the buffer still has all that was added.
 *  @return DQ_OK; DQ_ERR_NOMEM: there was no memory for packed frames; the buffer may only be
 * loaded or destroyed then */
DQ_API
DQ_NODISCARD dq_status dq_replay_status(const dq_replay *r);

/** Draw n different transitions, each with the same probability. The newest n_step - 1 of each lane
 *  cannot be drawn, since their next states are not known yet.
 *  @param rng the stream to draw from
 *  @param[out] batch [n]
 *  @return DQ_OK; DQ_ERR_EMPTY when fewer than n can be drawn (outputs untouched). Source: Lapan
 *          2020, chapter 6, ExperienceBuffer.sample (numpy choice, replace=False); Bentley and
 *          Floyd 1987 for the algorithm. */
DQ_API
DQ_NODISCARD dq_status dq_replay_sample(const dq_replay *r, size_t n, dq_rng *rng,
                                        dq_transition *batch);
/** Copy out the state that a transition began in.
 *  @param[out] obs uint8 [stack][frame_bytes], oldest frame first */
DQ_API
void dq_replay_state(const dq_replay *r, size_t slot, uint8_t *obs);
/** Copy out the next state of a transition that did not terminate.
 *  @param[out] obs uint8 [stack][frame_bytes], oldest frame first */
DQ_API
void dq_replay_next_state(const dq_replay *r, size_t slot, uint8_t *obs);

/** The transition in a slot; it must be one that dq_replay_sample() could draw. */
DQ_API
dq_transition dq_replay_transition(const dq_replay *r, size_t slot);
/** Draw now the batch that dq_replay_sample() would draw after one more dq_replay_add(), whatever
 *  that call adds.
 *  @param n at most what dq_replay_sample() could draw then
 *  @param[out] batch [n]; the slots are always valid
 *  @return true when the batch is complete; false when it contains the transition that the next
 *          dq_replay_add() completes: of this one only the slot is valid */
DQ_API
bool dq_replay_sample_ahead(const dq_replay *r, size_t n, dq_rng *rng, dq_transition *batch);

/** Consecutive slots, around the end of the ring: `n` of them, the last of which is `newest`. */
typedef struct dq_replay_range {
    size_t newest;  // undefined when n is 0
    size_t n;
} dq_replay_range;
/** The slots of the transitions that can be drawn.
 *  @param ahead true: those that can be drawn after one more dq_replay_add() */
DQ_API
dq_replay_range dq_replay_drawable(const dq_replay *r, bool ahead);

/* For callers that keep a copy of the frames elsewhere, as on a GPU. They identify frames by
 * number: below dq_replay_slots() it is the frame of that slot, above it is the last frame of a
 * truncated episode. */

/** The slot of the current state of the lane whose turn it is. */
DQ_API
size_t dq_replay_current(const dq_replay *r);
/** The slot of the current state of a lane. */
DQ_API
size_t dq_replay_current_of(const dq_replay *r, int lane);
/** The frames of the state that a transition began in.
 *  @param[out] frames int32 [stack], their numbers, oldest first; -1 for a frame of zeros */
DQ_API
void dq_replay_frames(const dq_replay *r, size_t slot, int32_t *frames);
/** The frames of the next state of a transition that did not terminate.
 *  @param[out] frames as in dq_replay_frames() */
DQ_API
void dq_replay_next_frames(const dq_replay *r, size_t slot, int32_t *frames);
/** The number of the last frame of the episode that was cut off at this step; -1 when it was
 *  not. */
DQ_API
int32_t dq_replay_last_frame(const dq_replay *r, size_t slot);
/** A frame by its number, owned by the buffer and valid until the next call.
 *  @return uint8 [frame_bytes] */
DQ_API
const uint8_t *dq_replay_frame(const dq_replay *r, size_t number);
/** The number of frames that the buffer has room for. */
DQ_API
size_t dq_replay_n_frames(const dq_replay *r);

/** Write the contents of the buffer.
 *  @return DQ_OK or the failure of the writer */
DQ_API
dq_status dq_replay_save(const dq_replay *r, dq_writer *w);
/** Read back what dq_replay_save() wrote, also into a buffer with another store. After a failure
 * the buffer may only be loaded again or destroyed.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data, or data of a buffer with another capacity, frame,
 *          stack or number of lanes; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_replay_load(dq_replay *r, dq_reader *in);

/* Saving in parts, for checkpoints that write only what is new. The steps ever added, from 0, are
 * divided into segments of a fixed number of them. A segment is complete when all its steps were
 * added. Its bytes do not change from then on, so that it has to be written once. A checkpoint
 * consists of the head and of all segments. */

/** The segments that a checkpoint consists of. */
typedef struct dq_replay_segments {
    uint64_t first;     // number of the first
    size_t n;           // how many there are
    size_t n_complete;  // those that are complete, from the first on
} dq_replay_segments;
/** The segments that a checkpoint made now would consist of. */
DQ_API
dq_replay_segments dq_replay_get_segments(const dq_replay *r);
/** Write the counters of the buffer.
 *  @return DQ_OK; the failure of the writer; that of dq_replay_status() */
DQ_API
dq_status dq_replay_save_head(const dq_replay *r, dq_writer *w);
/** Write a segment.
 *  @param number one of those of dq_replay_get_segments(): first to first + n - 1
 *  @return DQ_OK; the failure of the writer; DQ_ERR_NOMEM */
DQ_API
dq_status dq_replay_save_segment(const dq_replay *r, uint64_t number, dq_writer *w);
/** Read back what dq_replay_save_head() wrote. All segments must be loaded then, in their order,
 *  before anything else is done. Errors as of dq_replay_load(). */
DQ_API
DQ_NODISCARD dq_status dq_replay_load_head(dq_replay *r, dq_reader *in);
/** Read back what dq_replay_save_segment() wrote.
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data, or for another segment than the next one;
 *          DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_replay_load_segment(dq_replay *r, dq_reader *in);
/** Check that all segments were loaded.
 *  @return DQ_OK; DQ_ERR_INPUT when one is missing, or when their frames do not fit their steps */
DQ_API
DQ_NODISCARD dq_status dq_replay_load_end(const dq_replay *r);

#ifdef __cplusplus
}
#endif
#endif
