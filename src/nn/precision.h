#ifndef DEEPQ_NN_PRECISION_H
#define DEEPQ_NN_PRECISION_H

/** How products are taken; sums, weights and the optimiser are float32 in all of them. The
 *  processor has fp32 and bf16. */
typedef enum dq_precision { DQ_FP32, DQ_TF32, DQ_BF16, DQ_N_PRECISIONS } dq_precision;

#endif
