#include "learn/target_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/net_internal.h"
#include "nn/objective.h"

/** Slots for which there is a bonus. */
static size_t n_bonuses(const dq_target_cache *c)
{
    return c->objective.munchausen.tau > 0.0f ? c->n_slots : 0;
}

dq_status dq_target_cache_init(dq_target_cache *c, const dq_net *net, const dq_objective *objective,
                               size_t n_slots, int batch, bool is_double)
{
    size_t n = (size_t)batch, atoms = (size_t)objective->n_atoms;
    size_t n_outputs = (size_t)objective->n_actions * atoms;
    *c = (dq_target_cache){.n_slots = n_slots,
                           .batch = batch,
                           .objective = *objective,
                           .is_double = is_double,
                           .n_outputs = n_outputs,
                           .n_values = is_double ? n_outputs : atoms,
                           .obs_bytes = dq_net_obs_bytes(net)};
    c->keeps = n_slots <= DQ_TARGET_CACHE_BYTES / sizeof(*c->value) / c->n_values;
    c->value = calloc(c->keeps ? n_slots : n, c->n_values * sizeof(*c->value));
    c->known = calloc(n_slots, sizeof(*c->known));
    c->obs = malloc(n * c->obs_bytes);
    c->y = calloc(n, n_outputs * sizeof(*c->y));
    c->next = calloc(atoms, sizeof(*c->next));
    c->bonus = calloc(n_bonuses(c) + 1, sizeof(*c->bonus));
    c->bonus_known = calloc(n_bonuses(c) + 1, sizeof(*c->bonus_known));
    c->unknown = calloc(n, sizeof(*c->unknown));
    c->level = calloc(n, atoms * sizeof(*c->level));
    c->q = calloc(n, (size_t)objective->n_actions * sizeof(*c->q));
    if (c->value && c->known && c->obs && c->y && c->next && c->bonus && c->bonus_known &&
        c->unknown && c->level && c->q)
        return DQ_OK;
    dq_target_cache_free(c);
    return dq_fail(DQ_ERR_NOMEM, "no memory for the target values of %zu states", n_slots);
}

void dq_target_cache_free(dq_target_cache *c)
{
    free(c->value);
    free(c->known);
    free(c->obs);
    free(c->y);
    free(c->next);
    free(c->bonus);
    free(c->bonus_known);
    free(c->unknown);
    free(c->level);
    free(c->q);
    *c = (dq_target_cache){0};
}

void dq_target_cache_forget_all(dq_target_cache *c)
{
    memset(c->known, 0, c->n_slots);
    memset(c->bonus_known, 0, n_bonuses(c));
}

void dq_target_cache_forget(dq_target_cache *c, size_t slot)
{
    c->known[slot] = 0;
    if (n_bonuses(c) > 0)
        c->bonus_known[slot] = 0;
}

void dq_target_cache_augment(dq_target_cache *c, dq_augmentation *augmentation)
{
    c->augmentation = augmentation;
    c->keeps = false;
}

void dq_target_cache_draw_noise(dq_target_cache *c, dq_rng *noise)
{
    c->noise = noise;
    c->keeps = false;
}

void dq_target_cache_draw_levels(dq_target_cache *c, dq_rng *levels)
{
    c->levels = levels;
    c->keeps = false;
}

void dq_draw_levels(dq_rng *levels, size_t n, float *level)
{
    for (size_t i = 0; i < n; i++)
        level[i] = (float)dq_rng_unit(levels);
}

/** Of the levels drawn for a batch, those of transition i become number n. */
static void take_levels(dq_target_cache *c, int i, int n)
{
    size_t atoms = (size_t)c->objective.n_atoms;
    memmove(c->level + (size_t)n * atoms, c->level + (size_t)i * atoms, atoms * sizeof(*c->level));
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

/** What is kept for transition i of a batch. */
static float *value_of(const dq_target_cache *c, const dq_transition *batch, int i)
{
    return c->value + (c->keeps ? batch[i].slot : (size_t)i) * c->n_values;
}

/** Values of n states by the target network, with IQN at levels of their own, else from what it
 *  said of them. */
static void value_states(dq_target_cache *c, dq_net *net, int n)
{
    size_t n_actions = (size_t)c->objective.n_actions;
    if (c->levels)
        dq_net_target_q(net, c->obs, n, c->q);
    for (size_t j = 0; !c->levels && j < (size_t)n; j++)
        dq_objective_values(&c->objective, c->y + j * c->n_outputs, c->q + j * n_actions);
}

/** What the target network says of n next states. */
static void ask_target(dq_target_cache *c, dq_net *net, int n)
{
    if (c->levels)
        dq_net_set_levels(net, c->level);
    dq_net_target_outputs(net, c->obs, n, c->y);
    dq_net_set_levels(net, NULL);
    if (!c->is_double)
        value_states(c, net, n);
}

static void learn_unknown(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                          const dq_transition *batch)
{
    int n = 0;
    if (c->levels)
        dq_draw_levels(c->levels, (size_t)c->batch * (size_t)c->objective.n_atoms, c->level);
    for (int i = 0; i < c->batch; i++) {
        if (batch[i].terminated || (c->keeps && c->known[batch[i].slot]))
            continue;
        take_next_state(c, replay, batch, i, n);
        take_levels(c, i, n);
        c->unknown[n++] = i;
    }
    if (n == 0)
        return;
    ask_target(c, net, n);
    for (int j = 0; j < n; j++) {
        const float *y = c->y + (size_t)j * c->n_outputs;
        const float *q = c->q + (size_t)j * (size_t)c->objective.n_actions;
        float *value = value_of(c, batch, c->unknown[j]);
        size_t atoms = (size_t)c->objective.n_atoms;
        if (c->is_double)
            memcpy(value, y, c->n_outputs * sizeof(*y));
        else if (c->objective.munchausen.tau > 0.0f)
            dq_objective_soft_next(&c->objective, q, y, value);
        else
            dq_objective_distribution(
                &c->objective, y + (size_t)dq_argmax(q, c->objective.n_actions) * atoms, value);
        c->known[batch[c->unknown[j]].slot] = 1;
    }
}

/** What Munchausen DQN adds to the rewards of a batch, of those that are not known. */
static void learn_bonuses(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                          const dq_transition *batch)
{
    int n = 0;
    for (int i = 0; i < c->batch; i++) {
        if (!c->noise && c->bonus_known[batch[i].slot])
            continue;
        dq_replay_state(replay, batch[i].slot, c->obs + (size_t)n * c->obs_bytes);
        c->unknown[n++] = i;
    }
    if (n > 0)
        dq_net_target_q(net, c->obs, n, c->q);
    for (int j = 0; j < n; j++) {
        const dq_transition *t = &batch[c->unknown[j]];
        const float *q = c->q + (size_t)j * (size_t)c->objective.n_actions;
        c->bonus[t->slot] = dq_objective_bonus(&c->objective, q, t->action);
        c->bonus_known[t->slot] = 1;
    }
}

/** Values of the next states by the online network, to c->q, in the order of the transitions that
 *  have one. */
static void ask_online(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                       const dq_transition *batch)
{
    int n = 0;
    if (c->noise)
        dq_net_draw_noise(net, &net->online, c->noise);
    for (int i = 0; i < c->batch; i++)
        if (!batch[i].terminated)
            take_next_state(c, replay, batch, i, n++);
    if (n > 0)
        dq_net_q(net, c->obs, n, c->q);
}

/** The distribution of a next state and its action.
 *  @param kept what value_of() says of it
 *  @param online [n_actions] values by the online network, in Double DQN */
static const float *next_of(dq_target_cache *c, const float *kept, const float *online)
{
    if (!c->is_double)
        return kept;
    size_t a = (size_t)dq_argmax(online, c->objective.n_actions);
    dq_objective_distribution(&c->objective, kept + a * (size_t)c->objective.n_atoms, c->next);
    return c->next;
}

void dq_target_cache_targets(dq_target_cache *c, dq_net *net, const dq_replay *replay,
                             const dq_transition *batch, float *target)
{
    const float *online = c->q;  // of the next transition that has a next state
    if (c->augmentation)
        dq_net_set_gain(net, c->augmentation->gain);
    bool has_bonus = n_bonuses(c) > 0;
    if (c->noise)
        dq_net_draw_noise(net, &net->target, c->noise);
    learn_unknown(c, net, replay, batch);
    if (has_bonus)
        learn_bonuses(c, net, replay, batch);
    if (c->is_double)
        ask_online(c, net, replay, batch);
    dq_net_set_gain(net, NULL);
    for (int i = 0; i < c->batch; i++) {
        const float *next = c->next;  // not read when the episode terminated
        if (!batch[i].terminated) {
            next = next_of(c, value_of(c, batch, i), online);
            online += c->objective.n_actions;
        }
        float reward = batch[i].reward + (has_bonus ? c->bonus[batch[i].slot] : 0.0f);
        dq_objective_targets(&c->objective, reward, batch[i].discount, next,
                             target + (size_t)i * (size_t)c->objective.n_atoms);
    }
}
