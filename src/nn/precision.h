#ifndef DEEPQ_NN_PRECISION_H
#define DEEPQ_NN_PRECISION_H

#include "deepq/status.h"

/** How the factors of products are rounded; sums, weights and the optimiser are float32 in all of
 *  them. The processor has fp32 and bf16, a GPU all three. */
typedef enum dq_precision { DQ_FP32, DQ_TF32, DQ_BF16, DQ_N_PRECISIONS } dq_precision;

/** "fp32", "tf32", "bf16", NULL for fp32; DQ_ERR_CONFIG for another word. */
DQ_NODISCARD dq_status dq_precision_find(const char *name, dq_precision *precision);
const char *dq_precision_name(dq_precision precision);

#endif
