/** What the files of the replay buffer share. */
#ifndef DEEPQ_REPLAY_REPLAY_INTERNAL_H
#define DEEPQ_REPLAY_REPLAY_INTERNAL_H

#include "deepq/replay.h"
#include "replay/frame_history.h"

/* A slot holds the newest frame of a state and, once the step from it was taken, the rest of the
 * transition. Slots are used in order, so the next state's newest frame is in the next slot of
 * the same lane, n_lanes further on. The ring has room for `capacity` transitions, for each lane
 * the `stack - 1` frames before the oldest of them, and the states that the environments are in
 * now. */
typedef struct slot_info {
    int32_t action;
    float reward;
    uint32_t end;  // number of the frame that a cut-off episode ended with, 0: it was not cut
    uint8_t terminated;
    uint8_t n_frames;  // frames of this episode up to this slot, at most `stack`
    uint8_t repeats;   // before these come repetitions of the first one, not zeros
} slot_info;

struct dq_replay {
    dq_replay_config cfg;
    size_t n_slots;
    size_t n_lanes;
    uint64_t total;  // transitions ever added: step `total` comes next
    size_t turn;     // lane that it is of: total modulo n_lanes
    size_t current;  // slot of its state: total modulo n_slots
    size_t size;     // transitions: the slots just before `current`
    slot_info *info;
    dq_frame_history *history;  // all frames, packed
    size_t segment_steps;       // steps in a segment of it
    uint64_t next_segment;      // that is to be loaded
    uint8_t *frames;            // [n_slots][frame_bytes] all frames as they are; NULL when packed
    size_t n_ends, n_free_ends;
    uint8_t *ends;        // [n_ends][frame_bytes] last frames of episodes that were cut off
    uint32_t *free_ends;  // [n_ends] numbers of those that are free, which follow the slots'
    float *discount;      // [n_step + 1] gamma to the power of the index
    uint8_t *one_frame;   // [frame_bytes] dq_replay_frame()'s
    bool failed;          // a frame was lost for want of memory
};

/** The slot `distance` places before `slot`, distance < n_slots. */
static inline size_t dq_slot_before(const dq_replay *r, size_t slot, size_t distance)
{
    return slot >= distance ? slot - distance : slot + r->n_slots - distance;
}

/** The slot of the same lane `n` steps later, n <= n_step. */
static inline size_t dq_steps_after(const dq_replay *r, size_t slot, size_t n)
{
    return (slot + n * r->n_lanes) % r->n_slots;
}

/** The slot of the same lane `n` steps before. */
static inline size_t dq_steps_before(const dq_replay *r, size_t slot, int n)
{
    return dq_slot_before(r, slot, (size_t)n * r->n_lanes);
}

/** Number of the step from the state in a slot, counted from the first; a slot that was never used
 *  has one above any that was. */
static inline uint64_t dq_step_in(const dq_replay *r, size_t slot)
{
    uint64_t newest = r->total + r->n_lanes - 1;  // of the states that environments are in
    size_t place = (r->current + r->n_lanes - 1) % r->n_slots;
    return newest - (place + r->n_slots - slot) % r->n_slots;
}

/** Keep a frame of the state that a step is from. */
void dq_replay_put_frame(dq_replay *r, uint64_t step, const uint8_t *frame);
/** The last frame of an episode, by its number. */
static inline uint8_t *dq_end_frame(const dq_replay *r, uint32_t number)
{
    return r->ends + (number - r->n_slots) * r->cfg.frame_bytes;
}
/** Take room for the last frame of an episode. @return its number, 0 when there is none */
uint32_t dq_replay_take_end(dq_replay *r);
/** Forget all last frames; no slot may have one. */
void dq_replay_free_ends(dq_replay *r);

#endif
