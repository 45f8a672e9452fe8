/** Finding a GPU, and loading the module libdeepq_cuda.so that computes on it. */
#ifndef DEEPQ_LEARN_GPU_H
#define DEEPQ_LEARN_GPU_H

#include <stdbool.h>

#include "learn/device.h"

/** Whether `device` names a GPU: "cuda" does; "cpu", "auto" and NULL name the CPU. */
bool dq_gpu_is_meant(const char *device);
/** dq_gpu_is_meant() of a name that may be unknown.
 *  @return DQ_OK; DQ_ERR_CONFIG for an unknown name */
DQ_NODISCARD dq_status dq_gpu_choose(const char *device, bool *on_gpu);
/** Check that a device can be used.
 *  @param[out] name of the GPU; "" when `device` names the CPU
 *  @return DQ_OK; DQ_ERR_CONFIG for an unknown name; DQ_ERR_UNSUPPORTED with the reason */
DQ_NODISCARD dq_status dq_gpu_check(const char *device, char name[DQ_DEVICE_TEXT]);
/** The GPUs that the module was built for, "sm_80 sm_90, PTX 9.0"; "" when there is no module. */
const char *dq_gpu_built_for(void);

/** Load the module: $DEEPQ_CUDA_MODULE if that is set, else the file beside the program or the
 *  library, else the one in the installation folder. It remains loaded.
 *  @param[out] ops the functions of the module, static storage
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED says why it cannot be loaded */
DQ_NODISCARD dq_status dq_gpu_load(const dq_device_ops **ops);

#endif
