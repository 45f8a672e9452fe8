/** Random streams: independent by name, the same everywhere, uniform. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/normal.h"
#include "deepq/rng.h"

static void a_stream_depends_on_seed_and_name_alone(void **state)
{
    (void)state;
    dq_rng a = dq_rng_stream(1, "replay"), b = dq_rng_stream(1, "replay");
    dq_rng c = dq_rng_stream(2, "replay"), d = dq_rng_stream(1, "exploration");
    uint64_t first = dq_rng_u64(&a);
    assert_true(first == dq_rng_u64(&b));
    assert_true(first != dq_rng_u64(&c));
    assert_true(first != dq_rng_u64(&d));
}

static void the_generator_is_xoshiro256plusplus(void **state)
{
    (void)state;
    /* From the state 1, 2, 3, 4: the first outputs of the authors' program. */
    static const uint64_t want[] = {41943041, 58720359, 3588806011781223, 3591011842654386,
                                    9228616714210784205u};
    dq_rng rng = {{1, 2, 3, 4}};
    for (int i = 0; i < 5; i++)
        assert_true(dq_rng_u64(&rng) == want[i]);
}

static void small_ranges_are_uniform(void **state)
{
    (void)state;
    dq_rng rng = dq_rng_stream(3, "test");
    int count[7] = {0};
    for (int i = 0; i < 70000; i++)
        count[dq_rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++)  // standard deviation 93
        assert_in_range(count[i], 10000 - 6 * 93, 10000 + 6 * 93);
    assert_int_equal(dq_rng_below(&rng, 1), 0);
}

/** By the same algorithms in Python, tests/oracle/reference_learner.py, class Stream: a stream's
 *  begin, a range in which every fourth number is rejected, a unit and the bits. */
static void numbers_are_the_references(void **state)
{
    (void)state;
    static const uint32_t want[] = {406597089, 3057495379, 1109088197, 2345584469,
                                    722300188, 229773109,  3063994010, 94937146};
    dq_rng rng = dq_rng_stream(7, "test");
    for (int i = 0; i < 8; i++)
        assert_int_equal(dq_rng_below(&rng, (3u << 30) + 1), want[i]);
    assert_true(dq_rng_unit(&rng) == 0x1.ff80952147414p-2);
    assert_true(dq_rng_u64(&rng) == 0x43c968c072045250u);
}

/** Lemire's rejection at its edge: the first number that is taken, and the last that is not. */
static void the_surplus_alone_is_rejected(void **state)
{
    (void)state;
    const uint32_t n = (3u << 30) + 1;
    dq_rng taken = {{0, 1, 2, 0x1FFFFFFFE00}}, rejected = {{0, 1, 2, 0x17FFFFFFC00}};
    assert_int_equal(dq_rng_below(&taken, n), 3221225472u);
    assert_int_equal(dq_rng_below(&rejected, n), 2415923999u);
}

static void units_lie_in_their_range(void **state)
{
    (void)state;
    dq_rng rng = dq_rng_stream(4, "test");
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        double u = dq_rng_unit(&rng);
        assert_true(u >= 0 && u < 1);
        sum += u;
    }
    assert_true(sum > 49000 && sum < 51000);
}

/** The distribution function of normal numbers at a grid, within six standard deviations, and the
 *  first numbers of the reference in Python. */
static void normal_numbers_are_normal(void **state)
{
    (void)state;
    enum { N = 4000000, GRID = 90 };
    static const double want[] = {-0.66207088857552443, -1.1009669818014653, -1.5825942793490575,
                                  -0.87957703767898332, -0.50484536749137199};
    static int below[GRID];
    dq_rng rng = dq_rng_stream(0, "normal");
    for (int i = 0; i < N; i++) {
        double x = dq_rng_normal(&rng);
        if (i < 5)
            assert_true(fabs(x - want[i]) < 1e-15);
        int first = (int)ceil((x + 4.5) * 10);  // of the grid's points at or above x
        first = first < 0 ? 0 : first;
        if (first < GRID)
            below[first]++;
    }
    for (int i = 0, sum = 0; i < GRID; i++) {
        double p = erfc((4.5 - i * 0.1) / sqrt(2)) / 2;
        sum += below[i];
        assert_true(fabs(sum - N * p) < 6 * sqrt(N * p * (1 - p)) + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_depends_on_seed_and_name_alone),
        cmocka_unit_test(the_generator_is_xoshiro256plusplus),
        cmocka_unit_test(numbers_are_the_references),
        cmocka_unit_test(the_surplus_alone_is_rejected),
        cmocka_unit_test(small_ranges_are_uniform),
        cmocka_unit_test(units_lie_in_their_range),
        cmocka_unit_test(normal_numbers_are_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
