/** A clock for measuring durations. */
#ifndef DEEPQ_BASE_CLOCK_H
#define DEEPQ_BASE_CLOCK_H

/** Seconds since an arbitrary moment; never decreases. */
double dq_clock_s(void);

#endif
