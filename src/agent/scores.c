#include "agent/scores.h"

#include <math.h>
#include <stdlib.h>

#include "agent/config.h"
#include "base/error.h"
#include "deepq/train.h"

/** The book looks at the mean from the first game of Pong on; elsewhere a lucky one would do. */
dq_status dq_scores_init(dq_scores *s, int n_envs, const char *env_id, double bound)
{
    *s = (dq_scores){.n_envs = n_envs,
                     .bound = isnan(bound) ? dq_train_reward_bound(env_id) : bound,
                     .games_to_solve = dq_config_is_pong(env_id) ? 1 : DQ_RECENT_GAMES};
    s->points = calloc((size_t)n_envs, sizeof(*s->points));
    s->learned = calloc((size_t)n_envs, sizeof(*s->learned));
    s->steps = calloc((size_t)n_envs, sizeof(*s->steps));
    if (!s->points || !s->learned || !s->steps)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d environments", n_envs);
    return DQ_OK;
}

void dq_scores_free(dq_scores *s)
{
    free(s->points);
    free(s->learned);
    free(s->steps);
    s->points = s->learned = NULL;
    s->steps = NULL;
}

static void end_game(dq_scores *s, int env)
{
    s->recent[s->n_games % DQ_RECENT_GAMES] = s->points[env];
    s->n_games++;
    s->points[env] = 0;
    s->last_length = s->steps[env];
    s->steps[env] = 0;
}

bool dq_scores_begin(dq_scores *s, int env, const dq_step *step)
{
    if (!step->is_new_game)
        return false;
    s->points[env] += (double)step->ended_points;
    end_game(s, env);
    return true;
}

bool dq_scores_add(dq_scores *s, int env, const dq_step *step)
{
    s->points[env] += (double)step->reward + (double)step->clipped;
    s->learned[env] += (double)step->reward;
    s->steps[env]++;
    if (!step->terminated && !step->truncated)
        return false;
    s->last_learned = s->learned[env];
    s->learned[env] = 0;
    s->n_episodes++;
    if (!step->game_goes_on)
        end_game(s, env);
    return !step->game_goes_on;
}

double dq_scores_last(const dq_scores *s)
{
    return s->n_games > 0 ? s->recent[(s->n_games - 1) % DQ_RECENT_GAMES] : 0;
}

double dq_scores_mean(const dq_scores *s)
{
    int64_t n = s->n_games < DQ_RECENT_GAMES ? s->n_games : DQ_RECENT_GAMES;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += s->recent[i];
    return n > 0 ? sum / (double)n : 0;
}

bool dq_scores_improved(dq_scores *s)
{
    double mean = dq_scores_mean(s);
    if (s->n_games > 1 && !(mean > s->best_mean))
        return false;
    s->best_mean = mean;
    return true;
}

bool dq_scores_solved(const dq_scores *s)
{
    return s->n_games >= s->games_to_solve && dq_scores_mean(s) > s->bound;
}
