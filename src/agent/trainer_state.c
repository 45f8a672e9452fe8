/* What a trainer's checkpoint holds. With several environments it may be in the middle of a round:
 * then those whose turn is still to come have played already, and what it came to is in there. The
 * remembered target values are not in it: they are computed again when needed, to the same bits. */
#include "deepq/train.h"

#include <math.h>

#include "agent/trainer_internal.h"
#include "base/error.h"
#include "base/rng_inline.h"
#include "base/stream_internal.h"

enum { STARTED = 1, SOLVED = 2 };  // of the run

/** No run gets so far, and one that is loaded with more would soon count beyond 64 bits. */
static const uint64_t MOST_STEPS = (uint64_t)1 << 62;

static void save_counters(const dq_trainer *t, dq_writer *w)
{
    dq_write_u64(w, (uint64_t)t->step);
    dq_write_u64(w, (uint64_t)t->n_updates);
    dq_write_u64(w, (uint64_t)t->n_games);
    for (int i = 0; i < DQ_RECENT_GAMES; i++)
        dq_write_f64(w, t->recent[i]);
    for (int i = 0; i < t->n_envs; i++)
        dq_write_f64(w, t->game_reward[i]);
    dq_write_f64(w, t->best_mean);
    dq_write_f64(w, t->loss);
    dq_write_u32(w, (t->started ? STARTED : 0u) | (t->solved ? SOLVED : 0u));
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
    if (step > MOST_STEPS || n_updates > step || n_games > step)
        return dq_fail(DQ_ERR_INPUT, "saved run: its counters are impossible");
    t->step = (int64_t)step;
    t->n_updates = (int64_t)n_updates;
    t->n_games = (int64_t)n_games;
    for (int i = 0; i < DQ_RECENT_GAMES; i++)
        dq_read_f64(r, &t->recent[i]);
    for (int i = 0; i < t->n_envs; i++)
        dq_read_f64(r, &t->game_reward[i]);
    dq_read_f64(r, &t->best_mean);
    dq_read_f64(r, &t->loss);
    DQ_TRY(dq_read_u32(r, &flags));
    if (flags > (STARTED | SOLVED) || (!(flags & STARTED) && step > 0))
        return dq_fail(DQ_ERR_INPUT, "saved run: it is in an impossible state");
    t->started = (flags & STARTED) != 0;
    t->solved = (flags & SOLVED) != 0;
    for (int i = 0; i < 4; i++) {
        dq_read_u64(r, &t->exploration.s[i]);
        DQ_TRY(dq_read_u64(r, &t->sampling.s[i]));
    }
    if (!dq_rng_is_possible(&t->exploration) || !dq_rng_is_possible(&t->sampling))
        return dq_fail(DQ_ERR_INPUT, "saved run: its random numbers are impossible");
    return DQ_OK;
}

enum { ENDED = 1, CUT_OFF = 2 };  // of a step

static void save_round(const dq_trainer *t, dq_writer *w)
{
    dq_write_u32(w, (uint32_t)t->n_envs);
    dq_write_u32(w, (uint32_t)t->turn);
    for (int i = 0; i < t->n_envs; i++) {
        const dq_step *step = &t->results[i].step;
        dq_write_u32(w, (uint32_t)t->played[i]);
        dq_write_f64(w, (double)step->reward);
        dq_write_u32(w, (step->terminated ? ENDED : 0u) | (step->truncated ? CUT_OFF : 0u));
    }
}

static dq_status load_round(dq_trainer *t, dq_reader *r)
{
    uint32_t n_envs, turn, action, flags;
    double reward;
    dq_read_u32(r, &n_envs);
    DQ_TRY(dq_read_u32(r, &turn));
    if (n_envs != (uint32_t)t->n_envs)
        return dq_fail(DQ_ERR_INPUT, "saved run has %u environments, this one has %d", n_envs,
                       t->n_envs);
    for (int i = 0; i < t->n_envs; i++) {
        dq_read_u32(r, &action);
        dq_read_f64(r, &reward);
        DQ_TRY(dq_read_u32(r, &flags));
        if (turn >= n_envs || action >= (uint32_t)t->n_actions || flags > (ENDED | CUT_OFF))
            return dq_fail(DQ_ERR_INPUT, "saved run: its round is impossible");
        t->played[i] = (int)action;
        t->results[i] = (dq_vector_result){.step = {.reward = (float)reward,
                                                    .terminated = (flags & ENDED) != 0,
                                                    .truncated = (flags & CUT_OFF) != 0}};
    }
    t->turn = (int)turn;
    return DQ_OK;
}

/** With one environment as it always was: there are no rounds then. */
static uint32_t format_version(const dq_trainer *t)
{
    return t->n_envs > 1 ? 2 : 1;
}

static dq_status save_envs(const dq_trainer *t, dq_writer *w)
{
    return t->n_envs > 1 ? dq_vector_save(t->envs, w) : dq_env_save(dq_vector_env(t->envs, 0), w);
}

static dq_status load_envs(dq_trainer *t, dq_reader *r)
{
    return t->n_envs > 1 ? dq_vector_load(t->envs, r) : dq_env_load(dq_vector_env(t->envs, 0), r);
}

dq_status dq_trainer_save(dq_trainer *t, dq_writer *w)
{
    if (t->is_in_step)
        return dq_fail(DQ_ERR_CONFIG, "a step is half done: save in `step` or `checkpoint`");
    DQ_TRY(dq_trainer_check_finite(t));
    DQ_TRY(dq_net_save(t->net, w));  // first, so that it can be read alone
    dq_write_tag(w, "TRNR", format_version(t));
    dq_write_u32(w, (uint32_t)t->n_actions);
    if (t->n_envs > 1)
        save_round(t, w);
    save_counters(t, w);
    DQ_TRY(dq_write(w, t->obs, (size_t)t->n_envs * DQ_NET_OBS_BYTES));
    DQ_TRY(save_envs(t, w));
    dq_status st = dq_replay_save(t->replay, w);
    return t->priorities ? dq_priorities_save(t->priorities, w) : st;
}

/** Every step has added one transition, in turns. */
static dq_status check_memory(const dq_trainer *t)
{
    uint64_t step = (uint64_t)t->step, capacity = (uint64_t)t->cfg.replay_size;
    size_t current = dq_replay_current(t->replay);
    if (t->turn != (int)(step % (uint64_t)t->n_envs))
        return dq_fail(DQ_ERR_INPUT, "saved run: its round is impossible");
    if (dq_replay_size(t->replay) != (step < capacity ? step : capacity) ||
        current != step % dq_replay_slots(t->replay) ||
        dq_replay_current_of(t->replay, t->turn) != current)
        return dq_fail(DQ_ERR_INPUT, "saved run: its replay is not that of %lld steps",
                       (long long)t->step);
    return t->priorities ? dq_priorities_fit(t->priorities, t->replay) : DQ_OK;
}

static dq_status load_rest(dq_trainer *t, dq_reader *r, bool net_is_inside)
{
    uint32_t n_actions;
    DQ_TRY(dq_read_tag(r, "TRNR", format_version(t)));
    DQ_TRY(dq_read_u32(r, &n_actions));
    if (n_actions != (uint32_t)t->n_actions)
        return dq_fail(DQ_ERR_INPUT, "saved run has %u actions, its environment has %d", n_actions,
                       t->n_actions);
    if (t->n_envs > 1)
        DQ_TRY(load_round(t, r));
    DQ_TRY(load_counters(t, r));
    DQ_TRY(dq_read(r, t->obs, (size_t)t->n_envs * DQ_NET_OBS_BYTES));
    DQ_TRY(load_envs(t, r));
    if (net_is_inside)
        DQ_TRY(dq_net_load(t->net, r));
    if (!isfinite(t->loss) || !dq_net_is_finite(t->net))
        return dq_fail(DQ_ERR_INPUT,
                       "saved run: its weights are not finite, learning had diverged: "
                       "begin again with a smaller learning_rate");
    DQ_TRY(dq_replay_load(t->replay, r));
    if (t->priorities)
        DQ_TRY(dq_priorities_load(t->priorities, r));
    return check_memory(t);
}

dq_status dq_trainer_load(dq_trainer *t, dq_reader *r)
{
    bool net_is_first = dq_reader_is_at(r, "DQNN");  // older ones have it in the middle
    if (net_is_first)
        DQ_TRY(dq_net_load(t->net, r));
    DQ_TRY(load_rest(t, r, !net_is_first));
    t->loss_is_old = false;
    if (t->device.net)
        DQ_TRY(dq_device_learner_load(&t->device));
    else
        dq_target_memory_forget_all(&t->targets);
    if (dq_reader_left(r) != 0)
        return dq_fail(DQ_ERR_INPUT, "saved run: %zu bytes too many at its end", dq_reader_left(r));
    return DQ_OK;
}

dq_status dq_trainer_load_net(dq_net **out, const char *network, dq_reader *r)
{
    uint32_t n_actions;
    size_t start = r->at;
    *out = NULL;
    if (!dq_reader_is_at(r, "DQNN"))
        return dq_fail(DQ_ERR_INPUT,
                       "saved run: its weights cannot be read alone, an older deepq wrote "
                       "it: go on with the run, and its next checkpoint is of today");
    DQ_TRY(dq_read_tag(r, "DQNN", 1));
    DQ_TRY(dq_read_u32(r, &n_actions));
    r->at = start;  // the net reads it all
    if (n_actions < 1 || n_actions > DQ_MAX_ACTIONS)
        return dq_fail(DQ_ERR_INPUT, "saved run: %u actions are impossible", n_actions);
    dq_net_config cfg = dq_net_config_default((int)n_actions);
    cfg.network = network;
    cfg.batch = cfg.n_threads = 1;
    DQ_TRY(dq_net_create(out, &cfg));
    dq_status st = dq_net_load(*out, r);
    if (st != DQ_OK) {
        dq_net_destroy(*out);
        *out = NULL;
    }
    return st;
}
