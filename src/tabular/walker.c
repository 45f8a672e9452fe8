#include "tabular/walker.h"

#include "base/error.h"

dq_status dq_walker_seed(dq_walker *w, uint64_t seed)
{
    w->rng = dq_rng_stream(seed, DQ_WORLD_STREAM);
    return w->world ? DQ_OK : dq_env_seed(w->env, seed);
}

/** An environment of the user's own may say anything. */
static dq_status check_state(const dq_walker *w)
{
    const dq_env_spec *spec = dq_env_get_spec(w->env);
    if (w->state >= 0 && w->state < spec->n_states)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "%s is in state %d of %d: correct its observation", spec->id,
                   w->state, spec->n_states);
}

dq_status dq_walker_reset(dq_walker *w)
{
    w->n_steps = 0;
    if (w->world) {
        uint32_t i = dq_world_draw(w->world, w->world->n_rows - 1, &w->rng);
        w->state = w->world->outcomes[i].next_state;
        return DQ_OK;
    }
    DQ_TRY(dq_env_reset(w->env, &w->state));
    return check_state(w);
}

static dq_status step_env(dq_walker *w, int action, dq_walk_step *step)
{
    dq_step result;
    DQ_TRY(dq_env_step(w->env, action, &w->state, &result));
    DQ_TRY(check_state(w));
    step->reward = (double)result.reward;
    step->terminated = result.terminated;
    step->ended = result.terminated || result.truncated;
    return DQ_OK;
}

dq_status dq_walker_step(dq_walker *w, int action, dq_walk_step *step)
{
    *step = (dq_walk_step){.from = w->state, .action = action};
    if (w->world) {
        size_t row = (size_t)w->state * (size_t)w->world->n_actions + (size_t)action;
        const dq_outcome *o = &w->world->outcomes[dq_world_draw(w->world, row, &w->rng)];
        w->state = o->next_state;
        step->reward = (double)o->reward;
        step->terminated = step->ended = o->terminated;
    } else {
        DQ_TRY(step_env(w, action, step));
    }
    step->to = w->state;
    step->ended |= ++w->n_steps >= w->max_steps;
    return DQ_OK;
}
