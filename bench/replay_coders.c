/* The codes of packed frames (src/replay/frame_code.h) beside LZ4's and Zstandard's of the same
 * differences, on frames of random play in the dialect sb3.
 *
 *   cc -O2 -Iinclude -Isrc bench/replay_coders.c build/src/libdeepq.a -o build/replay_coders \
 *      $(pkg-config --libs --static liblz4 libzstd libzip libprotobuf-c jansson zlib libmd) \
 *      -lm -lpthread -ldl
 *   build/replay_coders Pong Breakout Seaquest SpaceInvaders Enduro BattleZone
 *
 * For each game and each number of frames between two that stand alone: bytes a frame, and the
 * microseconds of encoding and decoding one. */
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "deepq/atari_env.h"
#include "deepq/env.h"
#include "deepq/rng.h"
#include "replay/frame_code.h"

enum { FRAME = 84 * 84, STATE = 4 * FRAME, N = 20000, ROOM = 2 * FRAME };

static uint8_t frames[N][FRAME], difference[N][FRAME], scratch[FRAME];
static uint8_t *codes;
static size_t at[N + 1];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static dq_status play(const char *game)
{
    static uint8_t obs[STATE];
    char id[64];
    dq_env *env;
    dq_preprocessing how;
    dq_rng rng = dq_rng_stream(0, "frames");
    snprintf(id, sizeof(id), "%sNoFrameskip-v4", game);
    dq_status st = dq_preprocessing_init(&how, "sb3");
    if (st == DQ_OK)
        st = dq_env_make_preprocessed(&env, id, &how, NULL);
    if (st != DQ_OK)
        return st;
    st = dq_env_reset(env, obs);
    for (int i = 0; i < N && st == DQ_OK; i++) {
        dq_step step;
        memcpy(frames[i], obs + STATE - FRAME, FRAME);
        uint32_t n_actions = (uint32_t)dq_env_get_spec(env)->n_actions;
        st = dq_env_step(env, (int)dq_rng_below(&rng, n_actions), obs, &step);
        if (st == DQ_OK && (step.terminated || step.truncated))
            st = dq_env_reset(env, obs);
    }
    dq_env_destroy(env);
    return st;
}

typedef struct coder {
    const char *name;
    size_t (*encode)(uint8_t *code, int i);
    void (*decode)(uint8_t *frame, const uint8_t *code, size_t n);
} coder;

static size_t encode_ours(uint8_t *code, int i)
{
    static const uint8_t zeros[FRAME];
    return dq_frame_encode(code, difference[i], zeros, FRAME, scratch);
}

static void decode_ours(uint8_t *frame, const uint8_t *code, size_t n)
{
    memset(frame, 0, FRAME);
    (void)dq_frame_decode(frame, FRAME, code, n);
}

static size_t encode_lz4(uint8_t *code, int i)
{
    return (size_t)LZ4_compress_default((const char *)difference[i], (char *)code, FRAME, ROOM);
}

static void decode_lz4(uint8_t *frame, const uint8_t *code, size_t n)
{
    (void)LZ4_decompress_safe((const char *)code, (char *)frame, (int)n, FRAME);
}

static size_t encode_zstd(uint8_t *code, int i)
{
    return ZSTD_compress(code, ROOM, difference[i], FRAME, 1);
}

static void decode_zstd(uint8_t *frame, const uint8_t *code, size_t n)
{
    (void)ZSTD_decompress(frame, FRAME, code, n);
}

static void measure(const coder *c)
{
    static uint8_t frame[FRAME];
    double begin = now();
    for (int i = 0; i < N; i++)
        at[i + 1] = at[i] + c->encode(codes + at[i], i);
    double encoded = now();
    for (int i = 0; i < N; i++) {
        c->decode(frame, codes + at[i], at[i + 1] - at[i]);
        __asm__ volatile("" : : "r"(frame) : "memory");
    }
    double decoded = now();
    for (int i = 0; i < N; i += 97) {
        c->decode(frame, codes + at[i], at[i + 1] - at[i]);
        if (memcmp(frame, difference[i], FRAME) != 0)
            printf("%s loses something in frame %d\n", c->name, i);
    }
    printf("  %s %.0f B, %.2f, %.2f us", c->name, (double)at[N] / N, (encoded - begin) / N * 1e6,
           (decoded - encoded) / N * 1e6);
}

int main(int argc, char **argv)
{
    static const coder coders[] = {{"deepq", encode_ours, decode_ours},
                                   {"lz4", encode_lz4, decode_lz4},
                                   {"zstd -1", encode_zstd, decode_zstd}};
    codes = malloc((size_t)N * ROOM);
    for (int g = 1; g < argc && codes; g++) {
        if (play(argv[g]) != DQ_OK) {
            printf("%s: %s\n", argv[g], dq_errmsg());
            continue;
        }
        for (int every = 8; every <= 16; every *= 2) {
            for (int i = 0; i < N; i++)
                for (int k = 0; k < FRAME; k++)
                    difference[i][k] = frames[i][k] ^ (i % every ? frames[i - 1][k] : 0);
            printf("%-14s one of %2d whole:", argv[g], every);
            for (size_t c = 0; c < sizeof(coders) / sizeof(coders[0]); c++)
                measure(&coders[c]);
            printf("\n");
        }
    }
    free(codes);
    return 0;
}
