#include "record/append_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/plain_file.h"

dq_status dq_append_open(dq_append_file *f, const char *path, off_t end)
{
    *f = (dq_append_file){.fd = -1, .path = strdup(path), .end = end};
    if (!f->path)
        return dq_fail(DQ_ERR_NOMEM, "no memory to open %s", path);
    DQ_TRY(dq_plain_open_append(path, &f->fd));
    if (end == DQ_APPEND_WHOLE)
        f->end = lseek(f->fd, 0, SEEK_END);
    return f->end >= 0 && ftruncate(f->fd, f->end) == 0 ? DQ_OK : dq_fail_errno("cut", path);
}

dq_status dq_append_put(dq_append_file *f, const void *bytes, size_t n)
{
    if (n > DQ_APPEND_MAX_WAITING - f->n)
        return dq_fail(DQ_ERR_NOMEM, "%s: too much waits to be written: the newest is lost",
                       f->path);
    if (f->n + n > f->cap) {
        size_t cap = f->cap ? f->cap : 4096;
        while (cap < f->n + n)
            cap *= 2;
        unsigned char *waiting = realloc(f->waiting, cap);
        if (!waiting)
            return dq_fail(DQ_ERR_NOMEM, "%s: no memory for what waits to be written", f->path);
        f->waiting = waiting;
        f->cap = cap;
    }
    memcpy(f->waiting + f->n, bytes, n);
    f->n += n;
    return DQ_OK;
}

/** Take off what an earlier failure left of a piece. */
static dq_status mend(dq_append_file *f)
{
    if (f->is_torn && ftruncate(f->fd, f->end) != 0)
        return dq_fail_errno("cut", f->path);
    f->is_torn = 0;
    return DQ_OK;
}

dq_status dq_append_flush(dq_append_file *f)
{
    if (f->n == 0)
        return DQ_OK;
    DQ_TRY(mend(f));
    for (size_t at = 0; at < f->n;) {
        ssize_t got = write(f->fd, f->waiting + at, f->n - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            dq_status st = dq_fail_errno("write", f->path);
            f->is_torn = ftruncate(f->fd, f->end) != 0;
            return st;
        }
        at += (size_t)got;
    }
    f->end += (off_t)f->n;
    f->n = 0;
    return DQ_OK;
}

dq_status dq_append_sync(dq_append_file *f)
{
    DQ_TRY(dq_append_flush(f));
    return fdatasync(f->fd) == 0 || errno == EINVAL ? DQ_OK : dq_fail_errno("sync", f->path);
}

dq_status dq_append_close(dq_append_file *f)
{
    dq_status st = DQ_OK;
    if (f->fd >= 0)
        st = dq_append_flush(f);
    if (f->fd >= 0 && close(f->fd) != 0)
        st = dq_first_failure(st, dq_fail_errno("close", f->path));
    free(f->waiting);
    free(f->path);
    *f = (dq_append_file){.fd = -1};
    return st;
}
