#include "record/zip_read.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"
#include "record/stored_tensor.h"

bool dq_is_zip(const void *bytes, size_t n)
{
    static const uint8_t magic[4] = {'P', 'K', 3, 4};
    return n >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

static bool has_crcs(zip_t *zip)
{
    zip_stat_t info;
    zip_int64_t n = zip_get_num_entries(zip, 0);
    for (zip_int64_t i = 0; i < n; i++)
        if (zip_stat_index(zip, (zip_uint64_t)i, 0, &info) == 0 && info.valid & ZIP_STAT_CRC &&
            info.crc != 0)
            return true;
    return false;
}

/** Whether libzip failed for want of memory. It often calls that damage, but errno tells, which was
 *  0 before. */
static bool is_out_of_memory(zip_error_t *error)
{
    return zip_error_code_zip(error) == ZIP_ER_MEMORY || errno == ENOMEM;
}

dq_status dq_zip_open(dq_zip *a, const void *bytes, size_t n)
{
    zip_error_t error;
    zip_error_init(&error);
    errno = 0;
    zip_source_t *source = zip_source_buffer_create(bytes, n, 0, &error);
    a->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    a->bytes_left = n;
    dq_status st = DQ_OK;
    if (!a->zip) {
        st = is_out_of_memory(&error) ? dq_fail(DQ_ERR_NOMEM, "no memory to open a zip archive")
                                      : dq_fail(DQ_ERR_INPUT, "the zip archive is damaged: %s",
                                                zip_error_strerror(&error));
        zip_source_free(source);
    } else {
        a->has_crcs = has_crcs(a->zip);
    }
    zip_error_fini(&error);
    return st;
}

void dq_zip_close(dq_zip *a)
{
    zip_discard(a->zip);
    a->zip = NULL;
}

const char *dq_zip_first(const dq_zip *a)
{
    return zip_get_name(a->zip, 0, ZIP_FL_ENC_RAW);
}

bool dq_zip_has(const dq_zip *a, const char *name)
{
    return zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW) >= 0;
}

dq_status dq_zip_fail(const char *name, const char *what)
{
    char text[100];
    dq_span from = {name, strlen(name)};
    return dq_fail(DQ_ERR_INPUT, "%s in the archive %s", dq_span_print(text, sizeof(text), from),
                   what);
}

static dq_status fail_zip(const char *name, zip_error_t *error)
{
    return is_out_of_memory(error)
               ? dq_fail(DQ_ERR_NOMEM, "no memory to read %s in the archive", name)
               : dq_zip_fail(name, "is damaged");
}

/** Read all n bytes and try one more, because only at the end is the checksum compared. */
static dq_status read_stream(const dq_zip *a, zip_file_t *file, const char *name, uint8_t *to,
                             size_t n)
{
    size_t at = 0;
    uint8_t extra;
    zip_int64_t got = 0;
    while (at < n && (got = zip_fread(file, to + at, n - at)) > 0)
        at += (size_t)got;
    if (at < n)
        return got < 0 ? fail_zip(name, zip_file_get_error(file)) : dq_zip_fail(name, "is damaged");
    got = zip_fread(file, &extra, 1);
    bool only_lacks_crc =
        got < 0 && !a->has_crcs && zip_error_code_zip(zip_file_get_error(file)) == ZIP_ER_CRC;
    if (got != 0 && !only_lacks_crc)
        return dq_zip_fail(name, "is damaged");
    return DQ_OK;
}

dq_status dq_zip_read(dq_zip *a, const char *name, void **bytes, size_t *n)
{
    zip_stat_t info;
    *bytes = NULL;
    errno = 0;
    zip_int64_t index = zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW);
    if (index < 0)
        return DQ_OK;
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(a->zip, (zip_uint64_t)index, 0, &info) != 0 ||
        (info.valid & needed) != needed)
        return dq_zip_fail(name, "is damaged");
    if (info.comp_method != ZIP_CM_STORE || info.encryption_method != ZIP_EM_NONE)
        return dq_zip_fail(name, "is compressed, which programs that save models never do: store "
                                 "it as it is");
    if (info.size > a->bytes_left)
        return dq_zip_fail(name, "is damaged: it is larger than the file");
    a->bytes_left -= info.size;
    zip_file_t *file = zip_fopen_index(a->zip, (zip_uint64_t)index, 0);
    if (!file)
        return fail_zip(name, zip_get_error(a->zip));
    *n = info.size;
    *bytes = malloc(info.size ? info.size : 1);
    dq_status st = *bytes ? read_stream(a, file, name, *bytes, *n)
                          : dq_fail(DQ_ERR_NOMEM, "no memory for %zu bytes of a model", *n);
    zip_fclose(file);
    if (st != DQ_OK) {
        free(*bytes);
        *bytes = NULL;
    }
    return st;
}
