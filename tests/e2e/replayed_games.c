/** The games of a training run in the dialect sb3, counted without it: the actions that the trainer
 *  plays are written down between it and its environments, and played over again in raw consoles by
 * the rules of Stable-Baselines3's wrappers, which stand here once more.
 *
 *      replayed_games ID FRAME_SKIP N_ENVS SEED N_STEPS [KEY=VALUE...]
 *
 *  Prints a line for each whole game: the step at which it is known to be over, its points, the
 *  episodes so far, and the sum of the last episode's clipped rewards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deepq/atari_env.h"
#include "deepq/train.h"
#include "env/numpy_random.h"

enum { MAX_ENVS = 4, MAX_GAMES = 1000, MAX_NOOPS = 30, RESET = -1, OBS_BYTES = 250 * 160 * 3 };

static void must(int is_well, const char *what)
{
    if (is_well)
        return;
    fprintf(stderr, "replayed_games: %s: %s\n", what, dq_errmsg());
    exit(1);
}

/* ---------------------------------------------------------------- what is played */

typedef struct record {
    dq_env *inner;
    int *calls;  // an action, or RESET
    int n, cap;
} record;

static void note(record *r, int call)
{
    must(r->n < r->cap, "more calls than steps");
    r->calls[r->n++] = call;
}

static dq_status record_reset(void *self, void *obs)
{
    note(self, RESET);
    return dq_env_reset(((record *)self)->inner, obs);
}

static dq_status record_step(void *self, int action, void *obs, dq_step *result)
{
    note(self, action);
    return dq_env_step(((record *)self)->inner, action, obs, result);
}

static dq_status record_seed(void *self, uint64_t seed)
{
    return dq_env_seed(((record *)self)->inner, seed);
}

static void record_destroy(void *self)
{
    dq_env_destroy(((record *)self)->inner);
}

static dq_env *make_recorded(record *r, const char *id, int skip, int n_steps)
{
    static const dq_env_ops ops = {
        .reset = record_reset, .step = record_step, .seed = record_seed, .destroy = record_destroy};
    dq_preprocessing how;
    dq_env *env;
    r->cap = 2 * n_steps + 2;
    r->calls = calloc((size_t)r->cap, sizeof(*r->calls));
    must(r->calls != NULL, "memory");
    must(dq_preprocessing_init(&how, "sb3") == DQ_OK, "sb3");
    how.skip = skip;
    must(dq_env_make_preprocessed(&r->inner, id, &how, NULL) == DQ_OK, id);
    must(dq_env_create(&env, &ops, dq_env_get_spec(r->inner), r) == DQ_OK, id);
    return env;
}

static void train(record *records, const char *id, int skip, const dq_train_config *cfg)
{
    dq_env *envs[MAX_ENVS];
    dq_trainer *t;
    bool solved;
    for (int i = 0; i < cfg->n_envs; i++)
        envs[i] = make_recorded(&records[i], id, skip, (int)cfg->max_steps);
    must(dq_trainer_create_many(&t, cfg, envs) == DQ_OK, "trainer");
    must(dq_trainer_run(t, NULL, NULL, &solved) == DQ_OK, "training");
    dq_trainer_destroy(t);
}

/* ---------------------------------------------------------------- playing it over again */

typedef struct game {
    long at;  // twice the step, less one for a game that had ended before it
    double points;
} game;

typedef struct episode {
    long at;
    double clipped;
} episode;

/** What happened in all environments. */
typedef struct account {
    game games[MAX_GAMES];
    episode episodes[8 * MAX_GAMES];
    int n_games, n_episodes;
} account;

/** A raw console and the wrappers' variables, with their names. */
typedef struct console {
    dq_env *raw;
    int skip;
    dq_numpy_rng noops;
    bool was_real_done;
    int lives;
    double points;  // of the game under way
    double ended;   // those of the one before, which ended within a reset
    bool has_ended;
    uint8_t obs[OBS_BYTES];
} console;

static void reset_raw(console *c)
{
    must(dq_env_reset(c->raw, c->obs) == DQ_OK, "reset");
    c->points = 0;
}

/** @return whether the game is over; its points stay */
static bool tick(console *c, int action, double *reward)
{
    dq_step s;
    must(dq_env_step(c->raw, action, c->obs, &s) == DQ_OK, "step");
    c->points += (double)s.reward;
    *reward += (double)s.reward;
    return s.terminated || s.truncated;
}

/** MaxAndSkipEnv.step */
static bool skip_step(console *c, int action, double *reward)
{
    for (int i = 0; i < c->skip; i++)
        if (tick(c, action, reward))
            return true;
    return false;
}

/** A game that ends within a reset; one that no step of the agent was in is nobody's. */
static void end_within_reset(console *c, bool was_played)
{
    if (was_played)
        c->ended = c->points;
    c->has_ended |= was_played;
}

/** NoopResetEnv.reset */
static void noop_reset(console *c)
{
    double unused = 0;
    reset_raw(c);
    int n = dq_numpy_rng_integers(&c->noops, 1, MAX_NOOPS);
    for (int i = 0; i < n; i++)
        if (tick(c, 0, &unused))
            reset_raw(c);
}

/** EpisodicLifeEnv.step. @return done */
static bool life_step(console *c, int action, double *reward)
{
    c->was_real_done = skip_step(c, action, reward);
    int lives = dq_env_lives(c->raw);
    bool done = c->was_real_done || (lives > 0 && lives < c->lives);
    c->lives = lives;
    return done;
}

/** EpisodicLifeEnv.reset. @return whether it began another game */
static bool life_reset(console *c, bool was_played)
{
    double unused = 0;
    bool begins = c->was_real_done;
    if (!begins && skip_step(c, 0, &unused)) {
        end_within_reset(c, was_played);
        begins = true;
    }
    if (begins)
        noop_reset(c);
    c->was_real_done = false;
    c->lives = dq_env_lives(c->raw);
    return begins;
}

/** FireResetEnv.reset; `was_played`: after a lost life. */
static void fire_reset(console *c, bool was_played)
{
    double unused = 0;
    was_played = !life_reset(c, was_played) && was_played;
    for (int action = 1; action <= 2; action++) {
        if (!life_step(c, action, &unused))
            continue;
        if (c->was_real_done)
            end_within_reset(c, was_played);
        was_played = !life_reset(c, was_played) && was_played;
    }
}

static void add_game(account *a, long at, double points)
{
    must(a->n_games < MAX_GAMES, "games");
    a->games[a->n_games++] = (game){at, points};
}

static int sign(double x)
{
    return (x > 0) - (x < 0);
}

/** @return done; the episode's clipped rewards grow */
static bool agent_step(console *c, account *a, long step, int action, double *clipped)
{
    double reward = 0;
    if (c->has_ended)
        add_game(a, 2 * step - 1, c->ended);
    c->has_ended = false;
    bool done = life_step(c, action, &reward);
    *clipped += sign(reward);
    if (c->was_real_done)
        add_game(a, 2 * step, c->points);
    return done;
}

static void end_episode(account *a, long step, double *clipped)
{
    must(a->n_episodes < 8 * MAX_GAMES, "episodes");
    a->episodes[a->n_episodes++] = (episode){2 * step, *clipped};
    *clipped = 0;
}

static console make_console(const char *id, int skip, uint64_t seed)
{
    dq_atari_options options;
    uint32_t words[2];
    console c = {.skip = skip, .was_real_done = true};
    must(dq_atari_options_init(&options, id) == DQ_OK, id);
    options.seeding = DQ_ATARI_SEED_GYMNASIUM;
    options.seed = seed;
    must(dq_env_make_atari(&c.raw, id, &options) == DQ_OK, id);
    dq_numpy_seed_words(seed, words, 2);
    c.noops = dq_numpy_rng_seed(words[0]);
    return c;
}

/** The agent's episodes must end where these do: a reset is where one is called for. */
static void replay(account *a, const record *r, console *c, int env, int n_envs)
{
    bool done = true, begun = false;
    double clipped = 0;
    long round = 0;
    for (int i = 0; i < r->n; i++) {
        must((r->calls[i] == RESET) == done, "an episode ends elsewhere");
        if (done) {
            fire_reset(c, begun && !c->was_real_done);
            begun = true;
            done = false;
            continue;
        }
        long step = round++ * n_envs + env + 1;
        done = agent_step(c, a, step, r->calls[i], &clipped);
        if (done)
            end_episode(a, step, &clipped);
    }
    dq_env_destroy(c->raw);
}

/* ---------------------------------------------------------------- telling it */

static int by_time(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static void print_games(account *a, long n_steps)
{
    qsort(a->games, (size_t)a->n_games, sizeof(*a->games), by_time);
    qsort(a->episodes, (size_t)a->n_episodes, sizeof(*a->episodes), by_time);
    for (int i = 0, e = 0; i < a->n_games && a->games[i].at <= 2 * n_steps; i++) {
        while (e < a->n_episodes && a->episodes[e].at <= a->games[i].at)
            e++;
        printf("%ld %g %d %g\n", (a->games[i].at + 1) / 2, a->games[i].points, e,
               e > 0 ? a->episodes[e - 1].clipped : 0);
    }
}

static void set(dq_train_config *cfg, char *pair)
{
    char *equals = strchr(pair, '=');
    must(equals != NULL, pair);
    *equals = '\0';
    must(dq_train_config_set(cfg, pair, equals + 1) == DQ_OK, pair);
}

int main(int argc, char **argv)
{
    static account a;
    record records[MAX_ENVS] = {0};
    dq_train_config cfg;
    must(argc >= 6 && dq_train_preset(&cfg, "book") == DQ_OK, "usage");
    const char *id = argv[1];
    int skip = atoi(argv[2]);
    cfg.n_envs = atoi(argv[3]);
    cfg.seed = (uint64_t)atoll(argv[4]);
    cfg.max_steps = atoll(argv[5]);
    must(cfg.n_envs >= 1 && cfg.n_envs <= MAX_ENVS, "N_ENVS");
    for (int i = 6; i < argc; i++)
        set(&cfg, argv[i]);
    train(records, id, skip, &cfg);
    for (int i = 0; i < cfg.n_envs; i++) {
        console c = make_console(id, skip, cfg.seed + (uint64_t)i);
        replay(&a, &records[i], &c, i, cfg.n_envs);
        free(records[i].calls);
    }
    print_games(&a, (long)cfg.max_steps);
    return 0;
}
