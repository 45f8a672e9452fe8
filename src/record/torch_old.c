/* What torch.save() wrote before PyTorch 1.6, and writes when it is told to: pickles one after
 * another (a magic number, the format's version, the machine, the object, the keys of its
 * storages), then the storages, each behind the number of its elements.
 * Source: torch/serialization.py, _legacy_save(). */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "record/model_parts.h"

enum {
    VERSION = 1001,
    MAX_STORAGES = 4096,  // networks have some dozens, with their optimisers some hundreds
    COUNT_BYTES = 8
};

/** What is still to be read. */
typedef struct rest {
    const uint8_t *at;
    size_t n;
} rest;

/** A pickle of 0x1950a86a20f9469cfc6c. */
static const uint8_t magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

bool dq_is_torch_old(const void *bytes, size_t n)
{
    return n >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

static dq_status take_pickle(dq_pickle **out, rest *r)
{
    DQ_TRY(dq_pickle_create(out, r->at, r->n));
    r->at += dq_pickle_bytes(*out);
    r->n -= dq_pickle_bytes(*out);
    return DQ_OK;
}

static dq_status check_version(rest *r)
{
    dq_pickle *p;
    DQ_TRY(take_pickle(&p, r));
    int64_t version = dq_pickle_number(p);
    dq_pickle_destroy(p);
    if (version != VERSION)
        return dq_fail(DQ_ERR_INPUT, "its format has version %lld, and only %d is read",
                       (long long)version, VERSION);
    return DQ_OK;
}

static dq_status check_machine(rest *r)
{
    dq_pickle *p;
    DQ_TRY(take_pickle(&p, r));
    bool is_big = dq_pickle_is_false(p, "little_endian");
    dq_pickle_destroy(p);
    if (is_big)
        return dq_fail(DQ_ERR_INPUT, "it was written on a big-endian machine: load it there or "
                                     "with PyTorch and save it again here");
    return DQ_OK;
}

static dq_status fail_storage(dq_span key, const char *what)
{
    char text[64];
    return dq_fail(DQ_ERR_INPUT, "the storage %s %s: the file is damaged",
                   dq_span_print(text, sizeof(text), key), what);
}

/** @param[out] to points into the file */
static dq_status take_storage(dq_storage *to, const dq_pickle *object, dq_span key, rest *r)
{
    dq_stored_type type;
    uint64_t count = 0;
    if (!dq_pickle_storage_type(object, key, &type))
        return fail_storage(key, "belongs to no tensor");
    if (r->n < COUNT_BYTES)
        return fail_storage(key, "is cut off");
    for (int i = 0; i < COUNT_BYTES; i++)
        count |= (uint64_t)r->at[i] << 8 * i;
    r->at += COUNT_BYTES;
    r->n -= COUNT_BYTES;
    size_t size = dq_stored_type_bytes(type);
    if (count > r->n / size)
        return fail_storage(key, "is cut off");
    *to = (dq_storage){.key = key, .bytes = r->at, .n_bytes = (size_t)count * size};
    r->at += to->n_bytes;
    r->n -= to->n_bytes;
    return DQ_OK;
}

static dq_status take_storages(dq_model_parts *parts, const dq_span *keys, size_t n, rest *r)
{
    if (n > MAX_STORAGES)
        return dq_fail(DQ_ERR_INPUT,
                       "it has %zu storages, and at most %d are read: save "
                       "net.state_dict() alone",
                       n, MAX_STORAGES);
    parts->storages = calloc(n ? n : 1, sizeof(*parts->storages));
    if (!parts->storages)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu storages", n);
    for (size_t i = 0; i < n; i++) {
        if (dq_model_find_storage(parts, keys[i]) < parts->n_storages)
            return fail_storage(keys[i], "is there twice");
        DQ_TRY(take_storage(&parts->storages[i], parts->pickle, keys[i], r));
        parts->n_storages++;
    }
    return DQ_OK;
}

static dq_status find_storages(dq_model_parts *parts)
{
    for (size_t i = 0; i < parts->n_tensors; i++) {
        dq_stored_tensor *t = &parts->tensors[i];
        t->storage = dq_model_find_storage(parts, t->key);
        if (t->storage == parts->n_storages)
            return fail_storage(t->key, "is missing");
    }
    return DQ_OK;
}

dq_status dq_torch_old_read(dq_model_parts *parts, const void *bytes, size_t n)
{
    rest r = {(const uint8_t *)bytes + sizeof(magic), n - sizeof(magic)};
    dq_pickle *keys;
    const dq_span *key;
    size_t n_keys;
    parts->format = "a PyTorch state_dict in the format before 1.6";
    DQ_TRY(check_version(&r));
    DQ_TRY(check_machine(&r));
    DQ_TRY(take_pickle(&parts->pickle, &r));
    DQ_TRY(dq_pickle_state_dict(parts->pickle, &parts->tensors, &parts->n_tensors));
    DQ_TRY(take_pickle(&keys, &r));
    dq_status st = dq_pickle_texts(keys, &key, &n_keys);
    if (st == DQ_OK)
        st = take_storages(parts, key, n_keys, &r);
    if (st == DQ_OK)
        st = find_storages(parts);
    dq_pickle_destroy(keys);
    return st;
}
