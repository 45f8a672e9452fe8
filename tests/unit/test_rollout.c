/** Rollouts (PQN): returns worked out by hand for a world whose values are known, when updates are
 *  made, saving after every step, the memory that there is not, and CartPole. The reference
 * learner's runs of it are in test_learner_golden.c. */
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
#include "deepq/train.h"
#include "small_runs.h"

enum { N_ENVS = 2, ROLLOUT = 4, N = N_ENVS * ROLLOUT };

/* A line of places 0, 1, 2, ...: a step goes on to the next one and is worth its number. An episode
 * of an even environment terminates after three steps, one of an odd one is cut off after two. */
typedef struct line_world {
    int env, at;
} line_world;

static dq_status line_reset(void *self, void *obs)
{
    ((line_world *)self)->at = 0;
    *(float *)obs = 0.0f;
    return DQ_OK;
}

static dq_status line_step(void *self, int action, void *obs, dq_step *result)
{
    line_world *w = self;
    (void)action;
    w->at++;
    result->reward = (float)w->at;
    result->terminated = w->env % 2 == 0 && w->at == 3;
    result->truncated = w->env % 2 == 1 && w->at == 2;
    *(float *)obs = (float)w->at;
    return DQ_OK;
}

static dq_status line_seed(void *self, uint64_t seed)
{
    ((line_world *)self)->env = (int)seed;  // the trainer gives environment i the seed i
    return DQ_OK;
}

static dq_env *make_line(void)
{
    static const dq_env_ops ops = {
        .reset = line_reset, .step = line_step, .seed = line_seed, .destroy = free};
    const dq_env_spec spec = {
        .id = "Line-v0", .obs = {.dtype = DQ_F32, .n_dims = 1, .shape = {1}}, .n_actions = 2};
    dq_env *env;
    must(dq_env_create(&env, &ops, &spec, calloc(1, sizeof(line_world))));
    return env;
}

static dq_train_config config(void)
{
    dq_train_config cfg;
    must(dq_train_preset(&cfg, "book"));
    cfg.network = "mlp";
    cfg.hidden[0] = 8;
    cfg.hidden[1] = 0;
    cfg.gamma = 0.5;
    cfg.n_envs = N_ENVS;
    cfg.rollout = ROLLOUT;
    cfg.return_lambda = 0.25;
    cfg.batch = N;
    cfg.truncation_ends = false;
    cfg.n_threads = 1;
    cfg.reward_bound = (double)INFINITY;
    return cfg;
}

static dq_trainer *create(const dq_train_config *cfg)
{
    dq_env *envs[RUN_MAX_ENVS];
    dq_trainer *t;
    for (int i = 0; i < cfg->n_envs; i++)
        envs[i] = make_line();
    must(dq_trainer_create_many(&t, cfg, envs));
    return t;
}

/** The values of the places by the network before it learns. */
static void values_of_places(const dq_trainer *t, float value[4])
{
    static const float places[] = {0, 1, 2, 3};
    float q[4 * 2];
    dq_net_q(dq_trainer_net(t), places, 4, q);
    for (int i = 0; i < 4; i++)
        value[i] = fmaxf(q[2 * i], q[2 * i + 1]);
}

/** Four steps of each: in the even one 1 2 3 | 1, in the odd one 1 2 / 1 2. */
static void check_returns(bool truncation_ends)
{
    dq_train_config cfg = config();
    float v[4], want[N_ENVS][ROLLOUT];
    cfg.truncation_ends = truncation_ends;
    dq_trainer *t = create(&cfg);
    const float gamma = 0.5f, lambda = 0.25f;
    values_of_places(t, v);
    want[0][3] = 1 + gamma * v[1];  // the rollout ends
    want[0][2] = 3;                 // the episode terminated
    want[0][1] = 2 + gamma * (lambda * want[0][2] + (1 - lambda) * v[2]);
    want[0][0] = 1 + gamma * (lambda * want[0][1] + (1 - lambda) * v[1]);
    want[1][1] = want[1][3] = truncation_ends ? 2 : 2 + gamma * v[2];  // it was cut off
    want[1][0] = want[1][2] = 1 + gamma * (lambda * want[1][1] + (1 - lambda) * v[1]);
    must(small_run_play(t, N));
    const dq_learner *l = t->learner;
    for (int i = 0; i < N; i++) {
        int step = (int)l->drawn[i].slot, place = step / N_ENVS, env = step % N_ENVS;
        assert_true(step < N);
        if (!(fabsf(l->target[i] - want[env][place]) < 1e-5f))
            fail_msg("step %d of environment %d: %g, must be %g", place, env, (double)l->target[i],
                     (double)want[env][place]);
    }
    dq_trainer_destroy(t);
}

static void returns_are_what_they_must_be(void **state)
{
    (void)state;
    check_returns(false);
    check_returns(true);
}

/** All steps in each epoch, each of them once, in another order. */
static void an_epoch_takes_every_step_once(void **state)
{
    (void)state;
    dq_train_config cfg = config();
    cfg.batch = 2;
    cfg.epochs = 3;
    dq_trainer *t = create(&cfg);
    dq_progress p;
    for (int i = 0; i < 40; i++) {
        dq_trainer_progress(t, &p);
        assert_int_equal(p.n_updates, i / N * (N / 2 * 3));
        must(small_run_play(t, 1));
    }
    cfg.batch = N;
    cfg.epochs = 1;
    size_t orders[2][N];
    for (int k = 0; k < 2; k++) {
        bool seen[2 * N] = {0};
        cfg.seed = (uint64_t)k * 2;  // even environments stay even
        dq_trainer *one = create(&cfg);
        must(small_run_play(one, N));
        for (int i = 0; i < N; i++) {
            orders[k][i] = one->learner->drawn[i].slot;
            assert_true(orders[k][i] < N && !seen[orders[k][i]]);
            seen[orders[k][i]] = true;
        }
        dq_trainer_destroy(one);
    }
    assert_memory_not_equal(orders[0], orders[1], sizeof(orders[0]));
    dq_trainer_destroy(t);
}

static dq_trainer *create_cartpole(int n_threads)
{
    dq_env *envs[3];
    dq_trainer *t;
    dq_train_config cfg = config();
    cfg.n_envs = 3;
    cfg.batch = 6;
    cfg.epochs = 2;
    cfg.layer_norm = true;
    cfg.noisy = DQ_NOISE_FACTORISED;
    cfg.optimiser = DQ_OPTIMISER_RADAM;
    cfg.epsilon_start = cfg.epsilon_final = 0.3;
    cfg.n_threads = n_threads;
    for (int i = 0; i < cfg.n_envs; i++)
        must(dq_env_make(&envs[i], "CartPole-v1", NULL));
    must(dq_trainer_create_many(&t, &cfg, envs));
    return t;
}

/** In the middle of a round, of a rollout and between two. */
static void a_run_goes_on_from_every_step(void **state)
{
    (void)state;
    enum { STEPS = 40 };
    size_t n, n_half, n_other;
    dq_trainer *t = create_cartpole(1);
    must(small_run_play(t, STEPS));
    uint8_t *want = small_run_save(t, &n);
    dq_trainer_destroy(t);
    for (int cut = 1; cut < 26; cut++) {
        t = create_cartpole(1);
        must(small_run_play(t, cut));
        uint8_t *half = small_run_save(t, &n_half);
        dq_trainer_destroy(t);
        t = create_cartpole(2);
        must(small_run_load(t, half, n_half));
        must(small_run_play(t, STEPS - cut));
        uint8_t *other = small_run_save(t, &n_other);
        if (n != n_other || memcmp(want, other, n) != 0)
            fail_msg("saved after step %d it is another run", cut);
        dq_trainer_destroy(t);
        free(half);
        free(other);
    }
    free(want);
}

/** A checkpoint is taken or refused, whatever is in the place of its values or behind its end. */
static void damaged_values_are_refused(void **state)
{
    (void)state;
    size_t n;
    const float wrong = NAN;
    dq_trainer *t = create_cartpole(1);
    must(small_run_play(t, 7));
    uint8_t *saved = small_run_save(t, &n);
    size_t at = small_run_section(saved, n, "ROLL", 0);
    assert_true(at < n);
    must(small_run_load(t, saved, n));
    assert_int_equal(small_run_load(t, saved, at + 12), DQ_ERR_INPUT);
    memcpy(saved + at + 8, &wrong, sizeof(wrong));
    assert_int_equal(small_run_load(t, saved, n), DQ_ERR_INPUT);
    assert_string_equal(dq_errmsg(), "saved run: the values of its rollout are not finite");
    memcpy(saved + at, "LLOR", 4);
    assert_int_equal(small_run_load(t, saved, n), DQ_ERR_INPUT);
    dq_trainer_destroy(t);
    free(saved);
}

/** The steps of one rollout are kept, whatever replay_size says; there is no target network. */
static void there_is_no_memory_but_the_rollout(void **state)
{
    (void)state;
    dq_train_config cfg = config(), with_replay = config();
    cfg.replay_size = with_replay.replay_size = 5000000;
    with_replay.rollout = 0;
    with_replay.replay_start = 100;
    dq_trainer *t = create(&cfg);
    assert_int_equal(dq_replay_slots(dq_trainer_replay(t)), N + N_ENVS);
    must(small_run_play(t, 5 * N + 3));
    assert_int_equal(dq_replay_size(dq_trainer_replay(t)), N);
    const float place = 1.0f;
    float q[2], of_target[2];
    dq_net_q(dq_trainer_net(t), &place, 1, q);
    dq_net_target_q(dq_trainer_net(t), &place, 1, of_target);
    assert_memory_equal(q, of_target, sizeof(q));
    dq_trainer_destroy(t);
    uint64_t need = dq_train_needs(&cfg, NULL).memory;
    uint64_t of_replay = dq_train_needs(&with_replay, NULL).memory;
    assert_true(need + 5000000 < of_replay);
    cfg.replay_size = 1;
    assert_true(dq_train_needs(&cfg, NULL).memory == need);
}

/** The settings of docs/family.md, which solve it in 66,721 to 107,504 steps with seeds 0 to 2. */
static void cartpole_is_solved(void **state)
{
    (void)state;
    static const char *const settings[][2] = {
        {"n_step", "1"},         {"double_dqn", "false"}, {"loss", "half_mse"},
        {"layer_norm", "true"},  {"n_envs", "8"},         {"initialisation", "he_normal"},
        {"rollout", "16"},       {"optimiser", "radam"},  {"batch", "32"},
        {"gradient_norm", "10"}, {"epochs", "4"},         {"return_lambda", "0.95"},
        {"max_steps", "2e5"},
    };
    dq_train_config cfg;
    dq_env *envs[8];
    dq_trainer *t;
    bool solved;
    must(dq_train_preset(&cfg, "cartpole"));
    for (size_t i = 0; i < DQ_COUNT(settings); i++)
        must(dq_train_config_set(&cfg, settings[i][0], settings[i][1]));
    for (int i = 0; i < cfg.n_envs; i++)
        must(dq_env_make(&envs[i], "CartPole-v1", NULL));
    must(dq_trainer_create_many(&t, &cfg, envs));
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    assert_true(solved);
    dq_trainer_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_are_what_they_must_be),
        cmocka_unit_test(an_epoch_takes_every_step_once),
        cmocka_unit_test(a_run_goes_on_from_every_step),
        cmocka_unit_test(damaged_values_are_refused),
        cmocka_unit_test(there_is_no_memory_but_the_rollout),
        cmocka_unit_test(cartpole_is_solved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
