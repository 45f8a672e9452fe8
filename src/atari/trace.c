#include "atari/trace.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "atari/session.h"
#include "base/error.h"

enum {
    HEADER_BYTES = 128,
    RECORD_BYTES = 16,
    KIND_FRAME = 0,
    KIND_LOADED = 1,
    KIND_RESET = 2,   // the first one, or after the end of a game
    KIND_FORCED = 3,  // in mid-game
    FLAG_OVER = 0x10,
    FLAG_TRUNCATED = 0x20,
    NO_ACTION = 255
};

static const char magic[8] = "ATRTRACE";

/* A record as it is in the file. */
typedef struct record {
    uint8_t kind;  // and flags
    uint8_t action;
    int16_t lives;
    int32_t reward;
    uint32_t ram, screen;  // CRC-32
} record;

static uint32_t u16_at(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t u32_at(const uint8_t *p)
{
    return u16_at(p) | u16_at(p + 2) << 16;
}

static record record_at(const uint8_t *p)
{
    return (record){.kind = p[0],
                    .action = p[1],
                    .lives = (int16_t)u16_at(p + 2),
                    .reward = (int32_t)u32_at(p + 4),
                    .ram = u32_at(p + 8),
                    .screen = u32_at(p + 12)};
}

bool dq_trace_is(const void *trace, size_t n)
{
    return n >= sizeof(magic) && memcmp(trace, magic, sizeof(magic)) == 0;
}

static void copy_text(char *out, const uint8_t *field, size_t n)
{
    memcpy(out, field, n);
    out[n] = '\0';
    for (char *c = out; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

static void read_header(dq_trace_header *h, const uint8_t *p)
{
    uint32_t float_bits = u32_at(p + 44);
    h->n_records = u32_at(p + 20);
    h->n_frames = u32_at(p + 24);
    h->width = (int)u16_at(p + 28);
    h->height = (int)u16_at(p + 30);
    h->mode = (int)u32_at(p + 32);
    h->difficulty = (int)u32_at(p + 36);
    h->seed = (int32_t)u32_at(p + 40);
    memcpy(&h->repeat_action_probability, &float_bits, sizeof(float_bits));
    h->action_seed = u32_at(p + 48) | (uint64_t)u32_at(p + 52) << 32;
    h->reset_period = u32_at(p + 56);
    h->is_pal = p[60] == 1;
    h->legal_actions = p[61] == 1;
    copy_text(h->game_id, p + 64, 32);
    copy_text(h->recorder, p + 112, 16);
    for (int i = 0; i < 16; i++)
        snprintf(h->md5 + 2 * i, 3, "%02x", p[96 + i]);
}

static dq_status check_header(const dq_trace_header *h, const uint8_t *p, size_t n)
{
    if (u32_at(p + 8) != 1 || u32_at(p + 12) != HEADER_BYTES || u32_at(p + 16) != RECORD_BYTES)
        return dq_fail(DQ_ERR_INPUT,
                       "trace of version %u with headers of %u and records of %u bytes: only "
                       "version 1 with 128 and 16 is known",
                       u32_at(p + 8), u32_at(p + 12), u32_at(p + 16));
    if (n - HEADER_BYTES != (uint64_t)h->n_records * RECORD_BYTES)
        return dq_fail(DQ_ERR_INPUT,
                       "trace is damaged: %zu bytes of records, the header says %u of %d",
                       n - HEADER_BYTES, h->n_records, RECORD_BYTES);
    if (h->n_records < 2 || h->n_frames > h->n_records)
        return dq_fail(DQ_ERR_INPUT, "trace is damaged: %u frames among %u records", h->n_frames,
                       h->n_records);
    if (h->width != DQ_ATARI_WIDTH || h->height < 1 || h->height > DQ_ATARI_MAX_HEIGHT)
        return dq_fail(DQ_ERR_INPUT, "trace is damaged: a screen of %d x %d pixels", h->width,
                       h->height);
    if (!(h->repeat_action_probability >= 0 && h->repeat_action_probability <= 1))
        return dq_fail(DQ_ERR_INPUT, "trace is damaged: repeat action probability %g",
                       (double)h->repeat_action_probability);
    return DQ_OK;
}

static dq_status check_records(const dq_trace_header *h, const uint8_t *p)
{
    uint32_t n_frames = 0;
    for (uint32_t i = 0; i < h->n_records; i++) {
        record r = record_at(p + HEADER_BYTES + (size_t)i * RECORD_BYTES);
        int kind = r.kind & 15;
        bool known = i == 0   ? kind == KIND_LOADED
                     : i == 1 ? kind == KIND_RESET
                              : kind == KIND_FRAME || kind == KIND_RESET || kind == KIND_FORCED;
        bool action_fits = kind == KIND_FRAME ? r.action < DQ_ATARI_ACTIONS : r.action == NO_ACTION;
        if (!known || !action_fits)
            return dq_fail(DQ_ERR_INPUT, "trace is damaged: record %u of kind %d with action %d", i,
                           kind, r.action);
        n_frames += kind == KIND_FRAME;
    }
    if (n_frames != h->n_frames)
        return dq_fail(DQ_ERR_INPUT, "trace is damaged: %u frame records, the header says %u",
                       n_frames, h->n_frames);
    return DQ_OK;
}

dq_status dq_trace_header_parse(dq_trace_header *header, const void *trace, size_t n)
{
    memset(header, 0, sizeof(*header));
    if (!dq_trace_is(trace, n))
        return dq_fail(DQ_ERR_INPUT, "not a trace: it does not begin with ATRTRACE");
    if (n < HEADER_BYTES)
        return dq_fail(DQ_ERR_INPUT, "trace is damaged: %zu bytes, less than its header", n);
    read_header(header, trace);
    DQ_TRY(check_header(header, trace, n));
    return check_records(header, trace);
}

/* ---------------------------------------------------------------- playing */

static record state_of(const dq_atari *a, int kind, int action, int reward)
{
    size_t screen_bytes = (size_t)dq_atari_height(a) * DQ_ATARI_WIDTH;
    int flags =
        (dq_atari_game_over(a) ? FLAG_OVER : 0) | (dq_atari_truncated(a) ? FLAG_TRUNCATED : 0);
    return (record){.kind = (uint8_t)(kind | flags),
                    .action = (uint8_t)action,
                    .lives = (int16_t)dq_atari_lives(a),
                    .reward = reward,
                    .ram = (uint32_t)crc32(0, dq_atari_ram(a), DQ_ATARI_RAM),
                    .screen = (uint32_t)crc32(0, dq_atari_screen(a), (uInt)screen_bytes)};
}

static dq_status open_session(dq_atari **out, const dq_trace_header *h, const void *rom, size_t n)
{
    dq_atari_config cfg = {.seed = (uint32_t)h->seed,
                           .repeat_action_probability = h->repeat_action_probability,
                           .game_id = h->game_id[0] ? h->game_id : NULL};
    return dq_atari_create(out, rom, n, &cfg);
}

static dq_status set_up(dq_atari *a, const dq_trace_header *h)
{
    DQ_TRY(dq_atari_set_mode(a, h->mode));
    return dq_atari_set_difficulty(a, h->difficulty);
}

static record play(dq_atari *a, int kind, int action)
{
    int reward = 0;
    if (kind == KIND_FRAME)
        reward = dq_atari_act(a, action, true);
    else if (kind != KIND_LOADED)
        dq_atari_reset(a);
    return state_of(a, kind, action, reward);
}

static bool differs(dq_trace_report *report, const record *want, const record *have)
{
    char *text = report->difference;
    size_t cap = sizeof(report->difference);
    if (want->ram != have->ram)
        snprintf(text, cap, "RAM: CRC-32 %08x, the trace has %08x", have->ram, want->ram);
    else if (want->screen != have->screen)
        snprintf(text, cap, "screen: CRC-32 %08x, the trace has %08x", have->screen, want->screen);
    else if (want->reward != have->reward)
        snprintf(text, cap, "reward: %d, the trace has %d", have->reward, want->reward);
    else if (want->lives != have->lives)
        snprintf(text, cap, "lives: %d, the trace has %d", have->lives, want->lives);
    else if (want->kind != have->kind)
        snprintf(text, cap, "game over or truncated: flags %d, the trace has %d", have->kind >> 4,
                 want->kind >> 4);
    else
        return false;
    return true;
}

/* Play and compare the records from..to-1; false when one differs. */
static bool compare(dq_trace_report *report, dq_atari *a, const uint8_t *records, uint32_t from,
                    uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        record want = record_at(records + (size_t)i * RECORD_BYTES);
        record have = play(a, want.kind & 15, want.action);
        report->record = i;
        report->frame = report->n_equal;
        if (differs(report, &want, &have))
            return false;
        report->n_equal += (want.kind & 15) == KIND_FRAME;
    }
    return true;
}

static dq_status replay(dq_trace_report *report, dq_atari *a, const uint8_t *records)
{
    const dq_trace_header *h = &report->header;
    if (dq_atari_height(a) != h->height) {
        snprintf(report->difference, sizeof(report->difference),
                 "screen: %d rows, the trace has %d", dq_atari_height(a), h->height);
        return DQ_OK;
    }
    if (!compare(report, a, records, 0, 1))
        return DQ_OK;
    DQ_TRY(set_up(a, h));
    report->equal = compare(report, a, records, 1, h->n_records);
    return DQ_OK;
}

dq_status dq_trace_check(dq_trace_report *report, const void *trace, size_t n, const void *rom,
                         size_t rom_bytes)
{
    dq_atari *a = NULL;
    memset(report, 0, sizeof(*report));
    DQ_TRY(dq_trace_header_parse(&report->header, trace, n));
    DQ_TRY(open_session(&a, &report->header, rom, rom_bytes));
    dq_status st = replay(report, a, (const uint8_t *)trace + HEADER_BYTES);
    dq_atari_destroy(a);
    return st;
}

/* ---------------------------------------------------------------- recording */

/* The traces' own generator of actions: SplitMix64 (Steele, Lea, Flood 2014), each draw held for 1
 * to 16 frames. */
typedef struct action_source {
    uint64_t state;
    const uint8_t *actions;
    uint32_t n;
    int action, left;
} action_source;

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static int next_action(action_source *s)
{
    if (s->left == 0) {
        uint64_t draw = split_mix(&s->state);
        s->action = s->actions[(draw >> 32) % s->n];
        s->left = 1 + (int)(draw & 15);
    }
    s->left--;
    return s->action;
}

static action_source source_of(const dq_atari *a, const dq_trace_header *h,
                               uint8_t legal[DQ_ATARI_ACTIONS])
{
    const dq_game *game = a->game;
    action_source s = {.state = h->action_seed,
                       .actions = game->info.minimal,
                       .n = (uint32_t)game->info.n_minimal};
    if (h->legal_actions) {
        s.actions = legal;
        s.n = 0;
        for (uint8_t i = 0; i < DQ_ATARI_ACTIONS; i++)
            if (game->legal >> i & 1)
                legal[s.n++] = i;
    }
    return s;
}

static void write_record(dq_writer *w, const record *r)
{
    dq_write_u32(w, r->kind | (uint32_t)r->action << 8 | (uint32_t)(uint16_t)r->lives << 16);
    dq_write_u32(w, (uint32_t)r->reward);
    dq_write_u32(w, r->ram);
    dq_write_u32(w, r->screen);
}

static void record_step(dq_writer *w, dq_trace_header *h, dq_atari *a, int kind, int action)
{
    record r = play(a, kind, action);
    write_record(w, &r);
    h->n_records++;
}

static dq_status record_session(dq_writer *records, dq_trace_header *h, dq_atari *a)
{
    uint8_t legal[DQ_ATARI_ACTIONS];
    action_source source = source_of(a, h, legal);
    record_step(records, h, a, KIND_LOADED, NO_ACTION);
    DQ_TRY(set_up(a, h));
    record_step(records, h, a, KIND_RESET, NO_ACTION);
    for (uint32_t n = 0; n < h->n_frames; n++) {
        if (dq_atari_game_over(a))
            record_step(records, h, a, KIND_RESET, NO_ACTION);
        else if (h->reset_period && n && n % h->reset_period == 0)
            record_step(records, h, a, KIND_FORCED, NO_ACTION);
        record_step(records, h, a, KIND_FRAME, next_action(&source));
    }
    return DQ_OK;
}

static void write_md5(dq_writer *w, const char *hex)
{
    for (int i = 0; i < 16; i++) {
        unsigned byte = 0;
        (void)sscanf(hex + 2 * i, "%2x", &byte);
        dq_write(w, &(uint8_t){(uint8_t)byte}, 1);
    }
}

static dq_status write_header(dq_writer *w, const dq_trace_header *h)
{
    uint32_t float_bits;
    memcpy(&float_bits, &h->repeat_action_probability, sizeof(float_bits));
    dq_write(w, magic, sizeof(magic));
    dq_write_u32(w, 1);
    dq_write_u32(w, HEADER_BYTES);
    dq_write_u32(w, RECORD_BYTES);
    dq_write_u32(w, h->n_records);
    dq_write_u32(w, h->n_frames);
    dq_write_u32(w, (uint32_t)h->width | (uint32_t)h->height << 16);
    dq_write_u32(w, (uint32_t)h->mode);
    dq_write_u32(w, (uint32_t)h->difficulty);
    dq_write_u32(w, (uint32_t)h->seed);
    dq_write_u32(w, float_bits);
    dq_write_u64(w, h->action_seed);
    dq_write_u32(w, h->reset_period);
    dq_write_u32(w, (uint32_t)h->is_pal | (uint32_t)h->legal_actions << 8);
    dq_write(w, h->game_id, 32);
    write_md5(w, h->md5);
    return dq_write(w, h->recorder, 16);
}

static dq_status write_trace(dq_writer *out, dq_trace_header *h, dq_atari *a)
{
    dq_writer *records = NULL;
    DQ_TRY(dq_writer_create(&records));
    dq_status st = record_session(records, h, a);
    size_t n;
    const void *bytes = dq_writer_bytes(records, &n);
    if (st == DQ_OK)
        st = write_header(out, h);
    if (st == DQ_OK)
        st = dq_write(out, bytes, n);
    dq_writer_destroy(records);
    return st;
}

dq_status dq_trace_record(dq_writer *out, const dq_trace_header *header, const void *rom,
                          size_t rom_bytes)
{
    dq_trace_header h = *header;
    dq_atari *a = NULL;
    DQ_TRY(open_session(&a, &h, rom, rom_bytes));
    h.n_records = 0;
    h.width = DQ_ATARI_WIDTH;
    h.height = dq_atari_height(a);
    h.is_pal = a->play.pal;
    memset(h.game_id, 0, sizeof(h.game_id));
    memcpy(h.game_id, a->game->info.id, strlen(a->game->info.id));
    memcpy(h.md5, a->md5, sizeof(h.md5));
    dq_status st = write_trace(out, &h, a);
    dq_atari_destroy(a);
    return st;
}
