#include "record/torch_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "record/model_parts.h"
#include "record/zip_write.h"

enum { ALIGNMENT = 64, NAME_CAP = 40 };

#define FOLDER "archive/"  // as PyTorch names it when it has no file name

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

dq_status dq_torch_check(const dq_tensor *tensors, size_t n)
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

/** @param[out] members [n + 6] @param[out] names [n] @return how many members */
static size_t list_members(dq_zip_member *members, char (*names)[NAME_CAP], const dq_writer *pickle,
                           const dq_tensor *tensors, size_t n, const char *info)
{
    size_t pickle_bytes, k = 0;
    const void *bytes = dq_writer_bytes(pickle, &pickle_bytes);
    members[k++] = (dq_zip_member){FOLDER "data.pkl", bytes, pickle_bytes};
    members[k++] = (dq_zip_member){FOLDER ".format_version", "1", 1};
    members[k++] = (dq_zip_member){FOLDER ".storage_alignment", "64", 2};
    members[k++] = (dq_zip_member){FOLDER "byteorder", "little", 6};
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], NAME_CAP, FOLDER "data/%zu", i);
        members[k++] =
            (dq_zip_member){names[i], tensors[i].data, dq_tensor_elements(&tensors[i]) * 4};
    }
    if (info)
        members[k++] = (dq_zip_member){FOLDER DQ_MODEL_INFO_MEMBER, info, strlen(info)};
    members[k++] = (dq_zip_member){FOLDER "version", "3\n", 2};
    return k;
}

dq_status dq_torch_write(dq_writer *w, dq_writer *pickle, const dq_tensor *tensors, size_t n,
                         const char *info)
{
    DQ_TRY(dq_write(pickle, NULL, 0));  // the first failure, if any
    dq_zip_member *members = calloc(n + 6, sizeof(*members));
    char(*names)[NAME_CAP] = calloc(n + 1, sizeof(*names));
    dq_status st = members && names ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for an archive");
    if (st == DQ_OK)
        st = dq_zip_write(w, members, list_members(members, names, pickle, tensors, n, info),
                          ALIGNMENT);
    free(members);
    free(names);
    return st;
}
