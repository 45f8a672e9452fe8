/** Any bytes as a model file. */
#include <stdint.h>

#include "record/model_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    dq_model *m;
    if (dq_model_parse(&m, bytes, n) == DQ_OK)
        dq_model_destroy(m);
    return 0;
}
