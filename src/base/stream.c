#include "deepq/stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/stream_internal.h"

dq_status dq_writer_create(dq_writer **out)
{
    dq_writer *w = calloc(1, sizeof(*w));
    *out = w;
    if (!w)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a writer");
    w->fd = -1;
    return DQ_OK;
}

const void *dq_writer_bytes(const dq_writer *w, size_t *n)
{
    *n = w->n;
    return w->bytes;
}

void dq_writer_clear(dq_writer *w)
{
    w->n = 0;
    w->status = DQ_OK;
}

void dq_writer_destroy(dq_writer *w)
{
    if (!w)
        return;
    free(w->bytes);
    free(w->path);
    free(w->temp_path);
    free(w);
}

static dq_status grow(dq_writer *w, size_t n)
{
    size_t cap = w->cap ? w->cap : 4096;
    while (cap < w->n + n)
        cap *= 2;
    uint8_t *bytes = realloc(w->bytes, cap);
    if (!bytes)
        return w->status = dq_fail(DQ_ERR_NOMEM, "no memory to save %zu bytes", cap);
    w->bytes = bytes;
    w->cap = cap;
    return DQ_OK;
}

dq_status dq_write(dq_writer *w, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    while (n > 0 && w->status == DQ_OK) {
        if (w->n == w->cap && w->fd >= 0)
            dq_writer_flush(w);
        else if (w->n + n > w->cap && w->fd < 0)
            grow(w, n);
        if (w->status != DQ_OK)
            break;
        size_t part = n < w->cap - w->n ? n : w->cap - w->n;
        memcpy(w->bytes + w->n, from, part);
        w->n += part;
        from += part;
        n -= part;
    }
    return w->status;
}

dq_status dq_write_u32(dq_writer *w, uint32_t v)
{
    uint8_t b[4];
    for (int i = 0; i < 4; i++)
        b[i] = (uint8_t)(v >> 8 * i);
    return dq_write(w, b, sizeof(b));
}

dq_status dq_write_u64(dq_writer *w, uint64_t v)
{
    dq_write_u32(w, (uint32_t)v);
    return dq_write_u32(w, (uint32_t)(v >> 32));
}

dq_status dq_write_f64(dq_writer *w, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return dq_write_u64(w, bits);
}

dq_status dq_write_tag(dq_writer *w, const char tag[4], uint32_t version)
{
    dq_write(w, tag, 4);
    return dq_write_u32(w, version);
}

dq_status dq_reader_create(dq_reader **out, const void *bytes, size_t n)
{
    dq_reader *r = calloc(1, sizeof(*r));
    *out = r;
    if (!r)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a reader");
    r->bytes = bytes;
    r->n = n;
    r->fd = -1;
    return DQ_OK;
}

size_t dq_reader_left(const dq_reader *r)
{
    return r->n - r->at;
}

bool dq_reader_is_at(dq_reader *r, const char tag[4])
{
    char next[4];
    if (r->status != DQ_OK || r->n - r->at < 4 || dq_read(r, next, 4) != DQ_OK)
        return false;
    r->at -= 4;
    return memcmp(next, tag, 4) == 0;
}

void dq_reader_destroy(dq_reader *r)
{
    if (r && r->fd >= 0)
        close(r->fd);
    if (r)
        free(r->buffer);
    free(r);
}

/** As many bytes of the file as there are, up to n. */
static dq_status read_some(dq_reader *r, uint8_t *to, size_t n, size_t *got)
{
    ssize_t some;
    do
        some = pread(r->fd, to, n, (off_t)r->at);
    while (some < 0 && errno == EINTR);
    if (some < 0)
        return r->status = dq_fail(DQ_ERR_IO, "cannot read saved state: %s", strerror(errno));
    if (some == 0)
        return r->status = dq_fail(DQ_ERR_INPUT, "saved state became shorter while it was read");
    *got = (size_t)some;
    return DQ_OK;
}

/** Small pieces by way of the buffer, large ones straight to where they go. */
static dq_status read_file(dq_reader *r, uint8_t *to, size_t n)
{
    while (n > 0) {
        size_t past = r->at - r->buffer_at, got = 0;
        if (r->at >= r->buffer_at && past < r->buffer_n) {
            got = r->buffer_n - past < n ? r->buffer_n - past : n;
            memcpy(to, r->buffer + past, got);
        } else if (n >= DQ_READER_BUFFER) {
            DQ_TRY(read_some(r, to, n, &got));
        } else {
            r->buffer_at = r->at;
            r->buffer_n = 0;
            DQ_TRY(read_some(r, r->buffer, DQ_READER_BUFFER, &r->buffer_n));
        }
        r->at += got;
        to += got;
        n -= got;
    }
    return DQ_OK;
}

dq_status dq_read(dq_reader *r, void *bytes, size_t n)
{
    if (r->status != DQ_OK)
        return r->status;
    if (n > r->n - r->at)
        return r->status =
                   dq_fail(DQ_ERR_INPUT, "saved state ends early: %zu bytes left, %zu needed",
                           r->n - r->at, n);
    if (r->fd >= 0)
        return read_file(r, bytes, n);
    if (n > 0)
        memcpy(bytes, r->bytes + r->at, n);
    r->at += n;
    return DQ_OK;
}

dq_status dq_read_u32(dq_reader *r, uint32_t *v)
{
    uint8_t b[4] = {0};
    dq_status st = dq_read(r, b, sizeof(b));
    *v = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return st;
}

dq_status dq_read_u64(dq_reader *r, uint64_t *v)
{
    uint32_t low, high;
    dq_read_u32(r, &low);
    dq_status st = dq_read_u32(r, &high);
    *v = (uint64_t)high << 32 | low;
    return st;
}

dq_status dq_read_f64(dq_reader *r, double *v)
{
    uint64_t bits;
    dq_status st = dq_read_u64(r, &bits);
    memcpy(v, &bits, sizeof(bits));
    return st;
}

dq_status dq_read_tag_between(dq_reader *r, const char tag[4], uint32_t first, uint32_t last,
                              uint32_t *version)
{
    char found[4] = {0};
    dq_read(r, found, 4);
    dq_status st = dq_read_u32(r, version);
    if (st != DQ_OK)
        return st;
    if (memcmp(found, tag, 4) != 0)
        return r->status = dq_fail(DQ_ERR_INPUT, "saved state: section %.4s expected here", tag);
    if (*version < first || *version > last)
        return r->status = dq_fail(
                   DQ_ERR_INPUT,
                   "saved state: section %.4s has version %u, this deepq reads %u: take the deepq "
                   "that wrote it, or a newer one",
                   tag, *version, last);
    return DQ_OK;
}

dq_status dq_read_tag(dq_reader *r, const char tag[4], uint32_t version)
{
    uint32_t found;
    return dq_read_tag_between(r, tag, version, version, &found);
}
