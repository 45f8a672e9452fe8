#include <string.h>

#include "replay/replay_internal.h"

size_t dq_replay_current(const dq_replay *r)
{
    return r->current;
}

size_t dq_replay_current_of(const dq_replay *r, int lane)
{
    size_t turns = ((size_t)lane + r->n_lanes - r->turn) % r->n_lanes;  // until it is this lane's
    return (r->current + turns) % r->n_slots;
}

void dq_replay_frames(const dq_replay *r, size_t slot, int32_t *frames)
{
    const slot_info *info = &r->info[slot];
    int n_missing = r->cfg.stack - info->n_frames;
    int32_t missing = info->repeats ? (int32_t)dq_steps_before(r, slot, info->n_frames - 1) : -1;
    for (int i = 0; i < r->cfg.stack; i++)
        frames[i] =
            i < n_missing ? missing : (int32_t)dq_steps_before(r, slot, r->cfg.stack - 1 - i);
}

/** The slot of the step that cut the episode off, of those that a transition sums up.
 *  @return whether one did */
static bool find_cut(const dq_replay *r, size_t *slot)
{
    for (int k = 0; k < r->cfg.n_step; k++, *slot = dq_steps_after(r, *slot, 1))
        if (r->info[*slot].end)
            return true;
    return false;
}

void dq_replay_next_frames(const dq_replay *r, size_t slot, int32_t *frames)
{
    size_t last = slot;
    if (!find_cut(r, &last)) {
        dq_replay_frames(r, last, frames);
        return;
    }
    dq_replay_frames(r, last, frames);
    memmove(frames, frames + 1, (size_t)(r->cfg.stack - 1) * sizeof(*frames));
    frames[r->cfg.stack - 1] = (int32_t)r->info[last].end;
}

int32_t dq_replay_last_frame(const dq_replay *r, size_t slot)
{
    return r->info[slot].end ? (int32_t)r->info[slot].end : -1;
}

size_t dq_replay_n_frames(const dq_replay *r)
{
    return r->n_slots + r->n_ends;
}

/** Copy out consecutive frames of a lane, the last of which is that in `slot`. */
static void copy_frames(const dq_replay *r, size_t slot, int n, uint8_t *frames)
{
    size_t bytes = r->cfg.frame_bytes;
    if (!r->frames) {
        uint64_t step = dq_step_in(r, slot);
        dq_frame_history_get(r->history, step % r->n_lanes, step / r->n_lanes, (size_t)n, frames);
        return;
    }
    for (int i = 0; i < n; i++)
        memcpy(frames + (size_t)i * bytes, r->frames + dq_steps_before(r, slot, n - 1 - i) * bytes,
               bytes);
}

const uint8_t *dq_replay_frame(const dq_replay *r, size_t number)
{
    if (number >= r->n_slots)
        return dq_end_frame(r, (uint32_t)number);
    if (r->frames)
        return r->frames + number * r->cfg.frame_bytes;
    copy_frames(r, number, 1, r->one_frame);
    return r->one_frame;
}

void dq_replay_state(const dq_replay *r, size_t slot, uint8_t *obs)
{
    const slot_info *info = &r->info[slot];
    size_t bytes = r->cfg.frame_bytes, n_missing = (size_t)(r->cfg.stack - info->n_frames);
    uint8_t *first = obs + n_missing * bytes;
    if (info->n_frames > 0)
        copy_frames(r, slot, info->n_frames, first);
    if (!info->repeats)
        memset(obs, 0, n_missing * bytes);
    for (uint8_t *to = obs; info->repeats && to < first; to += bytes)
        memcpy(to, first, bytes);
}

void dq_replay_next_state(const dq_replay *r, size_t slot, uint8_t *obs)
{
    size_t last = slot, frame = r->cfg.frame_bytes, older = (size_t)(r->cfg.stack - 1) * frame;
    bool is_cut = find_cut(r, &last);
    dq_replay_state(r, last, obs);
    if (!is_cut)
        return;
    memmove(obs, obs + frame, older);
    memcpy(obs + older, dq_end_frame(r, r->info[last].end), frame);
}
