#include "deepq/replay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A slot holds the newest frame of a state and, once the step from it was taken, the rest of the
 * transition. Slots are used in order, so the next state's newest frame is in the next slot. The
 * ring has room for `capacity` transitions, the `stack - 1` frames before the oldest of them, and
 * the state that the environment is in now. */
typedef struct slot_info {
    int32_t action;
    float reward;
    uint8_t done;
    uint8_t n_frames;  // frames of this episode up to this slot, at most `stack`
} slot_info;

struct dq_replay {
    dq_replay_config cfg;
    size_t n_slots;
    size_t current;  // slot of the state that the environment is in
    size_t size;     // transitions: the slots just before `current`
    uint8_t *frames;
    slot_info *info;
};

dq_replay_config dq_replay_config_default(void)
{
    return (dq_replay_config){
        .capacity = 10000, .frame_bytes = (size_t)84 * 84, .stack = 4, .n_step = 1, .gamma = 0.99};
}

static size_t slots_needed(size_t capacity, int stack)
{
    return capacity + (size_t)stack;
}

size_t dq_replay_bytes(size_t capacity, size_t frame_bytes, int stack)
{
    return slots_needed(capacity, stack) * (frame_bytes + sizeof(slot_info)) + sizeof(dq_replay);
}

static dq_status check_config(const dq_replay_config *cfg)
{
    if (cfg->capacity < 1 || cfg->capacity > ((size_t)1 << 32) - 256)
        return dq_fail(DQ_ERR_CONFIG, "replay of %zu transitions: choose 1 to 4 billion",
                       cfg->capacity);
    if (cfg->stack < 1 || cfg->stack > 255)
        return dq_fail(DQ_ERR_CONFIG, "%d frames in a state: choose 1 to 255", cfg->stack);
    if (cfg->frame_bytes < 1 || cfg->frame_bytes > (size_t)1 << 24)
        return dq_fail(DQ_ERR_CONFIG, "frames of %zu bytes: choose 1 to 16 MiB", cfg->frame_bytes);
    if (cfg->n_step < 1 || (size_t)cfg->n_step > cfg->capacity)
        return dq_fail(DQ_ERR_CONFIG, "returns of %d steps: choose 1 to the capacity, %zu",
                       cfg->n_step, cfg->capacity);
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
    r->n_slots = slots_needed(cfg->capacity, cfg->stack);
    r->frames = calloc(r->n_slots, cfg->frame_bytes);
    r->info = calloc(r->n_slots, sizeof(*r->info));
    if (!r->frames || !r->info) {
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

static void put_frame(dq_replay *r, const uint8_t *frame, uint8_t n_frames)
{
    memcpy(r->frames + r->current * r->cfg.frame_bytes, frame, r->cfg.frame_bytes);
    r->info[r->current].n_frames = n_frames;
}

void dq_replay_begin(dq_replay *r, const uint8_t *frame)
{
    put_frame(r, frame, 1);
}

size_t dq_replay_add(dq_replay *r, int32_t action, float reward, bool done,
                     const uint8_t *next_frame)
{
    size_t slot = r->current;
    slot_info *info = &r->info[slot];
    info->action = action;
    info->reward = reward;
    info->done = done;
    r->current = slot_after(r, slot);
    if (r->size < r->cfg.capacity)
        r->size++;
    if (!done) {
        int n_frames = info->n_frames + 1;
        put_frame(r, next_frame, (uint8_t)(n_frames < r->cfg.stack ? n_frames : r->cfg.stack));
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
    for (int k = 0; k < r->cfg.n_step && !t.done; k++, slot = slot_after(r, slot)) {
        sum += discount * (double)r->info[slot].reward;
        discount *= r->cfg.gamma;
        t.done = r->info[slot].done != 0;
    }
    t.reward = (float)sum;
    return t;
}

/** Draw n of the `size` transitions before slot `end`, but for those whose next state is after it.
 */
static void draw(const dq_replay *r, size_t end, size_t size, size_t n, dq_rng *rng,
                 dq_transition *batch)
{
    size_t newest = (size_t)r->cfg.n_step;  // this far before `end`: its next state is there
    /* Floyd's sampling (Bentley and Floyd 1987): one draw for each, and a set of n different ones
     * in which every set is equally likely. */
    for (size_t i = 0; i < n; i++) {
        size_t last = size - (newest - 1) - n + i;
        size_t slot = slot_before(r, end, newest + dq_rng_below(rng, (uint32_t)last + 1));
        if (is_drawn(batch, i, slot))
            slot = slot_before(r, end, newest + last);
        batch[i] = dq_replay_transition(r, slot);
    }
}

dq_status dq_replay_sample(const dq_replay *r, size_t n, dq_rng *rng, dq_transition *batch)
{
    size_t newest = (size_t)r->cfg.n_step;
    if (n + newest - 1 > r->size)
        return dq_fail(DQ_ERR_EMPTY, "replay holds %zu transitions, %zu of %d steps asked for",
                       r->size, n, r->cfg.n_step);
    draw(r, r->current, r->size, n, rng, batch);
    return DQ_OK;
}

bool dq_replay_sample_ahead(const dq_replay *r, size_t n, dq_rng *rng, dq_transition *batch)
{
    size_t size = r->size < r->cfg.capacity ? r->size + 1 : r->size;
    size_t end = slot_after(r, r->current), newest = (size_t)r->cfg.n_step;
    assert(n + newest - 1 <= size);
    draw(r, end, size, n, rng, batch);
    return !is_drawn(batch, n, slot_before(r, end, newest));
}

size_t dq_replay_current(const dq_replay *r)
{
    return r->current;
}

void dq_replay_frames(const dq_replay *r, size_t slot, int32_t *frames)
{
    int n_missing = r->cfg.stack - r->info[slot].n_frames;
    for (int i = 0; i < r->cfg.stack; i++)
        frames[i] =
            i < n_missing ? -1 : (int32_t)slot_before(r, slot, (size_t)(r->cfg.stack - 1 - i));
}

void dq_replay_next_frames(const dq_replay *r, size_t slot, int32_t *frames)
{
    dq_replay_frames(r, (slot + (size_t)r->cfg.n_step) % r->n_slots, frames);
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
    memset(obs, 0, (size_t)n_missing * frame_bytes);
    for (int i = 0; i < n_frames; i++) {
        size_t from = slot_before(r, slot, (size_t)(n_frames - 1 - i));
        memcpy(obs + (size_t)(n_missing + i) * frame_bytes, r->frames + from * frame_bytes,
               frame_bytes);
    }
}

void dq_replay_next_state(const dq_replay *r, size_t slot, uint8_t *obs)
{
    dq_replay_state(r, (slot + (size_t)r->cfg.n_step) % r->n_slots, obs);
}

dq_status dq_replay_save(const dq_replay *r, dq_writer *w)
{
    dq_write_tag(w, "RPLY", 1);
    dq_write_u64(w, r->cfg.capacity);
    dq_write_u64(w, r->cfg.frame_bytes);
    dq_write_u32(w, (uint32_t)r->cfg.stack);
    dq_write_u64(w, r->current);
    dq_write_u64(w, r->size);
    for (size_t i = 0; i < r->n_slots; i++) {
        const slot_info *info = &r->info[i];
        uint32_t reward_bits;
        memcpy(&reward_bits, &info->reward, sizeof(reward_bits));
        dq_write_u32(w, (uint32_t)info->action);
        dq_write_u32(w, reward_bits);
        dq_write_u32(w, (uint32_t)info->done | (uint32_t)info->n_frames << 8);
    }
    return dq_write(w, r->frames, r->n_slots * r->cfg.frame_bytes);
}

static dq_status load_info(dq_replay *r, dq_reader *in)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        uint32_t action, reward_bits, flags;
        dq_read_u32(in, &action);
        dq_read_u32(in, &reward_bits);
        DQ_TRY(dq_read_u32(in, &flags));
        slot_info *info = &r->info[i];
        info->action = (int32_t)action;
        memcpy(&info->reward, &reward_bits, sizeof(info->reward));
        info->done = flags & 1;
        info->n_frames = (uint8_t)(flags >> 8);
        if (flags >> 16 || info->n_frames > r->cfg.stack)
            return dq_fail(DQ_ERR_INPUT, "saved replay: slot %zu is impossible", i);
    }
    return DQ_OK;
}

dq_status dq_replay_load(dq_replay *r, dq_reader *in)
{
    uint64_t capacity, frame_bytes, current, size;
    uint32_t stack;
    DQ_TRY(dq_read_tag(in, "RPLY", 1));
    dq_read_u64(in, &capacity);
    dq_read_u64(in, &frame_bytes);
    dq_read_u32(in, &stack);
    dq_read_u64(in, &current);
    DQ_TRY(dq_read_u64(in, &size));
    if (capacity != r->cfg.capacity || frame_bytes != r->cfg.frame_bytes ||
        stack != (uint32_t)r->cfg.stack)
        return dq_fail(DQ_ERR_INPUT,
                       "saved replay has %llu transitions of %u frames of %llu bytes, "
                       "this run has %zu of %d of %zu",
                       (unsigned long long)capacity, stack, (unsigned long long)frame_bytes,
                       r->cfg.capacity, r->cfg.stack, r->cfg.frame_bytes);
    if (current >= r->n_slots || size > capacity)
        return dq_fail(DQ_ERR_INPUT, "saved replay: its counters are impossible");
    DQ_TRY(load_info(r, in));
    DQ_TRY(dq_read(in, r->frames, r->n_slots * r->cfg.frame_bytes));
    r->current = (size_t)current;
    r->size = (size_t)size;
    return DQ_OK;
}
