/** Run folders: named, never overwritten, resumed, held by one process. */
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/atomic_file.h"
#include "record/run_folder.h"

static dq_run_name name_of(const char *out)
{
    // 2026-11-23 12:30:31 UTC
    return (dq_run_name){out, "ALE/Pong-v5", "book", 7, 1795437031};
}

static int enter_temp_folder(void **state)
{
    setenv("TZ", "UTC", 1);
    return temp_folder_make(state) || chdir(temp_folder);
}

static int leave_temp_folder(void **state)
{
    return chdir("/") || temp_folder_remove(state);
}

static void put_file(const dq_run_folder *run, const char *name)
{
    char path[DQ_PATH_CAP];
    assert_int_equal(dq_run_file(run, name, path), DQ_OK);
    assert_int_equal(dq_file_write(path, "x", 1), DQ_OK);
}

static void the_default_name_says_what_runs(void **state)
{
    (void)state;
    dq_run_folder a, b;
    dq_run_name name = name_of(NULL);
    struct stat info;
    assert_int_equal(dq_run_folder_create(&a, &name), DQ_OK);
    assert_string_equal(a.path, "runs/ALE-Pong-v5-book-s7-20261123-123031");
    assert_int_equal(stat("runs/ALE-Pong-v5-book-s7-20261123-123031/checkpoint", &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(dq_run_folder_create(&b, &name), DQ_OK);  // in the same second
    assert_string_equal(b.path, "runs/ALE-Pong-v5-book-s7-20261123-123031-2");
    dq_run_folder_close(&a);
    dq_run_folder_close(&b);
}

static void a_run_is_never_overwritten(void **state)
{
    (void)state;
    dq_run_folder run;
    dq_run_name name = name_of("deep/er/");
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_OK);
    assert_string_equal(run.path, "deep/er");
    put_file(&run, DQ_RUN_CONFIG);
    dq_run_folder_close(&run);
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "deep/er holds a run already: --resume deep/er"));
    name.out = "deep";
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "deep is not empty"));
    assert_int_equal(mkdir("empty", 0777), 0);
    name.out = "empty";
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_OK);
    dq_run_folder_close(&run);
}

static void a_run_is_resumed_from_its_checkpoint_or_its_beginning(void **state)
{
    (void)state;
    dq_run_folder run;
    bool has_checkpoint;
    dq_run_name name = name_of("run");
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_OK);
    dq_run_folder_close(&run);
    assert_int_equal(dq_run_folder_open(&run, "run", &has_checkpoint), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "no config in it"));
    put_file(&run, DQ_RUN_CONFIG);
    assert_int_equal(dq_run_folder_open(&run, "run", &has_checkpoint), DQ_OK);
    assert_false(has_checkpoint);
    put_file(&run, DQ_RUN_CHECKPOINT);
    dq_run_folder_close(&run);
    assert_int_equal(dq_run_folder_open(&run, "run", &has_checkpoint), DQ_OK);
    assert_true(has_checkpoint);
    dq_run_folder_close(&run);
    assert_int_equal(dq_run_folder_open(&run, "none", &has_checkpoint), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "cannot resume none: No such file"));
    assert_int_equal(dq_run_folder_open(&run, "run/checkpoint/state", &has_checkpoint),
                     DQ_ERR_INPUT);
    assert_int_equal(dq_run_folder_open(&run, "", &has_checkpoint), DQ_ERR_CONFIG);
}

/** As when the disk was full from the start: nothing of a run is there to continue with. */
static void a_start_that_failed_can_be_made_again(void **state)
{
    (void)state;
    dq_run_folder run;
    dq_run_name name = name_of("run");
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_OK);
    put_file(&run, "config.0123abcd.tmp");
    dq_run_folder_close(&run);
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_OK);
    put_file(&run, "checkpoint/notes");
    dq_run_folder_close(&run);
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_ERR_CONFIG);
    assert_int_equal(remove("run/checkpoint/notes"), 0);
    put_file(&run, "config.txt");
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_ERR_CONFIG);
}

static void one_process_at_a_time_has_a_run(void **state)
{
    (void)state;
    dq_run_folder run;
    dq_run_name name = name_of("run");
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_OK);
    put_file(&run, DQ_RUN_CONFIG);
    bool has_checkpoint;
    pid_t child = fork();
    if (child == 0) {
        dq_run_folder other;
        dq_run_folder_close(&run);  // the child's copy; the parent still holds it
        dq_status st = dq_run_folder_open(&other, "run", &has_checkpoint);
        _exit(st == DQ_ERR_CONFIG && strstr(dq_errmsg(), "another deepq is at work in run") ? 0
                                                                                            : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    dq_run_folder_close(&run);
    assert_int_equal(dq_run_folder_open(&run, "run", &has_checkpoint), DQ_OK);
    dq_run_folder_close(&run);
}

static void a_folder_that_cannot_be_is_one_error(void **state)
{
    (void)state;
    dq_run_folder run;
    char path[DQ_PATH_CAP + 10];
    dq_run_name name = name_of("/proc/run");
    assert_true(dq_run_folder_create(&run, &name) != DQ_OK);
    assert_non_null(strstr(dq_errmsg(), "/proc/run"));
    memset(path, 'a', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    name.out = path;
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "too long"));
    name.out = "";
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_ERR_CONFIG);
    assert_int_equal(dq_file_write("runs", "x", 1), DQ_OK);
    name.out = NULL;
    assert_int_equal(dq_run_folder_create(&run, &name), DQ_ERR_IO);
    assert_string_equal(dq_errmsg(), "cannot create the folder runs: a file is in its place");
}

static void models_are_named_as_in_the_book(void **state)
{
    (void)state;
    dq_run_folder run = {"runs/x", -1};
    char path[DQ_PATH_CAP];
    assert_int_equal(dq_run_model_file(&run, "PongNoFrameskip-v4", 18.6, path), DQ_OK);
    assert_string_equal(path, "runs/x/PongNoFrameskip-v4-best_19.dat");
    assert_int_equal(dq_run_model_file(&run, "../ALE/Pong-v5", -20.5, path), DQ_OK);
    assert_string_equal(path, "runs/x/-.-ALE-Pong-v5-best_-20.dat");
}

#define IN_ITS_FOLDER(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, enter_temp_folder, leave_temp_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ITS_FOLDER(the_default_name_says_what_runs),
        IN_ITS_FOLDER(a_run_is_never_overwritten),
        IN_ITS_FOLDER(a_run_is_resumed_from_its_checkpoint_or_its_beginning),
        IN_ITS_FOLDER(a_start_that_failed_can_be_made_again),
        IN_ITS_FOLDER(one_process_at_a_time_has_a_run),
        IN_ITS_FOLDER(a_folder_that_cannot_be_is_one_error),
        cmocka_unit_test(models_are_named_as_in_the_book),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
