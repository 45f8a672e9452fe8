/** Sound disturbs nothing, and nothing but the program disturbs sound. Which samples they are:
 *  test_session_golden. */
#include "failing_allocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "testroms.h"

/* Frames of any kind: cut off in a line or for want of instructions, odd, PAL, bank switching. */
static const char *const kinds[] = {"cut0", "cut1",   "cut2", "cut3",  "bus0", "odd0",
                                    "odd3", "dpc_0",  "e7_0", "3f_0",  "pal1", "f8sc_1",
                                    "cpu8", "f6sc_0", "fe_1", "tia07", "rare"};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]), N_FRAMES = 100 };

/** A cartridge that writes AUDV0 in two frames of four. */
static const uint8_t rare_sound[] = {
    0xA2, 0xFF, 0x9A,                                                  // LDX #FF, TXS
    0xA9, 0x02, 0x85, 0x02, 0x85, 0x00, 0x85, 0x02, 0x85, 0x02, 0x85,  // VSYNC
    0x02, 0xA9, 0x00, 0x85, 0x00,                                      //
    0xA9, 0x04, 0x85, 0x15,                                            // LDA #4, STA AUDC0
    0xE6, 0x80, 0xA5, 0x80, 0x29, 0x02, 0xD0, 0x04,                    // INC 80, twice of four:
    0xA5, 0x80, 0x85, 0x19,                                            // LDA 80, STA AUDV0
    0xA2, 0xF8, 0x85, 0x02, 0xCA, 0xD0, 0xFB,                          // 248 lines
    0x4C, 0x03, 0xF8,                                                  // JMP to LDA #2
};

static dq_atari *session(const char *name, bool sound)
{
    dq_atari_config cfg = {.game_id = "koolaid", .seed = 1, .sound = sound};
    dq_atari *a = NULL;
    if (strcmp(name, "rare") == 0) {
        uint8_t rom[2048] = {0};
        memcpy(rom, rare_sound, sizeof(rare_sound));
        rom[0x7FD] = 0xF8;  // it starts at F800
        assert_int_equal(dq_atari_create(&a, rom, sizeof(rom), &cfg), DQ_OK);
        return a;
    }
    size_t n;
    uint8_t *rom = testrom_read(name, "bin", &n);
    assert_int_equal(dq_atari_create(&a, rom, n, &cfg), DQ_OK);
    free(rom);
    return a;
}

static uint32_t sound_of(const dq_atari *a)
{
    return (uint32_t)crc32(0, dq_atari_audio(a), DQ_ATARI_SAMPLES);
}

static uint32_t picture_of(const dq_atari *a)
{
    size_t n = (size_t)DQ_ATARI_WIDTH * (size_t)dq_atari_height(a);
    return (uint32_t)crc32(crc32(0, dq_atari_ram(a), DQ_ATARI_RAM), dq_atari_screen(a), (uInt)n);
}

static void there_is_none_unless_it_is_wanted(void **state)
{
    (void)state;
    static const uint8_t zeros[DQ_ATARI_SAMPLES];
    dq_atari *mute = session("tia05", false), *loud = session("tia05", true);
    assert_null(dq_atari_audio(mute));
    assert_memory_equal(dq_atari_audio(loud), zeros, sizeof(zeros));
    dq_atari_destroy(mute);
    dq_atari_destroy(loud);
}

static void it_changes_nothing_else(void **state)
{
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        dq_atari *mute = session(kinds[i], false), *loud = session(kinds[i], true);
        for (int k = 0; k < N_FRAMES; k++) {
            bool draw = k % 3 != 1;
            assert_int_equal(dq_atari_act(mute, k % 18, draw), dq_atari_act(loud, k % 18, draw));
            if (k % 7 < 3)
                assert_int_equal(picture_of(mute), picture_of(loud));
            if (k == 40) {
                dq_atari_reset(mute);
                dq_atari_reset(loud);
            }
        }
        dq_atari_destroy(mute);
        dq_atari_destroy(loud);
    }
}

/** Frames that are run again for their picture were heard before. */
static void it_does_not_depend_on_who_looks(void **state)
{
    (void)state;
    int n_heard = 0;
    for (int i = 0; i < N_KINDS; i++) {
        dq_atari *looked_at = session(kinds[i], true), *unseen = session(kinds[i], true);
        uint32_t before = 0;
        for (int k = 0; k < N_FRAMES; k++) {
            (void)dq_atari_act(looked_at, k % 18, k % 7 == 0);
            if (k % 3 == 1)
                (void)dq_atari_screen(looked_at);
            if (k % 5 == 2)  // of a frame that the program has gone on from
                (void)dq_atari_screen_before(looked_at);
            (void)dq_atari_act(unseen, k % 18, false);
            assert_int_equal(sound_of(looked_at), sound_of(unseen));
            n_heard += sound_of(unseen) != before;
            before = sound_of(unseen);
        }

        dq_atari_destroy(looked_at);
        dq_atari_destroy(unseen);
    }
    assert_true(n_heard > 2 * N_FRAMES);
}

static void a_copy_plays_on(void **state)
{
    (void)state;
    dq_atari *a = session("rare", true), *b = session("rare", true);
    for (int i = 0; i < 20; i++)
        (void)dq_atari_act(a, i % 18, false);
    dq_atari_copy(b, a);
    assert_int_equal(sound_of(a), sound_of(b));
    for (int i = 0; i < 20; i++) {
        (void)dq_atari_act(a, i % 18, false);
        (void)dq_atari_act(b, i % 18, false);
        assert_int_equal(sound_of(a), sound_of(b));
    }
    dq_atari_destroy(a);
    dq_atari_destroy(b);
}

/** It is no part of a state, as in ALE: what plays on is what played. */
static void loading_leaves_it_as_it_is(void **state)
{
    (void)state;
    dq_atari *a = session("rare", true);
    dq_writer *w;
    dq_reader *r;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_atari_save(a, w), DQ_OK);
    for (int i = 0; i < 20; i++)
        (void)dq_atari_act(a, i % 18, false);
    uint32_t before = sound_of(a);
    assert_true(before != 0xA234C12F);  // that of silence
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_atari_load(a, r), DQ_OK);
    assert_int_equal(sound_of(a), before);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    dq_atari_destroy(a);
}

static void note(void *self, const uint8_t *samples)
{
    uint32_t *heard = self;
    heard[0]++;
    heard[1] = (uint32_t)crc32(0, samples, DQ_ATARI_SAMPLES);
}

static void a_listener_hears_each_frame(void **state)
{
    (void)state;
    uint32_t heard[2] = {0};
    dq_atari *a = session("rare", true), *mute = session("rare", false);
    dq_atari_listen(a, note, heard);
    for (uint32_t i = 1; i <= 20; i++) {
        (void)dq_atari_act(a, 0, false);
        assert_int_equal(heard[0], i);
        assert_int_equal(heard[1], sound_of(a));
    }
    dq_atari_reset(a);  // its frames are nobody's actions
    assert_int_equal(heard[0], 20);
    dq_atari_listen(a, NULL, NULL);
    dq_atari_listen(mute, note, heard);
    (void)dq_atari_act(a, 0, false);
    (void)dq_atari_act(mute, 0, false);
    assert_int_equal(heard[0], 20);
    dq_atari_destroy(a);
    dq_atari_destroy(mute);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    size_t n;
    uint8_t *rom = testrom_read("tia05", "bin", &n);
    dq_atari_config cfg = {.sound = true};
    dq_status st = DQ_ERR_NOMEM;
    int n_failed = 0;
    while (st == DQ_ERR_NOMEM && let_allocation_fail(n_failed + 1)) {
        dq_atari *a;
        st = dq_atari_create(&a, rom, n, &cfg);
        (void)let_allocation_fail(0);
        n_failed++;
        dq_atari_destroy(a);
    }
    assert_true(n_failed == 0 || (st == DQ_OK && n_failed > 5));
    free(rom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_none_unless_it_is_wanted),
        cmocka_unit_test(it_changes_nothing_else),
        cmocka_unit_test(it_does_not_depend_on_who_looks),
        cmocka_unit_test(a_copy_plays_on),
        cmocka_unit_test(loading_leaves_it_as_it_is),
        cmocka_unit_test(a_listener_hears_each_frame),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
