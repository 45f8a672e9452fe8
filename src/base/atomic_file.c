#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "base/plain_file.h"
#include "base/stream_internal.h"

enum { BUFFER_BYTES = 1 << 18 };

static dq_status write_all(dq_writer *w)
{
    for (size_t at = 0; at < w->n;) {
        ssize_t n = write(w->fd, w->bytes + at, w->n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return w->status = dq_fail_errno("write", w->path);
        at += (size_t)n;
    }
    return DQ_OK;
}

dq_status dq_writer_flush(dq_writer *w)
{
    if (w->status != DQ_OK)
        return w->status;
    w->crc = (uint32_t)crc32_z(w->crc, w->bytes, w->n);
    write_all(w);
    w->n = 0;
    return w->status;
}

dq_status dq_file_writer_create(dq_writer **out, const char *path)
{
    DQ_TRY(dq_writer_create(out));
    dq_writer *w = *out;
    w->path = strdup(path);
    w->temp_path = malloc(strlen(path) + DQ_TEMP_SUFFIX);
    w->bytes = malloc(BUFFER_BYTES);
    dq_status st;
    if (!w->path || !w->temp_path || !w->bytes) {
        st = dq_fail(DQ_ERR_NOMEM, "no memory to write %s", path);
        goto fail;
    }
    w->cap = BUFFER_BYTES;
    st = dq_plain_check(path);
    if (st == DQ_OK)
        st = dq_plain_create_beside(path, w->temp_path, &w->fd);
    if (st == DQ_OK)
        return DQ_OK;
fail:
    dq_writer_destroy(w);
    *out = NULL;
    return st;
}

/** A rename is only safe on disk once its folder is synced. Folders that cannot be are left. */
static void sync_parent(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(copy);
}

/** Have all bytes on the disk, under the temporary name. */
static dq_status complete(dq_writer *w, int with_crc)
{
    dq_writer_flush(w);
    if (with_crc) {
        dq_write_u32(w, w->crc);
        dq_writer_flush(w);
    }
    if (w->status == DQ_OK && fsync(w->fd) != 0)
        w->status = dq_fail_errno("sync", w->path);
    if (close(w->fd) != 0 && w->status == DQ_OK)
        w->status = dq_fail_errno("close", w->path);
    w->fd = -1;
    return w->status;
}

static dq_status replace(dq_writer *w)
{
    if (w->status == DQ_OK && rename(w->temp_path, w->path) != 0)
        w->status = dq_fail_errno("replace", w->path);
    dq_status st = w->status;
    if (st == DQ_OK)
        sync_parent(w->path);
    else
        unlink(w->temp_path);
    dq_writer_destroy(w);
    return st;
}

dq_status dq_file_commit(dq_writer *w, int with_crc)
{
    (void)complete(w, with_crc);
    return replace(w);
}

/** Where the file system has no links, `path` is missing until it is replaced. */
static dq_status keep(const char *path, const char *before)
{
    if (access(path, F_OK) != 0)
        return DQ_OK;
    if (unlink(before) != 0 && errno != ENOENT)
        return dq_fail_errno("replace", before);
    if (link(path, before) == 0 || rename(path, before) == 0)
        return DQ_OK;
    return dq_fail_errno("keep the checkpoint as", before);
}

dq_status dq_file_commit_keeping(dq_writer *w, int with_crc, const char *before)
{
    if (complete(w, with_crc) == DQ_OK)
        w->status = keep(w->path, before);
    return replace(w);
}

void dq_file_abandon(dq_writer *w)
{
    if (!w)
        return;
    close(w->fd);
    unlink(w->temp_path);
    dq_writer_destroy(w);
}

dq_status dq_file_write(const char *path, const void *bytes, size_t n)
{
    dq_writer *w;
    DQ_TRY(dq_file_writer_create(&w, path));
    dq_write(w, bytes, n);
    return dq_file_commit(w, false);
}

/** Open for reading, refusing what is not a plain file; *n is its size. */
static dq_status open_plain(const char *path, int *fd, size_t *n)
{
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);  // a pipe would wait for its other end
    if (*fd < 0)
        return dq_fail_errno("open", path);
    struct stat info;
    dq_status st = DQ_OK;
    if (fstat(*fd, &info) != 0)
        st = dq_fail_errno("look at", path);
    else if (!S_ISREG(info.st_mode))
        st = dq_fail(DQ_ERR_INPUT, "%s is not a plain file", path);
    if (st != DQ_OK)
        close(*fd);
    else
        *n = (size_t)info.st_size;
    return st;
}

static dq_status crc_of_next(dq_reader *r, size_t n, uint32_t *crc)
{
    uint8_t piece[1 << 12];
    *crc = 0;
    for (size_t part; n > 0; n -= part) {
        part = n < sizeof(piece) ? n : sizeof(piece);
        DQ_TRY(dq_read(r, piece, part));
        *crc = (uint32_t)crc32_z(*crc, piece, part);
    }
    return DQ_OK;
}

/** Once through the whole file, and back to its beginning. */
static dq_status check_crc(dq_reader *r, const char *path)
{
    uint32_t stored, crc;
    if (r->n < 4)
        return dq_fail(DQ_ERR_INPUT, "%s is damaged: only %zu bytes long", path, r->n);
    dq_status st = crc_of_next(r, r->n - 4, &crc);
    if (st == DQ_OK)
        st = dq_read_u32(r, &stored);
    if (st != DQ_OK)
        return dq_fail_within(st, "%s", path);
    if (crc != stored)
        return dq_fail(DQ_ERR_INPUT, "%s is damaged: its checksum does not match", path);
    r->n -= 4;
    r->at = 0;
    r->crc = crc;
    return DQ_OK;
}

dq_status dq_file_reader_create(dq_reader **out, const char *path, int with_crc)
{
    int fd;
    size_t n = 0;
    *out = NULL;
    DQ_TRY(open_plain(path, &fd, &n));
    dq_reader *r;
    dq_status st = dq_reader_create(&r, NULL, n);
    if (st != DQ_OK) {
        close(fd);
        return st;
    }
    r->fd = fd;
    r->buffer = malloc(DQ_READER_BUFFER);
    if (!r->buffer)
        st = dq_fail(DQ_ERR_NOMEM, "no memory to read %s", path);
    if (st == DQ_OK && with_crc)
        st = check_crc(r, path);
    if (st != DQ_OK)
        dq_reader_destroy(r);
    else
        *out = r;
    return st;
}

dq_status dq_file_read(const char *path, size_t max_bytes, void **bytes, size_t *n)
{
    int fd;
    *bytes = NULL;
    DQ_TRY(open_plain(path, &fd, n));
    dq_status st = DQ_OK;
    uint8_t *to = NULL;
    if (*n > max_bytes)
        st = dq_fail(DQ_ERR_INPUT, "%s has %zu bytes, more than the %zu such a file can have", path,
                     *n, max_bytes);
    else if (!(to = malloc(*n + 1)))
        st = dq_fail(DQ_ERR_NOMEM, "no memory to read %s", path);
    for (size_t at = 0; st == DQ_OK && at < *n;) {
        ssize_t got = read(fd, to + at, *n - at);
        if (got < 0 && errno != EINTR)
            st = dq_fail_errno("read", path);
        else if (got == 0)
            *n = at;  // it shrank while we read
        else if (got > 0)
            at += (size_t)got;
    }
    close(fd);
    if (st != DQ_OK) {
        free(to);
        return st;
    }
    to[*n] = 0;
    *bytes = to;
    return DQ_OK;
}

dq_status dq_make_dirs(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a path");
    dq_status st = DQ_OK;
    for (char *p = copy + (*copy == '/'); st == DQ_OK; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        struct stat info;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            st = dq_fail_errno("create the folder", copy);
        else if (stat(copy, &info) != 0 || !S_ISDIR(info.st_mode))
            st = dq_fail(DQ_ERR_IO, "cannot create the folder %s: a file is in its place", copy);
        *p = end;
        if (end == '\0')
            break;
    }
    free(copy);
    return st;
}
