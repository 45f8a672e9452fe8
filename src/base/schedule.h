/** A linear schedule: a value that changes linearly with the steps of a run. */
#ifndef DEEPQ_BASE_SCHEDULE_H
#define DEEPQ_BASE_SCHEDULE_H

#include <stdint.h>

/** `from` until step `begin`, `to` from step `end` on, linear in between. When `end` is not after
 *  `begin` the value is always `from`. `begin` and `end` need not be whole numbers. */
typedef struct dq_schedule {
    double from, to;
    double begin, end;
} dq_schedule;

/** The value at a step. The order of its operations must not change: the last bits of every run
 *  depend on it. */
static inline double dq_schedule_at(const dq_schedule *s, int64_t step)
{
    if ((double)step <= s->begin || s->end <= s->begin)
        return s->from;
    double done = ((double)step - s->begin) / (s->end - s->begin);
    return s->from + (done < 1 ? done : 1) * (s->to - s->from);
}

#endif
