/* Formats of tensors alone. */
#include <jansson.h>
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

static void add_fact(void *ctx, const char *key, const char *value)
{
    char name[32];
    snprintf(name, sizeof(name), "deepq.%s", key);
    json_object_set_new(ctx, name, dq_json_text(value));
}

dq_status dq_export_safetensors(dq_writer *w, const dq_export_model *m)
{
    json_t *metadata = json_pack("{s:s}", "format", "pt");  // as PyTorch's users' files say
    if (!metadata)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the metadata of a model");
    dq_export_each_fact(m, add_fact, metadata);
    dq_status st = dq_safetensors_write(w, m->tensors, m->n, metadata);
    json_decref(metadata);
    return st;
}
