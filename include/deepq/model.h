/** Model files: PyTorch state_dicts (`*.dat`, `*.pt`), as torch.save() writes them.
 *
 *  torch.load() reads ours, mapped into memory too; we read PyTorch's zip format (1.6 and later) of
 *  a flat dictionary of float32 tensors with 1 to 4 dimensions, at most 1 GiB. Reading never
 *  executes a pickle: only the few opcodes that such a dictionary needs are understood, anything
 *  else is refused by name, and a damaged file by its checksums. Source: torch/serialization.py. */
#ifndef DEEPQ_MODEL_H
#define DEEPQ_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Write n tensors as a state_dict, atomically (temporary name, synced, renamed). The same tensors
 *  give the same bytes. DQ_ERR_CONFIG: a tensor without name, data or possible shape. */
DQ_API
DQ_NODISCARD dq_status dq_model_save(const char *path, const dq_tensor *tensors, size_t n);

enum { DQ_MODEL_TEXT_BYTES = 64, DQ_MODEL_OPTIONS_BYTES = 256 };

/** What a model was trained on and how: a record of ours inside the file (deepq.json), which
 *  torch.load() passes over. Texts are UTF-8; "" says nothing. */
typedef struct dq_model_info {
    char env_id[DQ_MODEL_TEXT_BYTES];      // "PongNoFrameskip-v4"
    char dialect[DQ_MODEL_TEXT_BYTES];     // preprocessing, a name of atari_env.h
    char network[DQ_MODEL_TEXT_BYTES];     // a name of net.h
    char preset[DQ_MODEL_TEXT_BYTES];      // what the hyperparameters began as
    char version[DQ_MODEL_TEXT_BYTES];     // of the deepq that wrote the file, which fills it in
    int64_t step;                          // agent steps trained; -1: not said
    double score;                          // mean reward of its last 100 games; NAN: not said
    char options[DQ_MODEL_OPTIONS_BYTES];  // of the environment, where they are not the dialect's:
                                           // "frame_skip=3 sticky=0.25"
} dq_model_info;

/** One that says nothing. */
DQ_API
dq_model_info dq_model_info_default(void);
/** dq_model_save() with such a record. DQ_ERR_CONFIG also for a text that is not UTF-8.
 *  @param info NULL: no record */
DQ_API
DQ_NODISCARD dq_status dq_model_save_with(const char *path, const dq_tensor *tensors, size_t n,
                                          const dq_model_info *info);

typedef struct dq_model {
    dq_tensor *tensors;  // [n], names and data owned by the model
    size_t n;
    dq_model_info *info;  // the model's; NULL: the file has no such record
} dq_model;

/** Read a state_dict; tensors come in the file's order, row-major whatever their strides were. In
 *  the record's texts control characters have become '?'. DQ_ERR_NOT_FOUND: no such file;
 * DQ_ERR_INPUT: what is wrong with it. */
DQ_API
DQ_NODISCARD dq_status dq_model_load(dq_model **out, const char *path);
/** Accepts NULL. */
DQ_API
void dq_model_destroy(dq_model *m);

#ifdef __cplusplus
}
#endif
#endif
