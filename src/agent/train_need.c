/* What a training run takes of its machine, by what is allocated. */
#include "agent/config.h"
#include "agent/network_choice.h"
#include "agent/trainer_internal.h"
#include "deepq/train.h"
#include "learn/gpu.h"
#include "learn/target_cache.h"
#include "replay/store_choice.h"

/* Of a net of P parameters: weights, target, gradient, both moments and the kernels' own copies; of
 * each state in a batch: what every layer gives and its gradient. Measured for nature and small,
 * and on the safe side; the rest is the program itself and its libraries. */
static const uint64_t PER_PARAMETER = 24, PER_SAMPLE = 1 << 20, REST = 16 << 20;
static const uint64_t PER_NOISY = 8;  // a parameter more: weights with noise, and the noise
static const uint64_t PER_VECTOR = 2 * DQ_MLP_LAYERS_MAX * DQ_MLP_HIDDEN_MAX * sizeof(float);

enum { N_ACTIONS = 18 };  // of a world with more, a little is missing

/** The network for such observations; of some that no network takes, the default. */
static uint64_t count_params(const dq_train_config *cfg, const dq_space *obs)
{
    const dq_env_spec spec = {.id = "", .obs = obs ? *obs : (dq_space){.dtype = DQ_U8}};
    char network[DQ_NETWORK_NAME];
    if (!obs || dq_network_choose(cfg, &spec, network) != DQ_OK)
        return dq_net_n_params(dq_network_takes_whole(cfg->network) ? NULL : cfg->network,
                               N_ACTIONS);
    return dq_net_n_params(network, N_ACTIONS);
}

/** What the levels of IQN take in a batch: rows of features, their products and gradients, and of
 *  what is behind them. */
static uint64_t levels_need(const dq_train_config *cfg, const dq_space *obs)
{
    const dq_env_spec spec = {.id = "", .obs = obs ? *obs : (dq_space){.dtype = DQ_U8}};
    char name[DQ_NETWORK_NAME];
    dq_network network;
    int most = cfg->atoms > cfg->value_levels ? cfg->atoms : cfg->value_levels;
    if (cfg->head != DQ_HEAD_IQN || !obs || dq_network_choose(cfg, &spec, name) != DQ_OK ||
        dq_network_find(name, &network) != DQ_OK)
        return 0;
    dq_net_shape shape = dq_net_shape_of(&network, N_ACTIONS);
    uint64_t per_row = 4 * (uint64_t)shape.embedding.out_row + 4 * DQ_MLP_HIDDEN_MAX;
    return (uint64_t)cfg->batch * (uint64_t)most * per_row * sizeof(float);
}

/** The replay buffer as the learner creates it. */
static dq_replay_config replay_config(const dq_train_config *cfg, const dq_space *obs)
{
    dq_replay_config replay = dq_replay_config_default();
    if (obs && !dq_space_is_picture(obs)) {
        replay.frame_bytes = dq_space_bytes(obs);
        replay.stack = 1;
    }
    replay.capacity = (size_t)dq_config_capacity(cfg);
    replay.n_lanes = cfg->n_envs;
    if (dq_replay_choose_store(&replay, cfg->replay_store, dq_gpu_is_meant(cfg->device)) != DQ_OK)
        replay.store = DQ_REPLAY_PLAIN;
    return replay;
}

/** For each transition of a rollout two values, its return and its place in an order. */
static uint64_t beside_rollout(const dq_train_config *cfg)
{
    return (uint64_t)dq_config_capacity(cfg) * (3 * sizeof(float) + sizeof(int));
}

/** For each transition what the target net said, and its priority in a tree. */
static uint64_t beside_replay(const dq_train_config *cfg)
{
    uint64_t n = (uint64_t)cfg->replay_size, leaves = 1;
    if (cfg->rollout > 0)
        return beside_rollout(cfg);
    while (leaves < n)
        leaves *= 2;
    bool changes = cfg->augment_shift > 0 || cfg->augment_intensity > 0 ||
                   cfg->noisy != DQ_NOISE_NONE || cfg->head == DQ_HEAD_IQN;
    uint64_t atoms = cfg->head == DQ_HEAD_VALUE ? 1 : (uint64_t)cfg->atoms;
    uint64_t row = atoms * (cfg->double_dqn ? N_ACTIONS : 1) * sizeof(float);
    bool keeps = !changes && n * row <= DQ_TARGET_CACHE_BYTES;
    uint64_t per_bonus = cfg->munchausen_tau > 0 ? sizeof(float) + 1 : 0;
    return (keeps ? n : (uint64_t)cfg->batch) * row + n * (1 + per_bonus) +
           (cfg->priority_alpha > 0 ? 2 * leaves * sizeof(double) : 0);
}

dq_train_need dq_train_needs(const dq_train_config *cfg, const dq_space *obs)
{
    static const uint64_t per_env = 512 << 10;
    dq_replay_config replay = replay_config(cfg, obs), packed = replay;
    packed.store = DQ_REPLAY_PACKED;
    uint64_t params = count_params(cfg, obs);
    uint64_t per_parameter = PER_PARAMETER + (cfg->noisy != DQ_NOISE_NONE ? PER_NOISY : 0) -
                             (cfg->rollout > 0 ? sizeof(float) : 0);  // of a target network
    uint64_t per_vector = (cfg->layer_norm ? 2 : 1) * PER_VECTOR;  // normalised, and its gradient
    uint64_t per_sample =
        replay.stack > 1 ? PER_SAMPLE : per_vector + 4 * (uint64_t)replay.frame_bytes;
    uint64_t envs = (uint64_t)cfg->n_envs * per_env;
    uint64_t priorities = cfg->priority_alpha > 0 ? (uint64_t)cfg->replay_size * sizeof(double) : 0;
    uint64_t state = params * 4 * sizeof(float) + priorities + envs;
    return (dq_train_need){
        .memory = dq_replay_bytes(&replay) + beside_replay(cfg) + params * per_parameter +
                  (uint64_t)cfg->batch * per_sample + levels_need(cfg, obs) + envs + state + REST,
        .checkpoint = dq_replay_bytes(&packed) + state,
        .state = state,
    };
}
