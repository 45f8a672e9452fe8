#include "agent/device_learner.h"

#include <stdlib.h>

#include "base/error.h"

dq_status dq_device_learner_init(dq_device_learner *l, dq_net *net, const dq_replay *replay,
                                 int batch)
{
    *l = (dq_device_learner){.batch = batch, .replay = replay};
    if (!dq_net_is_on_device(net))
        return DQ_OK;
    l->transitions = calloc((size_t)batch, sizeof(*l->transitions));
    l->samples = calloc((size_t)batch, sizeof(*l->samples));
    if (!l->transitions || !l->samples) {
        dq_device_learner_free(l);
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch of %d", batch);
    }
    l->net = net;
    return dq_device_create_frames(net, dq_replay_slots(replay));
}

void dq_device_learner_free(dq_device_learner *l)
{
    free(l->transitions);
    free(l->samples);
    *l = (dq_device_learner){0};
}

void dq_device_learner_remember_lane(dq_device_learner *l, int lane)
{
    size_t slot = dq_replay_current_of(l->replay, lane), bytes = (size_t)DQ_NET_SIDE * DQ_NET_SIDE;
    dq_device_put_frames(l->net, slot, 1, dq_replay_all_frames(l->replay) + slot * bytes);
}

void dq_device_learner_remember(dq_device_learner *l)
{
    dq_device_learner_remember_lane(l, 0);
}

dq_status dq_device_learner_load(dq_device_learner *l)
{
    l->begun = false;
    dq_device_put_frames(l->net, 0, dq_replay_slots(l->replay), dq_replay_all_frames(l->replay));
    return dq_net_status(l->net);
}

void dq_device_learner_act(dq_device_learner *l, float *q)
{
    int32_t frames[DQ_NET_STACK];
    dq_replay_frames(l->replay, dq_replay_current(l->replay), frames);
    dq_device_act(l->net, frames, q);
}

static void begin(dq_device_learner *l, float gamma, bool sync)
{
    for (int i = 0; i < l->batch; i++) {
        const dq_transition *t = &l->transitions[i];
        dq_device_sample *s = &l->samples[i];
        s->action = t->action;
        s->reward = t->reward;
        s->done = t->done;
        dq_replay_frames(l->replay, t->slot, s->state);
        dq_replay_next_frames(l->replay, t->slot, s->next);
    }
    dq_device_begin(l->net, l->samples, gamma, sync);
}

void dq_device_learner_ahead(dq_device_learner *l, dq_rng *rng, float gamma)
{
    l->before = *rng;
    if (dq_replay_sample_ahead(l->replay, (size_t)l->batch, rng, l->transitions)) {
        begin(l, gamma, false);
        l->begun = true;
    } else {
        *rng = l->before;
    }
}

void dq_device_learner_cancel(dq_device_learner *l, dq_rng *rng)
{
    if (l->begun)
        *rng = l->before;
    l->begun = false;
}

dq_status dq_device_learner_learn(dq_device_learner *l, dq_rng *rng, float gamma, bool sync)
{
    if (!l->begun) {
        DQ_TRY(dq_replay_sample(l->replay, (size_t)l->batch, rng, l->transitions));
        begin(l, gamma, sync);
    }
    l->begun = false;
    dq_device_finish(l->net);
    return dq_net_status(l->net);
}

float dq_device_learner_loss(dq_device_learner *l)
{
    return l->begun ? dq_device_loss_before(l->net) : dq_device_loss(l->net);
}
