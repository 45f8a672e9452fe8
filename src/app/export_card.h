/** What a model hub shows: README.md with the model index, results.json, the model, a video. */
#ifndef DEEPQ_APP_EXPORT_CARD_H
#define DEEPQ_APP_EXPORT_CARD_H

#include "app/evaluation.h"
#include "export/export.h"

/** Play the model by the protocol, then write a folder. All that is in it was measured then.
 *  @param dir is made; one that has a README.md already is DQ_ERR_CONFIG
 *  @param m what is written as model.dat and model.safetensors
 *  @param e after evaluation_begin() */
DQ_NODISCARD dq_status export_card(const char *dir, const dq_export_model *m, const evaluation *e);

#endif
