#include "tabular/counted_model.h"

#include <stdlib.h>

#include "base/error.h"

enum { MAX_OUTCOMES = 1 << 25 };

struct dq_counted_outcome {
    double reward;  // last seen
    uint32_t count, link;
    int32_t to;
    bool terminated;
};

dq_status dq_counted_model_create(dq_counted_model *m, int n_states, int n_actions,
                                  const dq_world *world)
{
    size_t n_rows = (size_t)n_states * (size_t)n_actions;
    *m = (dq_counted_model){.n_states = n_states, .n_actions = n_actions, .n = 1};
    if (!world && n_rows > MAX_OUTCOMES / (size_t)n_states)
        return dq_fail(DQ_ERR_CONFIG,
                       "%d states and %d actions are too many to count transitions: use Q-learning",
                       n_states, n_actions);
    m->cap = 1 + (world ? world->n : n_rows * (size_t)n_states);
    m->outcomes = calloc(m->cap, sizeof(*m->outcomes));  // pages come as they are used
    m->head = calloc(n_rows, sizeof(*m->head));
    m->tail = calloc(n_rows, sizeof(*m->tail));
    m->total = calloc(n_rows, sizeof(*m->total));
    if (m->outcomes && m->head && m->tail && m->total)
        return DQ_OK;
    dq_counted_model_free(m);
    return dq_fail(DQ_ERR_NOMEM, "no memory to count transitions of %d states", n_states);
}

void dq_counted_model_free(dq_counted_model *m)
{
    free(m->outcomes);
    free(m->head);
    free(m->tail);
    free(m->total);
    *m = (dq_counted_model){0};
}

void dq_counted_model_add(dq_counted_model *m, const dq_walk_step *step)
{
    size_t row = (size_t)step->from * (size_t)m->n_actions + (size_t)step->action;
    uint32_t i = m->head[row];
    while (i && m->outcomes[i].to != step->to)
        i = m->outcomes[i].link;
    if (!i) {
        i = (uint32_t)m->n++;
        m->outcomes[i].to = step->to;
        if (m->head[row])
            m->outcomes[m->tail[row]].link = i;
        else
            m->head[row] = i;
        m->tail[row] = i;
    }
    dq_counted_outcome *o = &m->outcomes[i];
    o->reward = step->reward;
    o->terminated = step->terminated;
    o->count++;
    m->total[row]++;
}

double dq_counted_model_value(const dq_counted_model *m, int state, int action, double gamma,
                              const double *values)
{
    size_t row = (size_t)state * (size_t)m->n_actions + (size_t)action;
    double sum = 0, total = m->total[row];
    for (uint32_t i = m->head[row]; i; i = m->outcomes[i].link) {
        const dq_counted_outcome *o = &m->outcomes[i];
        // In the book's world a final state's value is 0 as nothing ever follows it.
        double future = o->terminated ? 0 : gamma * values[o->to];
        sum += (o->count / total) * (o->reward + future);
    }
    return sum;
}
