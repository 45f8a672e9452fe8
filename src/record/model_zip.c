#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"
#include "record/model_parts.h"

enum { NAME_CAP = 512, KEY_CAP = 64 };

typedef struct archive {
    zip_t *zip;
    char prefix[NAME_CAP / 2];  // the folder that everything is in, with its slash
    size_t bytes_left;          // of the file's size: stored members cannot hold more in all
    bool has_crcs;              // torch.save() leaves them 0 if it is told to
} archive;

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

static dq_status open_archive(archive *a, const void *bytes, size_t n)
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

/** PyTorch puts all into one folder, named as the file was when it was written. */
static dq_status find_prefix(archive *a)
{
    const char *first = zip_get_name(a->zip, 0, ZIP_FL_ENC_RAW);
    const char *slash = first ? strchr(first, '/') : NULL;
    size_t n = slash ? (size_t)(slash - first) + 1 : 0;
    if (n == 0 || n >= sizeof(a->prefix))
        return dq_fail(DQ_ERR_INPUT, "it is a zip archive, but not one that torch.save() wrote");
    memcpy(a->prefix, first, n);
    a->prefix[n] = '\0';
    return DQ_OK;
}

static dq_status fail_member(const char *name, const char *what)
{
    char text[100];
    dq_pickle_text from = {name, strlen(name)};
    return dq_fail(DQ_ERR_INPUT, "%s in the archive %s",
                   dq_pickle_printable(text, sizeof(text), from), what);
}

static dq_status fail_zip(const char *name, zip_error_t *error)
{
    return is_out_of_memory(error)
               ? dq_fail(DQ_ERR_NOMEM, "no memory to read %s in the archive", name)
               : fail_member(name, "is damaged");
}

/** Read all n bytes and try one more, because only at the end is the checksum compared. */
static dq_status read_stream(const archive *a, zip_file_t *file, const char *name, uint8_t *to,
                             size_t n)
{
    size_t at = 0;
    uint8_t extra;
    zip_int64_t got = 0;
    while (at < n && (got = zip_fread(file, to + at, n - at)) > 0)
        at += (size_t)got;
    if (at < n)
        return got < 0 ? fail_zip(name, zip_file_get_error(file)) : fail_member(name, "is damaged");
    got = zip_fread(file, &extra, 1);
    bool only_lacks_crc =
        got < 0 && !a->has_crcs && zip_error_code_zip(zip_file_get_error(file)) == ZIP_ER_CRC;
    if (got != 0 && !only_lacks_crc)
        return fail_member(name, "is damaged");
    return DQ_OK;
}

/** Read one member of the archive's folder. PyTorch never compresses, so nothing here needs to
 *  guard against bombs. @param[out] bytes malloc'd; NULL when there is no such member */
static dq_status read_member(archive *a, const char *member, void **bytes, size_t *n)
{
    char name[NAME_CAP];
    zip_stat_t info;
    *bytes = NULL;
    errno = 0;
    snprintf(name, sizeof(name), "%s%s", a->prefix, member);
    zip_int64_t index = zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW);
    if (index < 0)
        return DQ_OK;
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(a->zip, (zip_uint64_t)index, 0, &info) != 0 ||
        (info.valid & needed) != needed)
        return fail_member(name, "is damaged");
    if (info.comp_method != ZIP_CM_STORE || info.encryption_method != ZIP_EM_NONE)
        return fail_member(name, "is compressed, which torch.save() never does");
    if (info.size > a->bytes_left)
        return fail_member(name, "is damaged: it is larger than the file");
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

static dq_status check_byte_order(archive *a)
{
    void *bytes;
    size_t n;
    DQ_TRY(read_member(a, "byteorder", &bytes, &n));
    bool is_little = !bytes || (n == 6 && memcmp(bytes, "little", n) == 0);
    free(bytes);
    if (!is_little)
        return dq_fail(DQ_ERR_INPUT, "it was written on a big-endian machine: load it there or "
                                     "with PyTorch and save it again here");
    return DQ_OK;
}

static dq_status read_pickle(dq_model_parts *parts, archive *a)
{
    size_t n;
    DQ_TRY(read_member(a, "data.pkl", &parts->pickle_bytes, &n));
    if (!parts->pickle_bytes)
        return dq_fail(DQ_ERR_INPUT, "it is a zip archive without data.pkl, not one that "
                                     "torch.save() wrote");
    DQ_TRY(dq_pickle_create(&parts->pickle, parts->pickle_bytes, n));
    return dq_pickle_state_dict(parts->pickle, &parts->tensors, &parts->n_tensors);
}

static dq_status read_storage(dq_model_parts *parts, archive *a, const dq_pickle_tensor *t)
{
    char key[KEY_CAP], member[KEY_CAP + 8];
    dq_pickle_printable(key, sizeof(key), t->key);
    snprintf(member, sizeof(member), "data/%s", key);
    void *bytes;
    size_t n;
    DQ_TRY(read_member(a, member, &bytes, &n));
    if (!bytes)
        return fail_member(member, "is missing: the file is damaged");
    parts->storages[parts->n_storages++] = (dq_storage){t->key, bytes, t->storage_count};
    if (n != (size_t)t->storage_count * sizeof(float))
        return fail_member(member, "is damaged: it has another size than the tensors in it");
    return DQ_OK;
}

/** What deepq added; PyTorch's own files have none. */
static dq_status read_info(dq_model_parts *parts, archive *a)
{
    void *bytes;
    size_t n;
    DQ_TRY(read_member(a, DQ_MODEL_INFO_MEMBER, &bytes, &n));
    if (!bytes)
        return DQ_OK;
    dq_status st = DQ_OK;
    parts->info = malloc(sizeof(*parts->info));
    if (!parts->info)
        st = dq_fail(DQ_ERR_NOMEM, "no memory for a model's record");
    else if (n > DQ_MODEL_INFO_MAX_BYTES)
        st = fail_member(DQ_MODEL_INFO_MEMBER, "is damaged: it is too large");
    else
        st = dq_model_info_read(parts->info, bytes, n);
    free(bytes);
    return st;
}

static dq_status read_all(dq_model_parts *parts, archive *a)
{
    DQ_TRY(find_prefix(a));
    DQ_TRY(read_pickle(parts, a));
    DQ_TRY(check_byte_order(a));
    DQ_TRY(read_info(parts, a));
    parts->storages = calloc(parts->n_tensors, sizeof(*parts->storages));
    if (!parts->storages)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu tensors", parts->n_tensors);
    for (size_t i = 0; i < parts->n_tensors; i++)
        if (!dq_model_storage(parts, parts->tensors[i].key))
            DQ_TRY(read_storage(parts, a, &parts->tensors[i]));
    return DQ_OK;
}

dq_status dq_model_zip_read(dq_model_parts *parts, const void *bytes, size_t n)
{
    archive a;
    DQ_TRY(open_archive(&a, bytes, n));
    dq_status st = read_all(parts, &a);
    zip_discard(a.zip);
    return st;
}
