#include "learn/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/gpu.h"
#include "learn/rollout.h"
#include "nn/net_internal.h"
#include "replay/store_choice.h"

static bool augments(const dq_learner_config *cfg)
{
    return cfg->augment_shift > 0 || cfg->augment_intensity > 0;
}

/** What a GPU does not have is refused: it has kernels for 84x84 pictures. */
static dq_status check_gpu_has(const dq_learner_config *cfg)
{
    if (dq_network_takes_whole(cfg->network))
        return dq_fail(DQ_ERR_UNSUPPORTED, "network %s: CPU only: use --device cpu", cfg->network);
    return DQ_OK;
}

bool dq_learner_td_error(const dq_learner *l, double *td_error)
{
    *td_error = l->td_error;
    return !l->on_gpu && !isnan(l->td_error);
}

bool dq_learner_gradient_norm(const dq_learner *l, double *norm)
{
    *norm = l->gradient_norm;
    return !l->on_gpu && !isnan(l->gradient_norm);
}

bool dq_learner_augments(const dq_learner *l)
{
    return augments(&l->cfg);
}

bool dq_learner_draws_levels(const dq_learner *l)
{
    return l->net->network.last.head == DQ_HEAD_IQN;
}

bool dq_learner_is_noisy(const dq_learner *l)
{
    return l->net->network.last.noise != DQ_NOISE_NONE;
}

dq_status dq_learner_create(dq_learner **out, const dq_learner_config *cfg)
{
    bool on_gpu;
    *out = NULL;
    if (augments(cfg) && (dq_network_is_mlp(cfg->network) || dq_network_is_cnn(cfg->network)))
        return dq_fail(DQ_ERR_CONFIG, "%s: for 84x84 pictures only: leave it 0 with network %s",
                       cfg->augment_shift > 0 ? "augment_shift" : "augment_intensity",
                       cfg->network);
    DQ_TRY(dq_gpu_choose(cfg->device, &on_gpu));
    if (on_gpu)
        DQ_TRY(check_gpu_has(cfg));
    return on_gpu ? dq_learner_cuda_create(out, cfg) : dq_learner_cpu_create(out, cfg);
}

static dq_status create_net(dq_learner *l, int batch, int n_threads, const char *precision)
{
    const dq_learner_config *cfg = &l->cfg;
    dq_net_config net = dq_net_config_default(cfg->n_actions);
    net.batch = batch;
    net.n_threads = n_threads;
    net.isa = cfg->isa;
    net.precision = precision;
    net.loss = cfg->loss;
    net.network = cfg->network;
    net.initialisation = cfg->initialisation;
    net.learning_rate = cfg->learning_rate;
    net.beta1 = cfg->beta1;
    net.beta2 = cfg->beta2;
    net.epsilon = cfg->epsilon;
    net.optimiser = cfg->optimiser;
    net.rmsprop_decay = cfg->rmsprop_decay;
    net.rmsprop_epsilon = cfg->rmsprop_epsilon;
    net.gradient_norm = cfg->gradient_norm;
    net.noisy_sigma = cfg->noisy_sigma;
    net.no_target = cfg->rollout > 0;
    DQ_TRY(dq_net_create(&l->net, &net));
    dq_rng rng = dq_rng_stream(cfg->seed, "initialisation");
    dq_net_init(l->net, &rng);
    return DQ_OK;
}

static dq_status create_memory(dq_learner *l)
{
    const dq_learner_config *cfg = &l->cfg;
    dq_replay_config replay = dq_replay_config_default();
    replay.capacity =
        cfg->rollout > 0 ? (size_t)cfg->n_lanes * (size_t)cfg->rollout : (size_t)cfg->replay_size;
    replay.stack = l->stack;
    replay.frame_bytes = l->obs_bytes / (size_t)l->stack;
    replay.n_step = cfg->n_step;
    replay.gamma = cfg->gamma;
    replay.n_lanes = cfg->n_lanes;
    replay.n_actions = cfg->n_actions;
    DQ_TRY(dq_replay_choose_store(&replay, cfg->replay_store, l->on_gpu));
    DQ_TRY(dq_replay_create(&l->replay, &replay));
    if (cfg->rollout > 0)
        return dq_rollout_create(&l->rollout, l);
    if (cfg->priority_alpha <= 0)
        return DQ_OK;
    DQ_TRY(dq_priorities_create(&l->priorities, dq_replay_slots(l->replay), cfg->priority_alpha));
    dq_priorities_set_rule(l->priorities, cfg->priority_rule);
    return DQ_OK;
}

dq_status dq_learner_init(dq_learner *l, const dq_learner_config *cfg, int batch, int n_threads,
                          const char *precision)
{
    size_t n = (size_t)cfg->batch;
    l->cfg = *cfg;
    l->sampling = dq_rng_stream(cfg->seed, "replay");
    l->augmenting = dq_rng_stream(cfg->seed, "augmentation");
    l->noise = dq_rng_stream(cfg->seed, "noise");
    l->levels = dq_rng_stream(cfg->seed, "levels");
    DQ_TRY(create_net(l, batch, n_threads, precision));
    l->obs_bytes = dq_net_obs_bytes(l->net);
    l->stack = dq_network_takes_whole(cfg->network) ? 1 : DQ_NET_STACK;
    DQ_TRY(create_memory(l));
    l->cfg.device = l->cfg.isa = l->cfg.precision = l->cfg.network = l->cfg.initialisation = NULL;
    l->cfg.replay_store = NULL;
    l->drawn = calloc(n, sizeof(*l->drawn));
    l->target = calloc(n * (size_t)dq_net_atoms(l->net), sizeof(*l->target));
    l->weight = calloc(n, sizeof(*l->weight));
    if (!l->drawn || !l->target || !l->weight)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch of %zu", n);
    for (size_t i = 0; i < n; i++)
        l->weight[i] = 1.0f;
    return DQ_OK;
}

void dq_learner_free(dq_learner *l)
{
    dq_net_destroy(l->net);
    dq_replay_destroy(l->replay);
    dq_priorities_destroy(l->priorities);
    dq_rollout_destroy(l->rollout);
    free(l->drawn);
    free(l->target);
    free(l->weight);
    free(l);
}

void dq_learner_destroy(dq_learner *l)
{
    if (l)
        l->ops->destroy(l);
}

void dq_learner_begin_episode(dq_learner *l, int lane, const uint8_t *obs)
{
    size_t frame_bytes = l->obs_bytes / (size_t)l->stack;
    const uint8_t *newest = obs + l->obs_bytes - frame_bytes;
    if (l->stack > 1 && memcmp(obs, newest, frame_bytes) == 0)
        dq_replay_begin_repeated(l->replay, lane, newest);
    else
        dq_replay_begin_lane(l->replay, lane, newest);
    l->ops->began(l, lane);
}

void dq_learner_act(dq_learner *l, const uint8_t *obs, const int *lanes, int n,
                    const dq_learn_step *next)
{
    l->ops->act(l, obs, lanes, n, next);
}

void dq_learner_values(dq_learner *l, float *q)
{
    l->ops->values(l, q);
}

void dq_learner_add(dq_learner *l, const dq_experience *e)
{
    size_t slot =
        dq_replay_add(l->replay, e->action, e->reward, e->terminated, e->truncated, e->next);
    l->ops->added(l, e, slot);
}

dq_status dq_learner_learn(dq_learner *l, const dq_learn_step *step)
{
    DQ_TRY(dq_replay_status(l->replay));
    return l->ops->learn(l, step);
}

void dq_learner_cancel(dq_learner *l)
{
    l->ops->cancel(l);
}

void dq_learner_sync_target(dq_learner *l)
{
    l->ops->sync_target(l);
}

bool dq_learner_loss(dq_learner *l, bool wait, double *loss)
{
    return l->ops->loss(l, wait, loss);
}

dq_status dq_learner_status(const dq_learner *l)
{
    return l->ops->status(l);
}

dq_net *dq_learner_net(dq_learner *l)
{
    l->ops->fetch(l);
    return l->net;
}

dq_status dq_learner_set_params(dq_learner *l, const dq_tensor *params, size_t n)
{
    l->ops->fetch(l);
    DQ_TRY(dq_net_set_params(l->net, params, n));
    l->ops->send(l);
    return l->ops->status(l);
}

void dq_learner_look(dq_learner *l)
{
    l->ops->look(l);
}

dq_status dq_learner_save_net(dq_learner *l, dq_writer *w)
{
    l->ops->fetch(l);
    DQ_TRY(l->ops->status(l));
    return dq_net_save(l->net, w);
}

dq_status dq_learner_load_net(dq_learner *l, dq_reader *r)
{
    DQ_TRY(dq_net_load(l->net, r));
    l->ops->send(l);
    return l->ops->status(l);
}

dq_status dq_learner_save_memory(dq_learner *l, dq_writer *w)
{
    DQ_TRY(dq_replay_save_head(l->replay, w));
    if (l->priorities) {
        l->ops->fetch_priorities(l);
        DQ_TRY(l->ops->status(l));
        DQ_TRY(dq_priorities_save(l->priorities, w));
    }
    dq_status st = l->rollout ? dq_rollout_save(l->rollout, w) : DQ_OK;
    if (dq_learner_augments(l)) {
        dq_write_tag(w, "AUGM", 1);
        st = dq_rng_save(&l->augmenting, w);
    }
    if (dq_learner_is_noisy(l)) {
        dq_write_tag(w, "NOIS", 1);
        st = dq_rng_save(&l->noise, w);
    }
    if (dq_learner_draws_levels(l)) {
        dq_write_tag(w, "LEVL", 1);
        st = dq_rng_save(&l->levels, w);
    }
    return st;
}

dq_status dq_learner_load_memory(dq_learner *l, dq_reader *r)
{
    DQ_TRY(dq_replay_load_head(l->replay, r));
    if (l->priorities)
        DQ_TRY(dq_priorities_load(l->priorities, r));
    if (l->rollout)
        DQ_TRY(dq_rollout_load(l->rollout, r));
    if (dq_learner_augments(l)) {
        DQ_TRY(dq_read_tag(r, "AUGM", 1));
        DQ_TRY(dq_rng_load(&l->augmenting, r));
    }
    if (dq_learner_is_noisy(l)) {
        DQ_TRY(dq_read_tag(r, "NOIS", 1));
        DQ_TRY(dq_rng_load(&l->noise, r));
    }
    if (dq_learner_draws_levels(l)) {
        DQ_TRY(dq_read_tag(r, "LEVL", 1));
        DQ_TRY(dq_rng_load(&l->levels, r));
    }
    return DQ_OK;
}

dq_status dq_learner_load_old_memory(dq_learner *l, dq_reader *r)
{
    DQ_TRY(dq_replay_load(l->replay, r));
    return l->priorities ? dq_priorities_load(l->priorities, r) : DQ_OK;
}

dq_status dq_learner_load_end(dq_learner *l)
{
    DQ_TRY(dq_replay_load_end(l->replay));
    if (l->priorities)
        DQ_TRY(dq_priorities_fit(l->priorities, l->replay));
    l->ops->send_replay(l);
    return l->ops->status(l);
}
