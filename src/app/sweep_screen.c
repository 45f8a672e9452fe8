#include "app/sweep_screen.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "app/app.h"
#include "app/numbers.h"
#include "base/clock.h"
#include "record/json_lines.h"

enum { LINE_BYTES = 512, FEWEST_LINES = 2 };
static const double REDRAW_S = 1;

struct sweep_screen {
    const dq_sweep_plan *plan;
    const char *path;
    bool live, json;
    int n_drawn;  // lines on the screen
    double begun_s, drawn_s;
    dq_sweep_progress *at;  // [n_runs], of running ones as they were lately
    int64_t *first_frame;   // [n_runs], where a run was when it began in this sitting
    double run_s;           // spent with runs that ended in this sitting
    int64_t run_frames;     // that they made in it
};

/* ---------------------------------------------------------------- figures */

typedef struct summary {
    size_t n_done, n_failed, n_running, n_waiting;
    double left_s;  // 0: not known
} summary;

/** Of the runs that are at work now, and of the whole: how long they have yet. */
static summary summarise(const sweep_screen *s, const dq_sweep *sweep)
{
    summary m = {0};
    double now = dq_clock_s(), run_s = s->run_s, frames = (double)s->run_frames, left = 0,
           longest = 0;
    for (size_t i = 0; i < s->plan->n_runs; i++) {
        const dq_run_status *r = &sweep->runs[i];
        m.n_done += r->state == DQ_RUN_DONE;
        m.n_failed += r->state == DQ_RUN_FAILED;
        m.n_running += r->state == DQ_RUN_RUNNING;
        m.n_waiting += r->state == DQ_RUN_WAITING;
        if (r->state == DQ_RUN_DONE || r->state == DQ_RUN_FAILED)
            continue;
        double yet = (double)(s->plan->runs[i].frames - s->at[i].frame);
        left += yet;
        if (r->state != DQ_RUN_RUNNING)
            continue;
        run_s += now - r->began_s;
        frames += (double)(s->at[i].frame - s->first_frame[i]);
        if (yet > longest)
            longest = yet;
    }
    if (frames > 0 && run_s > 0) {
        double of_one = frames / run_s;  // frames a second of a run
        double side_by_side = left / (of_one * sweep->n_slots);
        m.left_s = side_by_side > longest / of_one ? side_by_side : longest / of_one;
    }
    return m;
}

static void describe(const sweep_screen *s, const summary *m, char text[LINE_BYTES])
{
    char left[NUMBER_BYTES];
    int n = snprintf(text, LINE_BYTES, "%zu of %zu runs done", m->n_done, s->plan->n_runs);
    if (m->n_failed > 0)
        n += snprintf(text + n, LINE_BYTES - (size_t)n, ", %zu given up", m->n_failed);
    if (m->left_s > 0)
        snprintf(text + n, LINE_BYTES - (size_t)n, ", %s left", number_duration(left, m->left_s));
}

static void describe_run(const dq_sweep_run *run, const dq_sweep_progress *at,
                         char text[LINE_BYTES])
{
    char frame[NUMBER_BYTES], of[NUMBER_BYTES];
    int n = snprintf(text, LINE_BYTES, "%s  frame %s of %s", run->name,
                     number_count(frame, at->frame), number_count(of, run->frames));
    if (at->frame > 0 && n < LINE_BYTES)
        snprintf(text + n, LINE_BYTES - (size_t)n, "  reward %.2f  %.0f f/s", at->reward,
                 at->speed);
}

/* ---------------------------------------------------------------- live lines */

void sweep_screen_clear(sweep_screen *s)
{
    if (s->n_drawn > 0)
        printf("\033[%dA\r\033[J", s->n_drawn);
    s->n_drawn = 0;
    (void)fflush(stdout);
}

/** A line that the terminal does not break. */
static void draw(sweep_screen *s, const char *text, int columns)
{
    printf("%.*s\n", columns - 1, text);
    s->n_drawn++;
}

static void redraw(sweep_screen *s, const dq_sweep *sweep)
{
    struct winsize size = {0};
    char text[LINE_BYTES], whole[LINE_BYTES + 64];
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    int columns = known ? size.ws_col : 80, lines = known ? size.ws_row / 2 : 12;
    summary m = summarise(s, sweep);
    sweep_screen_clear(s);
    describe(s, &m, text);
    snprintf(whole, sizeof(whole), "%s; %zu at work, %zu to come", text, m.n_running, m.n_waiting);
    draw(s, whole, columns);
    for (size_t i = 0; i < s->plan->n_runs && s->n_drawn < lines; i++)
        if (sweep->runs[i].state == DQ_RUN_RUNNING) {
            describe_run(&s->plan->runs[i], &s->at[i], text);
            snprintf(whole, sizeof(whole), "  %s", text);
            draw(s, whole, columns);
        }
    (void)fflush(stdout);
}

/* ---------------------------------------------------------------- what the sweep tells */

static void print_json(json_t *o)
{
    json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    printf("\n");
    (void)fflush(stdout);
    json_decref(o);
}

static void on_begun(void *ctx, const dq_sweep *sweep, size_t run)
{
    sweep_screen *s = ctx;
    const char *name = s->plan->runs[run].name;
    dq_sweep_look(s->path, &s->plan->runs[run], &s->at[run]);
    s->first_frame[run] = s->at[run].frame;
    sweep_screen_clear(s);
    if (s->json)
        print_json(json_pack("{s:s, s:s, s:I, s:i}", "event", "begin", "run", name, "frame",
                             (json_int_t)s->at[run].frame, "rank", sweep->runs[run].rank));
    else if (s->at[run].frame > 0)
        printf("%s: goes on from frame %lld\n", name, (long long)s->at[run].frame);
    else
        printf("%s: begins\n", name);
    (void)fflush(stdout);
}

static void say_end(sweep_screen *s, const dq_sweep *sweep, size_t run, double seconds)
{
    static const char *const words[] = {"stopped", "", "done", "given up"};
    char time[NUMBER_BYTES], text[LINE_BYTES];
    const char *name = s->plan->runs[run].name, *word = words[sweep->runs[run].state];
    double score = 0;
    bool is_done = sweep->runs[run].state == DQ_RUN_DONE &&
                   dq_sweep_score(s->path, &s->plan->runs[run], &score) == DQ_OK;
    if (s->json) {
        print_json(json_pack("{s:s, s:s, s:s, s:o, s:f}", "event", "end", "run", name, "how", word,
                             "score", is_done ? json_real(score) : json_null(), "seconds",
                             seconds));
        return;
    }
    summary m = summarise(s, sweep);
    describe(s, &m, text);
    printf("%s: %s after %s", name, word, number_duration(time, seconds));
    if (is_done)
        printf(", score %.2f", score);
    printf(" (%s)\n", text);
}

static void on_ended(void *ctx, const dq_sweep *sweep, size_t run)
{
    sweep_screen *s = ctx;
    double seconds = dq_clock_s() - sweep->runs[run].began_s;
    dq_sweep_look(s->path, &s->plan->runs[run], &s->at[run]);
    s->run_s += seconds;
    s->run_frames += s->at[run].frame - s->first_frame[run];
    sweep_screen_clear(s);
    say_end(s, sweep, run, seconds);
    (void)fflush(stdout);
}

static void on_note(void *ctx, const char *text)
{
    sweep_screen_clear(ctx);
    app_note("%s", text);
}

static void on_tick(void *ctx, const dq_sweep *sweep)
{
    sweep_screen *s = ctx;
    double now = dq_clock_s();
    if (now - s->drawn_s < REDRAW_S)
        return;
    s->drawn_s = now;
    for (size_t i = 0; i < s->plan->n_runs; i++)
        if (sweep->runs[i].state == DQ_RUN_RUNNING)
            dq_sweep_look(s->path, &s->plan->runs[i], &s->at[i]);
    if (s->live)
        redraw(s, sweep);
}

dq_sweep_teller sweep_screen_teller(sweep_screen *s)
{
    return (dq_sweep_teller){s, on_begun, on_ended, on_note, on_tick};
}

/* ---------------------------------------------------------------- the whole */

sweep_screen *sweep_screen_create(const dq_sweep_plan *p, const char *path, bool plain, bool json)
{
    const char *term = getenv("TERM");
    bool can_move = term && *term && strcmp(term, "dumb") != 0;
    sweep_screen *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->plan = p;
    s->path = path;
    s->json = json;
    s->live = !plain && !json && can_move && isatty(STDOUT_FILENO);
    s->begun_s = dq_clock_s();
    s->at = calloc(p->n_runs, sizeof(*s->at));
    s->first_frame = calloc(p->n_runs, sizeof(*s->first_frame));
    if (!s->at || !s->first_frame) {
        sweep_screen_destroy(s);
        return NULL;
    }
    return s;
}

void sweep_screen_destroy(sweep_screen *s)
{
    if (!s)
        return;
    free(s->at);
    free(s->first_frame);
    free(s);
}

static double processor_s(int whose)
{
    struct rusage u;
    getrusage(whose, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

void sweep_screen_end(sweep_screen *s, const dq_sweep *sweep)
{
    char time[NUMBER_BYTES], text[LINE_BYTES];
    double seconds = dq_clock_s() - s->begun_s;
    double own_s = processor_s(RUSAGE_SELF), runs_s = processor_s(RUSAGE_CHILDREN);
    summary m = summarise(s, sweep);
    m.left_s = 0;
    sweep_screen_clear(s);
    if (s->json) {
        print_json(json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f}", "event", "summary", "done",
                             (json_int_t)m.n_done, "given_up", (json_int_t)m.n_failed, "runs",
                             (json_int_t)s->plan->n_runs, "seconds", seconds,
                             "own_processor_seconds", own_s, "runs_processor_seconds", runs_s));
        return;
    }
    describe(s, &m, text);
    printf("%s; %s", text, number_duration(time, seconds));
    if (runs_s >= 1)  // less tells of nothing but starting
        printf("; the sweep itself took %.2f s of a processor, %.2f %% of the %.0f s of the runs "
               "on this machine",
               own_s, 100 * own_s / runs_s, runs_s);
    printf("\n");
}

static void print_status(const dq_sweep_run *run, const dq_sweep_progress *at, const char *path)
{
    char text[LINE_BYTES];
    double score;
    describe_run(run, at, text);
    if (at->has_score && dq_sweep_score(path, run, &score) == DQ_OK)
        printf("%s  score %.2f\n", text, score);
    else
        printf("%s\n", at->has_begun ? text : run->name);
}

static json_t *status_object(const dq_sweep_run *run, const dq_sweep_progress *at, const char *path)
{
    double score;
    bool is_scored = at->has_score && dq_sweep_score(path, run, &score) == DQ_OK;
    return json_pack("{s:s, s:I, s:I, s:o, s:o}", "run", run->name, "frame", (json_int_t)at->frame,
                     "frames", (json_int_t)run->frames, "reward",
                     at->frame > 0 ? json_real(at->reward) : json_null(), "score",
                     is_scored ? json_real(score) : json_null());
}

void sweep_screen_status(const dq_sweep_plan *p, const char *path, const char *holder, bool json)
{
    size_t n_done = 0;
    json_t *runs = json_array();
    for (size_t i = 0; i < p->n_runs; i++) {
        dq_sweep_progress at;
        dq_sweep_look(path, &p->runs[i], &at);
        n_done += at.has_score;
        if (json)
            json_array_append_new(runs, status_object(&p->runs[i], &at, path));
        else
            print_status(&p->runs[i], &at, path);
    }
    if (json) {
        print_json(json_pack("{s:I, s:o, s:O}", "done", (json_int_t)n_done, "held_by",
                             *holder ? json_string(holder) : json_null(), "runs", runs));
    } else {
        printf("%zu of %zu runs done; ", n_done, p->n_runs);
        printf(*holder ? "at work: %s\n" : "nobody is at work\n", holder);
    }
    json_decref(runs);
}
