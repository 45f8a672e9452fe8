/* What a training run takes of its machine, by what is allocated. */
#include "agent/trainer_internal.h"
#include "deepq/train.h"
#include "learn/gpu.h"
#include "replay/store_choice.h"

/* Of a net of P parameters: weights, target, gradient, both moments and the kernels' own copies; of
 * each state in a batch: what every layer gives and its gradient. Measured for nature and small,
 * and on the safe side; the rest is the program itself and its libraries. */
static const uint64_t PER_PARAMETER = 24, PER_SAMPLE = 1 << 20, REST = 16 << 20;

enum { N_ACTIONS = 18 };  // of a world with more, a little is missing

/** The replay buffer as the learner creates it. */
static dq_replay_config replay_config(const dq_train_config *cfg)
{
    dq_replay_config replay = dq_replay_config_default();
    replay.capacity = (size_t)cfg->replay_size;
    replay.n_lanes = cfg->n_envs;
    if (dq_replay_choose_store(&replay, cfg->replay_store, dq_gpu_is_meant(cfg->device)) != DQ_OK)
        replay.store = DQ_REPLAY_PLAIN;
    return replay;
}

/** For each transition what the target net said, and its priority in a tree. */
static uint64_t beside_replay(const dq_train_config *cfg)
{
    uint64_t n = (uint64_t)cfg->replay_size, leaves = 1;
    while (leaves < n)
        leaves *= 2;
    uint64_t values = cfg->double_dqn ? N_ACTIONS : 1;
    return n * (values * sizeof(float) + 1) +
           (cfg->priority_alpha > 0 ? 2 * leaves * sizeof(double) : 0);
}

dq_train_need dq_train_needs(const dq_train_config *cfg)
{
    static const uint64_t per_env = 512 << 10;
    dq_replay_config replay = replay_config(cfg), packed = replay;
    packed.store = DQ_REPLAY_PACKED;
    uint64_t params = dq_net_n_params(cfg->network, N_ACTIONS);
    uint64_t envs = (uint64_t)cfg->n_envs * per_env;
    uint64_t priorities = cfg->priority_alpha > 0 ? (uint64_t)cfg->replay_size * sizeof(double) : 0;
    uint64_t state = params * 4 * sizeof(float) + priorities + envs;
    return (dq_train_need){
        .memory = dq_replay_bytes(&replay) + beside_replay(cfg) + params * PER_PARAMETER +
                  (uint64_t)cfg->batch * PER_SAMPLE + envs + state + REST,
        .checkpoint = dq_replay_bytes(&packed) + state,
        .state = state,
    };
}
