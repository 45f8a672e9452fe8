/** What a sweep says while it is at work: a line when a run begins or ends, or a JSON object; on a
 *  terminal a few live lines below. */
#ifndef DEEPQ_APP_SWEEP_SCREEN_H
#define DEEPQ_APP_SWEEP_SCREEN_H

#include <stdbool.h>

#include "sweep/sweep.h"

typedef struct sweep_screen sweep_screen;

/** @param plain no live lines; @param json an object a line instead
 *  @return NULL for want of memory */
sweep_screen *sweep_screen_create(const dq_sweep_plan *p, const char *path, bool plain, bool json);
/** Accepts NULL. */
void sweep_screen_destroy(sweep_screen *s);

/** What the sweep tells it. */
dq_sweep_teller sweep_screen_teller(sweep_screen *s);
/** Before something else is said: the live lines go. */
void sweep_screen_clear(sweep_screen *s);
/** The end: how many runs have a score, time, and the processor time of the sweep itself. */
void sweep_screen_end(sweep_screen *s, const dq_sweep *sweep);

/** Print how far all runs of a folder are, for who is not at work in it. */
void sweep_screen_status(const dq_sweep_plan *p, const char *path, const char *holder, bool json);

#endif
