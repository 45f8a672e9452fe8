/** Model files: PyTorch state_dicts (`*.dat`, `*.pt`), as torch.save() writes them.
 *
 *  torch.load() reads ours, mapped into memory too; we read PyTorch's zip format (1.6 and later) of
 *  a flat dictionary of float32 tensors with 1 to 4 dimensions, at most 1 GiB. Reading never
 *  executes a pickle: only the few opcodes that such a dictionary needs are understood, anything
 *  else is refused by name, and a damaged file by its checksums. Source: torch/serialization.py. */
#ifndef DEEPQ_MODEL_H
#define DEEPQ_MODEL_H

#include <stddef.h>

#include "deepq/status.h"
#include "deepq/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Write n tensors as a state_dict, atomically (temporary name, synced, renamed). The same tensors
 *  give the same bytes. DQ_ERR_CONFIG: a tensor without name, data or possible shape. */
DQ_API
DQ_NODISCARD dq_status dq_model_save(const char *path, const dq_tensor *tensors, size_t n);

typedef struct dq_model {
    dq_tensor *tensors;  // [n], names and data owned by the model
    size_t n;
} dq_model;

/** Read a state_dict; tensors come in the file's order, row-major whatever their strides were.
 *  DQ_ERR_NOT_FOUND: no such file; DQ_ERR_INPUT: what is wrong with it. */
DQ_API
DQ_NODISCARD dq_status dq_model_load(dq_model **out, const char *path);
/** Accepts NULL. */
DQ_API
void dq_model_destroy(dq_model *m);

#ifdef __cplusplus
}
#endif
#endif
