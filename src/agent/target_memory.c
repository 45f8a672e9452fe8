#include "agent/target_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

dq_status dq_target_memory_init(dq_target_memory *m, size_t n_slots, int batch)
{
    size_t n = (size_t)batch;
    *m = (dq_target_memory){.n_slots = n_slots, .batch = batch};
    m->value = calloc(n_slots, sizeof(*m->value));
    m->known = calloc(n_slots, sizeof(*m->known));
    m->obs = malloc(n * DQ_NET_OBS_BYTES);
    m->max_q = calloc(n, sizeof(*m->max_q));
    m->unknown = calloc(n, sizeof(*m->unknown));
    if (m->value && m->known && m->obs && m->max_q && m->unknown)
        return DQ_OK;
    dq_target_memory_free(m);
    return dq_fail(DQ_ERR_NOMEM, "no memory for the target values of %zu states", n_slots);
}

void dq_target_memory_free(dq_target_memory *m)
{
    free(m->value);
    free(m->known);
    free(m->obs);
    free(m->max_q);
    free(m->unknown);
    *m = (dq_target_memory){0};
}

void dq_target_memory_forget_all(dq_target_memory *m)
{
    memset(m->known, 0, m->n_slots);
}

void dq_target_memory_forget(dq_target_memory *m, size_t slot)
{
    m->known[slot] = 0;
}

static void learn_unknown(dq_target_memory *m, dq_net *net, const dq_replay *replay,
                          const dq_transition *batch)
{
    int n = 0;
    for (int i = 0; i < m->batch; i++) {
        size_t slot = batch[i].slot;
        if (batch[i].done || m->known[slot])
            continue;
        dq_replay_next_state(replay, slot, m->obs + (size_t)n * DQ_NET_OBS_BYTES);
        m->unknown[n++] = slot;
    }
    if (n == 0)
        return;
    dq_net_target_max(net, m->obs, n, m->max_q);
    for (int i = 0; i < n; i++) {
        m->value[m->unknown[i]] = m->max_q[i];
        m->known[m->unknown[i]] = 1;
    }
}

void dq_target_memory_targets(dq_target_memory *m, dq_net *net, const dq_replay *replay,
                              const dq_transition *batch, double gamma, float *target)
{
    learn_unknown(m, net, replay, batch);
    for (int i = 0; i < m->batch; i++) {
        float next = batch[i].done ? 0.0f : m->value[batch[i].slot];
        target[i] = next * (float)gamma + batch[i].reward;
    }
}
