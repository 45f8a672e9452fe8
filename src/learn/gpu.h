/** Whether there is a GPU, and the module libdeepq_cuda.so that computes on it. */
#ifndef DEEPQ_LEARN_GPU_H
#define DEEPQ_LEARN_GPU_H

#include <stdbool.h>

#include "learn/device.h"

/** Whether `device` is a GPU: "cuda". "cpu", NULL and, for now, "auto" are the processor. */
bool dq_gpu_is_meant(const char *device);
/** The same; DQ_ERR_CONFIG for another word. */
DQ_NODISCARD dq_status dq_gpu_choose(const char *device, bool *on_gpu);
/** Whether a learner can be made there. @param[out] name of the GPU that is meant, else ""
 *  @return DQ_ERR_CONFIG for another word, DQ_ERR_UNSUPPORTED with the reason */
DQ_NODISCARD dq_status dq_gpu_check(const char *device, char name[DQ_DEVICE_TEXT]);
/** What GPUs the module was built for, or "" where there is no module. */
const char *dq_gpu_built_for(void);

/** The module's table. Looked for as $DEEPQ_CUDA_MODULE says, else beside the program or the
 *  library that this code is in, then in the folder where it is installed. It stays loaded.
 *  DQ_ERR_UNSUPPORTED says why there is none. */
DQ_NODISCARD dq_status dq_gpu_load(const dq_device_ops **ops);

#endif
