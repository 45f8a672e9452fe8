/** Configuration files: key = value. */
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/config_file.h"

/** Pairs come as "key|value;" one after the other. */
typedef struct collected {
    char text[512];
} collected;

static dq_status collect(void *ctx, const char *key, const char *value)
{
    collected *c = ctx;
    if (strcmp(key, "bad") == 0)
        return dq_fail(DQ_ERR_CONFIG, "bad cannot be %s", value);
    size_t n = strlen(c->text);
    snprintf(c->text + n, sizeof(c->text) - n, "%s|%s;", key, value);
    return DQ_OK;
}

static void assert_parsed(const char *text, const char *want)
{
    collected c = {""};
    assert_int_equal(dq_config_parse(text, strlen(text), "x", collect, &c), DQ_OK);
    assert_string_equal(c.text, want);
}

static void pairs_are_read_in_order(void **state)
{
    (void)state;
    assert_parsed("", "");
    assert_parsed("\n\n  \n# only = a comment\n", "");
    assert_parsed("gamma = 0.99\nbatch=32", "gamma|0.99;batch|32;");
    assert_parsed("  a\t=  b c  # why\r\nc =\n", "a|b c;c|;");
    assert_parsed("a = b#c\n#d = e\na = f = g\n", "a|b#c;a|f = g;");
}

static void assert_refused(const char *text, dq_status status, const char *message)
{
    collected c = {""};
    assert_int_equal(dq_config_parse(text, strlen(text), "my.conf", collect, &c), status);
    assert_string_equal(dq_errmsg(), message);
}

static void errors_say_where(void **state)
{
    (void)state;
    assert_refused("a = 1\n\nnonsense\n", DQ_ERR_INPUT,
                   "my.conf:3: \"nonsense\" is not `key = value`");
    assert_refused("a = 1\n = 2\n", DQ_ERR_INPUT, "my.conf:2: a key is missing before the =");
    assert_refused("\nbad = 7", DQ_ERR_CONFIG, "my.conf:2: bad cannot be 7");
}

static void files_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static char line[20000];
    collected c = {""};
    assert_int_equal(dq_config_parse("a\0b = c", 7, "x", collect, &c), DQ_ERR_INPUT);
    memset(line, 'a', sizeof(line));
    assert_int_equal(dq_config_parse(line, sizeof(line), "x", collect, &c), DQ_ERR_INPUT);
    assert_int_equal(dq_config_read(temp_path("none"), collect, &c), DQ_ERR_NOT_FOUND);
    assert_int_equal(dq_config_read(temp_folder, collect, &c), DQ_ERR_INPUT);
}

static void damage_never_does_harm(void **state)
{
    (void)state;
    static const char text[] = "# run\ngamma = 0.99  # discount\nrom = a#b c\n\nempty =\n";
    size_t n = strlen(text);
    for (size_t i = 0; i < 9 * n; i++) {  // every bit flipped, then every prefix
        collected c = {""};
        size_t length = i < 8 * n ? n : i - 8 * n;
        char *copy = malloc(length + 1);  // its own block, so that a sanitizer sees the end
        memcpy(copy, text, length);
        if (i < 8 * n)
            copy[i / 8] ^= (char)(1 << i % 8);
        dq_status st = dq_config_parse(copy, length, "x", collect, &c);
        assert_true(st == DQ_OK || st == DQ_ERR_INPUT);
        free(copy);
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    dq_writer *w;
    collected c = {""};
    assert_int_equal(dq_file_writer_create(&w, temp_path("config")), DQ_OK);
    dq_config_write_comment(w, "deepq 0.1.0 = the best");
    dq_config_write_pair(w, "gamma", "0.99");
    dq_config_write_pair(w, "rom", "/a b/c#d=e.bin");
    dq_config_write_pair(w, "empty", "");
    assert_int_equal(dq_file_commit(w, 0), DQ_OK);
    assert_int_equal(dq_config_read(temp_path("config"), collect, &c), DQ_OK);
    assert_string_equal(c.text, "gamma|0.99;rom|/a b/c#d=e.bin;empty|;");
}

static void what_would_not_come_back_is_not_written(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"key", " a"}, {"key", "a "},   {"key", "a\t"}, {"key", "a\nb"}, {"key", "a #b"},
        {"key", "#a"}, {"key", "a\t#"}, {"key", "a\r"}, {"", "a"},       {"a b", "a"},
        {"a=b", "a"},  {"#a", "a"},     {"a\n", "a"},
    };
    for (size_t i = 0; i < DQ_COUNT(pairs); i++) {
        dq_writer *w;
        assert_int_equal(dq_file_writer_create(&w, temp_path("config")), DQ_OK);
        assert_int_equal(dq_config_write_pair(w, pairs[i][0], pairs[i][1]), DQ_ERR_CONFIG);
        assert_int_equal(dq_config_write_pair(w, "key", "value"), DQ_ERR_CONFIG);
        assert_int_equal(dq_file_commit(w, 0), DQ_ERR_CONFIG);
        assert_int_not_equal(access(temp_path("config"), F_OK), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_read_in_order),
        cmocka_unit_test(errors_say_where),
        IN_TEMP_FOLDER(files_that_are_no_text_are_refused),
        cmocka_unit_test(damage_never_does_harm),
        IN_TEMP_FOLDER(what_is_written_is_read_again),
        IN_TEMP_FOLDER(what_would_not_come_back_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
