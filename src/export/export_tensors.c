/* Formats of tensors alone. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "export/formats.h"
#include "record/json_lines.h"
#include "record/model_parts.h"
#include "record/pickle_write.h"
#include "record/safetensors_write.h"
#include "record/torch_write.h"

static dq_status write_torch(dq_writer *w, dq_writer *pickle, const dq_export_model *m)
{
    char *info;
    dq_pickle_put(pickle, DQ_PICKLE_BEGIN);
    dq_pickle_put_state_dict(pickle, "", m->tensors, m->n, 0);
    dq_pickle_put(pickle, DQ_PICKLE_END);
    DQ_TRY(dq_model_info_write(&m->info, &info));
    dq_status st = dq_torch_write(w, pickle, m->tensors, m->n, info);
    free(info);
    return st;
}

dq_status dq_export_torch(dq_writer *w, const dq_export_model *m)
{
    dq_writer *pickle;
    DQ_TRY(dq_torch_check(m->tensors, m->n));
    DQ_TRY(dq_writer_create(&pickle));
    dq_status st = write_torch(w, pickle, m);
    dq_writer_destroy(pickle);
    return st;
}

/** The metadata in the making. */
typedef struct metadata {
    json_t *object;
    bool failed;  // for want of memory
} metadata;

static void add_fact(void *ctx, const char *key, const char *value)
{
    metadata *m = ctx;
    char name[32];
    snprintf(name, sizeof(name), "deepq.%s", key);
    m->failed |= json_object_set_new(m->object, name, dq_json_text(value)) != 0;
}

dq_status dq_export_safetensors(dq_writer *w, const dq_export_model *m)
{
    metadata known = {json_pack("{s:s}", "format", "pt"), false};  // as other writers say
    known.failed = !known.object;
    dq_export_each_fact(m, add_fact, &known);
    dq_status st = known.failed ? dq_fail(DQ_ERR_NOMEM, "no memory for the metadata of a model")
                                : dq_safetensors_write(w, m->tensors, m->n, known.object);
    json_decref(known.object);
    return st;
}
