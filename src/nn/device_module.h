/** Finding and loading libdeepq_cuda.so. */
#ifndef DEEPQ_NN_DEVICE_MODULE_H
#define DEEPQ_NN_DEVICE_MODULE_H

#include "nn/device.h"

/** The module's table. Looked for as $DEEPQ_CUDA_MODULE says, else beside the program or the
 *  library that this code is in, then in the folder where it is installed. It stays loaded.
 *  DQ_ERR_UNSUPPORTED says why there is none. */
DQ_NODISCARD dq_status dq_device_module_load(const dq_device_ops **ops);

#endif
