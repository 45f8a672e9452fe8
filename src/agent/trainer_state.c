/* What a trainer's checkpoint holds. With several environments it may be in the middle of a round:
 * then those whose turn is still to come have played already, and what it came to is in there. The
 * target cache is not in it: its values are computed again when needed, to the same bits. */
#include "deepq/train.h"

#include <math.h>
#include <string.h>

#include "agent/config.h"
#include "agent/trainer_internal.h"
#include "base/error.h"
#include "base/rng_inline.h"
#include "base/stream_internal.h"
#include "nn/graph.h"

enum { STARTED = 1, SOLVED = 2 };  // of the run

/** No run gets so far, and the updates of one that is loaded with more might count beyond 64
 * bits. */
static const uint64_t MOST_STEPS = (uint64_t)1 << 53;

/* Versions: of one environment odd, of several, which play in rounds, even. 1 and 2 took episodes
 * for games, and had not the last states of those that a limit cut off. Up to 4 the replay buffer
 * was whole. From 5 on there is its head, and the number of its segments that follow. From 7 on
 * there are the last states of all episodes, and the sums of the game at hand; from 9 on that of
 * norms too. */
enum { EPISODES_ARE_GAMES = 1, WHOLE_GAMES = 3, SEGMENTS = 5, LAST_STATES = 7, GRADIENT_NORMS = 9 };

static void save_counters(const dq_trainer *t, dq_writer *w)
{
    dq_write_u64(w, (uint64_t)t->step);
    dq_write_u64(w, (uint64_t)t->n_updates);
    dq_write_u64(w, (uint64_t)t->scores.n_games);
    for (int i = 0; i < DQ_RECENT_GAMES; i++)
        dq_write_f64(w, t->scores.recent[i]);
    for (int i = 0; i < t->cfg.n_envs; i++)
        dq_write_f64(w, t->scores.points[i]);
    dq_write_f64(w, t->scores.best_mean);
    dq_write_f64(w, t->loss);
    dq_write_u32(w, (t->started ? STARTED : 0u) | (t->solved ? SOLVED : 0u));
    for (int i = 0; i < 4; i++) {
        dq_write_u64(w, t->actor.exploration.s[i]);
        dq_write_u64(w, t->learner->sampling.s[i]);
    }
}

/** What the learner sees of the games. */
static void save_episodes(const dq_scores *s, dq_writer *w)
{
    dq_write_u64(w, (uint64_t)s->n_episodes);
    dq_write_f64(w, s->last_learned);
    for (int i = 0; i < s->n_envs; i++)
        dq_write_f64(w, s->learned[i]);
}

static dq_status load_episodes(dq_scores *s, dq_reader *r, int64_t step)
{
    uint64_t n_episodes;
    DQ_TRY(dq_read_u64(r, &n_episodes));
    DQ_TRY(dq_read_f64(r, &s->last_learned));
    for (int i = 0; i < s->n_envs; i++)
        DQ_TRY(dq_read_f64(r, &s->learned[i]));
    if (n_episodes > (uint64_t)step)
        return dq_fail(DQ_ERR_INPUT, "saved run: its counters are impossible");
    s->n_episodes = (int64_t)n_episodes;
    return DQ_OK;
}

/** What the means of the game at hand are made of, and its length. */
static void save_sums(const dq_trainer *t, dq_writer *w)
{
    dq_write_f64(w, t->sums.loss);
    dq_write_f64(w, t->sums.td_error);
    dq_write_u64(w, (uint64_t)t->sums.n);
    dq_write_u64(w, (uint64_t)t->sums.n_td_errors);
    dq_write_f64(w, t->sums.gradient_norm);
    dq_write_u64(w, (uint64_t)t->sums.n_norms);
    dq_write_f64(w, t->actor.max_q);
    dq_write_u64(w, (uint64_t)t->actor.n_max_q);
    dq_write_u64(w, (uint64_t)t->scores.last_length);
    for (int i = 0; i < t->cfg.n_envs; i++)
        dq_write_u64(w, (uint64_t)t->scores.steps[i]);
}

static dq_status read_count(dq_reader *r, int64_t *count)
{
    uint64_t n;
    DQ_TRY(dq_read_u64(r, &n));
    *count = (int64_t)n;
    return n <= MOST_STEPS ? DQ_OK
                           : dq_fail(DQ_ERR_INPUT, "saved run: its counters are impossible");
}

static dq_status load_sums(dq_trainer *t, dq_reader *r, uint32_t version)
{
    dq_read_f64(r, &t->sums.loss);
    dq_read_f64(r, &t->sums.td_error);
    DQ_TRY(read_count(r, &t->sums.n));
    DQ_TRY(read_count(r, &t->sums.n_td_errors));
    if (version >= GRADIENT_NORMS) {
        dq_read_f64(r, &t->sums.gradient_norm);
        DQ_TRY(read_count(r, &t->sums.n_norms));
    }
    dq_read_f64(r, &t->actor.max_q);
    DQ_TRY(read_count(r, &t->actor.n_max_q));
    DQ_TRY(read_count(r, &t->scores.last_length));
    for (int i = 0; i < t->cfg.n_envs; i++)
        DQ_TRY(read_count(r, &t->scores.steps[i]));
    return DQ_OK;
}

/** An older run's: its games were its episodes, as far as it knew. */
static void assume_episodes(dq_scores *s)
{
    s->n_episodes = s->n_games;
    s->last_learned = dq_scores_last(s);
    for (int i = 0; i < s->n_envs; i++)
        s->learned[i] = s->points[i];
}

/** The most updates that there are for a step. */
static uint64_t most_updates(const dq_train_config *cfg)
{
    return (uint64_t)(cfg->rollout > 0 ? cfg->epochs : cfg->updates);
}

static dq_status load_counters(dq_trainer *t, dq_reader *r)
{
    uint64_t step, n_updates, n_games;
    uint32_t flags;
    dq_read_u64(r, &step);
    dq_read_u64(r, &n_updates);
    DQ_TRY(dq_read_u64(r, &n_games));
    if (step > MOST_STEPS || n_games > step || n_updates > step * most_updates(&t->cfg))
        return dq_fail(DQ_ERR_INPUT, "saved run: its counters are impossible");
    t->step = (int64_t)step;
    t->n_updates = (int64_t)n_updates;
    t->scores.n_games = (int64_t)n_games;
    for (int i = 0; i < DQ_RECENT_GAMES; i++)
        dq_read_f64(r, &t->scores.recent[i]);
    for (int i = 0; i < t->cfg.n_envs; i++)
        dq_read_f64(r, &t->scores.points[i]);
    dq_read_f64(r, &t->scores.best_mean);
    dq_read_f64(r, &t->loss);
    DQ_TRY(dq_read_u32(r, &flags));
    if (flags > (STARTED | SOLVED) || (!(flags & STARTED) && step > 0))
        return dq_fail(DQ_ERR_INPUT, "saved run: it is in an impossible state");
    t->started = (flags & STARTED) != 0;
    t->solved = (flags & SOLVED) != 0;
    for (int i = 0; i < 4; i++) {
        dq_read_u64(r, &t->actor.exploration.s[i]);
        DQ_TRY(dq_read_u64(r, &t->learner->sampling.s[i]));
    }
    if (!dq_rng_is_possible(&t->actor.exploration) || !dq_rng_is_possible(&t->learner->sampling))
        return dq_fail(DQ_ERR_INPUT, "saved run: its random numbers are impossible");
    return DQ_OK;
}

static uint32_t format_version(const dq_trainer *t, uint32_t with_one)
{
    return with_one + (t->cfg.n_envs > 1);
}

static dq_status save_state(dq_trainer *t, dq_writer *w)
{
    if (t->is_in_step)
        return dq_fail(DQ_ERR_CONFIG, "a step is half done: save in `step` or `checkpoint`");
    DQ_TRY(dq_trainer_check_whole(t));
    DQ_TRY(dq_trainer_check_finite(t));
    DQ_TRY(dq_learner_save_net(t->learner, w));  // first, so that it can be read alone
    dq_write_tag(w, "TRNR", format_version(t, GRADIENT_NORMS));
    dq_write_u32(w, (uint32_t)t->actor.n_actions);
    if (t->cfg.n_envs > 1)
        DQ_TRY(dq_actor_save_round(&t->actor, w));
    save_counters(t, w);
    save_episodes(&t->scores, w);
    save_sums(t, w);
    DQ_TRY(dq_write(w, t->actor.obs, (size_t)t->cfg.n_envs * t->actor.obs_bytes));
    DQ_TRY(dq_actor_save_envs(&t->actor, w));
    return dq_learner_save_memory(t->learner, w);
}

dq_status dq_trainer_save(dq_trainer *t, dq_writer *w)
{
    const dq_replay *replay = t->learner->replay;
    dq_replay_segments all = dq_replay_get_segments(replay);
    DQ_TRY(save_state(t, w));
    dq_status st = dq_write_u64(w, all.n);
    for (size_t i = 0; i < all.n && st == DQ_OK; i++)
        st = dq_replay_save_segment(replay, all.first + i, w);
    return st;
}

dq_status dq_trainer_save_state(dq_trainer *t, dq_writer *w)
{
    DQ_TRY(save_state(t, w));
    return dq_write_u64(w, 0);
}

/** Every step has added one transition, in turns. */
static dq_status check_memory(const dq_trainer *t)
{
    const dq_replay *replay = t->learner->replay;
    uint64_t step = (uint64_t)t->step, capacity = (uint64_t)dq_config_capacity(&t->cfg);
    size_t current = dq_replay_current(replay);
    if (t->actor.turn != (int)(step % (uint64_t)t->cfg.n_envs))
        return dq_fail(DQ_ERR_INPUT, "saved run: its round is impossible");
    if (dq_replay_size(replay) != (step < capacity ? step : capacity) ||
        current != step % dq_replay_slots(replay) ||
        dq_replay_current_of(replay, t->actor.turn) != current)
        return dq_fail(DQ_ERR_INPUT, "saved run: its replay is not that of %lld steps",
                       (long long)t->step);
    return DQ_OK;
}

static dq_status load_head(const dq_trainer *t, dq_reader *r, uint32_t *version)
{
    uint32_t n_actions, found, first = format_version(t, EPISODES_ARE_GAMES);
    DQ_TRY(dq_read_tag_between(r, "TRNR", first, format_version(t, GRADIENT_NORMS), &found));
    DQ_TRY(dq_read_u32(r, &n_actions));
    *version = found - first + EPISODES_ARE_GAMES;
    if ((found - first) % 2 != 0)
        return dq_fail(DQ_ERR_INPUT, "saved run has another number of environments, this one %d",
                       t->cfg.n_envs);
    if (n_actions != (uint32_t)t->actor.n_actions)
        return dq_fail(DQ_ERR_INPUT, "saved run has %u actions, its environment has %d", n_actions,
                       t->actor.n_actions);
    return DQ_OK;
}

/** The replay buffer and priorities, and segments that follow. */
static dq_status load_memory(dq_trainer *t, dq_reader *r, uint32_t version)
{
    dq_replay *replay = t->learner->replay;
    uint64_t n_segments;
    if (version < SEGMENTS)
        return dq_learner_load_old_memory(t->learner, r);
    DQ_TRY(dq_learner_load_memory(t->learner, r));
    DQ_TRY(dq_read_u64(r, &n_segments));
    for (; n_segments > 0; n_segments--)
        DQ_TRY(dq_replay_load_segment(replay, r));
    return DQ_OK;
}

static dq_status load_rest(dq_trainer *t, dq_reader *r, bool net_is_inside)
{
    uint32_t version;
    DQ_TRY(load_head(t, r, &version));
    bool is_whole = version >= WHOLE_GAMES;
    if (t->cfg.n_envs > 1)
        DQ_TRY(dq_actor_load_round(&t->actor, r,
                                   version >= LAST_STATES ? DQ_ROUND_ALL_LAST
                                   : is_whole             ? DQ_ROUND_WHOLE
                                                          : DQ_ROUND_EPISODES));
    DQ_TRY(load_counters(t, r));
    if (is_whole)
        DQ_TRY(load_episodes(&t->scores, r, t->step));
    else
        assume_episodes(&t->scores);
    if (version >= LAST_STATES)
        DQ_TRY(load_sums(t, r, version));
    DQ_TRY(dq_read(r, t->actor.obs, (size_t)t->cfg.n_envs * t->actor.obs_bytes));
    DQ_TRY(dq_actor_load_envs(&t->actor, r));
    if (net_is_inside)
        DQ_TRY(dq_learner_load_net(t->learner, r));
    if (!isfinite(t->loss) || !dq_net_is_finite(dq_learner_net(t->learner)))
        return dq_fail(DQ_ERR_INPUT,
                       "saved run: its weights are not finite, learning had diverged: "
                       "begin again with a smaller learning_rate");
    return load_memory(t, r, version);
}

dq_status dq_trainer_load_state(dq_trainer *t, dq_reader *r)
{
    bool net_is_first = dq_reader_is_at(r, "DQNN");  // older ones have it in the middle
    if (net_is_first)
        DQ_TRY(dq_learner_load_net(t->learner, r));
    DQ_TRY(load_rest(t, r, !net_is_first));
    t->loss_is_old = t->failed = false;
    if (dq_reader_left(r) != 0)
        return dq_fail(DQ_ERR_INPUT, "saved run: %zu bytes too many at its end", dq_reader_left(r));
    return DQ_OK;
}

dq_status dq_trainer_load_end(dq_trainer *t)
{
    DQ_TRY(dq_learner_load_end(t->learner));
    return check_memory(t);
}

dq_status dq_trainer_load(dq_trainer *t, dq_reader *r)
{
    DQ_TRY(dq_trainer_load_state(t, r));
    return dq_trainer_load_end(t);
}

/** The name of the saved run's network: an mlp's sizes and the words behind a name are in the file.
 */
static dq_status choose_saved(const char **network, const dq_saved_net *saved, const dq_reader *r)
{
    const char *run = *network ? *network : dq_net_network_name(0), *name = saved->network;
    size_t base = strcspn(run, " ");
    if (!*name && !dq_network_takes_whole(run))
        return DQ_OK;  // version 1 did not say
    uint64_t n_params = dq_net_n_params(name, (int)saved->n_actions), n_arrays = 4;
    if (strcspn(name, " ") != base || strncmp(name, run, base) != 0 || n_params == 0)
        return dq_fail(DQ_ERR_INPUT, "saved net is a %s network, the run's is %s", name, run);
    if (n_params * n_arrays * sizeof(float) > dq_reader_left(r))
        return dq_fail(DQ_ERR_INPUT, "saved net ends early");
    *network = name;
    return DQ_OK;
}

dq_status dq_trainer_load_net(dq_net **out, const char *network, dq_reader *r)
{
    dq_saved_net saved;
    *out = NULL;
    if (!dq_reader_is_at(r, "DQNN"))
        return dq_fail(DQ_ERR_INPUT,
                       "saved run: its weights cannot be read alone, an older deepq wrote "
                       "it: continue the run, and its next checkpoint can be");
    DQ_TRY(dq_saved_net_peek(r, &saved));
    if (saved.n_actions < 1 || saved.n_actions > DQ_MAX_ACTIONS)
        return dq_fail(DQ_ERR_INPUT, "saved run: %u actions are impossible", saved.n_actions);
    DQ_TRY(choose_saved(&network, &saved, r));
    dq_net_config cfg = dq_net_config_default((int)saved.n_actions);
    cfg.network = network;
    cfg.optimiser = saved.optimiser;
    cfg.batch = cfg.n_threads = 1;
    DQ_TRY(dq_net_create(out, &cfg));
    dq_status st = dq_net_load(*out, r);
    if (st != DQ_OK) {
        dq_net_destroy(*out);
        *out = NULL;
    }
    return st;
}
