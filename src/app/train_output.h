/** What a training run says on standard output: the book's lines, or one JSON object a line; on a
 *  terminal a few live lines besides. */
#ifndef DEEPQ_APP_TRAIN_OUTPUT_H
#define DEEPQ_APP_TRAIN_OUTPUT_H

#include <stdbool.h>

#include "app/train_screen.h"
#include "deepq/train.h"
#include "run/evaluation.h"
#include "run/run_trainer.h"
#include "run/train_settings.h"

typedef struct train_output {
    bool json;
    bool tells_episodes;  // with json
    train_screen screen;
    bool broken;  // nobody reads standard output any more
    bool told;    // that it cannot be written
} train_output;

/** `plain`: the book's lines alone, also on a terminal. */
void train_output_init(train_output *o, bool json, bool plain, const dq_train_settings *s,
                       int64_t first_step);

/** Draw the game too, of this environment; elsewhere than on a terminal a line says that it is not.
 */
DQ_NODISCARD dq_status train_output_watch(train_output *o, dq_env *env);

/** The network's layers, and on a terminal what is trained and where the run lies. */
void train_output_start(train_output *o, const dq_train_settings *s, const dq_run_subject *subject,
                        const char *dir, int64_t step);
void train_output_game(train_output *o, const dq_progress *p);
/** `first`: of the first game, of which the book says nothing. */
void train_output_best(train_output *o, const dq_progress *p, bool first, const char *model);
/** An evaluation begins, which takes its time: NULL; and its scores. */
void train_output_evaluated(train_output *o, int64_t step, const dq_evaluation_scores *scores);
void train_output_solved(train_output *o, const dq_progress *p);
void train_output_act(train_output *o, const dq_train_act *a);
void train_output_step(train_output *o, const dq_progress *p, uint64_t disk_bytes);
/** A checkpoint takes its time: in the live lines, or where there is none on a terminal's standard
 *  error. */
void train_output_saving(train_output *o);
/** Take the live lines away, before something else is said. */
void train_output_clear(train_output *o);
/** The run ends: the live lines go; with --json `reason` is told ("solved", "frames",
 *  "interrupted", "diverged", "failed"). */
void train_output_end(train_output *o, const dq_progress *p, const char *reason, const char *dir);

#endif
