/* What torch.save() of PyTorch 1.6 and later writes: a zip archive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "record/model_parts.h"

enum { NAME_CAP = 512, KEY_CAP = 64 };

typedef struct archive {
    dq_zip *zip;
    char prefix[NAME_CAP / 2];  // the folder that everything is in, with its slash
} archive;

/** PyTorch puts all into one folder, named as the file was when it was written. */
static dq_status find_prefix(archive *a)
{
    const char *first = dq_zip_first(a->zip);
    const char *slash = first ? strchr(first, '/') : NULL;
    size_t n = slash ? (size_t)(slash - first) + 1 : 0;
    if (n == 0 || n >= sizeof(a->prefix))
        return dq_fail(DQ_ERR_INPUT, "it is a zip archive, but not one that torch.save() wrote");
    memcpy(a->prefix, first, n);
    a->prefix[n] = '\0';
    return DQ_OK;
}

/** Read one member of the archive's folder. */
static dq_status read_member(archive *a, const char *member, void **bytes, size_t *n)
{
    char name[NAME_CAP];
    snprintf(name, sizeof(name), "%s%s", a->prefix, member);
    return dq_zip_read(a->zip, name, bytes, n);
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

static dq_status read_storage(dq_model_parts *parts, archive *a, const dq_stored_tensor *t)
{
    char key[KEY_CAP], member[KEY_CAP + 8];
    dq_span_print(key, sizeof(key), t->key);
    snprintf(member, sizeof(member), "data/%s", key);
    void *bytes;
    size_t n;
    DQ_TRY(read_member(a, member, &bytes, &n));
    if (!bytes)
        return dq_zip_fail(member, "is missing: the file is damaged");
    parts->storages[parts->n_storages++] = (dq_storage){t->key, bytes, n, bytes};
    if (n != (size_t)t->storage_count * dq_stored_type_bytes(t->type))
        return dq_zip_fail(member, "is damaged: it has another size than the tensors in it");
    return DQ_OK;
}

static dq_status read_info(dq_model_parts *parts, archive *a)
{
    char name[NAME_CAP];
    snprintf(name, sizeof(name), "%s" DQ_MODEL_INFO_MEMBER, a->prefix);
    return dq_model_info_member(parts, a->zip, name);
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
    for (size_t i = 0; i < parts->n_tensors; i++) {
        dq_stored_tensor *t = &parts->tensors[i];
        t->storage = dq_model_find_storage(parts, t->key);
        if (t->storage == parts->n_storages)
            DQ_TRY(read_storage(parts, a, t));
    }
    return DQ_OK;
}

dq_status dq_torch_zip_read(dq_model_parts *parts, dq_zip *zip)
{
    archive a = {.zip = zip};
    parts->format = "a PyTorch state_dict";
    return read_all(parts, &a);
}
