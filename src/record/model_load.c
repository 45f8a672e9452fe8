#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/model_names.h"
#include "record/model_parts.h"

size_t dq_model_find_storage(const dq_model_parts *parts, dq_span key)
{
    size_t i = 0;
    while (i < parts->n_storages && (parts->storages[i].key.n != key.n ||
                                     memcmp(parts->storages[i].key.at, key.at, key.n) != 0))
        i++;
    return i;
}

void dq_model_parts_clear(dq_model_parts *parts)
{
    for (size_t i = 0; i < parts->n_storages; i++)
        free(parts->storages[i].owned);
    free(parts->storages);
    free(parts->info);
    dq_pickle_destroy(parts->pickle);
    json_decref(parts->header);
    free(parts->owned);
    free(parts->pickle_bytes);
    free(parts->inside);
}

/** Copy a view of any strides into row-major order. */
static void gather(float *to, const dq_stored_tensor *t, const uint8_t *from)
{
    int64_t size = (int64_t)dq_stored_type_bytes(t->type);
    int shape[DQ_STORED_MAX_DIMS] = {1, 1, 1, 1};  // as if it had 4 dimensions
    int64_t stride[DQ_STORED_MAX_DIMS] = {0};
    for (int i = 0, k = DQ_STORED_MAX_DIMS - t->n_dims; i < t->n_dims; i++, k++) {
        shape[k] = t->shape[i];
        stride[k] = t->stride[i];
    }
    for (int a = 0; a < shape[0]; a++)
        for (int b = 0; b < shape[1]; b++)
            for (int c = 0; c < shape[2]; c++)
                for (int d = 0; d < shape[3]; d++) {
                    int64_t at =
                        t->offset + a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3];
                    *to++ = dq_stored_float(t->type, from + at * size);
                }
}

static size_t count_elements(const dq_stored_tensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->n_dims; i++)
        n *= (size_t)t->shape[i];
    return n;
}

static dq_status add_tensor(dq_model *m, const dq_model_parts *parts, const dq_stored_tensor *t)
{
    const dq_storage *s = &parts->storages[t->storage];
    char text[64];
    if (s->n_bytes != (size_t)t->storage_count * dq_stored_type_bytes(t->type))
        return dq_fail(DQ_ERR_INPUT, "damaged pickle: the storage of %s has two sizes",
                       dq_span_print(text, sizeof(text), t->name));
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

static dq_status fill_model(dq_model *m, dq_model_parts *parts)
{
    for (size_t i = 0; i < parts->n_tensors; i++)
        DQ_TRY(add_tensor(m, parts, &parts->tensors[i]));
    m->format = parts->format;
    m->info = parts->info;
    parts->info = NULL;
    return dq_model_take_names(m, parts->n_actions);
}

static dq_status build_model(dq_model **out, dq_model_parts *parts)
{
    dq_model *m = calloc(1, sizeof(*m));
    if (m)
        m->tensors = calloc(parts->n_tensors + 1, sizeof(*m->tensors));  // and one of constants
    dq_status st =
        m && m->tensors ? fill_model(m, parts) : dq_fail(DQ_ERR_NOMEM, "no memory for a model");
    if (st == DQ_OK)
        *out = m;
    else
        dq_model_destroy(m);
    return st;
}

/** CleanRL saves its options beside the weights. */
static dq_status take_options(dq_model_parts *parts)
{
    dq_span env_id;
    if (!parts->pickle || parts->info ||
        !dq_pickle_find_text(parts->pickle, "args", "env_id", &env_id))
        return DQ_OK;
    DQ_TRY(dq_model_info_need(&parts->info));
    dq_model_info_text(parts->info->env_id, sizeof(parts->info->env_id), env_id);
    return DQ_OK;
}

/** Whether it begins like a ModelProto: ir_version, then producer_name. */
static bool is_onnx(const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    return n > 5 && b[0] == 0x08 && b[1] < 0x80 && b[2] == 0x12 && b[3] < 0x80 && b[4] >= ' ';
}

bool dq_model_is(const void *bytes, size_t n)
{
    return dq_is_zip(bytes, n) || dq_is_torch_old(bytes, n) || dq_is_safetensors(bytes, n) ||
           is_onnx(bytes, n);
}

static dq_status fail_unknown(const void *bytes, size_t n)
{
    if (is_onnx(bytes, n))
        return dq_fail(DQ_ERR_INPUT, "it is ONNX, which is written and not read: choose the model "
                                     "that it was made of");
    return dq_fail(DQ_ERR_INPUT,
                   "it is not what torch.save() writes, nor safetensors, nor an archive "
                   "of Stable-Baselines3");
}

static dq_status read_archive(dq_model_parts *parts, const void *bytes, size_t n, bool is_inside)
{
    dq_zip zip;
    DQ_TRY(dq_zip_open(&zip, bytes, n));
    dq_status st =
        !is_inside && dq_is_sb3(&zip) ? dq_sb3_read(parts, &zip) : dq_torch_zip_read(parts, &zip);
    dq_zip_close(&zip);
    return st;
}

dq_status dq_torch_read(dq_model_parts *parts, const void *bytes, size_t n)
{
    if (dq_is_zip(bytes, n))
        return read_archive(parts, bytes, n, true);
    return dq_is_torch_old(bytes, n) ? dq_torch_old_read(parts, bytes, n) : fail_unknown(bytes, n);
}

static dq_status read_parts(dq_model_parts *parts, const void *bytes, size_t n)
{
    if (dq_is_zip(bytes, n))
        return read_archive(parts, bytes, n, false);
    if (dq_is_safetensors(bytes, n))
        return dq_safetensors_read(parts, bytes, n);
    return dq_is_torch_old(bytes, n) ? dq_torch_old_read(parts, bytes, n) : fail_unknown(bytes, n);
}

dq_status dq_model_parse(dq_model **out, const void *bytes, size_t n)
{
    dq_model_parts parts = {0};
    *out = NULL;
    dq_status st = read_parts(&parts, bytes, n);
    if (st == DQ_OK)
        st = check_total(&parts, n);
    if (st == DQ_OK)
        st = take_options(&parts);
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
