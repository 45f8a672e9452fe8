/* deepq tabular METHOD: value iteration, Q iteration and Q-learning as the book has them. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/options.h"
#include "app/tabular_run.h"
#include "base/error.h"

static const char *const methods[] = {"value-iteration", "q-iteration", "q-learning"};
static const char *const targets[] = {"q-learning", "sarsa", "expected-sarsa", "double"};
static const char *const schedules[] = {"constant", "linear", "visits"};
static const char *const models[] = {"learnt", "known"};

typedef struct settings {
    dq_tabular_config cfg;
    tabular_world_options world;
    tabular_output out;
    const char *target, *schedule, *model;
    double reward_bound;  // NaN: the world's own
    int64_t n_steps;      // 0: the method's own
    int64_t test_episodes, max_episode_steps;
    int64_t n_seeds, n_threads;
    bool plain, no_log;
} settings;

static settings default_settings(void)
{
    return (settings){
        .cfg = dq_tabular_book(DQ_Q_LEARNING),
        .world = {.env_id = "FrozenLake-v1", .frozen = 0.8, .success_rate = -1},
        .out = {.fps = 4},
        .target = targets[0],
        .schedule = schedules[0],
        .model = models[0],
        .reward_bound = NAN,
        .test_episodes = 20,
    };
}

/** The number of a word in a list, or -1 after saying which words there are. */
static int find_word(const char *what, const char *word, const char *const *words, size_t n)
{
    char all[128] = "";
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], word) == 0)
            return (int)i;
        size_t used = strlen(all);
        snprintf(all + used, sizeof(all) - used, "%s%s",
                 i == 0       ? ""
                 : i + 1 == n ? " or "
                              : ", ",
                 words[i]);
    }
    app_fail(APP_MISUSED, "tabular: no %s '%s': choose %s", what, word, all);
    return -1;
}

/** Put what was said in words into the configuration. */
static bool take_words(settings *s)
{
    int method = find_word("method", s->out.method, methods, DQ_COUNT(methods));
    int target = find_word("target", s->target, targets, DQ_COUNT(targets));
    int schedule = find_word("alpha schedule", s->schedule, schedules, DQ_COUNT(schedules));
    if (method < 0 || target < 0 || schedule < 0 ||
        find_word("model", s->model, models, DQ_COUNT(models)) < 0)
        return false;
    s->cfg.method = (dq_tabular_method)method;
    s->cfg.target = (dq_td_target)target;
    s->cfg.alpha_schedule = (dq_alpha_schedule)schedule;
    s->cfg.n_steps = s->n_steps ? (int)s->n_steps : dq_tabular_book(s->cfg.method).n_steps;
    s->cfg.test_episodes = (int)s->test_episodes;
    s->cfg.max_episode_steps = (int)s->max_episode_steps;
    return true;
}

static int check(const settings *s)
{
    bool is_known = strcmp(s->model, "known") == 0;
    if (is_known && s->cfg.method == DQ_Q_LEARNING)
        return app_fail(APP_MISUSED, "tabular: q-learning needs no model: use value-iteration or "
                                     "q-iteration with --model known");
    if (s->n_seeds > 0 && (s->out.render || s->out.logdir || is_known))
        return app_fail(APP_MISUSED, "tabular: --seeds goes without --render, --logdir and --model "
                                     "known: leave one out");
    return app_report(dq_tabular_config_check(&s->cfg));
}

static int run(settings *s)
{
    tabular_world world;
    int exit_status = take_words(s) ? check(s) : APP_MISUSED;
    if (exit_status == APP_DONE)
        exit_status = tabular_world_open(&world, &s->world);
    if (exit_status != APP_DONE)
        return exit_status;
    s->cfg.reward_bound = s->reward_bound == s->reward_bound ? s->reward_bound : world.reward_bound;
    s->out.has_log = !s->no_log;
    s->out.is_live = !s->plain && !s->out.json && isatty(STDOUT_FILENO);
    s->out.show = s->out.show || s->out.is_live;
    if (strcmp(s->model, "known") == 0)
        exit_status = tabular_run_known(&world, &s->cfg, &s->out);
    else if (s->n_seeds > 0)
        exit_status =
            tabular_run_seeds(&world, &s->cfg, &s->out, (int)s->n_seeds, (int)s->n_threads);
    else
        exit_status = tabular_run(&world, &s->cfg, &s->out);
    tabular_world_close(&world);
    return exit_status;
}

int cmd_tabular(int argc, char **argv)
{
    settings s = default_settings();
    dq_tabular_config *c = &s.cfg;
    const option options[] = {
        {"env", 'e', OPTION_TEXT, &s.world.env_id, "ID",
         "discrete environment (FrozenLake-v1); deepq envs lists them", 0, 0},
        {"map", 0, OPTION_TEXT, &s.world.map, "MAP",
         "FrozenLake's: 4x4, 8x8, a file, or rows: SFF,FHF,FFG", 0, 0},
        {"random-map", 0, OPTION_INT, &s.world.random_map, "N", "a random map of N x N", 2, 256},
        {"frozen", 0, OPTION_NUMBER, &s.world.frozen, "P",
         "probability that a cell of a random map is frozen (0.8)", 0, 1},
        {"map-seed", 0, OPTION_UINT, &s.world.map_seed, "N", "seed of the random map (0)", 0, 0},
        {"success-rate", 0, OPTION_NUMBER, &s.world.success_rate, "P",
         "probability that a move goes where it should (1/3)", 0, 1},
        {"no-slippery", 0, OPTION_FLAG, &s.world.is_firm, NULL, "moves always go where they should",
         0, 0},
        {"rainy", 0, OPTION_FLAG, &s.world.is_rainy, NULL, "Taxi: one move in five goes sideways",
         0, 0},
        {"gamma", 0, OPTION_NUMBER, &c->gamma, "G", "discount factor (0.9)", 0, 1},
        {"steps", 0, OPTION_INT, &s.n_steps, "N",
         "steps of an iteration (q-learning 1, others 100)", 1, 1e9},
        {"test-episodes", 0, OPTION_INT, &s.test_episodes, "N", "greedy episodes of a test (20)", 1,
         1e6},
        {"reward-bound", 0, OPTION_NUMBER, &s.reward_bound, "R",
         "solved when a test's mean is above it (0.8; Taxi 8, CliffWalking -14)", -1e9, 1e9},
        {"max-iterations", 0, OPTION_INT, &c->max_iterations, "N",
         "stop after N iterations (no limit)", 1, 1e15},
        {"max-steps", 0, OPTION_INT, &s.max_episode_steps, "N",
         "cut episodes off after N steps (the environment's limit, or 1000)", 1, 1e9},
        {"seed", 0, OPTION_UINT, &c->seed, "N", "seed of all random numbers (0)", 0, 0},
        {"seeds", 0, OPTION_INT, &s.n_seeds, "N", "run N seeds at once, show their distribution", 1,
         65535},
        {"threads", 0, OPTION_INT, &s.n_threads, "N", "threads for --seeds (one for each core)", 1,
         1024},
        {"model", 0, OPTION_TEXT, &s.model, "WORD",
         "learnt, or known: compute the exact values (for the two iterations)", 0, 0},
        {"target", 0, OPTION_TEXT, &s.target, "WORD",
         "q-learning, sarsa, expected-sarsa or double (q-learning)", 0, 0},
        {"alpha", 0, OPTION_NUMBER, &c->alpha, "A", "learning rate (0.2)", -1e9, 1e9},
        {"alpha-schedule", 0, OPTION_TEXT, &s.schedule, "WORD",
         "constant, linear, or visits: A / visits^power (constant)", 0, 0},
        {"alpha-final", 0, OPTION_NUMBER, &c->alpha_final, "A", "smallest alpha (0.01)", -1e9, 1e9},
        {"alpha-decay", 0, OPTION_INT, &c->alpha_decay, "N",
         "iterations of the linear schedule (10000)", 1, 1e15},
        {"alpha-power", 0, OPTION_NUMBER, &c->alpha_power, "P",
         "exponent of the visits schedule (0.8)", 0, 1},
        {"epsilon", 0, OPTION_NUMBER, &c->epsilon, "E", "probability of a random action (1)", 0, 1},
        {"epsilon-final", 0, OPTION_NUMBER, &c->epsilon_final, "E",
         "epsilon after epsilon-decay iterations (0.01)", 0, 1},
        {"epsilon-decay", 0, OPTION_INT, &c->epsilon_decay, "N",
         "iterations until epsilon-final, linearly; 0: constant (0)", 0, 1e15},
        {"step-env", 0, OPTION_FLAG, &c->step_environment, NULL,
         "step the environment even when its model is known", 0, 0},
        {"logdir", 0, OPTION_TEXT, &s.out.logdir, "DIR",
         "TensorBoard events (runs/DATE_HOST-METHOD)", 0, 0},
        {"no-log", 0, OPTION_FLAG, &s.no_log, NULL, "no TensorBoard events", 0, 0},
        {"plot", 0, OPTION_TEXT, &s.out.plot, "FILE",
         "a PNG of the learning curve, or of --seeds' distribution", 0, 0},
        {"show", 0, OPTION_FLAG, &s.out.show, NULL,
         "map of values and policy beside the exact one, as on a terminal", 0, 0},
        {"render", 0, OPTION_FLAG, &s.out.render, NULL, "watch an episode in the end", 0, 0},
        {"fps", 0, OPTION_INT, &s.out.fps, "N", "steps a second on a terminal (4)", 1, 1000},
        {"plain", 0, OPTION_FLAG, &s.plain, NULL, "the book's lines only", 0, 0},
        {"json", 0, OPTION_FLAG, &s.out.json, NULL, "one JSON object a line", 0, 0},
    };
    const option_syntax syntax = {
        .command = "tabular",
        .operands = "METHOD",
        .min_operands = 1,
        .max_operands = 1,
        .about = "Learn a discrete world with a table. METHOD is value-iteration or q-iteration "
                 "(chapter 5\nof the book: count transitions, sweep, test), or q-learning (chapter "
                 "6: one step, one\nupdate, test). The book's constants are the defaults.",
        .examples = "  deepq tabular q-learning --seed 1\n"
                    "  deepq tabular q-learning --seeds 200\n"
                    "  deepq tabular value-iteration --model known --env FrozenLake8x8-v1\n"
                    "  deepq tabular q-learning --env Taxi-v4 --target sarsa --epsilon 0.1 "
                    "--steps 1000\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    s.out.method = argv[0];
    return run(&s);
}
