/** Event files against bytes that TensorBoard's own writer made
 *  (tests/oracle/check_tensorboard.py).
 *
 *  Called with a folder and "first" or "resumed", the program writes a run there for TensorBoard
 *  to read, and tests nothing. */
#include "failing_allocation.h"
#include "temp_folder.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>

#include "base/atomic_file.h"
#include "record/tensorboard.h"

static const char text[] = "|key|value|\n|---|---|\n|gamma|0.99|";

static void write_sample(dq_tb *tb)
{
    dq_tb_scalar(tb, "reward", 1, -21.0, 1000.25);
    dq_tb_scalar(tb, "reward_100", 1, 0.0, 1000.25);
    dq_tb_scalar(tb, "epsilon", 123456, 0.01, 1001.5);
    dq_tb_scalar(tb, "speed", 1000000000000, 1234.5678, 1002.0);
    dq_tb_text(tb, "config", 5, text, 1003.0);
}

/** The paths of all files in the temporary folder, at most two, in order of name. */
static int find_files(char paths[2][400])
{
    struct dirent **names;
    int n_names = scandir(temp_folder, &names, NULL, alphasort), n = 0;
    for (int i = 0; i < n_names; i++) {
        if (names[i]->d_name[0] != '.' && n++ < 2)
            snprintf(paths[n - 1], sizeof(paths[0]), "%s/%s", temp_folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return n;
}

static uint8_t *read_only_file(size_t *n)
{
    char paths[2][400];
    void *bytes;
    assert_int_equal(find_files(paths), 1);
    assert_int_equal(dq_file_read(paths[0], 1 << 24, &bytes, n), DQ_OK);
    return bytes;
}

static void records_are_the_bytes_that_tensorboard_writes(void **state)
{
    (void)state;
    dq_tb *tb;
    void *want;
    size_t n, n_want;
    assert_int_equal(dq_tb_open(&tb, temp_folder, NULL), DQ_OK);
    write_sample(tb);
    assert_int_equal(dq_tb_resume(tb, 100, 1004), DQ_OK);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
    uint8_t *bytes = read_only_file(&n);
    assert_int_equal(
        dq_file_read(DEEPQ_TEST_DATA "/tensorboard/events.bin", 1 << 20, &want, &n_want), DQ_OK);
    // The first record: length, checksum, wall time (1 + 8 bytes), then tag 3 and the version.
    assert_int_equal(bytes[0], 9 + 2 + 13);
    assert_memory_equal(bytes + 12 + 9,
                        "\x1a\x0d"
                        "brain.Event:2",
                        15);
    size_t first = 12 + 9 + 15 + 4;
    assert_int_equal(n - first, n_want);
    assert_memory_equal(bytes + first, want, n_want);
    free(bytes);
    free(want);
}

static void the_file_is_named_as_tensorboard_expects(void **state)
{
    (void)state;
    dq_tb *a, *b;
    char paths[2][400], host[200] = "", want[80];
    assert_int_equal(dq_tb_open(&a, temp_folder, ".x"), DQ_OK);
    assert_int_equal(dq_tb_open(&b, temp_folder, ".x"), DQ_OK);  // never the same file
    assert_int_equal(dq_tb_close(a), DQ_OK);
    assert_int_equal(dq_tb_close(b), DQ_OK);
    assert_int_equal(find_files(paths), 2);
    const char *name = strrchr(paths[0], '/') + 1;
    long long seconds = 0;
    assert_int_equal(sscanf(name, "events.out.tfevents.%10lld.%199s", &seconds, host), 2);
    assert_true(seconds > 1500000000 && seconds <= time(NULL));
    snprintf(want, sizeof(want), ".%ld.0.x", (long)getpid());
    assert_string_equal(name + strlen(name) - strlen(want), want);
}

static void flushed_records_are_in_the_file_at_once(void **state)
{
    (void)state;
    dq_tb *tb;
    size_t before, after;
    assert_int_equal(dq_tb_open(&tb, temp_folder, NULL), DQ_OK);
    free(read_only_file(&before));
    dq_tb_scalar(tb, "reward", 1, 1, 1);
    assert_int_equal(dq_tb_flush(tb), DQ_OK);
    free(read_only_file(&after));
    assert_true(after > before);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
}

static void many_and_long_records_all_arrive(void **state)
{
    (void)state;
    enum { LONG = 200000, MANY = 5000 };
    dq_tb *tb;
    size_t n, at = 0, n_records = 0, n_long = 0;
    char *words = malloc(LONG + 1);
    memset(words, 'w', LONG);
    words[LONG] = '\0';
    assert_int_equal(dq_tb_open(&tb, temp_folder, NULL), DQ_OK);
    for (int i = 0; i < MANY; i++)
        dq_tb_scalar(tb, "reward", i, i, i);
    dq_tb_text(tb, "long", 0, words, 0);
    dq_tb_scalar(tb, "reward", MANY, 0, 0);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
    uint8_t *bytes = read_only_file(&n);
    for (; at + 16 <= n; n_records++) {
        size_t length = bytes[at] | (size_t)bytes[at + 1] << 8 | (size_t)bytes[at + 2] << 16;
        at += 16 + length;
        n_long += length > LONG;
        assert_int_equal(length > LONG, n_records == 1 + MANY);  // in the order of their writing
    }
    assert_int_equal(n_long, 1);
    assert_int_equal(at, n);
    assert_int_equal(n_records, 1 + MANY + 2);
    free(bytes);
    free(words);
}

static void a_folder_that_cannot_be_is_one_error(void **state)
{
    (void)state;
    dq_tb *tb;
    assert_int_equal(dq_file_write(temp_path("file"), "", 0), DQ_OK);
    assert_int_equal(dq_tb_open(&tb, temp_path("file/logs"), NULL), DQ_ERR_IO);
    assert_null(tb);
    assert_int_equal(dq_tb_open(&tb, "/proc/self", NULL), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "cannot open /proc/self/events.out.tfevents."));
    assert_int_equal(dq_tb_open(&tb, temp_path("made/on/the/way"), NULL), DQ_OK);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
}

static void a_full_disk_leaves_no_gap(void **state)
{
    (void)state;
    dq_tb *tb;
    struct rlimit before, small;
    size_t n, n_whole;
    assert_int_equal(dq_tb_open(&tb, temp_folder, NULL), DQ_OK);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){100, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 0; i < 10; i++)
        dq_tb_scalar(tb, "reward", i, i, i);
    assert_int_equal(dq_tb_flush(tb), DQ_ERR_IO);
    assert_non_null(strstr(dq_errmsg(), "cannot write"));
    free(read_only_file(&n));
    assert_true(n < 100);  // whole records alone
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(dq_tb_sync(tb), DQ_OK);
    free(read_only_file(&n_whole));
    assert_true(n_whole > n + 10 * 30);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
}

enum { HEAD = 40, POINT = 44, N_POINTS = 6 };  // bytes of the version and of a point

/** Points at the steps 10, 20 ... 60. */
static void write_points(const char *name)
{
    dq_tb *tb;
    assert_int_equal(dq_tb_open_at(&tb, temp_folder, name, INT64_MAX), DQ_OK);
    assert_true(dq_tb_is_new(tb));
    for (int i = 1; i <= N_POINTS; i++)
        dq_tb_scalar(tb, "reward", 10 * i, i, i);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
}

/** @return what the file holds after it was opened to continue from `last` */
static uint8_t *resume(const char *name, int64_t last, size_t *n, size_t *n_damaged)
{
    dq_tb *tb;
    void *bytes;
    assert_int_equal(dq_tb_open_at(&tb, temp_folder, name, last), DQ_OK);
    *n_damaged = dq_tb_damaged(tb);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
    assert_int_equal(dq_file_read(temp_path(name), 1 << 20, &bytes, n), DQ_OK);
    return bytes;
}

static void a_long_text_without_memory_is_one_error(void **state)
{
    (void)state;
    char long_text[1001];
    size_t n, n_before;
    dq_tb *tb;
    memset(long_text, 'x', 1000);
    long_text[1000] = '\0';
    assert_int_equal(dq_tb_open(&tb, temp_folder, NULL), DQ_OK);
    assert_int_equal(dq_tb_scalar(tb, "reward", 1, 2.0, 1000), DQ_OK);
    assert_int_equal(dq_tb_flush(tb), DQ_OK);
    free(read_only_file(&n_before));
    if (!let_allocation_fail(1)) {
        dq_tb_close(tb);
        skip();
    }
    assert_int_equal(dq_tb_text(tb, "config", 1, long_text, 1000), DQ_ERR_NOMEM);
    assert_string_equal(dq_errmsg(), "no memory for an event of 1043 bytes");
    assert_int_equal(dq_tb_text(tb, "config", 2, "it goes on", 1000), DQ_OK);
    assert_int_equal(dq_tb_close(tb), DQ_OK);
    free(read_only_file(&n));
    assert_in_range(n, n_before + 1, n_before + 200);  // nothing of the first is in it
}

static void a_run_goes_on_in_its_file(void **state)
{
    (void)state;
    static const char name[] = "events.out.tfevents.1.x";
    size_t whole, n, n_damaged;
    write_points(name);
    uint8_t *before = resume(name, 60, &whole, &n_damaged);
    assert_int_equal(whole, HEAD + N_POINTS * POINT);
    for (int last = 59; last >= 0; last -= 7) {
        uint8_t *bytes = resume(name, last, &n, &n_damaged);
        assert_int_equal(n, HEAD + (size_t)(last / 10) * POINT);
        assert_memory_equal(bytes, before, n);
        assert_int_equal(n_damaged, 0);
        free(bytes);
    }
    for (size_t cut = 0; cut <= whole; cut++) {  // wherever it was torn
        assert_int_equal(dq_file_write(temp_path(name), before, cut), DQ_OK);
        uint8_t *bytes = resume(name, 60, &n, &n_damaged);
        assert_int_equal(n, cut < HEAD ? HEAD : cut - (cut - HEAD) % POINT);
        assert_int_equal(n_damaged, 0);
        if (cut >= HEAD)
            assert_memory_equal(bytes, before, n);
        free(bytes);
    }
    free(before);
}

static void damaged_records_are_set_aside(void **state)
{
    (void)state;
    static const char name[] = "events.out.tfevents.1.x";
    size_t whole, n, n_damaged, n_aside;
    void *aside;
    write_points(name);
    uint8_t *good = resume(name, 60, &whole, &n_damaged), *bad = malloc(whole);
    for (size_t at = HEAD + POINT; at < HEAD + 2 * POINT; at++) {
        bool length = at < HEAD + POINT + 12;  // then all that follows is lost to the reader
        memcpy(bad, good, whole);
        bad[at] ^= 1;
        assert_int_equal(dq_file_write(temp_path(name), bad, whole), DQ_OK);
        uint8_t *bytes = resume(name, 60, &n, &n_damaged);
        assert_int_equal(n_damaged, 1);
        assert_int_equal(n, length ? HEAD + POINT : whole - POINT);
        assert_memory_equal(bytes, good, HEAD + POINT);
        assert_memory_equal(bytes + HEAD + POINT, good + HEAD + 2 * POINT, n - HEAD - POINT);
        assert_int_equal(dq_file_read(temp_path(DQ_TB_ASIDE), 1 << 20, &aside, &n_aside), DQ_OK);
        assert_int_equal(n_aside, whole - n);
        assert_memory_equal(aside, bad + HEAD + POINT, n_aside);
        remove(temp_path(DQ_TB_ASIDE));
        free(aside);
        free(bytes);
    }
    free(good);
    free(bad);
}

static void the_default_folder_is_named_as_in_the_book(void **state)
{
    (void)state;
    char to[256], small[8];
    setenv("TZ", "UTC", 1);
    assert_int_equal(dq_tb_default_logdir(to, sizeof(to), "ALE/Pong-v5", 1574510400), DQ_OK);
    assert_memory_equal(to, "runs/Nov23_12-00-00_", 20);
    assert_string_equal(to + strlen(to) - 12, "-ALE-Pong-v5");
    assert_int_equal(dq_tb_default_logdir(small, sizeof(small), "x", 0), DQ_ERR_CONFIG);
}

/** What check_tensorboard.py looks at. */
static int write_run(const char *folder, const char *part)
{
    dq_tb *tb;
    if (dq_tb_open(&tb, folder, strcmp(part, "first") == 0 ? NULL : ".resumed") != DQ_OK)
        return 1;
    if (strcmp(part, "first") == 0) {
        write_sample(tb);
        dq_tb_scalar(tb, "reward", 100, 3, 1003);
        dq_tb_scalar(tb, "reward", 150, 3, 1003);
    } else {
        dq_tb_resume(tb, 100, 1004);
        dq_tb_scalar(tb, "reward", 100, 7, 1005);
        dq_tb_scalar(tb, "epsilon", 123456, 0.01, 1006);
        dq_tb_scalar(tb, "speed", 123456, 1, 1006);
    }
    return dq_tb_close(tb) != DQ_OK;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(records_are_the_bytes_that_tensorboard_writes),
        IN_TEMP_FOLDER(the_file_is_named_as_tensorboard_expects),
        IN_TEMP_FOLDER(flushed_records_are_in_the_file_at_once),
        IN_TEMP_FOLDER(many_and_long_records_all_arrive),
        IN_TEMP_FOLDER(a_folder_that_cannot_be_is_one_error),
        IN_TEMP_FOLDER(a_full_disk_leaves_no_gap),
        IN_TEMP_FOLDER(a_long_text_without_memory_is_one_error),
        IN_TEMP_FOLDER(a_run_goes_on_in_its_file),
        IN_TEMP_FOLDER(damaged_records_are_set_aside),
        cmocka_unit_test(the_default_folder_is_named_as_in_the_book),
    };
    if (argc == 3)
        return write_run(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
