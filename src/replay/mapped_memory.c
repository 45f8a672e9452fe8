#define _GNU_SOURCE  // mkostemp
#include "replay/mapped_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/plain_file.h"

/** A file without a name: where the file system has none, one whose name is gone at once. */
static int open_nameless(const char *dir)
{
    static const char name[] = "/deepq-replay-XXXXXX";
    size_t n = strlen(dir) + sizeof(name);
    char *path = malloc(n);
    if (!path)
        return -1;
    snprintf(path, n, "%s%s", dir, name);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    free(path);
    return fd;
}

/** Space on the disk is taken now: a write to memory cannot report a full disk. */
static int take_space(int fd, size_t n)
{
    int error;
    do
        error = posix_fallocate(fd, 0, (off_t)n);
    while (error == EINTR);
    return error;
}

dq_status dq_map_memory(uint8_t **out, size_t n, const char *dir)
{
    *out = NULL;
    int fd = open_nameless(dir);
    if (fd < 0 && errno == ENOMEM)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a replay in %s", dir);
    if (fd < 0)
        return dq_fail_errno("make the replay's file in", dir);
    int error = take_space(fd, n);
    void *memory = error ? MAP_FAILED : mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!error && memory == MAP_FAILED)
        error = errno;
    close(fd);
    if (error)
        return dq_fail(DQ_ERR_IO, "cannot have a replay of %zu MB in a file in %s: %s", n / 1000000,
                       dir, strerror(error));
    (void)madvise(memory, n, MADV_RANDOM);
    *out = memory;
    return DQ_OK;
}

void dq_unmap_memory(uint8_t *memory, size_t n)
{
    if (memory)
        (void)munmap(memory, n);
}
