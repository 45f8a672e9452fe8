/** A training run in its folder: trainer, records, models and checkpoints together.
 *
 *  DIR/config       every setting
 *  DIR/log.jsonl    one object a game; TensorBoard's event files lie beside it
 *  DIR/evaluations.jsonl  one object an evaluation
 *  DIR/ENV-best_N.dat  the best model so far
 *  DIR/checkpoint/state  all that a run needs to continue bit for bit */
#ifndef DEEPQ_APP_TRAIN_RUN_H
#define DEEPQ_APP_TRAIN_RUN_H

#include <stdbool.h>

#include "deepq/status.h"
#include "run/train_settings.h"

typedef struct train_run train_run;

/** A new run. `dir` NULL: runs/ENV-PRESET-sSEED-DATE; a folder with anything in it is
 *  DQ_ERR_CONFIG. */
DQ_NODISCARD dq_status train_run_create(train_run **out, const dq_train_settings *s,
                                        const char *dir);
/** Continue the run in `dir` from its last checkpoint, or from the start if it has none.
 *  @param s from dq_train_settings_of_run(), with changes that a run may have */
DQ_NODISCARD dq_status train_run_resume(train_run **out, const dq_train_settings *s,
                                        const char *dir);
/** Show it in browsers from now on, at http://127.0.0.1:port/, which is said on standard error.
 *  @param port 0: any that is free */
DQ_NODISCARD dq_status train_run_show(train_run *run, int port);
void train_run_destroy(train_run *run);

/** Draw the game while it trains, above the live lines. */
void train_run_watch(train_run *run);
/** Train until solved, the frame limit, or *stop; save; say what there is to say.
 *  @return an exit status */
int train_run_go(train_run *run, bool json, bool plain, const volatile int *stop);

#endif
