#include "base/plain_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

dq_status dq_fail_errno(const char *verb, const char *path)
{
    dq_status status = errno == ENOENT ? DQ_ERR_NOT_FOUND : DQ_ERR_IO;
    return dq_fail(status, "cannot %s %s: %s", verb, path, strerror(errno));
}

static dq_status refuse(const char *path, mode_t mode)
{
    return dq_fail(DQ_ERR_INPUT,
                   "%s is %s, not a plain file: it is left as it is, choose another name", path,
                   S_ISLNK(mode)   ? "a link"
                   : S_ISDIR(mode) ? "a folder"
                                   : "a device or pipe");
}

dq_status dq_plain_check(const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? DQ_OK : dq_fail_errno("look at", path);
    return S_ISREG(info.st_mode) ? DQ_OK : refuse(path, info.st_mode);
}

dq_status dq_plain_open_append(const char *path, int *fd)
{
    struct stat info;
    DQ_TRY(dq_plain_check(path));
    // Not blocking: what is looked at may be a pipe by now, and nobody at its other end.
    *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (*fd < 0)
        return dq_fail_errno("open", path);
    if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode))
        return DQ_OK;
    close(*fd);
    *fd = -1;
    return refuse(path, info.st_mode);
}

/* ---------------------------------------------------------------- names for a while */

enum { NAME_BYTES = 200, DIGITS = 8, MAX_TRIES = 100 };

/** Another number each time, in all processes of all machines as far as that goes: O_EXCL says. */
static uint32_t next_number(void)
{
    static _Atomic uint32_t n_before;
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mixed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    mixed = (mixed ^ (uint64_t)getpid() << 40) + atomic_fetch_add(&n_before, 1);
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)(mixed >> 32);
}

dq_status dq_plain_create_beside(const char *path, char *temp, int *fd)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n_name = strlen(name), n = (size_t)(name - path);
    n += n_name < NAME_BYTES ? n_name : NAME_BYTES;
    memcpy(temp, path, n);
    for (int i = 0; i < MAX_TRIES; i++) {
        snprintf(temp + n, DQ_TEMP_SUFFIX, ".%08x.tmp", next_number());
        *fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (*fd >= 0)
            return DQ_OK;
        if (errno != EEXIST)
            break;
    }
    return dq_fail_errno("create", path);
}

bool dq_plain_is_left(const char *name)
{
    size_t n = strlen(name);
    if (n < DQ_TEMP_SUFFIX)
        return false;
    const char *suffix = name + n - (DQ_TEMP_SUFFIX - 1);
    return suffix[0] == '.' && strspn(suffix + 1, "0123456789abcdef") == DIGITS &&
           strcmp(suffix + 1 + DIGITS, ".tmp") == 0;
}

void dq_plain_remove_left(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (dq_plain_is_left(e->d_name))
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
}
