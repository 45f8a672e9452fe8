/** The arithmetic of prioritized replay, inline: for the processor and the GPU (Schaul et al.
 * 2016).
 *
 *  A binary tree in an array: the root is node 1, the children of node i are 2i and 2i + 1, and the
 *  leaves are the slots' priorities. A node is always the sum of its children as they are now,
 * never changed by a difference: so no rounding gathers, and the leaves alone say all. */
#ifndef DEEPQ_REPLAY_PRIORITY_TREE_H
#define DEEPQ_REPLAY_PRIORITY_TREE_H

#include <math.h>
#include <stddef.h>

#include "base/everywhere.h"

/** Leaves of a tree for n_slots slots: a power of two. */
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

/** The slot at which the sum of the priorities up to it passes `at`; one that can be drawn. */
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

/** The place in the tree of draw i of n, one from each of n parts of equal weight.
 *  @param unit uniform in [0, 1) */
DQ_EVERYWHERE double dq_tree_place(size_t i, size_t n, double unit, double total)
{
    return ((double)i + unit) / (double)n * total;
}

/** The priority of a transition with this temporal-difference error.
 *  @param highest given so far: for an error that is infinite or no number, since a sum with it in
 *  would draw nothing else, or nothing at all */
DQ_EVERYWHERE double dq_tree_priority(float error, double alpha, double highest)
{
    const double never_zero = 1e-3;
    double priority = pow(fabs((double)error) + never_zero, alpha);
    return priority <= 1.7976931348623157e308 ? priority : highest;  // false for no number, too
}

/** A sample's weight in the loss. @param least priority of its batch */
DQ_EVERYWHERE float dq_tree_weight(double least, double priority, double beta)
{
    return (float)pow(least / priority, beta);
}

#endif
