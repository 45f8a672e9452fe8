/** Model files: PyTorch state_dicts (`*.dat`, `*.pt`) as torch.save() writes them, and those of
 *  other programs.
 *
 *  torch.load() reads the files that deepq writes, also with mmap=True. deepq reads files of up to
 *  1 GiB, recognised by their content, whatever their names:
 *
 *  - PyTorch's zip format (1.6 and later) and the one before: a dictionary of tensors, or a
 *    dictionary with such a one as its entry state_dict, model_state_dict, model_weights or model;
 *  - safetensors;
 *  - zip archives of Stable-Baselines3 and SB3-Contrib, of which policy.pth is read.
 *
 *  A tensor has 1 to 4 dimensions; float16, bfloat16, float32 and float64 become float32; tensors
 *  of integers that are no weights are left out. The tensors of Stable-Baselines3's and CleanRL's
 *  networks get the names of deepq's (net.h). Reading never executes a pickle: only the opcodes
 *  that such dictionaries need are known, any other is refused by name, and damage is found by
 *  checksums where the format has them. Source: torch/serialization.py. */
#ifndef DEEPQ_MODEL_H
#define DEEPQ_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Write n tensors as a state_dict. The file is complete or absent: it is written under a temporary
 *  name, synced and renamed. The same tensors give the same bytes.
 *  @return DQ_OK; DQ_ERR_CONFIG for a tensor without a name or data, or with an impossible shape;
 *          DQ_ERR_INPUT when `path` is not a plain file; DQ_ERR_IO or DQ_ERR_NOT_FOUND when it
 *          cannot be written; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_model_save(const char *path, const dq_tensor *tensors, size_t n);

enum {
    DQ_MODEL_TEXT_BYTES = 64,     // of a text in dq_model_info, with the final zero
    DQ_MODEL_NETWORK_BYTES = 96,  // of dq_model_info.network, with the final zero
    DQ_MODEL_OPTIONS_BYTES = 256  // of dq_model_info.options, with the final zero
};

/** What a model was trained on. It is stored in the model file as deepq.json, which torch.load()
 *  ignores. Texts are UTF-8; "" means unknown. */
typedef struct dq_model_info {
    /** Environment, "PongNoFrameskip-v4". */
    char env_id[DQ_MODEL_TEXT_BYTES];
    /** Preprocessing, the name of a dialect (atari_env.h). */
    char dialect[DQ_MODEL_TEXT_BYTES];
    /** Architecture, the name of a network (net.h). */
    char network[DQ_MODEL_NETWORK_BYTES];
    /** The preset of hyperparameters that the run was started with. */
    char preset[DQ_MODEL_TEXT_BYTES];
    /** Version of the deepq that wrote the file; set by dq_model_save_with(). */
    char version[DQ_MODEL_TEXT_BYTES];
    /** Agent steps trained; -1: unknown. */
    int64_t step;
    /** Mean score of the last 100 games; NAN: unknown. */
    double score;
    /** Options of the environment that differ from those of the dialect,
     *  "frame_skip=3 sticky=0.25". */
    char options[DQ_MODEL_OPTIONS_BYTES];
} dq_model_info;

/** A dq_model_info in which everything is unknown. */
DQ_API
dq_model_info dq_model_info_default(void);
/** dq_model_save() with a dq_model_info. DQ_ERR_CONFIG also for a text that is not UTF-8.
 *  @param info NULL: none */
DQ_API
DQ_NODISCARD dq_status dq_model_save_with(const char *path, const dq_tensor *tensors, size_t n,
                                          const dq_model_info *info);

/** A model in memory. It owns everything that it points to. */
typedef struct dq_model {
    dq_tensor *tensors;   // [n] in the order of the file, row-major
    size_t n;             // number of tensors, 1 or more
    dq_model_info *info;  // NULL: the file has none
    const char *format;   // what kind of file it is, "a PyTorch state_dict", in static storage
    const char *origin;   // program that wrote it, "CleanRL", in static storage; NULL: not known
} dq_model;

/** Read a model file. Control characters in the texts of its dq_model_info are replaced by '?'.
 *  @param[out] out to be freed by dq_model_destroy(); NULL on failure
 *  @return DQ_OK; DQ_ERR_NOT_FOUND when there is no such file; DQ_ERR_INPUT for a file that is
 *          damaged or not a model; DQ_ERR_IO; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_model_load(dq_model **out, const char *path);
/** Accepts NULL. */
DQ_API
void dq_model_destroy(dq_model *m);

#ifdef __cplusplus
}
#endif
#endif
