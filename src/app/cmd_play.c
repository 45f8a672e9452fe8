/* deepq play: a trained model plays, in a window, as a video, or unseen; or a person does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "app/environment_table.h"
#include "app/human.h"
#include "app/options.h"
#include "app/stage.h"
#include "app/trained_model.h"
#include "base/error.h"
#include "run/environments.h"
#include "run/player.h"

typedef struct play_options {
    model_choice model;
    stage_options stage;
    const char *rom_dir;
    bool random;
    int64_t episodes;
    uint64_t seed;
    double epsilon;
} play_options;

/** What plays, and where. */
typedef struct game {
    const play_options *o;
    trained_model model;
    dq_env *env;
    dq_policy *player;
    uint8_t *obs;        // what the environment shows
    stage_options look;  // the user's, with the frames a second that this game has
    stage stage;
    int64_t counts[DQ_MAX_ACTIONS];
    double total;
} game;

/** What the player does next; with --values people see what it thinks of each action. */
static int choose(game *g)
{
    float values[DQ_MAX_ACTIONS];
    if (!g->player)
        return human_action(dq_env_get_spec(g->env), stage_keys(&g->stage));
    int action = dq_policy_act(g->player, g->obs);
    if (g->o->stage.values) {
        dq_policy_values(g->player, g->obs, values);
        stage_values(&g->stage, action, values);
    }
    return action;
}

/** An action is chosen before the picture is shown that it was chosen by. */
static dq_status play_steps(game *g, int action)
{
    dq_step step = {0};
    while (!step.terminated && !step.truncated && !stage_is_over(&g->stage)) {
        if (!g->player && stage_asks_again(&g->stage))
            break;
        if (!g->player)
            action = choose(g);  // what is pressed now
        g->counts[action]++;
        DQ_TRY(dq_env_step(g->env, action, g->obs, &step));
        g->total += (double)step.reward;
        if (g->player && !step.terminated && !step.truncated)
            action = choose(g);
        DQ_TRY(stage_step(&g->stage));
    }
    return DQ_OK;
}

static dq_status play_episode(game *g, int64_t episode)
{
    memset(g->counts, 0, sizeof(g->counts));
    g->total = 0;
    DQ_TRY(dq_env_reset(g->env, g->obs));
    int first = choose(g);
    dq_status st = stage_begin(&g->stage, episode);
    if (st == DQ_OK)
        st = play_steps(g, first);
    return stage_end(&g->stage, st);
}

/** Every action with its count, the most frequent first. */
static void print_counts(const game *g)
{
    const dq_env_spec *spec = dq_env_get_spec(g->env);
    bool printed[DQ_MAX_ACTIONS] = {false};
    printf("Action counts: ");
    for (int i = 0; i < spec->n_actions; i++) {
        int most = -1;
        for (int a = 0; a < spec->n_actions; a++)
            if (!printed[a] && (most < 0 || g->counts[a] > g->counts[most]))
                most = a;
        printed[most] = true;
        printf("%s%s %lld", i ? ", " : "", spec->action_names[most], (long long)g->counts[most]);
    }
    printf("\n");
}

static dq_status play_all(game *g)
{
    double sum = 0;
    DQ_TRY(dq_env_seed(g->env, g->o->seed));
    for (int64_t i = 0; i < g->o->episodes && !stage_is_over(&g->stage); i++) {
        DQ_TRY(play_episode(g, i));
        printf("Total reward: %.2f\n", g->total);
        print_counts(g);
        (void)fflush(stdout);
        sum += g->total;
        if (i > 0 && i + 1 == g->o->episodes)
            printf("Mean reward of %lld games: %.2f\n", (long long)g->o->episodes,
                   sum / (double)g->o->episodes);
    }
    return *g->stage.stop ? dq_fail(DQ_ERR_INTERRUPTED, "interrupted") : DQ_OK;
}

static dq_status make_player(game *g, const dq_environment_choice *choice)
{
    const play_options *o = g->o;
    DQ_TRY(trained_model_check_game(&g->model));
    DQ_TRY(dq_environments_make(&g->env, choice));
    return dq_player_create(&g->player, g->model.weights, g->model.path, g->env, o->epsilon,
                            o->seed);
}

static dq_status set_up(game *g)
{
    const play_options *o = g->o;
    const dq_environment_choice choice = {.id = g->model.env_id,
                                          .dialect = g->model.dialect,
                                          .rom_dir = o->rom_dir,
                                          .seed = o->seed,
                                          .whole_games = true,
                                          .sound = stage_wants_sound(&o->stage),
                                          .options = g->model.options};
    DQ_TRY(o->stage.human ? human_make(&g->env, &choice) : make_player(g, &choice));
    g->obs = malloc(dq_space_bytes(&dq_env_get_spec(g->env)->obs));
    if (!g->obs)
        return dq_fail(DQ_ERR_NOMEM, "no memory for an observation");
    g->look = o->stage;
    if (g->look.fps == 0)
        g->look.fps = o->stage.human ? human_fps(g->env) : 25;
    DQ_TRY(stage_open(&g->stage, &g->look, g->model.env_id, g->env));
    trained_model_warn(&g->model);
    return DQ_OK;
}

/** Without a model: our own Pong needs no ROM. */
static dq_status choose_game(trained_model *m, const model_choice *choice)
{
    *m = (trained_model){.weights = NULL};
    snprintf(m->env_id, sizeof(m->env_id), "%s", choice->env_id ? choice->env_id : "deepq/Pong-v0");
    snprintf(m->dialect, sizeof(m->dialect), "%s", choice->dialect ? choice->dialect : "book");
    m->options = choice->options;
    return DQ_OK;
}

static int play(const play_options *o)
{
    game g = {.o = o};
    dq_status st = o->random || o->stage.human ? choose_game(&g.model, &o->model)
                                               : trained_model_load(&g.model, &o->model);
    if (st == DQ_OK && environments_check_id(g.model.env_id) != APP_DONE) {
        trained_model_free(&g.model);
        return APP_MISUSED;
    }
    if (st == DQ_OK)
        st = set_up(&g);
    if (st == DQ_OK)
        st = play_all(&g);
    stage_close(&g.stage);
    free(g.obs);
    dq_policy_destroy(g.player);
    dq_env_destroy(g.env);
    trained_model_free(&g.model);
    return app_report(st);
}

/** A person needs none of what makes a model play. */
static int check_human(const play_options *o)
{
    const struct {
        const char *name;
        bool given;
    } others[] = {{"--model", o->model.path},    {"--random", o->random},
                  {"--last", o->model.last},     {"--dialect", o->model.dialect},
                  {"--values", o->stage.values}, {"--epsilon", o->epsilon > 0},
                  {"--no-vis", o->stage.no_vis}};
    for (size_t i = 0; i < DQ_COUNT(others); i++)
        if (others[i].given)
            return app_fail(APP_MISUSED,
                            "play: --human plays in a window, without a model: leave %s out",
                            others[i].name);
    return APP_DONE;
}

static int check_options(const play_options *o)
{
    int exit_status = o->stage.human ? check_human(o) : APP_DONE;
    if (exit_status != APP_DONE)
        return exit_status;
    if (o->random && (o->model.path || o->model.last))
        return app_fail(APP_MISUSED, "play: --random plays without a model: leave --model out");
    if (!o->model.path && o->model.last)
        return app_fail(APP_MISUSED, "play: --last is of a run folder: name it with --model DIR");
    if (o->random && o->stage.values)
        return app_fail(APP_MISUSED, "play: --values are a model's: leave --random out");
    return stage_check_options(&o->stage, "play");
}

int cmd_play(int argc, char **argv)
{
    play_options o = {.stage = {.format = -1}, .model.options = dq_environment_options_none()};
    option more[DQ_ENVIRONMENT_OPTIONS_MAX];
    const option options[] = {
        {"model", 'm', OPTION_TEXT, &o.model.path, "FILE",
         "the model, or a run folder: its best one (Pong, as it comes with deepq)", 0, 0},
        {"random", 0, OPTION_FLAG, &o.random, NULL, "no model: random actions (in deepq/Pong-v0)",
         0, 0},
        {"human", 0, OPTION_FLAG, &o.stage.human, NULL,
         "play yourself: arrows or WASD, space, p, r, q (deepq/Pong-v0)", 0, 0},
        {"last", 0, OPTION_FLAG, &o.model.last, NULL,
         "of a run folder, the weights of its checkpoint", 0, 0},
        {"env", 'e', OPTION_TEXT, &o.model.env_id, "ID", "environment (the model's)", 0, 0},
        {"dialect", 0, OPTION_TEXT, &o.model.dialect, "NAME", "preprocessing (the model's)", 0, 0},
        {"record", 'r', OPTION_TEXT, &o.stage.record_dir, "DIR",
         "write a video of each game into DIR", 0, 0},
        {"format", 0, OPTION_WORD, &o.stage.format, "mp4|gif",
         "of --record: a GIF has the exact colours and no sound (mp4)", 0, 0},
        {"values", 0, OPTION_FLAG, &o.stage.values, NULL,
         "below the picture, a bar for the value of each action", 0, 0},
        {"no-vis", 0, OPTION_FLAG, &o.stage.no_vis, NULL, "no window: play as fast as possible", 0,
         0},
        {"no-visualize", 0, OPTION_FLAG, &o.stage.no_vis, NULL, "the same as --no-vis", 0, 0},
        {"mute", 0, OPTION_FLAG, &o.stage.mute, NULL, "no sound, in window and video", 0, 0},
        {"episodes", 0, OPTION_INT, &o.episodes, "N", "games to play (1; --human: until q)", 1,
         1e9},
        {"seed", 0, OPTION_UINT, &o.seed, "N", "of the environment and of --epsilon (0)", 0, 0},
        {"fps", 0, OPTION_INT, &o.stage.fps, "N", "steps a second (25; --human: 60, PAL games 50)",
         1, 1000},
        {"epsilon", 0, OPTION_NUMBER, &o.epsilon, "E", "probability of a random action (0)", 0, 1},
        {"rom-dir", 0, OPTION_TEXT, &o.rom_dir, "DIR", "look for the ROM here first", 0, 0},
    };
    const option_syntax syntax = {
        .command = "play",
        .operands = "",
        .about =
            "Watch a trained model play, or play yourself; q, Escape or closing the window ends "
            "it,\n"
            "p pauses. With --human arrows or WASD are the stick, space is fire, r begins another\n"
            "game, and each frame takes an action, as on the console. Keys that a game has no\n"
            "action for are left out; where it has no UP and DOWN, those are RIGHT and LEFT.",
        .examples = "  deepq play\n"
                    "  deepq play --random -e deepq/Bricks-v0\n"
                    "  deepq play -m PongNoFrameskip-v4-best_19.dat\n"
                    "  deepq play -m model.dat --no-vis --record videos\n"
                    "  deepq play --no-vis --record gifs --format gif\n"
                    "  deepq play --values\n"
                    "  deepq play --human -e BreakoutNoFrameskip-v4\n"
                    "  deepq play -m runs/try --last\n",
        .options = options,
        .n_options = DQ_COUNT(options),
        .more_title = "The environment, instead of the model's",
        .more = more,
        .n_more = environment_options_table(&o.model.options, more),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    exit_status = check_options(&o);
    if (o.episodes == 0)
        o.episodes = o.stage.human ? INT64_MAX : 1;
    return exit_status == APP_DONE ? play(&o) : exit_status;
}
