/** A run folder as the page shows it: its games, from log.jsonl while that grows, and its settings.
 *
 *  Only reads. The folder need not be there yet; a run may begin in it later, be resumed, which
 * cuts its log back, or make way for another one: then `generation` changes. One thread at a time
 * may use a view. */
#ifndef DEEPQ_WEB_RUN_VIEW_H
#define DEEPQ_WEB_RUN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "web/web_text.h"

typedef struct dq_run_view dq_run_view;

/** @param dir of the run, copied. One that is there must have a run in it.
 *  @return DQ_OK; DQ_ERR_INPUT for a folder without a run, or something that is no folder;
 *          DQ_ERR_NOMEM. Nothing is read of the log yet. */
DQ_NODISCARD dq_status dq_run_view_create(dq_run_view **out, const char *dir);
/** Accepts NULL. */
void dq_run_view_destroy(dq_run_view *v);

/** Read what was added to the log, of a long one a part in each call. What cannot be read is as if
 *  it were not there, and tried again with the next call. */
void dq_run_view_refresh(dq_run_view *v);

const char *dq_run_view_dir(const dq_run_view *v);
/** Whether there is a run in the folder. */
bool dq_run_view_exists(const dq_run_view *v);
/** How often the games that were read turned out to be no longer those of the log. */
int64_t dq_run_view_generation(const dq_run_view *v);
/** Games that were read so far. */
size_t dq_run_view_games(const dq_run_view *v);

/** The games from number `from` on, 0 is the log's first, at most some thousands: {"generation",
 *  "from", "games": all that there are, "columns": {KEY: [a number or null, ...], ...}}. */
void dq_run_view_write_games(const dq_run_view *v, size_t from, dq_web_text *t);
/** {"settings": {KEY: VALUE, ...}}, all texts, as the run's config has them; {} where it cannot be
 *  read. */
void dq_run_view_write_settings(const dq_run_view *v, dq_web_text *t);

#endif
