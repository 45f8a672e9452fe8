/** What `eval` says of the games it played. */
#ifndef DEEPQ_APP_EVAL_REPORT_H
#define DEEPQ_APP_EVAL_REPORT_H

#include "app/human_scores.h"
#include "deepq/status.h"
#include "run/evaluation.h"
#include "stats/score_set.h"

typedef struct eval_report {
    const dq_evaluation *e;
    const dq_evaluation_scores *s;  // of at least one game
    const char *env_id;             // as the environment is called, not as it was typed
    const char *game_id;            // ALE's ROM id; NULL: a game without published scores
    human_scores human;             // of `game_id`
    double median, iqm;
    dq_interval mean_interval, iqm_interval;  // 95 %
} eval_report;

/** Find median, interquartile mean and intervals. @return DQ_ERR_NOMEM */
DQ_NODISCARD dq_status eval_report_make(eval_report *r, const dq_evaluation *e,
                                        const dq_evaluation_scores *s);
void eval_report_print_text(const eval_report *r);
/** A table of one row, and the protocol below it. */
void eval_report_print_markdown(const eval_report *r);
/** One object on a line. */
void eval_report_print_json(const eval_report *r);
/** A file with a line of each game: its number, reward and agent steps. */
DQ_NODISCARD dq_status eval_report_write_games(const eval_report *r, const char *path);

#endif
