/* Values of hyperparameters that exclude each other, or that depend on each other. */
#include <string.h>

#include "agent/config.h"
#include "base/error.h"
#include "nn/graph.h"

/** Munchausen DQN excludes what would choose or change its policy. */
static dq_status check_munchausen(const dq_train_config *cfg)
{
    const char *other = cfg->head == DQ_HEAD_C51     ? "head = c51"
                        : cfg->double_dqn            ? "double_dqn = true"
                        : cfg->augment_shift > 0     ? "augment_shift"
                        : cfg->augment_intensity > 0 ? "augment_intensity"
                                                     : NULL;
    if (cfg->munchausen_tau > 0 && other)
        return dq_fail(DQ_ERR_CONFIG, "munchausen_tau = %g and %s exclude each other",
                       cfg->munchausen_tau, other);
    return DQ_OK;
}

/** Hyperparameters that exclude each other. */
static dq_status check_head(const dq_train_config *cfg)
{
    if (cfg->head != DQ_HEAD_VALUE && cfg->loss != DQ_LOSS_MSE)
        return dq_fail(
            DQ_ERR_CONFIG,
            "head = %s and loss = %s exclude each other: it has a loss of its own; leave "
            "loss at mse",
            dq_head_names[cfg->head], dq_config_loss_name(cfg->loss));
    if (cfg->head == DQ_HEAD_C51 && cfg->atoms < 2)
        return dq_fail(DQ_ERR_CONFIG,
                       "head = c51 and atoms = %d exclude each other: choose 2 or more",
                       cfg->atoms);
    if (cfg->head == DQ_HEAD_C51 && !(cfg->value_min < cfg->value_max))
        return dq_fail(DQ_ERR_CONFIG, "value_min %g is not less than value_max %g", cfg->value_min,
                       cfg->value_max);
    return DQ_OK;
}

/** A key that a rollout has no use for, if it has another value than the usual one; NULL. */
static const char *other_than_rollout(const dq_train_config *cfg)
{
    return cfg->priority_alpha > 0      ? "priority_alpha"
           : cfg->n_step > 1            ? "n_step"
           : cfg->double_dqn            ? "double_dqn"
           : cfg->munchausen_tau > 0    ? "munchausen_tau"
           : cfg->augment_shift > 0     ? "augment_shift"
           : cfg->augment_intensity > 0 ? "augment_intensity"
           : cfg->train_every > 1       ? "train_every"
           : cfg->updates > 1           ? "updates"
           : cfg->target_rate < 1       ? "target_rate"
           : cfg->head != DQ_HEAD_VALUE ? "head"
                                        : NULL;
}

/** A rollout excludes what there is in its place, and is divided into whole batches. */
static dq_status check_rollout(const dq_train_config *cfg)
{
    const char *other = other_than_rollout(cfg), *key;
    char value[DQ_REPLAY_STORE_TEXT];
    int64_t n_steps = (int64_t)cfg->n_envs * cfg->rollout;
    for (size_t i = 0; other && dq_train_config_get(cfg, i, &key, value, sizeof(value)); i++)
        if (strcmp(key, other) == 0)
            return dq_fail(DQ_ERR_CONFIG, "rollout = %d and %s = %s exclude each other",
                           cfg->rollout, key, value);
    if (n_steps > 100000000 || n_steps % cfg->batch != 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "rollout %d with n_envs %d is %lld steps: choose at most 100000000, and a "
                       "multiple of batch, %d",
                       cfg->rollout, cfg->n_envs, (long long)n_steps, cfg->batch);
    return DQ_OK;
}

/** A replay buffer has enough for a batch when learning starts. */
static dq_status check_replay(const dq_train_config *cfg)
{
    if (cfg->replay_start > cfg->replay_size)
        return dq_fail(DQ_ERR_CONFIG,
                       "replay_start %d is more than replay_size %d: learning would never start",
                       cfg->replay_start, cfg->replay_size);
    int64_t unfinished = (int64_t)(cfg->n_step - 1) * cfg->n_envs;  // returns still to be summed
    if (cfg->batch > cfg->replay_start - unfinished)
        return dq_fail(DQ_ERR_CONFIG,
                       "batch %d with n_step %d and n_envs %d is more than replay_start %d: choose "
                       "them smaller",
                       cfg->batch, cfg->n_step, cfg->n_envs, cfg->replay_start);
    return DQ_OK;
}

dq_status dq_config_check_together(const dq_train_config *cfg)
{
    DQ_TRY(check_head(cfg));
    DQ_TRY(check_munchausen(cfg));
    DQ_TRY(cfg->rollout > 0 ? check_rollout(cfg) : check_replay(cfg));
    if (cfg->layer_norm && cfg->head == DQ_HEAD_IQN)
        return dq_fail(DQ_ERR_CONFIG, "layer_norm = true and head = iqn exclude each other");
    if (cfg->epsilon_final > cfg->epsilon_start)
        return dq_fail(DQ_ERR_CONFIG, "epsilon_final %g is more than epsilon_start %g",
                       cfg->epsilon_final, cfg->epsilon_start);
    double first = dq_config_first_leg_end(cfg);
    if (cfg->epsilon_last_decay > 0 && (double)cfg->epsilon_last_decay <= first)
        return dq_fail(DQ_ERR_CONFIG,
                       "epsilon_last_decay %lld is before epsilon_final is reached, at %.0f",
                       (long long)cfg->epsilon_last_decay, first);
    return DQ_OK;
}
