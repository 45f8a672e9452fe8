#include "deepq/train.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/argmax.h"
#include "agent/config.h"
#include "agent/trainer_internal.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"

enum { FRAME_BYTES = DQ_NET_SIDE * DQ_NET_SIDE };

static dq_status check_env(const dq_env_spec *spec)
{
    const dq_space *o = &spec->obs;
    if (o->dtype != DQ_U8 || o->n_dims != 3 || o->shape[0] != DQ_NET_STACK ||
        o->shape[1] != DQ_NET_SIDE || o->shape[2] != DQ_NET_SIDE)
        return dq_fail(DQ_ERR_CONFIG, "%s: its observations are not uint8 [%d][%d][%d]: wrap it",
                       spec->id, DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE);
    return DQ_OK;
}

/** What a GPU does not do so far. */
static dq_status check_device(const dq_train_config *cfg)
{
    if (cfg->double_dqn && dq_device_is_gpu(cfg->device))
        return dq_fail(DQ_ERR_CONFIG, "double_dqn is not there on a GPU: choose the device cpu");
    if (cfg->loss == DQ_LOSS_HUBER && dq_device_is_gpu(cfg->device))
        return dq_fail(DQ_ERR_CONFIG, "loss huber is not there on a GPU: choose the device cpu");
    if (cfg->priority_alpha > 0 && dq_device_is_gpu(cfg->device))
        return dq_fail(DQ_ERR_CONFIG,
                       "priority_alpha is not there on a GPU: choose 0, or the device cpu");
    return DQ_OK;
}

static dq_status create_net(dq_trainer *t)
{
    const dq_train_config *cfg = &t->cfg;
    dq_net_config net = dq_net_config_default(t->n_actions);
    net.batch = cfg->batch;
    net.n_threads = cfg->n_threads;
    net.n_states = cfg->n_envs;
    net.isa = cfg->isa;
    net.device = cfg->device;
    net.precision = cfg->precision;
    net.loss = cfg->loss;
    net.network = cfg->network;
    net.learning_rate = cfg->learning_rate;
    net.beta1 = cfg->adam_beta1;
    net.beta2 = cfg->adam_beta2;
    net.epsilon = cfg->adam_epsilon;
    DQ_TRY(dq_net_create(&t->net, &net));
    dq_rng rng = dq_rng_stream(cfg->seed, "initialisation");
    dq_net_init(t->net, &rng);
    return DQ_OK;
}

static dq_status create_targets(dq_trainer *t)
{
    size_t n_slots = dq_replay_slots(t->replay);
    if (t->device.net)  // it has its own way
        return DQ_OK;
    if (t->cfg.double_dqn)
        return dq_target_memory_init_double(&t->targets, n_slots, t->cfg.batch, t->n_actions);
    return dq_target_memory_init(&t->targets, n_slots, t->cfg.batch);
}

static dq_status create_memory(dq_trainer *t)
{
    dq_replay_config replay = dq_replay_config_default();
    replay.capacity = (size_t)t->cfg.replay_size;
    replay.n_step = t->cfg.n_step;
    replay.gamma = t->cfg.gamma;
    replay.n_lanes = t->n_envs;
    replay.n_actions = t->n_actions;
    DQ_TRY(dq_replay_create(&t->replay, &replay));
    DQ_TRY(dq_device_learner_init(&t->device, t->net, t->replay, t->cfg.batch));
    DQ_TRY(create_targets(t));
    if (t->cfg.priority_alpha > 0)
        DQ_TRY(dq_priorities_create(&t->priorities, dq_replay_slots(t->replay),
                                    t->cfg.priority_alpha));
    size_t batch = (size_t)t->cfg.batch;
    t->batch_obs = calloc(batch, DQ_NET_OBS_BYTES);
    t->transitions = calloc(batch, sizeof(*t->transitions));
    t->actions = calloc(batch, sizeof(*t->actions));
    t->target = calloc(batch, sizeof(*t->target));
    t->weight = calloc(batch, sizeof(*t->weight));
    t->error = calloc(batch, sizeof(*t->error));
    if (!t->batch_obs || !t->transitions || !t->actions || !t->target || !t->weight || !t->error)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a batch of %zu", batch);
    return DQ_OK;
}

static dq_status create_round(dq_trainer *t)
{
    size_t n = (size_t)t->n_envs;
    t->obs = calloc(n, DQ_NET_OBS_BYTES);
    t->asked = calloc(n, DQ_NET_OBS_BYTES);
    t->played = calloc(n, sizeof(*t->played));
    t->results = calloc(n, sizeof(*t->results));
    t->game_reward = calloc(n, sizeof(*t->game_reward));
    t->q = calloc(n, (size_t)t->n_actions * sizeof(*t->q));
    if (!t->obs || !t->asked || !t->played || !t->results || !t->game_reward || !t->q)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d environments", t->n_envs);
    return DQ_OK;
}

/** Take the environments over. */
static dq_status create_envs(dq_trainer *t, dq_env *const *envs)
{
    int threads = t->cfg.n_threads > 0 ? t->cfg.n_threads : dq_cpu_count();
    dq_vector_config vector = {.n_threads = threads < t->n_envs ? threads : t->n_envs,
                               .autoreset = DQ_AUTORESET_SAME_STEP};
    for (int i = 0; i < t->n_envs; i++)
        DQ_TRY(dq_env_seed(envs[i], t->cfg.seed + (uint64_t)i));
    return dq_vector_create(&t->envs, envs, t->n_envs, &vector);
}

static void set_bound(dq_trainer *t, const char *env_id)
{
    double published = dq_train_reward_bound(env_id);
    t->games_to_solve = isfinite(published) ? 1 : DQ_RECENT_GAMES;
    if (isnan(t->cfg.reward_bound))
        t->cfg.reward_bound = published;
}

dq_status dq_trainer_create_many(dq_trainer **out, const dq_train_config *cfg, dq_env *const *envs)
{
    assert(out && cfg && envs);
    *out = NULL;
    DQ_TRY(dq_train_config_check(cfg));
    DQ_TRY(check_device(cfg));
    for (int i = 0; i < cfg->n_envs; i++)
        DQ_TRY(check_env(dq_env_get_spec(envs[i])));
    dq_trainer *t = calloc(1, sizeof(*t));
    if (!t)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a trainer");
    t->cfg = *cfg;
    t->n_envs = cfg->n_envs;
    t->n_actions = dq_env_get_spec(envs[0])->n_actions;
    set_bound(t, dq_env_get_spec(envs[0])->id);
    t->exploration = dq_rng_stream(cfg->seed, "exploration");
    t->sampling = dq_rng_stream(cfg->seed, "replay");
    dq_status st = create_net(t);
    if (st == DQ_OK)
        st = create_memory(t);
    if (st == DQ_OK)
        st = create_round(t);
    if (st == DQ_OK)
        st = create_envs(t, envs);
    if (st != DQ_OK) {
        dq_trainer_destroy(t);
        return st;
    }
    *out = t;
    return DQ_OK;
}

dq_status dq_trainer_create(dq_trainer **out, const dq_train_config *cfg, dq_env *env)
{
    assert(out && cfg && env);
    *out = NULL;
    if (cfg->n_envs > 1)
        return dq_fail(DQ_ERR_CONFIG,
                       "n_envs is %d, and one environment was given: give all of them to "
                       "dq_trainer_create_many()",
                       cfg->n_envs);
    return dq_trainer_create_many(out, cfg, &env);
}

void dq_trainer_destroy(dq_trainer *t)
{
    if (!t)
        return;
    dq_vector_destroy(t->envs);
    dq_net_destroy(t->net);
    dq_replay_destroy(t->replay);
    dq_priorities_destroy(t->priorities);
    dq_target_memory_free(&t->targets);
    dq_device_learner_free(&t->device);
    free(t->obs);
    free(t->asked);
    free(t->played);
    free(t->results);
    free(t->game_reward);
    free(t->q);
    free(t->batch_obs);
    free(t->transitions);
    free(t->actions);
    free(t->target);
    free(t->weight);
    free(t->error);
    free(t);
}

static double mean_of_recent(const dq_trainer *t)
{
    int64_t n = t->n_games < DQ_RECENT_GAMES ? t->n_games : DQ_RECENT_GAMES;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += t->recent[i];
    return n > 0 ? sum / (double)n : 0;
}

/** The book looks at the mean from the first game of Pong on; elsewhere a lucky one would do. */
static bool is_solved(const dq_trainer *t)
{
    return t->n_games >= t->games_to_solve && mean_of_recent(t) > t->cfg.reward_bound;
}

/** Speed counts from here, not from before a pause. */
static void begin_to_count(dq_trainer *t)
{
    t->counts_from_s = dq_clock_s();
    t->counts_from_step = t->step;
}

/** A round's steps are played when it begins: fewer of them than that tell nothing. */
static bool tells_speed(const dq_trainer *t)
{
    return t->step - t->counts_from_step >= t->n_envs;
}

static double speed(const dq_trainer *t)
{
    double seconds = dq_clock_s() - t->counts_from_s;
    if (!tells_speed(t) || seconds <= 0)
        return t->speed;
    return (double)(t->step - t->counts_from_step) / seconds;
}

void dq_trainer_progress(const dq_trainer *t, dq_progress *p)
{
    *p = (dq_progress){
        .step = t->step,
        .n_updates = t->n_updates,
        .n_games = t->n_games,
        .reward = t->n_games > 0 ? t->recent[(t->n_games - 1) % DQ_RECENT_GAMES] : 0,
        .mean_reward = mean_of_recent(t),
        .best_mean = t->best_mean,
        .previous_best = t->best_mean,
        .epsilon = dq_config_epsilon(&t->cfg, t->step),
        .speed = speed(t),
        .loss = t->loss,
        .solved = is_solved(t),
    };
}

dq_net *dq_trainer_net(const dq_trainer *t)
{
    return t->net;
}

static const uint8_t *newest_frame(const dq_trainer *t, int env)
{
    return t->obs + (size_t)env * DQ_NET_OBS_BYTES + (size_t)(DQ_NET_STACK - 1) * FRAME_BYTES;
}

/** The environment was reset: t->obs is its first state. */
static void begin_game(dq_trainer *t, int env)
{
    const uint8_t *newest = newest_frame(t, env);
    const uint8_t *oldest = newest - (size_t)(DQ_NET_STACK - 1) * FRAME_BYTES;
    if (memcmp(oldest, newest, FRAME_BYTES) == 0)
        dq_replay_begin_repeated(t->replay, env, newest);
    else
        dq_replay_begin_lane(t->replay, env, newest);
    if (t->device.net)
        dq_device_learner_remember_lane(&t->device, env);
    t->game_reward[env] = 0;
}

static dq_status begin_all_games(dq_trainer *t)
{
    DQ_TRY(dq_vector_reset(t->envs, t->obs));
    for (int i = 0; i < t->n_envs; i++)
        begin_game(t, i);
    return DQ_OK;
}

/** Of the value after the steps that a transition spans. */
static float discount(const dq_trainer *t)
{
    return (float)pow(t->cfg.gamma, t->cfg.n_step);
}

/** Whether this step's transition is followed by a learning step, unless the run is solved by it.
 */
static bool will_learn(const dq_trainer *t)
{
    size_t size = dq_replay_size(t->replay) + 1;
    size = size < (size_t)t->cfg.replay_size ? size : (size_t)t->cfg.replay_size;
    return size >= (size_t)t->cfg.replay_start && t->step % t->cfg.train_every == 0;
}

static bool is_sync_due(const dq_trainer *t)
{
    return t->step % t->cfg.target_sync == 0;
}

enum { GREEDY = -1 };  // an action that the values will tell

/** The GPU has the frames. It learns while the environments move: that is queued before its answer
 *  is waited for. */
static void ask_device(dq_trainer *t, int n)
{
    bool ahead = will_learn(t) && !is_sync_due(t);
    size_t n_actions = (size_t)t->n_actions;
    dq_device_learner_turn(&t->device, n > 0, ahead ? &t->sampling : NULL, discount(t));
    if (n == 0)
        return;
    dq_device_learner_values(&t->device, t->q);  // of all environments
    float *to = t->q;
    for (int i = 0; i < t->n_envs; i++)
        if (t->played[i] == GREEDY) {
            memmove(to, t->q + (size_t)i * n_actions, n_actions * sizeof(*to));
            to += n_actions;
        }
}

/** Values of the n environments that wait for them, to t->q. */
static void ask(dq_trainer *t, int n)
{
    if (t->device.net)
        ask_device(t, n);
    else if (n > 0)
        dq_net_q(t->net, t->asked, n, t->q);
}

/** Actions of a round whose first step is t->step: random ones, and for the other environments,
 *  asked about together, the best ones. */
static void choose_actions(dq_trainer *t)
{
    int n = 0;
    for (int i = 0; i < t->n_envs; i++) {
        t->played[i] = GREEDY;
        if (dq_rng_unit(&t->exploration) < dq_config_epsilon(&t->cfg, t->step + i))
            t->played[i] = (int)dq_rng_below(&t->exploration, (uint32_t)t->n_actions);
        else
            memcpy(t->asked + (size_t)n++ * DQ_NET_OBS_BYTES, t->obs + (size_t)i * DQ_NET_OBS_BYTES,
                   DQ_NET_OBS_BYTES);
    }
    ask(t, n);
    const float *q = t->q;
    for (int i = 0; i < t->n_envs; i++)
        if (t->played[i] == GREEDY) {
            t->played[i] = dq_argmax(q, t->n_actions);
            q += t->n_actions;
        }
}

static dq_status fail_diverged(const dq_trainer *t, const char *what)
{
    const dq_train_config *cfg = &t->cfg;
    return dq_fail(DQ_ERR_DIVERGED,
                   "learning diverged: at frame %lld %s: begin again with a learning_rate below %g",
                   (long long)t->step, what, dq_config_learning_rate(cfg, t->step));
}

/** Looks at the last loss alone, which costs nothing. */
static dq_status check_loss(const dq_trainer *t)
{
    return isfinite(t->loss) ? DQ_OK : fail_diverged(t, "the loss is not finite");
}

dq_status dq_trainer_check_finite(dq_trainer *t)
{
    dq_trainer_fetch_loss(t);
    DQ_TRY(check_loss(t));
    return dq_net_is_finite(t->net) ? DQ_OK : fail_diverged(t, "a weight is not finite");
}

static dq_status tell_best(dq_trainer *t, const dq_train_events *events, const dq_progress *p)
{
    if (!events->best)
        return DQ_OK;
    DQ_TRY(dq_trainer_check_finite(t));  // whoever keeps these weights wants to use them
    return events->best(events->ctx, p, t->n_games == 1);
}

/** The game is over: tell it, and whether its mean is the best or enough. */
static dq_status end_game(dq_trainer *t, double reward, const dq_train_events *events)
{
    t->recent[t->n_games % DQ_RECENT_GAMES] = reward;
    t->n_games++;
    dq_progress p;
    dq_trainer_fetch_loss(t);
    DQ_TRY(check_loss(t));  // of a GPU it is first known here
    if (tells_speed(t)) {
        t->speed = speed(t);
        begin_to_count(t);
    }
    dq_trainer_progress(t, &p);
    dq_status told = DQ_OK;
    t->is_in_step = true;
    if (events->game_over)
        told = dq_first_failure(told, events->game_over(events->ctx, &p));
    if (t->n_games == 1 || p.mean_reward > t->best_mean) {
        t->best_mean = p.best_mean = p.mean_reward;  // p.previous_best has the old one
        told = dq_first_failure(told, tell_best(t, events, &p));
    }
    if (p.solved) {
        t->solved = true;
        if (events->solved)
            told = dq_first_failure(told, events->solved(events->ctx, &p));
    }
    t->is_in_step = false;
    return told;
}

/** A step of every environment. */
static dq_status play_round(dq_trainer *t)
{
    choose_actions(t);
    return dq_vector_step(t->envs, t->played, t->obs, NULL, t->results);
}

/** Add the transition of an environment's step to the replay. */
static void remember(dq_trainer *t, int env, bool done)
{
    size_t slot = dq_replay_add(t->replay, t->played[env], t->results[env].step.reward, done,
                                newest_frame(t, env));
    if (!t->device.net) {
        dq_target_memory_forget(&t->targets, slot);
        if (t->priorities)
            dq_priorities_added(t->priorities, t->replay);
        return;
    }
    dq_device_learner_added(&t->device);
    if (!done)
        dq_device_learner_remember_lane(&t->device, env);
}

/** @param[out] told what the callbacks said. */
static dq_status play_step(dq_trainer *t, const dq_train_events *events, dq_status *told)
{
    t->step++;
    if (t->cfg.learning_rate_decay > 0)
        dq_net_set_learning_rate(t->net, dq_config_learning_rate(&t->cfg, t->step));
    dq_status st = t->turn == 0 ? play_round(t) : DQ_OK;
    if (st != DQ_OK) {
        t->step--;  // it was not taken: there is no transition for it
        return st;
    }
    int env = t->turn;
    const dq_step *result = &t->results[env].step;
    if (!isfinite(result->reward)) {
        t->step--;
        return dq_fail(DQ_ERR_INPUT, "%s: its reward at frame %lld is not finite",
                       dq_env_get_spec(dq_vector_env(t->envs, env))->id, (long long)t->step + 1);
    }
    bool done = result->terminated || result->truncated;
    remember(t, env, done);
    t->game_reward[env] += (double)result->reward;
    if (done) {
        *told = end_game(t, t->game_reward[env], events);
        begin_game(t, env);
    }
    t->turn = env + 1 == t->n_envs ? 0 : env + 1;
    return DQ_OK;
}

void dq_trainer_fetch_loss(dq_trainer *t)
{
    if (t->loss_is_old)
        t->loss = (double)dq_device_learner_loss(&t->device);
    t->loss_is_old = false;
}

static dq_status device_learn_step(dq_trainer *t)
{
    t->loss_is_old = true;
    t->n_updates++;
    return dq_device_learner_learn(&t->device, &t->sampling, discount(t), is_sync_due(t));
}

static dq_status draw_batch(dq_trainer *t)
{
    size_t n = (size_t)t->cfg.batch;
    if (!t->priorities)
        return dq_replay_sample(t->replay, n, &t->sampling, t->transitions);
    return dq_priorities_sample(t->priorities, t->replay, n,
                                dq_config_priority_beta(&t->cfg, t->step), &t->sampling,
                                t->transitions, t->weight);
}

static double update(dq_trainer *t)
{
    if (!t->priorities)
        return (double)dq_net_update(t->net, t->batch_obs, t->actions, t->target);
    float loss =
        dq_net_update_weighted(t->net, t->batch_obs, t->actions, t->target, t->weight, t->error);
    dq_priorities_update(t->priorities, t->transitions, (size_t)t->cfg.batch, t->error);
    return (double)loss;
}

static dq_status learn_step(dq_trainer *t)
{
    int batch = t->cfg.batch;
    DQ_TRY(draw_batch(t));
    dq_target_memory_targets(&t->targets, t->net, t->replay, t->transitions,
                             pow(t->cfg.gamma, t->cfg.n_step), t->target);
    for (int i = 0; i < batch; i++) {
        t->actions[i] = t->transitions[i].action;
        dq_replay_state(t->replay, t->transitions[i].slot,
                        t->batch_obs + (size_t)i * DQ_NET_OBS_BYTES);
    }
    t->loss = update(t);
    t->n_updates++;
    return check_loss(t);
}

/** What follows a step once the replay is filled: a copy to the target net, an update, when due. */
static dq_status sync_and_learn(dq_trainer *t)
{
    bool learns = t->step % t->cfg.train_every == 0;
    if (t->device.net && learns)
        return device_learn_step(t);
    if (is_sync_due(t)) {
        dq_net_sync_target(t->net);
        if (!t->device.net)
            dq_target_memory_forget_all(&t->targets);
    }
    return learns ? learn_step(t) : DQ_OK;
}

/** One turn of the book's loop: act, tell, copy to the target net, learn; in this order. It is done
 *  to its end even if a callback ends the run. */
static dq_status one_step(dq_trainer *t, const dq_train_events *events)
{
    dq_status told = DQ_OK, st = play_step(t, events, &told);
    if (st == DQ_OK)
        st = dq_net_status(t->net);
    if (st != DQ_OK || t->solved)
        dq_device_learner_cancel(&t->device, &t->sampling);
    else if (dq_replay_size(t->replay) >= (size_t)t->cfg.replay_start)
        st = sync_and_learn(t);
    DQ_TRY(st);
    if (!events->step && !events->checkpoint)
        return told;
    dq_progress p;
    dq_trainer_progress(t, &p);
    if (events->step)
        told = dq_first_failure(told, events->step(events->ctx, &p));
    if (events->checkpoint && t->step % t->cfg.checkpoint_every == 0)
        told = dq_first_failure(told, events->checkpoint(events->ctx, &p));
    return told;
}

static dq_status run_steps(dq_trainer *t, const dq_train_events *events, const volatile int *stop)
{
    while (!t->solved && (t->cfg.max_steps == 0 || t->step < t->cfg.max_steps)) {
        if (stop && *stop)
            return dq_fail(DQ_ERR_INTERRUPTED, "training stopped at frame %lld",
                           (long long)t->step);
        DQ_TRY(one_step(t, events));
    }
    return DQ_OK;
}

dq_status dq_trainer_run(dq_trainer *t, const dq_train_events *events, const volatile int *stop,
                         bool *solved)
{
    static const dq_train_events none = {0};
    if (!events)
        events = &none;
    if (!t->started) {
        DQ_TRY(begin_all_games(t));
        t->started = true;
    }
    t->solved = t->solved && is_solved(t);  // the bound may be higher now
    begin_to_count(t);
    dq_status st = run_steps(t, events, stop);
    dq_trainer_fetch_loss(t);  // waits for the GPU: from here on nothing of it is under way
    *solved = t->solved;
    if (st == DQ_OK || st == DQ_ERR_INTERRUPTED)
        DQ_TRY(dq_trainer_check_finite(t));
    return st == DQ_OK ? dq_net_status(t->net) : st;
}
