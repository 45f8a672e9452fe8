/** What ALE's interface has besides playing: clones, frame numbers, the strength of actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <zlib.h>

#include "testroms.h"

/* One kind of each cartridge type, and frames that run out of instructions. */
static const char *const kinds[] = {"cpu3", "dpc_0", "e0_1", "e7_0", "f6sc_1", "3f_1",
                                    "fa_0", "fe_1",  "odd0", "odd1", "pal1",   "riot3"};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]), N_FRAMES = 40 };

typedef struct blob {
    dq_writer *w;
    const void *bytes;
    size_t n;
} blob;

static blob clone_of(const dq_atari *a, bool include_rng)
{
    blob b = {0};
    assert_int_equal(dq_writer_create(&b.w), DQ_OK);
    assert_int_equal(dq_atari_clone(a, include_rng, b.w), DQ_OK);
    b.bytes = dq_writer_bytes(b.w, &b.n);
    return b;
}

static dq_status restore(dq_atari *a, const void *bytes, size_t n)
{
    dq_reader *r = NULL;
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    dq_status st = dq_atari_restore(a, r);
    if (st == DQ_OK)
        assert_int_equal(dq_reader_left(r), 0);
    dq_reader_destroy(r);
    return st;
}

static bool is_clone_of(const dq_atari *a, bool include_rng, blob b)
{
    blob now = clone_of(a, include_rng);
    bool same = now.n == b.n && memcmp(now.bytes, b.bytes, b.n) == 0;
    dq_writer_destroy(now.w);
    return same;
}

/* What the next frames do, but for the rows of their pictures that are older ones. */
static uint32_t watch(dq_atari *a, int n_frames)
{
    uLong crc = 0;
    for (int i = 0; i < n_frames; i++) {
        if (i % 50 == 30)
            dq_atari_reset(a);
        int seen[5] = {dq_atari_act(a, (7 * i + 3) % 18, i % 3 == 0), dq_atari_lives(a),
                       dq_atari_game_over(a), (int)dq_atari_ticks(a), (int)dq_atari_frames(a)};
        crc = crc32(crc, (const Bytef *)seen, sizeof(seen));
        crc = crc32(crc, dq_atari_ram(a), DQ_ATARI_RAM);
    }
    return (uint32_t)crc;
}

static dq_atari *session(const char *name, float sticky)
{
    size_t n;
    uint8_t *rom = testrom_read(name, "bin", &n);
    dq_atari_config cfg = {.game_id = "koolaid", .seed = 1, .repeat_action_probability = sticky};
    dq_atari *a = NULL;
    assert_int_equal(dq_atari_create(&a, rom, n, &cfg), DQ_OK);
    free(rom);
    return a;
}

static void a_restored_clone_goes_on_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        dq_atari *a = session(kinds[i], 0), *other = session(kinds[i], 0);
        (void)watch(a, 17 + i);
        blob clone = clone_of(a, true);
        uint32_t want = watch(a, N_FRAMES);
        assert_false(is_clone_of(a, true, clone));
        assert_int_equal(restore(a, clone.bytes, clone.n), DQ_OK);
        assert_true(is_clone_of(a, true, clone));
        assert_int_equal(watch(a, N_FRAMES), want);
        assert_int_equal(restore(other, clone.bytes, clone.n), DQ_OK);
        assert_int_equal(watch(other, N_FRAMES), want);
        dq_writer_destroy(clone.w);
        dq_atari_destroy(other);
        dq_atari_destroy(a);
    }
}

/** Whether frames are drawn, or looked at, makes no difference to a clone. */
static void clones_do_not_depend_on_what_was_drawn(void **state)
{
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        dq_atari *a = session(kinds[i], 0), *b = session(kinds[i], 0);
        for (int k = 0; k < 50; k++) {
            (void)dq_atari_act(a, k % 18, true);
            (void)dq_atari_act(b, k % 18, false);
        }
        (void)dq_atari_screen(a);
        blob clone = clone_of(a, false);
        assert_true(is_clone_of(b, false, clone));
        dq_writer_destroy(clone.w);
        dq_atari_destroy(a);
        dq_atari_destroy(b);
    }
}

/** With include_rng sticky actions are drawn again as they were, else the numbers go on. */
static void random_numbers_come_back_only_when_included(void **state)
{
    (void)state;
    dq_atari *a = session("riot1", 0.5f);
    (void)watch(a, 10);
    blob with = clone_of(a, true), without = clone_of(a, false);
    assert_true(with.n > without.n + 2400);
    (void)watch(a, 10);
    assert_int_equal(restore(a, without.bytes, without.n), DQ_OK);
    assert_true(is_clone_of(a, false, without));
    assert_false(is_clone_of(a, true, with));
    assert_int_equal(restore(a, with.bytes, with.n), DQ_OK);
    assert_true(is_clone_of(a, true, with));
    dq_writer_destroy(with.w);
    dq_writer_destroy(without.w);
    dq_atari_destroy(a);
}

/** Also one that nobody has looked at, so that it is not painted yet. */
static void the_picture_stays_until_the_next_frame(void **state)
{
    (void)state;
    dq_atari *a = session("tia05", 0), *b = session("tia05", 0);
    size_t n = (size_t)DQ_ATARI_WIDTH * (size_t)dq_atari_height(a);
    blob clone = clone_of(a, false);
    for (int i = 0; i < 12; i++) {
        (void)dq_atari_act(a, i, false);
        (void)dq_atari_act(b, i, false);
    }
    assert_int_equal(restore(a, clone.bytes, clone.n), DQ_OK);
    assert_memory_equal(dq_atari_screen(a), dq_atari_screen(b), n);
    assert_memory_equal(dq_atari_screen_before(a), dq_atari_screen_before(b), n);
    dq_writer_destroy(clone.w);
    dq_atari_destroy(a);
    dq_atari_destroy(b);
}

static void what_is_no_clone_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    dq_atari *a = session("e7_0", 0), *b = session("e7_0", 0), *other = session("tia01", 0);
    (void)watch(a, 20);
    blob good = clone_of(a, true), own = clone_of(b, true);
    uint8_t *bytes = malloc(good.n);
    for (size_t cut = 0; cut < good.n; cut += cut < 60 || cut > 5000 ? 1 : 301) {
        memcpy(bytes, good.bytes, good.n);
        assert_int_equal(restore(b, bytes, cut), DQ_ERR_INPUT);
    }
    assert_int_equal(restore(other, good.bytes, good.n), DQ_ERR_INPUT);
    enum { AT_HAS_RNG = 8 + 32 + 4 * 624 + 4 };
    bytes[AT_HAS_RNG] = 2;
    assert_int_equal(restore(b, bytes, good.n), DQ_ERR_INPUT);
    memcpy(bytes, good.bytes, good.n);
    bytes[0] = 'B';
    assert_int_equal(restore(b, bytes, good.n), DQ_ERR_INPUT);
    assert_true(is_clone_of(b, true, own));
    free(bytes);
    dq_writer_destroy(good.w);
    dq_writer_destroy(own.w);
    dq_atari_destroy(a);
    dq_atari_destroy(b);
    dq_atari_destroy(other);
}

static void frames_count_from_the_loading_on(void **state)
{
    (void)state;
    dq_atari *a = session("tia05", 0);
    assert_int_equal(dq_atari_frames(a), 0);
    for (int i = 0; i < 7; i++)
        (void)dq_atari_act(a, 1, false);
    assert_int_equal(dq_atari_ticks(a), 7);
    assert_int_equal(dq_atari_frames(a), 7);
    dq_atari_reset(a);
    assert_int_equal(dq_atari_ticks(a), 0);
    assert_int_equal(dq_atari_frames(a), 7);
    (void)dq_atari_act(a, 1, false);
    assert_int_equal(dq_atari_frames(a), 8);
    dq_atari_destroy(a);
}

static void mode_and_difficulty_can_be_asked(void **state)
{
    (void)state;
    dq_atari *a = session("tia05", 0);
    assert_int_equal(dq_atari_get_mode(a), 0);
    assert_int_equal(dq_atari_get_difficulty(a), 0);
    assert_int_equal(dq_atari_set_difficulty(a, 7), DQ_ERR_CONFIG);
    assert_int_equal(dq_atari_set_mode(a, 77), DQ_ERR_CONFIG);
    assert_int_equal(dq_atari_get_mode(a), 0);
    assert_int_equal(dq_atari_get_difficulty(a), 0);
    dq_atari_destroy(a);
}

static void strengths_are_numbers(void **state)
{
    (void)state;
    dq_atari *a = session("tia05", 0);
    const float good[] = {0, 0.5f, 1, 2, -0.5f, 3e38f}, bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(dq_atari_set_strength(a, good[i]), DQ_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(dq_atari_set_strength(a, bad[i]), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), "strength"));
    }
    dq_atari_destroy(a);
}

static void paddles_have_limits(void **state)
{
    (void)state;
    static const struct {
        int min, max;
        dq_status want;
    } limits[] = {{0, 0, DQ_OK},
                  {1, 1000000, DQ_OK},
                  {27451, 0, DQ_OK},
                  {0, 27451, DQ_OK},
                  {0, 27450, DQ_ERR_CONFIG},
                  {-2, 0, DQ_ERR_CONFIG},
                  {790196, 0, DQ_ERR_CONFIG},
                  {0, 1000001, DQ_ERR_CONFIG},
                  {500, 400, DQ_ERR_CONFIG},
                  {0, -5, DQ_ERR_CONFIG}};
    static const uint8_t rom[4096];
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        dq_atari_config cfg = {.paddle_min = limits[i].min, .paddle_max = limits[i].max};
        dq_atari *a;
        assert_int_equal(dq_atari_create(&a, rom, sizeof(rom), &cfg), limits[i].want);
        if (!a)
            assert_non_null(strstr(dq_errmsg(), "paddles from"));
        dq_atari_destroy(a);
    }
}

/** Right, up-right, ... around the stick, with and without fire. */
static void continuous_actions_are_actions(void **state)
{
    (void)state;
    enum { UP = 2, RIGHT, LEFT, DOWN, UPRIGHT, UPLEFT, DOWNRIGHT, DOWNLEFT, UPFIRE };
    static const int around[] = {LEFT, DOWNLEFT, DOWN, DOWNRIGHT, RIGHT, UPRIGHT, UP, UPLEFT, LEFT};
    for (int i = 0; i < 9; i++) {
        float theta = (float)(i - 4) * 0.785398163f;
        assert_int_equal(dq_atari_continuous_action(1, theta, 0, 0.5f), around[i]);
        assert_int_equal(dq_atari_continuous_action(0.71f, theta, 0.5f, 0.5f), around[i]);
        assert_int_equal(dq_atari_continuous_action(1, theta, 0.51f, 0.5f),
                         around[i] + UPFIRE - UP);
        assert_int_equal(dq_atari_continuous_action(0.5f, theta, 0, 0.5f), 0);
        assert_int_equal(dq_atari_continuous_action(0.5f, theta, 1, 0.5f), 1);
        assert_int_equal(dq_atari_continuous_action(1, theta, 1, 1), 0);
    }
    assert_int_equal(dq_atari_continuous_action(NAN, 1, NAN, 0.5f), 0);
    assert_int_equal(dq_atari_continuous_action(1, INFINITY, 1, 0.5f), 1);
    assert_int_equal(dq_atari_continuous_action(1, 0, 0, NAN), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_clone_goes_on_the_same),
        cmocka_unit_test(clones_do_not_depend_on_what_was_drawn),
        cmocka_unit_test(random_numbers_come_back_only_when_included),
        cmocka_unit_test(the_picture_stays_until_the_next_frame),
        cmocka_unit_test(what_is_no_clone_is_refused_and_changes_nothing),
        cmocka_unit_test(frames_count_from_the_loading_on),
        cmocka_unit_test(mode_and_difficulty_can_be_asked),
        cmocka_unit_test(strengths_are_numbers),
        cmocka_unit_test(paddles_have_limits),
        cmocka_unit_test(continuous_actions_are_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
