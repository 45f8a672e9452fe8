/* What a trainer's checkpoint holds. The remembered target values are not in it: they are computed
 * again when needed, to the same bits. */
#include "deepq/train.h"

#include "agent/trainer_internal.h"
#include "base/error.h"

static void save_counters(const dq_trainer *t, dq_writer *w)
{
    dq_write_u64(w, (uint64_t)t->step);
    dq_write_u64(w, (uint64_t)t->n_updates);
    dq_write_u64(w, (uint64_t)t->n_games);
    for (int i = 0; i < DQ_RECENT_GAMES; i++)
        dq_write_f64(w, t->recent[i]);
    dq_write_f64(w, t->game_reward);
    dq_write_f64(w, t->best_mean);
    dq_write_f64(w, t->loss);
    dq_write_u32(w, (uint32_t)t->started | (uint32_t)t->solved << 1);
    for (int i = 0; i < 4; i++) {
        dq_write_u64(w, t->exploration.s[i]);
        dq_write_u64(w, t->sampling.s[i]);
    }
}

static dq_status load_counters(dq_trainer *t, dq_reader *r)
{
    uint64_t step, n_updates, n_games;
    uint32_t flags;
    dq_read_u64(r, &step);
    dq_read_u64(r, &n_updates);
    DQ_TRY(dq_read_u64(r, &n_games));
    if (step > INT64_MAX || n_updates > step || n_games > step)
        return dq_fail(DQ_ERR_INPUT, "saved run: its counters are impossible");
    t->step = (int64_t)step;
    t->n_updates = (int64_t)n_updates;
    t->n_games = (int64_t)n_games;
    for (int i = 0; i < DQ_RECENT_GAMES; i++)
        dq_read_f64(r, &t->recent[i]);
    dq_read_f64(r, &t->game_reward);
    dq_read_f64(r, &t->best_mean);
    dq_read_f64(r, &t->loss);
    DQ_TRY(dq_read_u32(r, &flags));
    t->started = flags & 1;
    t->solved = flags >> 1 & 1;
    for (int i = 0; i < 4; i++) {
        dq_read_u64(r, &t->exploration.s[i]);
        DQ_TRY(dq_read_u64(r, &t->sampling.s[i]));
    }
    return DQ_OK;
}

dq_status dq_trainer_save(dq_trainer *t, dq_writer *w)
{
    dq_trainer_fetch_loss(t);
    dq_write_tag(w, "TRNR", 1);
    dq_write_u32(w, (uint32_t)t->n_actions);
    save_counters(t, w);
    DQ_TRY(dq_write(w, t->obs, DQ_NET_OBS_BYTES));
    DQ_TRY(dq_env_save(t->env, w));
    DQ_TRY(dq_net_save(t->net, w));
    return dq_replay_save(t->replay, w);
}

dq_status dq_trainer_load(dq_trainer *t, dq_reader *r)
{
    uint32_t n_actions;
    DQ_TRY(dq_read_tag(r, "TRNR", 1));
    DQ_TRY(dq_read_u32(r, &n_actions));
    if (n_actions != (uint32_t)t->n_actions)
        return dq_fail(DQ_ERR_INPUT, "saved run has %u actions, its environment has %d", n_actions,
                       t->n_actions);
    DQ_TRY(load_counters(t, r));
    DQ_TRY(dq_read(r, t->obs, DQ_NET_OBS_BYTES));
    DQ_TRY(dq_env_load(t->env, r));
    DQ_TRY(dq_net_load(t->net, r));
    DQ_TRY(dq_replay_load(t->replay, r));
    t->loss_is_old = false;
    if (t->device.net)
        DQ_TRY(dq_device_learner_load(&t->device));
    else
        dq_target_memory_forget_all(&t->targets);
    if (dq_reader_left(r) != 0)
        return dq_fail(DQ_ERR_INPUT, "saved run: %zu bytes too many at its end", dq_reader_left(r));
    return DQ_OK;
}
