/** What a model hub shows: README.md with the model index, results.json, the model, a video. */
#ifndef DEEPQ_APP_EXPORT_CARD_H
#define DEEPQ_APP_EXPORT_CARD_H

#include "export/export.h"
#include "run/evaluation.h"

/** Play the model by the protocol, then write a folder. All that is in it was measured then.
 *  @param dir is made; one that has a README.md already is DQ_ERR_CONFIG
 *  @param m what is written as model.dat and model.safetensors
 *  @param e after trained_model_evaluate() */
DQ_NODISCARD dq_status export_card(const char *dir, const dq_export_model *m,
                                   const dq_evaluation *e);

#endif
