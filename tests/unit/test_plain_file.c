/** What files are written over, and what is left alone: links, pipes, devices, somebody's own
 * files. */
#define _GNU_SOURCE  // AT_EMPTY_PATH
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/plain_file.h"

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(temp_path(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void holds(const char *name, const char *text)
{
    char got[64] = {0};
    FILE *f = fopen(temp_path(name), "r");
    assert_non_null(f);
    size_t n = fread(got, 1, sizeof(got) - 1, f);
    fclose(f);
    assert_int_equal(n, strlen(text));
    assert_string_equal(got, text);
}

/** Files in the folder whose name ends so. */
static int count(const char *suffix)
{
    int n = 0;
    DIR *dir = opendir(temp_folder);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t length = strlen(e->d_name);
        n += length >= strlen(suffix) && strcmp(e->d_name + length - strlen(suffix), suffix) == 0;
    }
    closedir(dir);
    return n;
}

static void names_that_can_be_guessed_are_left_alone(void **state)
{
    (void)state;
    write_text("out.atr.tmp", "mine");
    write_text("victim", "precious");
    assert_int_equal(symlink(temp_path("victim"), temp_path("state.tmp")), 0);
    assert_int_equal(dq_file_write(temp_path("out.atr"), "trace", 5), DQ_OK);
    assert_int_equal(dq_file_write(temp_path("state"), "state", 5), DQ_OK);
    holds("out.atr.tmp", "mine");
    holds("victim", "precious");
    holds("out.atr", "trace");
    holds("state", "state");
}

static void two_writers_of_a_file_do_not_meet(void **state)
{
    (void)state;
    dq_writer *a, *b;
    assert_int_equal(dq_file_writer_create(&a, temp_path("model")), DQ_OK);
    assert_int_equal(dq_file_writer_create(&b, temp_path("model")), DQ_OK);
    assert_int_equal(count(".tmp"), 2);
    dq_write(a, "first one", 9);
    dq_write(b, "second", 6);
    assert_int_equal(dq_file_commit(a, false), DQ_OK);
    holds("model", "first one");
    assert_int_equal(dq_file_commit(b, false), DQ_OK);
    holds("model", "second");
    assert_int_equal(count(".tmp"), 0);
}

static void what_is_no_plain_file_is_not_replaced(void **state)
{
    (void)state;
    write_text("victim", "precious");
    assert_int_equal(symlink("victim", temp_path("link")), 0);
    assert_int_equal(symlink("nothing", temp_path("dangling")), 0);
    assert_int_equal(mkfifo(temp_path("pipe"), 0600), 0);
    assert_int_equal(mkdir(temp_path("folder"), 0700), 0);
    const char *names[] = {"link", "dangling", "pipe", "folder"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(dq_file_write(temp_path(names[i]), "x", 1), DQ_ERR_INPUT);
        int fd;
        assert_int_equal(dq_plain_open_append(temp_path(names[i]), &fd), DQ_ERR_INPUT);
    }
    assert_int_equal(dq_file_write("/dev/null", "x", 1), DQ_ERR_INPUT);
    holds("victim", "precious");
    assert_int_equal(count(".tmp"), 0);
    struct stat info;
    assert_int_equal(lstat(temp_path("link"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_not_equal(lstat(temp_path("nothing"), &info), 0);
}

static void logs_are_appended_to(void **state)
{
    (void)state;
    int fd;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dq_plain_open_append(temp_path("log"), &fd), DQ_OK);
        assert_int_equal(write(fd, "line\n", 5), 5);
        close(fd);
    }
    holds("log", "line\nline\n");
}

/* In the place of the C library's: what was opened is a pipe by now. */
static bool became_a_pipe;

int fstat(int fd, struct stat *info)
{
    int result = fstatat(fd, "", info, AT_EMPTY_PATH);
    if (became_a_pipe)
        info->st_mode = S_IFIFO;
    return result;
}

/** Between a look at the name and the opening of it somebody may put something else there: it is
 *  looked at again, and closed. */
static void what_was_opened_is_looked_at_again(void **state)
{
    (void)state;
    int fd = 0;
    became_a_pipe = true;
    assert_int_equal(dq_plain_open_append(temp_path("log"), &fd), DQ_ERR_INPUT);
    became_a_pipe = false;
    assert_int_equal(fd, -1);
}

static void long_names_can_be_written(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'n', 255);
    name[255] = '\0';
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", temp_folder, name);
    assert_int_equal(dq_file_write(path, "x", 1), DQ_OK);
    assert_int_equal(access(path, F_OK), 0);
}

static void what_a_killed_process_left_is_removed(void **state)
{
    (void)state;
    const char *kept[] = {"state.tmp",           "state.0123abcg.tmp", "0123abcd.tmp",
                          "state.0123abcd.tmpx", "state.0123abc.tmp",  "state"};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        write_text(kept[i], "mine");
    write_text("state.0123abcd.tmp", "left");
    write_text("x.dat.ffffffff.tmp", "left");
    dq_plain_remove_left(temp_folder);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        holds(kept[i], "mine");
    assert_int_equal(access(temp_path("state.0123abcd.tmp"), F_OK), -1);
    assert_int_equal(access(temp_path("x.dat.ffffffff.tmp"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(names_that_can_be_guessed_are_left_alone),
        IN_TEMP_FOLDER(two_writers_of_a_file_do_not_meet),
        IN_TEMP_FOLDER(what_is_no_plain_file_is_not_replaced),
        IN_TEMP_FOLDER(logs_are_appended_to),
        IN_TEMP_FOLDER(what_was_opened_is_looked_at_again),
        IN_TEMP_FOLDER(long_names_can_be_written),
        IN_TEMP_FOLDER(what_a_killed_process_left_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
