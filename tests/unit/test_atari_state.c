/** A session saved at any frame continues, in itself or in another one, as if nothing had
 *  happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "deepq/rng.h"
#include "testroms.h"

/* One kind of each: every cartridge type, PAL, star field, frames of strange length. */
static const char *const kinds[] = {"cpu3",   "dpc_0", "e0_1",  "f6_0",  "f6sc_1", "f8_1",
                                    "f8sc_0", "fe_1",  "odd0",  "odd1",  "odd2",   "pal1",
                                    "riot0",  "riot1", "riot2", "riot3", "star0",  "tia05"};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]), N_FRAMES = 90 };

/* All that can be seen of the next frames, in one number. */
static uint32_t watch(dq_atari *a, int n_frames)
{
    uLong crc = 0;
    for (int i = 0; i < n_frames; i++) {
        if (i % 50 == 30)
            dq_atari_reset(a);
        int seen[4] = {dq_atari_act(a, (7 * i + 3) % 18, true), dq_atari_lives(a),
                       dq_atari_game_over(a), (int)dq_atari_ticks(a)};
        crc = crc32(crc, (const Bytef *)seen, sizeof(seen));
        crc = crc32(crc, dq_atari_ram(a), DQ_ATARI_RAM);
        crc = crc32(crc, dq_atari_screen(a), (uInt)(DQ_ATARI_WIDTH * dq_atari_height(a)));
    }
    return (uint32_t)crc;
}

static dq_writer *save(const dq_atari *a)
{
    dq_writer *w = NULL;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_atari_save(a, w), DQ_OK);
    return w;
}

static dq_status load(dq_atari *a, const void *bytes, size_t n)
{
    dq_reader *r = NULL;
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    dq_status st = dq_atari_load(a, r);
    dq_reader_destroy(r);
    return st;
}

static void a_saved_session_goes_on_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        dq_atari *a = testrom_session(kinds[i]), *fresh = testrom_session(kinds[i]);
        size_t n;
        (void)watch(a, 17 + i);
        dq_writer *w = save(a);
        const void *bytes = dq_writer_bytes(w, &n);
        uint32_t want = watch(a, N_FRAMES);
        assert_int_equal(load(fresh, bytes, n), DQ_OK);
        assert_int_equal(watch(fresh, N_FRAMES), want);
        assert_int_equal(load(a, bytes, n), DQ_OK);
        dq_writer *again = save(a);
        size_t n_again;
        assert_memory_equal(dq_writer_bytes(again, &n_again), bytes, n);
        assert_int_equal(n_again, n);
        assert_int_equal(watch(a, N_FRAMES), want);
        dq_writer_destroy(again);
        dq_writer_destroy(w);
        dq_atari_destroy(fresh);
        dq_atari_destroy(a);
    }
}

/** A cartridge that sets the timer and then reads it into all of RAM, again and again: after its
 *  end the RIOT counts otherwise from the first read on. */
static dq_atari *late_timer_session(void)
{
    static const uint8_t program[] = {
        0xA2, 0x00,        // LDX #0
        0xA9, 0x02,        // LDA #2
        0x8D, 0x94, 0x02,  // STA TIM1T
        0xAD, 0x84, 0x02,  // LDA INTIM
        0x95, 0x80,        // STA $80,X
        0xE8,              // INX
        0x8A, 0x29, 0x7F,  // TXA, AND #$7F
        0xAA,              // TAX
        0xD0, 0xF4,        // BNE to LDA INTIM
        0xC8, 0xD0, 0xF1,  // INY, BNE to LDA INTIM
        0x4C, 0x02, 0xF8,  // JMP to LDA #2, after some ten frames
    };
    uint8_t rom[2048] = {0};
    dq_atari_config cfg = {.game_id = "koolaid", .seed = 1};
    dq_atari *a;
    memcpy(rom, program, sizeof(program));
    rom[0x7FD] = 0xF8;  // it starts at F800
    assert_int_equal(dq_atari_create(&a, rom, sizeof(rom), &cfg), DQ_OK);
    return a;
}

static void a_timer_that_was_read_late_goes_on_the_same(void **state)
{
    (void)state;
    for (int frames = 9; frames < 30; frames += 4) {
        dq_atari *a = late_timer_session(), *fresh = late_timer_session();
        size_t n;
        (void)watch(a, frames);
        dq_writer *w = save(a);
        const void *bytes = dq_writer_bytes(w, &n);
        uint32_t want = watch(a, 5);
        assert_int_equal(load(fresh, bytes, n), DQ_OK);
        assert_int_equal(watch(fresh, 5), want);
        dq_writer_destroy(w);
        dq_atari_destroy(a);
        dq_atari_destroy(fresh);
    }
}

/** A time limit of n frames cuts the game off with the n-th. */
static void a_time_limit_holds_to_the_frame(void **state)
{
    (void)state;
    size_t n;
    uint8_t *rom = testrom_read("tia05", "bin", &n);
    dq_atari_config cfg = {.game_id = "koolaid", .seed = 1, .max_ticks = 20};
    dq_atari *a;
    assert_int_equal(dq_atari_create(&a, rom, n, &cfg), DQ_OK);
    dq_atari_reset(a);
    uint32_t begin = dq_atari_ticks(a);
    for (uint32_t i = begin; i < 20; i++) {
        assert_false(dq_atari_truncated(a));
        (void)dq_atari_act(a, 0, false);
    }
    assert_true(dq_atari_truncated(a));
    dq_atari_destroy(a);
    free(rom);
}

static void a_state_of_another_cartridge_is_refused(void **state)
{
    (void)state;
    dq_atari *a = testrom_session("tia01"), *b = testrom_session("tia02");
    size_t n;
    dq_writer *w = save(a);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(load(b, bytes, n), DQ_ERR_INPUT);
    dq_writer_destroy(w);
    dq_atari_destroy(a);
    dq_atari_destroy(b);
}

static void a_state_that_was_refused_changes_nothing(void **state)
{
    (void)state;
    dq_atari *a = testrom_session("f6_1"), *b = testrom_session("f6_1");
    size_t n;
    (void)watch(a, 40);
    dq_writer *w = save(a);
    const uint8_t *bytes = dq_writer_bytes(w, &n);
    for (size_t cut = 0; cut < n; cut += cut < 600 ? 1 : 1013) {
        uint8_t *shorter = malloc(cut + 1);
        memcpy(shorter, bytes, cut);
        assert_int_equal(load(b, shorter, cut), DQ_ERR_INPUT);
        free(shorter);
    }
    dq_atari *fresh = testrom_session("f6_1");
    assert_int_equal(watch(b, N_FRAMES), watch(fresh, N_FRAMES));
    dq_writer_destroy(w);
    dq_atari_destroy(a);
    dq_atari_destroy(b);
    dq_atari_destroy(fresh);
}

/* Where the fields of a state begin, behind the tag and the cartridge's md5, as state.c has
 * them. */
enum {
    GENERATOR = 4 * 624 + 4,
    AT_PLAY = 8 + 32,
    AT_PADDLE = AT_PLAY + 2 * GENERATOR + 8 + 4 * 32,
    AT_FRAMES = AT_PADDLE + 4 + 4 + 4 + 1 + 1,
    AT_CONSOLE = AT_FRAMES + 8 + 4,
    AT_CPU = AT_CONSOLE + 4 + 4,
    AT_RIOT = AT_CPU + 2 + 4 + 2 + 4 + 2,
    AT_TIA = AT_RIOT + 128 + 4 + 8,
    AT_ODD = AT_TIA + 7 * 4 + 2,
    AT_CTRLPF = AT_ODD + 6 + 2 + 4,
    AT_MOTION = AT_CTRLPF + 1 + 1 + 2 + 2 + 2 + 2 + 1 + 1 + 2 + 1 + 2,
    AT_CART = AT_MOTION + 5 + 5 + 2 + 4,
    AT_DPC = AT_CART + 4 + 128
};

static const struct {
    const char *name;
    size_t at, n_bytes;
    uint32_t impossible;  // the first such value, whatever the others are
} fields[] = {
    {"system.next", AT_PLAY + GENERATOR - 4, 4, 625},
    {"environment.next", AT_PLAY + 2 * GENERATOR - 4, 4, 625},
    {"paddle", AT_PADDLE, 4, 1000001},
    {"paddle", AT_PADDLE, 4, UINT32_MAX},
    {"mode", AT_PADDLE + 4, 4, 1},
    {"difficulty", AT_PADDLE + 8, 4, 4},
    {"difficulty", AT_PADDLE + 8, 4, UINT32_MAX},
    {"previous_action", AT_PADDLE + 12, 1, 18},
    {"pal", AT_PADDLE + 13, 1, 1},
    {"previous_strength", AT_FRAMES + 8, 4, 0x80000001},  // the first one below 0
    {"cycle", AT_CONSOLE, 4, 1u << 29},
    {"cycle", AT_CONSOLE, 4, UINT32_MAX},
    {"cpu.c", AT_CPU + 8, 1, 2},
    {"cpu.v", AT_CPU + 9, 1, 2},
    {"cpu.d", AT_CPU + 10, 1, 1},
    {"cpu.i", AT_CPU + 11, 1, 1},
    {"riot.shift", AT_RIOT + 129, 1, 11},
    {"riot.late", AT_RIOT + 131, 1, 2},
    {"tia.drawn_to", AT_TIA, 4, UINT32_MAX},
    {"tia.line_left", AT_TIA + 4, 4, 229},
    {"tia.lines", AT_TIA + 20, 4, UINT32_MAX},
    {"tia.playfield", AT_TIA + 24, 4, 1u << 20},
    {"tia.odd_before", AT_ODD, 1, 2},
    {"tia.row", AT_ODD + 1, 1, 210},
    {"tia.picture", AT_ODD + 2, 1, 2},
    {"tia.partial", AT_ODD + 3, 1, 2},
    {"tia.mirrored", AT_CTRLPF + 1, 1, 2},
    {"tia.motion", AT_MOTION, 1, 16},
    {"tia.motion", AT_MOTION + 4, 1, 16},
    {"tia.position", AT_MOTION + 5, 1, 160},
    {"tia.position", AT_MOTION + 9, 1, 160},
    {"tia.skip_first", AT_MOTION + 10, 1, 2},
    {"tia.star_count", AT_MOTION + 14, 1, 4},
    {"tia.star_shape", AT_MOTION + 15, 1, 3},
    {"cart.bank", AT_CART, 1, 4},
    {"dpc.fraction", AT_DPC + 4, 4, 0x3FF00000},  // 1.0
    {"dpc.counter", AT_DPC + 12, 2, 0x800},
};

static void each_field_is_refused_at_its_first_impossible_value(void **state)
{
    (void)state;
    dq_atari *a = testrom_session("f6_1");
    size_t n;
    (void)watch(a, 40);
    dq_writer *w = save(a);
    const uint8_t *good = dq_writer_bytes(w, &n);
    uint8_t *bad = malloc(n);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        memcpy(bad, good, n);
        assert_int_equal(load(a, bad, n), DQ_OK);
        for (size_t k = 0; k < fields[i].n_bytes; k++)
            bad[fields[i].at + k] = (uint8_t)(fields[i].impossible >> 8 * k);
        if (load(a, bad, n) != DQ_ERR_INPUT)
            fail_msg("%s = %u was loaded", fields[i].name, fields[i].impossible);
    }
    free(bad);
    dq_writer_destroy(w);
    dq_atari_destroy(a);
}

/** The first version of the format knew neither the frame number nor strengths. */
static void a_state_of_the_first_version_is_loaded(void **state)
{
    (void)state;
    enum { ADDED = AT_CONSOLE - AT_FRAMES };
    dq_atari *a = testrom_session("f6_1"), *fresh = testrom_session("f6_1");
    size_t n;
    (void)watch(a, 40);
    dq_writer *w = save(a);
    const uint8_t *bytes = dq_writer_bytes(w, &n);
    uint8_t *old = malloc(n - ADDED);
    memcpy(old, bytes, AT_FRAMES);
    memcpy(old + AT_FRAMES, bytes + AT_CONSOLE, n - AT_CONSOLE);
    old[4] = 1;
    assert_int_equal(load(fresh, old, n - ADDED), DQ_OK);
    assert_int_equal(dq_atari_frames(a), 40);
    assert_int_equal(dq_atari_frames(fresh), dq_atari_ticks(a));
    assert_int_equal(watch(fresh, N_FRAMES), watch(a, N_FRAMES));
    free(old);
    dq_writer_destroy(w);
    dq_atari_destroy(a);
    dq_atari_destroy(fresh);
}

/** ALE's setRAM goes over the data bus, which is part of the state; so does its look at RAM after a
 *  frame, FF last. */
static void bytes_of_ram_leave_themselves_on_the_bus(void **state)
{
    (void)state;
    enum { AT_BUS = AT_CPU + 2 + 4 + 2 + 4 };
    dq_atari *a = testrom_session("f6_1");
    for (int i = 0; i < DQ_ATARI_RAM; i += 127) {
        size_t n;
        dq_atari_set_ram(a, i, (uint8_t)(0xA5 + i));
        assert_int_equal(dq_atari_ram(a)[i], (uint8_t)(0xA5 + i));
        dq_writer *w = save(a);
        const uint8_t *bytes = dq_writer_bytes(w, &n);
        assert_int_equal(bytes[AT_BUS], (uint8_t)(0xA5 + i));
        assert_int_equal(bytes[AT_RIOT + i], (uint8_t)(0xA5 + i));
        dq_writer_destroy(w);
        (void)dq_atari_act(a, 0, false);
        w = save(a);
        bytes = dq_writer_bytes(w, &n);
        assert_int_equal(bytes[AT_BUS], dq_atari_ram(a)[DQ_ATARI_RAM - 1]);
        dq_writer_destroy(w);
    }
    dq_atari_destroy(a);
}

/* Damage is refused or played with, but never leaves the session's memory: the sanitizers say. */
static void a_damaged_state_does_no_harm(void **state)
{
    (void)state;
    dq_rng rng = dq_rng_stream(1, "damage");
    for (int i = 0; i < N_KINDS; i++) {
        dq_atari *a = testrom_session(kinds[i]);
        size_t n;
        (void)watch(a, 20);
        dq_writer *w = save(a);
        const uint8_t *bytes = dq_writer_bytes(w, &n);
        uint8_t *damaged = malloc(n);
        size_t n_registers = n - 2 * (size_t)DQ_ATARI_WIDTH * DQ_ATARI_MAX_HEIGHT;
        for (int k = 0; k < 60; k++) {
            memcpy(damaged, bytes, n);
            size_t from = n_registers - 700;  // behind the generators, which any bytes fit
            damaged[from + dq_rng_below(&rng, 700)] = (uint8_t)dq_rng_below(&rng, 256);
            if (load(a, damaged, n) == DQ_OK)
                (void)watch(a, 3);
        }
        free(damaged);
        dq_writer_destroy(w);
        dq_atari_destroy(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saved_session_goes_on_the_same),
        cmocka_unit_test(a_timer_that_was_read_late_goes_on_the_same),
        cmocka_unit_test(a_time_limit_holds_to_the_frame),
        cmocka_unit_test(a_state_of_another_cartridge_is_refused),
        cmocka_unit_test(a_state_that_was_refused_changes_nothing),
        cmocka_unit_test(each_field_is_refused_at_its_first_impossible_value),
        cmocka_unit_test(a_state_of_the_first_version_is_loaded),
        cmocka_unit_test(bytes_of_ram_leave_themselves_on_the_bus),
        cmocka_unit_test(a_damaged_state_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
