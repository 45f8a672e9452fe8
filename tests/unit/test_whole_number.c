#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/whole_number.h"

static void numbers_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-3", -3},
                {"+7", 7},
                {"1e6", 1000000},
                {"1E6", 1000000},
                {"2.5e5", 250000},
                {"7.0", 7},
                {"-1e3", -1000},
                {"10e-1", 1},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"9007199254740992.0", 9007199254740992}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t v = 42;
        assert_true(dq_whole_number(good[i].text, &v));
        assert_true(v == good[i].value);
    }
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "1.5",
                                      "1e-1",
                                      "abc",
                                      "inf",
                                      "nan",
                                      "0x10",
                                      "1e",
                                      "e6",
                                      "1e16",
                                      "--1",
                                      "1e6x",
                                      ".",
                                      "1,000",
                                      "9223372036854775808",
                                      "1e400"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t v = 42;
        assert_false(dq_whole_number(bad[i], &v));
        assert_true(v == 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_people_write_them),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
