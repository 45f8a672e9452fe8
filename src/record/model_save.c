#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/model.h"
#include "deepq/stream.h"
#include "record/model_parts.h"

enum { ALIGNMENT = 64, LOCAL_HEADER_BYTES = 30, EXTRA_HEADER_BYTES = 4 };

static const char prefix[] = "archive";  // as PyTorch names it when it has no file name

/* The pickle: a dictionary of tensors in the opcodes that PyTorch's own has, protocol 2. */

static void put(dq_writer *w, const char *opcodes)
{
    dq_write(w, opcodes, strlen(opcodes));
}

static void put_text(dq_writer *w, const char *text)
{
    put(w, "X");
    dq_write_u32(w, (uint32_t)strlen(text));
    put(w, text);
}

static void put_int(dq_writer *w, size_t number)
{
    put(w, "J");
    dq_write_u32(w, (uint32_t)number);
}

/** ('storage', FloatStorage, key, 'cpu', count) as a persistent id, the storage's name. */
static void put_storage(dq_writer *w, size_t index, size_t count)
{
    char key[24];
    snprintf(key, sizeof(key), "%zu", index);
    put(w, "(");
    put_text(w, "storage");
    put(w, "ctorch\nFloatStorage\n");
    put_text(w, key);
    put_text(w, "cpu");
    put_int(w, count);
    put(w, "tQ");
}

/** _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks). */
static void put_tensor(dq_writer *w, size_t index, const dq_tensor *t)
{
    size_t stride = dq_tensor_elements(t);
    put(w, "ctorch._utils\n_rebuild_tensor_v2\n(");
    put_storage(w, index, stride);
    put_int(w, 0);
    put(w, "(");
    for (int i = 0; i < t->n_dims; i++)
        put_int(w, (size_t)t->shape[i]);
    put(w, "t(");
    for (int i = 0; i < t->n_dims; i++) {
        stride /= (size_t)t->shape[i];
        put_int(w, stride);
    }
    put(w, "t\x89"
           "ccollections\nOrderedDict\n)RtR");
}

static void put_state_dict(dq_writer *w, const dq_tensor *tensors, size_t n)
{
    put(w, "\x80\x02"
           "ccollections\nOrderedDict\n)R(");
    for (size_t i = 0; i < n; i++) {
        put_text(w, tensors[i].name);
        put_tensor(w, i, &tensors[i]);
    }
    put(w, "u.");
}

/* The archive: members stored, not compressed, each beginning at a multiple of 64 bytes. */

typedef struct archive {
    zip_t *zip;
    size_t at;  // where the next member's header will be
} archive;

static dq_status fail_zip(zip_error_t *error)
{
    return dq_fail(DQ_ERR_IO, "cannot make the archive: %s", zip_error_strerror(error));
}

/** Fill up the header so that the data after it is aligned, in PyTorch's way ("FB": fill bytes). */
static bool align_member(archive *a, zip_uint64_t index, size_t name_bytes, size_t data_bytes)
{
    static const zip_uint8_t fill[ALIGNMENT] = {0};
    size_t data_at = a->at + LOCAL_HEADER_BYTES + name_bytes + EXTRA_HEADER_BYTES;
    size_t n_fill = (ALIGNMENT - data_at % ALIGNMENT) % ALIGNMENT;
    a->at = data_at + n_fill + data_bytes;
    return zip_file_extra_field_set(a->zip, index, 0x4246, ZIP_EXTRA_FIELD_NEW, fill,
                                    (zip_uint16_t)n_fill, ZIP_FL_LOCAL) == 0;
}

/** Add a member of n bytes, which must stay there until the archive is closed. */
static dq_status add_member(archive *a, const char *member, const void *bytes, size_t n)
{
    char name[64];
    snprintf(name, sizeof(name), "%s/%s", prefix, member);
    zip_source_t *source = zip_source_buffer(a->zip, bytes, n, 0);
    zip_int64_t index = source ? zip_file_add(a->zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
        zip_source_free(source);
        return fail_zip(zip_get_error(a->zip));
    }
    zip_uint64_t at = (zip_uint64_t)index;
    // One date for all, 1 January 1980, so that the same weights give the same file.
    if (zip_set_file_compression(a->zip, at, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(a->zip, at, 0, 1 << 5 | 1, 0) != 0 ||
        !align_member(a, at, strlen(name), n))
        return fail_zip(zip_get_error(a->zip));
    return DQ_OK;
}

/** What goes into the archive. */
typedef struct contents {
    dq_writer *pickle;
    const dq_tensor *tensors;
    size_t n;
    char *info;  // NULL: none
} contents;

static dq_status add_members(archive *a, const contents *c)
{
    size_t pickle_bytes;
    const void *pickle = dq_writer_bytes(c->pickle, &pickle_bytes);
    DQ_TRY(add_member(a, "data.pkl", pickle, pickle_bytes));
    DQ_TRY(add_member(a, ".format_version", "1", 1));
    DQ_TRY(add_member(a, ".storage_alignment", "64", 2));
    DQ_TRY(add_member(a, "byteorder", "little", 6));
    for (size_t i = 0; i < c->n; i++) {
        const dq_tensor *t = &c->tensors[i];
        char member[32];
        snprintf(member, sizeof(member), "data/%zu", i);
        DQ_TRY(add_member(a, member, t->data, dq_tensor_elements(t) * 4));
    }
    if (c->info)
        DQ_TRY(add_member(a, DQ_MODEL_INFO_MEMBER, c->info, strlen(c->info)));
    return add_member(a, "version", "3\n", 2);
}

/** Make the archive in memory: what `into` holds after it. */
static dq_status write_archive(zip_source_t *into, const contents *c)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_keep(into);  // the archive gives up its own hold on it when closed
    archive a = {zip_open_from_source(into, ZIP_CREATE | ZIP_TRUNCATE, &error), 0};
    if (!a.zip) {
        zip_source_free(into);
        dq_status st = fail_zip(&error);
        zip_error_fini(&error);
        return st;
    }
    dq_status st = add_members(&a, c);
    if (st == DQ_OK && zip_close(a.zip) == 0)
        return DQ_OK;
    if (st == DQ_OK)
        st = fail_zip(zip_get_error(a.zip));
    zip_discard(a.zip);
    return st;
}

/** Pass the archive's bytes on to a file, in pieces: no second copy in memory. */
static dq_status copy_to_file(zip_source_t *from, const char *path)
{
    dq_writer *w;
    uint8_t piece[1 << 14];
    zip_int64_t got = 0;
    if (zip_source_open(from) != 0)
        return fail_zip(zip_source_error(from));
    dq_status st = dq_file_writer_create(&w, path);
    while (st == DQ_OK && (got = zip_source_read(from, piece, sizeof(piece))) > 0)
        st = dq_write(w, piece, (size_t)got);
    if (st == DQ_OK && got < 0)
        st = fail_zip(zip_source_error(from));
    zip_source_close(from);
    if (st == DQ_OK)
        return dq_file_commit(w, 0);
    dq_file_abandon(w);
    return st;
}

static dq_status check_tensor(const dq_tensor *t)
{
    if (!t->name || !*t->name || strlen(t->name) > 1000)
        return dq_fail(DQ_ERR_CONFIG, "a tensor needs a name of 1 to 1000 bytes");
    if (t->n_dims < 1 || t->n_dims > 4 || !t->data)
        return dq_fail(DQ_ERR_CONFIG, "tensor %s: 1 to 4 dimensions and data are needed", t->name);
    size_t n = 1;
    for (int i = 0; i < t->n_dims; i++) {
        if (t->shape[i] < 1 || (size_t)t->shape[i] > DQ_MODEL_MAX_BYTES / 4 / n)
            return dq_fail(DQ_ERR_CONFIG, "tensor %s: dimension %d is %d, which is impossible",
                           t->name, i, t->shape[i]);
        n *= (size_t)t->shape[i];
    }
    return DQ_OK;
}

static dq_status write_contents(const char *path, const contents *c)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *into = zip_source_buffer_create(NULL, 0, 0, &error);
    if (!into)
        return fail_zip(&error);
    dq_status st = write_archive(into, c);
    if (st == DQ_OK)
        st = copy_to_file(into, path);
    zip_source_free(into);
    return st;
}

static dq_status save(const char *path, contents *c, const dq_model_info *info)
{
    if (info)
        DQ_TRY(dq_model_info_write(info, &c->info));
    DQ_TRY(dq_writer_create(&c->pickle));
    put_state_dict(c->pickle, c->tensors, c->n);
    DQ_TRY(dq_write(c->pickle, NULL, 0));  // the first failure, if any
    return write_contents(path, c);
}

static dq_status check_tensors(const dq_tensor *tensors, size_t n)
{
    size_t bytes = 0;
    if (n == 0)
        return dq_fail(DQ_ERR_CONFIG, "a model without tensors cannot be saved");
    for (size_t i = 0; i < n; i++) {
        DQ_TRY(check_tensor(&tensors[i]));
        bytes += dq_tensor_elements(&tensors[i]) * sizeof(float);
        if (bytes > DQ_MODEL_MAX_BYTES)
            return dq_fail(DQ_ERR_CONFIG, "a model of more than 1 GiB cannot be saved");
    }
    return DQ_OK;
}

dq_status dq_model_save_with(const char *path, const dq_tensor *tensors, size_t n,
                             const dq_model_info *info)
{
    DQ_TRY(check_tensors(tensors, n));
    contents c = {.tensors = tensors, .n = n};
    dq_status st = save(path, &c, info);
    dq_writer_destroy(c.pickle);
    free(c.info);
    return st == DQ_OK ? st : dq_fail_within(st, "cannot save the model %s", path);
}

dq_status dq_model_save(const char *path, const dq_tensor *tensors, size_t n)
{
    return dq_model_save_with(path, tensors, n, NULL);
}
