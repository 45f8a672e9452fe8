#include "agent/target_memory.h"

#include <stdlib.h>
#include <string.h>

#include "agent/argmax.h"
#include "base/error.h"

static dq_status init(dq_target_memory *m, const dq_target_memory *what)
{
    *m = *what;
    size_t n_slots = m->n_slots, n = (size_t)m->batch, n_values = (size_t)m->n_values;
    m->value = calloc(n_slots, n_values * sizeof(*m->value));
    m->known = calloc(n_slots, sizeof(*m->known));
    m->obs = malloc(n * DQ_NET_OBS_BYTES);
    m->q = calloc(n, n_values * sizeof(*m->q));
    m->unknown = calloc(n, sizeof(*m->unknown));
    if (m->value && m->known && m->obs && m->q && m->unknown)
        return DQ_OK;
    dq_target_memory_free(m);
    return dq_fail(DQ_ERR_NOMEM, "no memory for the target values of %zu states", n_slots);
}

dq_status dq_target_memory_init(dq_target_memory *m, size_t n_slots, int batch)
{
    return init(m, &(dq_target_memory){.n_slots = n_slots, .batch = batch, .n_values = 1});
}

dq_status dq_target_memory_init_double(dq_target_memory *m, size_t n_slots, int batch,
                                       int n_actions)
{
    return init(m,
                &(dq_target_memory){
                    .n_slots = n_slots, .batch = batch, .n_values = n_actions, .is_double = true});
}

void dq_target_memory_free(dq_target_memory *m)
{
    free(m->value);
    free(m->known);
    free(m->obs);
    free(m->q);
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
    if (m->is_double)
        dq_net_target_q(net, m->obs, n, m->q);
    else
        dq_net_target_max(net, m->obs, n, m->q);
    size_t n_values = (size_t)m->n_values;
    for (int i = 0; i < n; i++) {
        memcpy(m->value + m->unknown[i] * n_values, m->q + (size_t)i * n_values,
               n_values * sizeof(*m->value));
        m->known[m->unknown[i]] = 1;
    }
}

/** Values of the next states by the online net, to m->q, in the order of the transitions that have
 *  one. */
static void ask_online(dq_target_memory *m, dq_net *net, const dq_replay *replay,
                       const dq_transition *batch)
{
    int n = 0;
    for (int i = 0; i < m->batch; i++)
        if (!batch[i].done)
            dq_replay_next_state(replay, batch[i].slot, m->obs + (size_t)n++ * DQ_NET_OBS_BYTES);
    if (n > 0)
        dq_net_q(net, m->obs, n, m->q);
}

void dq_target_memory_targets(dq_target_memory *m, dq_net *net, const dq_replay *replay,
                              const dq_transition *batch, double gamma, float *target)
{
    const float *online = m->q;  // of the next transition that has a next state
    learn_unknown(m, net, replay, batch);
    if (m->is_double)
        ask_online(m, net, replay, batch);
    for (int i = 0; i < m->batch; i++) {
        float next = 0.0f;
        if (!batch[i].done) {
            int chosen = m->is_double ? dq_argmax(online, m->n_values) : 0;
            next = m->value[batch[i].slot * (size_t)m->n_values + (size_t)chosen];
            online += m->n_values;
        }
        target[i] = next * (float)gamma + batch[i].reward;
    }
}
