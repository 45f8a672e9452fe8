/* Many games at once, each at its own pace: while the program chooses the action of one, the others
 * are being played by the library's threads.
 *
 *   cc many_games.c $(pkg-config --cflags --libs deepq) && ./a.out [ENV [ENVIRONMENTS [STEPS]]]
 *
 * The observations are those of Stable-Baselines3's wrappers; the "agent" chooses at random. Prints
 * the score of every game that ends; the same for any number of threads. */
#include <deepq/deepq.h>
#include <stdio.h>
#include <stdlib.h>

enum { NO_ROM = 77, MAX_ENVS = 64, OBS_BYTES = 4 * 84 * 84 };

typedef struct game {
    uint8_t obs[OBS_BYTES], last_obs[OBS_BYTES];
    float score;
    int n_steps;
} game;

static dq_status make_envs(dq_env **envs, const char *id, int n)
{
    dq_preprocessing how;
    dq_atari_options options;
    dq_status st = dq_preprocessing_init(&how, "sb3");
    how.clip_reward = false;    // to see the score
    how.episodic_life = false;  // of whole games
    if (st == DQ_OK)
        st = dq_atari_options_init(&options, id);
    for (int i = 0; i < n && st == DQ_OK; i++) {
        options.seed = (uint64_t)i;
        st = dq_env_make_preprocessed(&envs[i], id, &how, &options);
    }
    return st;
}

static dq_status make_vector(dq_vector **vector, const char *id, int n)
{
    dq_env *envs[MAX_ENVS] = {NULL};
    dq_vector_config cfg = {.autoreset = DQ_AUTORESET_SAME_STEP};  // on all cores
    dq_status st = make_envs(envs, id, n);
    if (st == DQ_OK)
        st = dq_vector_create(vector, envs, n, &cfg);
    for (int i = 0; i < n && st != DQ_OK; i++)
        dq_env_destroy(envs[i]);
    return st;
}

/** What came of a step: `g->obs` is what to act on next, `g->last_obs` how the old game ended. */
static void count(game *g, int number, const dq_vector_result *r)
{
    g->score += r->step.reward;
    g->n_steps++;
    if (!r->has_last_obs)
        return;
    printf("game of environment %d: score %g after %d steps\n", number, (double)g->score,
           g->n_steps);
    g->score = 0.0f;
    g->n_steps = 0;
}

static dq_status play(dq_vector *vector, game *games, int n_steps)
{
    int n = dq_vector_size(vector),
        n_actions = dq_env_get_spec(dq_vector_env(vector, 0))->n_actions;
    dq_rng rng = dq_rng_stream(0, "exploration");
    dq_status st = DQ_OK;
    for (int i = 0; i < n && st == DQ_OK; i++)
        st = dq_vector_send(vector, i, DQ_VECTOR_RESET, games[i].obs, games[i].last_obs);
    for (int left = n * n_steps; st == DQ_OK && dq_vector_under_way(vector) > 0;) {
        dq_vector_result result;
        int i;
        st = dq_vector_recv(vector, &i, &result);
        if (st != DQ_OK)
            break;
        if (!result.is_reset)
            count(&games[i], i, &result);
        if (left-- > 0)  // here an agent would look at games[i].obs
            st = dq_vector_send(vector, i, (int)dq_rng_below(&rng, (uint32_t)n_actions),
                                games[i].obs, games[i].last_obs);
    }
    return st;
}

int main(int argc, char **argv)
{
    const char *id = argc > 1 ? argv[1] : "deepq/Bricks-v0";
    int n = argc > 2 ? atoi(argv[2]) : 8, n_steps = argc > 3 ? atoi(argv[3]) : 200;
    if (n < 1 || n > MAX_ENVS) {
        fprintf(stderr, "many_games: %d environments: choose 1 to %d\n", n, MAX_ENVS);
        return EXIT_FAILURE;
    }
    dq_vector *vector = NULL;
    game *games = calloc((size_t)n, sizeof(*games));
    dq_status st = games ? make_vector(&vector, id, n) : DQ_ERR_NOMEM;
    if (st == DQ_OK)
        st = play(vector, games, n_steps);
    if (st != DQ_OK)
        fprintf(stderr, "many_games: %s\n", games ? dq_errmsg() : "no memory");
    dq_vector_destroy(vector);
    free(games);
    return st == DQ_OK ? EXIT_SUCCESS : st == DQ_ERR_NOT_FOUND ? NO_ROM : EXIT_FAILURE;
}
