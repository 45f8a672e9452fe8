/** The writers that the table of formats has. */
#ifndef DEEPQ_EXPORT_FORMATS_H
#define DEEPQ_EXPORT_FORMATS_H

#include "export/export.h"

/** A state_dict, with the names of the book's module (deepq/model.h). */
DQ_NODISCARD dq_status dq_export_torch(dq_writer *w, const dq_export_model *m);
/** The same tensors; what is known of the model is metadata, "deepq.env" and so on. */
DQ_NODISCARD dq_status dq_export_safetensors(dq_writer *w, const dq_export_model *m);
/** A graph: uint8 [batch][4][84][84], or of vectors float [batch][inputs], to "q" [batch][actions];
 *  the metadata is that of safetensors. */
DQ_NODISCARD dq_status dq_export_onnx(dq_writer *w, const dq_export_model *m);
/** A zip that DQN.load() of Stable-Baselines3 takes, with quantiles QRDQN.load() of SB3-Contrib: of
 *  "nature" and of multilayer perceptrons. */
bool dq_export_sb3_holds(const dq_export_model *m);
DQ_NODISCARD dq_status dq_export_sb3(dq_writer *w, const dq_export_model *m);
/** What CleanRL's dqn_atari, c51_atari, rainbow_atari, dqn and c51 save: of "nature" and of
 * multilayer perceptrons with hidden layers of 120 and 84. */
bool dq_export_cleanrl_holds(const dq_export_model *m);
DQ_NODISCARD dq_status dq_export_cleanrl(dq_writer *w, const dq_export_model *m);

/** A file of C99 that needs nothing else. @param m with its `c` */
DQ_NODISCARD dq_status dq_export_c(dq_writer *w, const dq_export_model *m);

enum { DQ_EXPORT_NAME = 64 };  // bytes of a tensor's name in another program, with the final zero

/** The tensor with a name, one that its network has. */
const dq_tensor *dq_export_tensor(const dq_export_model *m, const char *name);
/** Whether it is the network of Mnih et al. 2015 without dueling. */
bool dq_export_is_nature(const dq_export_model *m);
/** Whether it is a multilayer perceptron without dueling. */
bool dq_export_is_mlp(const dq_export_model *m);
/** The weights and biases of the layers under other names.
 *  @param layers [n_layers] how a layer is called, behind the prefix
 *  @param[out] tensors [2 n_layers]
 *  @param[out] names [2 n_layers] where their names are */
void dq_export_rename(const dq_export_model *m, const char *prefix, const char *const *layers,
                      dq_tensor *tensors, char (*names)[DQ_EXPORT_NAME]);

#endif
