/* CartPole, MountainCar and Acrobot against Gymnasium's own, to the last bit:
 * tests/data/classic_control. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "deepq/env.h"

enum { MAX_LINE = 512, MAX_STATE = 4, MAX_OBS = 6, MAX_BYTES = 8 * MAX_STATE };
enum { STATE_AT = 8 + 8 + 8 + 8 };  // in a saved environment: ENV, its two numbers, CLSC, two more

static dq_env *make(const char *id, uint64_t seed)
{
    dq_env *env;
    const dq_env_options options = {.seed = seed};
    assert_int_equal(dq_env_make(&env, id, &options), DQ_OK);
    assert_string_equal(dq_env_get_spec(env)->id, id);
    return env;
}

static size_t n_state(const dq_env *env)
{
    return strcmp(dq_env_get_spec(env)->id, "MountainCar-v0") == 0 ? 2 : 4;
}

static dq_writer *save(dq_env *env)
{
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_env_save(env, w), DQ_OK);
    return w;
}

static dq_status load(dq_env *env, const void *bytes, size_t n)
{
    dq_reader *r;
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    dq_status st = dq_env_load(env, r);
    dq_reader_destroy(r);
    return st;
}

/* ---------------------------------------------------------------- Gymnasium's runs */

typedef struct run {
    dq_env *env;
    int at_line;
    float obs[MAX_OBS];
    uint8_t state[MAX_BYTES];  // float64, the bytes of a little-endian machine
} run;

/** Numbers as hex of their bytes. */
static void parse_hex(const char *text, void *to, size_t n)
{
    assert_int_equal(strlen(text), 2 * n);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        ((uint8_t *)to)[i] = (uint8_t)byte;
    }
}

static void look(run *r)
{
    dq_writer *w = save(r->env);
    size_t n;
    const uint8_t *bytes = dq_writer_bytes(w, &n);
    assert_true(n > STATE_AT + 8 * n_state(r->env));
    memcpy(r->state, bytes + STATE_AT, 8 * n_state(r->env));
    dq_writer_destroy(w);
}

static void compare(const run *r, const char *state_text, const char *obs_text)
{
    uint8_t state[MAX_BYTES], obs[4 * MAX_OBS];
    size_t n = 8 * n_state(r->env), n_obs = dq_space_bytes(&dq_env_get_spec(r->env)->obs);
    parse_hex(state_text, state, n);
    parse_hex(obs_text, obs, n_obs);
    if (memcmp(state, r->state, n) != 0 || memcmp(obs, r->obs, n_obs) != 0)
        fail_msg("line %d: %s differs from Gymnasium's", r->at_line,
                 memcmp(state, r->state, n) != 0 ? "the state" : "the observation");
}

static void begin(run *r, const char *line)
{
    char id[32];
    uint64_t seed;
    int limit;
    assert_int_equal(sscanf(line, "run %31s %" SCNu64 " %*d %d", id, &seed, &limit), 3);
    dq_env_destroy(r->env);
    r->env = make(id, seed);
    assert_int_equal(dq_env_get_spec(r->env)->max_episode_steps, limit);
}

static void take_step(run *r, const char *line)
{
    int action, terminated, truncated;
    float reward;
    unsigned crc;
    char state[2 * MAX_BYTES + 1], obs[8 * MAX_OBS + 1];
    dq_step step;
    int n = sscanf(line, "%d %f %d %d %x %64s %48s", &action, &reward, &terminated, &truncated,
                   &crc, state, obs);
    assert_true(n == 5 || n == 7);
    assert_int_equal(dq_env_step(r->env, action, r->obs, &step), DQ_OK);
    look(r);
    if (n == 7)
        compare(r, state, obs);
    unsigned long have = crc32(0, r->state, (unsigned)(8 * n_state(r->env)));
    have = crc32(have, (const uint8_t *)r->obs,
                 (unsigned)dq_space_bytes(&dq_env_get_spec(r->env)->obs));
    if (have != crc)
        fail_msg("line %d: the state or the observation differs from Gymnasium's", r->at_line);
    assert_true(step.reward == reward);
    assert_int_equal(step.terminated, terminated);
    assert_int_equal(step.truncated, truncated);
}

static void runs_are_those_of_gymnasium(void **unused)
{
    (void)unused;
    char line[MAX_LINE], state[2 * MAX_BYTES + 1], obs[8 * MAX_OBS + 1];
    run r = {.env = NULL};
    int n_steps = 0;
    gzFile f = gzopen(DEEPQ_TEST_DATA "/classic_control/runs.txt.gz", "rb");
    assert_non_null(f);
    while (gzgets(f, line, sizeof(line))) {
        r.at_line++;
        if (line[0] == '#')
            continue;
        if (strncmp(line, "run ", 4) == 0) {
            begin(&r, line);
        } else if (sscanf(line, "start %64s %48s", state, obs) == 2) {
            assert_int_equal(dq_env_reset(r.env, r.obs), DQ_OK);
            look(&r);
            compare(&r, state, obs);
        } else {
            take_step(&r, line);
            n_steps++;
        }
    }
    gzclose(f);
    dq_env_destroy(r.env);
    assert_int_equal(n_steps, 16000);
}

/* ---------------------------------------------------------------- the interface */

static const char *const ids[] = {"CartPole-v0", "CartPole-v1", "MountainCar-v0", "Acrobot-v1"};

static void observations_are_vectors_of_floats(void **unused)
{
    (void)unused;
    static const int n_obs[] = {4, 4, 2, 6}, n_actions[] = {2, 2, 3, 3};
    for (int i = 0; i < 4; i++) {
        dq_env *env = make(ids[i], 0);
        const dq_env_spec *spec = dq_env_get_spec(env);
        assert_int_equal(spec->obs.dtype, DQ_F32);
        assert_int_equal(spec->obs.n_dims, 1);
        assert_int_equal(spec->obs.shape[0], n_obs[i]);
        assert_int_equal(spec->n_actions, n_actions[i]);
        assert_int_equal(spec->n_states, 0);
        for (int a = 0; a < spec->n_actions; a++)
            assert_true(strlen(spec->action_names[a]) > 0);
        dq_env_destroy(env);
    }
}

static void wrong_use_is_refused(void **unused)
{
    (void)unused;
    dq_env *env = make("CartPole-v1", 0);
    float obs[4];
    dq_step step;
    const dq_outcome *outcomes;
    dq_image image;
    int n;
    assert_int_equal(dq_env_step(env, 0, obs, &step), DQ_ERR_CONFIG);
    assert_int_equal(dq_env_reset(env, obs), DQ_OK);
    assert_int_equal(dq_env_step(env, 2, obs, &step), DQ_ERR_CONFIG);
    assert_int_equal(dq_env_step(env, -1, obs, &step), DQ_ERR_CONFIG);
    assert_int_equal(dq_env_model(env, 0, 0, &outcomes, &n), DQ_ERR_UNSUPPORTED);
    assert_int_equal(dq_env_render(env, &image), DQ_ERR_UNSUPPORTED);
    do
        assert_int_equal(dq_env_step(env, 0, obs, &step), DQ_OK);
    while (!step.terminated);
    assert_int_equal(dq_env_step(env, 0, obs, &step), DQ_ERR_CONFIG);
    dq_env_destroy(env);
}

static void a_line_tells_where_it_is(void **unused)
{
    (void)unused;
    static const char *const words[] = {"pole at", "pole at", "car at", "tip at"};
    for (int i = 0; i < 4; i++) {
        dq_env *env = make(ids[i], 3);
        float obs[MAX_OBS];
        const char *text;
        assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        assert_int_equal(dq_env_render_text(env, &text), DQ_OK);
        assert_non_null(strstr(text, words[i]));
        assert_int_equal(text[strlen(text) - 1], '\n');
        dq_env_destroy(env);
    }
}

/* ---------------------------------------------------------------- saving */

static void play_both(dq_env *a, dq_env *b, int n_steps)
{
    float x[MAX_OBS], y[MAX_OBS];
    size_t n = dq_space_bytes(&dq_env_get_spec(a)->obs);
    dq_step p, q;
    for (int i = 0; i < n_steps; i++) {
        int action = i / 3 % dq_env_get_spec(a)->n_actions;
        assert_int_equal(dq_env_step(a, action, x, &p), DQ_OK);
        assert_int_equal(dq_env_step(b, action, y, &q), DQ_OK);
        assert_memory_equal(x, y, n);
        assert_memory_equal(&p, &q, sizeof(p));
        if (p.terminated || p.truncated) {
            assert_int_equal(dq_env_reset(a, x), DQ_OK);
            assert_int_equal(dq_env_reset(b, y), DQ_OK);
            assert_memory_equal(x, y, n);
        }
    }
}

/** A run after a load is the run that would have been, and one cut short is refused. */
static void saved_runs_go_on_the_same(void **unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++) {
        dq_env *a = make(ids[i], 5), *b = make(ids[i], 6), *other = make(ids[(i + 1) % 4], 5);
        float obs[MAX_OBS];
        size_t n;
        dq_step step;
        assert_int_equal(dq_env_reset(a, obs), DQ_OK);
        for (int s = 0; s < 7; s++)
            assert_int_equal(dq_env_step(a, s % 2, obs, &step), DQ_OK);
        dq_writer *w = save(a);
        const void *bytes = dq_writer_bytes(w, &n);
        assert_int_equal(load(other, bytes, n), DQ_ERR_INPUT);
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(load(b, bytes, cut), DQ_ERR_INPUT);
        assert_int_equal(load(b, bytes, n), DQ_OK);
        play_both(a, b, 1200);
        dq_writer_destroy(w);
        dq_env_destroy(a);
        dq_env_destroy(b);
        dq_env_destroy(other);
    }
}

static void seeding_begins_again(void **unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++) {
        dq_env *a = make(ids[i], 8), *b = make(ids[i], 9);
        float obs[MAX_OBS];
        assert_int_equal(dq_env_reset(b, obs), DQ_OK);
        assert_int_equal(dq_env_seed(b, 8), DQ_OK);
        assert_int_equal(dq_env_reset(a, obs), DQ_OK);
        assert_int_equal(dq_env_reset(b, obs), DQ_OK);
        play_both(a, b, 600);
        dq_env_destroy(a);
        dq_env_destroy(b);
    }
}

static dq_status load_with(dq_env *env, size_t at, const void *value, size_t n_value)
{
    dq_writer *w = save(env);
    size_t n;
    const void *bytes = dq_writer_bytes(w, &n);
    uint8_t *changed = malloc(n);
    memcpy(changed, bytes, n);
    memcpy(changed + at, value, n_value);
    dq_status st = load(env, changed, n);
    free(changed);
    dq_writer_destroy(w);
    return st;
}

/** Every number of a state has a range. */
static void impossible_saved_states_are_refused(void **unused)
{
    (void)unused;
    static const double most[][MAX_STATE] = {{4.8, 1e6, 0.4188, 1e6},
                                             {4.8, 1e6, 0.4188, 1e6},
                                             {0.6, 0.07},
                                             {3.1415926, 3.1415926, 12.566, 28.274}};
    for (int i = 0; i < 4; i++) {
        dq_env *env = make(ids[i], 1);
        float obs[MAX_OBS];
        assert_int_equal(dq_env_reset(env, obs), DQ_OK);
        for (size_t k = 0; k < n_state(env); k++) {
            size_t at = STATE_AT + 8 * k;
            double most_there = most[i][k], too_much = most_there * 1.001, not_one = NAN;
            double too_little = k == 0 && n_state(env) == 2 ? -1.2001 : -too_much;
            assert_int_equal(load_with(env, at, &too_much, 8), DQ_ERR_INPUT);
            assert_int_equal(load_with(env, at, &too_little, 8), DQ_ERR_INPUT);
            assert_int_equal(load_with(env, at, &not_one, 8), DQ_ERR_INPUT);
            assert_int_equal(load_with(env, at, &most_there, 8), DQ_OK);
        }
        size_t at = STATE_AT + 8 * n_state(env);
        uint32_t steps = (uint32_t)dq_env_get_spec(env)->max_episode_steps, beyond = steps + 1;
        assert_int_equal(load_with(env, at, &beyond, 4), DQ_ERR_INPUT);
        assert_int_equal(load_with(env, at, &steps, 4), DQ_OK);
        dq_env_destroy(env);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_those_of_gymnasium),
        cmocka_unit_test(observations_are_vectors_of_floats),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(a_line_tells_where_it_is),
        cmocka_unit_test(saved_runs_go_on_the_same),
        cmocka_unit_test(seeding_begins_again),
        cmocka_unit_test(impossible_saved_states_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
