/** What this machine has not: said in one line on standard error, and the next best instead. */
#ifndef DEEPQ_APP_MACHINE_LIMITS_H
#define DEEPQ_APP_MACHINE_LIMITS_H

#include "deepq/status.h"

/** More threads than processors cost time and change nothing. @param n_threads 0: one for each */
void machine_limits_threads(int n_threads);

/** bf16 where the processor has no instructions for it becomes fp32.
 *  @param isa, device, precision as in dq_net_config; the precision is replaced where it must be
 *  @return DQ_ERR_CONFIG for a precision that nothing has */
DQ_NODISCARD dq_status machine_limits_precision(const char *isa, const char *device,
                                                const char **precision);

#endif
