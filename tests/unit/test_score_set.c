/* Estimates and intervals against rliable's, recorded by tests/oracle/make_statistics_golden.py. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "stats/score_set.h"

enum { MAX_SETS = 8, MAX_GAMES = 8, MAX_RUNS = 16 };

typedef struct stored_set {
    char name[32];
    double score[MAX_GAMES][MAX_RUNS];
    dq_game_scores games[MAX_GAMES];
    dq_score_set set;
} stored_set;

static stored_set sets[MAX_SETS];
static int n_sets;

static const dq_score_set *set_of(const char *name)
{
    for (int i = 0; i < n_sets; i++)
        if (strcmp(sets[i].name, name) == 0)
            return &sets[i].set;
    fail_msg("no set %s", name);
    return NULL;
}

static void read_set(FILE *file)
{
    stored_set *s = &sets[n_sets++];
    int n_runs, n_games;
    assert_true(n_sets <= MAX_SETS);
    assert_int_equal(fscanf(file, "%31s %d %d", s->name, &n_runs, &n_games), 3);
    assert_true(n_runs <= MAX_RUNS && n_games <= MAX_GAMES);
    for (int g = 0; g < n_games; g++) {
        for (int i = 0; i < n_runs; i++)
            assert_int_equal(fscanf(file, "%lf", &s->score[g][i]), 1);
        s->games[g] = (dq_game_scores){s->score[g], (size_t)n_runs};
    }
    s->set = (dq_score_set){s->games, (size_t)n_games};
}

/* Both ends are those of a finite number of draws, here and there: of a distribution that has few
 * values they may be neighbours. So they are held against the width of the interval. */
static void assert_near(dq_interval got, dq_interval expected)
{
    double width = expected.high - expected.low;
    if (fabs(got.low - expected.low) > 0.06 * width + 1e-9 ||
        fabs(got.high - expected.high) > 0.06 * width + 1e-9)
        fail_msg("%g %g instead of %g %g", got.low, got.high, expected.low, expected.high);
}

static void assert_same(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-12 * (1 + fabs(expected))))
        fail_msg("%.17g instead of %.17g", got, expected);
}

static int estimate_named(const char *name)
{
    static const char *const names[] = {"iqm", "mean", "median", "gap"};
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static void check_line(FILE *file, const char *what)
{
    char name[32], other[32];
    double value, threshold;
    dq_interval got, expected;
    const dq_bootstrap *how = &dq_bootstrap_usual;
    assert_int_equal(fscanf(file, "%31s", name), 1);
    const dq_score_set *set = set_of(name);
    if (strcmp(what, "improvement") == 0) {
        assert_int_equal(
            fscanf(file, "%31s %lf %lf %lf", other, &value, &expected.low, &expected.high), 4);
        assert_same(dq_probability_of_improvement(set, set_of(other)), value);
        assert_int_equal(dq_improvement_interval(set, set_of(other), how, &got), DQ_OK);
    } else if (strcmp(what, "above") == 0) {
        assert_int_equal(
            fscanf(file, "%lf %lf %lf %lf", &threshold, &value, &expected.low, &expected.high), 4);
        assert_same(dq_scores_above(set, threshold), value);
        assert_int_equal(dq_profile_intervals(set, &threshold, 1, how, &got), DQ_OK);
    } else {
        dq_estimate e = (dq_estimate)estimate_named(what);
        assert_int_equal(fscanf(file, "%lf %lf %lf", &value, &expected.low, &expected.high), 3);
        assert_same(dq_estimate_of(e, set), value);
        assert_int_equal(dq_estimate_interval(e, set, how, &got), DQ_OK);
    }
    assert_near(got, expected);
}

static void test_rliable(void **state)
{
    (void)state;
    FILE *file = fopen(DEEPQ_TEST_DATA "/statistics/rliable.txt", "r");
    char what[32];
    int n_checked = 0;
    assert_non_null(file);
    n_sets = 0;
    while (fscanf(file, "%31s", what) == 1)
        if (strcmp(what, "scores") == 0) {
            read_set(file);
        } else {
            check_line(file, what);
            n_checked++;
        }
    fclose(file);
    assert_int_equal(n_sets, 5);
    assert_int_equal(n_checked, 28);
}

/* Games with different numbers of runs, which rliable's matrices do not have. */
static void test_unequal_games(void **state)
{
    (void)state;
    const double a[] = {4, 1, 3, 2}, b[] = {10, 20};
    const dq_game_scores games[] = {{a, 4}, {b, 2}};
    const dq_score_set set = {games, 2};
    dq_interval got;
    assert_same(dq_estimate_of(DQ_ESTIMATE_IQM, &set), (2.0 + 3 + 4 + 10) / 4);
    assert_same(dq_estimate_of(DQ_ESTIMATE_MEAN, &set), (2.5 + 15) / 2);
    assert_same(dq_scores_above(&set, 3), 3.0 / 6);
    assert_int_equal(dq_estimate_interval(DQ_ESTIMATE_MEAN, &set, &dq_bootstrap_usual, &got),
                     DQ_OK);
    // Of b each of 10, 15 and 20 comes as often as in draws of two; a adds little to it.
    assert_true(got.low >= 5.5 && got.low < 6.5 && got.high > 11 && got.high <= 12);
}

/* The same seed, the same interval; another one, another; wider with more confidence. */
static void test_seed_and_confidence(void **state)
{
    (void)state;
    const double a[] = {4, 1, 3, 2, 9.5, 7, 0.5};
    const dq_game_scores game = {a, 7};
    const dq_score_set set = {&game, 1};
    dq_bootstrap how = dq_bootstrap_usual;
    dq_interval one, again, other, wide;
    how.n = 999;
    assert_int_equal(dq_estimate_interval(DQ_ESTIMATE_MEAN, &set, &how, &one), DQ_OK);
    assert_int_equal(dq_estimate_interval(DQ_ESTIMATE_MEAN, &set, &how, &again), DQ_OK);
    how.seed = 1;
    assert_int_equal(dq_estimate_interval(DQ_ESTIMATE_MEAN, &set, &how, &other), DQ_OK);
    how.confidence = 0.99;
    assert_int_equal(dq_estimate_interval(DQ_ESTIMATE_MEAN, &set, &how, &wide), DQ_OK);
    assert_memory_equal(&one, &again, sizeof(one));
    assert_true(one.low != other.low || one.high != other.high);
    assert_true(wide.low < other.low && wide.high > other.high);
}

static void test_no_scores(void **state)
{
    (void)state;
    const dq_game_scores game = {NULL, 0};
    const dq_score_set none = {&game, 1};
    dq_interval got;
    assert_true(isnan(dq_estimate_of(DQ_ESTIMATE_IQM, &none)));
    assert_int_equal(dq_estimate_interval(DQ_ESTIMATE_MEAN, &none, &dq_bootstrap_usual, &got),
                     DQ_ERR_CONFIG);
}

/* Several thresholds at once are as each by itself. */
static void test_profile(void **state)
{
    (void)state;
    const double a[] = {4, 1, 3, 2, 9.5, 7, 0.5}, thresholds[] = {0, 2, 3.5, 100};
    const dq_game_scores game = {a, 7};
    const dq_score_set set = {&game, 1};
    dq_interval all[4], one;
    assert_int_equal(dq_profile_intervals(&set, thresholds, 4, &dq_bootstrap_usual, all), DQ_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(dq_profile_intervals(&set, &thresholds[i], 1, &dq_bootstrap_usual, &one),
                         DQ_OK);
        assert_memory_equal(&one, &all[i], sizeof(one));
    }
    assert_true(all[0].low == 1 && all[3].high == 0 && all[1].low < all[1].high);
}

/* numpy.quantile([1, 2, 4, 8], ...) */
static void test_quantile(void **state)
{
    (void)state;
    double v[] = {8, 1, 4, 2};
    dq_sort(v, 4);
    assert_same(dq_quantile(v, 4, 0), 1);
    assert_same(dq_quantile(v, 4, 0.25), 1.75);
    assert_same(dq_quantile(v, 4, 0.5), 3);
    assert_same(dq_quantile(v, 4, 0.9), 6.8);
    assert_same(dq_quantile(v, 4, 1), 8);
    assert_same(dq_quantile(v, 1, 0.3), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rliable),
        cmocka_unit_test(test_unequal_games),
        cmocka_unit_test(test_seed_and_confidence),
        cmocka_unit_test(test_no_scores),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
