/** Any bytes as the pickle of a model, which the archive's checksum would keep from fuzz_model. */
#include <stdint.h>
#include <stdlib.h>

#include "corpus_depth.h"
#include "record/pickle.h"

const char *const fuzz_depths[] = {"a state dictionary with tensors", "a pickle is refused", NULL};

static void check(const dq_stored_tensor *t)
{
    int64_t last = t->offset, count = 1;
    for (int i = 0; i < t->n_dims; i++) {
        last += (t->shape[i] - 1) * t->stride[i];
        count *= t->shape[i];
    }
    if (t->n_dims < 1 || t->n_dims > DQ_STORED_MAX_DIMS || t->offset < 0 ||
        last >= t->storage_count || count < 1 || count > t->storage_count)
        abort();  // what pickle.h promises
    fuzz_reached(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    dq_pickle *p;
    dq_stored_tensor *tensors;
    size_t n_tensors;
    if (dq_pickle_create(&p, bytes, n) != DQ_OK) {
        fuzz_reached(1);
        return 0;
    }
    if (dq_pickle_state_dict(p, &tensors, &n_tensors) == DQ_OK)
        for (size_t i = 0; i < n_tensors; i++)
            check(&tensors[i]);
    dq_pickle_destroy(p);
    return 0;
}
