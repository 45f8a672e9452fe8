/** The figure of `deepq plot`: learning curves of run folders, and published ones beside them. */
#ifndef DEEPQ_APP_PLOT_FIGURE_H
#define DEEPQ_APP_PLOT_FIGURE_H

#include "app/figure.h"
#include "app/plot_metrics.h"
#include "app/published.h"
#include "app/run_groups.h"
#include "run/run_curve.h"

enum { PLOT_REFERENCES_MAX = 16, PLOT_CAPTION_BYTES = 1024 };

/** What is to be shown. */
typedef struct plot_choice {
    plot_metric metric;
    dq_smoothing smoothing;
    int64_t until;  // agent steps that the x axis has; 0: as many as the runs
    const published_agent *references[PLOT_REFERENCES_MAX];
    size_t n_references;
} plot_choice;

typedef struct plot_figure {
    figure figure;  // its title and size are the owner's to set
    run_groups groups;
    dq_run_curve *curves;  // [groups.n_runs]
    figure_panel *panels;
    figure_entry *entries;
    char caption[PLOT_CAPTION_BYTES];
} plot_figure;

/** Read the runs and make the figure of them.
 *  @param dirs [n] run folders, n at least 1
 *  @param[out] p to be freed by plot_figure_free(), also after a failure
 *  @return DQ_ERR_INPUT for a folder that is no run's or has no game yet; DQ_ERR_CONFIG for a
 * metric that the logs do not have, and a reference without one of the games */
DQ_NODISCARD dq_status plot_figure_make(plot_figure *p, const plot_choice *choice,
                                        char *const *dirs, size_t n);
void plot_figure_free(plot_figure *p);

#endif
