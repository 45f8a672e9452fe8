/* Distances between words, against ones worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/spelling.h"

static void distances_are_the_known_ones(void **state)
{
    static const struct {
        const char *a, *b;
        int distance;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"train", "train", 0},
        {"train", "Train", 0},
        {"trian", "train", 1},
        {"tain", "train", 1},
        {"trainn", "train", 1},
        {"brain", "train", 1},
        {"kitten", "sitting", 3},
        {"ab", "ba", 1},
        {"saturday", "sunday", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(dq_spelling_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(dq_spelling_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
}

static void long_words_are_far(void **state)
{
    static const char longest[] = "123456789012345678901234567890123456789012345678901234567890123";
    static const char longer[] = "1234567890123456789012345678901234567890123456789012345678901234";
    (void)state;
    assert_int_equal(dq_spelling_distance(longest, longest), 0);
    assert_int_equal(dq_spelling_distance(longest, ""), 63);
    assert_int_equal(dq_spelling_distance(longer, longest), DQ_SPELLING_FAR);
    assert_int_equal(dq_spelling_distance(longest, longer), DQ_SPELLING_FAR);
}

static void words_are_listed(void **state)
{
    (void)state;
    const char *const words[] = {"red", "green", "blue"};
    char text[64], small[8];
    dq_list_words(text, sizeof(text), words, 0, "or");
    assert_string_equal(text, "");
    dq_list_words(text, sizeof(text), words, 1, "or");
    assert_string_equal(text, "red");
    dq_list_words(text, sizeof(text), words, 2, "and");
    assert_string_equal(text, "red and green");
    dq_list_words(text, sizeof(text), words, 3, "or");
    assert_string_equal(text, "red, green or blue");
    dq_list_words(small, sizeof(small), words, 3, "or");
    assert_string_equal(small, "red, gr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_listed),
        cmocka_unit_test(distances_are_the_known_ones),
        cmocka_unit_test(long_words_are_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
