#include "app/tabular_run.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/app.h"
#include "app/chart.h"
#include "app/interrupt.h"
#include "app/tabular_view.h"
#include "base/clock.h"
#include "base/error.h"
#include "record/file_names.h"
#include "record/tensorboard.h"

typedef struct learning {
    const tabular_world *world;
    const dq_tabular_config *cfg;
    const tabular_output *out;
    dq_env *env, *test;
    dq_tabular *learner;
    dq_tb *board;
    chart_curve curve;  // of test rewards, where a picture is wanted
    bool solved;
    double start_s, shown_s;  // of the live line; shown_s 0: it is not shown
} learning;

enum { LIVE_EVERY = 64 };                // iterations between two looks at the clock
static const double live_pause_s = 0.2;  // between two lines

static double wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17));
    json_decref(object);
    printf("\n");
    (void)fflush(stdout);
}

/** One line that is written over and over. */
static void draw_live(learning *l, const dq_tabular_progress *p)
{
    double now = dq_clock_s();
    if (p->iteration % LIVE_EVERY != 0 || now - fmax(l->shown_s, l->start_s) < live_pause_s)
        return;
    l->shown_s = now;
    printf("\riteration %" PRId64 ", reward %.3f, best %.3f, %.0f iterations/s\x1b[K", p->iteration,
           p->reward, p->best, (double)p->iteration / (now - l->start_s));
    (void)fflush(stdout);
}

static void clear_live(learning *l)
{
    if (l->shown_s > 0)
        printf("\r\x1b[K");
    l->shown_s = 0;
}

static dq_status note_iteration(void *ctx, const dq_tabular_progress *p)
{
    learning *l = ctx;
    if (l->out->is_live)
        draw_live(l, p);
    if (l->out->plot)
        DQ_TRY(chart_curve_add(&l->curve, p->reward));
    return l->board ? dq_tb_scalar(l->board, "reward", p->iteration, p->reward, wall_time())
                    : DQ_OK;
}

static dq_status say_best(void *ctx, const dq_tabular_progress *p)
{
    learning *l = ctx;
    clear_live(l);
    if (l->out->json)
        print_json(json_pack("{s:s, s:I, s:f, s:f}", "event", "best", "iteration",
                             (json_int_t)p->iteration, "previous", p->previous_best, "reward",
                             p->best));
    else
        printf("Best reward updated %.3f -> %.3f\n", p->previous_best, p->best);
    (void)fflush(stdout);
    return DQ_OK;
}

static dq_status say_solved(void *ctx, const dq_tabular_progress *p)
{
    learning *l = ctx;
    clear_live(l);
    if (!l->out->json)
        printf("Solved in %" PRId64 " iterations!\n", p->iteration);
    (void)fflush(stdout);
    return DQ_OK;
}

static dq_status open_log(learning *l)
{
    char logdir[DQ_PATH_CAP], comment[64];
    if (!l->out->has_log)
        return DQ_OK;
    if (l->out->logdir)
        return dq_tb_open(&l->board, l->out->logdir, NULL);
    // The book's comments: -v-iteration, -q-iteration, -q-learning.
    snprintf(comment, sizeof(comment), "%s",
             l->cfg->method == DQ_VALUE_ITERATION ? "v-iteration" : l->out->method);
    DQ_TRY(dq_tb_default_logdir(logdir, sizeof(logdir), comment, time(NULL)));
    return dq_tb_open(&l->board, logdir, NULL);
}

static dq_status start(learning *l)
{
    DQ_TRY(tabular_world_make(l->world, &l->env));
    DQ_TRY(tabular_world_make(l->world, &l->test));
    DQ_TRY(dq_tabular_create(&l->learner, l->cfg, l->env, l->test));
    return open_log(l);
}

static dq_status learn(learning *l)
{
    const dq_tabular_events events = {
        .ctx = l,
        .iteration = l->board || l->out->plot || l->out->is_live ? note_iteration : NULL,
        .best = say_best,
        .solved = say_solved,
    };
    l->start_s = dq_clock_s();
    dq_status st = dq_tabular_run(l->learner, &events, interrupt_catch(), &l->solved);
    clear_live(l);
    dq_status closed = dq_tb_close(l->board);
    l->board = NULL;
    return st == DQ_OK ? closed : st;
}

static json_t *numbers(const double *values, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

static void print_result(const learning *l, const tabular_findings *f)
{
    const dq_env_spec *spec = dq_env_get_spec(l->env);
    dq_tabular_progress p;
    dq_tabular_get_progress(l->learner, &p);
    json_t *policy = json_array();
    for (int s = 0; s < spec->n_states; s++)
        json_array_append_new(policy, json_integer(f->policy[s]));
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:I, s:b, s:I, s:f, s:f, s:I, s:o, s:o}", "event", "result",
                  "method", l->out->method, "env", spec->id, "seed", (json_int_t)l->cfg->seed,
                  "solved", l->solved, "iterations", (json_int_t)p.iteration, "reward", p.reward,
                  "best", p.best, "env_steps", (json_int_t)p.n_env_steps, "policy", policy, "q",
                  numbers(f->q, (size_t)spec->n_states * (size_t)spec->n_actions));
    if (f->has_exact) {
        json_object_set_new(o, "exact_reward", json_real(f->score.reward));
        json_object_set_new(o, "success", json_real(f->score.success));
        json_object_set_new(o, "best_exact_reward", json_real(f->best_reward));
        json_object_set_new(o, "largest_difference", json_real(f->largest_difference));
    }
    print_json(o);
}

static void print_unsolved(const learning *l)
{
    dq_tabular_progress p;
    dq_tabular_get_progress(l->learner, &p);
    printf("Not solved in %" PRId64 " iterations: best reward %.3f, bound %.3f\n", p.iteration,
           p.best, l->cfg->reward_bound);
}

/** What was learnt, beside the truth. */
static dq_status tell(learning *l)
{
    tabular_findings f;
    if (!l->solved && !l->out->json)
        print_unsolved(l);
    if (l->out->plot)
        DQ_TRY(chart_write_curve(l->out->plot, &l->curve, l->cfg->reward_bound));
    DQ_TRY(tabular_findings_make(&f, l->env, l->learner, l->cfg));
    if (l->out->json)
        print_result(l, &f);
    else if (l->out->show)
        tabular_view_print(l->world, l->env, &f, l->cfg);
    dq_status st = l->out->render ? tabular_view_episode(l->test, f.policy, l->cfg, l->out->fps,
                                                         interrupt_catch())
                                  : DQ_OK;
    tabular_findings_free(&f);
    return st;
}

int tabular_run(const tabular_world *w, const dq_tabular_config *cfg, const tabular_output *out)
{
    learning l = {.world = w, .cfg = cfg, .out = out};
    dq_status st = start(&l);
    if (st == DQ_OK)
        st = learn(&l);
    if (st == DQ_OK)
        st = tell(&l);
    (void)dq_tb_close(l.board);
    chart_curve_free(&l.curve);
    dq_tabular_destroy(l.learner);
    dq_env_destroy(l.env);
    dq_env_destroy(l.test);
    return app_report(st);
}

int tabular_run_known(const tabular_world *w, const dq_tabular_config *cfg,
                      const tabular_output *out)
{
    dq_env *env = NULL;
    tabular_findings f = {0};
    dq_status st = tabular_world_make(w, &env);
    if (st == DQ_OK)
        st = tabular_findings_exact(&f, env, cfg);
    if (st == DQ_OK && out->json) {
        const dq_env_spec *spec = dq_env_get_spec(env);
        print_json(json_pack("{s:s, s:s, s:s, s:f, s:i, s:f, s:f, s:f, s:f, s:o}", "event", "exact",
                             "method", out->method, "env", spec->id, "gamma", cfg->gamma, "sweeps",
                             f.n_sweeps, "start_value", f.start_value, "exact_reward",
                             f.score.reward, "success", f.score.success, "best_exact_reward",
                             f.best_reward, "q",
                             numbers(f.q, (size_t)spec->n_states * (size_t)spec->n_actions)));
    } else if (st == DQ_OK) {
        printf("Converged in %d sweeps\n", f.n_sweeps);
        tabular_view_print(w, env, &f, cfg);
    }
    if (st == DQ_OK && out->render)
        st = tabular_view_episode(env, f.policy, cfg, out->fps, interrupt_catch());
    tabular_findings_free(&f);
    dq_env_destroy(env);
    int exit_status = app_report(st);
    return st == DQ_ERR_UNSUPPORTED ? APP_MISUSED : exit_status;  // the world does not fit
}
