/* A discrete world of your own, solved exactly and by Q-learning: the gambler's problem.
 *
 *   cc gambler.c $(pkg-config --cflags --libs deepq) && ./a.out
 *
 * A gambler with 1 to 15 coins wants 16. A coin that shows heads four times in ten doubles the
 * stake or loses it. What to stake? (Sutton and Barto 2018, example 4.3, with 100 coins.) Boldly:
 * the best chance from 8 coins is 0.4, from 4 coins 0.4 * 0.4, from 12 coins 0.4 + 0.6 * 0.4. */
#include <deepq/deepq.h>
#include <stdio.h>
#include <stdlib.h>

enum { GOAL = 16, N_STATES = GOAL + 1, N_STAKES = GOAL / 2 };
static const double heads = 0.4;

typedef struct gambler {
    dq_rng rng;
    int32_t coins;
    dq_outcome outcomes[2];  // what `model` hands out
    dq_outcome starts[GOAL - 1];
} gambler;

/** Action 0 stakes one coin, action 7 eight; nobody stakes more than he has or needs. */
static int stake(int coins, int action)
{
    int most = coins < GOAL - coins ? coins : GOAL - coins;
    return action + 1 < most ? action + 1 : most;
}

static dq_status gambler_reset(void *self, void *obs)
{
    gambler *g = self;
    g->coins = 1 + (int32_t)dq_rng_below(&g->rng, GOAL - 1);
    *(int32_t *)obs = g->coins;
    return DQ_OK;
}

static dq_status gambler_step(void *self, int action, void *obs, dq_step *result)
{
    gambler *g = self;
    int coins = stake(g->coins, action);
    g->coins += dq_rng_unit(&g->rng) < heads ? coins : -coins;
    *(int32_t *)obs = g->coins;
    result->terminated = g->coins == 0 || g->coins == GOAL;
    result->reward = g->coins == GOAL ? 1 : 0;
    return DQ_OK;
}

static dq_status gambler_seed(void *self, uint64_t seed)
{
    ((gambler *)self)->rng = dq_rng_stream(seed, "gambler");
    return DQ_OK;
}

/* Whoever tells the model gets exact answers, and tests at a few nanoseconds a step. */

static dq_outcome after(int coins, double probability)
{
    return (dq_outcome){probability, coins, coins == GOAL ? 1 : 0, coins == 0 || coins == GOAL};
}

static dq_status gambler_model(void *self, int state, int action, const dq_outcome **outcomes,
                               int *n)
{
    gambler *g = self;
    int coins = stake(state, action);
    g->outcomes[0] = after(state + coins, heads);
    g->outcomes[1] = after(state - coins, 1 - heads);
    *outcomes = g->outcomes;
    *n = 2;
    return DQ_OK;
}

static dq_status gambler_start_model(void *self, const dq_outcome **outcomes, int *n)
{
    gambler *g = self;
    for (int i = 0; i < GOAL - 1; i++)
        g->starts[i] = (dq_outcome){.probability = 1.0 / (GOAL - 1), .next_state = i + 1};
    *outcomes = g->starts;
    *n = GOAL - 1;
    return DQ_OK;
}

static dq_status make_env(dq_env **out)
{
    static const dq_env_ops ops = {
        .reset = gambler_reset,
        .step = gambler_step,
        .seed = gambler_seed,
        .destroy = free,
        .model = gambler_model,
        .start_model = gambler_start_model,
    };
    static const dq_env_spec spec = {
        .id = "Gambler",
        .obs = {.dtype = DQ_I32, .low = 0, .high = GOAL},
        .n_actions = N_STAKES,
        .n_states = N_STATES,
    };
    gambler *g = calloc(1, sizeof(*g));
    if (!g)
        return DQ_ERR_NOMEM;
    g->rng = dq_rng_stream(0, "gambler");
    dq_status st = dq_env_create(out, &ops, &spec, g);
    if (st != DQ_OK)
        free(g);
    return st;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double distance(double a, double b)
{
    return a > b ? a - b : b - a;
}

static double best(const double *q, int coins)
{
    double value = q[coins * N_STAKES];
    for (int a = 1; a < N_STAKES; a++)
        value = larger(value, q[coins * N_STAKES + a]);
    return value;
}

/** Q-learning with a step size that falls, a million rolls. */
static dq_status learn(dq_env *env, dq_tabular **out)
{
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    bool solved;
    cfg.gamma = 1;
    cfg.alpha_schedule = DQ_ALPHA_VISITS;
    cfg.alpha_final = 1e-4;
    cfg.n_steps = 1000;
    cfg.max_iterations = 1000;
    cfg.reward_bound = 1;  // no test is above it: do all iterations
    dq_status st = dq_tabular_create(out, &cfg, env, NULL);
    return st == DQ_OK ? dq_tabular_run(*out, NULL, NULL, &solved) : st;
}

static dq_status solve(dq_env *env, double *largest, dq_policy_score *score, double *best_reward)
{
    double exact[N_STATES * N_STAKES];
    dq_tabular *t = NULL;
    dq_status st = dq_exact_q(env, 1, exact, NULL);
    if (st == DQ_OK)
        st = learn(env, &t);
    printf("coins   exact  learnt   stake\n");
    for (int coins = 1; st == DQ_OK && coins < GOAL; coins++) {
        double wanted = best(exact, coins), learnt = best(dq_tabular_q(t), coins);
        printf("%5d  %6.4f  %6.4f  %6d\n", coins, wanted, learnt,
               stake(coins, dq_tabular_policy(t)[coins]));
        *largest = larger(*largest, distance(wanted, learnt));
    }
    if (st == DQ_OK)
        st = dq_exact_score(env, dq_tabular_policy(t), 0, score);
    if (st == DQ_OK)
        st = dq_exact_best_reward(env, 0, best_reward);
    if (st == DQ_OK && distance(best(exact, 4), heads * heads) > 1e-12)
        st = DQ_ERR_CONFIG;
    dq_tabular_destroy(t);
    return st;
}

int main(void)
{
    dq_env *env;
    double largest = 0, best_reward = 0;
    dq_policy_score score = {0};
    dq_status st = make_env(&env);
    if (st == DQ_OK) {
        st = solve(env, &largest, &score, &best_reward);
        dq_env_destroy(env);
    }
    if (st != DQ_OK) {
        fprintf(stderr, "gambler: %s\n", dq_errmsg());
        return EXIT_FAILURE;
    }
    printf("largest difference %.4f; the learnt policy wins %.4f of its games, the best %.4f\n",
           largest, score.success, best_reward);
    return score.success > best_reward - 0.01 ? EXIT_SUCCESS : EXIT_FAILURE;
}
