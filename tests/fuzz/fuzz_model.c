/** Any bytes as a model file. */
#include <stdint.h>

#include "corpus_depth.h"
#include "record/model_parts.h"

const char *const fuzz_depths[] = {"a model is read", "a file is refused", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    dq_model *m;
    dq_status st = dq_model_parse(&m, bytes, n);
    fuzz_reached(st == DQ_OK ? 0 : 1);
    if (st == DQ_OK)
        dq_model_destroy(m);
    return 0;
}
