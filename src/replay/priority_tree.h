/** The sum tree of prioritized replay, inline, for the CPU and the GPU (Schaul et al. 2016).
 *
 *  It is a binary tree in an array: the root is node 1, the children of node i are 2i and 2i + 1,
 *  the leaves are the priorities of the slots. A node is always recomputed as the sum of its
 *  children and never changed by a difference. So rounding errors do not accumulate, and the leaves
 *  determine the tree. */
#ifndef DEEPQ_REPLAY_PRIORITY_TREE_H
#define DEEPQ_REPLAY_PRIORITY_TREE_H

#include <math.h>
#include <stddef.h>

#include "base/everywhere.h"
#include "deepq/priorities.h"

/** The number of leaves of a tree for n_slots slots, a power of two. */
DQ_EVERYWHERE size_t dq_tree_leaves(size_t n_slots)
{
    size_t n = 1;
    while (n < n_slots)
        n *= 2;
    return n;
}

/** Make node i the sum of its children. */
DQ_EVERYWHERE void dq_tree_sum(double *node, size_t i)
{
    node[i] = node[2 * i] + node[2 * i + 1];
}

/** The first slot where the sum of the priorities up to and including it is above `at`. It is
 *  always one that can be drawn. */
DQ_EVERYWHERE size_t dq_tree_find(const double *node, size_t n_leaves, double at)
{
    size_t i = 1;
    while (i < n_leaves) {
        double left = node[2 * i];
        int goes_left = at < left || node[2 * i + 1] <= 0;  // rounding may have passed the end
        at -= goes_left ? 0 : left;
        i = 2 * i + !goes_left;
    }
    return i - n_leaves;
}

/** The sum that draw i of n looks for: the i-th of n equal parts of `total`, and in it the share
 *  `unit`.
 *  @param unit uniform in [0, 1) */
DQ_EVERYWHERE double dq_tree_place(size_t i, size_t n, double unit, double total)
{
    return ((double)i + unit) / (double)n * total;
}

/** The priority of a transition.
 *  @param error its temporal-difference error, or by DQ_PRIORITY_DOPAMINE its loss
 *  @param highest priority given so far, which an error that is not finite gives too: it would make
 *         the sums useless */
DQ_EVERYWHERE double dq_tree_priority(dq_priority_rule rule, float error, double alpha,
                                      double highest)
{
    double never_zero = rule == DQ_PRIORITY_DOPAMINE ? 1e-10 : 1e-3;
    double priority = pow(fabs((double)error) + never_zero, alpha);
    return priority <= 1.7976931348623157e308 ? priority : highest;  // false for no number, too
}

/** What is added to priorities before weights follow from them.
 *  @param total sum of all priorities */
DQ_EVERYWHERE double dq_tree_more(dq_priority_rule rule, double total)
{
    return rule == DQ_PRIORITY_DOPAMINE ? 1e-10 * total : 0;
}

/** The importance-sampling weight of a transition.
 *  @param least lowest priority of the batch */
DQ_EVERYWHERE float dq_tree_weight(double least, double priority, double beta)
{
    return (float)pow(least / priority, beta);
}

#endif
