/** The games that come with deepq: the frames that ALE gives, a steady picture, and worth playing:
 *  bad players lose, good ones win. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "atari/session.h"
#include "atari/trace.h"
#include "base/atomic_file.h"
#include "deepq/env.h"
#include "deepq/rng.h"
#include "env/homebrew.h"

enum { NOOP = 0, FIRE = 1, RIGHT = 3, LEFT = 4 };  // ALE's numbers
enum { SKIP = 4, CAP_STEPS = 27000 };

/* RAM: see docs/homebrew.md. */
enum { SERVE_WAIT = 0x83 };  // in both games
enum { BALL_Y = 0x88, VEL_Y = 0x8C, THEIRS = 0x8D, OURS = 0x8E, AGENT_Y = 0x8F, VARIATION = 0x96 };
enum { BALL_X = 0x85, VEL_X = 0x89, PADDLE_X = 0x8C, BRICKS_LEFT = 0x90 };

static int ram(const dq_atari *a, int address)
{
    return dq_atari_ram(a)[address - 0x80];
}

static dq_atari *insert(const char *id)
{
    const dq_homebrew *game = dq_homebrew_by_id(id);
    dq_atari_config cfg = {.game_id = game->rules};
    dq_atari *a = NULL;
    assert_int_equal(dq_atari_create(&a, game->rom, game->rom_bytes, &cfg), DQ_OK);
    return a;
}

static void every_frame_is_ales(void **state)
{
    (void)state;
    size_t n_games;
    const dq_homebrew *games = dq_homebrews(&n_games);
    for (size_t i = 0; i < n_games; i++) {
        char path[512];
        void *trace;
        size_t n;
        dq_trace_report report;
        snprintf(path, sizeof(path), "%s/homebrew/%s.atr", DEEPQ_TEST_DATA, games[i].name);
        assert_int_equal(dq_file_read(path, 1 << 20, &trace, &n), DQ_OK);
        assert_int_equal(dq_trace_check(&report, trace, n, games[i].rom, games[i].rom_bytes),
                         DQ_OK);
        if (!report.equal)
            print_error("%s: frame %u: %s\n", games[i].id, report.frame, report.difference);
        assert_true(report.equal);
        free(trace);
    }
}

typedef int player(const dq_atari *a, dq_rng *rng);

static int idle(const dq_atari *a, dq_rng *rng)
{
    (void)a, (void)rng;
    return NOOP;
}

static int random_player(const dq_atari *a, dq_rng *rng)
{
    const dq_atari_game *game = dq_atari_get_game(a);
    return game->minimal[dq_rng_below(rng, (uint32_t)game->n_minimal)];
}

/** Steers to where the ball will be when the action is over. */
static int follower(const dq_atari *a, dq_rng *rng)
{
    (void)rng;
    if (ram(a, SERVE_WAIT))
        return FIRE;
    int off = ram(a, BALL_Y) + SKIP * (int8_t)ram(a, VEL_Y) - 6 - ram(a, AGENT_Y);
    return off > 5 ? LEFT : off < -5 ? RIGHT : NOOP;
}

/** The same in Bricks; now and then a little off, so that the ball comes back at another angle. */
static int catcher(const dq_atari *a, dq_rng *rng)
{
    if (ram(a, SERVE_WAIT))
        return FIRE;
    int off = ram(a, BALL_X) + SKIP * (int8_t)ram(a, VEL_X) - 7 - ram(a, PADDLE_X);
    off += 4 * (int)dq_rng_below(rng, 3) - 4;
    return off > 4 ? RIGHT : off < -4 ? LEFT : NOOP;
}

static int distracted(const dq_atari *a, dq_rng *rng)
{
    return dq_rng_below(rng, 3) ? follower(a, rng) : random_player(a, rng);
}

/** One game; returns the score. */
static int play(const char *id, player *p, uint64_t seed)
{
    dq_atari *a = insert(id);
    dq_rng rng = dq_rng_stream(seed, "player");
    int score = 0;
    dq_atari_reset(a);
    for (int n = 0; n < CAP_STEPS && !dq_atari_game_over(a); n++) {
        int action = p(a, &rng);
        for (int i = 0; i < SKIP; i++)
            score += dq_atari_act(a, action, false);
    }
    assert_true(dq_atari_game_over(a));
    dq_atari_destroy(a);
    return score;
}

static double mean_score(const char *id, player *p, int n_games)
{
    int sum = 0;
    for (int i = 0; i < n_games; i++)
        sum += play(id, p, (uint64_t)i);
    return (double)sum / n_games;
}

static void pong_is_lost_by_the_idle_and_won_by_the_good(void **state)
{
    (void)state;
    assert_int_equal(play("deepq/Pong-v0", idle, 0), -21);
    assert_int_equal(play("deepq/Pong-v0", follower, 0), 21);
    double at_random = mean_score("deepq/Pong-v0", random_player, 4);
    double in_between = mean_score("deepq/Pong-v0", distracted, 2);
    assert_true(at_random >= -21 && at_random < -18.5);
    assert_true(in_between > -15 && in_between < 15);
}

static void bricks_are_missed_by_the_idle_and_hit_by_the_good(void **state)
{
    (void)state;
    double at_random = mean_score("deepq/Bricks-v0", random_player, 4);
    int good = play("deepq/Bricks-v0", catcher, 0);
    assert_true(play("deepq/Bricks-v0", idle, 0) < 10);
    assert_true(at_random < 10);
    assert_true(good > 100 && good <= 756);  // two walls of 18 * (1 + 2 + ... + 6)
}

static void bricks_take_five_balls(void **state)
{
    (void)state;
    dq_atari *a = insert("deepq/Bricks-v0");
    dq_atari_reset(a);
    int lives = dq_atari_lives(a);
    assert_int_equal(lives, 5);
    assert_int_equal(ram(a, BRICKS_LEFT), 108);
    for (int i = 0; i < 10000 && !dq_atari_game_over(a); i++) {
        dq_atari_act(a, LEFT, false);
        assert_in_range(dq_atari_lives(a), lives - 1, lives);
        lives = dq_atari_lives(a);
    }
    assert_int_equal(lives, 0);
    dq_atari_destroy(a);
}

static void every_frame_has_262_lines(void **state)
{
    (void)state;
    size_t n_games;
    const dq_homebrew *games = dq_homebrews(&n_games);
    for (size_t g = 0; g < n_games; g++) {
        dq_atari *a = insert(games[g].id);
        dq_rng rng = dq_rng_stream(1, "player");
        player *good = strcmp(games[g].name, "pong") == 0 ? follower : catcher;
        dq_atari_reset(a);
        for (int i = 0; i < 4000; i++) {
            if (dq_atari_game_over(a))
                dq_atari_reset(a);
            dq_atari_act(a, i / 500 % 4 ? good(a, &rng) : random_player(a, &rng), false);
            assert_int_equal(dq_machine_lines(a->machine), 262);
        }
        dq_atari_destroy(a);
    }
}

/** What is at a place of the picture: a palette index. */
static int pixel(const dq_atari *a, int x, int y)
{
    return dq_atari_screen(a)[y * DQ_ATARI_WIDTH + x];
}

static void pong_looks_like_pong(void **state)
{
    (void)state;
    enum { FIELD = 0x22, WALL = 0x0E, OPPONENT = 0x38, AGENT = 0xC8 };
    dq_atari *a = insert("deepq/Pong-v0");
    dq_atari_reset(a);
    dq_atari_act(a, NOOP, true);
    for (int y = 0; y < 210; y++) {
        bool wall = (y >= 24 && y < 34) || y >= 194;
        bool paddle = y >= 34 + 72 && y < 34 + 72 + 16;
        assert_int_equal(pixel(a, 80, y), wall ? WALL : FIELD);
        for (int x = 0; x < 4; x++) {
            assert_int_equal(pixel(a, 16 + x, y), wall ? WALL : paddle ? OPPONENT : FIELD);
            assert_int_equal(pixel(a, 140 + x, y), wall ? WALL : paddle ? AGENT : FIELD);
        }
    }
    int n_theirs = 0, n_ours = 0;
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < DQ_ATARI_WIDTH; x++) {
            n_theirs += pixel(a, x, y) == OPPONENT && x < 80;
            n_ours += pixel(a, x, y) == AGENT && x >= 80;
        }
    assert_int_equal(n_theirs, 12 * 4 * 4);  // a 0: twelve cells of 4 x 4
    assert_int_equal(n_ours, 12 * 4 * 4);
    dq_atari_destroy(a);
}

static void fire_serves_and_so_does_time(void **state)
{
    (void)state;
    dq_atari *a = insert("deepq/Pong-v0");
    dq_atari_reset(a);
    dq_atari_act(a, FIRE, false);
    assert_int_equal(ram(a, SERVE_WAIT), 0);
    dq_atari_reset(a);
    int n = 0;
    while (ram(a, SERVE_WAIT) && n++ < 1000)
        dq_atari_act(a, NOOP, false);
    assert_in_range(n, 40, 60);
    dq_atari_destroy(a);
}

static void right_is_up_and_left_is_down(void **state)
{
    (void)state;
    dq_atari *a = insert("deepq/Pong-v0");
    dq_atari_reset(a);
    int at = ram(a, AGENT_Y);
    static const int rows[] = {1, 2, 3, 4, 4};
    for (int i = 0; i < 5; i++) {
        dq_atari_act(a, RIGHT, false);
        assert_int_equal(ram(a, AGENT_Y), at -= rows[i]);
    }
    for (int i = 0; i < 5; i++) {
        dq_atari_act(a, LEFT, false);
        assert_int_equal(ram(a, AGENT_Y), at += rows[i]);
    }
    dq_atari_act(a, NOOP, false);
    assert_int_equal(ram(a, AGENT_Y), at);
    for (int i = 0; i < 100; i++)
        dq_atari_act(a, LEFT, false);
    assert_int_equal(ram(a, AGENT_Y), 144);
    for (int i = 0; i < 100; i++)
        dq_atari_act(a, RIGHT, false);
    assert_int_equal(ram(a, AGENT_Y), 0);
    dq_atari_destroy(a);
}

static void the_same_actions_give_the_same_game(void **state)
{
    (void)state;
    uint8_t first[DQ_ATARI_RAM];
    for (int round = 0; round < 2; round++) {
        dq_atari *a = insert("deepq/Pong-v0");
        dq_rng rng = dq_rng_stream(5, "player");
        for (int episode = 0; episode <= round; episode++)  // also after another game
            dq_atari_reset(a);
        for (int i = 0; i < 1000; i++)
            dq_atari_act(a, random_player(a, &rng), false);
        if (round == 0)
            memcpy(first, dq_atari_ram(a), sizeof(first));
        assert_memory_equal(first, dq_atari_ram(a), sizeof(first));
        dq_atari_destroy(a);
    }
}

static void mode_1_is_harder(void **state)
{
    (void)state;
    int lost[2];
    for (int mode = 0; mode < 2; mode++) {
        dq_atari *a = insert("deepq/Pong-v0");
        dq_rng rng = dq_rng_stream(1, "player");
        assert_int_equal(dq_atari_set_mode(a, mode), DQ_OK);
        dq_atari_reset(a);
        assert_int_equal(ram(a, VARIATION), mode);
        for (int i = 0; i < 8000 && !dq_atari_game_over(a); i++)
            dq_atari_act(a, follower(a, &rng), false);
        lost[mode] = ram(a, THEIRS) - ram(a, OURS);
        dq_atari_destroy(a);
    }
    assert_true(lost[1] > lost[0]);
}

static void the_environments_need_no_rom(void **state)
{
    (void)state;
    static uint8_t obs[210 * 160 * 3];
    dq_env *env;
    dq_step step;
    assert_int_equal(setenv("DEEPQ_ROMS_DIR", "/nowhere", 1), 0);
    assert_int_equal(dq_env_make(&env, "deepq/Pong-v0", NULL), DQ_OK);
    const dq_env_spec *spec = dq_env_get_spec(env);
    assert_string_equal(spec->id, "deepq/Pong-v0");
    assert_int_equal(spec->n_actions, 6);
    assert_string_equal(spec->action_names[1], "FIRE");
    assert_int_equal(dq_space_bytes(&spec->obs), sizeof(obs));
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    for (int i = 0; i < 300; i++)
        assert_int_equal(dq_env_step(env, i % 6, obs, &step), DQ_OK);
    dq_env_destroy(env);

    assert_int_equal(dq_env_make_book(&env, "deepq/Pong-v0", NULL), DQ_OK);
    assert_int_equal(dq_space_bytes(&dq_env_get_spec(env)->obs), 4 * 84 * 84);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    float score = 0;
    int n = 0;
    for (step.terminated = false; !step.terminated && n < 5000; n++) {
        assert_int_equal(dq_env_step(env, 0, obs, &step), DQ_OK);
        score += step.reward;
    }
    assert_true(score == -21.0f);
    dq_env_destroy(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_ales),
        cmocka_unit_test(every_frame_has_262_lines),
        cmocka_unit_test(pong_looks_like_pong),
        cmocka_unit_test(fire_serves_and_so_does_time),
        cmocka_unit_test(right_is_up_and_left_is_down),
        cmocka_unit_test(the_same_actions_give_the_same_game),
        cmocka_unit_test(pong_is_lost_by_the_idle_and_won_by_the_good),
        cmocka_unit_test(mode_1_is_harder),
        cmocka_unit_test(bricks_are_missed_by_the_idle_and_hit_by_the_good),
        cmocka_unit_test(bricks_take_five_balls),
        cmocka_unit_test(the_environments_need_no_rom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
