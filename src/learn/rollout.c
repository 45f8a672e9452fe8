#include "learn/rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/stream_internal.h"
#include "nn/argmax.h"
#include "nn/net_internal.h"

struct dq_rollout {
    int n_lanes, n_actions;  // environments, and their actions
    int n_steps;             // of all lanes together, in turns
    int batch;               // steps in an update
    int taken;               // steps of all epochs that were learned
    size_t n_slots;          // of the replay buffer
    float *q;                // [n_lanes][n_actions] values of the current states
    float *value;            // [n_slots] largest action value of the state of each step
    float *target;           // [n_steps] lambda-returns
    float *behind;  // [n_steps] largest action value of the next state, where it is asked for
    int *order;     // [n_steps] shuffled
    int *asked;     // [batch] steps whose next states go through the network together
    size_t *slots;  // [batch] their slots
    float *next_q;  // [batch][n_actions] values of these next states
};

dq_status dq_rollout_create(dq_rollout **out, const dq_learner *l)
{
    const dq_learner_config *cfg = &l->cfg;
    dq_rollout *r = calloc(1, sizeof(*r));
    *out = NULL;
    if (!r)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a rollout");
    *r = (dq_rollout){.n_lanes = cfg->n_lanes,
                      .n_actions = cfg->n_actions,
                      .n_steps = cfg->n_lanes * cfg->rollout,
                      .batch = cfg->batch,
                      .n_slots = dq_replay_slots(l->replay)};
    size_t n = (size_t)r->n_steps, batch = (size_t)r->batch, n_actions = (size_t)r->n_actions;
    r->q = calloc((size_t)r->n_lanes, n_actions * sizeof(*r->q));
    r->value = calloc(r->n_slots, sizeof(*r->value));
    r->target = calloc(n, sizeof(*r->target));
    r->behind = calloc(n, sizeof(*r->behind));
    r->order = calloc(n, sizeof(*r->order));
    r->asked = calloc(batch, sizeof(*r->asked));
    r->slots = calloc(batch, sizeof(*r->slots));
    r->next_q = calloc(batch, n_actions * sizeof(*r->next_q));
    if (r->q && r->value && r->target && r->behind && r->order && r->asked && r->slots &&
        r->next_q) {
        *out = r;
        return DQ_OK;
    }
    dq_rollout_destroy(r);
    return dq_fail(DQ_ERR_NOMEM, "no memory for a rollout of %zu steps", n);
}

void dq_rollout_destroy(dq_rollout *r)
{
    if (!r)
        return;
    free(r->q);
    free(r->value);
    free(r->target);
    free(r->behind);
    free(r->order);
    free(r->asked);
    free(r->slots);
    free(r->next_q);
    free(r);
}

static float largest(const dq_rollout *r, const float *q)
{
    return q[dq_argmax(q, r->n_actions)];
}

void dq_rollout_note(dq_rollout *r, const dq_learner *l, const float *q)
{
    memcpy(r->q, q, (size_t)r->n_lanes * (size_t)r->n_actions * sizeof(*q));
    for (int i = 0; i < r->n_lanes; i++)
        r->value[dq_replay_current_of(l->replay, i)] = largest(r, r->q + i * r->n_actions);
}

void dq_rollout_values(const dq_rollout *r, const int *lanes, int n, float *q)
{
    size_t n_actions = (size_t)r->n_actions;
    for (int i = 0; i < n; i++)
        memcpy(q + (size_t)i * n_actions, r->q + (size_t)lanes[i] * n_actions,
               n_actions * sizeof(*q));
}

/* ---------------------------------------------------------------- returns */

/** The slot of a step of the rollout, 0 for its first. */
static size_t slot_of(const dq_rollout *r, const dq_learner *l, int step)
{
    size_t current = dq_replay_current(l->replay);
    return (current + r->n_slots - (size_t)(r->n_steps - step)) % r->n_slots;
}

/** Whether the return of a step ends with the value of its next state: the lane's next step is
 *  another rollout's, or of another episode. */
static bool is_asked(const dq_rollout *r, const dq_learner *l, int step, size_t slot)
{
    bool is_last = step >= r->n_steps - r->n_lanes;
    bool is_over = dq_replay_transition(l->replay, slot).terminated;
    return !is_over && (is_last || dq_replay_last_frame(l->replay, slot) >= 0);
}

/** The values of n next states, all at once. */
static void evaluate(dq_rollout *r, dq_learner *l, int n)
{
    if (n == 0)
        return;
    l->ops->next_values(l, r->slots, n, r->next_q);
    for (int i = 0; i < n; i++)
        r->behind[r->asked[i]] = largest(r, r->next_q + i * r->n_actions);
}

/** The values of the next states that are asked for, by the network as it is before learning. */
static void look_behind(dq_rollout *r, dq_learner *l)
{
    int n = 0;
    dq_net_draw_noise(l->net, &l->net->online, &l->noise);
    for (int step = 0; step < r->n_steps; step++) {
        size_t slot = slot_of(r, l, step);
        if (!is_asked(r, l, step, slot))
            continue;
        r->slots[n] = slot;
        r->asked[n++] = step;
        if (n == r->batch) {
            evaluate(r, l, n);
            n = 0;
        }
    }
    evaluate(r, l, n);
}

/** The lambda-returns, from the last step back. */
static void take_returns(dq_rollout *r, dq_learner *l)
{
    float lambda = (float)l->cfg.return_lambda;
    look_behind(r, l);
    for (int step = r->n_steps - 1; step >= 0; step--) {
        size_t slot = slot_of(r, l, step);
        dq_transition t = dq_replay_transition(l->replay, slot);
        int next = step + r->n_lanes;
        float behind = 0.0f;
        if (is_asked(r, l, step, slot))
            behind = r->behind[step];
        else if (!t.terminated)
            behind = lambda * r->target[next] + (1.0f - lambda) * r->value[slot_of(r, l, next)];
        r->target[step] = t.reward + t.discount * behind;
    }
}

/* ---------------------------------------------------------------- batches */

/** All steps in an order that is as likely as any (Fisher and Yates; Durstenfeld 1964). */
static void shuffle(dq_rollout *r, dq_rng *rng)
{
    for (int i = 0; i < r->n_steps; i++)
        r->order[i] = i;
    for (int i = r->n_steps - 1; i > 0; i--) {
        int other = (int)dq_rng_below(rng, (uint32_t)i + 1), step = r->order[i];
        r->order[i] = r->order[other];
        r->order[other] = step;
    }
}

void dq_rollout_draw(dq_rollout *r, dq_learner *l)
{
    int first = r->taken % r->n_steps;
    if (r->taken == 0)
        take_returns(r, l);
    if (first == 0)
        shuffle(r, &l->sampling);
    for (int i = 0; i < r->batch; i++) {
        int step = r->order[first + i];
        l->drawn[i] = dq_replay_transition(l->replay, slot_of(r, l, step));
        l->target[i] = r->target[step];
    }
    r->taken += r->batch;
    if (r->taken == r->n_steps * l->cfg.epochs)
        r->taken = 0;
}

void dq_rollout_rewind(dq_rollout *r)
{
    r->taken = 0;
}

dq_status dq_rollout_save(const dq_rollout *r, dq_writer *w)
{
    dq_write_tag(w, "ROLL", 1);
    return dq_write(w, r->value, r->n_slots * sizeof(*r->value));
}

dq_status dq_rollout_load(dq_rollout *r, dq_reader *in)
{
    DQ_TRY(dq_read_tag(in, "ROLL", 1));
    DQ_TRY(dq_read(in, r->value, r->n_slots * sizeof(*r->value)));
    for (size_t i = 0; i < r->n_slots; i++)
        if (!isfinite(r->value[i]))
            return dq_fail(DQ_ERR_INPUT, "saved run: the values of its rollout are not finite");
    return DQ_OK;
}
