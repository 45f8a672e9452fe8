/** Ctrl-C, SIGTERM and a terminal that goes away: a flag to look at, never a sudden end. */
#ifndef DEEPQ_APP_INTERRUPT_H
#define DEEPQ_APP_INTERRUPT_H

/** Catch them from now on; a signal that was ignored (nohup) stays ignored.
 *  @return a flag that becomes 1 with the first of them */
volatile int *interrupt_catch(void);

#endif
