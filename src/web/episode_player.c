#include "web/episode_player.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "record/png_file.h"
#include "record/run_folder.h"
#include "run/game_replay.h"

enum { LISTED = 20000 };

struct dq_episode_player {
    pthread_mutex_t mutex;
    const volatile int *stop;
    char dir[DQ_PATH_CAP];  // of the run whose replay is open; "": none
    struct stat log;        // its actions when they were read
    dq_game_replay *replay;
    dq_logged_game game;
    int64_t at;  // position in the game; -1: in none
};

dq_status dq_episode_player_create(dq_episode_player **out, const volatile int *stop)
{
    dq_episode_player *p = *out = calloc(1, sizeof(*p));
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory to play games again");
    pthread_mutex_init(&p->mutex, NULL);
    p->stop = stop;
    p->at = -1;
    return DQ_OK;
}

static void leave(dq_episode_player *p)
{
    dq_game_replay_close(p->replay);
    p->replay = NULL;
    p->dir[0] = '\0';
    p->at = -1;
}

void dq_episode_player_destroy(dq_episode_player *p)
{
    if (!p)
        return;
    leave(p);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

/* ---------------------------------------------------------------- the list */

static double number_of(const dq_logged_game *g, int column)
{
    switch (column) {
    case 0:
        return (double)g->number;
    case 1:
        return (double)g->step;
    case 2:
        return g->lane;
    case 3:
        return (double)(g->end - g->begin);
    default:
        return g->points;
    }
}

static void write_list(const dq_action_history *h, dq_web_text *t)
{
    static const char *const keys[] = {"number", "frame", "env", "steps", "points"};
    size_t begin = h->n_games > LISTED ? h->n_games - LISTED : 0;
    dq_web_text_add(t, "{\"episodes\":%zu", h->n_games);
    for (size_t c = 0; c < DQ_COUNT(keys); c++) {
        dq_web_text_add(t, ",\"%s\":[", keys[c]);
        for (size_t i = begin; i < h->n_games; i++) {
            dq_web_text_add(t, "%s", i > begin ? "," : "");
            dq_web_text_number(t, number_of(&h->games[i], (int)c));
        }
        dq_web_text_add(t, "]");
    }
    dq_web_text_add(t, "}");
}

dq_status dq_episode_player_list(dq_episode_player *p, const char *dir, dq_web_text *t)
{
    char path[DQ_PATH_CAP];
    dq_action_history h;
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/" DQ_RUN_ACTIONS, dir));
    pthread_mutex_lock(&p->mutex);  // one log in memory at a time
    dq_status st = dq_action_history_read(&h, path);
    if (st == DQ_OK)
        write_list(&h, t);
    dq_action_history_free(&h);
    pthread_mutex_unlock(&p->mutex);
    return st;
}

/* ---------------------------------------------------------------- playing */

static dq_status look_at_log(const char *dir, struct stat *log)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/" DQ_RUN_ACTIONS, dir));
    if (stat(path, log) != 0)
        *log = (struct stat){.st_size = 0};
    return DQ_OK;
}

/** Whether the log that was read is, but for what was added, what there is: one of a resumed run
 * was cut back, and another run may be in the folder by now. */
static bool is_same_log(const dq_episode_player *p, const char *dir)
{
    struct stat now;
    return strcmp(p->dir, dir) == 0 && look_at_log(dir, &now) == DQ_OK &&
           now.st_ino == p->log.st_ino && now.st_size >= p->log.st_size;
}

static dq_status open_run(dq_episode_player *p, const char *dir)
{
    leave(p);
    DQ_TRY(look_at_log(dir, &p->log));
    DQ_TRY(dq_game_replay_open(&p->replay, dir, NULL, false));
    return dq_path_format(p->dir, sizeof(p->dir), "%s", dir);
}

static dq_status find_game(dq_episode_player *p, const dq_episode_part *part)
{
    const dq_logged_game *game = NULL;
    if (is_same_log(p, part->dir))
        game = dq_action_history_game(dq_game_replay_games(p->replay), part->number);
    if (!game) {
        DQ_TRY(open_run(p, part->dir));
        game = dq_action_history_game(dq_game_replay_games(p->replay), part->number);
    }
    if (!game)
        return dq_fail(DQ_ERR_NOT_FOUND, "there is no episode %lld", (long long)part->number);
    if (part->from > game->end - game->begin)
        return dq_fail(DQ_ERR_NOT_FOUND, "episode %lld has %lld steps", (long long)part->number,
                       (long long)(game->end - game->begin));
    if (game->number != p->game.number)
        p->at = -1;
    p->game = *game;
    return DQ_OK;
}

/** Be at a position of the game. */
static dq_status go_to(dq_episode_player *p, int64_t position)
{
    bool is_over = false;
    if (p->at < 0 || p->at > position) {
        p->at = -1;
        DQ_TRY(dq_game_replay_begin(p->replay, &p->game, p->stop));
        p->at = 0;
    }
    for (; p->at < position; p->at++) {
        if (*p->stop)
            return dq_fail(DQ_ERR_INTERRUPTED, "interrupted");
        DQ_TRY(dq_game_replay_step(p->replay, &is_over));
    }
    return DQ_OK;
}

static dq_status write_picture(dq_episode_player *p, dq_web_text *t)
{
    dq_image image;
    uint8_t *png;
    size_t n;
    dq_status st = dq_env_render(dq_game_replay_env(p->replay), &image);
    if (st == DQ_OK)
        st = dq_png_make(&png, &n, image.pixels, image.width, image.height, 3);
    if (st == DQ_ERR_UNSUPPORTED) {  // by the environment, or without libpng
        dq_web_text_add(t, "null");
        return DQ_OK;
    }
    DQ_TRY(st);
    dq_web_text_base64(t, png, n);
    free(png);
    return DQ_OK;
}

static void write_names(const dq_env_spec *spec, dq_web_text *t)
{
    for (int i = 0; spec->action_names && i < spec->n_actions; i++) {
        dq_web_text_add(t, "%s", i ? "," : "");
        dq_web_text_string(t, spec->action_names[i]);
    }
}

/** The actions that led to the positions of a part. */
static dq_status write_actions(dq_episode_player *p, int64_t from, int n, dq_web_text *t)
{
    uint16_t actions[DQ_EPISODE_PART_MAX];
    int n_none = from == 0;
    int64_t first = p->game.begin + from - !n_none;
    if (!dq_action_history_actions(dq_game_replay_games(p->replay), p->game.lane, first,
                                   (size_t)(n - n_none), actions))
        return dq_fail(DQ_ERR_INPUT, "actions of episode %lld are missing",
                       (long long)p->game.number);
    if (n_none)
        dq_web_text_add(t, "null");
    for (int i = 0; i < n - n_none; i++)
        dq_web_text_add(t, "%s%d", i + n_none ? "," : "", actions[i]);
    return DQ_OK;
}

static dq_status write_part(dq_episode_player *p, const dq_episode_part *part, dq_web_text *t)
{
    DQ_TRY(find_game(p, part));
    int64_t steps = p->game.end - p->game.begin, left = steps + 1 - part->from;
    int n = left < part->n ? (int)left : part->n;
    dq_web_text_add(t, "{\"from\":%lld,\"steps\":%lld,\"names\":[", (long long)part->from,
                    (long long)steps);
    write_names(dq_env_get_spec(dq_game_replay_env(p->replay)), t);
    dq_web_text_add(t, "],\"actions\":[");
    DQ_TRY(write_actions(p, part->from, n, t));
    dq_web_text_add(t, "],\"pictures\":[");
    for (int i = 0; i < n; i++) {
        dq_web_text_add(t, "%s", i ? "," : "");
        DQ_TRY(go_to(p, part->from + i));
        DQ_TRY(write_picture(p, t));
    }
    bool is_end = p->at == steps;
    dq_web_text_add(t, "],\"same\":%s}",
                    !is_end                             ? "null"
                    : dq_game_replay_is_same(p->replay) ? "true"
                                                        : "false");
    return DQ_OK;
}

dq_status dq_episode_player_write(dq_episode_player *p, const dq_episode_part *part, dq_web_text *t)
{
    pthread_mutex_lock(&p->mutex);
    dq_status st = write_part(p, part, t);
    if (st != DQ_OK)
        leave(p);
    pthread_mutex_unlock(&p->mutex);
    return st;
}
