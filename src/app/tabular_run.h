/** One run of `deepq tabular`, and many at once. */
#ifndef DEEPQ_APP_TABULAR_RUN_H
#define DEEPQ_APP_TABULAR_RUN_H

#include "app/tabular_world.h"
#include "deepq/tabular.h"

/** What to do besides learning. */
typedef struct tabular_output {
    const char *method;  // "q-learning"
    const char *logdir;  // NULL: where the book puts it
    const char *plot;    // a PNG to write, or NULL
    bool has_log;        // TensorBoard events
    bool json, show, render;
    bool is_live;  // a terminal: say how it goes in between
    int64_t fps;
} tabular_output;

/** Learn with the book's lines. @return an exit status */
int tabular_run(const tabular_world *w, const dq_tabular_config *cfg, const tabular_output *out);
/** Learn with seeds cfg->seed to cfg->seed + n_seeds - 1 and print the distribution of the runs.
 *  @param n_threads 0: one for each core */
int tabular_run_seeds(const tabular_world *w, const dq_tabular_config *cfg,
                      const tabular_output *out, int n_seeds, int n_threads);
/** The exact answer, by dynamic programming. */
int tabular_run_known(const tabular_world *w, const dq_tabular_config *cfg,
                      const tabular_output *out);

#endif
