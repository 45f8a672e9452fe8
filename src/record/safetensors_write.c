#include "record/safetensors_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { ALIGNMENT = 8 };

/** @return NULL for want of memory */
static json_t *describe(const dq_tensor *t, size_t at)
{
    json_t *shape = json_array();
    size_t end = at + dq_tensor_elements(t) * sizeof(float);
    for (int i = 0; i < t->n_dims; i++)
        if (json_array_append_new(shape, json_integer(t->shape[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
                     (json_int_t)at, (json_int_t)end);
}

/** The header's text, malloc'd; NULL for want of memory. */
static char *make_header(const dq_tensor *tensors, size_t n, json_t *metadata)
{
    json_t *header = json_object();
    size_t at = 0;
    int failed = json_object_set(header, "__metadata__", metadata);
    for (size_t i = 0; i < n; i++) {
        failed |= json_object_set_new(header, tensors[i].name, describe(&tensors[i], at));
        at += dq_tensor_elements(&tensors[i]) * sizeof(float);
    }
    char *text = failed ? NULL : json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(header);
    return text;
}

dq_status dq_safetensors_write(dq_writer *w, const dq_tensor *tensors, size_t n, json_t *metadata)
{
    static const char spaces[ALIGNMENT] = "        ";
    char *header = make_header(tensors, n, metadata);
    if (!header)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the header of a safetensors file");
    size_t bytes = strlen(header), padding = (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT;
    dq_write_u64(w, bytes + padding);
    dq_write(w, header, bytes);
    dq_write(w, spaces, padding);
    for (size_t i = 0; i < n; i++)
        dq_write(w, tensors[i].data, dq_tensor_elements(&tensors[i]) * sizeof(float));
    free(header);
    return dq_write(w, NULL, 0);  // the first failure, if any
}
