/** One live line at the bottom of a terminal that says how a training run goes.
 *
 *  Other lines may be printed in between: clear it first, it comes back with the next update. On
 *  anything but a terminal nothing is drawn. */
#ifndef DEEPQ_APP_PROGRESS_LINE_H
#define DEEPQ_APP_PROGRESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/train.h"

typedef struct progress_line {
    bool enabled, on_screen;
    int64_t limit;  // frames the run may have, 0: no limit
    double start_s, measured_s;
    int64_t measured_step;
    double speed;  // frames a second lately
} progress_line;

/** `wanted` false draws nothing ever. */
void progress_line_init(progress_line *line, bool wanted, int64_t limit, int64_t first_step);
/** Draw where the run stands, a few times a second at most.
 *  @param disk_bytes what its checkpoints have on the disk */
void progress_line_update(progress_line *line, const dq_progress *p, uint64_t disk_bytes);
/** Draw these words in its place. */
void progress_line_say(progress_line *line, const char *text);
/** Take the line away, so that another can be printed. */
void progress_line_clear(progress_line *line);

/** Figures of a live line that are not the run's. */
typedef struct progress_figures {
    double speed, elapsed_s;
    uint64_t memory_bytes, disk_bytes;  // 0: not known, or nothing
} progress_figures;

/** The text of the line in at most `columns` characters: what matters least is left out first. */
void progress_line_format(char *text, int columns, const dq_progress *p, int64_t limit,
                          const progress_figures *figures);

#endif
