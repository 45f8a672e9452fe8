#include "record/zip_write.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"

enum { ALIGNMENT_MAX = 64, LOCAL_HEADER_BYTES = 30, EXTRA_HEADER_BYTES = 4 };

typedef struct archive {
    zip_t *zip;
    size_t alignment;
    size_t at;  // where the next member's header will be
} archive;

/** Where libzip does not say that memory is wanting, errno does, which was 0 before. */
static dq_status fail_zip(zip_error_t *error)
{
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY || errno == ENOMEM)
        return dq_fail(DQ_ERR_NOMEM, "no memory to make an archive");
    return dq_fail(DQ_ERR_IO, "cannot make the archive: %s", zip_error_strerror(error));
}

/** Fill up the header so that the data after it is aligned, in PyTorch's way ("FB": fill bytes). */
static bool align_member(archive *a, zip_uint64_t index, const dq_zip_member *m)
{
    static const zip_uint8_t fill[ALIGNMENT_MAX] = {0};
    if (a->alignment == 1)
        return true;
    size_t data_at = a->at + LOCAL_HEADER_BYTES + strlen(m->name) + EXTRA_HEADER_BYTES;
    size_t n_fill = (a->alignment - data_at % a->alignment) % a->alignment;
    a->at = data_at + n_fill + m->n;
    return zip_file_extra_field_set(a->zip, index, 0x4246, ZIP_EXTRA_FIELD_NEW, fill,
                                    (zip_uint16_t)n_fill, ZIP_FL_LOCAL) == 0;
}

static dq_status add_member(archive *a, const dq_zip_member *m)
{
    zip_source_t *source = zip_source_buffer(a->zip, m->bytes, m->n, 0);
    zip_int64_t index = source ? zip_file_add(a->zip, m->name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
        zip_source_free(source);
        return fail_zip(zip_get_error(a->zip));
    }
    zip_uint64_t at = (zip_uint64_t)index;
    // One date for all, 1 January 1980, so that the same weights give the same file.
    if (zip_set_file_compression(a->zip, at, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(a->zip, at, 0, 1 << 5 | 1, 0) != 0 || !align_member(a, at, m))
        return fail_zip(zip_get_error(a->zip));
    return DQ_OK;
}

static dq_status add_members(archive *a, const dq_zip_member *members, size_t n)
{
    for (size_t i = 0; i < n; i++)
        DQ_TRY(add_member(a, &members[i]));
    return DQ_OK;
}

/** Make the archive in memory: what `into` holds after it. */
static dq_status make_archive(zip_source_t *into, const dq_zip_member *members, size_t n,
                              size_t alignment)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_keep(into);  // the archive gives up its own hold on it when closed
    archive a = {zip_open_from_source(into, ZIP_CREATE | ZIP_TRUNCATE, &error), alignment, 0};
    if (!a.zip) {
        zip_source_free(into);
        dq_status st = fail_zip(&error);
        zip_error_fini(&error);
        return st;
    }
    dq_status st = add_members(&a, members, n);
    if (st == DQ_OK && zip_close(a.zip) == 0)
        return DQ_OK;
    if (st == DQ_OK)
        st = fail_zip(zip_get_error(a.zip));
    zip_discard(a.zip);
    return st;
}

/** Pass the archive's bytes on in pieces: no second copy in memory. */
static dq_status pass_on(zip_source_t *from, dq_writer *w)
{
    uint8_t piece[1 << 14];
    zip_int64_t got = 0;
    dq_status st = DQ_OK;
    if (zip_source_open(from) != 0)
        return fail_zip(zip_source_error(from));
    while (st == DQ_OK && (got = zip_source_read(from, piece, sizeof(piece))) > 0)
        st = dq_write(w, piece, (size_t)got);
    if (st == DQ_OK && got < 0)
        st = fail_zip(zip_source_error(from));
    zip_source_close(from);
    return st;
}

dq_status dq_zip_write(dq_writer *w, const dq_zip_member *members, size_t n, size_t alignment)
{
    zip_error_t error;
    errno = 0;
    zip_error_init(&error);
    zip_source_t *into = zip_source_buffer_create(NULL, 0, 0, &error);
    if (!into)
        return fail_zip(&error);
    dq_status st = make_archive(into, members, n, alignment);
    if (st == DQ_OK)
        st = pass_on(into, w);
    zip_source_free(into);
    return st;
}
