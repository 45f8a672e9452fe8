/* The fused pipeline gives byte for byte what the book's wrappers give one around the other. Our
 * own Pong and test cartridges run everywhere; real games where their ROMs are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "deepq/rng.h"
#include "deepq/roms.h"
#include "env/book_chain.h"
#include "env/homebrew.h"

enum { STACK = 4 * 84 * 84 };

typedef struct pair {
    dq_env *composed, *fused;
    dq_rng rng;
    float want[STACK];
    uint8_t got[STACK];
    int n_episodes;
} pair;

static void open_pair(pair *p, const void *rom, size_t n, const dq_atari_env_config *cfg)
{
    memset(p, 0, sizeof(*p));
    p->rng = dq_rng_stream(cfg->seed, "test");
    assert_int_equal(dq_book_chain_create(&p->composed, rom, n, cfg), DQ_OK);
    assert_int_equal(dq_book_env_create(&p->fused, rom, n, cfg), DQ_OK);
}

static void close_pair(pair *p)
{
    dq_env_destroy(p->composed);
    dq_env_destroy(p->fused);
}

static void expect_same_stack(const pair *p)
{
    float got[STACK];
    for (int i = 0; i < STACK; i++)
        got[i] = (float)p->got[i] / 255.0f;
    assert_memory_equal(got, p->want, sizeof(got));
    assert_int_equal(dq_env_lives(p->fused), dq_env_lives(p->composed));
}

static void reset_both(pair *p)
{
    assert_int_equal(dq_env_reset(p->composed, p->want), DQ_OK);
    assert_int_equal(dq_env_reset(p->fused, p->got), DQ_OK);
    expect_same_stack(p);
}

static void expect_same_picture(pair *p)
{
    dq_image want, got;
    assert_int_equal(dq_env_render(p->composed, &want), DQ_OK);
    assert_int_equal(dq_env_render(p->fused, &got), DQ_OK);
    assert_int_equal(got.width, want.width);
    assert_int_equal(got.height, want.height);
    assert_memory_equal(got.pixels, want.pixels, (size_t)want.width * (size_t)want.height * 3);
}

/** Random play on both; every observation, result and, at times, picture is compared. */
static void play_both(pair *p, int n_steps)
{
    const dq_env_spec *spec = dq_env_get_spec(p->fused);
    for (int i = 0; i < n_steps; i++) {
        dq_step want, got;
        int action = (int)dq_rng_below(&p->rng, (uint32_t)spec->n_actions);
        assert_int_equal(dq_env_step(p->composed, action, p->want, &want), DQ_OK);
        assert_int_equal(dq_env_step(p->fused, action, p->got, &got), DQ_OK);
        assert_true(got.reward == want.reward);
        assert_int_equal(got.terminated, want.terminated);
        assert_int_equal(got.truncated, want.truncated);
        assert_int_equal(got.lives, want.lives);
        expect_same_stack(p);
        bool over = got.terminated || got.truncated;
        if (over || i % 16 == 0)
            expect_same_picture(p);
        p->n_episodes += over;
        if (over || dq_rng_below(&p->rng, 100) == 0)
            reset_both(p);
    }
}

static dq_atari_env_config config(const char *game)
{
    return (dq_atari_env_config){
        .id = game, .game_id = game, .skip_low = 1, .skip_high = 1, .seed = 3};
}

static void play_rom(const void *rom, size_t n, const dq_atari_env_config *cfg, int n_steps,
                     int least_episodes)
{
    pair *p = malloc(sizeof(*p));
    open_pair(p, rom, n, cfg);
    reset_both(p);
    play_both(p, n_steps);
    assert_true(p->n_episodes >= least_episodes);
    close_pair(p);
    free(p);
}

/* Our own Pong */

static void own_pong_is_the_same(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Pong-v0");
    dq_atari_env_config cfg = config(own->rules);
    play_rom(own->rom, own->rom_bytes, &cfg, 150, 0);
    cfg.repeat_action_probability = 0.25f;
    play_rom(own->rom, own->rom_bytes, &cfg, 100, 0);
}

static void own_bricks_with_lives_are_the_same(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Bricks-v0");
    dq_atari_env_config cfg = config(own->rules);
    play_rom(own->rom, own->rom_bytes, &cfg, 250, 1);
}

/** Episodes that are cut off at any frame of a skip, the two presses of FireReset included, look
 *  back over the start of the skip, or of the episode. */
static void ends_at_any_frame_of_a_skip_are_the_same(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Pong-v0");
    dq_atari_env_config cfg = config(own->rules);
    for (uint32_t cap = 1; cap <= 50; cap += cap < 14 ? 1 : 9) {
        cfg.max_ticks = cap;
        play_rom(own->rom, own->rom_bytes, &cfg, cap < 14 ? 4 : 15, 1);
    }
}

static void write_state(dq_env *env, dq_writer **w, dq_reader **r)
{
    size_t n;
    assert_int_equal(dq_writer_create(w), DQ_OK);
    assert_int_equal(dq_env_save(env, *w), DQ_OK);
    const void *bytes = dq_writer_bytes(*w, &n);
    assert_int_equal(dq_reader_create(r, bytes, n), DQ_OK);
}

static void load_into(dq_env *env, dq_reader *r)
{
    assert_int_equal(dq_env_load(env, r), DQ_OK);
    assert_int_equal(dq_reader_left(r), 0);
}

/** Saved after some steps and loaded into new environments, both continue as if nothing had
 *  been. */
static void saved_in_play_both_go_on_the_same(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Pong-v0");
    dq_atari_env_config cfg = config(own->rules);
    cfg.max_ticks = 190;
    cfg.repeat_action_probability = 0.25f;
    pair *p = malloc(sizeof(*p)), *q = malloc(sizeof(*q));
    for (int n_before = 0; n_before < 40; n_before += 13) {
        dq_writer *w[2];
        dq_reader *r[2];
        open_pair(p, own->rom, own->rom_bytes, &cfg);
        open_pair(q, own->rom, own->rom_bytes, &cfg);
        reset_both(p);
        play_both(p, n_before);
        write_state(p->composed, &w[0], &r[0]);
        write_state(p->fused, &w[1], &r[1]);
        load_into(q->composed, r[0]);
        load_into(q->fused, r[1]);
        q->rng = p->rng;
        play_both(p, 50);
        play_both(q, 50);
        assert_memory_equal(p->want, q->want, sizeof(p->want));
        for (int i = 0; i < 2; i++) {
            dq_reader_destroy(r[i]);
            dq_writer_destroy(w[i]);
        }
        close_pair(p);
        close_pair(q);
    }
    free(p);
    free(q);
}

static void cut_states_are_refused(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Pong-v0");
    dq_atari_env_config cfg = config(own->rules);
    dq_env *env;
    uint8_t obs[STACK];
    dq_writer *w;
    size_t n;
    assert_int_equal(dq_book_env_create(&env, own->rom, own->rom_bytes, &cfg), DQ_OK);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    for (size_t cut = 0; cut < n; cut += cut < 100 ? 1 : 1999) {
        dq_reader *r;
        dq_step result;
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_env_load(env, r), DQ_ERR_INPUT);
        assert_int_equal(dq_env_step(env, 0, obs, &result), DQ_ERR_CONFIG);  // reset first
        dq_reader_destroy(r);
    }
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    dq_writer_destroy(w);
    dq_env_destroy(env);
}

/** Whatever the bytes, loading says no or the game continues: nothing crashes. */
static void damaged_states_do_no_harm(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Pong-v0");
    dq_atari_env_config cfg = config(own->rules);
    dq_env *env;
    uint8_t obs[STACK];
    dq_writer *w;
    size_t n;
    assert_int_equal(dq_book_env_create(&env, own->rom, own->rom_bytes, &cfg), DQ_OK);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const uint8_t *good = dq_writer_bytes(w, &n);
    uint8_t *bad = malloc(n);
    dq_rng rng = dq_rng_stream(1, "damage");
    size_t interesting = n - 2 * 300 * 160;  // before the console's pictures
    for (int i = 0; i < 200; i++) {
        dq_reader *r;
        dq_step result;
        memcpy(bad, good, n);
        size_t at =
            i % 2 ? interesting - 1 - dq_rng_below(&rng, 6000) : dq_rng_below(&rng, (uint32_t)n);
        bad[at] = (uint8_t)dq_rng_u64(&rng);
        assert_int_equal(dq_reader_create(&r, bad, n), DQ_OK);
        if (dq_env_load(env, r) == DQ_OK)
            for (int k = 0; k < 2; k++) {
                dq_status st = dq_env_step(env, k, obs, &result);
                assert_true(st == DQ_OK || st == DQ_ERR_CONFIG);  // or the episode is over
            }
        dq_reader_destroy(r);
    }
    free(bad);
    dq_writer_destroy(w);
    dq_env_destroy(env);
}

static void same_seed_same_run(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Pong-v0");
    dq_atari_env_config cfg = config(own->rules);
    cfg.repeat_action_probability = 0.25f;
    dq_env *env[2];
    static uint8_t obs[2][STACK];
    for (int i = 0; i < 2; i++) {
        cfg.seed = (uint64_t)i;
        assert_int_equal(dq_book_env_create(&env[i], own->rom, own->rom_bytes, &cfg), DQ_OK);
        assert_int_equal(dq_env_reset(env[i], obs[i]), DQ_OK);
    }
    assert_int_equal(dq_env_seed(env[1], 0), DQ_OK);  // as if made with it, in whatever state
    assert_int_equal(dq_env_reset(env[1], obs[1]), DQ_OK);
    for (int i = 0; i < 60; i++) {
        dq_step result;
        for (int k = 0; k < 2; k++)
            assert_int_equal(dq_env_step(env[k], i * 7 % 6, obs[k], &result), DQ_OK);
        assert_memory_equal(obs[0], obs[1], STACK);
    }
    dq_env_destroy(env[0]);
    dq_env_destroy(env[1]);
}

/* Test cartridges: odd pictures under the rules of games whose action 1 is FIRE and whose mode
 * needs no selecting, which a strange cartridge might never end */

static void play_cartridge(const char *name, const char *rules)
{
    char path[512];
    void *rom;
    size_t n;
    snprintf(path, sizeof(path), "%s/testroms/%s.bin", DEEPQ_TEST_DATA, name);
    assert_int_equal(dq_file_read(path, 1 << 16, &rom, &n), DQ_OK);
    dq_atari_env_config cfg = config(rules);
    cfg.max_ticks = 150;
    play_rom(rom, n, &cfg, 60, 0);
    free(rom);
}

static void test_cartridges_are_the_same(void **state)
{
    (void)state;
    play_cartridge("tia00", "phoenix");
    play_cartridge("pf0", "qbert");
    play_cartridge("star0", "assault");
    play_cartridge("pal0", "phoenix");
    play_cartridge("pal1", "qbert");
}

/** Frames that draw less than the window show, below, what was drawn there long ago. */
static void cartridges_with_odd_frames_are_the_same(void **state)
{
    (void)state;
    play_cartridge("odd0", "phoenix");
    play_cartridge("odd1", "phoenix");
    play_cartridge("odd2", "phoenix");
    play_cartridge("odd3", "phoenix");
    play_cartridge("odd4", "phoenix");
}

/** PAL frames of 312 lines; from the 200th on there are up to 130,000 instructions in the middle of
 *  them, so that a frame continues in the picture that the one before it is shown in, and makes it
 *  darker. */
static void a_pal_frame_that_goes_on_is_the_same(void **state)
{
    (void)state;
    static const uint8_t code[] = {
        0xA9, 0x00, 0x85, 0x80,                    // F000 LDA #0; STA 80
        0xA9, 0x02, 0x85, 0x00,                    // F004 LDA #2; STA VSYNC
        0x85, 0x02, 0x85, 0x02, 0x85, 0x02,        // F008 STA WSYNC, three times
        0xA9, 0x00, 0x85, 0x00, 0xE6, 0x81,        // F00E LDA #0; STA VSYNC; INC 81
        0xA2, 0x9B,                                // F014 LDX #155
        0x85, 0x02, 0x8A, 0x45, 0x81, 0x85, 0x09,  // F016 STA WSYNC; TXA; EOR 81; STA COLUBK
        0xCA, 0xD0, 0xF6,                          // F01D DEX; BNE F016
        0xE6, 0x80, 0xA5, 0x80, 0xC9, 0xC8,        // F020 INC 80; LDA 80; CMP #200
        0x90, 0x10, 0xC6, 0x80,                    // F026 BCC F038; DEC 80
        0xA9, 0x00, 0x85, 0x09,                    // F02A LDA #0; STA COLUBK
        0xA2, 0x00, 0xA4, 0x81,                    // F02E LDX #0; LDY 81
        0xCA, 0xD0, 0xFD, 0x88, 0xD0, 0xFA,        // F032 DEX; BNE F032; DEY; BNE F032
        0xA2, 0x9A,                                // F038 LDX #154
        0x85, 0x02, 0x8A, 0x45, 0x81, 0x85, 0x09,  // F03A STA WSYNC; TXA; EOR 81; STA COLUBK
        0xCA, 0xD0, 0xF6,                          // F041 DEX; BNE F03A
        0x4C, 0x04, 0xF0};                         // F044 JMP F004
    static uint8_t rom[4096];
    memcpy(rom, code, sizeof(code));
    rom[0xFFD] = 0xF0;
    dq_atari_env_config cfg = config("phoenix");
    play_rom(rom, sizeof(rom), &cfg, 120, 0);
}

/* Real games */

/** False, and said so, where there is no ROM of it. */
static bool play_game(const char *game, int n_steps)
{
    void *rom;
    size_t n;
    if (dq_rom_find(game, NULL, &rom, &n, NULL, 0) != DQ_OK) {
        printf("SKIP: no ROM of %s\n", game);
        return false;
    }
    dq_atari_env_config cfg = config(game);
    play_rom(rom, n, &cfg, n_steps, 0);
    free(rom);
    return true;
}

static void real_games_are_the_same(void **state)
{
    (void)state;
    // A game of sticks, one of paddles, a PAL one, and three with frames that are not whole.
    static const char *const games[] = {"pong",  "breakout", "space_invaders",
                                        "qbert", "tetris",   "air_raid"};
    int n_played = 0;
    for (size_t i = 0; i < sizeof(games) / sizeof(games[0]); i++)
        n_played += play_game(games[i], 80);
    if (n_played == 0)
        skip();
}

/* Refusals */

static void expect_refused(const void *rom, size_t n, const char *game, const char *says)
{
    dq_atari_env_config cfg = config(game);
    dq_env *env;
    assert_int_equal(dq_book_env_create(&env, rom, n, &cfg), DQ_ERR_CONFIG);
    assert_null(env);
    assert_non_null(strstr(dq_errmsg(), game));
    assert_non_null(strstr(dq_errmsg(), says));
    assert_int_equal(dq_book_chain_create(&env, rom, n, &cfg), DQ_ERR_CONFIG);
    assert_null(env);
    assert_non_null(strstr(dq_errmsg(), says));
}

static void games_without_fire_are_refused(void **state)
{
    (void)state;
    const dq_homebrew *own = dq_homebrew_by_id("deepq/Pong-v0");
    expect_refused(own->rom, own->rom_bytes, "freeway", "action 1 is UP, not FIRE");
}

static void other_resolutions_are_refused(void **state)
{
    (void)state;
    void *rom;
    size_t n;
    if (dq_rom_find("carnival", NULL, &rom, &n, NULL, 0) != DQ_OK) {
        printf("SKIP: no ROM of carnival\n");
        skip();
    }
    expect_refused(rom, n, "carnival", "Unknown resolution");  // 214 rows
    free(rom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_pong_is_the_same),
        cmocka_unit_test(own_bricks_with_lives_are_the_same),
        cmocka_unit_test(ends_at_any_frame_of_a_skip_are_the_same),
        cmocka_unit_test(saved_in_play_both_go_on_the_same),
        cmocka_unit_test(cut_states_are_refused),
        cmocka_unit_test(damaged_states_do_no_harm),
        cmocka_unit_test(same_seed_same_run),
        cmocka_unit_test(test_cartridges_are_the_same),
        cmocka_unit_test(cartridges_with_odd_frames_are_the_same),
        cmocka_unit_test(a_pal_frame_that_goes_on_is_the_same),
        cmocka_unit_test(real_games_are_the_same),
        cmocka_unit_test(games_without_fire_are_refused),
        cmocka_unit_test(other_resolutions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
