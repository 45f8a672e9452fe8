/** A checkpoint whose checksum is right may still say anything: every index and counter in it is
 *  refused at the first value that it cannot have, and its last possible one is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/priorities.h"
#include "deepq/toy_text.h"
#include "small_runs.h"

static uint64_t word_at(const uint8_t *p, int n_bytes)
{
    uint64_t v = 0;
    for (int i = n_bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static void put_word(uint8_t *p, int n_bytes, uint64_t v)
{
    for (int i = 0; i < n_bytes; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

/** A field of a state: `offset` bytes behind its section's version. */
typedef struct place {
    const char *section;
    size_t offset;
    int n_bytes;
    int k;  // which of several sections of that name, from 0
} place;

/** What becomes of the state with another value in one place: NULL when it is loaded, or why not.
 */
static const char *load_with(dq_trainer *t, const uint8_t *state, size_t n, place p, uint64_t value)
{
    uint8_t *changed = malloc(n);
    size_t at = small_run_section(state, n, p.section, p.k) + 8 + p.offset;
    assert_true(at + (size_t)p.n_bytes <= n);
    memcpy(changed, state, n);
    put_word(changed + at, p.n_bytes, value);
    dq_status st = small_run_load(t, changed, n);
    free(changed);
    if (st != DQ_OK)
        assert_int_equal(st, DQ_ERR_INPUT);
    return st == DQ_OK ? NULL : dq_errmsg();
}

/** This value is refused with these words, and the one that is there is not. */
static void refuses(dq_trainer *t, const uint8_t *state, size_t n, place p, uint64_t value,
                    const char *why)
{
    size_t at = small_run_section(state, n, p.section, p.k) + 8 + p.offset;
    const char *said = load_with(t, state, n, p, value);
    if (!said || !strstr(said, why))
        fail_msg("%s+%zu = %llu: '%s', not '%s'", p.section, p.offset, (unsigned long long)value,
                 said ? said : "loaded", why);
    assert_null(load_with(t, state, n, p, word_at(state + at, p.n_bytes)));
}

/* ---------------------------------------------------------------- the replay */

enum { SLOT = 12, SEGMENT_HEAD = 8 + 4 };

/** 30 steps are segments of 8, 8, 8 and 6; in the last is also the state that the environment is
 * in. */
static void actions_must_be_the_environments(void **state)
{
    (void)state;
    dq_trainer *t = small_run_create(&small_runs[0]);
    must(small_run_play(t, 30));
    size_t n;
    uint8_t *good = small_run_save(t, &n);
    for (size_t step = 0; step < 31; step++) {
        place action = {"RSEG", SEGMENT_HEAD + SLOT * (step % 8), 4, (int)(step / 8)};
        refuses(t, good, n, action, 6, "action 6");
        refuses(t, good, n, action, 0x80000000u, "action -2147483648");
        assert_null(load_with(t, good, n, action, 5));
    }
    free(good);
    dq_trainer_destroy(t);
}

static void slots_and_counters_must_fit(void **state)
{
    (void)state;
    dq_trainer *t = small_run_create(&small_runs[0]);
    must(small_run_play(t, 30));
    size_t n, counters = 8 + 8 + 4;
    uint8_t *good = small_run_save(t, &n);
    const place segment_steps = {"RPLY", counters, 8, 0}, total = {"RPLY", counters + 8, 8, 0},
                size = {"RPLY", counters + 16, 8, 0};
    const place flags = {"RSEG", SEGMENT_HEAD + SLOT * 5 + 8, 4, 0};
    refuses(t, good, n, segment_steps, 32, "segments have 32 steps");
    refuses(t, good, n, total, 29, "not expected here");
    refuses(t, good, n, total, 23, "counters");
    refuses(t, good, n, total, ((uint64_t)1 << 62) + 1, "counters");
    refuses(t, good, n, size, 25, "counters");
    refuses(t, good, n, size, 23, "counters");
    refuses(t, good, n, (place){"RSEG", 0, 8, 0}, 1, "segment 1 of 8 steps was not expected");
    refuses(t, good, n, (place){"RSEG", 8, 4, 0}, 7, "segment 0 of 7 steps was not expected");
    refuses(t, good, n, flags, 3 | 1 << 8, "flags");
    refuses(t, good, n, flags, 4 | 1 << 8, "flags");
    refuses(t, good, n, flags, 5 << 8, "number of frames");
    refuses(t, good, n, flags, 1 << 16, "number of frames");
    free(good);
    dq_trainer_destroy(t);
}

/** The groups of the first segment: their numbers of frames and bytes, and the codes. */
static void packed_frames_must_fit(void **state)
{
    (void)state;
    dq_trainer *t = small_run_create(&small_runs[0]);
    must(small_run_play(t, 30));
    size_t n, group = SEGMENT_HEAD + 8 * SLOT, last = SEGMENT_HEAD + 7 * SLOT;
    uint8_t *good = small_run_save(t, &n);
    const place n_frames = {"RSEG", group, 4, 0}, n_bytes = {"RSEG", group + 4, 4, 0};
    refuses(t, good, n, n_frames, 9, "impossible numbers");
    refuses(t, good, n, n_frames, 0, "impossible numbers");
    refuses(t, good, n, n_frames, 7, "is damaged");
    refuses(t, good, n, n_bytes, 0, "impossible numbers");
    refuses(t, good, n, n_bytes, 1 << 20, "impossible numbers");
    refuses(t, good, n, n_bytes,
            word_at(good + small_run_section(good, n, "RSEG", 0) + 8 + group + 4, 4) - 1,
            "is damaged");
    refuses(t, good, n, (place){"RSEG", group + 8, 2, 0}, 0, "is damaged");  // a token of nothing
    refuses(t, good, n, (place){"RSEG", last, 4, 3}, 6, "is damaged");
    free(good);
    dq_trainer_destroy(t);
}

/* ---------------------------------------------------------------- the trainer */

static void counters_of_the_run_must_fit(void **state)
{
    (void)state;
    dq_trainer *t = small_run_create(&small_runs[0]);
    must(small_run_play(t, 30));
    size_t n, flags = 4 + 3 * 8 + 100 * 8 + 8 + 8 + 8;
    uint8_t *good = small_run_save(t, &n);
    const place step = {"TRNR", 4, 8, 0}, flag = {"TRNR", flags, 4, 0};
    refuses(t, good, n, (place){"TRNR", 0, 4, 0}, 7, "7 actions");
    refuses(t, good, n, step, 31, "not that of 31 steps");
    refuses(t, good, n, step, ((uint64_t)1 << 62) + 1, "counters");
    refuses(t, good, n, step, UINT64_MAX, "counters");
    refuses(t, good, n, (place){"TRNR", 4 + 8, 8, 0}, 31, "counters");
    refuses(t, good, n, (place){"TRNR", 4 + 16, 8, 0}, 31, "counters");
    refuses(t, good, n, flag, 0, "state");
    refuses(t, good, n, flag, 4 | 1, "state");
    refuses(t, good, n, (place){"DQNN", 4 + 8, 8, 0}, ((uint64_t)1 << 62) + 1, "updates");
    free(good);
    dq_trainer_destroy(t);
}

static void rounds_must_fit(void **state)
{
    (void)state;
    dq_trainer *t = small_run_create(&small_runs[3]);
    must(small_run_play(t, 31));
    size_t n;
    uint8_t *good = small_run_save(t, &n);
    refuses(t, good, n, (place){"TRNR", 4, 4, 0}, 2, "2 environments");
    refuses(t, good, n, (place){"TRNR", 8, 4, 0}, 3, "round");
    refuses(t, good, n, (place){"TRNR", 8, 4, 0}, 2, "round");  // 31 steps of 3 environments: 1
    refuses(t, good, n, (place){"TRNR", 12, 4, 0}, 4, "round");
    refuses(t, good, n, (place){"TRNR", 12 + 12, 4, 0}, 16, "round");
    refuses(t, good, n, (place){"RPLY", 8 + 8 + 4, 4, 0}, 2, "2 environments");
    refuses(t, good, n, (place){"VECT", 0, 4, 0}, 2, "2 environments");
    free(good);
    dq_trainer_destroy(t);
}

/** xoshiro's one state that it never leaves: a draw below 6 would not end. */
static void random_streams_of_zeros_are_refused(void **state)
{
    (void)state;
    static const struct {
        int run;
        const char *section;
        size_t offset, n, apart;  // words of eight bytes
    } streams[] = {
        {0, "TRNR", 4 + 3 * 8 + 100 * 8 + 3 * 8 + 4, 4, 16},      // exploration
        {0, "TRNR", 4 + 3 * 8 + 100 * 8 + 3 * 8 + 4 + 8, 4, 16},  // sampling
        {2, "NOOP", 0, 4, 8},
        {2, "RAW ", 0, 4, 8},
    };
    for (size_t i = 0; i < DQ_COUNT(streams); i++) {
        dq_trainer *t = small_run_create(&small_runs[streams[i].run]);
        must(small_run_play(t, 3));
        size_t n;
        uint8_t *bad = small_run_save(t, &n);
        size_t at = small_run_section(bad, n, streams[i].section, 0) + 8 + streams[i].offset;
        for (size_t k = 0; k < streams[i].n; k++) {
            assert_int_equal(small_run_load(t, bad, n), DQ_OK);
            memset(bad + at + k * streams[i].apart, 0, 8);
        }
        assert_int_equal(small_run_load(t, bad, n), DQ_ERR_INPUT);
        assert_non_null(strstr(dq_errmsg(), "random numbers"));
        free(bad);
        dq_trainer_destroy(t);
    }
}

static void only_what_can_be_drawn_has_a_priority(void **state)
{
    (void)state;
    dq_trainer *t = small_run_create(&small_runs[1]);
    must(small_run_play(t, 31));  // of 32 slots, two lanes, returns of two steps
    size_t n;
    uint8_t *good = small_run_save(t, &n);
    size_t section = small_run_section(good, n, "PRIO", 0), first = section + 8 + 8 + 8 + 8;
    size_t n_saved = word_at(good + section + 8 + 8, 8);  // but for the last ones without
    int n_none = 32 - (int)n_saved;
    refuses(t, good, n, (place){"PRIO", 8, 8, 0}, 33, "more of them");
    for (size_t slot = 0; slot < n_saved; slot++) {
        bool has = word_at(good + first + 8 * slot, 8) != 0;
        place p = {"PRIO", 8 + 8 + 8 + 8 * slot, 8, 0};
        refuses(t, good, n, p, has ? 0 : (uint64_t)0x3FE << 52,
                has ? "has no priority" : "has a priority");
        n_none += !has;
    }
    assert_int_equal(n_none, 32 - 24 + 2);
    free(good);
    dq_trainer_destroy(t);
}

/* ---------------------------------------------------------------- worlds */

/** Loads `state` with a word changed, after `offset` bytes. */
static dq_status load_env(dq_env *env, const uint8_t *state, size_t n, size_t offset, uint64_t word)
{
    uint8_t *changed = malloc(n);
    dq_reader *r;
    memcpy(changed, state, n);
    put_word(changed + offset, 4, word);
    must(dq_reader_create(&r, changed, n));
    dq_status st = dq_env_load(env, r);
    dq_reader_destroy(r);
    free(changed);
    return st;
}

static void a_step_count_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    dq_env *env;
    dq_writer *w;
    int32_t obs;
    size_t n;
    must(dq_env_make(&env, "FrozenLake-v1", NULL));  // 100 steps
    must(dq_env_reset(env, &obs));
    must(dq_writer_create(&w));
    must(dq_env_save(env, w));
    const uint8_t *good = dq_writer_bytes(w, &n);
    size_t stream = 16 + 8 + 8;
    assert_int_equal(load_env(env, good, n, n - 4, 100), DQ_OK);
    assert_int_equal(load_env(env, good, n, n - 4, 101), DQ_ERR_INPUT);
    assert_int_equal(load_env(env, good, n, n - 4, INT32_MAX), DQ_ERR_INPUT);
    assert_int_equal(load_env(env, good, n, n - 12, 16), DQ_ERR_INPUT);  // the field
    uint8_t *zeros = malloc(n);
    memcpy(zeros, good, n);
    memset(zeros + stream, 0, 32);
    assert_int_equal(load_env(env, zeros, n, n - 4, 0), DQ_ERR_INPUT);
    free(zeros);
    dq_writer_destroy(w);
    dq_env_destroy(env);
}

/** A card more would give a state above the last, 703, that a table has no place for. */
static void a_hand_above_21_is_not_played_on(void **state)
{
    (void)state;
    dq_env *env;
    dq_writer *w;
    int32_t obs;
    size_t n;
    dq_step step;
    must(dq_env_make(&env, "Blackjack-v1", NULL));
    must(dq_env_reset(env, &obs));
    must(dq_writer_create(&w));
    must(dq_env_save(env, w));
    const uint8_t *good = dq_writer_bytes(w, &n);
    size_t player = n - 4 - 12 - 12;
    assert_int_equal(load_env(env, good, n, player, 21), DQ_OK);
    assert_int_equal(dq_env_step(env, 1, &obs, &step), DQ_OK);
    assert_int_equal(load_env(env, good, n, player, 31), DQ_OK);  // as at a game's end
    assert_int_equal(dq_env_step(env, 1, &obs, &step), DQ_ERR_INPUT);
    assert_int_equal(load_env(env, good, n, player, 32), DQ_ERR_INPUT);
    dq_writer_destroy(w);
    dq_env_destroy(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_must_be_the_environments),
        cmocka_unit_test(slots_and_counters_must_fit),
        cmocka_unit_test(packed_frames_must_fit),
        cmocka_unit_test(counters_of_the_run_must_fit),
        cmocka_unit_test(rounds_must_fit),
        cmocka_unit_test(random_streams_of_zeros_are_refused),
        cmocka_unit_test(only_what_can_be_drawn_has_a_priority),
        cmocka_unit_test(a_step_count_beyond_the_limit_is_refused),
        cmocka_unit_test(a_hand_above_21_is_not_played_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
