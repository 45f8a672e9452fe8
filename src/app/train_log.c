#include "app/train_log.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "record/json_lines.h"
#include "record/tensorboard.h"

struct train_log {
    dq_json_lines *games;
    dq_tb *board;
};

static double wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

dq_status train_log_open(train_log **out, const char *path, const char *logdir, int64_t step)
{
    train_log *log = *out = calloc(1, sizeof(*log));
    if (!log)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a log");
    dq_status st = dq_json_lines_open(&log->games, path, "frame", step);
    if (st == DQ_OK)
        st = dq_tb_open(&log->board, logdir, NULL);
    if (st == DQ_OK && step > 0)
        st = dq_tb_resume(log->board, step + 1, wall_time());
    if (st != DQ_OK) {
        train_log_close(log);
        *out = NULL;
    }
    return st;
}

void train_log_close(train_log *log)
{
    if (!log)
        return;
    (void)dq_json_lines_close(log->games);  // every game was flushed, and failures told then
    (void)dq_tb_close(log->board);
    free(log);
}

dq_status train_log_game(train_log *log, const dq_progress *p)
{
    double now = wall_time();
    json_t *game =
        json_pack("{s:I, s:I, s:o, s:o, s:f, s:f, s:o, s:f}", "frame", (json_int_t)p->step, "game",
                  (json_int_t)p->n_games, "reward", dq_json_real(p->reward), "reward_100",
                  dq_json_real(p->mean_reward), "epsilon", p->epsilon, "speed", p->speed, "loss",
                  dq_json_real(p->loss), "time", now);
    DQ_TRY(dq_json_lines_append(log->games, game));
    dq_tb_scalar(log->board, "epsilon", p->step, p->epsilon, now);
    dq_tb_scalar(log->board, "speed", p->step, p->speed, now);
    dq_tb_scalar(log->board, "reward_100", p->step, p->mean_reward, now);
    dq_tb_scalar(log->board, "reward", p->step, p->reward, now);
    return dq_tb_flush(log->board);
}
