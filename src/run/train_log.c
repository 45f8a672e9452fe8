#include "run/train_log.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "record/json_lines.h"
#include "record/tensorboard.h"

struct dq_train_log {
    dq_json_lines *games;
    dq_tb *board;
    bool tells_episodes;
};

static double wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static dq_status open_board(dq_train_log *log, const dq_train_log_place *place)
{
    DQ_TRY(dq_tb_open_at(&log->board, place->logdir, place->events, place->step));
    if (!place->resumed || !dq_tb_is_new(log->board))
        return DQ_OK;
    return dq_tb_resume(log->board, place->step + 1, wall_time());  // of files with other names
}

dq_status dq_train_log_open(dq_train_log **out, const dq_train_log_place *place)
{
    dq_train_log *log = *out = calloc(1, sizeof(*log));
    if (!log)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a log");
    log->tells_episodes = place->tells_episodes;
    dq_status st = dq_json_lines_open(&log->games, place->path, "frame", place->step);
    if (st == DQ_OK)
        st = open_board(log, place);
    if (st != DQ_OK) {
        dq_train_log_close(log);
        *out = NULL;
    }
    return st;
}

void dq_train_log_damaged(const dq_train_log *log, size_t *n_lines, size_t *n_events)
{
    *n_lines = dq_json_lines_damaged(log->games);
    *n_events = dq_tb_damaged(log->board);
}

void dq_train_log_close(dq_train_log *log)
{
    if (!log)
        return;
    (void)dq_json_lines_close(log->games);  // every game was flushed, and failures told then
    (void)dq_tb_close(log->board);
    free(log);
}

json_t *dq_train_log_with_episodes(json_t *game, const dq_progress *p)
{
    if (json_object_set_new(game, "episodes", json_integer((json_int_t)p->n_episodes)) == 0 &&
        json_object_set_new(game, "clipped_reward", dq_json_real(p->episode_reward)) == 0)
        return game;
    json_decref(game);
    return NULL;
}

static dq_status append_game(dq_train_log *log, const dq_progress *p, double now)
{
    json_t *game =
        json_pack("{s:I, s:I, s:o, s:o, s:f, s:f, s:o, s:f}", "frame", (json_int_t)p->step, "game",
                  (json_int_t)p->n_games, "reward", dq_json_real(p->reward), "reward_100",
                  dq_json_real(p->mean_reward), "epsilon", p->epsilon, "speed", p->speed, "loss",
                  dq_json_real(p->loss), "time", now);
    if (log->tells_episodes)
        game = dq_train_log_with_episodes(game, p);
    return dq_json_lines_append(log->games, game);
}

dq_status dq_train_log_game(dq_train_log *log, const dq_progress *p)
{
    double now = wall_time();
    dq_status st = append_game(log, p, now);
    dq_tb_scalar(log->board, "epsilon", p->step, p->epsilon, now);
    dq_tb_scalar(log->board, "speed", p->step, p->speed, now);
    dq_tb_scalar(log->board, "reward_100", p->step, p->mean_reward, now);
    dq_tb_scalar(log->board, "reward", p->step, p->reward, now);
    if (log->tells_episodes) {
        dq_tb_scalar(log->board, "episodes", p->step, (double)p->n_episodes, now);
        dq_tb_scalar(log->board, "clipped_reward", p->step, p->episode_reward, now);
    }
    return dq_first_failure(st, dq_tb_flush(log->board));
}

dq_status dq_train_log_flush(dq_train_log *log)
{
    dq_status st = dq_json_lines_flush(log->games);
    return dq_first_failure(st, dq_tb_flush(log->board));
}

dq_status dq_train_log_sync(dq_train_log *log)
{
    dq_status st = dq_json_lines_sync(log->games);
    return dq_first_failure(st, dq_tb_sync(log->board));
}
