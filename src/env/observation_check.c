#include "env/observation_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "deepq/env.h"
#include "env/atari_session.h"
#include "env/book_chain.h"

enum {
    HEADER_BYTES = 64,
    RECORD_BYTES = 16,
    KIND_STEP = 0,
    KIND_RESET = 1,
    NO_ACTION = 255,
    FRAME = 84 * 84,
    STACK = 4 * FRAME
};

static const char magic[8] = "ATROBSRV";

typedef struct record {
    uint8_t kind, action, over, lives;
    int32_t reward;
    uint32_t frame_crc, stack_crc;
} record;

static uint32_t get_u32(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static record get_record(const uint8_t *bytes, uint32_t i)
{
    const uint8_t *b = bytes + HEADER_BYTES + (size_t)i * RECORD_BYTES;
    return (record){b[0],           b[1],           b[2], b[3], (int32_t)get_u32(b + 4),
                    get_u32(b + 8), get_u32(b + 12)};
}

bool dq_observation_is(const void *bytes, size_t n)
{
    return n >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

static dq_status odd(const char *what)
{
    return dq_fail(DQ_ERR_INPUT, "observation reference: %s: get a fresh copy of it", what);
}

/** A session starts with a reset, and a reset follows the end of a game and nothing else. */
static dq_status check_order(const uint8_t *bytes, uint32_t n_records)
{
    bool expect_reset = true;
    for (uint32_t i = 0; i < n_records; i++) {
        record r = get_record(bytes, i);
        if (r.kind != (expect_reset ? KIND_RESET : KIND_STEP))
            return dq_fail(DQ_ERR_INPUT,
                           "observation reference: record %u is of kind %u: should "
                           "be a %s",
                           i, r.kind, expect_reset ? "reset" : "step");
        expect_reset = r.kind == KIND_STEP && r.over;
    }
    return DQ_OK;
}

dq_status dq_observation_header_parse(dq_observation_header *header, const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    *header = (dq_observation_header){0};
    if (!dq_observation_is(bytes, n))
        return odd("does not begin with ATROBSRV");
    if (n < HEADER_BYTES)
        return odd("ends within its header");
    if (get_u32(b + 8) != 1)
        return dq_fail(DQ_ERR_INPUT, "observation reference of version %u: this deepq reads 1",
                       get_u32(b + 8));
    if (get_u32(b + 12) != HEADER_BYTES || get_u32(b + 16) != RECORD_BYTES)
        return odd("header or records have another size");
    header->n_records = get_u32(b + 20);
    header->action_seed = get_u32(b + 24) | (uint64_t)get_u32(b + 28) << 32;
    memcpy(header->game_id, b + 32, 32);
    if ((n - HEADER_BYTES) / RECORD_BYTES != header->n_records ||
        (n - HEADER_BYTES) % RECORD_BYTES != 0)
        return dq_fail(DQ_ERR_INPUT,
                       "observation reference of %zu bytes: %u records should make it %zu", n,
                       header->n_records, HEADER_BYTES + (size_t)header->n_records * RECORD_BYTES);
    return check_order(bytes, header->n_records);
}

/* Two players: the wrappers one around the other, and all in one. */

typedef struct player {
    const char *name;
    dq_env *env;
    bool scaled;         // observations are float32
    uint8_t obs[STACK];  // if they are bytes
    float stack[STACK];
    uint8_t frame[FRAME];  // the newest
} player;

static void see(player *p)
{
    if (!p->scaled)
        for (int i = 0; i < STACK; i++)
            p->stack[i] = (float)p->obs[i] / 255.0f;
    for (int i = 0; i < FRAME; i++)
        p->frame[i] = (uint8_t)lrintf(p->stack[STACK - FRAME + i] * 255.0f);
}

static dq_status take_turn(player *p, const record *want, record *got)
{
    void *obs = p->scaled ? (void *)p->stack : p->obs;
    *got = (record){.kind = want->kind, .action = want->action};
    if (want->kind == KIND_RESET) {
        DQ_TRY(dq_env_reset(p->env, obs));
    } else {
        dq_step result;
        DQ_TRY(dq_env_step(p->env, want->action, obs, &result));
        got->over = result.terminated || result.truncated;
        got->reward = (int32_t)result.reward;
    }
    see(p);
    got->lives = (uint8_t)dq_env_lives(p->env);
    got->frame_crc = (uint32_t)crc32(0, p->frame, FRAME);
    got->stack_crc = (uint32_t)crc32(0, (const void *)p->stack, sizeof(p->stack));
    return DQ_OK;
}

/** Returns whether they are equal, and says in `text` what is not. */
static bool compare(const char *player_name, const record *want, const record *got, char *text,
                    size_t cap)
{
    const char *what = NULL;
    if (got->reward != want->reward)
        what = "reward";
    else if (got->over != want->over)
        what = "game over";
    else if (got->lives != want->lives)
        what = "lives";
    if (what) {
        snprintf(text, cap, "%s: %s: reward %d, over %d, lives %d, the reference has %d, %d, %d",
                 player_name, what, got->reward, got->over, got->lives, want->reward, want->over,
                 want->lives);
        return false;
    }
    if (got->frame_crc != want->frame_crc)
        snprintf(text, cap, "%s: frame CRC %08x, the reference has %08x", player_name,
                 got->frame_crc, want->frame_crc);
    else if (got->stack_crc != want->stack_crc)
        snprintf(text, cap, "%s: stack CRC %08x, the reference has %08x", player_name,
                 got->stack_crc, want->stack_crc);
    else
        return true;
    return false;
}

/** What is impossible in a session that a file describes is the file's fault. */
static dq_status blame(dq_status st)
{
    return st == DQ_ERR_CONFIG ? DQ_ERR_INPUT : st;
}

static dq_status replay(dq_observation_report *report, const uint8_t *bytes, player *players)
{
    for (uint32_t i = 0; i < report->header.n_records; i++) {
        record want = get_record(bytes, i), got;
        for (int p = 0; p < 2; p++) {
            dq_status st = take_turn(&players[p], &want, &got);
            if (st != DQ_OK)
                return dq_fail_within(blame(st), "observation reference: record %u", i);
            if (!compare(players[p].name, &want, &got, report->difference,
                         sizeof(report->difference))) {
                report->record = i;
                return DQ_OK;
            }
        }
        report->n_equal++;
    }
    report->equal = true;
    return DQ_OK;
}

dq_status dq_observation_check(dq_observation_report *report, const void *bytes, size_t n,
                               const void *rom, size_t rom_bytes)
{
    *report = (dq_observation_report){0};
    DQ_TRY(dq_observation_header_parse(&report->header, bytes, n));
    player *players = calloc(2, sizeof(*players));
    if (!players)
        return dq_fail(DQ_ERR_NOMEM, "no memory to check an observation reference");
    dq_atari_env_config cfg = {
        .id = report->header.game_id,
        .game_id = report->header.game_id,
        .seed = 1,
        .skip_low = 1,
        .skip_high = 1,
    };
    players[0].name = "composed";
    players[0].scaled = true;
    players[1].name = "fused";
    dq_status st = dq_book_chain_create(&players[0].env, rom, rom_bytes, &cfg);
    if (st == DQ_OK)
        st = dq_book_env_create(&players[1].env, rom, rom_bytes, &cfg);
    st = st == DQ_OK ? replay(report, bytes, players) : blame(st);
    dq_env_destroy(players[0].env);
    dq_env_destroy(players[1].env);
    free(players);
    return st;
}
