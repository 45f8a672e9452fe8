#include "deepq/priorities.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/stream_internal.h"
#include "replay/priority_tree.h"

struct dq_priorities {
    size_t n_slots;
    size_t n_leaves;  // a power of two
    double alpha;
    dq_priority_rule rule;
    double highest;  // priority given so far
    double *node;    // [2 * n_leaves]
};

dq_status dq_priorities_create(dq_priorities **out, size_t n_slots, double alpha)
{
    assert(out && n_slots > 0 && alpha >= 0 && alpha <= 1);
    *out = NULL;
    dq_priorities *p = calloc(1, sizeof(*p));
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory for priorities");
    p->n_slots = n_slots;
    p->alpha = alpha;
    p->highest = 1;
    p->n_leaves = dq_tree_leaves(n_slots);
    p->node = calloc(2 * p->n_leaves, sizeof(*p->node));
    if (!p->node) {
        free(p);
        return dq_fail(DQ_ERR_NOMEM, "no memory for the priorities of %zu transitions", n_slots);
    }
    *out = p;
    return DQ_OK;
}

void dq_priorities_destroy(dq_priorities *p)
{
    if (!p)
        return;
    free(p->node);
    free(p);
}

void dq_priorities_set_rule(dq_priorities *p, dq_priority_rule rule)
{
    p->rule = rule;
}

static void set_priority(dq_priorities *p, size_t slot, double priority)
{
    size_t i = p->n_leaves + slot;
    p->node[i] = priority;
    for (i /= 2; i > 0; i /= 2)
        dq_tree_sum(p->node, i);
}

void dq_priorities_added(dq_priorities *p, const dq_replay *replay)
{
    dq_replay_range drawable = dq_replay_drawable(replay, false);
    if (drawable.n == 0)
        return;
    set_priority(p, (drawable.newest + p->n_slots - drawable.n) % p->n_slots, 0);
    set_priority(p, drawable.newest, p->highest);
}

dq_status dq_priorities_sample(const dq_priorities *p, const dq_replay *replay, size_t n,
                               double beta, dq_rng *rng, dq_transition *batch, float *weight)
{
    size_t stored = dq_replay_drawable(replay, false).n;
    if (n > stored)
        return dq_fail(DQ_ERR_EMPTY, "replay has %zu transitions to draw, %zu are needed", stored,
                       n);
    double total = p->node[1], least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        double at = dq_tree_place(i, n, dq_rng_unit(rng), total);
        batch[i] = dq_replay_transition(replay, dq_tree_find(p->node, p->n_leaves, at));
        least = fmin(least, p->node[p->n_leaves + batch[i].slot]);
    }
    double more = dq_tree_more(p->rule, total);
    for (size_t i = 0; i < n; i++)
        weight[i] = dq_tree_weight(least + more, p->node[p->n_leaves + batch[i].slot] + more, beta);
    return DQ_OK;
}

void dq_priorities_update(dq_priorities *p, const dq_transition *batch, size_t n,
                          const float *error)
{
    for (size_t i = 0; i < n; i++) {
        double priority = dq_tree_priority(p->rule, error[i], p->alpha, p->highest);
        p->highest = fmax(p->highest, priority);
        set_priority(p, batch[i].slot, priority);
    }
}

static void sum_all(dq_priorities *p)
{
    for (size_t i = p->n_leaves - 1; i > 0; i--)
        dq_tree_sum(p->node, i);
}

double dq_priorities_get(const dq_priorities *p, double *priority)
{
    memcpy(priority, p->node + p->n_leaves, p->n_slots * sizeof(*priority));
    return p->highest;
}

void dq_priorities_set(dq_priorities *p, const double *priority, double highest)
{
    memcpy(p->node + p->n_leaves, priority, p->n_slots * sizeof(*priority));
    p->highest = highest;
    sum_all(p);
}

/** Slots up to the last that has a priority: the others are still to be filled. */
static size_t n_used(const dq_priorities *p)
{
    size_t n = p->n_slots;
    while (n > 0 && p->node[p->n_leaves + n - 1] <= 0)
        n--;
    return n;
}

/* Version 1 had all slots; 2 says how many it has. */
dq_status dq_priorities_save(const dq_priorities *p, dq_writer *w)
{
    size_t n = n_used(p);
    dq_write_tag(w, "PRIO", 2);
    dq_write_u64(w, p->n_slots);
    dq_write_u64(w, n);
    dq_status st = dq_write_f64(w, p->highest);
    for (size_t i = 0; i < n; i++)
        st = dq_write_f64(w, p->node[p->n_leaves + i]);
    return st;
}

static dq_status load_leaves(dq_priorities *p, dq_reader *r, size_t n)
{
    for (size_t i = 0; i < p->n_slots; i++) {
        double *leaf = &p->node[p->n_leaves + i];
        *leaf = 0;
        if (i < n)
            DQ_TRY(dq_read_f64(r, leaf));
        if (!(*leaf >= 0 && *leaf <= p->highest && isfinite(p->highest)))
            return dq_fail(DQ_ERR_INPUT, "saved priorities: slot %zu has %g: must be 0 to %g", i,
                           *leaf, p->highest);
    }
    return DQ_OK;
}

dq_status dq_priorities_load(dq_priorities *p, dq_reader *r)
{
    uint64_t n_slots, n;
    uint32_t version;
    DQ_TRY(dq_read_tag_between(r, "PRIO", 1, 2, &version));
    DQ_TRY(dq_read_u64(r, &n_slots));
    n = n_slots;
    if (version > 1)
        dq_read_u64(r, &n);
    DQ_TRY(dq_read_f64(r, &p->highest));
    if (n_slots != p->n_slots)
        return dq_fail(DQ_ERR_INPUT, "saved priorities are of %llu transitions, this run has %zu",
                       (unsigned long long)n_slots, p->n_slots);
    if (n > n_slots)
        return dq_fail(DQ_ERR_INPUT, "saved priorities: more of them than transitions");
    DQ_TRY(load_leaves(p, r, (size_t)n));
    sum_all(p);
    return DQ_OK;
}

dq_status dq_priorities_fit(const dq_priorities *p, const dq_replay *replay)
{
    dq_replay_range drawable = dq_replay_drawable(replay, false);
    for (size_t i = 0; i < p->n_slots; i++) {
        size_t before_newest = (drawable.newest + p->n_slots - i) % p->n_slots;
        bool can_be_drawn = before_newest < drawable.n;
        if ((p->node[p->n_leaves + i] > 0) != can_be_drawn)
            return dq_fail(DQ_ERR_INPUT, "saved priorities: slot %zu has %s", i,
                           can_be_drawn ? "no priority" : "a priority but no transition");
    }
    return DQ_OK;
}
