/** A bound on the reward belongs to a game, a whole one with its own points, and few games tell
 * nothing of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/train.h"

/* A game of two steps that gives 30 points. */
static dq_status game_reset(void *self, void *obs)
{
    *(int *)self = 0;
    memset(obs, 0, DQ_NET_OBS_BYTES);
    return DQ_OK;
}

static dq_status game_step(void *self, int action, void *obs, dq_step *result)
{
    int *n = self;
    (void)action;
    memset(obs, ++*n, DQ_NET_OBS_BYTES);
    *result = (dq_step){.reward = 15, .terminated = *n == 2};
    return DQ_OK;
}

static dq_status game_seed(void *self, uint64_t seed)
{
    (void)self;
    (void)seed;
    return DQ_OK;
}

/** @return the games that it took to solve it, 0 for never */
static int64_t games_until_solved(const char *preset, const char *id, double bound)
{
    static const dq_env_ops ops = {
        .reset = game_reset, .step = game_step, .seed = game_seed, .destroy = free};
    dq_env_spec spec = {
        .id = id,
        .obs = {.dtype = DQ_U8, .n_dims = 3, .shape = {DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE}},
        .n_actions = 2};
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, preset), DQ_OK);
    cfg.network = "small";
    cfg.n_envs = 1;
    cfg.replay_size = cfg.replay_start = 1000;
    cfg.max_steps = 400;
    if (!isnan(bound))
        cfg.reward_bound = bound;
    dq_env *env;
    dq_trainer *t;
    assert_int_equal(dq_env_create(&env, &ops, &spec, calloc(1, sizeof(int))), DQ_OK);
    assert_int_equal(dq_trainer_create(&t, &cfg, env), DQ_OK);
    bool solved;
    assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
    dq_progress p;
    dq_trainer_progress(t, &p);
    assert_int_equal(p.solved, solved);
    dq_trainer_destroy(t);
    return solved ? p.n_games : 0;
}

static void the_bound_of_pong_is_of_pong_alone(void **state)
{
    (void)state;
    static const char *const presets[] = {"book", "fast"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(games_until_solved(presets[i], "PongNoFrameskip-v4", NAN), 1);
        assert_int_equal(games_until_solved(presets[i], "ALE/Pong-v5", NAN), 1);
        assert_int_equal(games_until_solved(presets[i], "deepq/Pong-v0", NAN), 1);
        assert_int_equal(games_until_solved(presets[i], "SeaquestNoFrameskip-v4", NAN), 0);
        assert_int_equal(games_until_solved(presets[i], "deepq/Bricks-v0", NAN), 0);
        assert_int_equal(games_until_solved(presets[i], "MyOwn-v0", NAN), 0);
    }
}

static void a_chosen_bound_counts_after_100_games(void **state)
{
    (void)state;
    assert_int_equal(games_until_solved("book", "SeaquestNoFrameskip-v4", 29.5), 100);
    assert_int_equal(games_until_solved("book", "MyOwn-v0", 29.5), 100);
    assert_int_equal(games_until_solved("book", "MyOwn-v0", 30), 0);
    assert_int_equal(games_until_solved("book", "PongNoFrameskip-v4", 29.5), 1);
    assert_int_equal(games_until_solved("book", "PongNoFrameskip-v4", INFINITY), 0);
}

/* ---------------------------------------------------------------- whole games */

/** A game of two lives, an episode of two steps each, with rewards that are clipped to 1. The
 * second life begins with 2 points of its reset; every third game ends within that reset, with 5
 * more. Games have 7 more points than the game before. */
typedef struct lived {
    int game, life, step;
    bool ended;
} lived;

static dq_status lived_reset(void *self, void *obs)
{
    lived *l = self;
    bool cut = l->life == 1 && l->game % 3 == 2;
    l->step = 0;
    l->ended = cut;
    if (cut || l->life == 2) {
        l->game++;
        l->life = 0;
    }
    memset(obs, l->life, DQ_NET_OBS_BYTES);
    return DQ_OK;
}

static dq_status lived_step(void *self, int action, void *obs, dq_step *result)
{
    lived *l = self;
    float points = (float)(10 + 7 * l->game);
    bool over = ++l->step == 2, first = l->step == 1;
    (void)action;
    *result = (dq_step){.reward = 1,
                        .clipped = first && l->life == 0 ? points - 1 : 0,
                        .terminated = over,
                        .game_goes_on = over && l->life == 0,
                        .is_new_game = l->ended,
                        .ended_points = l->ended ? 5 : 0};
    if (first && l->life == 1)
        result->clipped += 2;
    l->ended = false;
    l->life += over;
    memset(obs, l->step, DQ_NET_OBS_BYTES);
    return DQ_OK;
}

/** What such a game comes to: 4 rewards of a step, less the first one's, and 2 of the second reset.
 */
static double points_of(int game)
{
    bool cut = game % 3 == 2;
    return 10 + 7 * game + (cut ? 1 + 5 : 3 + 2);
}

enum { TOLD_GAMES = 40 };
typedef struct told {
    dq_progress games[TOLD_GAMES];
    int n_games, n_bests;
    double best, previous_best;
} told;

static dq_status hear_game(void *ctx, const dq_progress *p)
{
    told *t = ctx;
    assert_true(t->n_games < TOLD_GAMES);
    t->games[t->n_games++] = *p;
    return DQ_OK;
}

static dq_status hear_best(void *ctx, const dq_progress *p, bool first)
{
    told *t = ctx;
    assert_int_equal(first, t->n_games == 1);
    assert_true(first || p->previous_best == t->best);
    t->best = p->best_mean;
    t->n_bests++;
    return DQ_OK;
}

static dq_trainer *make_lived(const char *id, double bound, int64_t max_steps)
{
    static const dq_env_ops ops = {
        .reset = lived_reset, .step = lived_step, .seed = game_seed, .destroy = free};
    dq_env_spec spec = {
        .id = id,
        .obs = {.dtype = DQ_U8, .n_dims = 3, .shape = {DQ_NET_STACK, DQ_NET_SIDE, DQ_NET_SIDE}},
        .n_actions = 2};
    dq_train_config cfg;
    dq_env *env;
    dq_trainer *t;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.network = "small";
    cfg.replay_size = cfg.replay_start = 1000;
    cfg.max_steps = max_steps;
    cfg.reward_bound = bound;
    assert_int_equal(dq_env_create(&env, &ops, &spec, calloc(1, sizeof(lived))), DQ_OK);
    assert_int_equal(dq_trainer_create(&t, &cfg, env), DQ_OK);
    return t;
}

/** Games of 4, 4 and 2 steps; of the one that ends within a reset the step after tells. */
static void lives_and_clipping_change_no_game(void **state)
{
    (void)state;
    told heard = {0};
    const dq_train_events events = {.ctx = &heard, .game_over = hear_game, .best = hear_best};
    dq_trainer *t = make_lived("Lived-v0", INFINITY, 101);
    bool solved;
    double sum = 0;
    assert_int_equal(dq_trainer_run(t, &events, NULL, &solved), DQ_OK);
    assert_int_equal(heard.n_games, 30);
    for (int i = 0; i < heard.n_games; i++) {
        const dq_progress *p = &heard.games[i];
        int round = i / 3, place = i % 3;
        sum += points_of(i);
        assert_int_equal(p->n_games, i + 1);
        assert_int_equal(p->step, 10 * round + (place == 0 ? 4 : place == 1 ? 8 : 11));
        assert_int_equal(p->n_episodes, 5 * round + (place == 0 ? 2 : place == 1 ? 4 : 5));
        assert_true(p->reward == points_of(i));
        assert_true(p->episode_reward == 2);
        assert_float_equal(p->mean_reward, sum / (i + 1), 1e-9);
    }
    assert_int_equal(heard.n_bests, 30);
    assert_float_equal(heard.best, sum / 30, 1e-9);
    dq_trainer_destroy(t);
}

/** The first game's 15 points solve Pong at 14.5, not at 15: its clipped rewards are 4, its last
 *  episode's 2. */
static void the_bound_is_of_whole_games(void **state)
{
    (void)state;
    static const struct {
        double bound;
        int solved_at;  // step, 0: never
    } cases[] = {{14.5, 4}, {15, 8}, {18.4, 8}, {100, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        dq_trainer *t = make_lived("deepq/Pong-v0", cases[i].bound, 15);
        bool solved;
        dq_progress p;
        assert_int_equal(dq_trainer_run(t, NULL, NULL, &solved), DQ_OK);
        dq_trainer_progress(t, &p);
        assert_int_equal(solved, cases[i].solved_at > 0);
        assert_int_equal(p.step, solved ? cases[i].solved_at : 15);
        dq_trainer_destroy(t);
    }
}

static void every_bound_can_be_read_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"game", "none", "19", "-1.5"};
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    assert_true(isnan(cfg.reward_bound));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        const char *key = "";
        char value[64];
        assert_int_equal(dq_train_config_set(&cfg, "reward_bound", texts[i]), DQ_OK);
        for (size_t k = 0; strcmp(key, "reward_bound") != 0; k++)
            assert_true(dq_train_config_get(&cfg, k, &key, value, sizeof(value)));
        assert_string_equal(value, texts[i]);
        assert_int_equal(dq_train_config_check(&cfg), DQ_OK);
    }
    static const char *const wrong[] = {"", "inf", "nan", "None", "1e13"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(dq_train_config_set(&cfg, "reward_bound", wrong[i]), DQ_ERR_CONFIG);
    cfg.reward_bound = -INFINITY;
    assert_int_equal(dq_train_config_check(&cfg), DQ_ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_of_pong_is_of_pong_alone),
        cmocka_unit_test(a_chosen_bound_counts_after_100_games),
        cmocka_unit_test(lives_and_clipping_change_no_game),
        cmocka_unit_test(the_bound_is_of_whole_games),
        cmocka_unit_test(every_bound_can_be_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
