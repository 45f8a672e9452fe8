/** What an environment costs in memory: everything that it has on the heap, as the C library counts
 *  it. Prints a line for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "env/atari_session.h"
#include "env/homebrew.h"
#include "testroms.h"

enum { KIB = 1024 };

/** Bytes that are handed out at the moment; always 0 where another allocator is in the way. */
static size_t used_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static size_t play(dq_env *env)
{
    static uint8_t obs[4 * 84 * 84];
    const int n_actions = dq_env_get_spec(env)->n_actions;
    dq_step step = {.terminated = true};
    size_t most = 0;
    for (int i = 0; i < 50; i++) {
        if (step.terminated || step.truncated)
            assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        assert_int_equal(dq_env_step(env, i % n_actions, obs, &step), DQ_OK);
        if (used_bytes() > most)
            most = used_bytes();
    }
    return most;
}

/** The most that an environment takes, created or playing. */
static size_t cost(const char *dialect, const void *rom, size_t n)
{
    const dq_atari_env_config cfg = {
        .id = "test", .game_id = "pong", .skip_low = 1, .skip_high = 1, .seed = 1};
    dq_preprocessing p;
    dq_env *env;
    assert_int_equal(dq_preprocessing_init(&p, dialect), DQ_OK);
    size_t before = used_bytes();
    if (p.dialect == DQ_DIALECT_BOOK)
        assert_int_equal(dq_book_env_create(&env, rom, n, &cfg), DQ_OK);
    else
        assert_int_equal(dq_dialect_env_create(&env, rom, n, &cfg, &p), DQ_OK);
    size_t bytes = play(env) - before;
    dq_env_destroy(env);
    print_message("%-12s %3zu KiB cartridge: %zu bytes\n", dialect, n / KIB, bytes);
    return bytes;
}

/** An image of this size that plays our own Pong: nothing else is in its banks. */
static uint8_t *image_of(size_t n)
{
    uint8_t *image = malloc(n);
    assert_non_null(image);
    for (size_t at = 0; at < n; at += sizeof(dq_rom_pong))
        memcpy(image + at, dq_rom_pong, sizeof(dq_rom_pong));
    for (size_t bank = 0; bank < n / (4 * KIB); bank++)  // they may not be all alike
        image[bank * 4 * KIB + 0x7F0] = (uint8_t)bank;
    return image;
}

static void skip_without_count(void)
{
    void *volatile block = malloc(100 * KIB);
    size_t with = used_bytes();
    free(block);
    if (with == used_bytes()) {
        print_message("SKIP: the heap does not count its bytes here (a sanitizer's does not)\n");
        skip();
    }
}

/** Every dialect's, for many environments, whose cartridge is there once. */
static void check_pipelines(const void *rom, size_t n, int height)
{
    size_t n_names;
    const char *const *names = dq_dialect_names(&n_names);
    dq_atari *first;
    assert_int_equal(dq_atari_create(&first, rom, n, NULL), DQ_OK);
    assert_int_equal(dq_atari_height(first), height);
    for (size_t i = 0; i < n_names; i++)
        assert_true(cost(names[i], rom, n) < 128 * KIB);
    dq_atari_destroy(first);
}

static void a_pipeline_takes_less_than_128_kib(void **state)
{
    (void)state;
    static const size_t sizes[] = {2 * KIB, 4 * KIB, 32 * KIB};
    skip_without_count();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *image = image_of(sizes[i]);
        check_pipelines(image, sizes[i], 210);
        free(image);
    }
}

static void so_does_one_of_pal_pictures(void **state)
{
    (void)state;
    skip_without_count();
    size_t n;
    void *rom = testrom_read("pal0", "bin", &n);
    check_pipelines(rom, n, 250);
    free(rom);
}

/** Such pictures have a few rows of older ones, so that they cannot be painted from their frame
 *  alone. Games end after 32 frames: RAM byte 13 is Pong's left score. */
static void so_does_one_whose_frames_end_early(void **state)
{
    (void)state;
    enum { VSYNC = 0x00, WSYNC = 0x02, SCORE = 0x8D, N_LINES = 238 };
    static const uint8_t program[] = {
        0xE6, SCORE, 0xA5, SCORE, 0x29, 31,      0x85, SCORE,               // INC, AND #31
        0xA9, 2,     0x85, VSYNC, 0x85, WSYNC,   0x85, WSYNC, 0x85, WSYNC,  //
        0xA9, 0,     0x85, VSYNC, 0xA2, N_LINES,                            //
        0x85, WSYNC, 0xCA, 0xD0,  0xFB, 0x4C,    0x00, 0xF0};  // lines, from the beginning
    uint8_t rom[4 * KIB] = {0};
    skip_without_count();
    memcpy(rom, program, sizeof(program));
    rom[sizeof(rom) - 3] = 0xF0;  // it begins at F000
    check_pipelines(rom, sizeof(rom), 210);
}

/** Whoever goes first, the others play on; the last one takes the image along. */
static void an_image_is_there_as_long_as_someone_plays_it(void **state)
{
    (void)state;
    enum { N = 3 };
    skip_without_count();
    uint8_t *image = image_of(16 * KIB);
    size_t before = used_bytes();
    dq_atari *atari[N];
    for (int i = 0; i < N; i++)
        assert_int_equal(dq_atari_create(&atari[i], image, 16 * KIB, NULL), DQ_OK);
    image[16 * KIB - 1] ^= 1;  // other bytes are another image
    dq_atari *other;
    size_t alike = used_bytes();
    assert_int_equal(dq_atari_create(&other, image, 16 * KIB, NULL), DQ_OK);
    assert_true(used_bytes() - alike > (alike - before) / N);
    for (int gone = 0; gone < N; gone++) {
        for (int i = gone; i < N; i++)
            for (int frame = 0; frame < 20; frame++)
                dq_atari_act(atari[i], 0, true);
        assert_memory_equal(dq_atari_ram(atari[gone]), dq_atari_ram(atari[N - 1]), 128);
        dq_atari_destroy(atari[gone]);
    }
    dq_atari_destroy(other);
    assert_true(used_bytes() < before + 4 * KIB);  // small blocks stay the C library's
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipeline_takes_less_than_128_kib),
        cmocka_unit_test(so_does_one_of_pal_pictures),
        cmocka_unit_test(so_does_one_whose_frames_end_early),
        cmocka_unit_test(an_image_is_there_as_long_as_someone_plays_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
