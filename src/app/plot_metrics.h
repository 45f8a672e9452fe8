/** What the curves of a run are called on an axis, and how they are smoothed. */
#ifndef DEEPQ_APP_PLOT_METRICS_H
#define DEEPQ_APP_PLOT_METRICS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct plot_metric {
    const char *key;    // of log.jsonl, or DQ_METRIC_EVALUATION
    const char *label;  // of the y axis, with its unit
    int64_t n_games;    // that its curve is the mean of, where nothing is chosen
    bool is_score;      // game points, which published scores can be beside
} plot_metric;

/** That of a key; of one that is not in the table the key is the label. */
plot_metric plot_metric_of(const char *key);

#endif
