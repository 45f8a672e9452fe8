/** Bars for the values of actions: how full they are, and what is kept of the steps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/action_values.h"

static const char *const names[] = {"NOOP", "LEFTFIRE", "UP"};
static const dq_env_spec spec = {.n_actions = 3, .action_names = names};

static action_values with(float a, float b, float c)
{
    const float values[] = {a, b, c};
    action_values v;
    action_values_init(&v, &spec);
    action_values_take(&v, 1, values);
    return v;
}

static void assert_parts(action_values v, double a, double b, double c)
{
    const double want[] = {a, b, c};
    for (int i = 0; i < 3; i++)
        assert_true(fabs(action_values_part(&v, i) - want[i]) < 1e-6);
}

static void bars_go_from_the_least_to_the_largest(void **state)
{
    (void)state;
    assert_parts(with(1, 3, 2), 0, 1, 0.5);
    assert_parts(with(-4, -5, -9), 1, 0.8, 0);
    assert_parts(with(2, 2, 2), 1, 1, 1);
}

/** Those of a network that has diverged. */
static void what_is_no_number_has_no_bar(void **state)
{
    (void)state;
    assert_parts(with(1, NAN, 3), 0, 0, 1);
    assert_parts(with(1, INFINITY, 3), 0, 0, 0);
    assert_parts(with(-INFINITY, 1, 3), 0, 0, 0);
}

static void a_random_action_leaves_the_values_before(void **state)
{
    char text[16];
    action_values v;
    (void)state;
    action_values_init(&v, &spec);
    assert_int_equal(v.action, -1);
    assert_int_equal(v.name_width, 8);
    action_values_take(&v, 2, NULL);
    assert_false(v.has_values);
    assert_parts(v, 0, 0, 0);
    v = with(1, 3, 2);
    assert_true(v.is_greedy);
    action_values_take(&v, 2, NULL);
    assert_int_equal(v.action, 2);
    assert_false(v.is_greedy);
    assert_parts(v, 0, 1, 0.5);
    assert_string_equal(action_values_name(&v, 1, text), "LEFTFIRE");
    const dq_env_spec nameless = {.n_actions = 12};
    action_values_init(&v, &nameless);
    assert_int_equal(v.name_width, 2);
    assert_string_equal(action_values_name(&v, 11, text), "11");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_go_from_the_least_to_the_largest),
        cmocka_unit_test(what_is_no_number_has_no_bar),
        cmocka_unit_test(a_random_action_leaves_the_values_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
