/** The game of a run as text, for a terminal (train --watch): the picture in half blocks, and
 *  beside it a bar for the value of each action, empty for the least of the state and full for the
 *  largest. The action that was taken is marked with >, or with ? when it was drawn at random: bars
 *  are then those of the last one that was not. A world without pictures has the bars alone. */
#ifndef DEEPQ_APP_WATCH_H
#define DEEPQ_APP_WATCH_H

#include <stdbool.h>

#include "deepq/env.h"
#include "deepq/train.h"

enum { WATCH_ROWS = 60 };  // at most

typedef struct watch watch;

/** Colours are those that the environment variables NO_COLOR, COLORTERM and TERM say.
 *  @param env it is looked at whenever watch_draw() is called
 *  @param unicode whether the terminal shows more than ASCII */
DQ_NODISCARD dq_status watch_create(watch **out, dq_env *env, bool unicode);
/** Accepts NULL. */
void watch_destroy(watch *w);
/** Keep what a step's action was chosen by. Cheap: it is called at every step. */
void watch_act(watch *w, const dq_train_act *a);
/** Draw the game as it is now.
 *  @param columns, rows the room there is, 0 or more
 *  @return rows used; 0: there is too little room */
int watch_draw(watch *w, int columns, int rows);
/** A row of those that were drawn last, without its end of line; valid until the next drawing.
 *  @param[out] width in columns */
const char *watch_row(const watch *w, int i, int *width);

#endif
