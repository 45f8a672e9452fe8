#include "deepq/train.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "agent/config.h"
#include "agent/network_choice.h"
#include "agent/trainer_internal.h"
#include "base/clock.h"
#include "base/error.h"

static dq_status create_learner(dq_trainer *t, const dq_env_spec *spec)
{
    const dq_train_config *cfg = &t->cfg;
    char network[DQ_NETWORK_NAME];
    DQ_TRY(dq_network_choose(cfg, spec, network));
    const dq_learner_config learner = {
        .n_actions = spec->n_actions,
        .n_lanes = cfg->n_envs,
        .n_threads = cfg->n_threads,
        .device = cfg->device,
        .isa = cfg->isa,
        .precision = cfg->precision,
        .network = network,
        .initialisation = cfg->initialisation,
        .batch = cfg->batch,
        .learning_rate = cfg->learning_rate,
        .beta1 = cfg->adam_beta1,
        .beta2 = cfg->adam_beta2,
        .epsilon = cfg->adam_epsilon,
        .optimiser = cfg->optimiser,
        .rmsprop_decay = cfg->rmsprop_decay,
        .rmsprop_epsilon = cfg->rmsprop_epsilon,
        .gradient_norm = cfg->gradient_norm,
        .loss = cfg->loss,
        .double_dqn = cfg->double_dqn,
        .munchausen = {.alpha = (float)cfg->munchausen_alpha,
                       .tau = (float)cfg->munchausen_tau,
                       .least = (float)cfg->munchausen_least},
        .target_rate = cfg->target_rate,
        .replay_size = cfg->replay_size,
        .replay_store = cfg->replay_store,
        .n_step = cfg->n_step,
        .noisy_sigma = cfg->noisy_sigma,
        .augment_shift = cfg->augment_shift,
        .augment_intensity = cfg->augment_intensity,
        .gamma = cfg->gamma,
        .priority_alpha = cfg->priority_alpha,
        .priority_rule = cfg->priority_rule,
        .rollout = cfg->rollout,
        .return_lambda = cfg->return_lambda,
        .epochs = cfg->epochs,
        .seed = cfg->seed,
    };
    return dq_learner_create(&t->learner, &learner);
}

/** The environments last: on failure they stay the caller's. */
static dq_status create_parts(dq_trainer *t, dq_env *const *envs)
{
    const dq_env_spec *spec = dq_env_get_spec(envs[0]);
    DQ_TRY(create_learner(t, spec));
    DQ_TRY(dq_scores_init(&t->scores, t->cfg.n_envs, spec->id, t->cfg.reward_bound));
    return dq_actor_init(&t->actor, &t->cfg, envs);
}

dq_status dq_trainer_create_many(dq_trainer **out, const dq_train_config *cfg, dq_env *const *envs)
{
    assert(out && cfg && envs);
    *out = NULL;
    DQ_TRY(dq_train_config_check(cfg));
    dq_trainer *t = calloc(1, sizeof(*t));
    if (!t)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a trainer");
    t->cfg = *cfg;
    dq_status st = create_parts(t, envs);
    if (st != DQ_OK) {
        dq_trainer_destroy(t);
        return st;
    }
    t->cfg.isa = t->cfg.device = t->cfg.precision = NULL;  // the caller's need not live on
    t->cfg.network = t->cfg.initialisation = NULL;
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
    dq_actor_free(&t->actor);
    dq_learner_destroy(t->learner);
    dq_scores_free(&t->scores);
    free(t);
}

/* ---------------------------------------------------------------- progress */

/** Speed counts from here, not from before a pause. */
static void begin_to_count(dq_trainer *t)
{
    t->counts_from_s = dq_clock_s();
    t->counts_from_step = t->step;
}

/** The steps of a round are taken when it begins, so fewer steps than that measure nothing. */
static bool tells_speed(const dq_trainer *t)
{
    return t->step - t->counts_from_step >= t->cfg.n_envs;
}

static double speed(const dq_trainer *t)
{
    double seconds = dq_clock_s() - t->counts_from_s;
    if (!tells_speed(t) || seconds <= 0)
        return t->speed;
    return (double)(t->step - t->counts_from_step) / seconds;
}

static double mean(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : NAN;
}

void dq_trainer_progress(const dq_trainer *t, dq_progress *p)
{
    const dq_update_sums *sums = &t->sums;
    const double *learn_s = t->learner->stage_s;
    *p = (dq_progress){
        .step = t->step,
        .n_updates = t->n_updates,
        .n_games = t->scores.n_games,
        .n_episodes = t->scores.n_episodes,
        .episode_reward = t->scores.last_learned,
        .reward = dq_scores_last(&t->scores),
        .mean_reward = dq_scores_mean(&t->scores),
        .best_mean = t->scores.best_mean,
        .previous_best = t->scores.best_mean,
        .epsilon = dq_config_epsilon(&t->cfg, t->step),
        .speed = speed(t),
        .loss = t->loss,
        .solved = dq_scores_solved(&t->scores),
        .length = t->scores.last_length,
        .learning_rate = dq_config_learning_rate(&t->cfg, t->step),
        .mean_loss = t->learner->on_gpu && t->n_updates > 0 ? t->loss : mean(sums->loss, sums->n),
        .td_error = mean(sums->td_error, sums->n_td_errors),
        .gradient_norm = mean(sums->gradient_norm, sums->n_norms),
        .max_q = mean(t->actor.max_q, t->actor.n_max_q),
        .stage_s = {[DQ_TRAIN_PLAY] = t->actor.play_s,
                    [DQ_TRAIN_ACT] = t->actor.act_s,
                    [DQ_TRAIN_SAMPLE] = learn_s[DQ_STAGE_SAMPLE],
                    [DQ_TRAIN_TARGET] = learn_s[DQ_STAGE_TARGETS],
                    [DQ_TRAIN_UPDATE] = learn_s[DQ_STAGE_STATES] + learn_s[DQ_STAGE_UPDATE]},
        .env = t->step > 0 ? (int)((t->step - 1) % t->cfg.n_envs) : 0,
    };
}

dq_env *dq_trainer_env(const dq_trainer *t, int index)
{
    return dq_vector_env(t->actor.envs, index);
}

const void *dq_trainer_observation(const dq_trainer *t, int index)
{
    return t->started ? t->actor.obs + (size_t)index * t->actor.obs_bytes : NULL;
}

dq_net *dq_trainer_net(const dq_trainer *t)
{
    return dq_learner_net(t->learner);
}

dq_replay *dq_trainer_replay(const dq_trainer *t)
{
    return t->learner->replay;
}

dq_backend dq_trainer_backend(const dq_trainer *t)
{
    return (dq_backend){.on_gpu = t->learner->on_gpu,
                        .device = t->learner->device,
                        .isa = dq_net_isa(t->learner->net),
                        .precision = t->learner->precision,
                        .network = dq_net_network(t->learner->net),
                        .n_threads = dq_net_threads(t->learner->net)};
}

dq_status dq_trainer_status(const dq_trainer *t)
{
    return dq_learner_status(t->learner);
}

/* ---------------------------------------------------------------- divergence */

static dq_status fail_diverged(const dq_trainer *t, const char *what)
{
    return dq_fail(DQ_ERR_DIVERGED,
                   "learning diverged: at frame %lld %s: begin again with a learning_rate below %g",
                   (long long)t->step, what, dq_config_learning_rate(&t->cfg, t->step));
}

/** Looks at the last loss alone, which costs nothing. */
static dq_status check_loss(const dq_trainer *t)
{
    return isfinite(t->loss) ? DQ_OK : fail_diverged(t, "the loss is not finite");
}

void dq_trainer_fetch_loss(dq_trainer *t)
{
    if (t->loss_is_old)
        dq_learner_loss(t->learner, true, &t->loss);
    t->loss_is_old = false;
}

dq_status dq_trainer_check_finite(dq_trainer *t)
{
    dq_trainer_fetch_loss(t);
    DQ_TRY(check_loss(t));
    const dq_net *net = dq_learner_net(t->learner);
    DQ_TRY(dq_learner_status(t->learner));  // else these weights are old
    return dq_net_is_finite(net) ? DQ_OK : fail_diverged(t, "a weight is not finite");
}

dq_status dq_trainer_check_whole(const dq_trainer *t)
{
    if (!t->failed)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG,
                   "an environment failed at frame %lld: load a checkpoint, or begin again",
                   (long long)t->step + 1);
}

/* ---------------------------------------------------------------- the loop */

static dq_status tell_best(dq_trainer *t, const dq_train_events *events, const dq_progress *p)
{
    if (!events->best)
        return DQ_OK;
    DQ_TRY(dq_trainer_check_finite(t));  // whoever keeps these weights wants to use them
    return events->best(events->ctx, p, t->scores.n_games == 1);
}

/** Report a game that is over, and whether its mean is the best or enough.
 *  @return what the callbacks said */
static dq_status tell_game(dq_trainer *t, const dq_train_events *events)
{
    double previous_best = t->scores.best_mean;
    dq_progress p;
    dq_status told = DQ_OK;
    dq_trainer_progress(t, &p);
    t->is_in_step = true;
    if (events->game_over)
        told = dq_first_failure(told, events->game_over(events->ctx, &p));
    if (dq_scores_improved(&t->scores)) {
        p.best_mean = t->scores.best_mean;
        p.previous_best = previous_best;
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

/** A game is over. @param[out] told what the callbacks said, unless something was told before */
static dq_status end_game(dq_trainer *t, const dq_train_events *events, dq_status *told)
{
    dq_trainer_fetch_loss(t);
    DQ_TRY(dq_learner_status(t->learner));
    DQ_TRY(check_loss(t));  // of a GPU it is first known here
    if (tells_speed(t)) {
        t->speed = speed(t);
        begin_to_count(t);
    }
    *told = dq_first_failure(*told, tell_game(t, events));
    t->sums = (dq_update_sums){0};
    dq_actor_forget_values(&t->actor);
    return DQ_OK;
}

static dq_learn_step learn_step_at(const dq_trainer *t)
{
    return (dq_learn_step){.learning_rate = dq_config_learning_rate(&t->cfg, t->step),
                           .priority_beta = dq_config_priority_beta(&t->cfg, t->step),
                           .sync_target = t->cfg.rollout == 0 && t->step % t->cfg.target_sync == 0};
}

static bool is_update_due(const dq_trainer *t)
{
    return t->step % dq_config_learn_every(&t->cfg) == 0;
}

/** Whether the replay has enough to learn from, this step included. */
static bool has_enough(const dq_trainer *t)
{
    int64_t stored = t->step < t->cfg.replay_size ? t->step : t->cfg.replay_size;
    return t->cfg.rollout > 0 || stored >= t->cfg.replay_start;
}

/** Choose actions and play, where a round begins. */
static dq_status act(dq_trainer *t)
{
    dq_learn_step step = learn_step_at(t);
    bool learns = has_enough(t) && is_update_due(t);
    if (t->actor.turn > 0)
        return DQ_OK;
    return dq_actor_play(&t->actor, t->learner, &t->cfg, t->step, learns ? &step : NULL);
}

static dq_status check_result(const dq_trainer *t)
{
    const dq_step *result = dq_actor_result(&t->actor);
    bool is_finite =
        isfinite(result->reward) && isfinite(result->clipped) && isfinite(result->ended_points);
    if (is_finite && dq_actor_is_finite(&t->actor))
        return DQ_OK;
    return dq_fail(DQ_ERR_INPUT, "%s: its %s at frame %lld is not finite",
                   dq_env_get_spec(dq_vector_env(t->actor.envs, t->actor.turn))->id,
                   is_finite ? "observation" : "reward", (long long)t->step);
}

static dq_status tell_act(dq_trainer *t, const dq_train_events *events)
{
    if (!events->acted)
        return DQ_OK;
    dq_train_act act = dq_actor_act(&t->actor);
    t->is_in_step = true;
    dq_status told = events->acted(events->ctx, &act);
    t->is_in_step = false;
    return told;
}

/** Store the step whose turn it is, and report it and a game that is over.
 *  @param[out] told what the callbacks said */
static dq_status store_step(dq_trainer *t, const dq_train_events *events, dq_status *told)
{
    dq_status st = DQ_OK;
    const dq_step *result = dq_actor_result(&t->actor);
    dq_experience e = dq_actor_experience(&t->actor, t->cfg.truncation_ends);
    dq_learner_add(t->learner, &e);
    if (dq_scores_begin(&t->scores, e.lane, result))
        st = end_game(t, events, told);
    *told = dq_first_failure(*told, tell_act(t, events));
    if (dq_scores_add(&t->scores, e.lane, result))
        st = dq_first_failure(st, end_game(t, events, told));
    dq_actor_advance(&t->actor, t->learner);
    return dq_first_failure(st, dq_learner_status(t->learner));
}

static void add_to_sums(dq_trainer *t)
{
    double td_error, norm;
    if (t->learner->on_gpu)
        return;
    t->sums.loss += t->loss;
    t->sums.n++;
    if (dq_learner_td_error(t->learner, &td_error)) {
        t->sums.td_error += td_error;
        t->sums.n_td_errors++;
    }
    if (dq_learner_gradient_norm(t->learner, &norm)) {
        t->sums.gradient_norm += norm;
        t->sums.n_norms++;
    }
}

static dq_status update_once(dq_trainer *t, const dq_learn_step *step)
{
    DQ_TRY(dq_learner_learn(t->learner, step));
    t->n_updates++;
    t->loss_is_old = !dq_learner_loss(t->learner, false, &t->loss);
    add_to_sums(t);
    return check_loss(t);
}

/** An update of the target network and those of the online network, when they are due. */
static dq_status learn(dq_trainer *t)
{
    dq_learn_step step = learn_step_at(t);
    if (!is_update_due(t)) {
        if (step.sync_target)
            dq_learner_sync_target(t->learner);
        return DQ_OK;
    }
    for (int i = 0; i < dq_config_updates(&t->cfg); i++) {
        DQ_TRY(update_once(t, &step));
        step.sync_target = false;
    }
    return DQ_OK;
}

static dq_status tell_step(dq_trainer *t, const dq_train_events *events, dq_status told)
{
    dq_progress p;
    if (!events->step && !events->checkpoint)
        return told;
    dq_trainer_progress(t, &p);
    if (events->step)
        told = dq_first_failure(told, events->step(events->ctx, &p));
    if (events->checkpoint && t->step % t->cfg.checkpoint_every == 0)
        told = dq_first_failure(told, events->checkpoint(events->ctx, &p));
    return told;
}

/** Act, where a round begins. A step that fails was not taken: there is no transition for it, and
 * no way to continue, since other environments may have taken theirs. */
static dq_status take_step(dq_trainer *t)
{
    t->step++;
    dq_status st = act(t);
    if (st == DQ_OK)
        st = check_result(t);
    if (st == DQ_OK)
        return DQ_OK;
    t->step--;
    t->failed = true;
    dq_learner_cancel(t->learner);
    return st;
}

/** One turn of the book's loop, in this order: act, store the transition, report a finished game,
 *  then, unless that solved the run, copy to the target network and learn when due; `step` and
 *  `checkpoint` last. It is done to its end even if a callback ends the run. */
static dq_status one_step(dq_trainer *t, const dq_train_events *events)
{
    dq_status told = DQ_OK;
    DQ_TRY(take_step(t));
    dq_status st = store_step(t, events, &told);
    if (st != DQ_OK || t->solved)
        dq_learner_cancel(t->learner);
    else if (has_enough(t))
        st = learn(t);
    DQ_TRY(st);
    return tell_step(t, events, told);
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
    DQ_TRY(dq_trainer_check_whole(t));
    if (!t->started) {
        DQ_TRY(dq_actor_reset(&t->actor, t->learner));
        t->started = true;
    }
    t->solved = t->solved && dq_scores_solved(&t->scores);  // the bound may be higher now
    begin_to_count(t);
    dq_status st = run_steps(t, events, stop);
    dq_trainer_fetch_loss(t);  // waits for the GPU: from here on nothing of it is under way
    *solved = t->solved;
    if (st == DQ_OK || st == DQ_ERR_INTERRUPTED)
        DQ_TRY(dq_trainer_check_finite(t));
    return st == DQ_OK ? dq_learner_status(t->learner) : st;
}
