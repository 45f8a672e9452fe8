#include "replay/frame_history.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "replay/frame_code.h"

/** A group's code, in its segment. */
typedef struct group {
    uint32_t at, n;  // n is 0 as long as the group is not complete
} group;

typedef struct segment_frames {
    uint64_t number;
    group *groups;  // [groups of a lane][n_lanes], NULL: there is no such segment
    uint8_t *code;
    size_t n, cap;
} segment_frames;

/** What is known of a lane's newest frames: a group that grows. */
typedef struct lane_frames {
    uint64_t next;             // the round of the frame that comes next
    uint8_t *newest, *before;  // [frame_bytes] the newest frame, and the one that it was coded by
    uint8_t *code;             // of the group that the newest frame is in
    size_t n, newest_at;       // bytes of the code, and where the newest frame's begins
} lane_frames;

struct dq_frame_history {
    size_t frame_bytes, n_lanes;
    size_t segment_rounds, segment_groups;  // groups of all lanes
    lane_frames *lanes;
    segment_frames *segments;  // [n_segments] by number modulo n_segments
    size_t n_segments;
    uint8_t *scratch;  // [frame_bytes]
    uint8_t *zeros;    // [frame_bytes]
    bool failed;
};

static bool allocate_lane(lane_frames *l, size_t frame_bytes)
{
    l->newest = calloc(1, frame_bytes);
    l->before = calloc(1, frame_bytes);
    l->code = calloc(DQ_GROUP_ROUNDS, dq_frame_code_max(frame_bytes));
    return l->newest && l->before && l->code;
}

static bool allocate(dq_frame_history *h)
{
    h->lanes = calloc(h->n_lanes, sizeof(*h->lanes));
    h->segments = calloc(h->n_segments, sizeof(*h->segments));
    h->scratch = calloc(1, h->frame_bytes);
    h->zeros = calloc(1, h->frame_bytes);
    if (!h->lanes || !h->segments || !h->scratch || !h->zeros)
        return false;
    for (size_t i = 0; i < h->n_lanes; i++)
        if (!allocate_lane(&h->lanes[i], h->frame_bytes))
            return false;
    return true;
}

dq_status dq_frame_history_create(dq_frame_history **out, size_t frame_bytes, size_t n_lanes,
                                  size_t segment_rounds, size_t kept_rounds)
{
    assert(segment_rounds % DQ_GROUP_ROUNDS == 0);
    *out = NULL;
    dq_frame_history *h = calloc(1, sizeof(*h));
    if (!h)
        return dq_fail(DQ_ERR_NOMEM, "no memory for packed frames");
    h->frame_bytes = frame_bytes;
    h->n_lanes = n_lanes;
    h->segment_rounds = segment_rounds;
    h->segment_groups = segment_rounds / DQ_GROUP_ROUNDS * n_lanes;
    h->n_segments = kept_rounds / segment_rounds + 2;  // those kept may begin and end within one
    if (!allocate(h)) {
        dq_frame_history_destroy(h);
        return dq_fail(DQ_ERR_NOMEM, "no memory for the packed frames of %zu environments",
                       n_lanes);
    }
    *out = h;
    return DQ_OK;
}

static void drop(segment_frames *s)
{
    free(s->groups);
    free(s->code);
    *s = (segment_frames){0};
}

void dq_frame_history_destroy(dq_frame_history *h)
{
    if (!h)
        return;
    for (size_t i = 0; h->segments && i < h->n_segments; i++)
        drop(&h->segments[i]);
    for (size_t i = 0; h->lanes && i < h->n_lanes; i++) {
        free(h->lanes[i].newest);
        free(h->lanes[i].before);
        free(h->lanes[i].code);
    }
    free(h->lanes);
    free(h->segments);
    free(h->scratch);
    free(h->zeros);
    free(h);
}

void dq_frame_history_clear(dq_frame_history *h)
{
    for (size_t i = 0; i < h->n_segments; i++)
        drop(&h->segments[i]);
    for (size_t i = 0; i < h->n_lanes; i++)
        h->lanes[i].next = h->lanes[i].n = h->lanes[i].newest_at = 0;
    h->failed = false;
}

uint64_t dq_frame_history_next(const dq_frame_history *h, size_t lane_number)
{
    return h->lanes[lane_number].next;
}

size_t dq_frame_history_bytes(const dq_frame_history *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_segments; i++)
        n += h->segments[i].n;
    for (size_t i = 0; i < h->n_lanes; i++)
        n += h->lanes[i].n;
    return n;
}

/* ---------------------------------------------------------------- segments */

static segment_frames *place_of(const dq_frame_history *h, uint64_t number)
{
    return &h->segments[number % h->n_segments];
}

/** @return NULL when it is not there */
static const segment_frames *find_segment(const dq_frame_history *h, uint64_t number)
{
    const segment_frames *s = place_of(h, number);
    return s->groups && s->number == number ? s : NULL;
}

static size_t group_index(const dq_frame_history *h, size_t lane, uint64_t round)
{
    return (size_t)(round % h->segment_rounds) / DQ_GROUP_ROUNDS * h->n_lanes + lane;
}

/** @return the segment, begun if there was none, in place of the oldest one; NULL: no memory */
static segment_frames *begin_segment(dq_frame_history *h, uint64_t number)
{
    segment_frames *s = place_of(h, number);
    if (s->groups && s->number == number)
        return s;
    drop(s);
    s->number = number;
    s->groups = calloc(h->segment_groups, sizeof(*s->groups));
    return s->groups ? s : NULL;
}

static bool grow(segment_frames *s, size_t n)
{
    size_t cap = s->cap ? s->cap : n;
    while (cap < s->n + n)
        cap += cap / 2 + 1;
    if (cap > UINT32_MAX)
        return false;
    uint8_t *code = realloc(s->code, cap);
    if (!code)
        return false;
    s->code = code;
    s->cap = cap;
    return true;
}

static dq_status fail_memory(dq_frame_history *h)
{
    h->failed = true;
    return dq_fail(DQ_ERR_NOMEM, "no memory for more packed frames: choose a smaller replay_size");
}

/** Copy the complete group of a lane to its segment. */
static dq_status store_group(dq_frame_history *h, size_t lane, uint64_t round, const uint8_t *code,
                             size_t n)
{
    segment_frames *s = begin_segment(h, round / h->segment_rounds);
    if (!s || (s->n + n > s->cap && !grow(s, n)))
        return fail_memory(h);
    memcpy(s->code + s->n, code, n);
    s->groups[group_index(h, lane, round)] = (group){(uint32_t)s->n, (uint32_t)n};
    s->n += n;
    return DQ_OK;
}

/* ---------------------------------------------------------------- adding */

static bool begins_group(uint64_t round)
{
    return round % DQ_GROUP_ROUNDS == 0;
}

/** Take the newest frame away. */
static void undo_newest(lane_frames *l)
{
    uint8_t *newest = l->newest;
    l->newest = l->before;  // what `before` has now is not used: the next one is coded by `newest`
    l->before = newest;
    l->n = l->newest_at;
    l->next--;
}

static void append(dq_frame_history *h, lane_frames *l, const uint8_t *frame)
{
    uint8_t *before = l->before;
    const uint8_t *reference = begins_group(l->next) ? h->zeros : l->newest;
    l->newest_at = l->n;
    l->n += dq_frame_encode(l->code + l->n, frame, reference, h->frame_bytes, h->scratch);
    l->before = l->newest;
    l->newest = before;
    memcpy(l->newest, frame, h->frame_bytes);
    l->next++;
}

static dq_status append_next(dq_frame_history *h, size_t lane_number, const uint8_t *frame)
{
    lane_frames *l = &h->lanes[lane_number];
    if (begins_group(l->next) && l->n > 0) {
        DQ_TRY(store_group(h, lane_number, l->next - 1, l->code, l->n));
        l->n = 0;
    }
    append(h, l, frame);
    return DQ_OK;
}

dq_status dq_frame_history_put(dq_frame_history *h, size_t lane_number, uint64_t round,
                               const uint8_t *frame)
{
    lane_frames *l = &h->lanes[lane_number];
    assert(round + 1 >= l->next);
    if (h->failed)
        return fail_memory(h);
    if (round < l->next)
        undo_newest(l);
    if (l->n == 0)  // its first frame may be within a group, whose others it stands for then
        l->next = round - round % DQ_GROUP_ROUNDS;
    while (l->next <= round)
        DQ_TRY(append_next(h, lane_number, frame));
    return DQ_OK;
}

/* ---------------------------------------------------------------- reading */

/** The code of a lane's frames. */
typedef struct cursor {
    const uint8_t *code;
    size_t left;
} cursor;

/** The code of the group that a frame is in; empty when it is not there. */
static cursor find_group(const dq_frame_history *h, size_t lane_number, uint64_t round)
{
    const lane_frames *l = &h->lanes[lane_number];
    if (round >= l->next)
        return (cursor){NULL, 0};
    if (round / DQ_GROUP_ROUNDS == (l->next - 1) / DQ_GROUP_ROUNDS)
        return (cursor){l->code, l->n};
    const segment_frames *s = find_segment(h, round / h->segment_rounds);
    if (!s)
        return (cursor){NULL, 0};
    group g = s->groups[group_index(h, lane_number, round)];
    return (cursor){s->code + g.at, g.n};
}

static bool decode(cursor *c, uint8_t *frame, size_t frame_bytes)
{
    size_t n = dq_frame_decode(frame, frame_bytes, c->code, c->left);
    c->code += n;
    c->left -= n;
    return n > 0;
}

void dq_frame_history_get(const dq_frame_history *h, size_t lane_number, uint64_t last, size_t n,
                          uint8_t *frames)
{
    cursor c = {NULL, 0};
    size_t bytes = h->frame_bytes;
    memset(frames, 0, bytes);
    for (size_t i = 0; i < n; i++) {
        uint8_t *frame = frames + i * bytes;
        uint64_t round = last - (n - 1 - i);
        if (i > 0 && !begins_group(round))
            memcpy(frame, frame - bytes, bytes);
        else
            memset(frame, 0, bytes);
        if (round > last)  // before the very first
            continue;
        if (i == 0 || begins_group(round)) {
            c = find_group(h, lane_number, round);
            for (uint64_t skipped = round % DQ_GROUP_ROUNDS; skipped > 0 && c.left > 0; skipped--)
                decode(&c, frame, bytes);
        }
        if (c.left > 0)
            decode(&c, frame, bytes);
    }
}

/* ---------------------------------------------------------------- saving */

/** How many frames of a group there are. */
static size_t frames_in(const lane_frames *l, uint64_t begin)
{
    return l->next - begin < DQ_GROUP_ROUNDS ? (size_t)(l->next - begin) : DQ_GROUP_ROUNDS;
}

dq_status dq_frame_history_save(const dq_frame_history *h, uint64_t number, dq_writer *w)
{
    dq_status st = DQ_OK;
    uint64_t begin = number * h->segment_rounds;
    for (uint64_t round = begin; round < begin + h->segment_rounds; round += DQ_GROUP_ROUNDS)
        for (size_t i = 0; i < h->n_lanes; i++) {
            cursor c = find_group(h, i, round);
            dq_write_u32(w, c.left > 0 ? (uint32_t)frames_in(&h->lanes[i], round) : 0);
            dq_write_u32(w, (uint32_t)c.left);
            st = dq_write(w, c.code, c.left);
        }
    return st;
}

static dq_status fail_damaged(uint64_t segment, const char *what)
{
    return dq_fail(DQ_ERR_INPUT, "saved frames: segment %llu %s", (unsigned long long)segment,
                   what);
}

/** Decode the code of a lane's group, so that it can go on.
 *  @return whether it is that of n frames */
static bool decode_group(dq_frame_history *h, lane_frames *l, size_t n)
{
    cursor c = {l->code, l->n};
    memset(l->newest, 0, h->frame_bytes);
    for (size_t i = 0; i < n; i++) {
        memcpy(l->before, l->newest, h->frame_bytes);
        l->newest_at = l->n - c.left;
        if (c.left == 0 || !decode(&c, l->newest, h->frame_bytes))
            return false;
    }
    return c.left == 0;
}

static dq_status load_group(dq_frame_history *h, size_t lane_number, uint64_t begin, dq_reader *r)
{
    lane_frames *l = &h->lanes[lane_number];
    uint64_t segment = begin / h->segment_rounds;
    uint32_t n_frames, n;
    dq_read_u32(r, &n_frames);
    DQ_TRY(dq_read_u32(r, &n));
    if (n_frames > DQ_GROUP_ROUNDS || (n_frames == 0) != (n == 0) ||
        n > DQ_GROUP_ROUNDS * dq_frame_code_max(h->frame_bytes))
        return fail_damaged(segment, "has impossible numbers");
    if (n == 0)
        return DQ_OK;
    if (l->n > 0 && l->next != begin)
        return fail_damaged(segment, "lacks frames");
    if (l->n > 0)
        DQ_TRY(store_group(h, lane_number, begin - 1, l->code, l->n));
    l->n = n;
    l->next = begin + n_frames;
    DQ_TRY(dq_read(r, l->code, n));
    return decode_group(h, l, n_frames) ? DQ_OK : fail_damaged(segment, "is damaged");
}

dq_status dq_frame_history_load(dq_frame_history *h, uint64_t number, dq_reader *r)
{
    uint64_t begin = number * h->segment_rounds;
    for (uint64_t round = begin; round < begin + h->segment_rounds; round += DQ_GROUP_ROUNDS)
        for (size_t i = 0; i < h->n_lanes; i++)
            DQ_TRY(load_group(h, i, round, r));
    return DQ_OK;
}
