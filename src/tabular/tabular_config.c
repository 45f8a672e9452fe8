#include "base/error.h"
#include "deepq/tabular.h"

dq_tabular_config dq_tabular_book(dq_tabular_method method)
{
    return (dq_tabular_config){
        .method = method,
        .gamma = 0.9,
        .n_steps = method == DQ_Q_LEARNING ? 1 : 100,
        .test_episodes = 20,
        .reward_bound = 0.80,
        .target = DQ_TD_Q_LEARNING,
        .alpha = 0.2,
        .alpha_schedule = DQ_ALPHA_CONSTANT,
        .alpha_final = 0.01,
        .alpha_power = 0.8,
        .alpha_decay = 10000,
        .epsilon = 1,
        .epsilon_final = 0.01,
    };
}

static dq_status check_share(const char *name, double value)
{
    if (value > 0 && value <= 1)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "%s %g: choose a number above 0, at most 1", name, value);
}

static dq_status check_probability(const char *name, double value)
{
    if (value >= 0 && value <= 1)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "%s %g: choose a number from 0 to 1", name, value);
}

dq_status dq_tabular_config_check(const dq_tabular_config *cfg)
{
    DQ_TRY(check_probability("gamma", cfg->gamma));
    DQ_TRY(check_share("alpha", cfg->alpha));
    DQ_TRY(check_share("alpha-final", cfg->alpha_final));
    DQ_TRY(check_probability("alpha-power", cfg->alpha_power));
    DQ_TRY(check_probability("epsilon", cfg->epsilon));
    DQ_TRY(check_probability("epsilon-final", cfg->epsilon_final));
    if (cfg->n_steps < 1 || cfg->test_episodes < 1)
        return dq_fail(DQ_ERR_CONFIG,
                       "%d steps and %d test episodes an iteration: choose at least one of each",
                       cfg->n_steps, cfg->test_episodes);
    if (cfg->max_iterations < 0 || cfg->max_episode_steps < 0 || cfg->epsilon_decay < 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "max-iterations %lld, max-steps %d, epsilon-decay %lld: choose 0 or more",
                       (long long)cfg->max_iterations, cfg->max_episode_steps,
                       (long long)cfg->epsilon_decay);
    if (cfg->alpha_decay < 1)
        return dq_fail(DQ_ERR_CONFIG, "alpha-decay %lld: choose 1 or more",
                       (long long)cfg->alpha_decay);
    if ((unsigned)cfg->method > DQ_Q_LEARNING || (unsigned)cfg->target > DQ_TD_DOUBLE ||
        (unsigned)cfg->alpha_schedule > DQ_ALPHA_VISITS)
        return dq_fail(DQ_ERR_CONFIG,
                       "method %d, target %d, alpha-schedule %d: choose values of tabular.h",
                       (int)cfg->method, (int)cfg->target, (int)cfg->alpha_schedule);
    if (cfg->reward_bound != cfg->reward_bound)
        return dq_fail(DQ_ERR_CONFIG, "reward-bound %g: choose a number", cfg->reward_bound);
    return DQ_OK;
}
