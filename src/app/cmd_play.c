/* deepq play: a trained model plays, in a window, as a video, or unseen. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "app/environment_table.h"
#include "app/interrupt.h"
#include "app/options.h"
#include "app/step_sound.h"
#include "app/trained_model.h"
#include "app/window.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/atari_env.h"
#include "record/file_names.h"
#include "record/video.h"
#include "run/environments.h"

typedef struct play_options {
    model_choice model;
    const char *record_dir, *rom_dir;
    bool no_vis, random, mute;
    int64_t episodes, fps;
    uint64_t seed;
    double epsilon;
} play_options;

/** What one game is played with and seen by. */
typedef struct stage {
    const play_options *o;
    trained_model model;
    dq_env *env;
    dq_policy *player;
    uint8_t *obs;     // what the environment shows
    window *window;   // NULL: none
    dq_video *video;  // of this episode; NULL: none
    step_sound sound;
    volatile int *stop;
    struct timespec next;  // when the next decision is due
    int64_t counts[DQ_MAX_ACTIONS];
    double total;
} stage;

/* Pictures */

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

/** Show and record what a person would see and hear now. */
static dq_status show(stage *s)
{
    if (!s->window && !s->video)
        return DQ_OK;
    dq_image image;
    DQ_TRY(dq_env_render(s->env, &image));
    if (s->video)
        DQ_TRY(dq_video_add(s->video, image.pixels));
    DQ_TRY(let_hear(s));
    return s->window ? window_show(s->window, &image) : DQ_OK;
}

static bool has_video(const char *dir)
{
    DIR *d = opendir(dir);
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        found = len > 4 && strcmp(e->d_name + len - 4, ".mp4") == 0;
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

static dq_status open_video(stage *s, int64_t episode)
{
    char env[64], path[DQ_PATH_CAP];
    dq_image image;
    if (!s->o->record_dir)
        return DQ_OK;
    dq_file_name_part(env, sizeof(env), s->model.env_id);
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/%s-episode-%lld.mp4", s->o->record_dir, env,
                          (long long)episode));
    DQ_TRY(dq_env_render(s->env, &image));
    return dq_video_create(&s->video, path, image.width, image.height, (int)s->o->fps,
                           s->sound.console != NULL);
}

/* Playing */

static bool is_stopped(stage *s)
{
    return *s->stop || (s->window && window_closed(s->window));
}

static dq_status play_steps(stage *s)
{
    dq_step step = {0};
    clock_gettime(CLOCK_MONOTONIC, &s->next);
    while (!step.terminated && !step.truncated && !is_stopped(s)) {
        int action = dq_policy_act(s->player, s->obs);
        s->counts[action]++;
        DQ_TRY(dq_env_step(s->env, action, s->obs, &step));
        s->total += (double)step.reward;
        DQ_TRY(show(s));
        if (s->window)
            wait_for_next(s);
    }
    return DQ_OK;
}

static dq_status play_episode(stage *s, int64_t episode)
{
    memset(s->counts, 0, sizeof(s->counts));
    s->total = 0;
    DQ_TRY(dq_env_reset(s->env, s->obs));
    step_sound_skip(&s->sound);
    DQ_TRY(open_video(s, episode));
    dq_status st = show(s);
    if (st == DQ_OK)
        st = play_steps(s);
    if (s->video) {
        dq_status finished = dq_video_finish(s->video);
        s->video = NULL;
        if (st == DQ_OK)
            st = finished;
    }
    return st;
}

/** Every action with its count, the most frequent first. */
static void print_counts(const stage *s)
{
    const dq_env_spec *spec = dq_env_get_spec(s->env);
    bool printed[DQ_MAX_ACTIONS] = {false};
    printf("Action counts: ");
    for (int i = 0; i < spec->n_actions; i++) {
        int most = -1;
        for (int a = 0; a < spec->n_actions; a++)
            if (!printed[a] && (most < 0 || s->counts[a] > s->counts[most]))
                most = a;
        printed[most] = true;
        printf("%s%s %lld", i ? ", " : "", spec->action_names[most], (long long)s->counts[most]);
    }
    printf("\n");
}

static dq_status play_all(stage *s)
{
    double sum = 0;
    DQ_TRY(dq_env_seed(s->env, s->o->seed));
    for (int64_t i = 0; i < s->o->episodes && !is_stopped(s); i++) {
        DQ_TRY(play_episode(s, i));
        printf("Total reward: %.2f\n", s->total);
        print_counts(s);
        (void)fflush(stdout);
        sum += s->total;
        if (i > 0 && i + 1 == s->o->episodes)
            printf("Mean reward of %lld games: %.2f\n", (long long)s->o->episodes,
                   sum / (double)s->o->episodes);
    }
    return *s->stop ? dq_fail(DQ_ERR_INTERRUPTED, "interrupted") : DQ_OK;
}

/** A recording needs no window: without a display it is made all the same. */
static dq_status open_window(stage *s)
{
    if (s->o->no_vis)
        return DQ_OK;
    if (!dq_environments_is_atari(s->model.env_id)) {
        if (!s->o->record_dir)  // else that fails and says why
            app_note("%s has no pictures: it plays unseen", s->model.env_id);
        return DQ_OK;
    }
    dq_status st = window_create(&s->window, s->model.env_id);
    if (st == DQ_ERR_UNSUPPORTED && s->o->record_dir) {
        app_note("no window here: recording without one");
        return DQ_OK;
    }
    return st;
}

static bool wants_sound(const play_options *o)
{
    return !o->mute && (!o->no_vis || o->record_dir);
}

static void listen(stage *s)
{
    dq_atari *console = dq_env_atari(s->env);
    if (console)
        step_sound_begin(&s->sound, console, (int)s->o->fps);
}

static dq_status set_up(stage *s)
{
    const play_options *o = s->o;
    const dq_environment_choice choice = {.id = s->model.env_id,
                                          .dialect = s->model.dialect,
                                          .rom_dir = o->rom_dir,
                                          .seed = o->seed,
                                          .whole_games = true,
                                          .sound = wants_sound(o),
                                          .options = s->model.options};
    DQ_TRY(trained_model_check_game(&s->model));
    DQ_TRY(dq_environments_make(&s->env, &choice));
    DQ_TRY(trained_model_policy(&s->player, s->model.weights, s->model.path, s->env, o->epsilon,
                                o->seed));
    s->obs = malloc(dq_space_bytes(&dq_env_get_spec(s->env)->obs));
    if (!s->obs)
        return dq_fail(DQ_ERR_NOMEM, "no memory for an observation");
    if (o->record_dir)
        DQ_TRY(prepare_record_dir(o->record_dir));
    DQ_TRY(open_window(s));
    if (wants_sound(o))
        listen(s);
    trained_model_warn(&s->model);
    return DQ_OK;
}

/** Without a model: our own Pong needs no ROM. */
static dq_status choose_random(trained_model *m, const model_choice *choice)
{
    *m = (trained_model){.weights = NULL};
    snprintf(m->env_id, sizeof(m->env_id), "%s", choice->env_id ? choice->env_id : "deepq/Pong-v0");
    snprintf(m->dialect, sizeof(m->dialect), "%s", choice->dialect ? choice->dialect : "book");
    m->options = choice->options;
    return DQ_OK;
}

static int play(const play_options *o)
{
    stage s = {.o = o, .stop = interrupt_catch()};
    dq_status st =
        o->random ? choose_random(&s.model, &o->model) : trained_model_load(&s.model, &o->model);
    if (st == DQ_OK && environments_check_id(s.model.env_id) != APP_DONE) {
        trained_model_free(&s.model);
        return APP_MISUSED;
    }
    if (st == DQ_OK)
        st = set_up(&s);
    if (st == DQ_OK)
        st = play_all(&s);
    step_sound_end(&s.sound);
    free(s.obs);
    window_destroy(s.window);
    dq_policy_destroy(s.player);
    dq_env_destroy(s.env);
    trained_model_free(&s.model);
    return app_report(st);
}

int cmd_play(int argc, char **argv)
{
    play_options o = {.episodes = 1, .fps = 25, .model.options = dq_environment_options_none()};
    option more[DQ_ENVIRONMENT_OPTIONS_MAX];
    const option options[] = {
        {"model", 'm', OPTION_TEXT, &o.model.path, "FILE",
         "the model, or a run folder: its best one (Pong, as it comes with deepq)", 0, 0},
        {"random", 0, OPTION_FLAG, &o.random, NULL, "no model: random actions (in deepq/Pong-v0)",
         0, 0},
        {"last", 0, OPTION_FLAG, &o.model.last, NULL,
         "of a run folder, the weights of its checkpoint", 0, 0},
        {"env", 'e', OPTION_TEXT, &o.model.env_id, "ID", "environment (the model's)", 0, 0},
        {"dialect", 0, OPTION_TEXT, &o.model.dialect, "NAME", "preprocessing (the model's)", 0, 0},
        {"record", 'r', OPTION_TEXT, &o.record_dir, "DIR", "write a video of each game into DIR", 0,
         0},
        {"no-vis", 0, OPTION_FLAG, &o.no_vis, NULL, "no window: play as fast as possible", 0, 0},
        {"no-visualize", 0, OPTION_FLAG, &o.no_vis, NULL, "the same as --no-vis", 0, 0},
        {"mute", 0, OPTION_FLAG, &o.mute, NULL, "no sound, in window and video", 0, 0},
        {"episodes", 0, OPTION_INT, &o.episodes, "N", "games to play (1)", 1, 1e9},
        {"seed", 0, OPTION_UINT, &o.seed, "N", "of the environment and of --epsilon (0)", 0, 0},
        {"fps", 0, OPTION_INT, &o.fps, "N", "decisions a second, in window and video (25)", 1,
         1000},
        {"epsilon", 0, OPTION_NUMBER, &o.epsilon, "E", "probability of a random action (0)", 0, 1},
        {"rom-dir", 0, OPTION_TEXT, &o.rom_dir, "DIR", "look for the ROM here first", 0, 0},
    };
    const option_syntax syntax = {
        .command = "play",
        .operands = "",
        .about = "Watch a trained model play; q, Escape or closing the window ends it.",
        .examples = "  deepq play\n"
                    "  deepq play --random -e deepq/Bricks-v0\n"
                    "  deepq play -m PongNoFrameskip-v4-best_19.dat\n"
                    "  deepq play -m model.dat --no-vis --record videos\n"
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
    if (o.random && (o.model.path || o.model.last))
        return app_fail(APP_MISUSED, "play: --random plays without a model: leave --model out");
    if (!o.model.path && o.model.last)
        return app_fail(APP_MISUSED, "play: --last is of a run folder: name it with --model DIR");
    return play(&o);
}
