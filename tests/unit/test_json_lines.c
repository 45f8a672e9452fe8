/** Logs of one JSON object a line, cut off anywhere and continued. */
#include "failing_allocation.h"

#include "temp_folder.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/atomic_file.h"
#include "record/json_lines.h"

static const char three_lines[] = "{\"frame\":1,\"reward\":-21.0}\n"
                                  "{\"frame\":20,\"reward\":0.1}\n"
                                  "{\"frame\":300,\"note\":\"\xc3\xa4\"}\n";

static void assert_file(const char *want, size_t n_want)
{
    void *bytes;
    size_t n;
    assert_int_equal(dq_file_read(temp_path("log.jsonl"), 1 << 20, &bytes, &n), DQ_OK);
    assert_int_equal(n, n_want);
    assert_memory_equal(bytes, want, n);
    free(bytes);
}

static void make_file(const char *bytes, size_t n)
{
    assert_int_equal(dq_file_write(temp_path("log.jsonl"), bytes, n), DQ_OK);
}

static dq_json_lines *open_log(int64_t last)
{
    dq_json_lines *log;
    assert_int_equal(dq_json_lines_open(&log, temp_path("log.jsonl"), "frame", last), DQ_OK);
    return log;
}

static void open_and_close(int64_t last)
{
    assert_int_equal(dq_json_lines_close(open_log(last)), DQ_OK);
}

static void each_object_is_one_line_at_once(void **state)
{
    (void)state;
    dq_json_lines *log = open_log(INT64_MAX);
    dq_json_lines_append(log, json_pack("{s:i, s:f}", "frame", 1, "reward", -21.0));
    dq_json_lines_append(log, json_pack("{s:i, s:f}", "frame", 20, "reward", 0.1));
    dq_json_lines_append(log, json_pack("{s:i, s:s}", "frame", 300, "note", "\xc3\xa4"));
    assert_file(three_lines, strlen(three_lines));  // before it is closed
    assert_int_equal(dq_json_lines_close(log), DQ_OK);
    open_and_close(INT64_MAX);
    assert_file(three_lines, strlen(three_lines));
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    dq_json_lines *log = open_log(INT64_MAX);
    assert_int_equal(dq_json_lines_append(log, NULL), DQ_ERR_NOMEM);
    assert_int_equal(dq_json_lines_append(log, json_integer(3)), DQ_ERR_CONFIG);
    assert_int_equal(dq_json_lines_append(log, json_pack("{s:o}", "loss", dq_json_real(NAN))),
                     DQ_OK);
    assert_int_equal(dq_json_lines_close(log), DQ_OK);
    assert_file("{\"loss\":null}\n", 14);
}

/** Whatever a crash left, the log is its whole lines, and continues after them. */
static void a_torn_line_is_cut_off(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= strlen(three_lines); cut++) {
        size_t whole = cut;
        while (whole > 0 && three_lines[whole - 1] != '\n')
            whole--;
        make_file(three_lines, cut);
        open_and_close(INT64_MAX);
        assert_file(three_lines, whole);
    }
}

static void assert_aside(const char *want, size_t n_want)
{
    void *bytes;
    size_t n;
    assert_int_equal(dq_file_read(temp_path("log.jsonl.damaged"), 1 << 20, &bytes, &n), DQ_OK);
    assert_int_equal(n, n_want);
    assert_memory_equal(bytes, want, n);
    free(bytes);
}

/** What is whole stays, before and behind it. */
static void damage_is_set_aside(void **state)
{
    (void)state;
    char copy[sizeof(three_lines)], rest[sizeof(three_lines)];
    const char *second = strchr(three_lines, '\n') + 1, *third = strchr(second, '\n') + 1;
    size_t n_first = (size_t)(second - three_lines), n = strlen(three_lines);
    memcpy(copy, three_lines, sizeof(copy));
    memset(copy + n_first + 3, 0, 5);  // a block that never reached the disk
    snprintf(rest, sizeof(rest), "%.*s%s", (int)n_first, three_lines, third);
    make_file(copy, n);
    dq_json_lines *log = open_log(INT64_MAX);
    assert_int_equal(dq_json_lines_damaged(log), 1);
    assert_int_equal(dq_json_lines_close(log), DQ_OK);
    assert_file(rest, strlen(rest));
    assert_aside(copy + n_first, (size_t)(third - second));
    open_and_close(INT64_MAX);
    assert_file(rest, strlen(rest));
    make_file("[1]\n{}\n", 7);
    open_and_close(INT64_MAX);
    assert_file("{}\n", 3);
    remove(temp_path("log.jsonl.damaged"));
}

/** A digit more makes a line later than what it stands before, which no log says of itself. */
static void a_line_that_says_it_is_later_than_the_next_is_damaged(void **state)
{
    (void)state;
    static const char odd[] = "{\"frame\":1}\n{\"frame\":9000}\n{\"frame\":20}\n{\"frame\":300}\n";
    make_file(odd, strlen(odd));
    dq_json_lines *log = open_log(20);
    assert_int_equal(dq_json_lines_damaged(log), 1);
    assert_int_equal(dq_json_lines_close(log), DQ_OK);
    assert_file("{\"frame\":1}\n{\"frame\":20}\n", 25);
    assert_aside("{\"frame\":9000}\n", 15);
}

static size_t file_size(const char *name)
{
    void *bytes;
    size_t n;
    if (dq_file_read(temp_path(name), 1 << 20, &bytes, &n) != DQ_OK)
        return 0;
    free(bytes);
    return n;
}

/** Every byte is in one of the two files, but for those of a line without an end. */
static void any_flipped_bit_destroys_nothing(void **state)
{
    (void)state;
    size_t n = strlen(three_lines);
    for (size_t i = 0; i < 8 * n; i++) {
        char copy[sizeof(three_lines)];
        memcpy(copy, three_lines, n);
        copy[i / 8] ^= (char)(1 << i % 8);
        make_file(copy, n);
        remove(temp_path("log.jsonl.damaged"));
        size_t whole = n;
        while (whole > 0 && copy[whole - 1] != '\n')
            whole--;
        open_and_close(INT64_MAX);
        assert_int_equal(file_size("log.jsonl") + file_size("log.jsonl.damaged"), whole);
        assert_true(file_size("log.jsonl") >= 27 || i / 8 < 54);
    }
}

static void resuming_drops_what_will_be_written_again(void **state)
{
    (void)state;
    const char *after_first = strchr(three_lines, '\n') + 1;
    const char *after_second = strchr(after_first, '\n') + 1;
    make_file(three_lines, strlen(three_lines));
    open_and_close(300);
    assert_file(three_lines, strlen(three_lines));
    open_and_close(299);
    assert_file(three_lines, (size_t)(after_second - three_lines));
    dq_json_lines *log = open_log(19);
    dq_json_lines_append(log, json_pack("{s:i, s:f}", "frame", 20, "reward", 0.1));
    assert_int_equal(dq_json_lines_close(log), DQ_OK);
    assert_file(three_lines, (size_t)(after_second - three_lines));
    open_and_close(0);
    assert_file("", 0);
}

static dq_status add_frame(void *ctx, const json_t *object)
{
    *(int64_t *)ctx += json_integer_value(json_object_get(object, "frame"));
    return DQ_OK;
}

static dq_status refuse(void *ctx, const json_t *object)
{
    (void)ctx, (void)object;
    return DQ_ERR_EMPTY;
}

static void reading_gives_every_whole_line(void **state)
{
    (void)state;
    int64_t sum = 0;
    const char *path = temp_path("log.jsonl");
    make_file(three_lines, strlen(three_lines) - 1);
    assert_int_equal(dq_json_lines_read(path, add_frame, &sum, NULL), DQ_OK);
    assert_int_equal(sum, 21);
    assert_int_equal(dq_json_lines_read(path, refuse, NULL, NULL), DQ_ERR_EMPTY);
    make_file("{}\nno\n", 6);
    assert_int_equal(dq_json_lines_read(path, add_frame, &sum, NULL), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "log.jsonl:2: "));
    size_t n_damaged = 9;
    sum = 0;
    make_file("{\"frame\":1}\nno\n\n[2]\n{\"frame\":4}\n{\"fra", 37);
    assert_int_equal(dq_json_lines_read(path, add_frame, &sum, &n_damaged), DQ_OK);
    assert_int_equal(sum, 5);
    assert_int_equal(n_damaged, 3);
    assert_int_equal(dq_json_lines_read(temp_path("none"), add_frame, &sum, NULL),
                     DQ_ERR_NOT_FOUND);
}

static void a_full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    struct rlimit before, small;
    dq_json_lines *log = open_log(INT64_MAX);
    dq_json_lines_append(log, json_pack("{s:i, s:f}", "frame", 1, "reward", -21.0));
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){40, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(dq_json_lines_append(log, json_pack("{s:i, s:f}", "frame", 20, "reward", 0.1)),
                     DQ_ERR_IO);
    assert_non_null(strstr(dq_errmsg(), "cannot write"));
    setrlimit(RLIMIT_FSIZE, &before);
    assert_file(three_lines, 27);
    dq_json_lines_append(log, json_pack("{s:i, s:s}", "frame", 300, "note", "\xc3\xa4"));
    assert_file(three_lines, strlen(three_lines));  // there is room again, for both
    assert_int_equal(dq_json_lines_close(log), DQ_OK);
}

static void a_log_that_cannot_be_is_one_error(void **state)
{
    (void)state;
    dq_json_lines *log;
    assert_int_equal(dq_json_lines_open(&log, temp_path("no/log"), "frame", 0), DQ_ERR_NOT_FOUND);
    assert_null(log);
    assert_int_equal(dq_json_lines_open(&log, temp_folder, "frame", 0), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), temp_folder));
}

static int mallocs_left;

static void *failing_malloc(size_t n)
{
    if (mallocs_left-- > 0)
        return malloc(n);
    errno = ENOMEM;  // as malloc() does
    return NULL;
}

/** A line that is whole is not taken for damaged, and not set aside, because memory ran out. */
static void want_of_memory_is_no_damage(void **state)
{
    (void)state;
    static const char line[] = "{\"frame\": 5, \"reward\": [1, 2, 3]}\n";
    const char *path = temp_path("log");
    dq_json_lines *log = NULL;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(line, f);
    fclose(f);
    dq_status st = DQ_ERR_NOMEM;
    int n = 0;
    for (; st == DQ_ERR_NOMEM && n < 1000; n++) {
        mallocs_left = n;
        json_set_alloc_funcs(failing_malloc, free);
        st = dq_json_lines_open(&log, path, "frame", 9);
        json_set_alloc_funcs(malloc, free);
        assert_int_equal(log != NULL, st == DQ_OK);
    }
    assert_int_equal(st, DQ_OK);
    assert_true(n > 5);
    assert_int_equal(dq_json_lines_damaged(log), 0);
    assert_int_equal(dq_json_lines_close(log), DQ_OK);
    assert_int_equal(temp_folder_count(), 1);
}

static void want_of_memory_costs_no_line(void **state)
{
    (void)state;
    dq_json_lines *log;
    dq_status st = DQ_ERR_NOMEM;
    for (int n = 1; st != DQ_OK; n++) {
        make_file(three_lines, strlen(three_lines));
        if (!let_allocation_fail(n))
            skip();
        st = dq_json_lines_open(&log, temp_path("log.jsonl"), "frame", INT64_MAX);
        let_allocation_fail(0);
        assert_true(st == DQ_OK || st == DQ_ERR_NOMEM || st == DQ_ERR_IO);  // files: the last
        if (st == DQ_OK)
            assert_int_equal(dq_json_lines_close(log), DQ_OK);
        assert_file(three_lines, strlen(three_lines));
    }
}

static void text_that_is_no_utf8_is_shown_so(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"runs/a", "runs/a"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xc3", "\xef\xbf\xbd"},                                  // cut off
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                  // longer than need be
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // a surrogate
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        json_t *text = dq_json_text(pairs[i][0]);
        assert_non_null(text);
        assert_string_equal(json_string_value(text), pairs[i][1]);
        json_decref(text);
    }
}

/** jansson's lexer grows its buffer in the middle of a token, at 16 and at 32 bytes. */
static void no_memory_in_the_middle_of_a_number_is_an_error(void **state)
{
    (void)state;
    static const char numbers[] = "[12345678901234567890.5, 0.1234567890123456789012345678901234]";
    json_t *value;
    dq_status st = DQ_ERR_NOMEM;
    long n = 1;
    for (; st == DQ_ERR_NOMEM; n++) {
        if (!let_allocation_fail(n))
            skip();
        st = dq_json_parse(&value, numbers, strlen(numbers), 0);
        assert_true(st == DQ_OK || !value);
    }
    let_allocation_fail(0);
    assert_int_equal(st, DQ_OK);
    assert_true(n > 4);
    assert_int_equal(json_array_size(value), 2);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(each_object_is_one_line_at_once),
        IN_TEMP_FOLDER(what_is_no_object_is_refused),
        IN_TEMP_FOLDER(a_torn_line_is_cut_off),
        IN_TEMP_FOLDER(damage_is_set_aside),
        IN_TEMP_FOLDER(a_line_that_says_it_is_later_than_the_next_is_damaged),
        IN_TEMP_FOLDER(any_flipped_bit_destroys_nothing),
        IN_TEMP_FOLDER(resuming_drops_what_will_be_written_again),
        IN_TEMP_FOLDER(reading_gives_every_whole_line),
        IN_TEMP_FOLDER(a_full_disk_leaves_whole_lines),
        IN_TEMP_FOLDER(a_log_that_cannot_be_is_one_error),
        IN_TEMP_FOLDER(want_of_memory_is_no_damage),
        IN_TEMP_FOLDER(want_of_memory_costs_no_line),
        cmocka_unit_test(no_memory_in_the_middle_of_a_number_is_an_error),
        cmocka_unit_test(text_that_is_no_utf8_is_shown_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
