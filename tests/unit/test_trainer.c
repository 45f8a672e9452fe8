/** The training loop on a small world of our own: what the book's loop does, in its order; and a
 *  run that is saved and loaded continues bit for bit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/trainer_internal.h"
#include "base/error.h"
#include "deepq/train.h"
#include "nn/graph.h"
#include "on_device.h"

enum { FRAME = DQ_NET_SIDE * DQ_NET_SIDE, N_ACTIONS = 3, GAME_STEPS = 7, MAX_ENVS = 8 };

/* Bright thirds of the picture tell which action is right; a game has seven steps. */
typedef struct thirds {
    dq_rng rng;
    uint32_t wanted;
    uint32_t steps;
    bool repeats;  // the stack begins with four times the first frame, else with zeros
    uint8_t stack[DQ_NET_OBS_BYTES];
} thirds;

static void show(thirds *w, void *obs)
{
    w->wanted = dq_rng_below(&w->rng, N_ACTIONS);
    memmove(w->stack, w->stack + FRAME, DQ_NET_OBS_BYTES - FRAME);
    uint8_t *newest = w->stack + DQ_NET_OBS_BYTES - FRAME;
    for (int i = 0; i < FRAME; i++)
        newest[i] = (uint32_t)(i / (FRAME / N_ACTIONS)) == w->wanted ? 200 : 20;
    memcpy(obs, w->stack, DQ_NET_OBS_BYTES);
}

static dq_status thirds_reset(void *self, void *obs)
{
    thirds *w = self;
    w->steps = 0;
    memset(w->stack, 0, sizeof(w->stack));
    show(w, obs);
    for (int i = 0; i < (w->repeats ? DQ_NET_STACK - 1 : 0); i++)
        memcpy(w->stack + (size_t)i * FRAME, w->stack + DQ_NET_OBS_BYTES - FRAME, FRAME);
    memcpy(obs, w->stack, DQ_NET_OBS_BYTES);
    return DQ_OK;
}

static dq_status thirds_step(void *self, int action, void *obs, dq_step *result)
{
    thirds *w = self;
    *result = (dq_step){.reward = (uint32_t)action == w->wanted ? 1 : 0};
    result->terminated = ++w->steps == GAME_STEPS;
    show(w, obs);
    return DQ_OK;
}

static dq_status thirds_seed(void *self, uint64_t seed)
{
    ((thirds *)self)->rng = dq_rng_stream(seed, "environment");
    return DQ_OK;
}

static dq_status thirds_save(void *self, dq_writer *w)
{
    return dq_write(w, self, sizeof(thirds));
}

static dq_status thirds_load(void *self, dq_reader *r)
{
    return dq_read(r, self, sizeof(thirds));
}

static dq_env *make_some_thirds(bool repeats)
{
    static const dq_env_ops ops = {.reset = thirds_reset,
                                   .step = thirds_step,
                                   .seed = thirds_seed,
                                   .save = thirds_save,
                                   .load = thirds_load,
                                   .destroy = free};
    static const dq_env_spec spec = {.id = "Thirds-v0",
                                     .obs = {.dtype = DQ_U8,
                                             .n_dims = 3,
                                             .shape = {DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE},
                                             .high = 255},
                                     .n_actions = N_ACTIONS};
    dq_env *env;
    thirds *w = calloc(1, sizeof(*w));
    w->repeats = repeats;
    assert_int_equal(dq_env_create(&env, &ops, &spec, w), DQ_OK);
    return env;
}

static dq_env *make_thirds(void)
{
    return make_some_thirds(false);
}

static const char NETWORK[] = "small";  // the cheapest

static dq_train_config small_config(void)
{
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.batch = 8;
    cfg.replay_size = 60;
    cfg.replay_start = 40;
    cfg.target_sync = 20;
    cfg.epsilon_decay = 80;
    cfg.checkpoint_every = 25;
    cfg.max_steps = 100;
    cfg.seed = 5;
    cfg.device = test_device();
    cfg.network = NETWORK;
    if (getenv("DEEPQ_TEST_QUICK")) {
        cfg.batch = 2;
        cfg.train_every = 3;
    }
    return cfg;
}

static dq_trainer *make_trainer(const dq_train_config *cfg)
{
    dq_trainer *t;
    dq_env *envs[MAX_ENVS];
    for (int i = 0; i < cfg->n_envs; i++)
        envs[i] = make_thirds();
    assert_int_equal(dq_trainer_create_many(&t, cfg, envs), DQ_OK);
    return t;
}

static uint64_t weights_hash(const dq_trainer *t)
{
    dq_tensor p[DQ_TENSORS_MAX];
    int n = dq_net_param_shapes(NETWORK, N_ACTIONS, p);
    for (int i = 0; i < n; i++)
        p[i].data = malloc(dq_tensor_elements(&p[i]) * sizeof(float));
    dq_net_get_params(dq_trainer_net(t), p);
    uint64_t hash = 0xCBF29CE484222325u;
    for (int i = 0; i < n; i++) {
        for (size_t j = 0; j < dq_tensor_elements(&p[i]); j++) {
            uint32_t bits;
            memcpy(&bits, &p[i].data[j], sizeof(bits));
            hash = (hash ^ bits) * 0x100000001B3u;
        }
        free(p[i].data);
    }
    return hash;
}

typedef struct diary {
    int n_envs;
    int n_games, n_best, n_steps, n_checkpoints;
    int64_t first_update_step;
    double speed;  // of the last game
    dq_progress last;
    dq_trainer *trainer;
    dq_writer *checkpoint;  // the state at step 50
} diary;

static dq_status note_game(void *ctx, const dq_progress *p)
{
    diary *d = ctx;
    d->n_games++;
    int64_t before = (d->n_games - 1) / d->n_envs, turn = (d->n_games - 1) % d->n_envs;
    assert_int_equal(p->n_games, d->n_games);  // all games of a round end in it, in turns
    assert_int_equal(p->step, (before * GAME_STEPS + GAME_STEPS - 1) * d->n_envs + turn + 1);
    if (turn > 0)  // one step of many that were played at once tells no speed
        assert_true(p->speed == d->speed);
    d->speed = p->speed;
    return DQ_OK;
}

static dq_status note_best(void *ctx, const dq_progress *p, bool first)
{
    diary *d = ctx;
    assert_int_equal(first, d->n_best == 0);
    if (!first)
        assert_true(p->best_mean > p->previous_best);
    assert_true(p->best_mean == p->mean_reward);
    d->n_best++;
    return DQ_OK;
}

static dq_status note_step(void *ctx, const dq_progress *p)
{
    diary *d = ctx;
    d->n_steps++;
    if (p->n_updates == 1)
        d->first_update_step = p->step;
    double epsilon = 1.0 - (double)p->step / 80;
    assert_true(p->epsilon == (epsilon > 0.01 ? epsilon : 0.01));
    d->last = *p;
    return DQ_OK;
}

static dq_status note_checkpoint(void *ctx, const dq_progress *p)
{
    diary *d = ctx;
    d->n_checkpoints++;
    if (p->step != 50 || !d->trainer)
        return DQ_OK;
    assert_int_equal(dq_writer_create(&d->checkpoint), DQ_OK);
    return dq_trainer_save(d->trainer, d->checkpoint);
}

static dq_train_events events_of(diary *d)
{
    return (dq_train_events){.ctx = d,
                             .game_over = note_game,
                             .best = note_best,
                             .step = note_step,
                             .checkpoint = note_checkpoint};
}

static void check_loop(int n_envs)
{
    dq_train_config cfg = small_config();
    cfg.n_envs = n_envs;
    dq_trainer *t = make_trainer(&cfg);
    diary d = {.n_envs = n_envs};
    dq_train_events events = events_of(&d);
    bool solved = true;
    assert_int_equal(dq_trainer_run(t, &events, NULL, &solved), DQ_OK);
    assert_false(solved);
    assert_int_equal(d.n_steps, 100);
    int n_rounds = 100 / n_envs, last_ends = n_rounds % GAME_STEPS == GAME_STEPS - 1;
    assert_int_equal(d.n_games, n_rounds / GAME_STEPS * n_envs + last_ends * (100 % n_envs));
    assert_int_equal(d.n_checkpoints, 4);
    assert_int_equal(d.first_update_step, 40);  // the step that fills the replay learns already
    assert_int_equal(d.last.n_updates, 61);
    dq_trainer_destroy(t);
}

static void the_loop_counts_as_the_book_does(void **state)
{
    (void)state;
    check_loop(1);
}

/** What is counted in steps comes at the same step, in the middle of a round too. */
static void it_counts_alike_with_games_side_by_side(void **state)
{
    (void)state;
    check_loop(3);
    check_loop(8);
}

static void check_updates(int n_envs, int n_updates)
{
    dq_train_config cfg = small_config();
    cfg.train_every = 7;
    cfg.updates = n_updates;
    cfg.n_envs = n_envs;
    dq_trainer *t = make_trainer(&cfg);
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    dq_progress p;
    dq_trainer_progress(t, &p);
    assert_int_equal(p.n_updates, n_updates * (98 / 7 - 39 / 7));  // steps 42, 49, ... 98
    dq_trainer_destroy(t);
}

static void updates_come_as_often_as_asked(void **state)
{
    (void)state;
    check_updates(1, 1);
    check_updates(4, 1);
    check_updates(1, 2);
    check_updates(4, 3);
}

/** The world says which reward belongs to a state and an action: so must what is remembered. */
static void check_transitions(bool repeats)
{
    dq_train_config cfg = small_config();
    cfg.n_envs = 3;
    cfg.epsilon_decay = 1000;  // many actions are wrong
    dq_trainer *t;
    dq_env *envs[3];
    for (int i = 0; i < 3; i++)
        envs[i] = make_some_thirds(repeats);
    assert_int_equal(dq_trainer_create_many(&t, &cfg, envs), DQ_OK);
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    int n_right = 0, n_done = 0, n_black = 0;
    enum { N = 60 };
    dq_transition batch[N];
    uint8_t obs[DQ_NET_OBS_BYTES];
    dq_rng rng = dq_rng_stream(1, "test");
    assert_int_equal(dq_replay_sample(t->learner->replay, N, &rng, batch), DQ_OK);
    for (int i = 0; i < N; i++) {
        dq_replay_state(t->learner->replay, batch[i].slot, obs);
        const uint8_t *newest = obs + DQ_NET_OBS_BYTES - FRAME;
        bool right = newest[batch[i].action * (FRAME / N_ACTIONS)] == 200;
        assert_true(batch[i].reward == (right ? 1.0f : 0.0f));
        n_right += right;
        n_black += obs[0] == 0;
        n_done += batch[i].terminated;
    }
    assert_in_range(n_right, 8, 50);
    assert_in_range(n_done, 6, 9);  // 20 steps of each of three games of seven
    if (repeats)
        assert_int_equal(n_black, 0);
    else
        assert_in_range(n_black, 24, 27);  // the first three states of a game
    dq_trainer_destroy(t);
}

static void transitions_of_games_side_by_side_stay_apart(void **state)
{
    (void)state;
    check_transitions(false);
    check_transitions(true);
}

/** A run that is saved at step 50 and continues elsewhere; what is cut short is refused. */
static void check_loaded_run(const dq_train_config *cfg)
{
    bool solved;
    diary d = {.n_envs = cfg->n_envs, .trainer = make_trainer(cfg)};
    dq_train_events events = events_of(&d);
    assert_int_equal(dq_trainer_run(d.trainer, &events, NULL, &solved), DQ_OK);

    size_t n;
    const void *bytes = dq_writer_bytes(d.checkpoint, &n);
    dq_reader *r;
    dq_trainer *again = make_trainer(cfg);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    assert_int_equal(dq_trainer_load(again, r), DQ_OK);
    dq_reader_destroy(r);
    dq_progress p;
    dq_trainer_progress(again, &p);
    assert_int_equal(p.step, 50);
    assert_int_equal(dq_trainer_run(again, NULL, NULL, &solved), DQ_OK);
    assert_true(weights_hash(again) == weights_hash(d.trainer));
    dq_progress q;
    dq_trainer_progress(d.trainer, &q);
    dq_trainer_progress(again, &p);
    assert_true(p.loss == q.loss && p.mean_reward == q.mean_reward && p.n_games == q.n_games);

    for (size_t cut = 0; cut < n; cut += 1 + n / 50) {
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_trainer_load(again, r), DQ_ERR_INPUT);
        dq_reader_destroy(r);
    }
    dq_writer_destroy(d.checkpoint);
    dq_trainer_destroy(d.trainer);
    dq_trainer_destroy(again);
}

static void a_loaded_run_goes_on_bit_for_bit(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    cfg.n_step = 3;
    check_loaded_run(&cfg);
}

static void so_does_one_with_double_targets(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    cfg.double_dqn = true;
    check_loaded_run(&cfg);
}

/** With more updates than steps. */
static void so_does_one_with_several_updates(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    cfg.updates = 6;
    cfg.train_every = 2;
    cfg.target_sync = 4;
    cfg.n_envs = 2;
    check_loaded_run(&cfg);
}

static void so_does_one_with_priorities(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    cfg.priority_alpha = 0.6;
    cfg.priority_beta = 0.4;
    cfg.priority_beta_steps = 90;
    cfg.n_envs = 3;
    cfg.n_step = 2;
    check_loaded_run(&cfg);
}

static void so_does_one_with_augmentation(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    cfg.augment_shift = 4;
    cfg.augment_intensity = 0.05;
    cfg.double_dqn = true;
    cfg.priority_alpha = 0.6;
    check_loaded_run(&cfg);
}

static void so_does_one_in_the_middle_of_a_round(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    cfg.n_envs = 8;  // step 50 is the second of its round
    cfg.n_step = 3;
    check_loaded_run(&cfg);
}

/** Another number of environments than was saved. */
static void a_run_of_other_environments_is_not_loaded(void **state)
{
    (void)state;
    for (int saved = 1; saved <= 3; saved++)
        for (int made = 1; made <= 3; made++) {
            dq_train_config a = small_config(), b = a;
            a.n_envs = saved;
            b.n_envs = made;
            dq_trainer *from = make_trainer(&a), *to = make_trainer(&b);
            dq_writer *w;
            dq_reader *r;
            size_t n;
            assert_int_equal(dq_writer_create(&w), DQ_OK);
            assert_int_equal(dq_trainer_save(from, w), DQ_OK);
            const void *bytes = dq_writer_bytes(w, &n);
            assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
            assert_int_equal(dq_trainer_load(to, r), saved == made ? DQ_OK : DQ_ERR_INPUT);
            dq_reader_destroy(r);
            dq_writer_destroy(w);
            dq_trainer_destroy(from);
            dq_trainer_destroy(to);
        }
}

static void environments_must_be_as_many_as_told(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    dq_trainer *t;
    dq_env *env = make_thirds();
    cfg.n_envs = 2;
    assert_int_equal(dq_trainer_create(&t, &cfg, env), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "n_envs"));
    dq_env_destroy(env);
}

/** What a run comes to with and without double targets: the same until the nets differ. */
static void double_targets_change_the_run(void **state)
{
    (void)state;
    uint64_t hash[2][2];
    for (int i = 0; i < 2; i++)
        for (int steps = 0; steps < 2; steps++) {
            dq_train_config cfg = small_config();
            cfg.double_dqn = i == 1;
            cfg.max_steps = steps ? 100 : 40;  // the first update: online and target are one
            dq_trainer *t = make_trainer(&cfg);
            bool solved;
            assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
            hash[i][steps] = weights_hash(t);
            dq_trainer_destroy(t);
        }
    assert_true(hash[0][0] == hash[1][0] && hash[0][1] != hash[1][1]);
}

static void check_threads(int n_envs)
{
    uint64_t hash[3];
    for (int i = 0; i < 3; i++) {  // on a device: three runs that must be one
        dq_train_config cfg = small_config();
        cfg.n_threads = i + 1;
        cfg.n_envs = n_envs;
        dq_trainer *t = make_trainer(&cfg);
        bool solved;
        assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
        hash[i] = weights_hash(t);
        dq_trainer_destroy(t);
    }
    assert_true(hash[0] == hash[1] && hash[1] == hash[2]);
}

static void threads_do_not_change_the_run(void **state)
{
    (void)state;
    check_threads(1);
    check_threads(5);
}

static uint64_t weights_after(int64_t n_steps, int64_t decay)
{
    dq_train_config cfg = small_config();
    cfg.max_steps = n_steps;
    cfg.learning_rate_decay = decay;
    cfg.learning_rate_final = 0;
    dq_trainer *t = make_trainer(&cfg);
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    uint64_t hash = weights_hash(t);
    dq_trainer_destroy(t);
    return hash;
}

static void the_learning_rate_falls_to_its_end(void **state)
{
    (void)state;
    assert_true(weights_after(70, 70) == weights_after(80, 70));  // 0 from step 70 on
    assert_true(weights_after(69, 70) != weights_after(68, 70));
    assert_true(weights_after(70, 0) != weights_after(80, 0));
    assert_true(weights_after(70, 0) != weights_after(70, 70));
}

static dq_status note_solved(void *ctx, const dq_progress *p)
{
    *(dq_progress *)ctx = *p;
    return DQ_OK;
}

static void solve_thirds_so(dq_train_config cfg)
{
    cfg.replay_size = 500;
    cfg.gamma = 0.5;
    cfg.epsilon_decay = 300;
    cfg.learning_rate = 1e-3;
    cfg.reward_bound = 5.5;  // of seven; chance gives 2.3
    cfg.max_steps = 3000;
    dq_trainer *t = make_trainer(&cfg);
    dq_progress end = {0};
    dq_train_events events = {.ctx = &end, .solved = note_solved};
    bool solved;
    assert_int_equal(dq_trainer_run(t, &events, NULL, &solved), DQ_OK);
    assert_true(solved);
    assert_true(end.mean_reward > 5.5);
    dq_trainer_destroy(t);
}

static void solve_thirds(int n_step, bool double_dqn, int n_envs)
{
    dq_train_config cfg = small_config();
    cfg.n_envs = n_envs;
    cfg.double_dqn = double_dqn;
    cfg.n_step = n_step;
    solve_thirds_so(cfg);
}

static void it_learns_from_the_errors_that_are_largest(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    cfg.priority_alpha = 0.6;
    cfg.priority_beta = 0.4;
    cfg.priority_beta_steps = 1000;
    solve_thirds_so(cfg);
}

static dq_status note_epsilon(void *ctx, const dq_progress *p)
{
    ((double *)ctx)[p->step] = p->epsilon;
    return DQ_OK;
}

static void epsilon_falls_in_two_lines(void **state)
{
    (void)state;
    double epsilon[101] = {0};
    dq_train_config cfg = small_config();
    cfg.replay_start = 60;
    cfg.max_steps = 100;
    cfg.epsilon_decay = 50;
    cfg.epsilon_final = 0.2;
    cfg.epsilon_last = 0.1;
    cfg.epsilon_last_decay = 80;
    dq_train_events events = {.ctx = epsilon, .step = note_epsilon};
    dq_trainer *t = make_trainer(&cfg);
    bool solved;
    assert_int_equal(dq_trainer_run(t, &events, NULL, &solved), DQ_OK);
    static const struct {
        int step;
        double epsilon;
    } want[] = {{10, 0.8}, {40, 0.2}, {60, 0.15}, {80, 0.1}, {100, 0.1}};
    for (size_t i = 0; i < DQ_COUNT(want); i++)
        assert_true(fabs(epsilon[want[i].step] - want[i].epsilon) < 1e-12);
    dq_trainer_destroy(t);
}

static void it_learns_to_solve_its_world(void **state)
{
    (void)state;
    solve_thirds(1, false, 1);
}

static void it_learns_from_returns_of_two_steps(void **state)
{
    (void)state;
    solve_thirds(2, false, 1);
}

static void it_learns_from_double_targets(void **state)
{
    (void)state;
    solve_thirds(1, true, 1);
}

static void it_learns_from_games_side_by_side(void **state)
{
    (void)state;
    solve_thirds(2, false, 8);
}

static void a_stop_flag_ends_the_run_and_it_can_go_on(void **state)
{
    (void)state;
    dq_train_config cfg = small_config();
    dq_trainer *t = make_trainer(&cfg);
    volatile int stop = 1;
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, &stop, &solved), DQ_ERR_INTERRUPTED);
    stop = 0;
    assert_int_equal(dq_trainer_run(t, NULL, &stop, &solved), DQ_OK);
    dq_progress p;
    dq_trainer_progress(t, &p);
    assert_int_equal(p.step, 100);
    dq_trainer_destroy(t);
}

/** Ends the run once, past the step where learning begins. */
typedef struct stopper {
    dq_trainer *trainer;
    bool mid_step, has_stopped;
} stopper;

static dq_status stop_late(void *ctx, const dq_progress *p)
{
    stopper *s = ctx;
    if (p->step < 50 || s->has_stopped)
        return DQ_OK;
    s->has_stopped = true;
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_trainer_save(s->trainer, w), s->mid_step ? DQ_ERR_CONFIG : DQ_OK);
    dq_writer_destroy(w);
    return DQ_ERR_INTERRUPTED;
}

static void a_callback_ends_the_run_and_it_can_go_on(void **state)
{
    (void)state;
    static const dq_train_events stops[] = {
        {.game_over = stop_late}, {.step = stop_late}, {.checkpoint = stop_late}};
    dq_train_config cfg = small_config();
    dq_trainer *whole = make_trainer(&cfg);
    bool solved;
    assert_int_equal(dq_trainer_run(whole, NULL, NULL, &solved), DQ_OK);
    for (size_t i = 0; i < DQ_COUNT(stops); i++) {
        stopper s = {.trainer = make_trainer(&cfg), .mid_step = i == 0};
        dq_train_events events = stops[i];
        events.ctx = &s;
        assert_int_equal(dq_trainer_run(s.trainer, &events, NULL, &solved), DQ_ERR_INTERRUPTED);
        assert_int_equal(dq_trainer_run(s.trainer, &events, NULL, &solved), DQ_OK);
        assert_true(weights_hash(s.trainer) == weights_hash(whole));
        dq_progress p, q;
        dq_trainer_progress(whole, &q);
        dq_trainer_progress(s.trainer, &p);
        assert_true(p.loss == q.loss && p.n_updates == q.n_updates && p.n_games == q.n_games);
        dq_trainer_destroy(s.trainer);
    }
    dq_trainer_destroy(whole);
}

/** Fails at once, in whatever event it stands. */
static dq_status fail_told(void *ctx, const dq_progress *p)
{
    (void)ctx, (void)p;
    return dq_fail(DQ_ERR_IO, "it cannot be told");
}

static dq_status fail_best(void *ctx, const dq_progress *p, bool first)
{
    (void)first;
    return fail_told(ctx, p);
}

static void a_failure_of_any_callback_is_the_runs(void **state)
{
    (void)state;
    static const dq_train_events fails[] = {{.game_over = fail_told},
                                            {.best = fail_best},
                                            {.solved = fail_told},
                                            {.step = fail_told},
                                            {.checkpoint = fail_told}};
    for (size_t i = 0; i < DQ_COUNT(fails); i++) {
        dq_train_config cfg = small_config();
        cfg.reward_bound = -1;
        cfg.replay_size = cfg.replay_start = 800;
        cfg.max_steps = 800;  // a hundred games
        dq_trainer *t = make_trainer(&cfg);
        bool solved;
        assert_int_equal(dq_trainer_run(t, &fails[i], NULL, &solved), DQ_ERR_IO);
        assert_non_null(strstr(dq_errmsg(), "it cannot be told"));
        dq_trainer_destroy(t);
    }
}

static void hyperparameters_are_read_written_and_checked(void **state)
{
    (void)state;
    dq_train_config cfg, copy;
    assert_int_equal(dq_train_preset(&cfg, "nonsense"), DQ_ERR_NOT_FOUND);
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    assert_int_equal(dq_train_config_set(&cfg, "learning_rate", "0.00025"), DQ_OK);
    assert_int_equal(dq_train_config_set(&cfg, "seed", "18446744073709551615"), DQ_OK);
    assert_int_equal(dq_train_config_set(&cfg, "double_dqn", "true"), DQ_OK);
    assert_int_equal(dq_train_config_set(&cfg, "loss", "huber"), DQ_OK);
    char small[] = "small";
    assert_int_equal(dq_train_config_set(&cfg, "network", small), DQ_OK);
    small[0] = '\0';  // need not live on
    assert_int_equal(dq_train_preset(&copy, "book"), DQ_OK);
    const char *key;
    char value[64];
    for (size_t i = 0; dq_train_config_get(&cfg, i, &key, value, sizeof(value)); i++)
        assert_int_equal(dq_train_config_set(&copy, key, value), DQ_OK);
    assert_true(copy.learning_rate == 0.00025 && copy.seed == UINT64_MAX && copy.double_dqn &&
                copy.loss == DQ_LOSS_HUBER && strcmp(copy.network, "small") == 0);

    static const char *const wrong[][2] = {
        {"gamma", "1.5"}, {"gamma", "nan"},     {"gamma", ""},          {"batch", "0"},
        {"batch", "3x"},  {"seed", "-1"},       {"nothing", "1"},       {"target_sync", "0"},
        {"batch", "1.5"}, {"batch", "1e99"},    {"epsilon_start", "2"}, {"double_dqn", "1"},
        {"loss", "l1"},   {"network", "resnet"}};
    for (size_t i = 0; i < DQ_COUNT(wrong); i++) {
        assert_int_equal(dq_train_config_set(&cfg, wrong[i][0], wrong[i][1]), DQ_ERR_CONFIG);
        assert_non_null(strstr(dq_errmsg(), wrong[i][0]));
    }
    cfg.loss = (dq_loss)3;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg.loss = DQ_LOSS_MSE;
    cfg.n_step = cfg.replay_start - cfg.batch + 2;  // so few whole transitions at the start
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg.n_step = 3;
    cfg.replay_start = 40;
    cfg.batch = 8;
    cfg.n_envs = (cfg.replay_start - cfg.batch) / 2 + 1;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
    cfg.n_envs--;
    assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    cfg.n_step = cfg.n_envs = 1;
    cfg.replay_start = cfg.replay_size + 1;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
}

int main(void)
{
    if (test_device_is_missing())
        return DEVICE_SKIPPED;
    const struct CMUnitTest quick[] = {
        cmocka_unit_test(a_loaded_run_goes_on_bit_for_bit),
        cmocka_unit_test(so_does_one_in_the_middle_of_a_round),
        cmocka_unit_test(so_does_one_with_double_targets),
        cmocka_unit_test(so_does_one_with_priorities),
    };
    if (getenv("DEEPQ_TEST_QUICK"))  // the emulation of a GPU is slow
        return cmocka_run_group_tests(quick, NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loop_counts_as_the_book_does),
        cmocka_unit_test(it_counts_alike_with_games_side_by_side),
        cmocka_unit_test(updates_come_as_often_as_asked),
        cmocka_unit_test(transitions_of_games_side_by_side_stay_apart),
        cmocka_unit_test(so_does_one_in_the_middle_of_a_round),
        cmocka_unit_test(a_run_of_other_environments_is_not_loaded),
        cmocka_unit_test(environments_must_be_as_many_as_told),
        cmocka_unit_test(a_loaded_run_goes_on_bit_for_bit),
        cmocka_unit_test(threads_do_not_change_the_run),
        cmocka_unit_test(double_targets_change_the_run),
        cmocka_unit_test(it_learns_to_solve_its_world),
        cmocka_unit_test(it_learns_from_returns_of_two_steps),
        cmocka_unit_test(it_learns_from_double_targets),
        cmocka_unit_test(it_learns_from_games_side_by_side),
        cmocka_unit_test(so_does_one_with_double_targets),
        cmocka_unit_test(so_does_one_with_priorities),
        cmocka_unit_test(it_learns_from_the_errors_that_are_largest),
        cmocka_unit_test(epsilon_falls_in_two_lines),
        cmocka_unit_test(the_learning_rate_falls_to_its_end),
        cmocka_unit_test(a_stop_flag_ends_the_run_and_it_can_go_on),
        cmocka_unit_test(a_callback_ends_the_run_and_it_can_go_on),
        cmocka_unit_test(a_failure_of_any_callback_is_the_runs),
        cmocka_unit_test(hyperparameters_are_read_written_and_checked),
        cmocka_unit_test(so_does_one_with_several_updates),
    };
    const struct CMUnitTest of_the_cpu[] = {
        cmocka_unit_test(so_does_one_with_augmentation),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    return n_failed + (test_device() ? 0 : cmocka_run_group_tests(of_the_cpu, NULL, NULL));
}
