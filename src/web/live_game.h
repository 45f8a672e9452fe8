/** The game of a run that trains now, and where the run stands: what the trainer's thread shows,
 * and the threads of a server look at.
 *
 *  The trainer never waits: it shows something only while somebody looks (dq_live_game_watch()),
 * some fifteen times a second at most, and not when the last one is being copied at that moment.
 * The others may be called by any thread. */
#ifndef DEEPQ_WEB_LIVE_GAME_H
#define DEEPQ_WEB_LIVE_GAME_H

#include <stdint.h>

#include "deepq/env.h"
#include "deepq/train.h"
#include "web/web_text.h"

typedef struct dq_live_game dq_live_game;

/** @param trainer must outlive it; its environment 0 is the one that is shown
 *  @param cfg its configuration: how long the run is, and the size of its replay buffer */
DQ_NODISCARD dq_status dq_live_game_create(dq_live_game **out, const dq_trainer *trainer,
                                           const dq_train_config *cfg);
/** Accepts NULL. */
void dq_live_game_destroy(dq_live_game *g);

/** For the trainer's thread, in `acted`: count the action, and keep the values that it saw. */
void dq_live_game_act(dq_live_game *g, const dq_train_act *a);
/** For the trainer's thread, in `step`: show where the run stands, if it is time. */
void dq_live_game_step(dq_live_game *g, const dq_progress *p);

/** Begin to look, `more` = 1, or end it, -1. */
void dq_live_game_watch(dq_live_game *g, int more);
/** Number of what was shown last; 0: nothing yet. */
int64_t dq_live_game_number(dq_live_game *g);
/** What was shown last as an object of JSON: "number", the fields of dq_progress that the page has,
 *  the "action" taken last and whether it was "random", the "values" that the last one that was not
 *  was chosen by, or null, "counts" of each action in the last 1,024 steps, "memory" in bytes,
 *  "seconds" in each stage, "picture" a PNG in base64, or null. All of environment 0. */
void dq_live_game_write(dq_live_game *g, dq_web_text *t);
/** {"actions": [NAME, ...], "max_steps", "replay_size", "envs"}: what stays the same of a run. */
void dq_live_game_write_facts(const dq_live_game *g, dq_web_text *t);

#endif
