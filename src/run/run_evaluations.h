/** Evaluations while a run trains: games that the network plays by itself now and then, by the
 *  protocol of the run's preset, as `deepq eval` plays a model. Environment, policy and random
 *  numbers are their own, so the training does not depend on them. */
#ifndef DEEPQ_RUN_RUN_EVALUATIONS_H
#define DEEPQ_RUN_RUN_EVALUATIONS_H

#include "deepq/train.h"
#include "run/evaluation.h"
#include "run/train_settings.h"

/** Play cfg.eval_games games with the network as it is now.
 *  @param t between two steps, or in a `step` event
 *  @param stop set by whoever wants it to end; may be NULL
 *  @param[out] scores to be freed by dq_evaluation_scores_free(), also after a failure
 *  @return DQ_ERR_INTERRUPTED when *stop became non-zero: not all games were played */
DQ_NODISCARD dq_status dq_run_evaluate(const dq_train_settings *s, const dq_trainer *t,
                                       const volatile int *stop, dq_evaluation_scores *scores);
/** The step of the last evaluation in evaluations.jsonl; 0: there is none, or no such file. */
DQ_NODISCARD dq_status dq_run_last_evaluation(const char *path, int64_t *step);

#endif
