/* ALE's options: every one of them against ale-py's AtariEnv (tests/data/env/options.txt.gz,
 * recorded by tests/oracle/make_options_golden.py), and what is impossible. */
#define _GNU_SOURCE  // memmem
#include "failing_allocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "deepq/atari.h"
#include "deepq/atari_env.h"
#include "env/homebrew.h"
#include "env/numpy_random.h"
#include "golden_lines.h"

enum { MAX_OBS = 250 * 160 * 3 };

static void read_options(dq_atari_options *o, const char *rom, const char *line)
{
    assert_int_equal(dq_atari_options_init(o, golden_env_id(rom)), DQ_OK);
    o->seed = strtoull(golden_value(line, "seed"), NULL, 10);
    if (golden_says(line, "seeding", "gymnasium"))
        o->seeding = DQ_ATARI_SEED_GYMNASIUM;
    if (golden_says(line, "obs", "grey"))
        o->obs = DQ_ATARI_OBS_GREY;
    if (golden_says(line, "obs", "index"))
        o->obs = DQ_ATARI_OBS_INDEX;
    if (golden_says(line, "obs", "ram"))
        o->obs = DQ_ATARI_OBS_RAM;
    if (golden_says(line, "blend", "max"))
        o->blend = DQ_ATARI_BLEND_MAX;
    if (golden_says(line, "blend", "average"))
        o->blend = DQ_ATARI_BLEND_AVERAGE;
    o->skip_low = (int)golden_number(line, "low");
    o->skip_high = (int)golden_number(line, "high");
    o->repeat_action_probability = (float)golden_number(line, "sticky");
    o->full_action_set = golden_number(line, "full") != 0;
    o->life_loss_ends = golden_number(line, "life") != 0;
    o->max_ticks = (uint32_t)golden_number(line, "ticks");
    if (golden_number(line, "mode") >= 0)
        o->mode = (int)golden_number(line, "mode");
    if (golden_number(line, "difficulty") >= 0)
        o->difficulty = (int)golden_number(line, "difficulty");
}

static void play_record(dq_env *env, const golden_record *want, uint8_t *obs)
{
    dq_step step = {0};
    if (want->action < 0)
        assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    else
        assert_int_equal(dq_env_step(env, want->action, obs, &step), DQ_OK);
    assert_true(step.reward == (float)want->reward);
    assert_int_equal(step.terminated, want->terminated);
    assert_int_equal(step.truncated, want->truncated);
    assert_int_equal(dq_env_lives(env), want->lives);
    size_t n = dq_space_bytes(&dq_env_get_spec(env)->obs);
    assert_true(n <= MAX_OBS);
    assert_int_equal(crc32(0, obs, (uInt)n), want->crc);
}

/** Save, throw away, and load into a new environment with the same options. */
static dq_env *move_to_another(dq_env *env, const char *rom, const dq_atari_options *o)
{
    dq_env *other;
    dq_writer *w;
    dq_reader *r;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    dq_env_destroy(env);
    assert_int_equal(dq_env_make_atari(&other, golden_env_id(rom), o), DQ_OK);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_env_load(other, r), DQ_OK);
    assert_int_equal(dq_reader_left(r), 0);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    return other;
}

/** Play all cases; `move_every` steps the environment is replaced by a loaded one, 0: never. */
static void play_golden(int move_every)
{
    static uint8_t obs[MAX_OBS];
    char line[256], rom[32] = "";
    int n_cases = 0, n_steps = 0;
    dq_atari_options options;
    dq_env *env = NULL;
    gzFile f = golden_open("options.txt.gz");
    assert_non_null(f);
    while (gzgets(f, line, sizeof(line))) {
        golden_record want;
        if (sscanf(line, "case %31s", rom) == 1) {
            dq_env_destroy(env);
            env = NULL;
            n_cases++;
            if (!golden_has_rom(rom))
                continue;
            read_options(&options, rom, line);
            assert_int_equal(dq_env_make_atari(&env, golden_env_id(rom), &options), DQ_OK);
        } else if (env && golden_parse(line, &want)) {
            play_record(env, &want, obs);
            if (move_every && ++n_steps % move_every == 0)
                env = move_to_another(env, rom, &options);
        }
    }
    dq_env_destroy(env);
    gzclose(f);
    assert_true(n_cases >= 17);
}

static void every_option_is_as_in_ale(void **state)
{
    (void)state;
    play_golden(0);
}

static void saved_environments_go_on_the_same(void **state)
{
    (void)state;
    play_golden(23);
}

static void seeding_restarts_as_if_new(void **state)
{
    (void)state;
    static uint8_t first[MAX_OBS], second[MAX_OBS];
    for (int seeding = DQ_ATARI_SEED_ALE; seeding <= DQ_ATARI_SEED_GYMNASIUM; seeding++) {
        dq_atari_options o;
        dq_env *a, *b;
        dq_step s, t;
        assert_int_equal(dq_atari_options_init(&o, "deepq/Pong-v0"), DQ_OK);
        o.skip_low = 2;
        o.skip_high = 5;
        o.repeat_action_probability = 0.5f;
        o.seeding = (dq_atari_seeding)seeding;
        o.seed = 1;
        assert_int_equal(dq_env_make_atari(&a, "deepq/Pong-v0", &o), DQ_OK);
        o.seed = 77;
        assert_int_equal(dq_env_make_atari(&b, "deepq/Pong-v0", &o), DQ_OK);
        assert_int_equal(dq_env_reset(a, first), DQ_OK);
        assert_int_equal(dq_env_step(a, 2, first, &s), DQ_OK);
        assert_int_equal(dq_env_seed(a, 77), DQ_OK);
        assert_int_equal(dq_env_reset(a, first), DQ_OK);
        assert_int_equal(dq_env_reset(b, second), DQ_OK);
        for (int i = 0; i < 200; i++) {
            assert_int_equal(dq_env_step(a, i / 7 % 6, first, &s), DQ_OK);
            assert_int_equal(dq_env_step(b, i / 7 % 6, second, &t), DQ_OK);
            assert_memory_equal(first, second, sizeof(first));
        }
        dq_env_destroy(a);
        dq_env_destroy(b);
    }
}

static void numpy_s_numbers_are_numpy_s(void **state)
{
    (void)state;
    /* NumPy 2.4: SeedSequence(s).generate_state(2), default_rng(s).integers(1, 31) eight times. */
    static const struct {
        uint64_t seed;
        uint32_t words[2];
        int drawn[8];
    } known[] = {
        {0, {2968811710u, 3677149159u}, {26, 20, 16, 9, 10, 2, 3, 1}},
        {42, {3444837047u, 2669555309u}, {3, 24, 20, 14, 13, 26, 3, 21}},
        {123456789012345u, {1069851990u, 2775685127u}, {22, 16, 26, 2, 18, 23, 11, 15}},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint32_t words[2];
        dq_numpy_seed_words(known[i].seed, words, 2);
        assert_memory_equal(words, known[i].words, sizeof(words));
        dq_numpy_rng rng = dq_numpy_rng_seed(known[i].seed);
        for (int k = 0; k < 8; k++)
            assert_int_equal(dq_numpy_rng_integers(&rng, 1, 30), known[i].drawn[k]);
    }
}

/** A range of three eighths of 2^32: a quarter of the numbers is rejected. */
static void numpy_s_rejections_are_numpy_s(void **state)
{
    (void)state;
    /* NumPy 2.4: default_rng(s).integers(0, 1610612736) twelve times. */
    static const int known[2][12] = {
        {1370026211, 1025898605, 823242924, 65992479, 121182730, 26619620, 1045957277, 1470095757,
         811148015, 977055306, 1563490777, 1174936451},
        {1246543468, 1054261224, 706863204, 697419853, 1382868744, 138425140, 1123189829, 151683235,
         847953748, 1571349784, 1185012138, 1225901297}};
    for (int i = 0; i < 2; i++) {
        dq_numpy_rng rng = dq_numpy_rng_seed(i ? 42 : 0);
        for (int k = 0; k < 12; k++)
            assert_int_equal(dq_numpy_rng_integers(&rng, 0, 1610612735), known[i][k]);
    }
}

/** The switch is set whether or not a mode is chosen with it. */
static void a_difficulty_counts_in_the_default_mode(void **state)
{
    (void)state;
    if (!golden_has_rom("breakout"))
        skip();
    static uint8_t obs[2][MAX_OBS];
    for (int difficulty = 0; difficulty < 2; difficulty++) {
        dq_atari_options o;
        dq_env *env;
        dq_step step;
        assert_int_equal(dq_atari_options_init(&o, "breakout"), DQ_OK);
        o.difficulty = difficulty;
        assert_int_equal(dq_env_make_atari(&env, "breakout", &o), DQ_OK);
        assert_int_equal(dq_env_reset(env, obs[difficulty]), DQ_OK);
        for (int i = 0; i < 20; i++)
            assert_int_equal(dq_env_step(env, 1, obs[difficulty], &step), DQ_OK);
        dq_env_destroy(env);
    }
    assert_memory_not_equal(obs[0], obs[1], MAX_OBS);  // the paddle is narrower
}

/** Change a byte of RAM inside an environment that shows it: in its saved state. */
static void change_ram(dq_env *env, const uint8_t *ram, size_t index, int by)
{
    dq_writer *w;
    dq_reader *r;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    uint8_t *copy = malloc(n), *at;
    memcpy(copy, bytes, n);
    at = memmem(copy, n, ram, DQ_ATARI_RAM);
    assert_non_null(at);
    at[index] = (uint8_t)(at[index] + by);
    assert_int_equal(dq_reader_create(&r, copy, n), DQ_OK);
    assert_int_equal(dq_env_load(env, r), DQ_OK);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    free(copy);
}

/** A life that is lost ends an episode if that is asked for; one that is won, or none, does not. */
static void only_a_lost_life_ends_an_episode(void **state)
{
    (void)state;
    enum { LIVES = 0xB9 - 0x80 };  // Breakout's byte
    for (int ends = 0; ends < 2; ends++)
        for (int by = -1; by <= 1; by++) {
            dq_atari_options o;
            dq_env *env;
            dq_step step;
            uint8_t ram[DQ_ATARI_RAM];
            assert_int_equal(dq_atari_options_init(&o, "deepq/Bricks-v0"), DQ_OK);
            o.obs = DQ_ATARI_OBS_RAM;
            o.life_loss_ends = ends != 0;
            assert_int_equal(dq_env_make_atari(&env, "deepq/Bricks-v0", &o), DQ_OK);
            assert_int_equal(dq_env_reset(env, ram), DQ_OK);
            for (int i = 0; i < 3; i++)
                assert_int_equal(dq_env_step(env, 0, ram, &step), DQ_OK);
            assert_false(step.terminated);
            int before = step.lives;
            change_ram(env, ram, LIVES, by);
            assert_int_equal(dq_env_step(env, 0, ram, &step), DQ_OK);
            assert_int_equal(step.lives, before + by);
            assert_int_equal(step.terminated, ends && by < 0);
            dq_env_destroy(env);
        }
}

static void impossible_options_are_refused(void **state)
{
    (void)state;
    dq_atari_options good, o;
    dq_env *env;
    assert_int_equal(dq_atari_options_init(&good, "PongNoFrameskip-v5"), DQ_ERR_NOT_FOUND);
    assert_int_equal(dq_atari_options_init(&good, "deepq/Pong-v0"), DQ_OK);
    assert_true(good.skip_low == 1 && good.skip_high == 1 && good.max_ticks == 108000);
#define REFUSES(field, value)                                                                      \
    (o = good, o.field = (value), dq_env_make_atari(&env, "deepq/Pong-v0", &o) == DQ_ERR_CONFIG)
    assert_true(REFUSES(skip_low, 0));
    assert_true(REFUSES(skip_low, 2));
    assert_true(REFUSES(skip_high, 1001));
    assert_true(REFUSES(repeat_action_probability, 1.5f));
    assert_true(REFUSES(repeat_action_probability, -0.1f));
    assert_true(REFUSES(mode, 99));
    assert_true(REFUSES(difficulty, 77));
    assert_true(REFUSES(obs, (dq_atari_obs)4));
    assert_true(REFUSES(blend, (dq_atari_blend)3));
    assert_true(REFUSES(seeding, (dq_atari_seeding)2));
    good.obs = DQ_ATARI_OBS_INDEX;
    assert_true(REFUSES(blend, DQ_ATARI_BLEND_MAX));
    assert_null(env);
    assert_int_equal(dq_env_make_atari(&env, "deepq/Pong-v0", NULL), DQ_OK);
    dq_env_destroy(env);
}

/** Make an environment whose n-th allocation fails; DQ_OK once it takes fewer. */
static dq_status make_without_memory(long n, dq_atari_obs obs, dq_atari_blend blend,
                                     const char *dialect)
{
    dq_atari_options o;
    dq_preprocessing how;
    dq_env *env = (dq_env *)&o;  // anything but NULL
    assert_int_equal(dq_atari_options_init(&o, "deepq/Pong-v0"), DQ_OK);
    o.obs = obs;
    o.blend = blend;
    if (dialect)
        assert_int_equal(dq_preprocessing_init(&how, dialect), DQ_OK);
    (void)let_allocation_fail(n);
    dq_status st = dialect ? dq_env_make_preprocessed(&env, "deepq/Pong-v0", &how, &o)
                           : dq_env_make_atari(&env, "deepq/Pong-v0", &o);
    (void)let_allocation_fail(0);
    if (st != DQ_OK)
        assert_null(env);
    dq_env_destroy(env);
    return st;
}

static void a_game_without_a_button_has_fewer_actions(void **state)
{
    (void)state;
    dq_env *env;
    dq_atari_options o;
    assert_int_equal(dq_atari_options_init(&o, "ALE/Skiing-v5"), DQ_OK);
    o.full_action_set = true;
    if (dq_env_make_atari(&env, "ALE/Skiing-v5", &o) == DQ_ERR_NOT_FOUND)
        skip();
    const dq_env_spec *spec = dq_env_get_spec(env);
    assert_int_equal(spec->n_actions, 9);
    assert_string_equal(spec->action_names[1], "UP");
    assert_false(dq_atari_is_legal(dq_env_atari(env), 1));
    assert_false(dq_atari_is_legal(dq_env_atari(env), 18));
    dq_env_destroy(env);
}

/** A step's sound is that of its last frame, whatever is made of its pictures. */
static void environments_sound_as_their_console_does(void **state)
{
    (void)state;
    static uint8_t obs[MAX_OBS];
    static const char *const made[] = {NULL, "book", "sb3", "ale-vector"};
    dq_atari_config cfg = {.game_id = "pong", .sound = true};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        dq_atari *bare;
        dq_atari_options o;
        dq_preprocessing p;
        dq_step step;
        dq_env *env;
        assert_int_equal(dq_atari_options_init(&o, "deepq/Pong-v0"), DQ_OK);
        o.sound = o.full_action_set = true;
        if (!made[i])
            o.skip_low = o.skip_high = 4;
        else
            assert_int_equal(dq_preprocessing_init(&p, made[i]), DQ_OK);
        assert_int_equal(made[i] ? dq_env_make_preprocessed(&env, "deepq/Pong-v0", &p, &o)
                                 : dq_env_make_atari(&env, "deepq/Pong-v0", &o),
                         DQ_OK);
        assert_int_equal(dq_atari_create(&bare, dq_rom_pong, sizeof(dq_rom_pong), &cfg), DQ_OK);
        assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        dq_atari *console = dq_env_atari(env);
        dq_atari_copy(bare, console);
        for (int k = 0; k < 40; k++) {
            assert_int_equal(dq_env_step(env, 2 + k % 3, obs, &step), DQ_OK);
            for (int frame = 0; frame < 4; frame++)
                (void)dq_atari_act(bare, 2 + k % 3, false);
            assert_memory_equal(dq_atari_audio(console), dq_atari_audio(bare), DQ_ATARI_SAMPLES);
        }
        dq_env_destroy(env);
        dq_atari_destroy(bare);
    }
}

static void without_memory_there_is_one_error(void **state)
{
    (void)state;
    static const struct {
        dq_atari_obs obs;
        dq_atari_blend blend;
        const char *dialect;
    } made[] = {
        {DQ_ATARI_OBS_RAM, DQ_ATARI_BLEND_NONE, NULL},
        {DQ_ATARI_OBS_RGB, DQ_ATARI_BLEND_AVERAGE, NULL},
        {DQ_ATARI_OBS_GREY, DQ_ATARI_BLEND_MAX, NULL},
        {DQ_ATARI_OBS_RGB, DQ_ATARI_BLEND_NONE, "book"},
        {DQ_ATARI_OBS_RGB, DQ_ATARI_BLEND_NONE, "sb3"},
        {DQ_ATARI_OBS_RGB, DQ_ATARI_BLEND_NONE, "ale-vector"},
    };
    if (!let_allocation_fail(0))
        skip();
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        long n = 1;
        dq_status st;
        while ((st = make_without_memory(n, made[i].obs, made[i].blend, made[i].dialect)) !=
               DQ_OK) {
            assert_int_equal(st, DQ_ERR_NOMEM);
            assert_non_null(strstr(dq_errmsg(), "no memory"));
            n++;
        }
        assert_in_range(n, 4, 40);  // the environment, its session, console, pictures at least
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numpy_s_numbers_are_numpy_s),
        cmocka_unit_test(numpy_s_rejections_are_numpy_s),
        cmocka_unit_test(a_difficulty_counts_in_the_default_mode),
        cmocka_unit_test(every_option_is_as_in_ale),
        cmocka_unit_test(saved_environments_go_on_the_same),
        cmocka_unit_test(seeding_restarts_as_if_new),
        cmocka_unit_test(only_a_lost_life_ends_an_episode),
        cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(a_game_without_a_button_has_fewer_actions),
        cmocka_unit_test(environments_sound_as_their_console_does),
        cmocka_unit_test(without_memory_there_is_one_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
