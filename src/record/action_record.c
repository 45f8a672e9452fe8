#include "record/action_record.h"

#include <stdlib.h>

enum { HEAD_BYTES = 2 * 4 + 8 * 8, WORD_BYTES = 8 };
static const uint64_t MOST = (uint64_t)1 << 53;  // of anything that is counted

dq_status dq_action_record_put(dq_writer *w, const dq_action_record *r)
{
    dq_write_u32(w, r->kind);
    dq_write_u32(w, (uint32_t)r->lane);
    dq_write_u64(w, (uint64_t)r->step);
    dq_write_u64(w, (uint64_t)r->begin);
    dq_write_u64(w, (uint64_t)r->end);
    dq_write_u64(w, (uint64_t)r->game_begin);
    dq_write_u64(w, (uint64_t)r->number);
    dq_write_f64(w, r->points);
    dq_write_u64(w, r->seen);
    dq_write_u64(w, r->n_whole);
    return dq_write(w, r->bytes, r->n_bytes);
}

static bool is_possible(const dq_action_record *r)
{
    const int64_t most = (int64_t)MOST;
    return r->kind >= DQ_ACTION_HEAD && r->kind <= DQ_ACTION_STATE && r->lane >= 0 &&
           r->step >= 0 && r->step <= most && r->begin >= 0 && r->begin <= r->end &&
           r->end <= most && r->game_begin >= DQ_GAME_UNKNOWN && r->game_begin <= r->end &&
           r->number >= 0;
}

bool dq_action_record_take(dq_action_record *r, const uint8_t *bytes, size_t n)
{
    dq_reader *reader;
    uint32_t kind = 0, lane = 0;
    uint64_t v[7] = {0};
    if (n < HEAD_BYTES || dq_reader_create(&reader, bytes, n) != DQ_OK)
        return false;
    dq_read_u32(reader, &kind);
    dq_read_u32(reader, &lane);
    for (int i = 0; i < 5; i++)
        dq_read_u64(reader, &v[i]);
    dq_read_f64(reader, &r->points);
    dq_read_u64(reader, &v[5]);
    dq_status st = dq_read_u64(reader, &v[6]);
    dq_reader_destroy(reader);
    *r = (dq_action_record){.kind = (dq_action_kind)(kind > DQ_ACTION_STATE ? 0 : kind),
                            .lane = lane > INT32_MAX ? -1 : (int)lane,
                            .step = (int64_t)v[0],
                            .begin = (int64_t)v[1],
                            .end = (int64_t)v[2],
                            .game_begin = (int64_t)v[3],
                            .number = (int64_t)v[4],
                            .points = r->points,
                            .seen = v[5],
                            .n_whole = (size_t)v[6],
                            .bytes = bytes + HEAD_BYTES,
                            .n_bytes = n - HEAD_BYTES};
    return st == DQ_OK && is_possible(r);
}

/* ---------------------------------------------------------------- packing */

/** How many digits of this base a word holds; of a power of two, one less than it could. */
static size_t actions_of_word(uint64_t base)
{
    size_t n = 1;
    for (uint64_t power = base; power <= UINT64_MAX / base; power *= base)
        n++;
    return n;
}

static uint64_t base_of(int n_actions)
{
    return n_actions > 1 ? (uint64_t)n_actions : 2;
}

size_t dq_action_packed_bytes(size_t n, int n_actions)
{
    size_t per_word = actions_of_word(base_of(n_actions));
    return (n + per_word - 1) / per_word * WORD_BYTES;
}

void dq_action_pack(uint8_t *bytes, const uint16_t *actions, size_t n, int n_actions)
{
    const uint64_t base = base_of(n_actions);
    const size_t per_word = actions_of_word(base);
    for (size_t at = 0; at < n; at += per_word, bytes += WORD_BYTES) {
        uint64_t word = 0;
        for (size_t i = n - at < per_word ? n - at : per_word; i > 0; i--)
            word = word * base + actions[at + i - 1];
        for (int i = 0; i < WORD_BYTES; i++)
            bytes[i] = (uint8_t)(word >> 8 * i);
    }
}

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (int i = 0; i < WORD_BYTES; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

void dq_action_unpack(uint16_t *actions, const uint8_t *bytes, size_t from, size_t n, int n_actions)
{
    const uint64_t base = base_of(n_actions);
    const size_t per_word = actions_of_word(base);
    uint64_t word = 0;
    for (size_t at = from - from % per_word; at < from + n; at++) {
        if (at % per_word == 0)
            word = word_at(bytes + at / per_word * WORD_BYTES);
        if (at >= from)
            actions[at - from] = (uint16_t)(word % base);
        word /= base;
    }
}
