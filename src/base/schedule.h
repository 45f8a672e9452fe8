/** A value that changes linearly with the steps of a run. */
#ifndef DEEPQ_BASE_SCHEDULE_H
#define DEEPQ_BASE_SCHEDULE_H

#include <stdint.h>

/** `from` up to step `begin`, then linearly, `to` from step `end` on; `from` at every step where
 *  `end` is not after `begin`. The ends need not be whole steps. */
typedef struct dq_schedule {
    double from, to;
    double begin, end;
} dq_schedule;

/** The order of these operations decides the last bits of a run: they stay as they are. */
static inline double dq_schedule_at(const dq_schedule *s, int64_t step)
{
    if ((double)step <= s->begin || s->end <= s->begin)
        return s->from;
    double done = ((double)step - s->begin) / (s->end - s->begin);
    return s->from + (done < 1 ? done : 1) * (s->to - s->from);
}

#endif
