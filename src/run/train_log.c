#include "run/train_log.h"

#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "record/json_lines.h"
#include "record/tensorboard.h"

struct dq_train_log {
    dq_json_lines *games, *evaluations;
    dq_tb *board;
    bool tells_episodes;
    int64_t told_step;                     // of the last game that this process told
    double told_stage_s[DQ_TRAIN_STAGES];  // dq_progress.stage_s then
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
    log->told_step = place->step;
    dq_status st = dq_json_lines_open(&log->games, place->path, "frame", place->step);
    if (st == DQ_OK && place->evaluations)
        st = dq_json_lines_open(&log->evaluations, place->evaluations, "frame", place->step);
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
    if (log->evaluations)
        *n_lines += dq_json_lines_damaged(log->evaluations);
    *n_events = dq_tb_damaged(log->board);
}

void dq_train_log_close(dq_train_log *log)
{
    if (!log)
        return;
    (void)dq_json_lines_close(log->games);  // every game was flushed, and failures told then
    (void)dq_json_lines_close(log->evaluations);
    (void)dq_tb_close(log->board);
    free(log);
}

/* ---------------------------------------------------------------- what is told of a game */

/** A game, and what there is to say of the time since the one before. */
typedef struct told {
    dq_progress p;
    double stage_ms[DQ_TRAIN_STAGES];  // milliseconds a step; NAN: none was taken
} told;

/** A column of log.jsonl, and a curve of TensorBoard under the same name. */
typedef struct column {
    const char *key;
    size_t at;  // in told
    bool is_count, is_curve;
} column;

#define COUNT(key, field, is_curve)                                                                \
    {                                                                                              \
        key, offsetof(told, p.field), true, is_curve                                               \
    }
#define NUMBER(key, field, is_curve)                                                               \
    {                                                                                              \
        key, offsetof(told, p.field), false, is_curve                                              \
    }
#define STAGE(key, stage)                                                                          \
    {                                                                                              \
        key, offsetof(told, stage_ms) + (stage) * sizeof(double), false, true                      \
    }
static const column of_game[] = {
    COUNT("frame", step, false),          COUNT("game", n_games, false),
    NUMBER("reward", reward, true),       NUMBER("reward_100", mean_reward, true),
    NUMBER("epsilon", epsilon, true),     NUMBER("speed", speed, true),
    NUMBER("loss", loss, false),          COUNT("length", length, true),
    COUNT("updates", n_updates, true),    NUMBER("learning_rate", learning_rate, true),
    NUMBER("mean_loss", mean_loss, true), NUMBER("td_error", td_error, true),
    NUMBER("max_q", max_q, true),         NUMBER("gradient_norm", gradient_norm, true),
    STAGE("play_ms", DQ_TRAIN_PLAY),      STAGE("act_ms", DQ_TRAIN_ACT),
    STAGE("sample_ms", DQ_TRAIN_SAMPLE),  STAGE("target_ms", DQ_TRAIN_TARGET),
    STAGE("update_ms", DQ_TRAIN_UPDATE),
};
/** Where they are not the game's. */
static const column of_episodes[] = {
    COUNT("episodes", n_episodes, true),
    NUMBER("clipped_reward", episode_reward, true),
};

static int64_t count_of(const told *t, const column *c)
{
    return *(const int64_t *)(const void *)((const char *)t + c->at);
}

static double number_of(const told *t, const column *c)
{
    return *(const double *)(const void *)((const char *)t + c->at);
}

/** @return false for want of memory */
static bool add_columns(json_t *game, const told *t, const column *columns, size_t n)
{
    bool is_whole = game != NULL;
    for (size_t i = 0; i < n && is_whole; i++) {
        const column *c = &columns[i];
        is_whole = json_object_set_new(game, c->key,
                                       c->is_count ? json_integer((json_int_t)count_of(t, c))
                                                   : dq_json_real(number_of(t, c))) == 0;
    }
    return is_whole;
}

static void draw_curves(dq_tb *board, const told *t, const column *columns, size_t n, double now)
{
    for (size_t i = 0; i < n; i++) {
        const column *c = &columns[i];
        double value = c->is_count ? (double)count_of(t, c) : number_of(t, c);
        if (c->is_curve && !isnan(value))
            dq_tb_scalar(board, c->key, t->p.step, value, now);
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
    const told t = {.p = *p};
    return keep_if(game, add_columns(game, &t, of_episodes, DQ_COUNT(of_episodes)));
}

/** The time of each stage since the game before, for each step. */
static told tell(dq_train_log *log, const dq_progress *p)
{
    told t = {.p = *p};
    double steps = (double)(p->step - log->told_step);
    for (int i = 0; i < DQ_TRAIN_STAGES; i++) {
        double seconds = p->stage_s[i] - log->told_stage_s[i];
        t.stage_ms[i] = seconds > 0 && steps > 0 ? 1000 * seconds / steps : NAN;
        log->told_stage_s[i] = p->stage_s[i];
    }
    log->told_step = p->step;
    return t;
}

static json_t *object_of(const dq_train_log *log, const told *t, double now)
{
    json_t *game = json_object();
    bool is_whole = add_columns(game, t, of_game, DQ_COUNT(of_game)) &&
                    json_object_set_new(game, "time", json_real(now)) == 0;
    game = keep_if(game, is_whole);
    return game && log->tells_episodes ? dq_train_log_with_episodes(game, &t->p) : game;
}

dq_status dq_train_log_game(dq_train_log *log, const dq_progress *p)
{
    double now = wall_time();
    const told t = tell(log, p);
    dq_status st = dq_json_lines_append(log->games, object_of(log, &t, now));
    draw_curves(log->board, &t, of_game, DQ_COUNT(of_game), now);
    if (log->tells_episodes)
        draw_curves(log->board, &t, of_episodes, DQ_COUNT(of_episodes), now);
    return dq_first_failure(st, dq_tb_flush(log->board));
}

dq_status dq_train_log_evaluation(dq_train_log *log, int64_t step, const dq_evaluation_scores *s)
{
    double now = wall_time();
    json_t *rewards = json_array();
    for (int64_t i = 0; i < s->n; i++)
        json_array_append_new(rewards, dq_json_real(s->rewards[i]));
    dq_status st = dq_json_lines_append(
        log->evaluations,
        json_pack("{s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o, s:f}", "frame", (json_int_t)step,
                  "games", (json_int_t)s->n, "steps", (json_int_t)s->n_steps, "mean", s->mean, "sd",
                  s->sd, "min", s->min, "max", s->max, "rewards", rewards, "time", now));
    dq_tb_scalar(log->board, "eval_reward", step, s->mean, now);
    return dq_first_failure(st, dq_tb_flush(log->board));
}

void dq_train_log_observation(dq_train_log *log, int64_t step, const dq_space *space,
                              const void *obs)
{
    const uint8_t *from = obs;
    if (space->dtype != DQ_U8 || space->n_dims != 3)
        return;
    const int n = space->shape[0], height = space->shape[1], width = space->shape[2];
    uint8_t *wide = malloc((size_t)n * (size_t)height * (size_t)width), *to = wide;
    for (int y = 0; wide && y < height; y++)
        for (int c = 0; c < n; c++, to += width)
            memcpy(to, from + ((size_t)c * (size_t)height + (size_t)y) * (size_t)width,
                   (size_t)width);
    const dq_tb_picture picture = {wide, n * width, height, 1};
    if (wide)  // without one the run goes on
        (void)dq_tb_image(log->board, "observation", step, &picture, wall_time());
    free(wide);
}

dq_status dq_train_log_flush(dq_train_log *log)
{
    dq_status st = dq_json_lines_flush(log->games);
    if (log->evaluations)
        st = dq_first_failure(st, dq_json_lines_flush(log->evaluations));
    return dq_first_failure(st, dq_tb_flush(log->board));
}

dq_status dq_train_log_sync(dq_train_log *log)
{
    dq_status st = dq_json_lines_sync(log->games);
    if (log->evaluations)
        st = dq_first_failure(st, dq_json_lines_sync(log->evaluations));
    return dq_first_failure(st, dq_tb_sync(log->board));
}
