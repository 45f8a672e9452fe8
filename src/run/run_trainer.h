/** The trainer of a run, by the run's settings. */
#ifndef DEEPQ_RUN_RUN_TRAINER_H
#define DEEPQ_RUN_RUN_TRAINER_H

#include "deepq/model.h"
#include "deepq/net.h"
#include "deepq/train.h"
#include "run/train_settings.h"

/** What is learned, and by what. */
typedef struct dq_run_subject {
    const char *network;  // its full name, the trainer's
    int n_actions;
    dq_space obs;
} dq_run_subject;

/** Create it, and complete the settings: the network, the threads, the instruction set, the
 *  cartridge, which must be the same when a run is resumed.
 *  @param[out] out NULL on failure
 *  @param envs [s->cfg.n_envs] the trainer's, destroyed on failure; NULL: they are made as the
 *         settings say */
DQ_NODISCARD dq_status dq_run_trainer_create(dq_trainer **out, dq_run_subject *subject,
                                             dq_train_settings *s, dq_env **envs);
/** Note which cartridge is played. DQ_ERR_CONFIG: the run was made with another one than is found.
 */
DQ_NODISCARD dq_status dq_run_note_rom(dq_train_settings *s);
/** What a model of a run says of itself. */
void dq_run_describe_model(dq_model_info *info, const dq_train_settings *s, const dq_net *net,
                           const dq_progress *p);

#endif
