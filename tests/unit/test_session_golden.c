/* What ALE's interface gives besides pictures, frame by frame against ale-py: sound, strengths of
 * paddles, clones, frame numbers (tests/data/env/session.txt.gz, recorded by
 * tests/oracle/make_session_golden.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "deepq/atari.h"
#include "env/homebrew.h"
#include "golden_lines.h"

enum { PROGRAM_ROM = 2048, MAX_ROM = 32768 };

typedef struct player {
    dq_atari *a;
    dq_writer *clone;
} player;

/* What follows an action in a line of the golden. */
typedef struct expected {
    int reward, over, truncated, lives, frames, ticks;
    unsigned ram, screen, audio;
} expected;

/** A program of hexadecimal bytes at the start of 2 KiB that begin at F800. */
static size_t image_of_program(const char *hex, uint8_t *image)
{
    memset(image, 0, PROGRAM_ROM);
    for (size_t i = 0; hex[2 * i]; i++) {
        char byte[3] = {hex[2 * i], hex[2 * i + 1], 0};
        image[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    image[PROGRAM_ROM - 3] = image[PROGRAM_ROM - 1] = 0xF8;
    return PROGRAM_ROM;
}

static size_t image_of(const char *rom, uint8_t *image)
{
    void *found = NULL;
    size_t n;
    if (strncmp(rom, "own/", 4) == 0) {
        const dq_homebrew *own = dq_homebrew_by_id(golden_env_id(rom));
        memcpy(image, own->rom, own->rom_bytes);
        return own->rom_bytes;
    }
    if (strlen(rom) > 64)
        return image_of_program(rom, image);
    assert_int_equal(dq_rom_find(rom, NULL, &found, &n, NULL, 0), DQ_OK);
    assert_true(n <= MAX_ROM);
    memcpy(image, found, n);
    free(found);
    return n;
}

/** ALE's usual limit is -1, deepq's 0. */
static int paddle_limit(const char *line, const char *key)
{
    int limit = (int)golden_number(line, key);
    return limit == -1 ? 0 : limit == 0 ? -1 : limit;
}

static void start(player *p, const char *rom, const char *line)
{
    static uint8_t image[MAX_ROM];
    char game[32];
    size_t n = image_of(rom, image);
    assert_int_equal(sscanf(golden_value(line, "game"), "%31s", game), 1);
    dq_atari_config cfg = {.seed = (uint32_t)golden_number(line, "seed"),
                           .repeat_action_probability = (float)golden_number(line, "sticky"),
                           .game_id = game,
                           .sound = true,
                           .frame_skip = (int)golden_number(line, "frame_skip"),
                           .paddle_min = paddle_limit(line, "paddle_min"),
                           .paddle_max = paddle_limit(line, "paddle_max"),
                           .system_seed = (int64_t)golden_number(line, "system_random_seed"),
                           .life_loss_truncates = golden_number(line, "truncate_on_loss_of_life"),
                           .color_averaging = golden_number(line, "color_averaging")};
    if (cfg.system_seed == 0)
        cfg.system_seed = INT64_C(1) << 32;
    assert_int_equal(dq_atari_create(&p->a, image, n, &cfg), DQ_OK);
}

static void stop(player *p)
{
    dq_atari_destroy(p->a);
    dq_writer_destroy(p->clone);
    *p = (player){0};
}

static void keep_clone(player *p, bool include_rng)
{
    dq_writer_destroy(p->clone);
    p->clone = NULL;
    assert_int_equal(dq_writer_create(&p->clone), DQ_OK);
    assert_int_equal(dq_atari_clone(p->a, include_rng, p->clone), DQ_OK);
}

static void go_back(player *p)
{
    dq_reader *r;
    size_t n;
    const void *bytes = dq_writer_bytes(p->clone, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_atari_restore(p->a, r), DQ_OK);
    dq_reader_destroy(r);
}

/** Do what a line says; the rest of it is what comes of it. */
static int follow(player *p, const char *line, int n_lines, const char **rest)
{
    int action, include_rng, used = 0, reward = 0;
    float strength;
    if (sscanf(line, "act %d %f%n", &action, &strength, &used) == 2) {
        assert_int_equal(dq_atari_set_strength(p->a, strength), DQ_OK);
        reward = dq_atari_act(p->a, action, n_lines % 3 != 0);
    } else if (sscanf(line, "clone %d%n", &include_rng, &used) == 1) {
        keep_clone(p, include_rng);
    } else if (strncmp(line, "restore", 7) == 0) {
        used = 7;
        go_back(p);
    } else {
        assert_int_equal(strncmp(line, "reset", 5), 0);
        used = 5;
        dq_atari_reset(p->a);
    }
    *rest = line + used;
    return reward;
}

static void check(const player *p, int reward, const char *rest, int n_lines)
{
    expected e;
    const dq_atari *a = p->a;
    assert_int_equal(sscanf(rest, "%d %d %d %d %d %d %x %x %x", &e.reward, &e.over, &e.truncated,
                            &e.lives, &e.frames, &e.ticks, &e.ram, &e.screen, &e.audio),
                     9);
    assert_int_equal(reward, e.reward);
    assert_int_equal(dq_atari_game_over(a), e.over);
    assert_int_equal(dq_atari_truncated(a), e.truncated);
    assert_int_equal(dq_atari_lives(a), e.lives);
    assert_int_equal(dq_atari_frames(a), e.frames);
    assert_int_equal(dq_atari_ticks(a), e.ticks);
    assert_int_equal(crc32(0, dq_atari_ram(a), DQ_ATARI_RAM), e.ram);
    assert_int_equal(crc32(0, dq_atari_audio(a), DQ_ATARI_SAMPLES), e.audio);
    if (n_lines % 4 == 0)  // pictures of frames that were not drawn are run again: without a sound
        assert_int_equal(crc32(0, dq_atari_screen(a), (uInt)(DQ_ATARI_WIDTH * dq_atari_height(a))),
                         e.screen);
}

static void a_session_is_as_in_ale(void **state)
{
    (void)state;
    char line[512], rom[256];
    player p = {0};
    int n_lines = 0, n_cases = 0;
    gzFile f = golden_open("session.txt.gz");
    assert_non_null(f);
    while (gzgets(f, line, sizeof(line))) {
        const char *rest;
        n_lines++;
        if (sscanf(line, "case %255s", rom) == 1) {
            stop(&p);
            n_cases++;
            if (strlen(rom) > 64 || golden_has_rom(rom))
                start(&p, rom, line);
        } else if (p.a) {
            int reward = follow(&p, line, n_lines, &rest);
            check(&p, reward, rest, n_lines);
        }
    }
    stop(&p);
    gzclose(f);
    assert_int_equal(n_cases, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_session_is_as_in_ale)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
