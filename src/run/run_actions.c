#include "run/run_actions.h"

#include "base/error.h"

static int64_t step_of(const dq_trainer *trainer)
{
    dq_progress p;
    dq_trainer_progress(trainer, &p);
    return p.step;
}

/** Steps of an environment that the run has counted: they take turns. */
static int64_t steps_of_lane(int64_t step, int lane, int n_lanes)
{
    return (step + n_lanes - 1 - lane) / n_lanes;
}

/** An environment as it is now: all of them have taken the steps of the round that is begun. */
static dq_status put_state(dq_action_log *log, dq_trainer *trainer, int lane, int n_lanes)
{
    dq_writer *w;
    size_t n;
    int64_t step = step_of(trainer);
    DQ_TRY(dq_writer_create(&w));
    dq_status st = dq_env_save(dq_trainer_env(trainer, lane), w);
    if (st == DQ_OK) {
        const void *state = dq_writer_bytes(w, &n);
        st = dq_action_log_state(log, lane, steps_of_lane(step, 0, n_lanes), step, state, n);
    }
    dq_writer_destroy(w);
    return st == DQ_ERR_UNSUPPORTED ? DQ_OK : st;  // its games are played again from the first on
}

static dq_status put_states(dq_action_log *log, const dq_train_config *cfg, dq_trainer *trainer)
{
    for (int i = 0; i < cfg->n_envs; i++)
        if (dq_action_log_wants_state(log, i))
            DQ_TRY(put_state(log, trainer, i, cfg->n_envs));
    return dq_action_log_flush(log);
}

dq_status dq_run_actions_open(dq_action_log **out, const char *path, const dq_train_config *cfg,
                              dq_trainer *trainer)
{
    const int64_t step = step_of(trainer);
    const dq_action_log_place place = {.path = path,
                                       .n_lanes = cfg->n_envs,
                                       .n_actions =
                                           dq_env_get_spec(dq_trainer_env(trainer, 0))->n_actions,
                                       .step = step};
    DQ_TRY(dq_action_log_open(out, &place));
    for (int i = 0; i < cfg->n_envs; i++) {
        int64_t expected = steps_of_lane(step, i, cfg->n_envs);
        if (dq_action_log_steps(*out, i) != expected)
            dq_action_log_skip(*out, i, expected);
    }
    return put_states(*out, cfg, trainer);
}

dq_logged_action dq_run_logged_action(const dq_train_act *a)
{
    const dq_step *r = a->result;
    return (dq_logged_action){.lane = a->env,
                              .action = a->action,
                              .frame = a->frame,
                              .frame_bytes = a->frame_bytes,
                              .reward = r->reward,
                              .clipped = r->clipped,
                              .ended_points = r->ended_points,
                              .flags = (r->terminated ? DQ_LOGGED_TERMINATED : 0u) |
                                       (r->truncated ? DQ_LOGGED_TRUNCATED : 0u) |
                                       (r->game_goes_on ? DQ_LOGGED_GOES_ON : 0u) |
                                       (r->is_new_game ? DQ_LOGGED_NEW : 0u)};
}

dq_status dq_run_actions_act(dq_action_log *log, const dq_train_act *a)
{
    dq_logged_action action = dq_run_logged_action(a);
    return dq_action_log_add(log, &action);
}

dq_status dq_run_actions_game(dq_action_log *log, const dq_progress *p)
{
    return dq_action_log_game(log, p->env, p->n_games, p->reward, p->step);
}

dq_status dq_run_actions_checkpoint(dq_action_log *log, const dq_train_config *cfg,
                                    dq_trainer *trainer)
{
    DQ_TRY(dq_action_log_rest(log, step_of(trainer)));
    return put_states(log, cfg, trainer);
}
