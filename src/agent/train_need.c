/* What a training run takes of its machine, by what is allocated. */
#include "agent/trainer_internal.h"
#include "deepq/train.h"

/* Of a net of P parameters: weights, target, gradient, both moments and the kernels' own copies; of
 * each state in a batch: what every layer gives and its gradient. Measured for nature and small,
 * and on the safe side; the rest is the program itself and its libraries. */
static const uint64_t PER_PARAMETER = 24, PER_SAMPLE = 1 << 20, REST = 16 << 20;

enum { N_ACTIONS = 18 };  // of a world with more, a little is missing

static uint64_t replay_bytes(const dq_train_config *cfg)
{
    size_t frame = (size_t)DQ_NET_SIDE * DQ_NET_SIDE;
    size_t more_lanes = (size_t)(cfg->n_envs - 1) * DQ_NET_STACK;
    return dq_replay_bytes((size_t)cfg->replay_size + more_lanes, frame, DQ_NET_STACK);
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
    uint64_t params = dq_net_n_params(cfg->network, N_ACTIONS), replay = replay_bytes(cfg);
    uint64_t envs = (uint64_t)cfg->n_envs * per_env;
    uint64_t priorities = cfg->priority_alpha > 0 ? (uint64_t)cfg->replay_size * sizeof(double) : 0;
    return (dq_train_need){
        .memory = replay + beside_replay(cfg) + params * PER_PARAMETER +
                  (uint64_t)cfg->batch * PER_SAMPLE + envs + REST,
        .checkpoint = replay + priorities + params * 4 * sizeof(float) + envs,
    };
}
