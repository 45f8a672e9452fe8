/** safetensors files: a header of JSON, then the tensors. Source: the format's description in
 *  huggingface/safetensors, README.md. */
#ifndef DEEPQ_RECORD_SAFETENSORS_WRITE_H
#define DEEPQ_RECORD_SAFETENSORS_WRITE_H

#include <jansson.h>
#include <stddef.h>

#include "deepq/status.h"
#include "deepq/stream.h"
#include "deepq/tensor.h"

/** Write tensors as float32, in their order.
 *  @param metadata an object of strings; it remains the caller's
 *  @return DQ_OK; DQ_ERR_NOMEM; or the writer's failure */
DQ_NODISCARD dq_status dq_safetensors_write(dq_writer *w, const dq_tensor *tensors, size_t n,
                                            json_t *metadata);

#endif
