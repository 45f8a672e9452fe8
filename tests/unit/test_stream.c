/** Saving and loading bytes, in memory and in files that are there whole or not at all. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/atomic_file.h"
#include "deepq/stream.h"

static char folder[] = "/tmp/deepq-stream-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/state", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_sample(dq_writer *w)
{
    dq_write_tag(w, "TEST", 3);
    dq_write_u32(w, 0x12345678);
    dq_write_u64(w, 0x123456789ABCDEF0);
    dq_write_f64(w, -0.1);
    assert_int_equal(dq_write(w, "bytes", 5), DQ_OK);
}

static void read_sample(dq_reader *r)
{
    uint32_t a;
    uint64_t b;
    double c;
    char d[5];
    assert_int_equal(dq_read_tag(r, "TEST", 3), DQ_OK);
    assert_int_equal(dq_read_u32(r, &a), DQ_OK);
    assert_int_equal(dq_read_u64(r, &b), DQ_OK);
    assert_int_equal(dq_read_f64(r, &c), DQ_OK);
    assert_int_equal(dq_read(r, d, 5), DQ_OK);
    assert_int_equal(a, 0x12345678);
    assert_true(b == 0x123456789ABCDEF0);
    assert_true(c == -0.1);
    assert_memory_equal(d, "bytes", 5);
    assert_int_equal(dq_reader_left(r), 0);
}

static void memory_gives_back_what_was_written(void **state)
{
    (void)state;
    dq_writer *w;
    dq_reader *r;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    write_sample(w);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(n, 8 + 4 + 8 + 8 + 5);
    assert_memory_equal((const uint8_t *)bytes + 8, "\x78\x56\x34\x12", 4);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    read_sample(r);
    uint32_t more;
    assert_int_equal(dq_read_u32(r, &more), DQ_ERR_INPUT);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
}

static void another_section_or_version_is_refused_by_name(void **state)
{
    (void)state;
    dq_writer *w;
    dq_reader *r;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    write_sample(w);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_read_tag(r, "ELSE", 3), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "ELSE"));
    assert_int_equal(dq_read_tag(r, "TEST", 3), DQ_ERR_INPUT);  // errors stick
    dq_reader_destroy(r);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_read_tag(r, "TEST", 4), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "version 3"));
    dq_reader_destroy(r);
    dq_writer_destroy(w);
}

static void a_file_gives_back_what_was_written(void **state)
{
    (void)state;
    dq_writer *w;
    dq_reader *r;
    enum { MANY = 200000 };
    assert_int_equal(dq_file_writer_create(&w, path), DQ_OK);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(dq_write_u32(w, i * i), DQ_OK);
    assert_int_equal(dq_file_commit(w, 1), DQ_OK);
    assert_int_equal(dq_file_reader_create(&r, path, 1), DQ_OK);
    assert_int_equal(dq_reader_left(r), 4 * MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t v;
        assert_int_equal(dq_read_u32(r, &v), DQ_OK);
        assert_int_equal(v, i * i);
    }
    dq_reader_destroy(r);
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    dq_writer *w;
    dq_reader *r;
    void *bytes;
    size_t n;
    assert_int_equal(dq_file_writer_create(&w, path), DQ_OK);
    write_sample(w);
    assert_int_equal(dq_file_commit(w, 1), DQ_OK);
    assert_int_equal(dq_file_read(path, 1000, &bytes, &n), DQ_OK);
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)bytes)[i] ^= 4;
        assert_int_equal(dq_file_write(path, bytes, n), DQ_OK);
        assert_int_equal(dq_file_reader_create(&r, path, 1), DQ_ERR_INPUT);
        ((uint8_t *)bytes)[i] ^= 4;
    }
    free(bytes);
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    void *bytes;
    size_t n;
    assert_int_equal(dq_file_write(path, "old", 3), DQ_OK);
    struct rlimit before, small = {1 << 16, RLIM_INFINITY};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);  // then a write past the limit fails as on a full disk
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    char *much = calloc(1, 1 << 20);
    assert_int_equal(dq_file_write(path, much, 1 << 20), DQ_ERR_IO);
    free(much);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(dq_file_read(path, 1000, &bytes, &n), DQ_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "old", 3);
    free(bytes);
    int n_files = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir))
        n_files++;
    closedir(dir);
    assert_int_equal(n_files, 2 + 1);  // ".", ".." and the old one
}

/* What the program asks of the disk, in order; both calls stand in for the C library's. */
static char disk_log[16];
static int fsync_fails;

static void note_call(char what)
{
    size_t n = strlen(disk_log);
    if (n + 1 < sizeof(disk_log))
        disk_log[n] = what;
}

int fsync(int fd)
{
    note_call('s');
    if (fsync_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    note_call('r');
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/** A name must not point to bytes that a power cut could still take, nor the folder lose the name.
 */
static void a_file_is_synced_before_it_gets_its_name_and_its_folder_after(void **state)
{
    (void)state;
    memset(disk_log, 0, sizeof(disk_log));
    assert_int_equal(dq_file_write(path, "x", 1), DQ_OK);
    assert_string_equal(disk_log, "srs");
}

static void what_cannot_be_synced_does_not_get_its_name(void **state)
{
    (void)state;
    void *bytes;
    size_t n;
    assert_int_equal(dq_file_write(path, "old", 3), DQ_OK);
    memset(disk_log, 0, sizeof(disk_log));
    fsync_fails = 1;
    assert_int_equal(dq_file_write(path, "newer", 5), DQ_ERR_IO);
    fsync_fails = 0;
    assert_non_null(strstr(dq_errmsg(), path));
    assert_string_equal(disk_log, "s");
    assert_int_equal(dq_file_read(path, 1000, &bytes, &n), DQ_OK);
    assert_int_equal(n, 3);
    free(bytes);
}

static void impossible_paths_say_so(void **state)
{
    (void)state;
    void *bytes;
    size_t n;
    char inside[80];
    assert_int_equal(dq_file_write(path, "x", 1), DQ_OK);
    snprintf(inside, sizeof(inside), "%s/below/a/file", path);
    assert_int_not_equal(dq_make_dirs(inside), DQ_OK);
    assert_int_equal(dq_file_read(folder, 1000, &bytes, &n), DQ_ERR_INPUT);
    assert_int_equal(dq_file_read("/nowhere/at/all", 1000, &bytes, &n), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "/nowhere/at/all"));
    assert_int_equal(dq_file_read(path, 0, &bytes, &n), DQ_ERR_INPUT);
}

/** Mapped, the pages that are gone would end the program by SIGBUS. */
static void a_file_that_becomes_shorter_is_an_error(void **state)
{
    (void)state;
    dq_reader *r;
    enum { N = 1 << 20 };
    uint8_t *much = calloc(1, N);
    dq_writer *w;
    assert_non_null(much);
    assert_int_equal(dq_file_writer_create(&w, path), DQ_OK);
    dq_write(w, much, N);
    assert_int_equal(dq_file_commit(w, true), DQ_OK);
    assert_int_equal(dq_file_reader_create(&r, path, true), DQ_OK);
    assert_int_equal(truncate(path, 5000), 0);
    assert_int_equal(dq_read(r, much, N), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "shorter"));
    assert_int_equal(dq_read(r, much, 1), DQ_ERR_INPUT);  // it sticks
    dq_reader_destroy(r);
    free(much);
}

/** Pieces of all sizes, around that of the reader's buffer. */
static void a_file_is_read_in_any_pieces(void **state)
{
    (void)state;
    enum { N = 300000 };
    static const size_t sizes[] = {1, 4, 65535, 3, 65536, 65537, 2, 100000};
    static uint8_t want[N], got[N];
    dq_reader *r;
    for (size_t i = 0; i < N; i++)
        want[i] = (uint8_t)(i * 2654435761u >> 13);
    assert_int_equal(dq_file_write(path, want, N), DQ_OK);
    assert_int_equal(dq_file_reader_create(&r, path, false), DQ_OK);
    for (size_t at = 0, k = 0; at < N; k++) {
        size_t n = sizes[k % (sizeof(sizes) / sizeof(sizes[0]))];
        n = n < N - at ? n : N - at;
        assert_int_equal(dq_read(r, got + at, n), DQ_OK);
        at += n;
        assert_int_equal(dq_reader_left(r), N - at);
    }
    assert_memory_equal(got, want, N);
    assert_int_equal(dq_read(r, got, 1), DQ_ERR_INPUT);
    dq_reader_destroy(r);
}

static void a_pipe_is_not_waited_for(void **state)
{
    (void)state;
    void *bytes;
    size_t n;
    dq_reader *r;
    char pipe_path[80];
    snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", folder);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(dq_file_read(pipe_path, 1000, &bytes, &n), DQ_ERR_INPUT);
    assert_int_equal(dq_file_reader_create(&r, pipe_path, false), DQ_ERR_INPUT);
    assert_int_equal(unlink(pipe_path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_gives_back_what_was_written),
        cmocka_unit_test(another_section_or_version_is_refused_by_name),
        cmocka_unit_test(a_file_gives_back_what_was_written),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(a_file_is_synced_before_it_gets_its_name_and_its_folder_after),
        cmocka_unit_test(what_cannot_be_synced_does_not_get_its_name),
        cmocka_unit_test(a_file_that_becomes_shorter_is_an_error),
        cmocka_unit_test(a_file_is_read_in_any_pieces),
        cmocka_unit_test(a_pipe_is_not_waited_for),
        cmocka_unit_test(impossible_paths_say_so),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
