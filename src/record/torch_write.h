/** Archives as torch.save() writes them: a pickle, and the numbers of the tensors in it. */
#ifndef DEEPQ_RECORD_TORCH_WRITE_H
#define DEEPQ_RECORD_TORCH_WRITE_H

#include <stddef.h>

#include "deepq/status.h"
#include "deepq/stream.h"
#include "deepq/tensor.h"

/** Check that tensors can be saved: names, shapes, all of them together.
 *  @return DQ_OK or DQ_ERR_CONFIG */
DQ_NODISCARD dq_status dq_torch_check(const dq_tensor *tensors, size_t n);

/** Write an archive.
 *  @param pickle in memory; its first failure is returned
 *  @param tensors [n]: tensor i is storage i of the pickle
 *  @param info JSON text of DQ_MODEL_INFO_MEMBER; NULL: none */
DQ_NODISCARD dq_status dq_torch_write(dq_writer *w, dq_writer *pickle, const dq_tensor *tensors,
                                      size_t n, const char *info);

#endif
