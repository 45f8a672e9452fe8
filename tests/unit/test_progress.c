/** What a run tells of its progress at the end of a game: means of what came since the last one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "deepq/train.h"
#include "nn/graph.h"
#include "table_world.h"

enum { GAME_STEPS = 7, STEPS = 60, N_ENVS = 2 };

/** What is added up beside the trainer. */
typedef struct watcher {
    dq_trainer *trainer;
    table_world *world;
    double next_q;  // the value that the next action will be chosen for
    double loss, td_error, max_q;
    int64_t n_updates, n_here, n_q, n_games, n_acts;
    double rewards;
    int last_action;
} watcher;

static double largest_value(const watcher *w)
{
    float q[TABLE_ACTIONS];
    dq_net_q(dq_trainer_net(w->trainer), w->world->stack, 1, q);
    float largest = q[0];
    for (int i = 1; i < TABLE_ACTIONS; i++)
        largest = q[i] > largest ? q[i] : largest;
    return (double)largest;
}

static dq_status on_act(void *ctx, const dq_train_act *a)
{
    watcher *w = ctx;
    w->n_acts++;
    w->rewards += (double)a->result->reward;
    assert_int_equal(a->env, 0);
    assert_int_equal(a->action, w->world->last_action);
    assert_int_equal(a->frame_bytes, TABLE_FRAME);
    if (!a->result->terminated && !a->result->truncated)
        assert_memory_equal(a->frame, w->world->stack + 3 * TABLE_FRAME, TABLE_FRAME);
    if (w->n_games > 0) {
        w->max_q += w->next_q;
        w->n_q++;
    }
    return DQ_OK;
}

static void check_mean(double told, double sum, int64_t n)
{
    if (n == 0)
        assert_true(isnan(told));
    else
        assert_true(fabs(told - sum / (double)n) < 1e-6 * fabs(sum));
}

static dq_status on_game(void *ctx, const dq_progress *p)
{
    watcher *w = ctx;
    w->n_games++;
    assert_int_equal(p->length, GAME_STEPS);
    assert_int_equal(p->env, 0);
    assert_int_equal(w->n_acts, p->step);
    assert_true(p->reward == w->rewards);
    check_mean(p->mean_loss, w->loss, w->n_here);
    check_mean(p->td_error, w->td_error, w->n_here);
    if (w->n_games > 1)  // of the first game nobody saw the first state
        check_mean(p->max_q, w->max_q, w->n_q);
    w->loss = w->td_error = w->max_q = w->rewards = 0;
    w->n_here = w->n_q = 0;
    return DQ_OK;
}

/** After the update, of which the batch is one transition, so that its loss is its error's square.
 */
static dq_status on_step(void *ctx, const dq_progress *p)
{
    watcher *w = ctx;
    if (p->n_updates > w->n_updates) {
        w->loss += p->loss;
        w->td_error += sqrt(p->loss);
        w->n_here++;
    }
    w->n_updates = p->n_updates;
    w->next_q = largest_value(w);
    assert_true(fabs(p->learning_rate - (1e-3 - 9e-4 * (double)p->step / 100)) < 1e-12);
    return DQ_OK;
}

/** @param epsilon as text */
static dq_train_config make_config(const char *epsilon)
{
    const char *const values[][2] = {{"network", "cnn"},         {"hidden", "16"},
                                     {"convolutions", "4k8s8"},  {"batch", "1"},
                                     {"replay_size", "20"},      {"replay_start", "10"},
                                     {"epsilon_start", epsilon}, {"epsilon_final", epsilon},
                                     {"learning_rate", "1e-3"},  {"learning_rate_final", "1e-4"},
                                     {"max_steps", "60"},        {"learning_rate_decay", "100"}};
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    for (size_t i = 0; i < DQ_COUNT(values); i++)
        assert_int_equal(dq_train_config_set(&cfg, values[i][0], values[i][1]), DQ_OK);
    cfg.reward_bound = INFINITY;
    cfg.n_threads = 1;
    return cfg;
}

static void means_are_of_what_came_since_the_last_game(void **state)
{
    (void)state;
    watcher w = {.n_games = 0};
    bool solved;
    dq_train_config cfg = make_config("0");
    dq_env *env = table_env(&w.world, false, GAME_STEPS);
    assert_int_equal(dq_trainer_create(&w.trainer, &cfg, env), DQ_OK);
    assert_ptr_equal(dq_trainer_env(w.trainer, 0), env);
    const dq_train_events events = {
        .ctx = &w, .game_over = on_game, .step = on_step, .acted = on_act};
    assert_int_equal(dq_trainer_run(w.trainer, &events, NULL, &solved), DQ_OK);
    assert_int_equal(w.n_games, STEPS / GAME_STEPS);
    assert_int_equal(w.n_acts, STEPS);
    dq_trainer_destroy(w.trainer);
}

/** Lengths of steps of plain gradient descent, which RMSProp without decay and with epsilon 1 is.
 */
typedef struct descent {
    dq_trainer *trainer;
    dq_tensor before[DQ_TENSORS_MAX];
    int n_tensors;
    double rate, sum;
    int64_t n_updates, n, n_told;
    bool is_limited;
} descent;

static dq_tensor *params_of(const descent *d, dq_tensor params[DQ_TENSORS_MAX])
{
    const dq_net *net = dq_trainer_net(d->trainer);
    int n = dq_net_param_shapes(dq_net_network(net), TABLE_ACTIONS, params);
    for (int i = 0; i < n; i++)
        params[i].data = calloc(dq_tensor_elements(&params[i]), sizeof(float));
    dq_net_get_params(net, params);
    return params;
}

/** The distance from the parameters before, which it takes the place of. */
static double move(descent *d)
{
    dq_tensor now[DQ_TENSORS_MAX];
    double squares = 0;
    params_of(d, now);
    for (int t = 0; t < d->n_tensors; t++) {
        for (size_t i = 0; i < dq_tensor_elements(&now[t]); i++)
            squares += pow((double)now[t].data[i] - (double)d->before[t].data[i], 2);
        free(d->before[t].data);
        d->before[t] = now[t];
    }
    return sqrt(squares);
}

static dq_status after_update(void *ctx, const dq_progress *p)
{
    descent *d = ctx;
    double moved = move(d);
    if (p->n_updates > d->n_updates && (d->is_limited || d->n_updates == 0)) {
        d->sum += moved / d->rate;
        d->n++;
    }
    d->n_updates = p->n_updates;
    return DQ_OK;
}

static dq_status told_norm(void *ctx, const dq_progress *p)
{
    descent *d = ctx;
    d->n_told += d->n > 0;
    if (d->n == 0)
        assert_true(isnan(p->gradient_norm));
    else
        assert_true(fabs(p->gradient_norm - d->sum / (double)d->n) < 1e-3 * p->gradient_norm);
    d->sum = 0;
    d->n = 0;
    return DQ_OK;
}

/** Of every update where a limit asks for it, else of the first one of 50. */
static void norms_are_lengths_of_gradients(void **state)
{
    (void)state;
    for (int limited = 0; limited < 2; limited++) {
        descent d = {.rate = 0.01, .is_limited = limited};
        table_world *world;
        bool solved;
        dq_train_config cfg = make_config("0");
        cfg.optimiser = DQ_OPTIMISER_RMSPROP;
        cfg.rmsprop_decay = 0;
        cfg.rmsprop_epsilon = 1;
        cfg.learning_rate = cfg.learning_rate_final = d.rate;
        cfg.learning_rate_decay = 0;
        cfg.gradient_norm = limited ? 1e6 : 0;
        dq_env *env = table_env(&world, false, GAME_STEPS);
        assert_int_equal(dq_trainer_create(&d.trainer, &cfg, env), DQ_OK);
        params_of(&d, d.before);
        d.n_tensors = dq_net_param_shapes(dq_net_network(dq_trainer_net(d.trainer)), TABLE_ACTIONS,
                                          (dq_tensor[DQ_TENSORS_MAX]){0});
        const dq_train_events events = {.ctx = &d, .game_over = told_norm, .step = after_update};
        assert_int_equal(dq_trainer_run(d.trainer, &events, NULL, &solved), DQ_OK);
        assert_int_equal(d.n_told, limited ? STEPS / GAME_STEPS - 1 : 1);
        for (int t = 0; t < d.n_tensors; t++)
            free(d.before[t].data);
        dq_trainer_destroy(d.trainer);
    }
}

/** What the next actions of all environments will be chosen by. */
typedef struct chooser {
    dq_trainer *trainer;
    table_world *world[N_ENVS];
    float q[N_ENVS][TABLE_ACTIONS];
    int n_rounds, n_chosen, n_random;
} chooser;

static dq_status at_step(void *ctx, const dq_progress *p)
{
    chooser *c = ctx;
    if (p->step % N_ENVS != 0)
        return DQ_OK;
    for (int i = 0; i < N_ENVS; i++)
        dq_net_q(dq_trainer_net(c->trainer), c->world[i]->stack, 1, c->q[i]);
    c->n_rounds++;
    return DQ_OK;
}

static dq_status at_act(void *ctx, const dq_train_act *a)
{
    chooser *c = ctx;
    if (!a->values) {
        c->n_random++;
        return DQ_OK;
    }
    c->n_chosen++;
    for (int i = 0; i < TABLE_ACTIONS; i++) {
        assert_true(a->values[i] <= a->values[a->action]);
        if (c->n_rounds > 0)
            assert_true(fabsf(a->values[i] - c->q[a->env][i]) < 1e-5f);
    }
    return DQ_OK;
}

static void an_act_tells_the_values_that_it_was_chosen_by(void **state)
{
    (void)state;
    chooser c = {.n_rounds = 0};
    bool solved;
    dq_train_config cfg = make_config("0.5");
    dq_env *envs[N_ENVS];
    cfg.n_envs = N_ENVS;
    for (int i = 0; i < N_ENVS; i++)
        envs[i] = table_env(&c.world[i], false, GAME_STEPS + i);
    assert_int_equal(dq_trainer_create_many(&c.trainer, &cfg, envs), DQ_OK);
    const dq_train_events events = {.ctx = &c, .step = at_step, .acted = at_act};
    assert_int_equal(dq_trainer_run(c.trainer, &events, NULL, &solved), DQ_OK);
    assert_int_equal(c.n_chosen + c.n_random, STEPS);
    assert_true(c.n_chosen > STEPS / 4 && c.n_random > STEPS / 4);
    dq_trainer_destroy(c.trainer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_act_tells_the_values_that_it_was_chosen_by),
        cmocka_unit_test(norms_are_lengths_of_gradients),
        cmocka_unit_test(means_are_of_what_came_since_the_last_game),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
