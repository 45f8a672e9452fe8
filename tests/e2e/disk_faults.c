/* Preloaded into deepq by the end-to-end tests: a disk that is full for a while or slow, and a list
 * of what is synced and renamed. Plain files alone are concerned, not standard output.
 *
 *  DEEPQ_FAULTS_FULL  "10-24": of all calls of write() the 10th to the 24th fail
 *  DEEPQ_FAULTS_SLOW  anything: a sync takes a second
 *  DEEPQ_FAULTS_LIST  a path: gets a line "sync PATH" or "rename PATH" for each */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/** Whether this call of write(), one more each time, is one that fails. */
static bool is_full(void)
{
    static _Atomic long n_calls;
    long n = ++n_calls, first, last;
    const char *range = getenv("DEEPQ_FAULTS_FULL");
    return range && sscanf(range, "%ld-%ld", &first, &last) == 2 && n >= first && n <= last;
}

static bool is_plain(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static void list(const char *what, const char *path)
{
    char line[PATH_MAX + 16];
    const char *to = getenv("DEEPQ_FAULTS_LIST");
    int fd = to ? open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    int n = snprintf(line, sizeof(line), "%s %s\n", what, path);
    if (fd >= 0 && syscall(SYS_write, fd, line, (size_t)n) != n)
        abort();
    if (fd >= 0)
        close(fd);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (!is_plain(fd) || !is_full())
        return syscall(SYS_write, fd, bytes, n);
    errno = ENOSPC;
    return -1;
}

static void note_sync(int fd)
{
    char link[64], path[PATH_MAX] = "";
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) > 0)
        list("sync", path);
    if (is_plain(fd) && getenv("DEEPQ_FAULTS_SLOW"))
        nanosleep(&(struct timespec){1, 0}, NULL);
}

int fsync(int fd)
{
    note_sync(fd);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    note_sync(fd);
    return (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    void *symbol = dlsym(RTLD_NEXT, "rename");
    memcpy(&real, &symbol, sizeof(real));
    list("rename", to);
    return real(from, to);
}
