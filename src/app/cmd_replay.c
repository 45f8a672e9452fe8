/* deepq replay: games of a training run, played again from its log of actions. */
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/interrupt.h"
#include "app/options.h"
#include "app/stage.h"
#include "base/error.h"
#include "run/game_replay.h"

typedef struct replay_options {
    stage_options stage;
    const char *run, *rom_dir;
    int64_t episode;
    bool best, verify;
} replay_options;

static const dq_logged_game *find_best(const dq_action_history *h)
{
    const dq_logged_game *best = NULL;
    for (size_t i = 0; i < h->n_games; i++)
        if (!best || h->games[i].points > best->points)
            best = &h->games[i];
    return best;
}

static dq_status find_game(const dq_action_history *h, const replay_options *o,
                           const dq_logged_game **game)
{
    if (h->n_games == 0 || !h->games)
        return dq_fail(DQ_ERR_INPUT, "%s: no game of it is over yet", o->run);
    *game = o->best ? find_best(h) : dq_action_history_game(h, o->episode);
    if (*game)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "%s: no episode %lld: choose one from %lld to %lld", o->run,
                   (long long)o->episode, (long long)h->games[0].number,
                   (long long)h->games[h->n_games - 1].number);
}

static void print_game(const dq_logged_game *g)
{
    printf("episode %lld: frame %lld, environment %d, steps %lld, reward %.2f",
           (long long)g->number, (long long)g->step, g->lane, (long long)(g->end - g->begin),
           g->points);
}

static dq_status list(const dq_action_history *h)
{
    for (size_t i = 0; i < h->n_games; i++) {
        print_game(&h->games[i]);
        printf("\n");
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- showing */

static dq_status show_steps(dq_game_replay *r, stage *s)
{
    bool is_over = false;
    DQ_TRY(dq_game_replay_step(r, &is_over));
    while (!is_over && !stage_is_over(s)) {
        DQ_TRY(stage_step(s));
        DQ_TRY(dq_game_replay_step(r, &is_over));
    }
    return *s->stop ? dq_fail(DQ_ERR_INTERRUPTED, "interrupted") : DQ_OK;
}

static dq_status tell_end(dq_game_replay *r, const dq_logged_game *game, bool was_left)
{
    print_game(game);
    if (was_left) {
        printf("\n");
        return DQ_OK;
    }
    bool same = dq_game_replay_is_same(r);
    printf(": %s\n", same ? "the same, frame for frame" : "other frames than in training");
    return same ? DQ_OK
                : dq_fail(DQ_ERR_IO, "episode %lld did not show what it did in training: %s",
                          (long long)game->number, "the log or the emulator is not the run's");
}

static dq_status show_on(dq_game_replay *r, const dq_logged_game *game, stage *s)
{
    DQ_TRY(dq_game_replay_begin(r, game, s->stop));
    dq_status st = stage_begin(s, game->number);
    if (st == DQ_OK)
        st = show_steps(r, s);
    DQ_TRY(stage_end(s, st));
    return tell_end(r, game, stage_is_over(s));
}

static dq_status show(dq_game_replay *r, const replay_options *o)
{
    const dq_logged_game *game;
    stage s;
    DQ_TRY(find_game(dq_game_replay_games(r), o, &game));
    dq_status st = stage_open(&s, &o->stage, dq_game_replay_env_id(r), dq_game_replay_env(r));
    if (st == DQ_OK)
        st = show_on(r, game, &s);
    stage_close(&s);
    return st;
}

/* ---------------------------------------------------------------- verifying */

static int by_environment(const void *a, const void *b)
{
    const dq_logged_game *x = a, *y = b;
    if (x->lane != y->lane)
        return x->lane - y->lane;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static dq_status play_through(dq_game_replay *r, const dq_logged_game *game, volatile int *stop)
{
    bool is_over = false;
    DQ_TRY(dq_game_replay_begin(r, game, stop));
    while (!is_over && !*stop)
        DQ_TRY(dq_game_replay_step(r, &is_over));
    return *stop ? dq_fail(DQ_ERR_INTERRUPTED, "interrupted") : DQ_OK;
}

/** Play games one environment after the other, so that each step is taken once. */
static dq_status verify_games(dq_game_replay *r, dq_logged_game *games, size_t n)
{
    volatile int *stop = interrupt_catch();
    size_t n_same = 0;
    int64_t n_steps = 0;
    qsort(games, n, sizeof(*games), by_environment);
    for (size_t i = 0; i < n; i++) {
        DQ_TRY(play_through(r, &games[i], stop));
        bool same = dq_game_replay_is_same(r);
        n_same += same;
        n_steps += games[i].end - games[i].begin;
        if (!same) {
            print_game(&games[i]);
            printf(": other frames than in training\n");
        }
    }
    printf("%zu/%zu episodes the same, frame for frame, %lld steps\n", n_same, n,
           (long long)n_steps);
    return n_same == n ? DQ_OK
                       : dq_fail(DQ_ERR_IO, "%zu episodes did not show what they did in training",
                                 n - n_same);
}

static dq_status verify(dq_game_replay *r, const replay_options *o)
{
    const dq_action_history *h = dq_game_replay_games(r);
    const dq_logged_game *one = NULL;
    if (o->best || o->episode > 0)
        DQ_TRY(find_game(h, o, &one));
    size_t n = one ? 1 : h->n_games;
    dq_logged_game *games = calloc(n + 1, sizeof(*games));
    if (!games)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu games", n);
    for (size_t i = 0; i < n; i++)
        games[i] = one ? *one : h->games[i];
    dq_status st = verify_games(r, games, n);
    free(games);
    if (h->n_lost > 0)
        app_note("%s: episodes that began before its log of actions: %zu", o->run, h->n_lost);
    return st;
}

/* ---------------------------------------------------------------- the command */

static int replay(const replay_options *o)
{
    dq_game_replay *r;
    dq_status st =
        dq_game_replay_open(&r, o->run, o->rom_dir, !o->verify && stage_wants_sound(&o->stage));
    if (st == DQ_OK && o->verify)
        st = verify(r, o);
    else if (st == DQ_OK && (o->best || o->episode > 0))
        st = show(r, o);
    else if (st == DQ_OK)
        st = list(dq_game_replay_games(r));
    dq_game_replay_close(r);
    return app_report(st);
}

int cmd_replay(int argc, char **argv)
{
    replay_options o = {.stage = {.fps = 25, .format = -1}};
    const option options[] = {
        {"episode", 0, OPTION_INT, &o.episode, "K", "show game K, as log.jsonl counts them", 1,
         1e15},
        {"best", 0, OPTION_FLAG, &o.best, NULL, "show the game with the most points", 0, 0},
        {"verify", 0, OPTION_FLAG, &o.verify, NULL,
         "unseen: does each game, or that one, show what it did in training?", 0, 0},
        {"record", 'r', OPTION_TEXT, &o.stage.record_dir, "DIR", "write a video of it into DIR", 0,
         0},
        {"format", 0, OPTION_WORD, &o.stage.format, "mp4|gif",
         "of --record: a GIF has the exact colours and no sound (mp4)", 0, 0},
        {"no-vis", 0, OPTION_FLAG, &o.stage.no_vis, NULL, "no window", 0, 0},
        {"mute", 0, OPTION_FLAG, &o.stage.mute, NULL, "no sound, in window and video", 0, 0},
        {"fps", 0, OPTION_INT, &o.stage.fps, "N", "steps a second, in window and video (25)", 1,
         1000},
        {"rom-dir", 0, OPTION_TEXT, &o.rom_dir, "DIR", "look for the ROM here first", 0, 0},
    };
    const option_syntax syntax = {
        .command = "replay",
        .operands = "RUN",
        .min_operands = 1,
        .max_operands = 1,
        .about = "Play a training run's games again, frame for frame, from the actions that its\n"
                 "folder keeps. Without an option they are listed.",
        .examples = "  deepq replay runs/try\n"
                    "  deepq replay runs/try --episode 12\n"
                    "  deepq replay runs/try --best --no-vis --record videos\n"
                    "  deepq replay runs/try --best --no-vis --record gifs --format gif\n"
                    "  deepq replay runs/try --verify\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (o.best && o.episode > 0)
        return app_fail(APP_MISUSED, "replay: --best and --episode name two games: leave one out");
    if (o.stage.record_dir && (o.verify || !(o.best || o.episode > 0)))
        return app_fail(APP_MISUSED, "replay: --record takes a game that is shown: name one with "
                                     "--episode or --best, and leave --verify out");
    exit_status = stage_check_options(&o.stage, "replay");
    if (exit_status != APP_DONE)
        return exit_status;
    o.run = argv[0];
    return replay(&o);
}
