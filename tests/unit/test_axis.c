/** The ticks of a picture's axis, and their texts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/axis.h"

static void assert_labels(double low, double high, int max_ticks, const char *want)
{
    char all[256] = "", text[AXIS_LABEL_BYTES];
    const axis a = axis_of(low, high, max_ticks);
    for (int i = 0; i < a.n_ticks; i++) {
        axis_label(&a, i, text);
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? " " : "", text);
    }
    assert_string_equal(all, want);
}

static void ticks_are_round(void **state)
{
    (void)state;
    assert_labels(0, 10, 6, "0 2 4 6 8 10");
    assert_labels(0, 10, 5, "0 5 10");
    assert_labels(0, 10, 11, "0 1 2 3 4 5 6 7 8 9 10");
    assert_labels(-21, 21, 6, "-20 -10 0 10 20");
    assert_labels(-0.25, 0.35, 8, "-0.2 -0.1 0 0.1 0.2 0.3");
    assert_labels(3.1, 3.9, 4, "3.2 3.4 3.6 3.8");
    assert_labels(0, 5000, 6, "0 1000 2000 3000 4000 5000");
    assert_labels(0, 6.25e-5, 4, "0 2e-05 4e-05 6e-05");
}

static void thousands_have_suffixes(void **state)
{
    (void)state;
    assert_labels(0, 10000, 6, "0 2k 4k 6k 8k 10k");
    assert_labels(0, 1e6, 6, "0 200k 400k 600k 800k 1M");
    assert_labels(0, 2e6, 5, "0 500k 1M 1.5M 2M");
    assert_labels(-17000, 500, 4, "-15k -10k -5k 0");
    assert_labels(0, 2.5e9, 6, "0 500M 1G 1.5G 2G 2.5G");
    assert_labels(19990, 20010, 5, "19.99k 19.995k 20k 20.005k 20.01k");
}

static void one_value_has_an_axis_around_it(void **state)
{
    (void)state;
    const axis a = axis_of(7, 7, 5), b = axis_of(-4000, -4000, 5);
    assert_true(a.low < 7 && a.high > 7 && a.n_ticks >= 2);
    assert_true(b.low < -4000 && b.high > -4000 && b.n_ticks >= 2);
}

static void ticks_are_within_and_as_many_as_fit(void **state)
{
    (void)state;
    for (int max = 2; max < 15; max++)
        for (double low = -1000; low < 1000; low += 37.3)
            for (double width = 1e-3; width < 1e5; width *= 3.7) {
                const axis a = axis_of(low, low + width, max);
                double power = pow(10, floor(log10(a.gap * 1.0000001)));
                double lead = a.gap / power;
                assert_true(fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 ||
                            fabs(lead - 5) < 1e-6);
                assert_true(a.n_ticks <= max && a.n_ticks >= (max > 4 ? max / 3 : 0));
                for (int i = 0; i < a.n_ticks; i++) {
                    double tick = axis_tick(&a, i);
                    assert_true(tick > low - 1e-5 * width && tick < low + width * (1 + 1e-5));
                    assert_true(fabs(remainder(tick, a.gap)) < 1e-6 * a.gap + 1e-12 * fabs(tick));
                }
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(thousands_have_suffixes),
        cmocka_unit_test(one_value_has_an_axis_around_it),
        cmocka_unit_test(ticks_are_within_and_as_many_as_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
