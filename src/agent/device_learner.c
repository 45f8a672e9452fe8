#include "agent/device_learner.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

dq_status dq_device_learner_init(dq_device_learner *l, dq_net *net, const dq_replay *replay,
                                 int batch)
{
    *l = (dq_device_learner){.batch = batch, .replay = replay};
    if (!dq_net_is_on_device(net))
        return DQ_OK;
    l->n_lanes = dq_device_states(net);
    l->transitions = calloc((size_t)batch, sizeof(*l->transitions));
    l->states = calloc((size_t)l->n_lanes * DQ_NET_STACK, sizeof(*l->states));
    if (!l->transitions || !l->states)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch of %d", batch);
    l->net = net;
    return dq_device_create_replay(net, dq_replay_slots(replay));
}

void dq_device_learner_free(dq_device_learner *l)
{
    free(l->transitions);
    free(l->states);
    *l = (dq_device_learner){0};
}

/** A transition as the device has it; where it ends its episode, the next state is black. */
static dq_device_sample sample_of(const dq_replay *r, size_t slot)
{
    dq_transition t = dq_replay_transition(r, slot);
    dq_device_sample s = {
        .next = {-1, -1, -1, -1}, .action = t.action, .reward = t.reward, .done = t.done};
    dq_replay_frames(r, slot, s.state);
    if (!t.done)
        dq_replay_next_frames(r, slot, s.next);
    return s;
}

void dq_device_learner_added(dq_device_learner *l)
{
    dq_replay_range range = dq_replay_drawable(l->replay, false);
    if (range.n == 0)
        return;
    dq_device_sample sample = sample_of(l->replay, range.newest);
    dq_device_put_sample(l->net, range.newest, &sample);
}

void dq_device_learner_remember_lane(dq_device_learner *l, int lane)
{
    size_t slot = dq_replay_current_of(l->replay, lane), bytes = (size_t)DQ_NET_SIDE * DQ_NET_SIDE;
    dq_device_put_frame(l->net, slot, dq_replay_all_frames(l->replay) + slot * bytes);
}

void dq_device_learner_remember(dq_device_learner *l)
{
    dq_device_learner_remember_lane(l, 0);
}

/** Slots first .. last-1 are transitions. */
static void load_samples(dq_device_learner *l, size_t first, size_t last)
{
    enum { AT_ONCE = 256 };
    dq_device_sample samples[AT_ONCE];
    for (size_t at = first; at < last; at += AT_ONCE) {
        size_t n = last - at < AT_ONCE ? last - at : AT_ONCE;
        for (size_t i = 0; i < n; i++)
            samples[i] = sample_of(l->replay, at + i);
        dq_device_load(l->net, at, n, NULL, samples);
    }
}

dq_status dq_device_learner_load(dq_device_learner *l)
{
    size_t n_slots = dq_replay_slots(l->replay);
    dq_replay_range range = dq_replay_drawable(l->replay, false);
    l->begun = false;
    dq_device_load(l->net, 0, n_slots, dq_replay_all_frames(l->replay), NULL);
    if (range.n > range.newest + 1)  // the ring has gone around
        load_samples(l, n_slots + range.newest + 1 - range.n, n_slots);
    load_samples(l, range.n > range.newest ? 0 : range.newest + 1 - range.n,
                 range.n > 0 ? range.newest + 1 : 0);
    return dq_net_status(l->net);
}

static dq_device_draw draw_of(const dq_device_learner *l, const dq_rng *rng, bool ahead)
{
    dq_replay_range range = dq_replay_drawable(l->replay, ahead);
    dq_device_draw d = {.n_slots = (uint32_t)dq_replay_slots(l->replay),
                        .newest = (uint32_t)range.newest,
                        .n_drawable = (uint32_t)range.n};
    memcpy(d.rng, rng->s, sizeof(d.rng));
    return d;
}

void dq_device_learner_turn(dq_device_learner *l, bool asks, dq_rng *rng, float gamma)
{
    dq_device_learning learning = {.gamma = gamma};
    for (int i = 0; asks && i < l->n_lanes; i++)
        dq_replay_frames(l->replay, dq_replay_current_of(l->replay, i),
                         l->states + (size_t)i * DQ_NET_STACK);
    if (rng) {
        l->before = *rng;
        learning.draw = draw_of(l, rng, true);
        l->begun = dq_replay_sample_ahead(l->replay, (size_t)l->batch, rng, l->transitions);
        if (!l->begun)
            *rng = l->before;
    }
    if (asks || l->begun)
        dq_device_take_turn(l->net, asks ? l->states : NULL, l->begun ? &learning : NULL);
}

void dq_device_learner_values(dq_device_learner *l, float *q)
{
    dq_device_values(l->net, q);
}

void dq_device_learner_act(dq_device_learner *l, float *q)
{
    dq_device_learner_turn(l, true, NULL, 0.0f);
    dq_device_learner_values(l, q);
}

void dq_device_learner_cancel(dq_device_learner *l, dq_rng *rng)
{
    if (l->begun)
        *rng = l->before;
    l->begun = false;
}

dq_status dq_device_learner_learn(dq_device_learner *l, dq_rng *rng, float gamma, bool sync)
{
    if (l->begun) {
        dq_device_finish(l->net);
    } else {
        dq_device_learning learning = {
            .draw = draw_of(l, rng, false), .gamma = gamma, .sync = sync, .whole = true};
        DQ_TRY(dq_replay_sample(l->replay, (size_t)l->batch, rng, l->transitions));
        dq_device_take_turn(l->net, NULL, &learning);
    }
    l->begun = false;
    return dq_net_status(l->net);
}

float dq_device_learner_loss(dq_device_learner *l)
{
    return l->begun ? dq_device_loss_before(l->net) : dq_device_loss(l->net);
}
