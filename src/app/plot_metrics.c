#include "app/plot_metrics.h"

#include <string.h>

#include "base/error.h"
#include "run/run_curve.h"

enum { GAMES = 100 };  // that a mean is usually of, as `reward_100`

static const plot_metric metrics[] = {
    {"reward", "reward of a game", GAMES, true},
    {"reward_100", "mean reward of the last 100 games", 1, true},
    {DQ_METRIC_EVALUATION, "mean reward of an evaluation", 1, true},
    {"clipped_reward", "return of an episode, clipped rewards", GAMES, false},
    {"length", "agent steps of a game", GAMES, false},
    {"loss", "loss of the last update", GAMES, false},
    {"mean_loss", "loss", GAMES, false},
    {"td_error", "TD error, mean of its size", GAMES, false},
    {"max_q", "highest action value", GAMES, false},
    {"gradient_norm", "L2 norm of the gradient", GAMES, false},
    {"speed", "agent steps a second", GAMES, false},
    {"play_ms", "playing, ms for each agent step", GAMES, false},
    {"act_ms", "choosing actions, ms for each agent step", GAMES, false},
    {"sample_ms", "sampling, ms for each agent step", GAMES, false},
    {"target_ms", "targets, ms for each agent step", GAMES, false},
    {"update_ms", "updating, ms for each agent step", GAMES, false},
    {"epsilon", "epsilon", 1, false},
    {"learning_rate", "learning rate", 1, false},
    {"updates", "updates", 1, false},
    {"game", "games", 1, false},
    {"episodes", "episodes", 1, false},
    {"time", "time, seconds since 1970", 1, false},
};

plot_metric plot_metric_of(const char *key)
{
    for (size_t i = 0; i < DQ_COUNT(metrics); i++)
        if (strcmp(metrics[i].key, key) == 0)
            return metrics[i];
    return (plot_metric){key, key, GAMES, false};
}
