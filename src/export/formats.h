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

#endif
