#include "app/train_output.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/error.h"
#include "base/whole_number.h"
#include "deepq/net.h"
#include "record/json_lines.h"
#include "run/train_log.h"

void train_output_init(train_output *o, bool json, bool plain, const dq_train_settings *s,
                       int64_t first_step)
{
    *o = (train_output){.json = json, .tells_episodes = dq_train_settings_tells_episodes(s)};
    train_screen_init(&o->screen, !json && !plain, &s->cfg, first_step);
}

dq_status train_output_watch(train_output *o, dq_env *env)
{
    watch *w;
    if (!o->screen.enabled) {
        app_note("--watch: standard output is not a terminal: the game is not drawn");
        return DQ_OK;
    }
    DQ_TRY(watch_create(&w, env, o->screen.unicode));
    train_screen_watch(&o->screen, w);
    return DQ_OK;
}

/** Lines leave at once, so that a pipe or a file is always up to date. Without a reader there is no
 *  use in more of them; a full disk may have room again. */
static void end_line(train_output *o)
{
    if (fflush(stdout) == 0)
        return;
    o->broken = errno == EPIPE;
    if (!o->broken && !o->told)
        app_note("cannot write to standard output: %s: training continues", strerror(errno));
    o->told = true;
}

static void print_object(train_output *o, json_t *object)
{
    json_dumpf(object, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    json_decref(object);
    putchar('\n');
    end_line(o);
}

/** A number, true or false where the text is one. */
static json_t *json_value(const char *text)
{
    int64_t whole;
    char *end;
    double number = strtod(text, &end);
    if (dq_whole_number(text, &whole))
        return json_integer(whole);
    if (*text && *end == '\0')
        return dq_json_real(number);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(*text == 't');
    return dq_json_text(text);
}

static void add_setting(void *ctx, const char *key, const char *value)
{
    json_object_set_new(ctx, key,
                        dq_train_settings_is_text(key) ? dq_json_text(value) : json_value(value));
}

static json_t *game_object(const train_output *o, const dq_progress *p)
{
    json_t *game =
        json_pack("{s:s, s:I, s:I, s:f, s:f, s:f, s:f}", "event", "game", "frame",
                  (json_int_t)p->step, "games", (json_int_t)p->n_games, "reward", p->reward,
                  "reward_100", p->mean_reward, "epsilon", p->epsilon, "speed", p->speed);
    return o->tells_episodes ? dq_train_log_with_episodes(game, p) : game;
}

void train_output_start(train_output *o, const dq_train_settings *s, const dq_run_subject *subject,
                        const char *dir, int64_t step)
{
    dq_train_need need = dq_train_needs(&s->cfg, &subject->obs);
    if (o->json) {
        json_t *config = json_object();
        dq_train_settings_each(s, add_setting, config);
        print_object(o, json_pack("{s:s, s:o, s:I, s:I, s:I, s:o}", "event", "start", "run",
                                  dq_json_text(dir), "frame", (json_int_t)step, "memory",
                                  (json_int_t)need.memory, "checkpoint",
                                  (json_int_t)need.checkpoint, "config", config));
        return;
    }
    char layers[2048];
    dq_net_describe(subject->network, subject->n_actions, layers, sizeof(layers));
    printf("%s\n", layers);
    if (o->screen.enabled)
        printf(
            "%s, preset %s, seed %llu, %s %s %s, %d threads, memory %.2f GB, checkpoints %.2f GB "
            "-> %s\n",
            app_plain(s->env_id), app_plain(s->preset), (unsigned long long)s->cfg.seed, s->device,
            s->isa, s->precision, s->cfg.n_threads, (double)need.memory / 1e9,
            (double)need.checkpoint / 1e9, app_plain(dir));
    end_line(o);
}

void train_output_game(train_output *o, const dq_progress *p)
{
    train_screen_game(&o->screen, p);
    if (o->json) {
        print_object(o, game_object(o, p));
        return;
    }
    train_screen_clear(&o->screen);
    printf("%lld: done %lld games, reward %.3f, eps %.2f, speed %.2f f/s\n", (long long)p->step,
           (long long)p->n_games, p->mean_reward, p->epsilon, p->speed);
    end_line(o);
}

void train_output_best(train_output *o, const dq_progress *p, bool first, const char *model)
{
    if (o->json) {
        print_object(o, json_pack("{s:s, s:I, s:f, s:o}", "event", "best", "frame",
                                  (json_int_t)p->step, "reward_100", p->best_mean, "model",
                                  dq_json_text(model)));
    } else if (!first) {
        train_screen_clear(&o->screen);
        printf("Best reward updated %.3f -> %.3f\n", p->previous_best, p->best_mean);
        end_line(o);
    }
}

void train_output_evaluated(train_output *o, int64_t step, const dq_evaluation_scores *s)
{
    if (!s) {
        train_screen_say(&o->screen, "evaluating ...");
        return;
    }
    if (o->json) {
        print_object(o, json_pack("{s:s, s:I, s:I, s:f, s:f, s:f, s:f}", "event", "evaluation",
                                  "frame", (json_int_t)step, "games", (json_int_t)s->n, "mean",
                                  s->mean, "sd", s->sd, "min", s->min, "max", s->max));
        return;
    }
    train_screen_clear(&o->screen);
    printf("%lld: evaluated %lld games, reward %.3f, sd %.3f\n", (long long)step, (long long)s->n,
           s->mean, s->sd);
    end_line(o);
}

void train_output_solved(train_output *o, const dq_progress *p)
{
    if (o->json)
        return;  // the last object says it
    train_screen_clear(&o->screen);
    printf("Solved in %lld frames!\n", (long long)p->step);
    end_line(o);
}

void train_output_step(train_output *o, const dq_progress *p, uint64_t disk_bytes)
{
    train_screen_update(&o->screen, p, disk_bytes);
}

void train_output_act(train_output *o, const dq_train_act *a)
{
    if (o->screen.watch)
        watch_act(o->screen.watch, a);
}

void train_output_saving(train_output *o)
{
    if (o->screen.enabled)
        train_screen_say(&o->screen, "saving the checkpoint ...");
    else if (isatty(STDERR_FILENO))
        app_note("saving the checkpoint ...");
}

void train_output_clear(train_output *o)
{
    train_screen_clear(&o->screen);
    end_line(o);
}

void train_output_end(train_output *o, const dq_progress *p, const char *reason, const char *dir)
{
    if (o->json)
        print_object(o, json_pack("{s:s, s:s, s:I, s:I, s:o}", "event", "end", "reason", reason,
                                  "frame", (json_int_t)p->step, "games", (json_int_t)p->n_games,
                                  "run", dq_json_text(dir)));
    train_screen_end(&o->screen);
    end_line(o);
}
