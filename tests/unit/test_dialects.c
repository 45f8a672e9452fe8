/* Preprocessing dialects against their originals: Stable-Baselines3, CleanRL, Dopamine, Gymnasium,
 * EnvPool and ale-py's AtariVectorEnv (tests/data/env/dialects.txt.gz, recorded by
 * tests/oracle/make_dialect_golden.py). Our own games run everywhere, others where their ROMs are.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "deepq/atari_env.h"
#include "deepq/rng.h"
#include "golden_lines.h"

enum { MAX_STACK = 4, FRAME = 84 * 84 };

typedef struct played_case {
    char dialect[16], rom[32];
    dq_preprocessing p;
    dq_atari_options options;
} played_case;

static int chosen(const char *line, const char *key, int usual)
{
    double value = golden_number(line, key);
    return value < 0 ? usual : (int)value;
}

static void read_case(played_case *c, const char *line)
{
    assert_int_equal(dq_preprocessing_init(&c->p, c->dialect), DQ_OK);
    c->p.skip = (int)golden_number(line, "skip");
    c->p.stack = (int)golden_number(line, "stack");
    c->p.noop_max = chosen(line, "noops", c->p.noop_max);
    c->p.fire_reset = chosen(line, "fire", c->p.fire_reset);
    c->p.episodic_life = chosen(line, "life", c->p.episodic_life);
    c->p.clip_reward = chosen(line, "clip", c->p.clip_reward);
    c->p.linear_resize = golden_number(line, "linear") != 0;
    assert_int_equal(dq_atari_options_init(&c->options, golden_env_id(c->rom)), DQ_OK);
    c->options.seed = strtoull(golden_value(line, "seed"), NULL, 10);
    c->options.repeat_action_probability = (float)golden_number(line, "sticky");
    c->options.max_ticks = (uint32_t)golden_number(line, "ticks");
}

static dq_env *make(const played_case *c)
{
    dq_env *env;
    assert_int_equal(dq_env_make_preprocessed(&env, golden_env_id(c->rom), &c->p, &c->options),
                     DQ_OK);
    return env;
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
    if (want->lives >= 0)
        assert_int_equal(dq_env_lives(env), want->lives);
    assert_int_equal(crc32(0, obs, (uInt)dq_space_bytes(&dq_env_get_spec(env)->obs)), want->crc);
}

/** Save, throw away, and load into a new environment that was made with another seed. */
static dq_env *move_to_another(dq_env *env, const played_case *c)
{
    dq_writer *w;
    dq_reader *r;
    size_t n;
    played_case fresh = *c;
    fresh.options.seed = 12345;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    dq_env_destroy(env);
    env = make(&fresh);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_env_load(env, r), DQ_OK);
    assert_int_equal(dq_reader_left(r), 0);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    return env;
}

static dq_env *make_own_pong(const char *dialect, uint64_t seed)
{
    dq_preprocessing p;
    dq_atari_options o;
    dq_env *env;
    assert_int_equal(dq_preprocessing_init(&p, dialect), DQ_OK);
    assert_int_equal(dq_atari_options_init(&o, "deepq/Pong-v0"), DQ_OK);
    p.fire_reset = false;
    p.noop_max = 30;
    p.stack = 1;
    o.max_ticks = 20;  // a game may end within its first skip
    o.seed = seed;
    assert_int_equal(dq_env_make_preprocessed(&env, "deepq/Pong-v0", &p, &o), DQ_OK);
    return env;
}

static void a_seeded_environment_is_a_new_one(void **state)
{
    (void)state;
    enum { N_SEEDS = 64, N_STEPS = 8 };
    static uint8_t obs[FRAME], want[FRAME];
    static const char *const names[] = {"sb3", "cleanrl", "gymnasium", "ale-vector"};
    dq_step step, wanted;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        dq_env *used = make_own_pong(names[i], 1);
        for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
            dq_env *fresh = make_own_pong(names[i], seed);
            assert_int_equal(dq_env_seed(used, seed), DQ_OK);
            assert_int_equal(dq_env_reset(used, obs), DQ_OK);
            assert_int_equal(dq_env_reset(fresh, want), DQ_OK);
            step.terminated = step.truncated = false;
            for (int t = 0; t < N_STEPS && !step.terminated && !step.truncated; t++) {
                assert_memory_equal(obs, want, FRAME);
                assert_int_equal(dq_env_step(used, t % 6, obs, &step), DQ_OK);
                assert_int_equal(dq_env_step(fresh, t % 6, want, &wanted), DQ_OK);
            }
            assert_memory_equal(obs, want, FRAME);
            dq_env_destroy(fresh);
        }
        dq_env_destroy(used);
    }
}

static played_case own_frames(int height, int width, bool colour, bool no_pooling)
{
    played_case c = {.dialect = "ale-vector", .rom = "own/pong"};
    assert_int_equal(dq_preprocessing_init(&c.p, c.dialect), DQ_OK);
    assert_int_equal(dq_atari_options_init(&c.options, golden_env_id(c.rom)), DQ_OK);
    c.p.height = height;
    c.p.width = width;
    c.p.colour = colour;
    c.p.no_pooling = no_pooling;
    c.p.stack = 2;
    return c;
}

static void frames_of_any_size_are_saved_too(void **state)
{
    (void)state;
    enum { BYTES = 2 * 96 * 72 * 3 };
    static uint8_t obs[BYTES], want[BYTES];
    played_case c = own_frames(96, 72, true, false);
    dq_env *env = make(&c), *other = make(&c);
    dq_step step;
    const dq_space *space = &dq_env_get_spec(env)->obs;
    assert_int_equal(space->n_dims, 4);
    assert_int_equal(dq_space_bytes(space), BYTES);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_reset(other, want), DQ_OK);
    for (int t = 0; t < 40; t++) {
        assert_int_equal(dq_env_step(env, t % 6, obs, &step), DQ_OK);
        assert_int_equal(dq_env_step(other, t % 6, want, &step), DQ_OK);
        assert_memory_equal(obs, want, BYTES);
        if (t % 10 == 5)
            env = move_to_another(env, &c);
    }
    dq_env_destroy(env);
    dq_env_destroy(other);
}

static void impossible_frames_are_refused(void **state)
{
    (void)state;
    dq_env *env;
    played_case c = own_frames(1025, 84, false, false);
    const char *id = golden_env_id(c.rom);
    assert_int_equal(dq_env_make_preprocessed(&env, id, &c.p, &c.options), DQ_ERR_CONFIG);
    c = own_frames(84, -1, false, false);
    assert_int_equal(dq_env_make_preprocessed(&env, id, &c.p, &c.options), DQ_ERR_CONFIG);
    c = own_frames(0, 0, true, false);
    c.p.linear_resize = true;
    assert_int_equal(dq_env_make_preprocessed(&env, id, &c.p, &c.options), DQ_ERR_CONFIG);
    c = own_frames(0, 0, false, true);
    c.p.dialect = DQ_DIALECT_SB3;
    assert_int_equal(dq_env_make_preprocessed(&env, id, &c.p, &c.options), DQ_ERR_CONFIG);
}

static void the_observation_and_the_console_can_be_looked_at_again(void **state)
{
    (void)state;
    static uint8_t obs[FRAME], again[FRAME];
    dq_env *env = make_own_pong("ale-vector", 3);
    dq_step step;
    assert_int_equal(dq_env_observe(env, again), DQ_ERR_CONFIG);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    const dq_atari *atari = dq_env_atari(env);
    uint64_t ticks = dq_atari_ticks(atari);
    for (int t = 0; t < 3; t++) {
        assert_int_equal(dq_env_step(env, t, obs, &step), DQ_OK);
        assert_int_equal(dq_env_observe(env, again), DQ_OK);
        assert_memory_equal(obs, again, FRAME);
        assert_int_equal(dq_atari_ticks(atari), ticks + 4 * (uint64_t)(t + 1));
    }
    assert_int_equal(dq_env_seed(env, 1), DQ_OK);
    assert_int_equal(dq_env_observe(env, again), DQ_ERR_CONFIG);
    dq_env_destroy(env);
}

static void a_wrapped_environment_has_the_console_of_the_inner_one(void **state)
{
    (void)state;
    dq_env *env, *lake;
    assert_int_equal(dq_env_make(&env, "deepq/Pong-v0", NULL), DQ_OK);
    dq_atari *inner = dq_env_atari(env);
    assert_non_null(inner);
    assert_int_equal(dq_wrap_clip_reward(&env, env), DQ_OK);
    assert_ptr_equal(dq_env_atari(env), inner);
    dq_env_destroy(env);
    assert_int_equal(dq_env_make(&lake, "FrozenLake-v1", NULL), DQ_OK);
    assert_null(dq_env_atari(lake));
    dq_env_destroy(lake);
}

/** Play all cases; every `move_every` steps the environment is replaced by a loaded one, 0: never.
 */
static void play_golden(int move_every)
{
    static uint8_t obs[MAX_STACK * FRAME];
    char line[256];
    int n_cases = 0, n_steps = 0;
    played_case c = {.rom = ""};
    dq_env *env = NULL;
    gzFile f = golden_open("dialects.txt.gz");
    assert_non_null(f);
    while (gzgets(f, line, sizeof(line))) {
        golden_record want;
        if (sscanf(line, "case %15s %31s", c.dialect, c.rom) == 2) {
            dq_env_destroy(env);
            env = NULL;
            n_cases++;
            if (!golden_has_rom(c.rom))
                continue;
            read_case(&c, line);
            env = make(&c);
        } else if (env && golden_parse(line, &want)) {
            play_record(env, &want, obs);
            if (move_every && ++n_steps % move_every == 0)
                env = move_to_another(env, &c);
        }
    }
    dq_env_destroy(env);
    gzclose(f);
    assert_true(n_cases >= 60);
}

static void every_dialect_is_its_original(void **state)
{
    (void)state;
    play_golden(0);
}

static void saved_dialects_go_on_the_same(void **state)
{
    (void)state;
    play_golden(41);
}

enum { STEPS_ON = 12 };

static void play_on(dq_env *env, uint64_t seed, int n, uint32_t *seen)
{
    uint8_t obs[MAX_STACK * FRAME];
    dq_rng rng = dq_rng_stream(seed, "test");
    for (int i = 0; i < n; i++) {
        dq_step step = {0};
        int action = (int)dq_rng_below(&rng, (uint32_t)dq_env_get_spec(env)->n_actions);
        assert_int_equal(dq_env_step(env, action, obs, &step), DQ_OK);
        if (step.terminated || step.truncated)
            assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        if (seen)
            seen[i] = (uint32_t)crc32(0, obs, (uInt)dq_space_bytes(&dq_env_get_spec(env)->obs));
    }
}

/** An environment that has played on takes an earlier state back: nothing of its later pictures is
 *  in those that follow. */
static void an_environment_goes_back(void **state)
{
    (void)state;
    size_t n_names, n;
    const char *const *names = dq_dialect_names(&n_names);
    for (size_t i = 0; i < 2 * n_names; i++)
        for (int later = 0; later < 4; later++) {
            played_case c = {0};
            dq_env *env;
            dq_writer *w;
            dq_reader *r;
            uint8_t obs[MAX_STACK * FRAME];
            uint32_t want[STEPS_ON], got[STEPS_ON];
            const char *id = i % 2 ? "deepq/Bricks-v0" : "deepq/Pong-v0";
            assert_int_equal(dq_preprocessing_init(&c.p, names[i / 2]), DQ_OK);
            assert_int_equal(dq_atari_options_init(&c.options, id), DQ_OK);
            assert_int_equal(dq_env_make_preprocessed(&env, id, &c.p, &c.options), DQ_OK);
            assert_int_equal(dq_env_reset(env, obs), DQ_OK);
            play_on(env, 1, 20 + later, NULL);
            assert_int_equal(dq_writer_create(&w), DQ_OK);
            assert_int_equal(dq_env_save(env, w), DQ_OK);
            play_on(env, 2, STEPS_ON, want);
            play_on(env, 3, 100 + later, NULL);
            const void *bytes = dq_writer_bytes(w, &n);
            assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
            assert_int_equal(dq_env_load(env, r), DQ_OK);
            play_on(env, 2, STEPS_ON, got);
            assert_memory_equal(got, want, sizeof(want));
            dq_reader_destroy(r);
            dq_writer_destroy(w);
            dq_env_destroy(env);
        }
}

/** An environment that has played as long as another, but otherwise, takes its state: nothing of
 * its own pictures is in those that follow, with a skip of 1 either, where a frame is made from the
 * one before. */
static void an_environment_takes_the_state_of_another(void **state)
{
    (void)state;
    size_t n_names, n;
    const char *const *names = dq_dialect_names(&n_names);
    for (size_t i = 0; i < 2 * n_names; i++) {
        if (i % 2 && strncmp(names[i / 2], "book", 4) == 0)
            continue;  // the book's wrappers skip four frames
        dq_env *env[2];
        uint8_t obs[MAX_STACK * FRAME];
        uint32_t seen[2][STEPS_ON];
        dq_writer *w;
        dq_reader *r;
        for (int k = 0; k < 2; k++) {
            played_case c = {0};
            assert_int_equal(dq_preprocessing_init(&c.p, names[i / 2]), DQ_OK);
            c.p.skip = i % 2 ? 1 : c.p.skip;
            c.p.noop_max = 0;
            assert_int_equal(dq_atari_options_init(&c.options, "deepq/Pong-v0"), DQ_OK);
            assert_int_equal(dq_env_make_preprocessed(&env[k], "deepq/Pong-v0", &c.p, &c.options),
                             DQ_OK);
            assert_int_equal(dq_env_reset(env[k], obs), DQ_OK);
            play_on(env[k], (uint64_t)k, 60, NULL);
        }
        assert_int_equal(dq_writer_create(&w), DQ_OK);
        assert_int_equal(dq_env_save(env[1], w), DQ_OK);
        const void *bytes = dq_writer_bytes(w, &n);
        assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
        assert_int_equal(dq_env_load(env[0], r), DQ_OK);
        for (int k = 0; k < 2; k++)
            play_on(env[k], 2, STEPS_ON, seen[k]);
        assert_memory_equal(seen[0], seen[1], sizeof(seen[0]));
        dq_reader_destroy(r);
        dq_writer_destroy(w);
        dq_env_destroy(env[0]);
        dq_env_destroy(env[1]);
    }
}

static void the_book_is_the_book(void **state)
{
    (void)state;
    dq_preprocessing p;
    dq_env *a, *b;
    static uint8_t first[4 * FRAME], second[4 * FRAME];
    assert_int_equal(dq_preprocessing_init(&p, "book"), DQ_OK);
    assert_int_equal(dq_env_make_preprocessed(&a, "deepq/Pong-v0", &p, NULL), DQ_OK);
    assert_int_equal(dq_env_make_book(&b, "deepq/Pong-v0", NULL), DQ_OK);
    assert_int_equal(dq_env_reset(a, first), DQ_OK);
    assert_int_equal(dq_env_reset(b, second), DQ_OK);
    for (int i = 0; i < 50; i++) {
        dq_step s, t;
        assert_memory_equal(first, second, sizeof(first));
        assert_int_equal(dq_env_step(a, i % 6, first, &s), DQ_OK);
        assert_int_equal(dq_env_step(b, i % 6, second, &t), DQ_OK);
    }
    dq_env_destroy(a);
    dq_env_destroy(b);
    p.linear_resize = true;
    assert_int_equal(dq_env_make_preprocessed(&a, "deepq/Pong-v0", &p, NULL), DQ_ERR_CONFIG);
}

/** What it is not by itself is made of its wrappers: of as many frames as are asked for, and the
 *  same where the choice makes no difference. */
static void the_book_takes_choices(void **state)
{
    (void)state;
    dq_preprocessing p;
    dq_env *a, *b;
    static uint8_t first[4 * FRAME], second[3 * FRAME];
    assert_int_equal(dq_preprocessing_init(&p, "book"), DQ_OK);
    assert_int_equal(dq_env_make_preprocessed(&a, "deepq/Pong-v0", &p, NULL), DQ_OK);
    p.stack = 3;
    assert_int_equal(dq_env_make_preprocessed(&b, "deepq/Pong-v0", &p, NULL), DQ_OK);
    assert_int_equal(dq_env_get_spec(b)->obs.shape[0], 3);
    assert_int_equal(dq_env_reset(a, first), DQ_OK);
    assert_int_equal(dq_env_reset(b, second), DQ_OK);
    for (int i = 0; i < 60; i++) {
        dq_step s, t;
        assert_memory_equal(first + FRAME, second, sizeof(second));
        assert_int_equal(dq_env_step(a, i / 5 % 6, first, &s), DQ_OK);
        assert_int_equal(dq_env_step(b, i / 5 % 6, second, &t), DQ_OK);
        assert_true(s.reward == t.reward && s.clipped == t.clipped);
    }
    dq_env_destroy(a);
    dq_env_destroy(b);
}

/** Area average of the pixels of one cell, to the nearest byte. */
static int average(const uint8_t *level, int height, int row, int column)
{
    double sum = 0, y0 = row * height / 84.0, x0 = column * 160 / 84.0;
    for (int y = (int)y0; y < height && y < y0 + height / 84.0; y++)
        for (int x = (int)x0; x < 160 && x < x0 + 160 / 84.0; x++)
            sum += level[y * 160 + x] * (fmin(y + 1, y0 + height / 84.0) - fmax(y, y0)) *
                   (fmin(x + 1, x0 + 160 / 84.0) - fmax(x, x0));
    return (int)(sum / (height / 84.0 * 160 / 84.0) + 0.5);
}

/** cv2's grey of a colour, all but for its rounding. */
static uint8_t grey_of(const uint8_t *rgb)
{
    return (uint8_t)(rgb[0] * 0.299 + rgb[1] * 0.587 + rgb[2] * 0.114 + 0.5);
}

/** The same game frame by frame: the picture is the maximum of all of a skip's. The ball of our own
 *  Pong moves, so that the maximum of the last two shows less of its way. */
static void all_frames_of_a_skip_can_be_pooled(void **state)
{
    (void)state;
    enum { SKIP = 6, HEIGHT = 210, N = HEIGHT * 160 };
    static uint8_t raw[N * 3], brightest[N * 3], level[N], obs[FRAME], two[FRAME];
    const char *id = "deepq/Pong-v0";
    dq_preprocessing p;
    dq_atari_options o;
    dq_env *all, *last_two, *frames;
    dq_step step;
    int n_different = 0;
    p = (dq_preprocessing){.dialect = DQ_DIALECT_SB3, .skip = SKIP, .stack = 1, .pool_all = true};
    assert_int_equal(dq_env_make_preprocessed(&all, id, &p, NULL), DQ_OK);
    p.pool_all = false;
    assert_int_equal(dq_env_make_preprocessed(&last_two, id, &p, NULL), DQ_OK);
    assert_int_equal(dq_atari_options_init(&o, id), DQ_OK);
    assert_int_equal(dq_env_make_atari(&frames, id, &o), DQ_OK);
    assert_int_equal(dq_env_reset(all, obs), DQ_OK);
    assert_int_equal(dq_env_reset(last_two, two), DQ_OK);
    assert_int_equal(dq_env_reset(frames, raw), DQ_OK);
    for (int i = 0; i < 40; i++) {
        memset(brightest, 0, sizeof(brightest));
        for (int k = 0; k < SKIP; k++) {
            assert_int_equal(dq_env_step(frames, i / 4 % 6, raw, &step), DQ_OK);
            for (int j = 0; j < 3 * N; j++)
                brightest[j] = raw[j] > brightest[j] ? raw[j] : brightest[j];
        }
        for (int j = 0; j < N; j++)
            level[j] = grey_of(brightest + 3 * j);
        assert_int_equal(dq_env_step(all, i / 4 % 6, obs, &step), DQ_OK);
        assert_int_equal(dq_env_step(last_two, i / 4 % 6, two, &step), DQ_OK);
        for (int j = 0; j < FRAME; j++)
            assert_true(abs(obs[j] - average(level, HEIGHT, j / 84, j % 84)) <= 1);
        n_different += memcmp(obs, two, FRAME) != 0;
    }
    assert_true(n_different > 20);
    dq_env_destroy(all);
    dq_env_destroy(last_two);
    dq_env_destroy(frames);
}

/** Where a skip is one frame, all of them are that one, whatever the grey; but for the last frame
 * of a game, which some originals do not look at. */
static void pooling_one_frame_is_that_frame(void **state)
{
    (void)state;
    size_t n_names;
    const char *const *names = dq_dialect_names(&n_names);
    for (size_t i = 0; i < n_names; i++) {
        static uint8_t obs[2][4 * FRAME];
        dq_preprocessing p;
        dq_env *env[2];
        dq_step step[2];
        assert_int_equal(dq_preprocessing_init(&p, names[i]), DQ_OK);
        p.skip =
            p.dialect == DQ_DIALECT_BOOK ? 2 : 1;  // the book's queue has the frame before, too
        for (int k = 0; k < 2; k++) {
            p.pool_all = k == 1;
            assert_int_equal(dq_env_make_preprocessed(&env[k], "deepq/Bricks-v0", &p, NULL), DQ_OK);
            assert_int_equal(dq_env_seed(env[k], 1), DQ_OK);
            assert_int_equal(dq_env_reset(env[k], obs[k]), DQ_OK);
        }
        for (int s = 0; s < 100; s++)
            for (int k = 0; k < 2; k++) {
                assert_int_equal(dq_env_step(env[k], s / 3 % 4, obs[k], &step[k]), DQ_OK);
                bool over = step[k].terminated;  // of both: their steps are alike
                assert_true(k == 0 || over || memcmp(obs[0], obs[1], sizeof(obs[0])) == 0);
                if (over)
                    assert_int_equal(dq_env_reset(env[k], obs[k]), DQ_OK);
            }
        dq_env_destroy(env[0]);
        dq_env_destroy(env[1]);
    }
}

static void impossible_choices_are_refused(void **state)
{
    (void)state;
    dq_preprocessing good, p;
    dq_atari_options o;
    dq_env *env;
    size_t n;
    assert_int_equal(dq_preprocessing_init(&good, "nature"), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "book, book-3e, baselines, sb3, cleanrl"));
    const char *const *names = dq_dialect_names(&n);
    assert_int_equal(n, DQ_DIALECTS);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(dq_preprocessing_init(&p, names[i]), DQ_OK);
        assert_int_equal(p.dialect, i);
    }
    assert_int_equal(dq_preprocessing_init(&good, "cleanrl"), DQ_OK);
#define REFUSES(field, value)                                                                      \
    (p = good, p.field = (value),                                                                  \
     dq_env_make_preprocessed(&env, "deepq/Pong-v0", &p, NULL) == DQ_ERR_CONFIG)
    assert_true(REFUSES(linear_resize, true));
    assert_true(REFUSES(skip, 0));
    assert_true(REFUSES(stack, 0));
    assert_true(REFUSES(stack, 65));
    assert_true(REFUSES(noop_max, -1));
    assert_true(REFUSES(dialect, DQ_DIALECTS));
    assert_int_equal(dq_atari_options_init(&o, "deepq/Pong-v0"), DQ_OK);
    o.skip_high = 2;
    assert_int_equal(dq_env_make_preprocessed(&env, "deepq/Pong-v0", &good, &o), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "preprocessing has its own"));
    o.skip_high = 1;
    o.obs = DQ_ATARI_OBS_RAM;
    assert_int_equal(dq_env_make_preprocessed(&env, "deepq/Pong-v0", &good, &o), DQ_ERR_CONFIG);
    assert_null(env);
}

/** ALE/Pong-v5 (frame skip 4, sticky actions) plays as PongNoFrameskip-v0 (1, sticky) does. */
static void the_frame_skip_of_an_id_is_replaced(void **state)
{
    (void)state;
    static uint8_t obs[2][4 * 84 * 84];
    static const char *const ids[] = {"ALE/Pong-v5", "PongNoFrameskip-v0"};
    if (!golden_has_rom("pong"))
        skip();
    for (int dialect = 0; dialect < DQ_DIALECTS; dialect++) {
        dq_env *env[2];
        dq_preprocessing p;
        size_t n;
        assert_int_equal(dq_preprocessing_init(&p, dq_dialect_names(&n)[dialect]), DQ_OK);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(dq_env_make_preprocessed(&env[i], ids[i], &p, NULL), DQ_OK);
            assert_int_equal(dq_env_seed(env[i], 3), DQ_OK);
            assert_int_equal(dq_env_reset(env[i], obs[i]), DQ_OK);
        }
        for (int step = 0; step < 60; step++) {
            assert_memory_equal(obs[0], obs[1], sizeof(obs[0]));
            dq_step result;
            for (int i = 0; i < 2; i++)
                assert_int_equal(dq_env_step(env[i], step / 3 % 6, obs[i], &result), DQ_OK);
        }
        for (int i = 0; i < 2; i++)
            dq_env_destroy(env[i]);
    }
}

/* Backgammon's first action is FIRE, so that NoopResetEnv and AtariPreprocessing refuse it. */
static void games_that_the_original_refuses_are_refused(void **state)
{
    (void)state;
    dq_preprocessing p;
    dq_env *env;
    if (!golden_has_rom("backgammon"))
        skip();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dq_preprocessing_init(&p, i ? "gymnasium" : "sb3"), DQ_OK);
        assert_int_equal(dq_env_make_preprocessed(&env, "backgammon", &p, NULL), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), "action 0 is FIRE, not NOOP"));
    }
    p.noop_max = 0;
    assert_int_equal(dq_env_make_preprocessed(&env, "backgammon", &p, NULL), DQ_OK);
    dq_env_destroy(env);
}

static void a_state_of_another_dialect_is_refused(void **state)
{
    (void)state;
    static const char *const dialects[] = {"sb3", "gymnasium"};
    dq_env *env[2];
    dq_writer *w;
    dq_reader *r;
    size_t n;
    for (int i = 0; i < 2; i++) {
        dq_preprocessing p;
        assert_int_equal(dq_preprocessing_init(&p, dialects[i]), DQ_OK);
        assert_int_equal(dq_env_make_preprocessed(&env[i], "deepq/Pong-v0", &p, NULL), DQ_OK);
    }
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env[0], w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_env_load(env[1], r), DQ_ERR_INPUT);
    dq_reader_destroy(r);
    for (size_t cut = 0; cut < n; cut += cut < 300 ? 1 : 977) {
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_env_load(env[0], r), DQ_ERR_INPUT);
        assert_non_null(strstr(dq_errmsg(), "ends "));  // whatever it was to be
        dq_reader_destroy(r);
    }
    dq_writer_destroy(w);
    dq_env_destroy(env[0]);
    dq_env_destroy(env[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_any_size_are_saved_too),
        cmocka_unit_test(impossible_frames_are_refused),
        cmocka_unit_test(the_observation_and_the_console_can_be_looked_at_again),
        cmocka_unit_test(a_wrapped_environment_has_the_console_of_the_inner_one),
        cmocka_unit_test(a_seeded_environment_is_a_new_one),
        cmocka_unit_test(every_dialect_is_its_original),
        cmocka_unit_test(saved_dialects_go_on_the_same),
        cmocka_unit_test(an_environment_goes_back),
        cmocka_unit_test(an_environment_takes_the_state_of_another),
        cmocka_unit_test(the_book_is_the_book),
        cmocka_unit_test(the_book_takes_choices),
        cmocka_unit_test(all_frames_of_a_skip_can_be_pooled),
        cmocka_unit_test(pooling_one_frame_is_that_frame),
        cmocka_unit_test(impossible_choices_are_refused),
        cmocka_unit_test(the_frame_skip_of_an_id_is_replaced),
        cmocka_unit_test(games_that_the_original_refuses_are_refused),
        cmocka_unit_test(a_state_of_another_dialect_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
