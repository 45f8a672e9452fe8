/** The learning step layer by layer, on one thread. */
#ifndef DEEPQ_APP_BENCH_LAYERS_H
#define DEEPQ_APP_BENCH_LAYERS_H

#include <stdbool.h>

#include "app/bench_cases.h"

/** Time every kernel of a step of batch 32 and print a row for each: least processor time; GFLOP/s
 *  by the plain algorithm (what the layer costs without Winograd) and by the multiplications done,
 *  the latter's share of the peak of the same run. As JSON, one object a row. */
DQ_NODISCARD dq_status bench_layers_print(const bench_settings *s, bool json, volatile int *stop);

#endif
