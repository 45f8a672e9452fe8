#include "deepq/replay.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/stream_internal.h"

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
    size_t turn;      // lane that the next transition is of
    size_t current;   // slot of the state that its environment is in
    size_t size;      // transitions: the slots just before `current`
    uint8_t *frames;  // [n_slots + n_ends][frame_bytes]
    slot_info *info;
    size_t n_ends, n_free_ends;
    uint32_t *free_ends;  // [n_ends] numbers of the frames behind the slots' that are free
    float *discount;      // [n_step + 1] gamma to the power of the index
};

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

size_t dq_replay_bytes(size_t capacity, size_t frame_bytes, int stack)
{
    return slots_needed(capacity, stack, 1) * (frame_bytes + sizeof(slot_info)) + sizeof(dq_replay);
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

static void free_all_ends(dq_replay *r)
{
    r->n_free_ends = r->n_ends;
    for (size_t i = 0; i < r->n_ends; i++)  // the first frame is taken first
        r->free_ends[i] = (uint32_t)(r->n_slots + r->n_ends - 1 - i);
}

static bool allocate(dq_replay *r)
{
    size_t n_powers = (size_t)r->cfg.n_step + 1;
    r->frames = calloc(r->n_slots + r->n_ends, r->cfg.frame_bytes);
    r->info = calloc(r->n_slots, sizeof(*r->info));
    r->free_ends = calloc(r->n_ends, sizeof(*r->free_ends));
    r->discount = calloc(n_powers, sizeof(*r->discount));
    if (!r->frames || !r->info || !r->free_ends || !r->discount)
        return false;
    free_all_ends(r);
    for (size_t i = 0; i < n_powers; i++)
        r->discount[i] = (float)pow(r->cfg.gamma, (double)i);
    return true;
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
    r->n_lanes = cfg->n_lanes > 0 ? (size_t)cfg->n_lanes : 1;
    r->n_slots = slots_needed(cfg->capacity, cfg->stack, r->n_lanes);
    r->n_ends = ends_needed(r->n_slots);
    if (!allocate(r)) {
        dq_replay_destroy(r);
        return dq_fail(DQ_ERR_NOMEM, "no memory for a replay of %zu transitions: %zu MB needed",
                       cfg->capacity,
                       dq_replay_bytes(cfg->capacity, cfg->frame_bytes, cfg->stack) / 1000000);
    }
    *out = r;
    return DQ_OK;
}

void dq_replay_destroy(dq_replay *r)
{
    if (!r)
        return;
    free(r->frames);
    free(r->info);
    free(r->free_ends);
    free(r->discount);
    free(r);
}

static size_t slot_after(const dq_replay *r, size_t slot)
{
    return slot + 1 == r->n_slots ? 0 : slot + 1;
}

/** The slot `distance` places before `slot`, distance < n_slots. */
static size_t slot_before(const dq_replay *r, size_t slot, size_t distance)
{
    return slot >= distance ? slot - distance : slot + r->n_slots - distance;
}

/** The slot of the same lane `n` steps later, n <= n_step. */
static size_t steps_after(const dq_replay *r, size_t slot, size_t n)
{
    return (slot + n * r->n_lanes) % r->n_slots;
}

static void copy_frame(dq_replay *r, size_t number, const uint8_t *frame)
{
    memcpy(r->frames + number * r->cfg.frame_bytes, frame, r->cfg.frame_bytes);
}

static void put_frame(dq_replay *r, size_t slot, const uint8_t *frame, uint8_t n_frames,
                      uint8_t repeats)
{
    copy_frame(r, slot, frame);
    r->info[slot].n_frames = n_frames;
    r->info[slot].repeats = repeats;
}

void dq_replay_begin_lane(dq_replay *r, int lane, const uint8_t *frame)
{
    put_frame(r, dq_replay_current_of(r, lane), frame, 1, 0);
}

void dq_replay_begin_repeated(dq_replay *r, int lane, const uint8_t *frame)
{
    put_frame(r, dq_replay_current_of(r, lane), frame, 1, 1);
}

void dq_replay_begin(dq_replay *r, const uint8_t *frame)
{
    dq_replay_begin_lane(r, 0, frame);
}

/** The last frame of an episode that was cut off. @return its number, 0 when there is no room */
static uint32_t keep_end(dq_replay *r, const uint8_t *frame)
{
    if (r->n_free_ends == 0)
        return 0;
    uint32_t number = r->free_ends[--r->n_free_ends];
    copy_frame(r, number, frame);
    return number;
}

static void release_end(dq_replay *r, slot_info *info)
{
    if (info->end)
        r->free_ends[r->n_free_ends++] = info->end;
    info->end = 0;
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
    r->current = slot_after(r, slot);
    r->turn = r->turn + 1 == r->n_lanes ? 0 : r->turn + 1;
    if (r->size < r->cfg.capacity)
        r->size++;
    if (!terminated && !truncated) {
        int n_frames = info->n_frames + 1;
        put_frame(r, steps_after(r, slot, 1), next_frame,
                  (uint8_t)(n_frames < r->cfg.stack ? n_frames : r->cfg.stack), info->repeats);
    }
    return slot;
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
    for (bool ends = false; n_steps < r->cfg.n_step && !ends; slot = steps_after(r, slot, 1)) {
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
    return (dq_replay_range){.newest = slot_before(r, end, newest),
                             .n = size < newest ? 0 : size - (newest - 1)};
}

static void draw(const dq_replay *r, dq_replay_range from, size_t n, dq_rng *rng,
                 dq_transition *batch)
{
    /* Floyd's sampling (Bentley and Floyd 1987): one draw for each, and a set of n different ones
     * in which every set is equally likely. */
    for (size_t i = 0; i < n; i++) {
        size_t last = from.n - n + i;
        size_t slot = slot_before(r, from.newest, dq_rng_below(rng, (uint32_t)last + 1));
        if (is_drawn(batch, i, slot))
            slot = slot_before(r, from.newest, last);
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

/** The slot of the frame that a lane had n steps before the one in `slot`. */
static size_t frame_before(const dq_replay *r, size_t slot, int n)
{
    return slot_before(r, slot, (size_t)n * r->n_lanes);
}

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
    int32_t missing = info->repeats ? (int32_t)frame_before(r, slot, info->n_frames - 1) : -1;
    for (int i = 0; i < r->cfg.stack; i++)
        frames[i] = i < n_missing ? missing : (int32_t)frame_before(r, slot, r->cfg.stack - 1 - i);
}

/** The slot of the step that cut the episode off, of those that a transition sums up.
 *  @return whether one did */
static bool find_cut(const dq_replay *r, size_t *slot)
{
    for (int k = 0; k < r->cfg.n_step; k++, *slot = steps_after(r, *slot, 1))
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

const uint8_t *dq_replay_all_frames(const dq_replay *r)
{
    return r->frames;
}

void dq_replay_state(const dq_replay *r, size_t slot, uint8_t *obs)
{
    size_t frame_bytes = r->cfg.frame_bytes;
    int n_frames = r->info[slot].n_frames;
    int n_missing = r->cfg.stack - n_frames;
    int first = r->info[slot].repeats ? -n_missing : 0;  // of the episode, or what repeats it
    memset(obs, 0, (size_t)n_missing * frame_bytes);
    for (int i = first; i < n_frames; i++) {
        size_t from = frame_before(r, slot, n_frames - 1 - (i < 0 ? 0 : i));
        memcpy(obs + (size_t)(n_missing + i) * frame_bytes, r->frames + from * frame_bytes,
               frame_bytes);
    }
}

void dq_replay_next_state(const dq_replay *r, size_t slot, uint8_t *obs)
{
    size_t last = slot, frame = r->cfg.frame_bytes, older = (size_t)(r->cfg.stack - 1) * frame;
    bool is_cut = find_cut(r, &last);
    dq_replay_state(r, last, obs);
    if (!is_cut)
        return;
    memmove(obs, obs + frame, older);
    memcpy(obs + older, r->frames + r->info[last].end * frame, frame);
}

/** A run of slots, around the ring's end too. */
typedef struct slot_run {
    size_t first, n;
} slot_run;

/** What has something in it: the frames before the oldest transition, the transitions, and the
 *  states that the environments are in. The slots before the very first are among them, empty. */
static slot_run filled(const dq_replay *r)
{
    size_t before = (size_t)(r->cfg.stack - 1) * r->n_lanes + r->size;
    return (slot_run){slot_before(r, r->current, before), before + r->n_lanes};
}

static size_t slot_of(const dq_replay *r, slot_run run, size_t i)
{
    return (run.first + i) % r->n_slots;
}

/** Slots of a run up to the ring's end. */
static size_t n_straight(const dq_replay *r, slot_run run)
{
    return run.n < r->n_slots - run.first ? run.n : r->n_slots - run.first;
}

/* Versions: with one lane odd, with several, which follow the stack, even; 1 and 2 had all slots in
 * their order, 3 and 4 have those that are filled, the oldest first; 5 and 6 have the last frames
 * of episodes that were cut off behind the others, in the order of their slots. */
enum { ALL_SLOTS = 1, WITH_ENDS = 5 };
enum { TERMINATED = 1, CUT_OFF = 2 };  // flags of a slot; its numbers of frames follow

static uint32_t format_version(const dq_replay *r, uint32_t with_one_lane)
{
    return with_one_lane + (r->n_lanes > 1);
}

static void save_info(const slot_info *info, dq_writer *w)
{
    uint32_t reward_bits;
    memcpy(&reward_bits, &info->reward, sizeof(reward_bits));
    dq_write_u32(w, (uint32_t)info->action);
    dq_write_u32(w, reward_bits);
    dq_write_u32(w, (info->terminated ? TERMINATED : 0u) | (info->end ? CUT_OFF : 0u) |
                        (uint32_t)info->n_frames << 8 | (uint32_t)info->repeats << 16);
}

dq_status dq_replay_save(const dq_replay *r, dq_writer *w)
{
    slot_run run = filled(r);
    size_t n = n_straight(r, run), bytes = r->cfg.frame_bytes;
    dq_write_tag(w, "RPLY", format_version(r, WITH_ENDS));
    dq_write_u64(w, r->cfg.capacity);
    dq_write_u64(w, r->cfg.frame_bytes);
    dq_write_u32(w, (uint32_t)r->cfg.stack);
    if (r->n_lanes > 1) {
        dq_write_u32(w, (uint32_t)r->n_lanes);
        dq_write_u32(w, (uint32_t)r->turn);
    }
    dq_write_u64(w, r->current);
    dq_write_u64(w, r->size);
    for (size_t i = 0; i < run.n; i++)
        save_info(&r->info[slot_of(r, run, i)], w);
    dq_write(w, r->frames + run.first * bytes, n * bytes);
    dq_status st = dq_write(w, r->frames, (run.n - n) * bytes);
    for (size_t i = 0; i < run.n; i++) {
        const slot_info *info = &r->info[slot_of(r, run, i)];
        if (info->end)
            st = dq_write(w, r->frames + info->end * bytes, bytes);
    }
    return st;
}

static dq_status check_slot(const dq_replay *r, size_t slot)
{
    const slot_info *info = &r->info[slot];
    if (info->n_frames > r->cfg.stack || (info->repeats && info->n_frames == 0))
        return dq_fail(DQ_ERR_INPUT, "saved replay: slot %zu has %d frames of %d", slot,
                       info->n_frames, r->cfg.stack);
    if (r->cfg.n_actions > 0 && (info->action < 0 || info->action >= r->cfg.n_actions))
        return dq_fail(DQ_ERR_INPUT, "saved replay: slot %zu has action %d: must be 0 to %d", slot,
                       info->action, r->cfg.n_actions - 1);
    return DQ_OK;
}

static dq_status load_info(dq_replay *r, dq_reader *in, size_t slot)
{
    uint32_t action, reward_bits, flags;
    dq_read_u32(in, &action);
    dq_read_u32(in, &reward_bits);
    DQ_TRY(dq_read_u32(in, &flags));
    slot_info *info = &r->info[slot];
    info->action = (int32_t)action;
    memcpy(&info->reward, &reward_bits, sizeof(info->reward));
    info->terminated = (flags & TERMINATED) != 0;
    info->n_frames = (uint8_t)(flags >> 8);
    info->repeats = flags >> 16 & 1;
    if (flags & ~0x1FF03u || (flags & TERMINATED && flags & CUT_OFF))
        return dq_fail(DQ_ERR_INPUT, "saved replay: slot %zu has impossible flags", slot);
    if (flags & CUT_OFF && r->n_free_ends == 0)
        return dq_fail(DQ_ERR_INPUT, "saved replay: more than %zu episodes were cut off",
                       r->n_ends);
    if (flags & CUT_OFF)
        info->end = r->free_ends[--r->n_free_ends];
    return check_slot(r, slot);
}

static dq_status load_slots(dq_replay *r, dq_reader *in, slot_run run)
{
    size_t n = n_straight(r, run), bytes = r->cfg.frame_bytes;
    memset(r->info, 0, r->n_slots * sizeof(*r->info));
    free_all_ends(r);
    for (size_t i = 0; i < run.n; i++)
        DQ_TRY(load_info(r, in, slot_of(r, run, i)));
    DQ_TRY(dq_read(in, r->frames + run.first * bytes, n * bytes));
    DQ_TRY(dq_read(in, r->frames, (run.n - n) * bytes));
    for (size_t i = 0; i < run.n; i++) {
        const slot_info *info = &r->info[slot_of(r, run, i)];
        if (info->end)
            DQ_TRY(dq_read(in, r->frames + info->end * bytes, bytes));
    }
    return DQ_OK;
}

static dq_status load_shape(const dq_replay *r, dq_reader *in, uint32_t *turn)
{
    uint64_t capacity, frame_bytes;
    uint32_t stack, n_lanes = 1;
    dq_read_u64(in, &capacity);
    dq_read_u64(in, &frame_bytes);
    DQ_TRY(dq_read_u32(in, &stack));
    *turn = 0;
    if (r->n_lanes > 1) {
        dq_read_u32(in, &n_lanes);
        DQ_TRY(dq_read_u32(in, turn));
    }
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

dq_status dq_replay_load(dq_replay *r, dq_reader *in)
{
    uint64_t current, size;
    uint32_t turn, version, all_slots = format_version(r, ALL_SLOTS);
    DQ_TRY(dq_read_tag_between(in, "RPLY", all_slots, format_version(r, WITH_ENDS), &version));
    DQ_TRY(load_shape(r, in, &turn));
    dq_read_u64(in, &current);
    DQ_TRY(dq_read_u64(in, &size));
    if (current >= r->n_slots || size > r->cfg.capacity || turn >= r->n_lanes)
        return dq_fail(DQ_ERR_INPUT, "saved replay: its counters are impossible");
    r->current = (size_t)current;
    r->turn = turn;
    r->size = (size_t)size;
    return load_slots(r, in, version == all_slots ? (slot_run){0, r->n_slots} : filled(r));
}
