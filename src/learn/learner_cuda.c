/* The learner on a GPU. The replay's frames and transitions are copied there as they come, and
 * batches are drawn there.
 *
 * A step's batch is drawn, and its gradients are begun, while the environments are still at the
 * step before it whenever that changes nothing: the draw is the one that would be made later, and
 * the weights change in learn() alone. To know whether it changes anything, and where the random
 * stream is afterwards, the same slots are drawn here too. What is drawn by priority is known on
 * the GPU alone: nothing is begun ahead then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/augmentation.h"
#include "learn/device_noise.h"
#include "learn/gpu.h"
#include "learn/learner.h"
#include "learn/rollout.h"
#include "learn/target_cache.h"
#include "nn/layer_norm.h"
#include "nn/net_internal.h"

enum { FRAMES_AT_ONCE = 256 };

/** The random streams of an update. */
typedef struct update_streams {
    dq_rng sampling, augmenting, noise, levels;
} update_streams;

typedef struct cuda_learner {
    dq_learner base;
    const dq_device_ops *device;
    void *self;                  // the device's
    dq_status status;            // its first failure; from then on nothing is done
    char error[DQ_DEVICE_TEXT];  // and what it was
    bool newer;                  // the weights there are newer than base.net
    bool begun;                  // the learning step that comes
    update_streams before;       // as they were before that one was drawn
    bool has_kept_loss;          // the last finished update's loss is this, not what the device has
    double kept_loss;
    dq_augmentation augmentation;  // of the states of a batch, if they are augmented
    size_t n_noise;                // numbers that are drawn for one network; 0: it is not noisy
    float *noise;   // [4][n_noise] for values, then for an update as in dq_device_random
    float *levels;  // [2][batch][atoms] of IQN as in dq_device_random
    float *all_q;   // [n_lanes][n_actions] with a rollout
    dq_device_sample *samples;  // [batch] with a rollout
    int n_pending;
    int *lanes;        // [n_lanes] of the states whose values were requested
    int32_t *frames;   // [n_lanes][DQ_NET_STACK] of their states
    float *q;          // [n_lanes] rows of outputs, padded
    double *priority;  // [n_slots] on the way to a checkpoint, or NULL
    uint8_t *loading;  // [FRAMES_AT_ONCE][84][84] on the way to the device
} cuda_learner;

/** Do it unless the device has failed, and remember its first failure. */
#define ON_DEVICE(self, call)                                                                      \
    do {                                                                                           \
        if ((self)->status == DQ_OK)                                                               \
            (self)->status = (self)->device->call;                                                 \
    } while (0)

/* ---------------------------------------------------------------- the replay */

/** A transition as the device has it; where it terminated its episode, the next state is black. */
static dq_device_sample sample_of(const dq_replay *r, size_t slot)
{
    dq_transition t = dq_replay_transition(r, slot);
    dq_device_sample s = {
        .next = {-1, -1, -1, -1}, .action = t.action, .reward = t.reward, .discount = t.discount};
    dq_replay_frames(r, slot, s.state);
    if (!t.terminated)
        dq_replay_next_frames(r, slot, s.next);
    return s;
}

static void put_frame(cuda_learner *self, size_t number)
{
    const uint8_t *frame = dq_replay_frame(self->base.replay, number);
    ON_DEVICE(self, put_frame(self->self, number, frame, self->error));
}

static void began(dq_learner *l, int lane)
{
    put_frame((cuda_learner *)l, dq_replay_current_of(l->replay, lane));
}

/** The frame of a step, and the transition that it made drawable. */
static void added(dq_learner *l, const dq_experience *e, size_t slot)
{
    cuda_learner *self = (cuda_learner *)l;
    dq_replay_range range = dq_replay_drawable(l->replay, false);
    int32_t last = dq_replay_last_frame(l->replay, slot);
    if (last >= 0)
        put_frame(self, (size_t)last);
    else if (!e->terminated && !e->truncated)
        put_frame(self, dq_replay_current_of(l->replay, e->lane));
    if (range.n == 0)
        return;
    dq_device_sample sample = sample_of(l->replay, range.newest);
    size_t n_slots = dq_replay_slots(l->replay);
    size_t evicted = (range.newest + n_slots - range.n) % n_slots;
    ON_DEVICE(self, put_sample(self->self, range.newest, evicted, &sample, self->error));
}

/** Slots first .. last-1 are transitions. */
static void load_samples(cuda_learner *self, size_t first, size_t last)
{
    enum { AT_ONCE = 256 };
    dq_device_sample samples[AT_ONCE];
    for (size_t at = first; at < last; at += AT_ONCE) {
        size_t n = last - at < AT_ONCE ? last - at : AT_ONCE;
        for (size_t i = 0; i < n; i++)
            samples[i] = sample_of(self->base.replay, at + i);
        ON_DEVICE(self, load_samples(self->self, at, n, samples, self->error));
    }
}

static void load_frames(cuda_learner *self)
{
    const dq_replay *replay = self->base.replay;
    size_t n_frames = dq_replay_n_frames(replay), bytes = (size_t)DQ_NET_SIDE * DQ_NET_SIDE;
    for (size_t at = 0; at < n_frames; at += FRAMES_AT_ONCE) {
        size_t n = n_frames - at < FRAMES_AT_ONCE ? n_frames - at : FRAMES_AT_ONCE;
        for (size_t i = 0; i < n; i++)
            memcpy(self->loading + i * bytes, dq_replay_frame(replay, at + i), bytes);
        ON_DEVICE(self, load_frames(self->self, at, n, self->loading, self->error));
    }
}

static void send_replay(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    size_t n_slots = dq_replay_slots(l->replay);
    dq_replay_range range = dq_replay_drawable(l->replay, false);
    self->begun = false;
    if (l->rollout)
        dq_rollout_rewind(l->rollout);
    load_frames(self);
    if (range.n > range.newest + 1)  // the ring has gone around
        load_samples(self, n_slots + range.newest + 1 - range.n, n_slots);
    load_samples(self, range.n > range.newest ? 0 : range.newest + 1 - range.n,
                 range.n > 0 ? range.newest + 1 : 0);
    if (!l->priorities)
        return;
    double highest = dq_priorities_get(l->priorities, self->priority);
    ON_DEVICE(self, load_priorities(self->self, self->priority, highest, self->error));
}

static void fetch_priorities(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    double highest = 1;
    ON_DEVICE(self, read_priorities(self->self, self->priority, &highest, self->error));
    if (self->status == DQ_OK)
        dq_priorities_set(l->priorities, self->priority, highest);
}

/* ---------------------------------------------------------------- the network */

/** NULL: there is none, it is the online network. */
static float *target_of(const dq_learner *l)
{
    return l->rollout ? NULL : l->net->target.params;
}

static void fetch(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    float *const arrays[] = {l->net->online.params, target_of(l), l->net->m, l->net->v};
    if (!self->newer || self->status != DQ_OK)
        return;
    ON_DEVICE(self, get_params(self->self, arrays, self->error));
    if (self->status != DQ_OK)
        return;
    dq_net_params_changed(l->net);
    self->newer = false;
}

static void send(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    const float *const arrays[] = {l->net->online.params, target_of(l), l->net->m, l->net->v};
    ON_DEVICE(self, set_params(self->self, arrays, self->error));
    self->newer = false;
    if (l->rollout)
        dq_rollout_rewind(l->rollout);
}

static void sync_target(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    if (l->rollout) {
        dq_rollout_rewind(l->rollout);
        return;
    }
    ON_DEVICE(self, sync_target(self->self, self->error));
    self->newer = true;
}

/* ---------------------------------------------------------------- acting and learning */

static dq_device_draw draw_of(const dq_learner *l, double beta, bool ahead)
{
    dq_replay_range range = dq_replay_drawable(l->replay, ahead);
    dq_device_draw d = {.beta = beta,
                        .n_slots = (uint32_t)dq_replay_slots(l->replay),
                        .newest = (uint32_t)range.newest,
                        .n_drawable = (uint32_t)range.n};
    memcpy(d.rng, l->sampling.s, sizeof(d.rng));
    return d;
}

/** Draw noise of the online network for values. @return NULL: it has none */
static const float *draw_act_noise(cuda_learner *self)
{
    dq_learner *l = &self->base;
    if (self->n_noise > 0)
        dq_device_draw_noise(l->net, &l->net->online, &l->noise, self->noise);
    return self->noise;
}

/** Draw noise for an update, in the order of learner.h. */
static const float *draw_update_noise(cuda_learner *self)
{
    dq_learner *l = &self->base;
    dq_net *net = l->net;
    float *learns = self->noise + self->n_noise, *target = learns + self->n_noise;
    if (!l->rollout)
        dq_device_draw_noise(net, &net->target, &l->noise, target);
    if (l->cfg.double_dqn)
        dq_device_draw_noise(net, &net->online, &l->noise, target + self->n_noise);
    dq_device_draw_noise(net, &net->online, &l->noise, learns);
    return learns;
}

/** Levels of quantiles that an update draws. */
static size_t n_levels(const dq_learner *l)
{
    return 2 * (size_t)l->cfg.batch * (size_t)dq_net_atoms(l->net);
}

/** Draw what an update needs besides its batch. */
static dq_device_random draw_random(cuda_learner *self)
{
    dq_learner *l = &self->base;
    dq_device_random random = {0};
    if (self->n_noise > 0)
        random.noise = draw_update_noise(self);
    if (dq_learner_draws_levels(l)) {
        dq_draw_levels(&l->levels, n_levels(l), self->levels);
        random.levels = self->levels;
    }
    if (dq_learner_augments(l)) {
        dq_augmentation_draw(&self->augmentation, &l->augmenting);
        random.changes = self->augmentation.state;
    }
    return random;
}

/** @param noise for the values of `states`
 *  @param step NULL: learn nothing @param whole with the optimiser; else apply() is to come */
static void take_turn(cuda_learner *self, const int32_t *states, const float *noise,
                      const dq_learn_step *step, const dq_device_draw *draw, bool whole)
{
    dq_learner *l = &self->base;
    dq_device_turn turn = {.states = states, .noise = noise};
    dq_device_step device_step = {0};
    if (step) {
        dq_net_set_learning_rate(l->net, step->learning_rate);
        device_step.optimiser = dq_net_optimiser_step(l->net);
        device_step.sync_target = step->sync_target;
        turn.step = &device_step;
        turn.draw = draw;
        turn.random = draw_random(self);
        turn.whole = whole;
        l->net->n_updates += whole;
        self->newer = self->newer || step->sync_target || whole;
    }
    ON_DEVICE(self, turn(self->self, &turn, self->error));
}

static update_streams streams_of(const dq_learner *l)
{
    return (update_streams){l->sampling, l->augmenting, l->noise, l->levels};
}

/** Draw the batch of the step that comes, if it does not need what will be added.
 *  @param[out] draw as the device is to make it */
static void draw_ahead(cuda_learner *self, dq_device_draw *draw)
{
    dq_learner *l = &self->base;
    self->before = streams_of(l);
    *draw = draw_of(l, 0, true);
    self->begun = dq_replay_sample_ahead(l->replay, (size_t)l->cfg.batch, &l->sampling, l->drawn);
    if (!self->begun)
        l->sampling = self->before.sampling;
}

static void take_current_frames(cuda_learner *self)
{
    const dq_learner *l = &self->base;
    for (int i = 0; i < l->cfg.n_lanes; i++)
        dq_replay_frames(l->replay, dq_replay_current_of(l->replay, i),
                         self->frames + (size_t)i * DQ_NET_STACK);
}

/** The values of the last turn's states, in rows of outputs, padded. */
static void read_values(cuda_learner *self)
{
    const dq_learner *l = &self->base;
    memset(self->q, 0, (size_t)l->cfg.n_lanes * l->net->shape.out_pad * sizeof(*self->q));
    ON_DEVICE(self, values(self->self, self->q, self->error));
}

/** @param[out] q [n][n_actions] of the first states of the last turn */
static void take_values(cuda_learner *self, int n, float *q)
{
    size_t row = self->base.net->shape.out_pad, n_actions = (size_t)self->base.cfg.n_actions;
    read_values(self);
    for (size_t i = 0; i < (size_t)n; i++)
        memcpy(q + i * n_actions, self->q + i * row, n_actions * sizeof(*q));
}

/** With a rollout the values of all lanes are asked for, at random or not, and waited for: its
 *  returns need them. */
static void act_in_rollout(cuda_learner *self)
{
    dq_learner *l = &self->base;
    take_current_frames(self);
    take_turn(self, self->frames, draw_act_noise(self), NULL, NULL, false);
    take_values(self, l->cfg.n_lanes, self->all_q);
    dq_rollout_note(l->rollout, l, self->all_q);
}

static void next_values(dq_learner *l, const size_t *slots, int n, float *q)
{
    cuda_learner *self = (cuda_learner *)l;
    int n_lanes = l->cfg.n_lanes;
    if (self->n_noise > 0)
        dq_device_copy_noise(l->net, &l->net->online, self->noise);
    for (int i = 0; i < n; i += n_lanes) {
        int part = n - i < n_lanes ? n - i : n_lanes;
        memset(self->frames, -1, (size_t)n_lanes * DQ_NET_STACK * sizeof(*self->frames));
        for (int j = 0; j < part; j++)
            dq_replay_next_frames(l->replay, slots[i + j], self->frames + (size_t)j * DQ_NET_STACK);
        take_turn(self, self->frames, self->noise, NULL, NULL, false);
        take_values(self, part, q + (size_t)i * (size_t)l->cfg.n_actions);
    }
}

static void act(dq_learner *l, const uint8_t *obs, const int *lanes, int n,
                const dq_learn_step *next)
{
    cuda_learner *self = (cuda_learner *)l;
    dq_device_draw draw;
    (void)obs;  // the device has the frames
    memcpy(self->lanes, lanes, (size_t)n * sizeof(*lanes));
    self->n_pending = n;
    if (l->rollout) {
        act_in_rollout(self);
        return;
    }
    if (n > 0)
        take_current_frames(self);
    const float *noise = n > 0 ? draw_act_noise(self) : NULL;
    if (next && !next->sync_target && !l->priorities)
        draw_ahead(self, &draw);
    if (n > 0 || self->begun)
        take_turn(self, n > 0 ? self->frames : NULL, noise, self->begun ? next : NULL, &draw,
                  false);
}

static void values(dq_learner *l, float *q)
{
    cuda_learner *self = (cuda_learner *)l;
    size_t n_actions = (size_t)l->cfg.n_actions;
    if (self->n_pending == 0)
        return;
    if (l->rollout) {
        dq_rollout_values(l->rollout, self->lanes, self->n_pending, q);
        return;
    }
    size_t row = l->net->shape.out_pad;
    read_values(self);
    for (int i = 0; i < self->n_pending; i++)
        memcpy(q + (size_t)i * n_actions, self->q + (size_t)self->lanes[i] * row,
               n_actions * sizeof(*q));
}

static dq_status status(const dq_learner *l)
{
    const cuda_learner *self = (const cuda_learner *)l;
    return self->status == DQ_OK ? DQ_OK : dq_fail(self->status, "%s", self->error);
}

/** The device keeps the losses of its last two sets of gradients: where an update was begun ahead,
 * the second is that of the last finished one. One that was cancelled has left its loss there as
 * well, so cancel() keeps the right one. */
static bool loss_of(dq_learner *l, bool wait, double *loss)
{
    cuda_learner *self = (cuda_learner *)l;
    float losses[2] = {0.0f, 0.0f};
    if (!wait)
        return false;
    if (!self->has_kept_loss)
        ON_DEVICE(self, losses(self->self, losses, self->error));
    if (self->status != DQ_OK)
        return false;
    *loss = self->has_kept_loss ? self->kept_loss : (double)losses[self->begun];
    return true;
}

static void cancel(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    if (!self->begun)
        return;
    l->sampling = self->before.sampling;
    l->augmenting = self->before.augmenting;
    l->noise = self->before.noise;
    l->levels = self->before.levels;
    self->has_kept_loss = loss_of(l, true, &self->kept_loss);
    self->begun = false;
}

/** The draw that the device will make moves the random stream here. */
static dq_status draw_here(dq_learner *l)
{
    size_t n = (size_t)l->cfg.batch;
    if (!l->priorities)
        return dq_replay_sample(l->replay, n, &l->sampling, l->drawn);
    size_t stored = dq_replay_drawable(l->replay, false).n;
    if (n > stored)
        return dq_fail(DQ_ERR_EMPTY, "replay has %zu transitions to draw, %zu are needed", stored,
                       n);
    for (size_t i = 0; i < n; i++)
        (void)dq_rng_unit(&l->sampling);
    return DQ_OK;
}

/** A batch of a rollout: its returns are the rewards of transitions that end there. */
static dq_status learn_of_rollout(dq_learner *l, const dq_learn_step *step)
{
    cuda_learner *self = (cuda_learner *)l;
    dq_rollout_draw(l->rollout, l);
    for (int i = 0; i < l->cfg.batch; i++) {
        dq_device_sample *s = &self->samples[i];
        *s = (dq_device_sample){
            .next = {-1, -1, -1, -1}, .action = l->drawn[i].action, .reward = l->target[i]};
        dq_replay_frames(l->replay, l->drawn[i].slot, s->state);
    }
    dq_net_set_learning_rate(l->net, step->learning_rate);
    dq_device_step device_step = {.optimiser = dq_net_optimiser_step(l->net)};
    dq_device_random random = draw_random(self);
    ON_DEVICE(self, gradients(self->self, &device_step, self->samples, &random, self->error));
    ON_DEVICE(self, apply(self->self, self->error));
    l->net->n_updates++;
    self->newer = true;
    return status(l);
}

static dq_status learn(dq_learner *l, const dq_learn_step *step)
{
    cuda_learner *self = (cuda_learner *)l;
    if (l->rollout)
        return learn_of_rollout(l, step);
    if (self->begun) {
        ON_DEVICE(self, apply(self->self, self->error));
        l->net->n_updates++;
        self->newer = true;
    } else {
        dq_device_draw draw = draw_of(l, step->priority_beta, false);
        DQ_TRY(draw_here(l));
        take_turn(self, NULL, NULL, step, &draw, true);
    }
    self->begun = self->has_kept_loss = false;
    return status(l);
}

static void look(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    size_t n = (size_t)l->cfg.batch, atoms = (size_t)dq_net_atoms(l->net);
    if (l->rollout)
        return;  // the batch and its returns are from here
    uint32_t *slots = calloc(n, sizeof(*slots));
    for (size_t i = 0; slots && i < n; i++)
        slots[i] = (uint32_t)l->drawn[i].slot;
    if (slots)
        ON_DEVICE(self, read(self->self, DQ_DEVICE_SLOTS, slots, n * sizeof(*slots), self->error));
    for (size_t i = 0; slots && i < n; i++)
        l->drawn[i] = dq_replay_transition(l->replay, slots[i]);
    free(slots);
    ON_DEVICE(self, read(self->self, DQ_DEVICE_TARGETS, l->target, n * atoms * sizeof(*l->target),
                         self->error));
    if (l->priorities)
        ON_DEVICE(self, read(self->self, DQ_DEVICE_WEIGHTS, l->weight, n * sizeof(*l->weight),
                             self->error));
}

/* ---------------------------------------------------------------- making one */

static void destroy(dq_learner *l)
{
    cuda_learner *self = (cuda_learner *)l;
    if (self->self)
        self->device->destroy(self->self);
    dq_augmentation_free(&self->augmentation);
    free(self->noise);
    free(self->levels);
    free(self->all_q);
    free(self->samples);
    free(self->lanes);
    free(self->frames);
    free(self->q);
    free(self->priority);
    free(self->loading);
    dq_learner_free(l);
}

static const dq_learner_ops cuda_ops = {
    .began = began,
    .act = act,
    .values = values,
    .next_values = next_values,
    .added = added,
    .learn = learn,
    .cancel = cancel,
    .sync_target = sync_target,
    .loss = loss_of,
    .status = status,
    .fetch = fetch,
    .send = send,
    .fetch_priorities = fetch_priorities,
    .send_replay = send_replay,
    .look = look,
    .destroy = destroy,
};

static dq_status allocate(cuda_learner *self)
{
    const dq_learner *l = &self->base;
    size_t n = (size_t)l->cfg.n_lanes, n_slots = dq_replay_slots(l->replay);
    self->lanes = calloc(n, sizeof(*self->lanes));
    self->frames = calloc(n * DQ_NET_STACK, sizeof(*self->frames));
    self->q = calloc(n * l->net->shape.out_pad, sizeof(*self->q));
    if (l->priorities)
        self->priority = calloc(n_slots, sizeof(*self->priority));
    if (dq_learner_augments(l))
        DQ_TRY(dq_augmentation_init(&self->augmentation, l->cfg.augment_shift,
                                    l->cfg.augment_intensity, l->cfg.batch));
    self->n_noise = dq_device_noise_size(l->net);
    if (self->n_noise > 0)
        self->noise = calloc(4 * self->n_noise, sizeof(*self->noise));
    self->levels = calloc(n_levels(l), sizeof(*self->levels));
    self->all_q = calloc(n, (size_t)l->cfg.n_actions * sizeof(*self->all_q));
    self->samples = calloc((size_t)l->cfg.batch, sizeof(*self->samples));
    self->loading = calloc(FRAMES_AT_ONCE, (size_t)DQ_NET_SIDE * DQ_NET_SIDE);
    if (!self->lanes || !self->frames || !self->q || !self->levels || !self->all_q ||
        !self->samples || !self->loading || (l->priorities && !self->priority) ||
        (self->n_noise > 0 && !self->noise))
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu environments", n);
    return DQ_OK;
}

/** Create the device's part, with the places of factorised noise. */
static dq_status create_with_noise(cuda_learner *self, dq_device_config *device)
{
    const dq_net *net = self->base.net;
    size_t n = net->shape.n_noisy;
    uint32_t *places = NULL;
    if (net->network.last.noise == DQ_NOISE_FACTORISED) {
        places = malloc(2 * n * sizeof(*places));
        if (!places)
            return dq_fail(DQ_ERR_NOMEM, "no memory for the noise of %zu parameters", n);
        dq_device_noise_places(net, places, places + n);
        device->noise_in = places;
        device->noise_out = places + n;
    }
    ON_DEVICE(self, create(&self->self, device, self->error));
    free(places);
    return status(&self->base);
}

static dq_status create_device(cuda_learner *self, const dq_learner_config *cfg)
{
    dq_learner *l = &self->base;
    const dq_last_layers *last = &l->net->network.last;
    char name[DQ_DEVICE_TEXT];
    dq_device_config device = {.shape = &l->net->shape,
                               .batch = cfg->batch,
                               .n_states = cfg->n_lanes,
                               .n_slots = dq_replay_slots(l->replay),
                               .n_frames = dq_replay_n_frames(l->replay),
                               .objective = dq_net_objective(l->net),
                               .is_parted = last->dueling != DQ_DUELING_NONE,
                               .has_streams = last->stream > 0,
                               .norm_epsilon = DQ_NORM_EPSILON,
                               .double_dqn = cfg->double_dqn,
                               .no_target = l->rollout != NULL,
                               .augments = dq_learner_augments(l),
                               .value_levels = last->n_levels,
                               .n_noise = self->n_noise,
                               .priority_alpha = cfg->priority_alpha,
                               .priority_rule = cfg->priority_rule,
                               .optimiser = cfg->optimiser,
                               .gradient_norm = cfg->gradient_norm,
                               .target_rate = cfg->target_rate};
    device.objective.munchausen = cfg->munchausen;
    DQ_TRY(dq_precision_find(cfg->precision, &device.precision));
    self->status = self->device->probe(name, self->error);
    DQ_TRY(create_with_noise(self, &device));
    l->precision = dq_precision_name(device.precision);
    snprintf(l->device, sizeof(l->device), "cuda: %.480s, %s", name, l->precision);
    return DQ_OK;
}

/** The network here is a copy, asked about one state at a time and in float32. */
static dq_status create_parts(cuda_learner *self, const dq_learner_config *cfg)
{
    dq_learner *l = &self->base;
    l->on_gpu = true;
    DQ_TRY(dq_gpu_load(&self->device));
    DQ_TRY(dq_learner_init(l, cfg, 1, 1, NULL));
    DQ_TRY(allocate(self));
    DQ_TRY(create_device(self, cfg));
    send(l);
    return status(l);
}

dq_status dq_learner_cuda_create(dq_learner **out, const dq_learner_config *cfg)
{
    cuda_learner *self = calloc(1, sizeof(*self));
    if (!self)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a learner");
    self->base.ops = &cuda_ops;
    dq_status st = create_parts(self, cfg);
    if (st != DQ_OK) {
        destroy(&self->base);
        return st;
    }
    *out = &self->base;
    return DQ_OK;
}
