#include "record/action_history.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "record/action_record.h"
#include "record/framed_records.h"

enum { MOST_LANES = 65535, MOST_ACTIONS = 65535, MOST_COMPRESSED = 1100 };  // zlib: 1032 times
static const size_t MOST_STATE_BYTES = (size_t)1 << 30;

typedef struct dq_history_part {
    int lane;
    bool is_state;
    int64_t begin, end;  // as in dq_action_record
    size_t at, n_bytes;  // in `bytes`
    size_t n_whole;
} part;

/** What grows while the file is read. */
typedef struct reading {
    dq_action_history *h;
    size_t n_bytes, cap_bytes, cap_parts, cap_games;
    dq_status status;
} reading;

/* ---------------------------------------------------------------- reading */

/** Room for n more of `size` bytes; false: no memory. */
static bool grow(void **array, size_t *cap, size_t used, size_t n, size_t size)
{
    size_t wanted = *cap ? *cap : 64;
    while (wanted < used + n)
        wanted *= 2;
    if (wanted == *cap)
        return true;
    void *larger = realloc(*array, wanted * size);
    if (!larger)
        return false;
    *array = larger;
    *cap = wanted;
    return true;
}

static bool add_bytes(reading *r, const uint8_t *bytes, size_t n)
{
    if (!grow(&r->h->bytes, &r->cap_bytes, r->n_bytes, n, 1))
        return false;
    if (n > 0)
        memcpy((uint8_t *)r->h->bytes + r->n_bytes, bytes, n);
    r->n_bytes += n;
    return true;
}

static bool add_part(reading *r, const dq_action_record *record)
{
    dq_action_history *h = r->h;
    if (record->kind != DQ_ACTION_STATE && record->begin == record->end)
        return true;
    size_t at = r->n_bytes;
    if (!add_bytes(r, record->bytes, record->n_bytes))
        return false;
    if (!grow((void **)&h->parts, &r->cap_parts, h->n_parts, 1, sizeof(*h->parts)))
        return false;
    h->parts[h->n_parts++] = (part){.lane = record->lane,
                                    .is_state = record->kind == DQ_ACTION_STATE,
                                    .begin = record->begin,
                                    .end = record->end,
                                    .at = at,
                                    .n_bytes = record->n_bytes,
                                    .n_whole = record->n_whole};
    return true;
}

static bool add_game(reading *r, const dq_action_record *record)
{
    dq_action_history *h = r->h;
    if (record->kind != DQ_ACTION_GAME)
        return true;
    if (record->game_begin == DQ_GAME_UNKNOWN) {
        h->n_lost++;
        return true;
    }
    if (!grow((void **)&h->games, &r->cap_games, h->n_games, 1, sizeof(*h->games)))
        return false;
    h->games[h->n_games++] = (dq_logged_game){.number = record->number,
                                              .step = record->step,
                                              .lane = record->lane,
                                              .begin = record->game_begin,
                                              .end = record->end,
                                              .points = record->points,
                                              .seen = record->seen};
    return true;
}

static bool fits(const dq_action_history *h, const dq_action_record *r)
{
    if (r->kind == DQ_ACTION_HEAD)
        return h->n_lanes == 0 && r->lane >= 1 && r->lane <= MOST_LANES && r->number >= 1 &&
               r->number <= MOST_ACTIONS;
    if (r->lane >= h->n_lanes)
        return false;
    if (r->kind == DQ_ACTION_STATE)
        return r->n_whole <= MOST_STATE_BYTES && r->n_whole / MOST_COMPRESSED <= r->n_bytes;
    uint64_t n = (uint64_t)(r->end - r->begin);
    return n / 8 <= r->n_bytes * 8 &&  // a word holds 63 at most
           dq_action_packed_bytes((size_t)n, h->n_actions) == r->n_bytes;
}

static dq_verdict judge(void *ctx, const uint8_t *bytes, size_t n)
{
    reading *r = ctx;
    dq_action_record record;
    if (!dq_action_record_take(&record, bytes, n) || !fits(r->h, &record))
        return DQ_PIECE_DAMAGED;
    if (record.kind == DQ_ACTION_HEAD) {
        r->h->n_lanes = record.lane;
        r->h->n_actions = (int)record.number;
    } else if (!add_part(r, &record) || !add_game(r, &record)) {
        r->status = dq_fail(DQ_ERR_NOMEM, "no memory for the games of a run");
    }
    return DQ_PIECE_KEPT;
}

static dq_status finish(reading *r, dq_repair *repair, const char *name)
{
    size_t n_damaged = dq_repair_drop(repair);
    dq_status st = dq_first_failure(repair->status, r->status);
    if (st == DQ_OK && n_damaged > 0)
        st = dq_fail(DQ_ERR_INPUT, "%s: records damaged: %zu: resuming the run sets them aside",
                     name, n_damaged);
    if (st == DQ_OK && r->h->n_lanes == 0)
        st = dq_fail(DQ_ERR_NOT_FOUND, "%s: no log of actions", name);
    if (st != DQ_OK)
        dq_action_history_free(r->h);
    return st;
}

dq_status dq_action_history_read(dq_action_history *h, const char *path)
{
    dq_repair repair = {.n = 0};
    *h = (dq_action_history){0};
    reading r = {.h = h};
    dq_framed_look(&repair, path, judge, &r);
    return finish(&r, &repair, path);
}

dq_status dq_action_history_parse(dq_action_history *h, const uint8_t *bytes, size_t n,
                                  const char *name)
{
    dq_repair repair = {.n = 0};
    *h = (dq_action_history){0};
    reading r = {.h = h};
    dq_framed_look_at(&repair, bytes, n, judge, &r);
    return finish(&r, &repair, name);
}

void dq_action_history_free(dq_action_history *h)
{
    free(h->games);
    free(h->parts);
    free(h->bytes);
    *h = (dq_action_history){0};
}

/* ---------------------------------------------------------------- asking */

const dq_logged_game *dq_action_history_game(const dq_action_history *h, int64_t number)
{
    for (size_t i = 0; i < h->n_games; i++)
        if (h->games[i].number == number)
            return &h->games[i];
    return NULL;
}

static bool holds(const part *p, int lane, int64_t step)
{
    return p->lane == lane && !p->is_state && p->begin <= step && step < p->end;
}

bool dq_action_history_actions(const dq_action_history *h, int lane, int64_t begin, size_t n,
                               uint16_t *actions)
{
    for (size_t i = 0; i < h->n_parts && n > 0; i++) {
        const part *p = &h->parts[i];
        if (!holds(p, lane, begin))
            continue;
        size_t here = (size_t)(p->end - begin) < n ? (size_t)(p->end - begin) : n;
        dq_action_unpack(actions, (const uint8_t *)h->bytes + p->at, (size_t)(begin - p->begin),
                         here, h->n_actions);
        actions += here;
        begin += (int64_t)here;
        n -= here;
    }
    return n == 0;
}

static dq_status unpack_state(const dq_action_history *h, const part *p, void **state, size_t *n)
{
    uLongf whole = (uLongf)p->n_whole;
    *n = p->n_whole;
    *state = malloc(*n + 1);
    if (!*state)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a state of %zu bytes", *n);
    int got = uncompress(*state, &whole, (const uint8_t *)h->bytes + p->at, (uLong)p->n_bytes);
    if (got == Z_OK && whole == p->n_whole)
        return DQ_OK;
    free(*state);
    *state = NULL;
    return dq_fail(DQ_ERR_INPUT, "the log of actions: a state in it is damaged");
}

dq_status dq_action_history_state(const dq_action_history *h, int lane, int64_t at, int64_t *begin,
                                  void **state, size_t *n)
{
    const part *best = NULL;
    for (size_t i = 0; i < h->n_parts; i++) {
        const part *p = &h->parts[i];
        if (p->lane == lane && p->is_state && p->end <= at && (!best || p->end >= best->end))
            best = p;
    }
    *begin = best ? best->end : 0;
    *state = NULL;
    *n = 0;
    return best ? unpack_state(h, best, state, n) : DQ_OK;
}
