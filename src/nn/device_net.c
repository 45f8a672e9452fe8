#include "nn/device_net.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/device_module.h"
#include "nn/net_internal.h"

struct dq_device {
    const dq_device_ops *ops;
    void *self;
    dq_status status;            // the first failure; from then on nothing is done
    char error[DQ_DEVICE_TEXT];  // and what it was
    char text[DQ_DEVICE_TEXT + 32];
    dq_precision precision;
    bool newer;                 // the parameters on the device are newer than the net's copy
    dq_device_sample *samples;  // [batch] of states that come as bytes
    float *q;                   // [n_states][DQ_OUT_PAD] of a decision
};

static const char *const precisions[DQ_N_PRECISIONS] = {"fp32", "tf32", "bf16"};

dq_status dq_device_precision(const char *name, dq_precision *precision)
{
    *precision = DQ_FP32;
    if (!name || !*name)
        return DQ_OK;
    for (int i = 0; i < DQ_N_PRECISIONS; i++)
        if (strcmp(name, precisions[i]) == 0) {
            *precision = (dq_precision)i;
            return DQ_OK;
        }
    return dq_fail(DQ_ERR_CONFIG, "unknown precision '%s': choose fp32, tf32 or bf16", name);
}

const char *dq_precision_name(dq_precision precision)
{
    return precisions[precision];
}

const char *dq_device_precision_of(const dq_device *d)
{
    return precisions[d->precision];
}

bool dq_device_is_gpu(const char *device)
{
    return device && strcmp(device, "cuda") == 0;
}

dq_status dq_device_check(const char *device, char name[DQ_DEVICE_TEXT])
{
    const dq_device_ops *ops;
    char error[DQ_DEVICE_TEXT] = "";
    name[0] = '\0';
    if (!device || !*device || strcmp(device, "cpu") == 0 || strcmp(device, "auto") == 0)
        return DQ_OK;
    if (!dq_device_is_gpu(device))
        return dq_fail(DQ_ERR_CONFIG, "no device '%s': choose auto, cpu or cuda", device);
    DQ_TRY(dq_device_module_load(&ops));
    dq_status st = ops->probe(name, error);
    return st == DQ_OK ? DQ_OK : dq_fail(st, "%s", error);
}

const char *dq_device_built_for(void)
{
    const dq_device_ops *ops;
    return dq_device_module_load(&ops) == DQ_OK ? ops->built_for : "";
}

static int states_of(const dq_net_config *cfg)
{
    return cfg->n_states > 0 ? cfg->n_states : 1;
}

static dq_status create_parts(dq_device *d, const dq_net_config *cfg)
{
    dq_device_config device = {
        .n_actions = cfg->n_actions, .batch = cfg->batch, .n_states = states_of(cfg)};
    char name[DQ_DEVICE_TEXT];
    DQ_TRY(dq_device_precision(cfg->precision, &device.precision));
    DQ_TRY(dq_device_module_load(&d->ops));
    d->samples = calloc((size_t)cfg->batch, sizeof(*d->samples));
    d->q = calloc((size_t)device.n_states * DQ_OUT_PAD, sizeof(*d->q));
    if (!d->samples || !d->q)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch of %d", cfg->batch);
    dq_status st = d->ops->probe(name, d->error);
    if (st == DQ_OK)
        st = d->ops->create(&d->self, &device, d->error);
    d->precision = device.precision;
    snprintf(d->text, sizeof(d->text), "cuda: %s, %s", name, precisions[device.precision]);
    return st == DQ_OK ? DQ_OK : dq_fail(st, "%s", d->error);
}

dq_status dq_device_create(dq_device **out, const dq_net_config *cfg)
{
    dq_device *d = *out = calloc(1, sizeof(*d));
    if (!d)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a net");
    dq_status st = create_parts(d, cfg);
    if (st != DQ_OK) {
        dq_device_destroy(d);
        *out = NULL;
    }
    return st;
}

void dq_device_destroy(dq_device *d)
{
    if (!d)
        return;
    if (d->self)
        d->ops->destroy(d->self);
    free(d->samples);
    free(d->q);
    free(d);
}

bool dq_net_is_on_device(const dq_net *net)
{
    return net->device != NULL;
}

const char *dq_device_text(const dq_device *d)
{
    return d->text;
}

dq_status dq_net_status(const dq_net *net)
{
    const dq_device *d = net->device;
    return !d || d->status == DQ_OK ? DQ_OK : dq_fail(d->status, "%s", d->error);
}

/** Remember a failure, the first one alone. */
static void note(dq_device *d, dq_status st)
{
    if (d->status == DQ_OK)
        d->status = st;
}

void dq_device_fetch(const dq_net *net)
{
    dq_device *d = net->device;
    float *const arrays[] = {net->online.params, net->target.params, net->m, net->v};
    if (!d || !d->newer || d->status != DQ_OK)
        return;
    note(d, d->ops->get_params(d->self, arrays, d->error));
    d->newer = false;
}

void dq_device_send(dq_net *net)
{
    dq_device *d = net->device;
    const float *const arrays[] = {net->online.params, net->target.params, net->m, net->v};
    if (d->status == DQ_OK)
        note(d, d->ops->set_params(d->self, arrays, d->error));
    d->newer = false;
}

void dq_device_sync_target(dq_net *net)
{
    dq_device *d = net->device;
    if (d->status == DQ_OK)
        note(d, d->ops->sync_target(d->self, d->error));
    d->newer = true;
}

/** n <= batch states. @param[out] q [n][DQ_OUT_PAD] */
void dq_device_q(dq_net *net, bool of_target, const uint8_t *obs, int n, float *q)
{
    dq_device *d = net->device;
    memset(q, 0, (size_t)n * DQ_OUT_PAD * sizeof(*q));
    if (d->status == DQ_OK)
        note(d, d->ops->q(d->self, of_target, obs, n, q, d->error));
}

static void begin(dq_net *net, const dq_device_step *step, const dq_device_sample *samples,
                  const uint8_t *obs)
{
    dq_device *d = net->device;
    size_t n_obs = obs ? (size_t)net->cfg.batch * DQ_NET_STACK : 0;
    if (d->status == DQ_OK)
        note(d, d->ops->gradients(d->self, step, samples, obs, n_obs, d->error));
    if (step->sync_target)
        d->newer = true;
}

/** Targets are given: each transition ends its episode with the target as its reward. */
static void begin_given(dq_net *net, const uint8_t *obs, const int32_t *action, const float *target)
{
    dq_device *d = net->device;
    dq_device_step step = {.adam = dq_net_adam_step(net)};
    for (int i = 0; i < net->cfg.batch; i++) {
        dq_device_sample *s = &d->samples[i];
        *s = (dq_device_sample){.action = action[i], .reward = target[i], .done = 1};
        for (int j = 0; j < DQ_NET_STACK; j++) {
            s->state[j] = i * DQ_NET_STACK + j;
            s->next[j] = -1;
        }
    }
    begin(net, &step, d->samples, obs);
}

float dq_device_update(dq_net *net, const uint8_t *obs, const int32_t *action, const float *target)
{
    begin_given(net, obs, action, target);
    dq_device_finish(net);
    return dq_device_loss(net);
}

float dq_device_gradients(dq_net *net, const uint8_t *obs, const int32_t *action,
                          const float *target)
{
    begin_given(net, obs, action, target);
    dq_device *d = net->device;
    if (d->status == DQ_OK)
        note(d, d->ops->read(d->self, DQ_DEVICE_GRAD, net->grad, DQ_N_PARAMS * sizeof(float),
                             d->error));
    return dq_device_loss(net);
}

dq_status dq_device_create_replay(dq_net *net, size_t n_slots)
{
    dq_device *d = net->device;
    dq_status st = d->ops->create_replay(d->self, n_slots, d->error);
    return st == DQ_OK ? DQ_OK : dq_fail(st, "%s", d->error);
}

void dq_device_load(dq_net *net, size_t at, size_t n, const uint8_t *frames,
                    const dq_device_sample *samples)
{
    dq_device *d = net->device;
    if (d->status == DQ_OK)
        note(d, d->ops->load(d->self, at, n, frames, samples, d->error));
}

void dq_device_put_frame(dq_net *net, size_t slot, const uint8_t *frame)
{
    dq_device *d = net->device;
    if (d->status == DQ_OK)
        note(d, d->ops->put_frame(d->self, slot, frame, d->error));
}

void dq_device_put_sample(dq_net *net, size_t slot, const dq_device_sample *sample)
{
    dq_device *d = net->device;
    if (d->status == DQ_OK)
        note(d, d->ops->put_sample(d->self, slot, sample, d->error));
}

void dq_device_take_turn(dq_net *net, const int32_t *states, const dq_device_learning *learning)
{
    dq_device *d = net->device;
    dq_device_turn turn = {.states = states};
    dq_device_step step = {.adam = dq_net_adam_step(net)};
    if (learning) {
        step.gamma = learning->gamma;
        step.sync_target = learning->sync;
        turn.step = &step;
        turn.draw = &learning->draw;
        turn.whole = learning->whole;
        net->n_updates += learning->whole;
        d->newer = d->newer || learning->sync || learning->whole;
    }
    if (d->status == DQ_OK)
        note(d, d->ops->turn(d->self, &turn, d->error));
}

int dq_device_states(const dq_net *net)
{
    return states_of(&net->cfg);
}

void dq_device_values(dq_net *net, float *q)
{
    dq_device *d = net->device;
    size_t n_states = (size_t)states_of(&net->cfg), n_actions = (size_t)net->cfg.n_actions;
    memset(d->q, 0, n_states * DQ_OUT_PAD * sizeof(*d->q));
    if (d->status == DQ_OK)
        note(d, d->ops->values(d->self, d->q, d->error));
    for (size_t i = 0; i < n_states; i++)
        memcpy(q + i * n_actions, d->q + i * DQ_OUT_PAD, n_actions * sizeof(*q));
}

void dq_device_begin(dq_net *net, const dq_device_sample *samples, float gamma, bool sync)
{
    dq_device_step step = {.gamma = gamma, .sync_target = sync, .adam = dq_net_adam_step(net)};
    begin(net, &step, samples, NULL);
}

void dq_device_finish(dq_net *net)
{
    dq_device *d = net->device;
    if (d->status == DQ_OK)
        note(d, d->ops->apply(d->self, d->error));
    net->n_updates++;
    d->newer = true;
}

/** @param i 0: of the last step begun, 1: of the one before */
static float loss_of(dq_net *net, int i)
{
    dq_device *d = net->device;
    float losses[2] = {0.0f, 0.0f};
    if (d->status == DQ_OK)
        note(d, d->ops->losses(d->self, losses, d->error));
    return losses[i];
}

float dq_device_loss(dq_net *net)
{
    return loss_of(net, 0);
}

float dq_device_loss_before(dq_net *net)
{
    return loss_of(net, 1);
}

dq_status dq_device_read(dq_net *net, dq_device_array array, void *to, size_t n)
{
    dq_device *d = net->device;
    if (d->status == DQ_OK)
        note(d, d->ops->read(d->self, array, to, n, d->error));
    return dq_net_status(net);
}
