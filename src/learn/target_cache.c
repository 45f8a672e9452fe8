#include "learn/target_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/net_internal.h"
#include "nn/objective.h"

dq_status dq_target_cache_init(dq_target_cache *c, const dq_net *net, size_t n_slots, int batch,
                               bool is_double)
{
    size_t n = (size_t)batch;
    int n_actions = dq_net_actions(net);
    *c = (dq_target_cache){.n_slots = n_slots,
                           .batch = batch,
                           .n_actions = n_actions,
                           .is_double = is_double,
                           .n_values = is_double ? n_actions : 1,
                           .obs_bytes = dq_net_obs_bytes(net)};
    c->value = calloc(n_slots, (size_t)c->n_values * sizeof(*c->value));
    c->known = calloc(n_slots, sizeof(*c->known));
    c->obs = malloc(n * c->obs_bytes);
    c->q = calloc(n, (size_t)c->n_values * sizeof(*c->q));
    c->unknown = calloc(n, sizeof(*c->unknown));
    if (c->value && c->known && c->obs && c->q && c->unknown)
        return DQ_OK;
    dq_target_cache_free(c);
    return dq_fail(DQ_ERR_NOMEM, "no memory for the target values of %zu states", n_slots);
}

void dq_target_cache_free(dq_target_cache *c)
{
    free(c->value);
    free(c->known);
    free(c->obs);
    free(c->q);
    free(c->unknown);
    *c = (dq_target_cache){0};
}

void dq_target_cache_forget_all(dq_target_cache *c)
{
    memset(c->known, 0, c->n_slots);
}

void dq_target_cache_forget(dq_target_cache *c, size_t slot)
{
    if (!c->augmentation)
        c->known[slot] = 0;
}

/** Where the value of transition i of a batch is. */
static size_t place_of(const dq_target_cache *c, const dq_transition *batch, int i)
{
    return c->augmentation ? (size_t)i : batch[i].slot;
}

/** Make the next state of transition i number n of the states to evaluate. */
static void take_next_state(dq_target_cache *c, const dq_replay *replay, const dq_transition *batch,
                            int i, int n)
{
    uint8_t *obs = c->obs + (size_t)n * c->obs_bytes;
    dq_replay_next_state(replay, batch[i].slot, obs);
    if (c->augmentation)
        dq_augmentation_apply(c->augmentation, &c->augmentation->next[i], n, obs);
}

static float *value_of(const dq_target_cache *c, size_t slot)
{
    return c->value + slot * (size_t)c->n_values;
}

static void learn_unknown(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                          const dq_transition *batch)
{
    int n = 0;
    for (int i = 0; i < c->batch; i++) {
        size_t place = place_of(c, batch, i);
        if (batch[i].terminated || c->known[place])
            continue;
        take_next_state(c, replay, batch, i, n);
        c->unknown[n++] = place;
    }
    if (n == 0)
        return;
    if (c->is_double)
        dq_net_target_q(net, c->obs, n, c->q);
    else
        dq_net_target_max(net, c->obs, n, c->q);
    size_t n_values = (size_t)c->n_values;
    for (int i = 0; i < n; i++) {
        memcpy(value_of(c, c->unknown[i]), c->q + (size_t)i * n_values,
               n_values * sizeof(*c->value));
        c->known[c->unknown[i]] = 1;
    }
}

/** Action values of the next states by the online network, to c->q, in the order of the transitions
 *  that have one. */
static void ask_online(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                       const dq_transition *batch)
{
    int n = 0;
    for (int i = 0; i < c->batch; i++)
        if (!batch[i].terminated)
            take_next_state(c, replay, batch, i, n++);
    if (n > 0)
        dq_net_q(net, c->obs, n, c->q);
}

void dq_target_cache_targets(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                             const dq_transition *batch, float *target)
{
    const float *online = c->q;  // of the next transition that has a next state
    if (c->augmentation) {
        dq_target_cache_forget_all(c);
        dq_net_set_gain(net, c->augmentation->gain);
    }
    learn_unknown(c, net, replay, batch);
    if (c->is_double)
        ask_online(c, net, replay, batch);
    dq_net_set_gain(net, NULL);
    for (int i = 0; i < c->batch; i++) {
        float next = 0.0f;
        const float *kept = value_of(c, place_of(c, batch, i));
        if (!batch[i].terminated) {
            next = c->is_double ? dq_objective_next_value(kept, online, c->n_actions) : *kept;
            online += c->n_values;
        }
        target[i] = dq_objective_target(batch[i].reward, batch[i].discount, next);
    }
}
