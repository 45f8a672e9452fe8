#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/model_parts.h"

const dq_storage *dq_model_storage(const dq_model_parts *parts, dq_pickle_text key)
{
    for (size_t i = 0; i < parts->n_storages; i++) {
        const dq_storage *s = &parts->storages[i];
        if (s->key.n == key.n && memcmp(s->key.at, key.at, key.n) == 0)
            return s;
    }
    return NULL;
}

void dq_model_parts_clear(dq_model_parts *parts)
{
    for (size_t i = 0; i < parts->n_storages; i++)
        free(parts->storages[i].bytes);
    free(parts->storages);
    free(parts->info);
    dq_pickle_destroy(parts->pickle);
    free(parts->pickle_bytes);
}

static float float_at(const uint8_t *b)
{
    uint32_t bits =
        (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

/** Copy a view of any strides into row-major order. */
static void gather(float *to, const dq_pickle_tensor *t, const uint8_t *from)
{
    int shape[DQ_PICKLE_MAX_DIMS] = {1, 1, 1, 1};  // as if it had 4 dimensions
    int64_t stride[DQ_PICKLE_MAX_DIMS] = {0};
    for (int i = 0, k = DQ_PICKLE_MAX_DIMS - t->n_dims; i < t->n_dims; i++, k++) {
        shape[k] = t->shape[i];
        stride[k] = t->stride[i];
    }
    for (int a = 0; a < shape[0]; a++)
        for (int b = 0; b < shape[1]; b++)
            for (int c = 0; c < shape[2]; c++)
                for (int d = 0; d < shape[3]; d++) {
                    int64_t at =
                        t->offset + a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3];
                    *to++ = float_at(from + at * (int64_t)sizeof(float));
                }
}

static size_t count_elements(const dq_pickle_tensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->n_dims; i++)
        n *= (size_t)t->shape[i];
    return n;
}

static dq_status add_tensor(dq_model *m, const dq_model_parts *parts, const dq_pickle_tensor *t)
{
    const dq_storage *s = dq_model_storage(parts, t->key);
    char text[64];
    if (!s || s->count != t->storage_count)
        return dq_fail(DQ_ERR_INPUT, "damaged pickle: the storage of %s has two sizes",
                       dq_pickle_printable(text, sizeof(text), t->name));
    if (memchr(t->name.at, '\0', t->name.n))
        return dq_fail(DQ_ERR_INPUT, "damaged pickle: a name with a zero byte");
    char *name = malloc(t->name.n + 1);
    float *data = malloc(count_elements(t) * sizeof(*data));
    dq_tensor *to = &m->tensors[m->n++];
    to->name = name;
    to->data = data;
    to->n_dims = t->n_dims;
    memcpy(to->shape, t->shape, sizeof(to->shape));
    if (!name || !data)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu floats", count_elements(t));
    memcpy(name, t->name.at, t->name.n);
    name[t->name.n] = '\0';
    gather(data, t, s->bytes);
    return DQ_OK;
}

/** Overlapping views must not blow a small file up into gigabytes. */
static dq_status check_total(const dq_model_parts *parts, size_t file_bytes)
{
    uint64_t total = 0;
    for (size_t i = 0; i < parts->n_tensors; i++)
        total += (uint64_t)count_elements(&parts->tensors[i]) * sizeof(float);
    if (total > DQ_MODEL_MAX_BYTES || total / DQ_MODEL_MAX_SHARING > file_bytes)
        return dq_fail(DQ_ERR_INPUT, "its tensors would take %llu bytes, more than is reasonable",
                       (unsigned long long)total);
    return DQ_OK;
}

static dq_status build_model(dq_model **out, dq_model_parts *parts)
{
    dq_model *m = calloc(1, sizeof(*m));
    if (m)
        m->tensors = calloc(parts->n_tensors, sizeof(*m->tensors));
    dq_status st = m && m->tensors ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for a model");
    for (size_t i = 0; i < parts->n_tensors && st == DQ_OK; i++)
        st = add_tensor(m, parts, &parts->tensors[i]);
    if (st != DQ_OK) {
        dq_model_destroy(m);
        return st;
    }
    m->info = parts->info;
    parts->info = NULL;
    *out = m;
    return DQ_OK;
}

static dq_status read_parts(dq_model_parts *parts, const uint8_t *bytes, size_t n)
{
    static const uint8_t zip_magic[4] = {'P', 'K', 3, 4};
    static const uint8_t legacy_magic[5] = {0x80, 2, 0x8a, 10, 0x6c};
    if (n >= 4 && memcmp(bytes, zip_magic, 4) == 0)
        return dq_model_zip_read(parts, bytes, n);
    if (n >= 5 && memcmp(bytes, legacy_magic, 5) == 0)
        return dq_fail(DQ_ERR_INPUT,
                       "it has the format of PyTorch before 1.6: convert it with a later one, "
                       "torch.save(torch.load('old.dat'), 'new.dat')");
    return dq_fail(DQ_ERR_INPUT, "it is not what torch.save() writes: a zip archive");
}

dq_status dq_model_parse(dq_model **out, const void *bytes, size_t n)
{
    dq_model_parts parts = {0};
    *out = NULL;
    dq_status st = read_parts(&parts, bytes, n);
    if (st == DQ_OK)
        st = check_total(&parts, n);
    if (st == DQ_OK)
        st = build_model(out, &parts);
    dq_model_parts_clear(&parts);
    return st;
}

dq_status dq_model_load(dq_model **out, const char *path)
{
    void *bytes;
    size_t n;
    *out = NULL;
    DQ_TRY(dq_file_read(path, DQ_MODEL_MAX_BYTES, &bytes, &n));
    dq_status st = dq_model_parse(out, bytes, n);
    free(bytes);
    return st == DQ_OK ? st : dq_fail_within(st, "cannot read the model %s", path);
}

void dq_model_destroy(dq_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; m->tensors && i < m->n; i++) {
        free((char *)m->tensors[i].name);  // ours, const only for callers
        free(m->tensors[i].data);
    }
    free(m->tensors);
    free(m->info);
    free(m);
}
