#include "app/gzip_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "atari/trace.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/roms.h"
#include "env/observation_check.h"
#include "env/rom_store.h"

enum {
    GZIP_WINDOW = 15 + 16,  // zlib's code for a gzip header around a 32 KiB window
    FIRST_BYTES = 4096      // decompressed before the head is looked at
};

static size_t u32_at(const uint8_t *p)
{
    return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

/** Bytes that a file can have by its first ones: traces and observation references tell the size of
 *  their head and of their records, and how many there are; what is left is a ROM. */
static size_t most_bytes(const uint8_t *head, size_t n)
{
    if (n < 24 || (!dq_trace_is(head, n) && !dq_observation_is(head, n)))
        return DQ_ROM_MAX_BYTES;
    size_t head_bytes = u32_at(head + 12), record_bytes = u32_at(head + 16);
    if (head_bytes > 4096 || record_bytes > 4096)
        return n;  // it will be refused
    return head_bytes + record_bytes * u32_at(head + 20);
}

/** What is decompressed so far. */
typedef struct unpacked {
    uint8_t *bytes;
    size_t cap, most;  // `most`: 0 until the head is read
} unpacked;

/** Room for more, twice as much each time, as far as the head allows and one byte on. */
static dq_status make_room(unpacked *u, const char *path, size_t n, size_t max_bytes)
{
    if (n > 0 && u->most == 0) {
        u->most = most_bytes(u->bytes, n);
        u->most = u->most < max_bytes ? u->most : max_bytes;
    }
    if (n > 0 && n > u->most)
        return dq_fail(DQ_ERR_INPUT,
                       "%s: more than %zu bytes when decompressed: no file that deepq knows has so "
                       "many after such a head",
                       path, u->most);
    size_t cap = n == 0 ? FIRST_BYTES : 2 * u->cap;
    if (n > 0 && cap > u->most + 1)
        cap = u->most + 1;
    uint8_t *more = realloc(u->bytes, cap);
    if (!more)
        return dq_fail(DQ_ERR_NOMEM, "no memory to decompress %s", path);
    u->bytes = more;
    u->cap = cap;
    return DQ_OK;
}

static dq_status inflate_all(const char *path, const void *in, size_t n_in, size_t max_bytes,
                             void **out, size_t *n_out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)n_in};
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return dq_fail(DQ_ERR_NOMEM, "no memory to decompress %s", path);
    unpacked u = {0};
    int result = Z_OK;
    dq_status st = DQ_OK;
    while (st == DQ_OK && result == Z_OK) {
        if (z.total_out == u.cap)
            st = make_room(&u, path, z.total_out, max_bytes);
        if (st != DQ_OK)
            break;
        z.next_out = u.bytes + z.total_out;
        z.avail_out = (uInt)(u.cap - z.total_out);
        result = inflate(&z, Z_NO_FLUSH);
    }
    if (st == DQ_OK && result == Z_MEM_ERROR)
        st = dq_fail(DQ_ERR_NOMEM, "no memory to decompress %s", path);
    if (st == DQ_OK && result != Z_STREAM_END)
        st = dq_fail(DQ_ERR_INPUT, "%s: damaged gzip data (%s)", path,
                     z.msg ? z.msg : "it ends early");
    *n_out = z.total_out;
    inflateEnd(&z);
    if (st != DQ_OK) {
        free(u.bytes);
        return st;
    }
    *out = u.bytes;
    return DQ_OK;
}

dq_status gzip_file_read(const char *path, size_t max_bytes, void **bytes, size_t *n)
{
    void *raw;
    dq_status st = dq_file_read(path, max_bytes, &raw, n);
    if (st != DQ_OK)
        return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
    if (*n < 2 || memcmp(raw, "\x1f\x8b", 2) != 0) {
        *bytes = raw;
        return DQ_OK;
    }
    st = inflate_all(path, raw, *n, max_bytes, bytes, n);
    free(raw);
    return st;
}

dq_status gzip_file_write(const char *path, const void *bytes, size_t n)
{
    size_t len = strlen(path);
    if (len < 3 || strcmp(path + len - 3, ".gz") != 0)
        return dq_file_write(path, bytes, n);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return dq_fail(DQ_ERR_NOMEM, "no memory to compress %s", path);
    size_t cap = deflateBound(&z, (uLong)n);
    uint8_t *out = malloc(cap);
    dq_status st = DQ_OK;
    if (!out)
        st = dq_fail(DQ_ERR_NOMEM, "no memory to compress %s", path);
    if (st == DQ_OK) {
        z.next_out = out;
        z.avail_out = (uInt)cap;
        deflate(&z, Z_FINISH);
        st = dq_file_write(path, out, z.total_out);
    }
    deflateEnd(&z);
    free(out);
    return st;
}
