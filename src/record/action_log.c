#include "record/action_log.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "base/plain_file.h"
#include "base/stream_internal.h"
#include "record/action_record.h"
#include "record/append_file.h"
#include "record/file_names.h"
#include "record/framed_records.h"

enum { STATE_EVERY = 100000, FIRST_ROOM = 1024 };  // steps of an environment

/** The actions of an environment that are in no record yet. */
typedef struct waiting {
    uint16_t *actions;  // [n]
    size_t n, cap;
    int64_t begin;       // number of the first of them
    int64_t game_begin;  // first step of its game
    int64_t state_at;    // steps before the last state that was written; 0: none, it begins there
    uint64_t seen;       // of its game
} waiting;

struct dq_action_log {
    dq_append_file file;
    size_t n_damaged;
    int n_lanes, n_actions;
    bool has_head;
    int64_t last;      // records of later steps will come again
    waiting *lanes;    // [n_lanes]
    dq_writer *bytes;  // of the record at hand
};

static uint64_t mix(uint64_t seen, uint64_t word)
{
    const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);  // Fibonacci hashing: Knuth, 6.4
    seen = (seen ^ word) * factor;
    return seen ^ seen >> 32;
}

uint64_t dq_action_seen(uint64_t seen, const dq_logged_action *a)
{
    const uint8_t *frame = a->frame;
    uint64_t words[2] = {0};
    memcpy(words, (float[]){a->reward, a->clipped, a->ended_points}, 3 * sizeof(float));
    words[1] |= (uint64_t)(a->flags + 1) << 32;
    seen = mix(mix(seen, words[0]), words[1]);
    for (size_t left = a->frame_bytes, n; left > 0; left -= n, frame += n) {
        uint64_t word = 0;
        n = left < sizeof(word) ? left : sizeof(word);
        memcpy(&word, frame, n);
        seen = mix(seen, word);
    }
    return seen;
}

/* ---------------------------------------------------------------- opening */

static void note_part(waiting *l, const dq_action_record *r)
{
    bool is_over = r->kind == DQ_ACTION_GAME;
    l->begin = r->end;
    l->game_begin = is_over ? r->end : r->game_begin;
    l->seen = is_over ? 0 : r->seen;
}

static bool fits(const dq_action_log *log, const dq_action_record *r)
{
    if (r->kind == DQ_ACTION_HEAD)
        return !log->has_head && r->lane == log->n_lanes && r->number == log->n_actions;
    return log->has_head && r->lane < log->n_lanes;
}

static dq_verdict judge(void *ctx, const uint8_t *bytes, size_t n)
{
    dq_action_log *log = ctx;
    dq_action_record r;
    if (!dq_action_record_take(&r, bytes, n) || !fits(log, &r))
        return DQ_PIECE_DAMAGED;
    if (r.step > log->last)
        return DQ_PIECE_LATER;
    if (r.kind == DQ_ACTION_HEAD)
        log->has_head = true;
    else if (r.kind == DQ_ACTION_STATE)
        log->lanes[r.lane].state_at = r.end;
    else
        note_part(&log->lanes[r.lane], &r);
    return DQ_PIECE_KEPT;
}

static dq_status put(dq_action_log *log, const dq_action_record *r)
{
    static const uint8_t room[DQ_FRAME_HEAD];
    dq_writer_clear(log->bytes);
    dq_write(log->bytes, room, DQ_FRAME_HEAD);
    dq_action_record_put(log->bytes, r);
    size_t n = log->bytes->n - DQ_FRAME_HEAD;
    DQ_TRY(dq_write(log->bytes, room, DQ_FRAME_BYTES - DQ_FRAME_HEAD));
    dq_frame_record(log->bytes->bytes, n);
    return dq_append_put(&log->file, log->bytes->bytes, log->bytes->n);
}

static dq_status open_file(dq_action_log *log, const char *path)
{
    char aside[DQ_PATH_CAP];
    size_t end;
    dq_repair repair = {.n = 0};
    DQ_TRY(dq_path_format(aside, sizeof(aside), "%s.damaged", path));
    DQ_TRY(dq_plain_check(path));
    dq_framed_look(&repair, path, judge, log);
    DQ_TRY(dq_repair_finish(&repair, path, aside, &end, &log->n_damaged));
    DQ_TRY(dq_append_open(&log->file, path, (off_t)end));
    if (log->has_head)
        return DQ_OK;
    DQ_TRY(put(log, &(dq_action_record){
                        .kind = DQ_ACTION_HEAD, .lane = log->n_lanes, .number = log->n_actions}));
    return dq_append_flush(&log->file);
}

dq_status dq_action_log_open(dq_action_log **out, const dq_action_log_place *place)
{
    dq_action_log *log = *out = calloc(1, sizeof(*log));
    if (!log)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a log of actions");
    log->file.fd = -1;
    log->n_lanes = place->n_lanes;
    log->n_actions = place->n_actions;
    log->last = place->step;
    log->lanes = calloc((size_t)place->n_lanes, sizeof(*log->lanes));
    dq_status st = log->lanes ? dq_writer_create(&log->bytes)
                              : dq_fail(DQ_ERR_NOMEM, "no memory for a log of actions");
    if (st == DQ_OK)
        st = open_file(log, place->path);
    if (st != DQ_OK) {
        (void)dq_action_log_close(log);
        *out = NULL;
    }
    return st;
}

size_t dq_action_log_damaged(const dq_action_log *log)
{
    return log->n_damaged;
}

int64_t dq_action_log_steps(const dq_action_log *log, int lane)
{
    return log->lanes[lane].begin + (int64_t)log->lanes[lane].n;
}

void dq_action_log_skip(dq_action_log *log, int lane, int64_t step)
{
    waiting *l = &log->lanes[lane];
    l->begin = step;
    l->n = 0;
    l->game_begin = DQ_GAME_UNKNOWN;
    l->state_at = step - STATE_EVERY;
}

/* ---------------------------------------------------------------- while it runs */

dq_status dq_action_log_add(dq_action_log *log, const dq_logged_action *a)
{
    waiting *l = &log->lanes[a->lane];
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : FIRST_ROOM;
        uint16_t *actions = realloc(l->actions, cap * sizeof(*actions));
        if (!actions) {
            dq_action_log_skip(log, a->lane, l->begin + (int64_t)l->n + 1);
            return dq_fail(DQ_ERR_NOMEM, "%s: no memory for the actions of a game", log->file.path);
        }
        l->actions = actions;
        l->cap = cap;
    }
    l->actions[l->n++] = (uint16_t)a->action;
    l->seen = dq_action_seen(l->seen, a);
    return DQ_OK;
}

/** What waits of an environment becomes a record. */
static dq_status put_actions(dq_action_log *log, dq_action_record *r)
{
    waiting *l = &log->lanes[r->lane];
    size_t n_bytes = dq_action_packed_bytes(l->n, log->n_actions);
    uint8_t *packed = malloc(n_bytes + 1);
    if (!packed)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for the actions of a game", log->file.path);
    dq_action_pack(packed, l->actions, l->n, log->n_actions);
    r->begin = l->begin;
    r->end = l->begin + (int64_t)l->n;
    r->game_begin = l->game_begin;
    r->seen = l->seen;
    r->bytes = packed;
    r->n_bytes = n_bytes;
    dq_status st = put(log, r);
    free(packed);
    if (st != DQ_OK)
        return st;
    l->n = 0;
    note_part(l, r);
    return DQ_OK;
}

dq_status dq_action_log_game(dq_action_log *log, int lane, int64_t number, double points,
                             int64_t step)
{
    dq_status st = put_actions(log, &(dq_action_record){.kind = DQ_ACTION_GAME,
                                                        .lane = lane,
                                                        .number = number,
                                                        .points = points,
                                                        .step = step});
    if (st != DQ_OK) {
        dq_action_log_skip(log, lane, dq_action_log_steps(log, lane));
        return st;
    }
    return dq_append_flush(&log->file);
}

dq_status dq_action_log_rest(dq_action_log *log, int64_t step)
{
    for (int i = 0; i < log->n_lanes; i++)
        if (log->lanes[i].n > 0)
            DQ_TRY(put_actions(
                log, &(dq_action_record){.kind = DQ_ACTION_PART, .lane = i, .step = step}));
    return dq_append_flush(&log->file);
}

bool dq_action_log_wants_state(const dq_action_log *log, int lane)
{
    return dq_action_log_steps(log, lane) - log->lanes[lane].state_at >= STATE_EVERY;
}

dq_status dq_action_log_state(dq_action_log *log, int lane, int64_t lane_step, int64_t step,
                              const void *state, size_t n)
{
    uLongf n_packed = compressBound((uLong)n);
    uint8_t *packed = malloc(n_packed);
    if (!packed || compress2(packed, &n_packed, state, (uLong)n, Z_BEST_SPEED) != Z_OK) {
        free(packed);
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for the state of a game", log->file.path);
    }
    dq_status st = put(log, &(dq_action_record){.kind = DQ_ACTION_STATE,
                                                .lane = lane,
                                                .step = step,
                                                .begin = lane_step,
                                                .end = lane_step,
                                                .n_whole = n,
                                                .bytes = packed,
                                                .n_bytes = n_packed});
    free(packed);
    if (st == DQ_OK)
        log->lanes[lane].state_at = lane_step;
    return st;
}

dq_status dq_action_log_flush(dq_action_log *log)
{
    return dq_append_flush(&log->file);
}

dq_status dq_action_log_sync(dq_action_log *log)
{
    return dq_append_sync(&log->file);
}

dq_status dq_action_log_close(dq_action_log *log)
{
    if (!log)
        return DQ_OK;
    dq_status st = dq_append_close(&log->file);
    for (int i = 0; log->lanes && i < log->n_lanes; i++)
        free(log->lanes[i].actions);
    free(log->lanes);
    dq_writer_destroy(log->bytes);
    free(log);
    return st;
}
