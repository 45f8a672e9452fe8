/** The greedy action. */
#ifndef DEEPQ_AGENT_ARGMAX_H
#define DEEPQ_AGENT_ARGMAX_H

/** The first of the largest of n action values: ties go to the lowest action, as in NumPy. */
static inline int dq_argmax(const float *q, int n)
{
    int best = 0;
    for (int a = 1; a < n; a++)
        if (q[a] > q[best])
            best = a;
    return best;
}

#endif
