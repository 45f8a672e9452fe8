#ifndef DEEPQ_NN_PRECISION_H
#define DEEPQ_NN_PRECISION_H

#include "deepq/status.h"

/** How the factors of matrix products are rounded. Sums, stored weights and the optimiser are
 *  always float32. The CPU has fp32 and bf16, a GPU has all three. */
typedef enum dq_precision { DQ_FP32, DQ_TF32, DQ_BF16, DQ_N_PRECISIONS } dq_precision;

/** The precision with a name, "fp32", "tf32" or "bf16".
 *  @param name NULL: "fp32"
 *  @return DQ_OK; DQ_ERR_CONFIG for an unknown name */
DQ_NODISCARD dq_status dq_precision_find(const char *name, dq_precision *precision);
/** The name of a precision, static storage. */
const char *dq_precision_name(dq_precision precision);

#endif
