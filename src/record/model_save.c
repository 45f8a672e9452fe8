/* Model files: a state_dict as torch.save() writes it. */
#include <stdlib.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/model.h"
#include "record/model_parts.h"
#include "record/pickle_write.h"
#include "record/torch_write.h"

static dq_status write_file(const char *path, dq_writer *pickle, const dq_tensor *tensors, size_t n,
                            const char *info)
{
    dq_writer *w;
    DQ_TRY(dq_file_writer_create(&w, path));
    dq_status st = dq_torch_write(w, pickle, tensors, n, info);
    if (st == DQ_OK)
        return dq_file_commit(w, 0);
    dq_file_abandon(w);
    return st;
}

static dq_status save(const char *path, const dq_tensor *tensors, size_t n, const char *info)
{
    dq_writer *pickle;
    DQ_TRY(dq_writer_create(&pickle));
    dq_pickle_put(pickle, DQ_PICKLE_BEGIN);
    dq_pickle_put_state_dict(pickle, "", tensors, n, 0);
    dq_pickle_put(pickle, DQ_PICKLE_END);
    dq_status st = write_file(path, pickle, tensors, n, info);
    dq_writer_destroy(pickle);
    return st;
}

dq_status dq_model_save_with(const char *path, const dq_tensor *tensors, size_t n,
                             const dq_model_info *info)
{
    char *text = NULL;
    DQ_TRY(dq_torch_check(tensors, n));
    dq_status st = info ? dq_model_info_write(info, &text) : DQ_OK;
    if (st == DQ_OK)
        st = save(path, tensors, n, text);
    free(text);
    return st == DQ_OK ? st : dq_fail_within(st, "cannot save the model %s", path);
}

dq_status dq_model_save(const char *path, const dq_tensor *tensors, size_t n)
{
    return dq_model_save_with(path, tensors, n, NULL);
}
