#include "deepq/replay.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "replay/mapped_memory.h"
#include "replay/replay_internal.h"

dq_replay_config dq_replay_config_default(void)
{
    return (dq_replay_config){
        .capacity = 10000, .frame_bytes = (size_t)84 * 84, .stack = 4, .n_step = 1, .gamma = 0.99};
}

static size_t slots_needed(size_t capacity, int stack, size_t n_lanes)
{
    return capacity + (size_t)stack * n_lanes;
}

/** How many episodes that were cut off there is room for. Memory that nobody writes to costs
 *  nothing, so a small replay has room for as many as it has transitions. */
static size_t ends_needed(size_t n_slots)
{
    enum { ALWAYS = 16384, SHORTEST = 64 };
    size_t n = n_slots / SHORTEST > ALWAYS ? n_slots / SHORTEST : ALWAYS;
    return n < n_slots ? n : n_slots;
}

static size_t lanes_of(const dq_replay_config *cfg)
{
    return cfg->n_lanes > 0 ? (size_t)cfg->n_lanes : 1;
}

size_t dq_replay_bytes(const dq_replay_config *cfg)
{
    enum { NUMBERS = 1024, HEAD = 8 };  // few bytes are numbers, which are packed to no fewer
    size_t packed = cfg->frame_bytes <= NUMBERS ? cfg->frame_bytes + HEAD : cfg->frame_bytes / 8;
    size_t slot = sizeof(slot_info) + packed;
    if (cfg->store == DQ_REPLAY_PLAIN)
        slot += cfg->frame_bytes;
    return slots_needed(cfg->capacity, cfg->stack, lanes_of(cfg)) * slot + sizeof(dq_replay);
}

static dq_status check_config(const dq_replay_config *cfg)
{
    if (cfg->capacity < 1 || cfg->capacity > (size_t)1 << 30)
        return dq_fail(DQ_ERR_CONFIG, "replay of %zu transitions: choose 1 to 2^30", cfg->capacity);
    if (cfg->stack < 1 || cfg->stack > 255)
        return dq_fail(DQ_ERR_CONFIG, "%d frames in a state: choose 1 to 255", cfg->stack);
    if (cfg->frame_bytes < 1 || cfg->frame_bytes > (size_t)1 << 24)
        return dq_fail(DQ_ERR_CONFIG, "frames of %zu bytes: choose 1 to 16 MiB", cfg->frame_bytes);
    if (cfg->n_lanes < 0 || cfg->n_lanes > 65535)
        return dq_fail(DQ_ERR_CONFIG, "%d environments: choose 1 to 65535", cfg->n_lanes);
    if (cfg->store < DQ_REPLAY_PLAIN || cfg->store > DQ_REPLAY_IN_FILE)
        return dq_fail(DQ_ERR_CONFIG, "replay store %d: choose one of dq_replay_store",
                       (int)cfg->store);
    if (cfg->store == DQ_REPLAY_IN_FILE && !cfg->folder)
        return dq_fail(DQ_ERR_CONFIG, "a replay in a file needs a folder for it");
    if (cfg->n_actions < 0)
        return dq_fail(DQ_ERR_CONFIG, "%d actions: choose 0 or more", cfg->n_actions);
    if (cfg->n_step < 1 || (size_t)cfg->n_step > cfg->capacity)
        return dq_fail(DQ_ERR_CONFIG, "returns of %d steps: choose 1 to the capacity, %zu",
                       cfg->n_step, cfg->capacity);
    size_t whole = (size_t)(cfg->n_step - 1) * (size_t)cfg->n_lanes + 1;  // for the first return
    if (whole > cfg->capacity)
        return dq_fail(DQ_ERR_CONFIG,
                       "%d environments with returns of %d steps: the capacity, %zu, must be %zu "
                       "or more",
                       cfg->n_lanes, cfg->n_step, cfg->capacity, whole);
    return DQ_OK;
}

void dq_replay_free_ends(dq_replay *r)
{
    r->n_free_ends = r->n_ends;
    for (size_t i = 0; i < r->n_ends; i++)  // the first frame is taken first
        r->free_ends[i] = (uint32_t)(r->n_slots + r->n_ends - 1 - i);
}

/** Steps in a segment of the history: few of them lie in the segment that grows, which every
 *  checkpoint writes again, and the others are not too many files. */
static size_t segment_steps(const dq_replay *r)
{
    enum { MOST = 4096, PARTS = 4 };
    size_t steps = r->cfg.capacity / PARTS < MOST ? r->cfg.capacity / PARTS : MOST;
    size_t group_steps = DQ_GROUP_ROUNDS * r->n_lanes;
    return (steps / group_steps + (steps < group_steps)) * group_steps;
}

static dq_status allocate_frames(dq_replay *r)
{
    size_t bytes = r->cfg.frame_bytes;
    if (r->cfg.store == DQ_REPLAY_IN_FILE)
        return dq_map_memory(&r->frames, r->n_slots * bytes, r->cfg.folder);
    if (r->cfg.store == DQ_REPLAY_PLAIN)
        r->frames = calloc(r->n_slots, bytes);
    if (r->cfg.store == DQ_REPLAY_PLAIN && !r->frames)
        return DQ_ERR_NOMEM;
    return DQ_OK;
}

static dq_status allocate(dq_replay *r)
{
    size_t n_powers = (size_t)r->cfg.n_step + 1, rounds = r->n_slots / r->n_lanes + 2;
    DQ_TRY(allocate_frames(r));
    DQ_TRY(dq_frame_history_create(&r->history, r->cfg.frame_bytes, r->n_lanes,
                                   r->segment_steps / r->n_lanes, rounds));
    r->info = calloc(r->n_slots, sizeof(*r->info));
    r->ends = calloc(r->n_ends, r->cfg.frame_bytes);
    r->free_ends = calloc(r->n_ends, sizeof(*r->free_ends));
    r->discount = calloc(n_powers, sizeof(*r->discount));
    r->one_frame = calloc(1, r->cfg.frame_bytes);
    if (!r->info || !r->ends || !r->free_ends || !r->discount || !r->one_frame)
        return DQ_ERR_NOMEM;
    dq_replay_free_ends(r);
    for (size_t i = 0; i < n_powers; i++)
        r->discount[i] = (float)pow(r->cfg.gamma, (double)i);
    return DQ_OK;
}

dq_status dq_replay_create(dq_replay **out, const dq_replay_config *cfg)
{
    assert(out && cfg);
    *out = NULL;
    DQ_TRY(check_config(cfg));
    dq_replay *r = calloc(1, sizeof(*r));
    if (!r)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a replay");
    r->cfg = *cfg;
    r->n_lanes = lanes_of(cfg);
    r->n_slots = slots_needed(cfg->capacity, cfg->stack, r->n_lanes);
    r->n_ends = ends_needed(r->n_slots);
    r->segment_steps = segment_steps(r);
    dq_status st = allocate(r);
    r->cfg.folder = NULL;  // the caller's need not live on
    if (st == DQ_ERR_NOMEM)
        st = dq_fail(DQ_ERR_NOMEM, "no memory for a replay of %zu transitions: %zu MB needed",
                     cfg->capacity, dq_replay_bytes(cfg) / 1000000);
    if (st != DQ_OK)
        dq_replay_destroy(r);
    else
        *out = r;
    return st;
}

void dq_replay_destroy(dq_replay *r)
{
    if (!r)
        return;
    if (r->cfg.store == DQ_REPLAY_IN_FILE)
        dq_unmap_memory(r->frames, r->n_slots * r->cfg.frame_bytes);
    else
        free(r->frames);
    dq_frame_history_destroy(r->history);
    free(r->info);
    free(r->ends);
    free(r->free_ends);
    free(r->discount);
    free(r->one_frame);
    free(r);
}

static size_t slot_after(const dq_replay *r, size_t slot)
{
    return slot + 1 == r->n_slots ? 0 : slot + 1;
}

void dq_replay_put_frame(dq_replay *r, uint64_t step, const uint8_t *frame)
{
    size_t bytes = r->cfg.frame_bytes;
    if (r->frames)
        memcpy(r->frames + step % r->n_slots * bytes, frame, bytes);
    if (dq_frame_history_put(r->history, step % r->n_lanes, step / r->n_lanes, frame) != DQ_OK)
        r->failed = true;
}

static void begin(dq_replay *r, int lane, const uint8_t *frame, bool repeats)
{
    size_t slot = dq_replay_current_of(r, lane);
    dq_replay_put_frame(r, dq_step_in(r, slot), frame);
    r->info[slot].n_frames = 1;
    r->info[slot].repeats = repeats;
}

void dq_replay_begin_lane(dq_replay *r, int lane, const uint8_t *frame)
{
    begin(r, lane, frame, false);
}

void dq_replay_begin_repeated(dq_replay *r, int lane, const uint8_t *frame)
{
    begin(r, lane, frame, true);
}

void dq_replay_begin(dq_replay *r, const uint8_t *frame)
{
    dq_replay_begin_lane(r, 0, frame);
}

uint32_t dq_replay_take_end(dq_replay *r)
{
    return r->n_free_ends > 0 ? r->free_ends[--r->n_free_ends] : 0;
}

/** Keep the last frame of an episode that was cut off. @return its number, 0 without room */
static uint32_t keep_end(dq_replay *r, const uint8_t *frame)
{
    uint32_t number = dq_replay_take_end(r);
    if (number)
        memcpy(dq_end_frame(r, number), frame, r->cfg.frame_bytes);
    return number;
}

static void release_end(dq_replay *r, slot_info *info)
{
    if (info->end)
        r->free_ends[r->n_free_ends++] = info->end;
    info->end = 0;
}

/** The frame that follows the one in `slot` in the same episode. */
static void follow(dq_replay *r, size_t slot, uint64_t step, const uint8_t *frame)
{
    const slot_info *info = &r->info[slot];
    slot_info *next = &r->info[dq_steps_after(r, slot, 1)];
    dq_replay_put_frame(r, step + r->n_lanes, frame);
    next->n_frames = (uint8_t)(info->n_frames < r->cfg.stack ? info->n_frames + 1 : r->cfg.stack);
    next->repeats = info->repeats;
}

size_t dq_replay_add(dq_replay *r, int32_t action, float reward, bool terminated, bool truncated,
                     const uint8_t *next_frame)
{
    size_t slot = r->current;
    slot_info *info = &r->info[slot];
    release_end(r, info);
    if (truncated && !terminated)
        info->end = keep_end(r, next_frame);
    info->action = action;
    info->reward = reward;
    info->terminated = terminated || (truncated && !info->end);
    r->total++;
    r->current = slot_after(r, slot);
    r->turn = r->turn + 1 == r->n_lanes ? 0 : r->turn + 1;
    if (r->size < r->cfg.capacity)
        r->size++;
    if (!terminated && !truncated)
        follow(r, slot, r->total - 1, next_frame);
    return slot;
}

size_t dq_replay_packed_bytes(const dq_replay *r)
{
    return dq_frame_history_bytes(r->history);
}

dq_status dq_replay_status(const dq_replay *r)
{
    return r->failed ? dq_fail(DQ_ERR_NOMEM, "no memory for more frames in the replay buffer: "
                                             "choose a smaller capacity")
                     : DQ_OK;
}

size_t dq_replay_size(const dq_replay *r)
{
    return r->size;
}

size_t dq_replay_slots(const dq_replay *r)
{
    return r->n_slots;
}

static bool is_drawn(const dq_transition *batch, size_t n, size_t slot)
{
    for (size_t i = 0; i < n; i++)
        if (batch[i].slot == slot)
            return true;
    return false;
}

dq_transition dq_replay_transition(const dq_replay *r, size_t slot)
{
    dq_transition t = {.slot = slot, .action = r->info[slot].action};
    double sum = 0, discount = 1;
    int n_steps = 0;
    for (bool ends = false; n_steps < r->cfg.n_step && !ends; slot = dq_steps_after(r, slot, 1)) {
        const slot_info *info = &r->info[slot];
        sum += discount * (double)info->reward;
        discount *= r->cfg.gamma;
        n_steps++;
        t.terminated = info->terminated != 0;
        ends = info->terminated || info->end;
    }
    t.reward = (float)sum;
    t.discount = t.terminated ? 0.0f : r->discount[n_steps];
    return t;
}

/** How far before the slot of the next transition the newest one is whose next state is there. */
static size_t newest_whole(const dq_replay *r)
{
    return (size_t)(r->cfg.n_step - 1) * r->n_lanes + 1;
}

dq_replay_range dq_replay_drawable(const dq_replay *r, bool ahead)
{
    size_t end = ahead ? slot_after(r, r->current) : r->current;
    size_t size = r->size + (ahead && r->size < r->cfg.capacity);
    size_t newest = newest_whole(r);
    return (dq_replay_range){.newest = dq_slot_before(r, end, newest),
                             .n = size < newest ? 0 : size - (newest - 1)};
}

static void draw(const dq_replay *r, dq_replay_range from, size_t n, dq_rng *rng,
                 dq_transition *batch)
{
    /* Floyd's sampling (Bentley and Floyd 1987): one draw for each, and a set of n different ones
     * in which every set is equally likely. */
    for (size_t i = 0; i < n; i++) {
        size_t last = from.n - n + i;
        size_t slot = dq_slot_before(r, from.newest, dq_rng_below(rng, (uint32_t)last + 1));
        if (is_drawn(batch, i, slot))
            slot = dq_slot_before(r, from.newest, last);
        batch[i] = dq_replay_transition(r, slot);
    }
}

dq_status dq_replay_sample(const dq_replay *r, size_t n, dq_rng *rng, dq_transition *batch)
{
    dq_replay_range from = dq_replay_drawable(r, false);
    if (n > from.n)
        return dq_fail(DQ_ERR_EMPTY, "replay has %zu transitions, %zu of %d steps are needed",
                       r->size, n, r->cfg.n_step);
    draw(r, from, n, rng, batch);
    return DQ_OK;
}

bool dq_replay_sample_ahead(const dq_replay *r, size_t n, dq_rng *rng, dq_transition *batch)
{
    dq_replay_range from = dq_replay_drawable(r, true);
    assert(n <= from.n);
    draw(r, from, n, rng, batch);
    return !is_drawn(batch, n, from.newest);
}
