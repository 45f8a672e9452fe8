/** The greedy action. */
#ifndef DEEPQ_NN_ARGMAX_H
#define DEEPQ_NN_ARGMAX_H

#include "base/everywhere.h"

/** The first of the largest of n action values: ties go to the lowest action, as in NumPy. */
DQ_EVERYWHERE int dq_argmax(const float *q, int n)
{
    int best = 0;
    for (int a = 1; a < n; a++)
        if (q[a] > q[best])
            best = a;
    return best;
}

#endif
