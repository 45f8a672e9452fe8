#include "app/gzip_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "base/error.h"

enum { GZIP_WINDOW = 15 + 16 };  // zlib's code for a gzip header around a 32 KiB window

/** Decompress one gzip member into a buffer that doubles until it is large enough. */
static dq_status inflate_all(const char *path, const void *in, size_t n_in, size_t max_bytes,
                             void **out, size_t *n_out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)n_in};
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return dq_fail(DQ_ERR_NOMEM, "no memory to decompress %s", path);
    uint8_t *bytes = NULL;
    size_t cap = 0;
    int result = Z_OK;
    dq_status st = DQ_OK;
    while (st == DQ_OK && result == Z_OK) {
        if (z.total_out == cap) {
            cap = cap ? 2 * cap : 4 * n_in + 4096;
            uint8_t *more = cap <= 2 * max_bytes + 4096 ? realloc(bytes, cap) : NULL;
            if (!more) {
                st = dq_fail(DQ_ERR_INPUT, "%s: more than %zu bytes when decompressed", path,
                             max_bytes);
                break;
            }
            bytes = more;
        }
        z.next_out = bytes + z.total_out;
        z.avail_out = (uInt)(cap - z.total_out);
        result = inflate(&z, Z_NO_FLUSH);
    }
    if (st == DQ_OK && (result != Z_STREAM_END || z.total_out > max_bytes))
        st = dq_fail(DQ_ERR_INPUT, "%s: damaged gzip data (%s)", path,
                     z.msg ? z.msg : "it ends early");
    *n_out = z.total_out;
    inflateEnd(&z);
    if (st != DQ_OK) {
        free(bytes);
        return st;
    }
    *out = bytes;
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
