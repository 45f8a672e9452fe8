/* How a replay buffer is saved: its shape and counters, then the segments of its history, each with
 * the transitions of its steps. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/stream_internal.h"
#include "replay/frame_code.h"
#include "replay/replay_internal.h"

/* Versions: with one lane odd, with several, which follow the stack, even. 1 and 2 had all slots in
 * their order, then their frames as they are. 3 to 6 have those that are filled, the oldest first;
 * 5 and 6 have the last frames of episodes that were cut off behind them. 7 and 8 have segments. */
enum { BY_SLOT = 1, SEGMENTS = 7 };
enum { TERMINATED = 1, CUT_OFF = 2 };  // flags of a slot; its numbers of frames follow
enum { SLOT_WORDS = 3 };               // that a slot is saved in

/** Nobody gets so far, and nothing that is computed from it overflows. */
static const uint64_t MOST_STEPS = (uint64_t)1 << 62;

static uint32_t format_version(const dq_replay *r, uint32_t with_one_lane)
{
    return with_one_lane + (r->n_lanes > 1);
}

/** The first step that anything is kept of: before the oldest transition there are frames. */
static uint64_t first_step(const dq_replay *r)
{
    uint64_t before = (uint64_t)(r->cfg.stack - 1) * r->n_lanes + r->size;
    return r->total > before ? r->total - before : 0;
}

/** The step after the last that has a slot: those of the states that the environments are in. */
static uint64_t end_step(const dq_replay *r)
{
    return r->total + r->n_lanes;
}

static bool has_slot(const dq_replay *r, uint64_t step)
{
    return step < end_step(r) && step + r->n_slots >= end_step(r);
}

dq_replay_segments dq_replay_get_segments(const dq_replay *r)
{
    uint64_t first = first_step(r) / r->segment_steps;
    return (dq_replay_segments){.first = first,
                                .n = (size_t)((end_step(r) - 1) / r->segment_steps - first) + 1,
                                .n_complete = (size_t)(r->total / r->segment_steps - first)};
}

/* ---------------------------------------------------------------- saving */

static void save_slot(const slot_info *info, dq_writer *w)
{
    uint32_t reward_bits;
    memcpy(&reward_bits, &info->reward, sizeof(reward_bits));
    dq_write_u32(w, (uint32_t)info->action);
    dq_write_u32(w, reward_bits);
    dq_write_u32(w, (info->terminated ? TERMINATED : 0u) | (info->end ? CUT_OFF : 0u) |
                        (uint32_t)info->n_frames << 8 | (uint32_t)info->repeats << 16);
}

/** The last frame of an episode, coded as the first of a group is. */
static dq_status save_end(const dq_replay *r, const slot_info *info, dq_writer *w)
{
    size_t bytes = r->cfg.frame_bytes, most = dq_frame_code_max(bytes);
    uint8_t *code = malloc(most + 2 * bytes);
    if (!code)
        return dq_fail(DQ_ERR_NOMEM, "no memory to save a frame");
    memset(code + most, 0, bytes);
    size_t n =
        dq_frame_encode(code, dq_end_frame(r, info->end), code + most, bytes, code + most + bytes);
    dq_write_u32(w, (uint32_t)n);
    dq_status st = dq_write(w, code, n);
    free(code);
    return st;
}

static uint64_t segment_end(const dq_replay *r, uint64_t number)
{
    uint64_t end = (number + 1) * r->segment_steps;
    return end < end_step(r) ? end : end_step(r);
}

dq_status dq_replay_save_segment(const dq_replay *r, uint64_t number, dq_writer *w)
{
    static const slot_info nothing;
    uint64_t begin = number * r->segment_steps, end = segment_end(r, number);
    dq_write_tag(w, "RSEG", 1);
    dq_write_u64(w, number);
    dq_write_u32(w, (uint32_t)(end - begin));
    for (uint64_t step = begin; step < end; step++)
        save_slot(has_slot(r, step) ? &r->info[step % r->n_slots] : &nothing, w);
    for (uint64_t step = begin; step < end; step++)
        if (has_slot(r, step) && r->info[step % r->n_slots].end)
            DQ_TRY(save_end(r, &r->info[step % r->n_slots], w));
    return dq_frame_history_save(r->history, number, w);
}

dq_status dq_replay_save_head(const dq_replay *r, dq_writer *w)
{
    DQ_TRY(dq_replay_status(r));
    dq_write_tag(w, "RPLY", format_version(r, SEGMENTS));
    dq_write_u64(w, r->cfg.capacity);
    dq_write_u64(w, r->cfg.frame_bytes);
    dq_write_u32(w, (uint32_t)r->cfg.stack);
    if (r->n_lanes > 1)
        dq_write_u32(w, (uint32_t)r->n_lanes);
    dq_write_u64(w, r->segment_steps);
    dq_write_u64(w, r->total);
    return dq_write_u64(w, r->size);
}

dq_status dq_replay_save(const dq_replay *r, dq_writer *w)
{
    DQ_TRY(dq_replay_save_head(r, w));
    dq_replay_segments segments = dq_replay_get_segments(r);
    dq_status st = DQ_OK;
    for (size_t i = 0; i < segments.n && st == DQ_OK; i++)
        st = dq_replay_save_segment(r, segments.first + i, w);
    return st;
}

/* ---------------------------------------------------------------- loading */

static dq_status fail_step(uint64_t step, const char *what)
{
    return dq_fail(DQ_ERR_INPUT, "saved replay: step %llu has %s", (unsigned long long)step, what);
}

static dq_status check_slot(const dq_replay *r, uint64_t step, const slot_info *info,
                            uint32_t flags)
{
    if (flags & ~0x1FF03u || (flags & TERMINATED && flags & CUT_OFF))
        return fail_step(step, "impossible flags");
    if (info->n_frames > r->cfg.stack || (info->repeats && info->n_frames == 0))
        return fail_step(step, "an impossible number of frames");
    if (r->cfg.n_actions > 0 && (info->action < 0 || info->action >= r->cfg.n_actions))
        return dq_fail(DQ_ERR_INPUT, "saved replay: step %llu has action %d: must be 0 to %d",
                       (unsigned long long)step, info->action, r->cfg.n_actions - 1);
    return DQ_OK;
}

/** @param[out] cut_off whether a last frame follows behind the slots
 *  Its slot may have another step's by now. */
static dq_status load_slot(dq_replay *r, dq_reader *in, uint64_t step, bool *cut_off)
{
    uint32_t action, reward_bits, flags;
    dq_read_u32(in, &action);
    dq_read_u32(in, &reward_bits);
    DQ_TRY(dq_read_u32(in, &flags));
    slot_info info = {.action = (int32_t)action,
                      .terminated = (flags & TERMINATED) != 0,
                      .n_frames = (uint8_t)(flags >> 8),
                      .repeats = flags >> 16 & 1};
    memcpy(&info.reward, &reward_bits, sizeof(info.reward));
    DQ_TRY(check_slot(r, step, &info, flags));
    *cut_off = (flags & CUT_OFF) != 0;
    if (!has_slot(r, step))
        return DQ_OK;
    if (*cut_off && r->n_free_ends == 0)
        return dq_fail(DQ_ERR_INPUT, "saved replay: more than %zu episodes were cut off",
                       r->n_ends);
    if (*cut_off)
        info.end = dq_replay_take_end(r);
    r->info[step % r->n_slots] = info;
    return DQ_OK;
}

static dq_status load_end_frame(dq_replay *r, dq_reader *in, uint64_t step)
{
    size_t bytes = r->cfg.frame_bytes;
    uint8_t *frame = r->one_frame;
    uint32_t n;
    DQ_TRY(dq_read_u32(in, &n));
    if (n > dq_frame_code_max(bytes))
        return fail_step(step, "a last frame that is too long");
    uint8_t *code = malloc(n + 1);
    if (!code)
        return dq_fail(DQ_ERR_NOMEM, "no memory to load a frame");
    if (has_slot(r, step))
        frame = dq_end_frame(r, r->info[step % r->n_slots].end);
    memset(frame, 0, bytes);
    dq_status st = dq_read(in, code, n);
    if (st == DQ_OK && dq_frame_decode(frame, bytes, code, n) != n)
        st = fail_step(step, "a damaged last frame");
    free(code);
    return st;
}

/** The steps of a segment, without their frames. @param cut_off [their number] */
static dq_status load_steps(dq_replay *r, dq_reader *in, uint64_t number, bool *cut_off)
{
    uint64_t begin = number * r->segment_steps, end = segment_end(r, number);
    for (uint64_t step = begin; step < end; step++)
        DQ_TRY(load_slot(r, in, step, &cut_off[step - begin]));
    for (uint64_t step = begin; step < end; step++)
        if (cut_off[step - begin])
            DQ_TRY(load_end_frame(r, in, step));
    return DQ_OK;
}

/** Unpack the frames of a segment that have a slot. @param frames [DQ_GROUP_ROUNDS] of them */
static void unpack(dq_replay *r, uint64_t number, uint8_t *frames)
{
    size_t bytes = r->cfg.frame_bytes;
    uint64_t begin = number * r->segment_steps / r->n_lanes;
    uint64_t end = begin + r->segment_steps / r->n_lanes;
    for (uint64_t first = begin; first < end; first += DQ_GROUP_ROUNDS)
        for (size_t lane = 0; lane < r->n_lanes; lane++) {
            dq_frame_history_get(r->history, lane, first + DQ_GROUP_ROUNDS - 1, DQ_GROUP_ROUNDS,
                                 frames);
            for (uint64_t i = 0; i < DQ_GROUP_ROUNDS; i++) {
                uint64_t step = (first + i) * r->n_lanes + lane;
                if (has_slot(r, step))
                    memcpy(r->frames + step % r->n_slots * bytes, frames + i * bytes, bytes);
            }
        }
}

dq_status dq_replay_load_segment(dq_replay *r, dq_reader *in)
{
    uint64_t number, steps = 0;
    uint32_t n;
    DQ_TRY(dq_read_tag(in, "RSEG", 1));
    dq_read_u64(in, &number);
    DQ_TRY(dq_read_u32(in, &n));
    dq_replay_segments all = dq_replay_get_segments(r);
    if (number == r->next_segment && number < all.first + all.n)
        steps = segment_end(r, number) - number * r->segment_steps;
    if (steps == 0 || n != steps)
        return dq_fail(DQ_ERR_INPUT, "saved replay: segment %llu of %u steps was not expected here",
                       (unsigned long long)number, n);
    bool *cut_off = calloc(n, sizeof(*cut_off));
    uint8_t *frames = calloc(DQ_GROUP_ROUNDS, r->cfg.frame_bytes);
    dq_status st = cut_off && frames ? load_steps(r, in, number, cut_off)
                                     : dq_fail(DQ_ERR_NOMEM, "no memory to load a replay");
    if (st == DQ_OK)
        st = dq_frame_history_load(r->history, number, in);
    if (st == DQ_OK && r->frames)
        unpack(r, number, frames);
    free(cut_off);
    free(frames);
    r->next_segment++;
    return st;
}

static dq_status load_shape(const dq_replay *r, dq_reader *in)
{
    uint64_t capacity, frame_bytes;
    uint32_t stack, n_lanes = 1;
    dq_read_u64(in, &capacity);
    dq_read_u64(in, &frame_bytes);
    DQ_TRY(dq_read_u32(in, &stack));
    if (r->n_lanes > 1)
        DQ_TRY(dq_read_u32(in, &n_lanes));
    if (capacity != r->cfg.capacity || frame_bytes != r->cfg.frame_bytes ||
        stack != (uint32_t)r->cfg.stack)
        return dq_fail(DQ_ERR_INPUT,
                       "saved replay has %llu transitions of %u frames of %llu bytes, "
                       "this run has %zu of %d of %zu",
                       (unsigned long long)capacity, stack, (unsigned long long)frame_bytes,
                       r->cfg.capacity, r->cfg.stack, r->cfg.frame_bytes);
    if (n_lanes != r->n_lanes)
        return dq_fail(DQ_ERR_INPUT, "saved replay has %u environments, this run has %zu", n_lanes,
                       r->n_lanes);
    return DQ_OK;
}

/** Forget everything, and be at this step. */
static dq_status start_at(dq_replay *r, uint64_t total, uint64_t size)
{
    if (total > MOST_STEPS || size != (total < r->cfg.capacity ? total : r->cfg.capacity))
        return dq_fail(DQ_ERR_INPUT, "saved replay: its counters are impossible");
    r->total = total;
    r->turn = (size_t)(total % r->n_lanes);
    r->current = (size_t)(total % r->n_slots);
    r->size = (size_t)size;
    r->failed = false;
    memset(r->info, 0, r->n_slots * sizeof(*r->info));
    dq_replay_free_ends(r);
    dq_frame_history_clear(r->history);
    r->next_segment = dq_replay_get_segments(r).first;
    return DQ_OK;
}

dq_status dq_replay_load_head(dq_replay *r, dq_reader *in)
{
    uint64_t segment_steps, total, size;
    DQ_TRY(dq_read_tag(in, "RPLY", format_version(r, SEGMENTS)));
    DQ_TRY(load_shape(r, in));
    dq_read_u64(in, &segment_steps);
    dq_read_u64(in, &total);
    DQ_TRY(dq_read_u64(in, &size));
    if (segment_steps != r->segment_steps)
        return dq_fail(DQ_ERR_INPUT, "saved replay: its segments have %llu steps, here %zu",
                       (unsigned long long)segment_steps, r->segment_steps);
    return start_at(r, total, size);
}

dq_status dq_replay_load_end(const dq_replay *r)
{
    dq_replay_segments all = dq_replay_get_segments(r);
    if (r->next_segment != all.first + all.n)
        return dq_fail(DQ_ERR_INPUT, "saved replay: segment %llu is missing",
                       (unsigned long long)r->next_segment);
    for (uint64_t step = r->total; step < end_step(r); step++) {
        uint64_t next = dq_frame_history_next(r->history, (size_t)(step % r->n_lanes));
        if (next != step / r->n_lanes && next != step / r->n_lanes + 1)  // an episode may begin
            return dq_fail(DQ_ERR_INPUT, "saved replay: its frames end elsewhere than its steps");
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- older versions */

/** The number of steps, which they did not have: one of those that lead to this slot and turn. */
static dq_status load_raw_counters(dq_replay *r, dq_reader *in)
{
    uint64_t current, size;
    uint32_t turn = 0;
    DQ_TRY(load_shape(r, in));
    if (r->n_lanes > 1)
        DQ_TRY(dq_read_u32(in, &turn));
    dq_read_u64(in, &current);
    DQ_TRY(dq_read_u64(in, &size));
    uint64_t total = current;
    for (size_t i = 0; i <= r->n_lanes; i++, total += r->n_slots)
        if (total % r->n_lanes == turn && (size < r->cfg.capacity || total >= size))
            break;
    if (current >= r->n_slots || total % r->n_lanes != turn)
        return dq_fail(DQ_ERR_INPUT, "saved replay: its counters are impossible");
    return start_at(r, total, size);
}

/** Slots in the order in which they were saved: that of the steps, or (`by_slot`) their own. Those
 *  before the very first step were saved, too, empty. */
typedef struct raw_order {
    bool by_slot;
    uint64_t first;  // step of the first of them, below 0 for an empty one
    size_t n;
} raw_order;

static raw_order order_of(const dq_replay *r, bool by_slot)
{
    size_t before = (size_t)(r->cfg.stack - 1) * r->n_lanes + r->size;
    return (raw_order){.by_slot = by_slot,
                       .first = r->total - before,
                       .n = by_slot ? r->n_slots : before + r->n_lanes};
}

static dq_status load_raw_slots(dq_replay *r, dq_reader *in, const raw_order *order)
{
    for (size_t i = 0; i < order->n; i++) {
        uint64_t step = order->by_slot ? dq_step_in(r, i) : order->first + i;
        uint32_t word;
        bool cut_off, is_empty = !has_slot(r, step);
        if (!is_empty)
            DQ_TRY(load_slot(r, in, step, &cut_off));
        for (int k = 0; k < SLOT_WORDS && is_empty; k++)
            DQ_TRY(dq_read_u32(in, &word));
    }
    return DQ_OK;
}

static dq_status load_raw_frames(dq_replay *r, dq_reader *in, const raw_order *order)
{
    size_t bytes = r->cfg.frame_bytes, begin = in->at;
    if (dq_reader_left(in) / bytes < order->n)
        return dq_fail(DQ_ERR_INPUT, "saved replay: it ends within its frames");
    for (uint64_t step = first_step(r); step < end_step(r); step++) {
        uint64_t place = order->by_slot ? step % r->n_slots : step - order->first;
        in->at = begin + (size_t)place * bytes;
        DQ_TRY(dq_read(in, r->one_frame, bytes));
        dq_replay_put_frame(r, step, r->one_frame);
    }
    in->at = begin + order->n * bytes;
    return DQ_OK;
}

static dq_status load_raw(dq_replay *r, dq_reader *in, bool by_slot)
{
    raw_order order = order_of(r, by_slot);
    DQ_TRY(load_raw_slots(r, in, &order));
    DQ_TRY(load_raw_frames(r, in, &order));
    for (uint64_t step = first_step(r); step < end_step(r); step++) {
        const slot_info *info = &r->info[step % r->n_slots];
        if (info->end)
            DQ_TRY(dq_read(in, dq_end_frame(r, info->end), r->cfg.frame_bytes));
    }
    dq_replay_segments all = dq_replay_get_segments(r);
    r->next_segment = all.first + all.n;
    return dq_replay_status(r);
}

dq_status dq_replay_load(dq_replay *r, dq_reader *in)
{
    size_t at = in->at;
    uint32_t version;
    DQ_TRY(dq_read_tag_between(in, "RPLY", format_version(r, BY_SLOT), format_version(r, SEGMENTS),
                               &version));
    if (version < format_version(r, SEGMENTS)) {
        DQ_TRY(load_raw_counters(r, in));
        return load_raw(r, in, version == format_version(r, BY_SLOT));
    }
    in->at = at;
    DQ_TRY(dq_replay_load_head(r, in));
    for (size_t i = dq_replay_get_segments(r).n; i > 0; i--)
        DQ_TRY(dq_replay_load_segment(r, in));
    return dq_replay_load_end(r);
}
