/* The learner on the processor. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "learn/augmentation.h"
#include "learn/learner.h"
#include "learn/rollout.h"
#include "learn/target_cache.h"
#include "nn/net_internal.h"
#include "nn/net_learn.h"
#include "nn/objective.h"

typedef struct cpu_learner {
    dq_learner base;
    dq_target_cache targets;       // empty with a rollout
    dq_augmentation augmentation;  // of the states of a batch, if they are augmented
    uint8_t *pending;              // [n_lanes][obs_bytes] states whose values were requested
    int *lanes;                    // [n_lanes] their lanes
    int n_pending;
    float *q;          // [n_lanes][n_actions] with a rollout
    uint8_t *states;   // [batch][obs_bytes]
    int32_t *actions;  // [batch]
    float *error;      // [batch]
    float *level;      // [batch][atoms] of the last update, of IQN
    double loss;       // of the last update
} cpu_learner;

static void began(dq_learner *l, int lane)
{
    (void)l;
    (void)lane;
}

static void act(dq_learner *l, const uint8_t *obs, const int *lanes, int n,
                const dq_learn_step *next)
{
    cpu_learner *self = (cpu_learner *)l;
    (void)next;  // nothing would be gained by beginning it now
    memcpy(self->lanes, lanes, (size_t)n * sizeof(*lanes));
    self->n_pending = n;
    if (l->rollout) {
        dq_net_draw_noise(l->net, &l->net->online, &l->noise);
        dq_net_q(l->net, obs, l->cfg.n_lanes, self->q);  // of all lanes, at random or not
        dq_rollout_note(l->rollout, l, self->q);
        return;
    }
    for (int i = 0; i < n; i++)
        memcpy(self->pending + (size_t)i * l->obs_bytes, obs + (size_t)lanes[i] * l->obs_bytes,
               l->obs_bytes);
}

static void values(dq_learner *l, float *q)
{
    cpu_learner *self = (cpu_learner *)l;
    if (self->n_pending == 0)
        return;
    if (l->rollout) {
        dq_rollout_values(l->rollout, self->lanes, self->n_pending, q);
        return;
    }
    dq_net_draw_noise(l->net, &l->net->online, &l->noise);
    dq_net_q(l->net, self->pending, self->n_pending, q);
}

static void next_values(dq_learner *l, const size_t *slots, int n, float *q)
{
    cpu_learner *self = (cpu_learner *)l;
    for (int i = 0; i < n; i++)
        dq_replay_next_state(l->replay, slots[i], self->states + (size_t)i * l->obs_bytes);
    dq_net_q(l->net, self->states, n, q);
}

static void added(dq_learner *l, const dq_experience *e, size_t slot)
{
    cpu_learner *self = (cpu_learner *)l;
    (void)e;
    if (!l->rollout)
        dq_target_cache_forget(&self->targets, slot);
    if (l->priorities)
        dq_priorities_added(l->priorities, l->replay);
}

/** The target network or the replay is another one. */
static void forget(dq_learner *l)
{
    if (l->rollout)
        dq_rollout_rewind(l->rollout);
    else
        dq_target_cache_forget_all(&((cpu_learner *)l)->targets);
}

static void sync_target(dq_learner *l)
{
    dq_net_blend_target(l->net, l->cfg.target_rate);
    forget(l);
}

static dq_status draw_batch(dq_learner *l, double beta)
{
    size_t n = (size_t)l->cfg.batch;
    if (!l->priorities)
        return dq_replay_sample(l->replay, n, &l->sampling, l->drawn);
    return dq_priorities_sample(l->priorities, l->replay, n, beta, &l->sampling, l->drawn,
                                l->weight);
}

/** @return the time, when the next stage begins */
static double end_stage(dq_learner *l, int stage, double began_s)
{
    double now_s = dq_clock_s();
    l->stage_s[stage] += now_s - began_s;
    return now_s;
}

static double mean_td_error(const dq_learner *l, const float *error)
{
    double sum = 0;
    if (dq_net_objective(l->net).head != DQ_HEAD_VALUE)
        return NAN;  // the errors are losses
    for (int i = 0; i < l->cfg.batch; i++)
        sum += fabs((double)error[i]);
    return sum / l->cfg.batch;
}

/** The priorities of the batch follow from its errors, or with Dopamine's rule from its losses. */
static void update_priorities(dq_learner *l, float *error)
{
    size_t batch = (size_t)l->cfg.batch;
    bool is_value = dq_net_objective(l->net).head == DQ_HEAD_VALUE;  // else they are losses
    bool by_loss = l->cfg.priority_rule == DQ_PRIORITY_DOPAMINE;
    for (size_t i = 0; by_loss && is_value && i < batch; i++)
        error[i] = (float)dq_objective_part(l->cfg.loss, fabs((double)error[i]));
    dq_priorities_update(l->priorities, l->drawn, batch, error);
}

/** The actions and the states of the batch. */
static void take_states(cpu_learner *self)
{
    dq_learner *l = &self->base;
    for (int i = 0; i < l->cfg.batch; i++) {
        uint8_t *state = self->states + (size_t)i * l->obs_bytes;
        self->actions[i] = l->drawn[i].action;
        dq_replay_state(l->replay, l->drawn[i].slot, state);
        if (dq_learner_augments(l))
            dq_augmentation_apply(&self->augmentation, &self->augmentation.state[i], i, state);
    }
}

/** Levels of quantiles for the update that follows. */
static void draw_levels(cpu_learner *self)
{
    dq_learner *l = &self->base;
    if (!dq_learner_draws_levels(l))
        return;
    dq_draw_levels(&l->levels, (size_t)l->cfg.batch * (size_t)dq_net_atoms(l->net), self->level);
    dq_net_set_levels(l->net, self->level);
}

/** The transitions of the batch and their targets. */
static dq_status take_batch(cpu_learner *self, double beta)
{
    dq_learner *l = &self->base;
    double at = dq_clock_s();
    if (l->rollout) {
        dq_rollout_draw(l->rollout, l);
        (void)end_stage(l, DQ_STAGE_TARGETS, at);
        return DQ_OK;
    }
    DQ_TRY(draw_batch(l, beta));
    if (dq_learner_augments(l))
        dq_augmentation_draw(&self->augmentation, &l->augmenting);
    at = end_stage(l, DQ_STAGE_SAMPLE, at);
    dq_target_cache_targets(&self->targets, l->net, l->replay, l->drawn, l->target);
    (void)end_stage(l, DQ_STAGE_TARGETS, at);
    return DQ_OK;
}

/** Whether the norm of the next update's gradient is known without much work, or is due. */
static bool is_measured(const dq_learner *l)
{
    enum { MEASURE_EVERY = 64 };
    return l->cfg.gradient_norm > 0 || l->net->n_updates % MEASURE_EVERY == 0;
}

static dq_status learn(dq_learner *l, const dq_learn_step *step)
{
    cpu_learner *self = (cpu_learner *)l;
    if (step->sync_target)
        sync_target(l);
    DQ_TRY(take_batch(self, step->priority_beta));
    double at = dq_clock_s();
    take_states(self);
    at = end_stage(l, DQ_STAGE_STATES, at);
    dq_net_set_learning_rate(l->net, step->learning_rate);
    dq_net_set_gain(l->net, self->augmentation.gain);
    dq_net_draw_noise(l->net, &l->net->online, &l->noise);
    draw_levels(self);
    l->gradient_norm = NAN;
    double *norm = is_measured(l) ? &l->gradient_norm : NULL;
    self->loss = (double)dq_net_update_measured(l->net, self->states, self->actions, l->target,
                                                l->weight, self->error, norm);
    dq_net_set_gain(l->net, NULL);
    dq_net_set_levels(l->net, NULL);
    l->td_error = mean_td_error(l, self->error);
    if (l->priorities)
        update_priorities(l, self->error);
    (void)end_stage(l, DQ_STAGE_UPDATE, at);
    return DQ_OK;
}

static bool loss_of(dq_learner *l, bool wait, double *loss)
{
    (void)wait;
    *loss = ((cpu_learner *)l)->loss;
    return true;
}

static void nothing(dq_learner *l)
{
    (void)l;
}

static dq_status always_well(const dq_learner *l)
{
    (void)l;
    return DQ_OK;
}

static void destroy(dq_learner *l)
{
    cpu_learner *self = (cpu_learner *)l;
    dq_target_cache_free(&self->targets);
    dq_augmentation_free(&self->augmentation);
    free(self->pending);
    free(self->lanes);
    free(self->q);
    free(self->states);
    free(self->actions);
    free(self->error);
    free(self->level);
    dq_learner_free(l);
}

static const dq_learner_ops cpu_ops = {
    .began = began,
    .act = act,
    .values = values,
    .next_values = next_values,
    .added = added,
    .learn = learn,
    .cancel = nothing,
    .sync_target = sync_target,
    .loss = loss_of,
    .status = always_well,
    .fetch = nothing,
    .send = forget,
    .fetch_priorities = nothing,
    .send_replay = forget,
    .look = nothing,
    .destroy = destroy,
};

/** The values of next states. */
static dq_status create_cache(cpu_learner *self, const dq_learner_config *cfg)
{
    dq_learner *l = &self->base;
    dq_objective objective = dq_net_objective(l->net);
    objective.munchausen = cfg->munchausen;
    DQ_TRY(dq_target_cache_init(&self->targets, l->net, &objective, dq_replay_slots(l->replay),
                                cfg->batch, cfg->double_dqn));
    if (dq_learner_augments(l)) {
        DQ_TRY(dq_augmentation_init(&self->augmentation, cfg->augment_shift, cfg->augment_intensity,
                                    cfg->batch));
        dq_target_cache_augment(&self->targets, &self->augmentation);
    }
    if (dq_learner_is_noisy(l))
        dq_target_cache_draw_noise(&self->targets, &l->noise);
    if (dq_learner_draws_levels(l))
        dq_target_cache_draw_levels(&self->targets, &l->levels);
    return DQ_OK;
}

static dq_status create_parts(cpu_learner *self, const dq_learner_config *cfg)
{
    dq_learner *l = &self->base;
    size_t batch = (size_t)cfg->batch;
    DQ_TRY(dq_learner_init(l, cfg, cfg->batch, cfg->n_threads, cfg->precision));
    l->precision = dq_net_precision(l->net);
    memcpy(l->device, "cpu", sizeof("cpu"));
    if (!l->rollout)
        DQ_TRY(create_cache(self, cfg));
    self->pending = calloc((size_t)cfg->n_lanes, l->obs_bytes);
    self->lanes = calloc((size_t)cfg->n_lanes, sizeof(*self->lanes));
    self->q = calloc((size_t)cfg->n_lanes, (size_t)cfg->n_actions * sizeof(*self->q));
    self->states = calloc(batch, l->obs_bytes);
    self->actions = calloc(batch, sizeof(*self->actions));
    self->error = calloc(batch, sizeof(*self->error));
    self->level = calloc(batch, (size_t)dq_net_atoms(l->net) * sizeof(*self->level));
    if (!self->pending || !self->lanes || !self->q || !self->states || !self->actions ||
        !self->error || !self->level)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch of %zu", batch);
    return DQ_OK;
}

dq_status dq_learner_cpu_create(dq_learner **out, const dq_learner_config *cfg)
{
    cpu_learner *self = calloc(1, sizeof(*self));
    if (!self)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a learner");
    self->base.ops = &cpu_ops;
    dq_status st = create_parts(self, cfg);
    if (st != DQ_OK) {
        destroy(&self->base);
        return st;
    }
    *out = &self->base;
    return DQ_OK;
}
