#include "app/stage.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/interrupt.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/atari_env.h"
#include "record/file_names.h"
#include "run/environments.h"

enum { PALETTE_COLOURS = 256 };

static void wait_for_next(stage *s)
{
    const long frame_ns = 1000000000L / s->o->fps;
    struct timespec now;
    s->next.tv_nsec += frame_ns;
    if (s->next.tv_nsec >= 1000000000L) {
        s->next.tv_sec++;
        s->next.tv_nsec -= 1000000000L;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &s->next, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > s->next.tv_sec + 1)  // the machine slept: do not hurry to catch up
        s->next = now;
}

static dq_status let_hear(stage *s)
{
    if (!s->sound.console)
        return DQ_OK;
    size_t n = step_sound_take(&s->sound);
    if (s->window)
        window_play(s->window, s->sound.samples, n, STEP_SOUND_HZ);
    return s->video ? dq_video_add_sound(s->video, s->sound.samples, n) : DQ_OK;
}

/** What a person sees: the picture, and with the option the values below it.
 *  @param[out] rows of the picture alone */
static dq_status look(stage *s, dq_image *image, int *rows)
{
    DQ_TRY(dq_env_render(s->env, image));
    *rows = image->height;
    return s->values ? value_strip_join(s->values, image) : DQ_OK;
}

/** Show and record what a person would see and hear now. */
static dq_status show(stage *s)
{
    if (!s->window && !s->video)
        return DQ_OK;
    dq_image image;
    int rows;
    DQ_TRY(look(s, &image, &rows));
    if (s->video)
        DQ_TRY(dq_video_add(s->video, image.pixels));
    DQ_TRY(let_hear(s));
    return s->window ? window_show(s->window, &image, rows) : DQ_OK;
}

/* ---------------------------------------------------------------- opening */

static bool has_video(const char *dir)
{
    DIR *d = opendir(dir);
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        const char *end = strrchr(e->d_name, '.');
        found = end && (strcmp(end, ".mp4") == 0 || strcmp(end, ".gif") == 0);
    }
    if (d)
        closedir(d);
    return found;
}

static dq_status prepare_record_dir(const char *dir)
{
    if (has_video(dir))
        return dq_fail(DQ_ERR_CONFIG, "%s has a recording already: choose another folder", dir);
    return dq_make_dirs(dir);
}

/** What to do without one, after why there is none. */
static dq_status fail_without_window(bool human)
{
    char why[512];
    snprintf(why, sizeof(why), "%s", dq_errmsg());
    return dq_fail(DQ_ERR_UNSUPPORTED, "%s: %s", why,
                   human ? "--human is played in one"
                         : "use --no-vis to play without one, or --record DIR for a video");
}

/** A recording needs no window: without a display it is made all the same. */
static dq_status open_window(stage *s)
{
    if (s->o->no_vis)
        return DQ_OK;
    if (!dq_environments_is_atari(s->env_id)) {
        if (!s->o->record_dir)  // else that fails and says why
            app_note("%s has no pictures: it plays unseen", s->env_id);
        return DQ_OK;
    }
    dq_status st = window_create(&s->window, s->env_id);
    if (st != DQ_ERR_UNSUPPORTED)
        return st;
    if (s->o->record_dir && !s->o->human) {
        app_note("no window here: recording without one");
        return DQ_OK;
    }
    return fail_without_window(s->o->human);
}

int stage_check_options(const stage_options *o, const char *command)
{
    if (o->format >= 0 && !o->record_dir)
        return app_fail(APP_MISUSED, "%s: --format is of a recording: add --record DIR", command);
    if (o->values && o->no_vis && !o->record_dir)
        return app_fail(APP_MISUSED,
                        "%s: --values is to be seen: leave out --no-vis or add --record DIR",
                        command);
    return APP_DONE;
}

bool stage_wants_sound(const stage_options *o)
{
    return !o->mute && (!o->no_vis || o->record_dir);
}

static void listen(stage *s)
{
    dq_atari *console = dq_env_atari(s->env);
    if (console)
        step_sound_begin(&s->sound, console, (int)s->o->fps);
}

dq_status stage_open(stage *s, const stage_options *o, const char *env_id, dq_env *env)
{
    *s = (stage){.o = o, .env_id = env_id, .env = env, .stop = interrupt_catch()};
    if (o->record_dir)
        DQ_TRY(prepare_record_dir(o->record_dir));
    DQ_TRY(open_window(s));
    if (stage_wants_sound(o))
        listen(s);
    return o->values ? value_strip_create(&s->values, dq_env_get_spec(env)) : DQ_OK;
}

void stage_close(stage *s)
{
    step_sound_end(&s->sound);
    dq_video_abandon(s->video);
    value_strip_destroy(s->values);
    window_destroy(s->window);
    *s = (stage){.o = NULL};
}

/* ---------------------------------------------------------------- a game */

/** A GIF is told the colours of the console, and of what is below its picture, before it begins. */
static dq_status create_gif(stage *s, const char *path, const dq_image *image)
{
    uint8_t colours[2 * PALETTE_COLOURS][3];
    size_t n = 0, n_own;
    const dq_atari *console = dq_env_atari(s->env);
    const uint8_t *own = value_strip_colours(&n_own);
    if (console) {
        memcpy(colours, dq_atari_palette(console), PALETTE_COLOURS * sizeof(*colours));
        n = PALETTE_COLOURS;
    }
    if (s->values)
        memcpy(colours[n], own, n_own * sizeof(*colours));
    return dq_video_create_gif(&s->video, path, image->width, image->height, (int)s->o->fps,
                               colours[0], n + (s->values ? n_own : 0));
}

static dq_status open_video(stage *s, int64_t number)
{
    char env[64], path[DQ_PATH_CAP];
    dq_image image;
    int rows;
    if (!s->o->record_dir)
        return DQ_OK;
    dq_file_name_part(env, sizeof(env), s->env_id);
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/%s-episode-%lld.%s", s->o->record_dir, env,
                          (long long)number, s->o->format == STAGE_GIF ? "gif" : "mp4"));
    DQ_TRY(look(s, &image, &rows));
    if (s->o->format == STAGE_GIF)
        return create_gif(s, path, &image);
    return dq_video_create(&s->video, path, image.width, image.height, (int)s->o->fps,
                           s->sound.console != NULL);
}

dq_status stage_begin(stage *s, int64_t number)
{
    step_sound_skip(&s->sound);
    DQ_TRY(open_video(s, number));
    clock_gettime(CLOCK_MONOTONIC, &s->next);
    return show(s);
}

void stage_values(stage *s, int action, const float *values)
{
    if (s->values)
        value_strip_take(s->values, action, values);
}

dq_status stage_step(stage *s)
{
    DQ_TRY(show(s));
    if (s->window)
        wait_for_next(s);
    return DQ_OK;
}

dq_status stage_end(stage *s, dq_status st)
{
    if (!s->video)
        return st;
    dq_status finished = dq_video_finish(s->video);
    s->video = NULL;
    return dq_first_failure(st, finished);
}

/** Until somebody goes on; then it is now that the next step is due. */
static void wait_while_paused(stage *s)
{
    const struct timespec a_while = {0, 20000000};
    while (window_paused(s->window) && !window_closed(s->window) && !*s->stop)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &a_while, NULL);
    clock_gettime(CLOCK_MONOTONIC, &s->next);
}

bool stage_is_over(stage *s)
{
    bool is_closed = s->window && window_closed(s->window);
    if (!is_closed && s->window && window_paused(s->window)) {
        wait_while_paused(s);
        is_closed = window_closed(s->window);
    }
    return *s->stop || is_closed;
}

window_keys stage_keys(stage *s)
{
    return s->window ? window_held(s->window) : (window_keys){0};
}

bool stage_asks_again(stage *s)
{
    return s->window && window_asks_again(s->window);
}
