/* safetensors: the length of a header, the header, which is JSON, and the data of the tensors, one
 * after another without holes up to the end. Refused is what the original refuses, and duplicate
 * names. Source: huggingface/safetensors, README.md and safetensors/src/tensor.rs. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "record/json_lines.h"
#include "record/model_parts.h"

enum {
    LENGTH_BYTES = 8,
    HEADER_MAX_BYTES = 1 << 20  // the original's is 100 MB; a network's has some kilobytes
};
#define ORIGINAL_MAX_BYTES 100000000u
#define METADATA "__metadata__"
#define DEEPQ "deepq."

static const struct {
    const char *name;
    dq_stored_type type;
} types[] = {
    {"F32", DQ_STORED_F32},   {"F16", DQ_STORED_F16}, {"BF16", DQ_STORED_BF16},
    {"F64", DQ_STORED_F64},   {"I64", DQ_STORED_I64}, {"I32", DQ_STORED_I32},
    {"I16", DQ_STORED_I16},   {"I8", DQ_STORED_I8},   {"U64", DQ_STORED_U64},
    {"U32", DQ_STORED_U32},   {"U16", DQ_STORED_U16}, {"U8", DQ_STORED_U8},
    {"BOOL", DQ_STORED_BOOL},
};

/** A tensor, and its part of the data. */
typedef struct entry {
    dq_stored_tensor tensor;
    uint64_t begin, end;
} entry;

static uint64_t header_length(const uint8_t *bytes)
{
    uint64_t n = 0;
    for (int i = 0; i < LENGTH_BYTES; i++)
        n |= (uint64_t)bytes[i] << 8 * i;
    return n;
}

bool dq_is_safetensors(const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    return n > LENGTH_BYTES && b[LENGTH_BYTES] == '{' && header_length(b) <= ORIGINAL_MAX_BYTES;
}

static dq_status fail_tensor(dq_span name, const char *what)
{
    char text[64];
    return dq_fail(DQ_ERR_INPUT, "the tensor %s in the header %s: the file is damaged",
                   dq_span_print(text, sizeof(text), name), what);
}

/** A number of 0 or more. */
static bool take_number(const json_t *value, uint64_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *number = (uint64_t)json_integer_value(value);
    return true;
}

static dq_status take_type(entry *e, const json_t *value)
{
    char text[32];
    const char *name = json_string_value(value);
    if (!name)
        return fail_tensor(e->tensor.name, "has no dtype");
    for (size_t i = 0; i < DQ_COUNT(types); i++)
        if (strcmp(types[i].name, name) == 0) {
            e->tensor.type = types[i].type;
            return DQ_OK;
        }
    dq_span_print(text, sizeof(text), (dq_span){name, strlen(name)});
    return dq_fail(DQ_ERR_INPUT,
                   "a tensor has the dtype %s, and only floating-point numbers and "
                   "integers are read: save it without",
                   text);
}

/** Its elements must fill its part of the data. */
static dq_status take_shape(entry *e, const json_t *shape)
{
    dq_stored_tensor *t = &e->tensor;
    uint64_t count = 1, size = 0;
    bool is_empty = false;
    if (!json_is_array(shape))
        return fail_tensor(t->name, "has no shape");
    for (size_t i = 0; i < json_array_size(shape); i++) {
        if (!take_number(json_array_get(shape, i), &size) ||
            (size > 0 && count > (uint64_t)INT64_MAX / 8 / size))
            return fail_tensor(t->name, "has an impossible shape");
        count *= size > 0 ? size : 1;
        is_empty |= size == 0;
        if (i < DQ_STORED_MAX_DIMS)
            t->shape[i] = (int)(size < INT32_MAX ? size : INT32_MAX);
    }
    count = is_empty ? 0 : count;
    if (e->end - e->begin != count * dq_stored_type_bytes(t->type))
        return fail_tensor(t->name, "has another size than its data");
    t->n_dims = is_empty ? -1 : (int)json_array_size(shape);
    t->storage_count = (int64_t)count;
    return DQ_OK;
}

static void set_strides(dq_stored_tensor *t)
{
    int64_t stride = 1;
    for (int i = t->n_dims - 1; i >= 0 && t->n_dims <= DQ_STORED_MAX_DIMS; i--) {
        t->stride[i] = stride;
        stride *= t->shape[i];
    }
}

static dq_status take_entry(entry *e, const char *name, const json_t *value)
{
    const json_t *offsets = json_object_get(value, "data_offsets");
    *e = (entry){.tensor.name = {name, strlen(name)}};
    DQ_TRY(take_type(e, json_object_get(value, "dtype")));
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !take_number(json_array_get(offsets, 0), &e->begin) ||
        !take_number(json_array_get(offsets, 1), &e->end) || e->end < e->begin)
        return fail_tensor(e->tensor.name, "has impossible data_offsets");
    DQ_TRY(take_shape(e, json_object_get(value, "shape")));
    set_strides(&e->tensor);
    return DQ_OK;
}

static int compare_places(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/** The data are one tensor after another, in any order. */
static dq_status check_places(entry *entries, size_t n, size_t data_bytes)
{
    uint64_t at = 0;
    qsort(entries, n, sizeof(*entries), compare_places);
    for (size_t i = 0; i < n; i++) {
        if (entries[i].begin != at)
            return fail_tensor(entries[i].tensor.name, "overlaps another, or leaves a hole");
        at = entries[i].end;
    }
    if (at != data_bytes)
        return dq_fail(DQ_ERR_INPUT,
                       "it has %zu bytes of data and its header says %llu: the file is "
                       "damaged",
                       data_bytes, (unsigned long long)at);
    return DQ_OK;
}

static dq_status take_metadata(dq_model_parts *parts, json_t *metadata)
{
    const char *key;
    json_t *value;
    if (!metadata || json_is_null(metadata))
        return DQ_OK;
    if (!json_is_object(metadata))
        return dq_fail(DQ_ERR_INPUT, "its " METADATA " is no object: the file is damaged");
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return dq_fail(DQ_ERR_INPUT, "its " METADATA " has something else than texts: the file "
                                         "is damaged");
        if (strncmp(key, DEEPQ, strlen(DEEPQ)) != 0)
            continue;
        DQ_TRY(dq_model_info_need(&parts->info));
        (void)dq_model_info_take_fact(
            parts->info, key + strlen(DEEPQ),
            (dq_span){json_string_value(value), json_string_length(value)});
    }
    return DQ_OK;
}

/** Those that are a model's, in the order of the data. */
static dq_status keep_tensors(dq_model_parts *parts, const entry *entries, size_t n,
                              const uint8_t *data)
{
    bool is_left_out;
    for (size_t i = 0; i < n; i++) {
        const entry *e = &entries[i];
        DQ_TRY(dq_stored_tensor_check(&e->tensor, &is_left_out));
        if (is_left_out)
            continue;
        parts->storages[parts->n_storages] =
            (dq_storage){.bytes = data + e->begin, .n_bytes = (size_t)(e->end - e->begin)};
        parts->owned[parts->n_tensors] = e->tensor;
        parts->owned[parts->n_tensors++].storage = parts->n_storages++;
    }
    if (parts->n_tensors == 0)
        return dq_fail(DQ_ERR_INPUT, "it has no tensors: save a state_dict()");
    return DQ_OK;
}

static dq_status take_entries(dq_model_parts *parts, entry *entries, const uint8_t *data, size_t n)
{
    size_t n_entries = 0;
    const char *name;
    json_t *value;
    json_object_foreach(parts->header, name, value) if (strcmp(name, METADATA) != 0)
        DQ_TRY(take_entry(&entries[n_entries++], name, value));
    DQ_TRY(check_places(entries, n_entries, n));
    DQ_TRY(take_metadata(parts, json_object_get(parts->header, METADATA)));
    return keep_tensors(parts, entries, n_entries, data);
}

static dq_status read_header(dq_model_parts *parts, const void *bytes, size_t n)
{
    DQ_TRY(dq_json_parse(&parts->header, bytes, n, JSON_REJECT_DUPLICATES));
    if (!json_is_object(parts->header))
        return dq_fail(DQ_ERR_INPUT, "its header is not a JSON object: the file is damaged");
    return DQ_OK;
}

dq_status dq_safetensors_read(dq_model_parts *parts, const void *bytes, size_t n)
{
    const uint8_t *header = (const uint8_t *)bytes + LENGTH_BYTES;
    uint64_t length = header_length(bytes);
    parts->format = "safetensors";
    if (length > n - LENGTH_BYTES)
        return dq_fail(DQ_ERR_INPUT, "its header is longer than the file, which is damaged");
    if (length > HEADER_MAX_BYTES)
        return dq_fail(DQ_ERR_INPUT, "its header has %llu bytes, and networks have at most %d",
                       (unsigned long long)length, HEADER_MAX_BYTES);
    DQ_TRY(read_header(parts, header, (size_t)length));
    size_t most = json_object_size(parts->header) + 1;
    entry *entries = calloc(most, sizeof(*entries));
    parts->owned = parts->tensors = calloc(most, sizeof(*parts->owned));
    parts->storages = calloc(most, sizeof(*parts->storages));
    bool is_short = !entries || !parts->owned || !parts->storages;
    dq_status st =
        is_short ? dq_fail(DQ_ERR_NOMEM, "no memory for %zu tensors", most)
                 : take_entries(parts, entries, header + length, n - LENGTH_BYTES - (size_t)length);
    free(entries);
    return st;
}
