/** Time for measuring. */
#ifndef DEEPQ_BASE_CLOCK_H
#define DEEPQ_BASE_CLOCK_H

/** Seconds since some moment in the past; never goes back. */
double dq_clock_s(void);

#endif
