/* A world of your own, learnt by DQN: catch the falling ball.
 *
 *   cc catch.c $(pkg-config --cflags --libs deepq) && ./a.out
 *
 * A ball falls from the top of a board of 10 x 10 cells, one row a step; a paddle on the bottom row
 * stays, moves left or moves right. Under the ball in the end: reward 1, otherwise -1. The network
 * sees a picture with a pixel for each cell. Afterwards it plays 100 games by the network alone. */
#include <deepq/deepq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = 10 };
enum { STAY, LEFT, RIGHT, N_ACTIONS };

typedef struct catch_game {
    dq_rng rng;
    int ball_x, ball_y, paddle_x;
} catch_game;

static void draw(const catch_game *g, uint8_t *picture)
{
    memset(picture, 0, CELLS * CELLS);
    picture[g->ball_y * CELLS + g->ball_x] = 255;
    picture[(CELLS - 1) * CELLS + g->paddle_x] = 255;
}

static dq_status catch_reset(void *self, void *obs)
{
    catch_game *g = self;
    g->ball_x = (int)dq_rng_below(&g->rng, CELLS);
    g->ball_y = 0;
    g->paddle_x = CELLS / 2;
    draw(g, obs);
    return DQ_OK;
}

static dq_status catch_step(void *self, int action, void *obs, dq_step *result)
{
    catch_game *g = self;
    if (action == LEFT && g->paddle_x > 0)
        g->paddle_x--;
    if (action == RIGHT && g->paddle_x < CELLS - 1)
        g->paddle_x++;
    g->ball_y++;
    draw(g, obs);
    *result = (dq_step){.terminated = g->ball_y == CELLS - 1};
    if (result->terminated)
        result->reward = g->ball_x == g->paddle_x ? 1.0f : -1.0f;
    return DQ_OK;
}

static dq_status catch_seed(void *self, uint64_t seed)
{
    ((catch_game *)self)->rng = dq_rng_stream(seed, "catch");
    return DQ_OK;
}

/** The game as an environment, whose pictures have one channel. */
static dq_status make_env(dq_env **out)
{
    static const char *const actions[] = {"STAY", "LEFT", "RIGHT"};
    static const dq_env_ops ops = {
        .reset = catch_reset, .step = catch_step, .seed = catch_seed, .destroy = free};
    const dq_env_spec spec = {
        .id = "Catch",
        .obs = {.dtype = DQ_U8, .n_dims = 3, .shape = {1, CELLS, CELLS}, .high = 255},
        .n_actions = N_ACTIONS,
        .action_names = actions,
    };
    catch_game *game = calloc(1, sizeof(*game));
    if (!game)
        return DQ_ERR_NOMEM;
    game->rng = dq_rng_stream(0, "catch");  // until somebody seeds it
    dq_status st = dq_env_create(out, &ops, &spec, game);
    if (st != DQ_OK)
        free(game);
    return st;
}

static dq_status say_game(void *ctx, const dq_progress *p)
{
    (void)ctx;
    if (p->n_games % 50 == 0)
        printf("%5lld steps, %4lld games, mean reward %5.2f, epsilon %.2f\n", (long long)p->step,
               (long long)p->n_games, p->mean_reward, p->epsilon);
    return DQ_OK;
}

static dq_status create_trainer(dq_trainer **out)
{
    dq_train_config cfg;
    dq_status st = dq_train_preset(&cfg, "book");
    if (st != DQ_OK)
        return st;
    cfg.network = "cnn";  // convolutions for pictures of any size; see also cfg.convolutions
    cfg.hidden[0] = 64;
    cfg.hidden[1] = 0;
    cfg.n_threads = 1;
    cfg.replay_size = 5000;  // a small game needs less of everything than Atari
    cfg.replay_start = 200;
    cfg.target_sync = 100;
    cfg.epsilon_decay = 4000;
    cfg.learning_rate = 1e-3;
    cfg.reward_bound = 1;  // the mean is never above it: run all steps
    cfg.max_steps = 6000;
    dq_env *env;
    st = make_env(&env);
    if (st != DQ_OK)
        return st;
    st = dq_trainer_create(out, &cfg, env);
    if (st != DQ_OK)
        dq_env_destroy(env);
    return st;
}

/** Play one game by the network alone. */
static dq_status play(dq_env *env, dq_net *net, float *reward)
{
    uint8_t obs[CELLS * CELLS];
    dq_step result = {0};
    dq_status st = dq_env_reset(env, obs);
    while (st == DQ_OK && !result.terminated) {
        float q[N_ACTIONS];
        dq_net_q(net, obs, 1, q);
        int best = 0;
        for (int a = 1; a < N_ACTIONS; a++)
            if (q[a] > q[best])
                best = a;
        st = dq_env_step(env, best, obs, &result);
    }
    *reward = result.reward;
    return st;
}

static dq_status learn_and_play(int *n_won)
{
    dq_trainer *trainer;
    dq_status st = create_trainer(&trainer);
    if (st != DQ_OK)
        return st;
    bool solved;
    const dq_train_events events = {.game_over = say_game};
    dq_env *env = NULL;
    st = dq_trainer_run(trainer, &events, NULL, &solved);
    if (st == DQ_OK)
        st = make_env(&env);
    for (int i = 0; st == DQ_OK && i < 100; i++) {
        float reward;
        st = play(env, dq_trainer_net(trainer), &reward);
        *n_won += reward > 0;
    }
    dq_env_destroy(env);
    dq_trainer_destroy(trainer);
    return st;
}

int main(void)
{
    int n_won = 0;
    if (learn_and_play(&n_won) != DQ_OK) {
        fprintf(stderr, "catch: %s\n", dq_errmsg());
        return EXIT_FAILURE;
    }
    printf("%d of 100 games won\n", n_won);
    return n_won >= 95 ? EXIT_SUCCESS : EXIT_FAILURE;
}
