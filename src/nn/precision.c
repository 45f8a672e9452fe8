#include "nn/precision.h"

#include <string.h>

#include "base/error.h"

static const char *const names[DQ_N_PRECISIONS] = {"fp32", "tf32", "bf16"};

dq_status dq_precision_find(const char *name, dq_precision *precision)
{
    *precision = DQ_FP32;
    if (!name || !*name)
        return DQ_OK;
    for (int i = 0; i < DQ_N_PRECISIONS; i++)
        if (strcmp(name, names[i]) == 0) {
            *precision = (dq_precision)i;
            return DQ_OK;
        }
    return dq_fail(DQ_ERR_CONFIG, "unknown precision '%s': choose fp32, tf32 or bf16", name);
}

const char *dq_precision_name(dq_precision precision)
{
    return names[precision];
}
