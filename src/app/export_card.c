#include "app/export_card.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/version.h"
#include "record/file_names.h"
#include "record/video.h"
#include "run/environments.h"

enum { FPS = 25, DATE_BYTES = 32 };  // as `deepq play` shows it

/** The folder in the making. */
typedef struct card {
    const char *dir;
    const dq_export_model *m;
    const dq_evaluation *e;
    dq_evaluation_scores scores;
    char video_path[DQ_PATH_CAP];
    dq_video *video;  // of the first game, while it is played
    bool has_video;
    char date[DATE_BYTES];  // of the evaluation, UTC
} card;

static dq_status path_in(const card *c, const char *name, char path[DQ_PATH_CAP])
{
    return dq_path_format(path, DQ_PATH_CAP, "%s/%s", c->dir, name);
}

/* ---------------------------------------------------------------- the video */

/** A build without FFmpeg has none. */
static dq_status watch(void *ctx, dq_env *env)
{
    card *c = ctx;
    dq_image image;
    DQ_TRY(dq_env_render(env, &image));
    if (!c->video) {
        dq_status st =
            dq_video_create(&c->video, c->video_path, image.width, image.height, FPS, false);
        if (st == DQ_ERR_UNSUPPORTED) {
            app_note("no video in this build: the card is without one");
            return DQ_OK;
        }
        DQ_TRY(st);
    }
    return dq_video_add(c->video, image.pixels);
}

static dq_status play(card *c)
{
    dq_evaluation e = *c->e;
    time_t now = time(NULL);
    struct tm utc;
    strftime(c->date, sizeof(c->date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    DQ_TRY(path_in(c, "replay.mp4", c->video_path));
    if (dq_environments_is_atari(e.env_id)) {
        e.watch = watch;
        e.watcher = c;
    }
    dq_status st = dq_evaluation_run(&e, &c->scores);
    if (!c->video)
        return st;
    if (st != DQ_OK) {
        dq_video_abandon(c->video);
        return st;
    }
    c->has_video = true;
    return dq_video_finish(c->video);
}

/* ---------------------------------------------------------------- results.json */

static dq_status write_results(const card *c)
{
    char path[DQ_PATH_CAP], protocol[DQ_EVALUATION_TEXT];
    const dq_evaluation_scores *s = &c->scores;
    dq_evaluation_describe(c->e, protocol);
    DQ_TRY(path_in(c, "results.json", path));
    json_t *rewards = json_array();
    int failed = rewards == NULL;
    for (int64_t i = 0; i < s->n; i++)
        failed |= json_array_append_new(rewards, json_real(s->rewards[i]));
    json_t *o = json_pack(
        "{s:s, s:f, s:f, s:I, s:s, s:s, s:f, s:f, s:I, s:s, s:o}", "env_id", c->e->env_id,
        "mean_reward", s->mean, "std_reward", s->sd, "n_eval_episodes", (json_int_t)s->n,
        "eval_datetime", c->date, "protocol", protocol, "min_reward", s->min, "max_reward", s->max,
        "n_steps", (json_int_t)s->n_steps, "deepq_version", dq_version(), "rewards", rewards);
    char *text = o && !failed
                     ? json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10))
                     : NULL;
    dq_status st = text ? dq_file_write(path, text, strlen(text))
                        : dq_fail(DQ_ERR_NOMEM, "no memory for the results");
    json_decref(o);
    free(text);
    return st;
}

/* ---------------------------------------------------------------- README.md */

/** A card's text in the making. */
static void put(dq_writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(dq_writer *w, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    dq_write(w, text, strlen(text));
}

/** A name in YAML, quoted. */
static void put_quoted(dq_writer *w, const char *text)
{
    put(w, "\"");
    for (; *text; text++)
        put(w, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    put(w, "\"");
}

/** What a hub reads: the model index. */
static void put_front_matter(const card *c, dq_writer *w)
{
    const dq_evaluation_scores *s = &c->scores;
    put(w, "---\nlibrary_name: deepq\ntags:\n- reinforcement-learning\n"
           "- deep-reinforcement-learning\n- dqn\n- ");
    put_quoted(w, c->e->env_id);
    put(w, "\nmodel-index:\n- name: ");
    put_quoted(w, c->m->info.network);
    put(w, "\n  results:\n  - task:\n      type: reinforcement-learning\n"
           "      name: reinforcement-learning\n    dataset:\n      name: ");
    put_quoted(w, c->e->env_id);
    put(w, "\n      type: ");
    put_quoted(w, c->e->env_id);
    put(w,
        "\n    metrics:\n    - type: mean_reward\n      value: \"%.2f +/- %.2f\"\n"
        "      name: mean_reward\n      verified: false\n---\n",
        s->mean, s->sd);
}

static void put_fact(void *w, const char *key, const char *value)
{
    static const char *const words[][2] = {{"env", "trained on"},
                                           {"frame", "agent steps of training"},
                                           {"score", "mean reward of its last 100 games"},
                                           {"version", "written by deepq"}};
    for (size_t i = 0; i < DQ_COUNT(words); i++)
        if (strcmp(key, words[i][0]) == 0)
            key = words[i][1];
    put(w, "| %s | `%s` |\n", key, value);
}

static void put_text(const card *c, dq_writer *w)
{
    char protocol[DQ_EVALUATION_TEXT];
    const dq_evaluation_scores *s = &c->scores;
    dq_evaluation_describe(c->e, protocol);
    put(w,
        "\n# A network `%s` for %s\n\nA Q-network of %llu parameters, trained with deepq.\n\n| | "
        "|\n|---|---|\n",
        c->m->info.network, c->e->env_id,
        (unsigned long long)dq_net_n_params(c->m->info.network, c->m->n_actions));
    dq_export_each_fact(c->m, put_fact, w);
    put(w,
        "\n## Result\n%lld games of %s: mean reward **%.2f**, standard deviation %.2f, least %.2f, "
        "most %.2f.\n\nProtocol: %s. Evaluated %s by `deepq export --card`; every game is in "
        "`results.json`.\n",
        (long long)s->n, c->e->env_id, s->mean, s->sd, s->min, s->max, protocol, c->date);
    put(w, "\n## Files\n| file | what |\n|---|---|\n"
           "| `model.dat` | a PyTorch state_dict: `torch.load`, `deepq play -m model.dat` |\n"
           "| `model.safetensors` | the same tensors as safetensors |\n"
           "| `results.json` | the evaluation |\n");
    if (c->has_video)
        put(w, "| `replay.mp4` | its first game |\n");
}

static dq_status write_readme(const card *c)
{
    char path[DQ_PATH_CAP];
    dq_writer *w;
    DQ_TRY(path_in(c, "README.md", path));
    DQ_TRY(dq_file_writer_create(&w, path));
    put_front_matter(c, w);
    put_text(c, w);
    return dq_file_commit(w, 0);
}

/* ---------------------------------------------------------------- all of it */

static dq_status write_models(const card *c)
{
    static const char *const names[] = {"model.dat", "model.safetensors"};
    char path[DQ_PATH_CAP];
    for (size_t i = 0; i < DQ_COUNT(names); i++) {
        const dq_export_format *format;
        DQ_TRY(path_in(c, names[i], path));
        DQ_TRY(dq_export_format_find(NULL, path, &format));
        DQ_TRY(dq_export_write(format, c->m, path));
    }
    return DQ_OK;
}

static dq_status check_is_new(const card *c)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(path_in(c, "README.md", path));
    if (access(path, F_OK) == 0)
        return dq_fail(DQ_ERR_CONFIG, "%s has a README.md already: choose another folder", c->dir);
    return dq_make_dirs(c->dir);
}

/** README.md is last: a folder that has it is complete. */
static dq_status make(card *c)
{
    DQ_TRY(check_is_new(c));
    DQ_TRY(play(c));
    DQ_TRY(write_results(c));
    DQ_TRY(write_models(c));
    return write_readme(c);
}

dq_status export_card(const char *dir, const dq_export_model *m, const dq_evaluation *e)
{
    card c = {.dir = dir, .m = m, .e = e};
    dq_status st = make(&c);
    if (st == DQ_OK)
        printf("%s: %lld games, mean reward %.2f +/- %.2f%s\n", app_plain(dir),
               (long long)c.scores.n, c.scores.mean, c.scores.sd, c.has_video ? ", a video" : "");
    dq_evaluation_scores_free(&c.scores);
    return st;
}
