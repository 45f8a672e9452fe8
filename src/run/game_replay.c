#include "run/game_replay.h"

#include <stdlib.h>
#include <string.h>

#include "agent/network_choice.h"
#include "base/error.h"
#include "record/run_folder.h"
#include "run/run_actions.h"
#include "run/run_trainer.h"

enum { BLOCK = 4096 };

struct dq_game_replay {
    dq_train_settings settings;
    dq_action_history games;
    dq_env *env;
    uint8_t *obs;
    int lane;          // the environment that it is at present, -1: none
    int64_t at;        // steps that it has taken
    bool needs_reset;  // its episode is over
    dq_logged_game game;
    uint64_t seen;            // of the game so far
    uint16_t actions[BLOCK];  // of the lane, from step `block` on
    int64_t block;
    size_t n_block;
};

/* ---------------------------------------------------------------- opening */

static dq_status read_games(dq_game_replay *r, const char *dir)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/" DQ_RUN_ACTIONS, dir));
    dq_status st = dq_action_history_read(&r->games, path);
    if (st == DQ_ERR_NOT_FOUND)
        return dq_fail(DQ_ERR_INPUT,
                       "%s: no log of actions: an older deepq made this run; resumed, it keeps its "
                       "games from there on",
                       dir);
    return st;
}

static dq_status make_env(dq_game_replay *r, const char *rom_dir, bool sound)
{
    dq_train_settings *s = &r->settings;
    if (strncmp(s->env_id, DQ_PYTHON_WORLD, strlen(DQ_PYTHON_WORLD)) == 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s is written in Python: its games cannot be played again by this program",
                       s->env_id);
    if (rom_dir)
        DQ_TRY(dq_train_settings_set(s, "rom_dir", rom_dir));
    DQ_TRY(dq_run_note_rom(s));
    dq_environment_choice choice = dq_train_settings_environment(s);
    choice.sound = sound;
    DQ_TRY(dq_environments_make(&r->env, &choice));
    const dq_env_spec *spec = dq_env_get_spec(r->env);
    if (spec->n_actions != r->games.n_actions)
        return dq_fail(DQ_ERR_INPUT, "the log of actions has %d to choose from, %s %d",
                       r->games.n_actions, spec->id, spec->n_actions);
    r->obs = malloc(dq_space_bytes(&spec->obs));
    return r->obs ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for an observation");
}

dq_status dq_game_replay_open(dq_game_replay **out, const char *dir, const char *rom_dir,
                              bool sound)
{
    dq_game_replay *r = *out = calloc(1, sizeof(*r));
    if (!r)
        return dq_fail(DQ_ERR_NOMEM, "no memory to play games again");
    r->lane = -1;
    dq_status st = dq_train_settings_of_run(&r->settings, dir);
    if (st == DQ_OK)
        st = read_games(r, dir);
    if (st == DQ_OK)
        st = make_env(r, rom_dir, sound);
    if (st != DQ_OK) {
        dq_game_replay_close(r);
        *out = NULL;
    }
    return st;
}

void dq_game_replay_close(dq_game_replay *r)
{
    if (!r)
        return;
    dq_action_history_free(&r->games);
    dq_env_destroy(r->env);
    free(r->obs);
    free(r);
}

const dq_action_history *dq_game_replay_games(const dq_game_replay *r)
{
    return &r->games;
}

dq_env *dq_game_replay_env(const dq_game_replay *r)
{
    return r->env;
}

const char *dq_game_replay_env_id(const dq_game_replay *r)
{
    return r->settings.env_id;
}

/* ---------------------------------------------------------------- playing */

/** The action of the environment's next step. */
static dq_status next_action(dq_game_replay *r, int *action)
{
    if (r->at < r->block || r->at >= r->block + (int64_t)r->n_block) {
        int64_t left = r->game.end - r->at;
        r->block = r->at;
        r->n_block = left < BLOCK ? (size_t)left : BLOCK;
        if (!dq_action_history_actions(&r->games, r->lane, r->at, r->n_block, r->actions)) {
            r->n_block = 0;
            return dq_fail(DQ_ERR_INPUT, "game %lld: actions before it are missing in the log",
                           (long long)r->game.number);
        }
    }
    *action = r->actions[r->at - r->block];
    return DQ_OK;
}

/** In a run an episode begins as soon as the one before it is over. */
static dq_status reset_if_over(dq_game_replay *r)
{
    if (r->needs_reset)
        DQ_TRY(dq_env_reset(r->env, r->obs));
    r->needs_reset = false;
    return DQ_OK;
}

static dq_status take_step(dq_game_replay *r)
{
    dq_step result;
    dq_train_act act = {.env = r->lane, .result = &result};
    DQ_TRY(next_action(r, &act.action));
    DQ_TRY(reset_if_over(r));
    DQ_TRY(dq_env_step(r->env, act.action, r->obs, &result));
    r->needs_reset = result.terminated || result.truncated;
    r->at++;
    act.frame = dq_newest_frame(&dq_env_get_spec(r->env)->obs, r->obs, &act.frame_bytes);
    dq_logged_action logged = dq_run_logged_action(&act);
    r->seen = dq_action_seen(r->seen, &logged);
    return DQ_OK;
}

static dq_status load_state(dq_game_replay *r, const void *state, size_t n)
{
    dq_reader *reader;
    DQ_TRY(dq_reader_create(&reader, state, n));
    dq_status st = dq_env_load(r->env, reader);
    dq_reader_destroy(reader);
    r->needs_reset = false;
    return st;
}

/** Be the environment as it was at the last state before `step`, unless it is nearer already. */
static dq_status go_near(dq_game_replay *r, int lane, int64_t step)
{
    int64_t begin;
    void *state;
    size_t n;
    DQ_TRY(dq_action_history_state(&r->games, lane, step, &begin, &state, &n));
    if (r->lane == lane && r->at <= step && r->at >= begin) {
        free(state);
        return DQ_OK;
    }
    r->lane = -1;
    dq_status st = DQ_OK;
    if (state)
        st = load_state(r, state, n);
    else
        st = dq_env_seed(r->env, r->settings.cfg.seed + (uint64_t)lane);
    free(state);
    DQ_TRY(st);
    if (begin == 0)
        r->needs_reset = true;
    r->lane = lane;
    r->at = begin;
    r->n_block = 0;
    return DQ_OK;
}

dq_status dq_game_replay_begin(dq_game_replay *r, const dq_logged_game *game,
                               const volatile int *stop)
{
    r->game = *game;
    DQ_TRY(go_near(r, game->lane, game->begin));
    while (r->at < game->begin) {
        if (stop && *stop)
            return dq_fail(DQ_ERR_INTERRUPTED, "interrupted");
        DQ_TRY(take_step(r));
    }
    r->seen = 0;
    return reset_if_over(r);
}

dq_status dq_game_replay_step(dq_game_replay *r, bool *is_over)
{
    *is_over = r->at >= r->game.end;
    return *is_over ? DQ_OK : take_step(r);
}

bool dq_game_replay_is_same(const dq_game_replay *r)
{
    return r->at == r->game.end && r->seen == r->game.seen;
}
