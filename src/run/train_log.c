#include "run/train_log.h"

#include <jansson.h>
#include <math.h>
#include <stddef.h>
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

/** A new file says what the run is, and of one that is resumed in it where it begins. */
static dq_status open_board(dq_train_log *log, const dq_train_log_place *place)
{
    DQ_TRY(dq_tb_open_at(&log->board, place->logdir, place->events, place->step));
    if (!dq_tb_is_new(log->board))
        return DQ_OK;
    if (place->resumed)
        DQ_TRY(dq_tb_resume(log->board, place->step + 1, wall_time()));
    return dq_tb_text(log->board, "settings", place->step, place->settings, wall_time());
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

/* ---------------------------------------------------------------- what is told of a game */

/** A column of log.jsonl, and a curve of TensorBoard under the same name. */
typedef struct column {
    const char *key;
    size_t at;  // in dq_progress
    bool is_count, is_curve;
} column;

#define COUNT(key, field, is_curve)                                                                \
    {                                                                                              \
        key, offsetof(dq_progress, field), true, is_curve                                          \
    }
#define NUMBER(key, field, is_curve)                                                               \
    {                                                                                              \
        key, offsetof(dq_progress, field), false, is_curve                                         \
    }
static const column of_game[] = {
    COUNT("frame", step, false),          COUNT("game", n_games, false),
    NUMBER("reward", reward, true),       NUMBER("reward_100", mean_reward, true),
    NUMBER("epsilon", epsilon, true),     NUMBER("speed", speed, true),
    NUMBER("loss", loss, false),          COUNT("length", length, true),
    COUNT("updates", n_updates, true),    NUMBER("learning_rate", learning_rate, true),
    NUMBER("mean_loss", mean_loss, true), NUMBER("td_error", td_error, true),
    NUMBER("max_q", max_q, true),         NUMBER("gradient_norm", gradient_norm, true),
};
/** Where they are not the game's. */
static const column of_episodes[] = {
    COUNT("episodes", n_episodes, true),
    NUMBER("clipped_reward", episode_reward, true),
};

static int64_t count_of(const dq_progress *p, const column *c)
{
    return *(const int64_t *)(const void *)((const char *)p + c->at);
}

static double number_of(const dq_progress *p, const column *c)
{
    return *(const double *)(const void *)((const char *)p + c->at);
}

/** @return false for want of memory */
static bool add_columns(json_t *game, const dq_progress *p, const column *columns, size_t n)
{
    bool is_whole = game != NULL;
    for (size_t i = 0; i < n && is_whole; i++) {
        const column *c = &columns[i];
        is_whole = json_object_set_new(game, c->key,
                                       c->is_count ? json_integer((json_int_t)count_of(p, c))
                                                   : dq_json_real(number_of(p, c))) == 0;
    }
    return is_whole;
}

static void draw_curves(dq_tb *board, const dq_progress *p, const column *columns, size_t n,
                        double now)
{
    for (size_t i = 0; i < n; i++) {
        const column *c = &columns[i];
        double value = c->is_count ? (double)count_of(p, c) : number_of(p, c);
        if (c->is_curve && !isnan(value))
            dq_tb_scalar(board, c->key, p->step, value, now);
    }
}

/** The object, or NULL where it is not whole. */
static json_t *keep_if(json_t *object, bool is_whole)
{
    if (is_whole)
        return object;
    json_decref(object);
    return NULL;
}

json_t *dq_train_log_with_episodes(json_t *game, const dq_progress *p)
{
    return keep_if(game, add_columns(game, p, of_episodes, DQ_COUNT(of_episodes)));
}

static json_t *object_of(const dq_train_log *log, const dq_progress *p, double now)
{
    json_t *game = json_object();
    bool is_whole = add_columns(game, p, of_game, DQ_COUNT(of_game)) &&
                    json_object_set_new(game, "time", json_real(now)) == 0;
    game = keep_if(game, is_whole);
    return game && log->tells_episodes ? dq_train_log_with_episodes(game, p) : game;
}

dq_status dq_train_log_game(dq_train_log *log, const dq_progress *p)
{
    double now = wall_time();
    dq_status st = dq_json_lines_append(log->games, object_of(log, p, now));
    draw_curves(log->board, p, of_game, DQ_COUNT(of_game), now);
    if (log->tells_episodes)
        draw_curves(log->board, p, of_episodes, DQ_COUNT(of_episodes), now);
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
