/** The inputs of an embedding of levels (dq_level_cosines()), one after the other, inline, for the
 *  CPU and the GPU. */
#ifndef DEEPQ_NN_COSINES_H
#define DEEPQ_NN_COSINES_H

#include <math.h>

#include "base/everywhere.h"

/** cos(pi level). */
DQ_EVERYWHERE double dq_first_cosine(float level)
{
    return cos(3.14159265358979323846 * (double)level);
}

/** cos(pi (i + 1) level) from that of i and of i - 1; the cosine for i = 0 is 1. */
DQ_EVERYWHERE double dq_next_cosine(double first, double at, double before)
{
    return 2.0 * first * at - before;
}

#endif
