#include "app/train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/slow_notice.h"
#include "app/train_output.h"
#include "base/error.h"
#include "run/run_store.h"
#include "run/run_trainer.h"
#include "web/dashboard.h"

struct train_run {
    dq_train_settings settings;
    dq_trainer *trainer;
    dq_run_store *store;
    train_output out;
    dq_run_subject subject;
    slow_notice notice;  // while a checkpoint is waited for
    bool watched;
    dq_live_game *live;  // for the dashboard; NULL: there is none
    dq_dashboard *dashboard;
};

/* Setting up */

static void note(void *ctx, const char *text)
{
    train_output_clear(&((train_run *)ctx)->out);
    app_note("%s", text);
}

static void say_saving(void *ctx)
{
    train_output_saving(ctx);
}

static void saving(void *ctx, bool begins)
{
    train_run *run = ctx;
    if (begins)
        slow_notice_begin(&run->notice, say_saving, &run->out);
    else
        slow_notice_end(&run->notice);
}

static void evaluated(void *ctx, int64_t step, const dq_evaluation_scores *scores)
{
    train_run *run = ctx;
    train_output_evaluated(&run->out, step, scores);
}

static dq_status open_run(train_run **out, const dq_train_settings *s, const char *dir,
                          dq_status (*open)(dq_run_store **, const dq_run_parts *, const char *))
{
    train_run *run = *out = calloc(1, sizeof(*run));
    if (!run)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a run");
    run->settings = *s;
    dq_status st = dq_run_trainer_create(&run->trainer, &run->subject, &run->settings, NULL);
    if (st == DQ_OK) {
        const dq_run_parts parts = {&run->settings, run->trainer, {run, note, saving, evaluated}};
        st = open(&run->store, &parts, dir);
    }
    if (st != DQ_OK) {
        train_run_destroy(run);
        *out = NULL;
    }
    return st;
}

dq_status train_run_create(train_run **out, const dq_train_settings *s, const char *dir)
{
    return open_run(out, s, dir, dq_run_store_create);
}

dq_status train_run_resume(train_run **out, const dq_train_settings *s, const char *dir)
{
    return open_run(out, s, dir, dq_run_store_resume);
}

void train_run_destroy(train_run *run)
{
    if (!run)
        return;
    dq_dashboard_stop(run->dashboard);
    dq_live_game_destroy(run->live);
    dq_run_store_destroy(run->store);
    dq_trainer_destroy(run->trainer);
    free(run);
}

dq_status train_run_show(train_run *run, int port)
{
    const char *dir = dq_run_store_path(run->store);
    DQ_TRY(dq_live_game_create(&run->live, run->trainer, &run->settings.cfg));
    const dq_dashboard_options o = {&dir, 1, port, run->live};
    DQ_TRY(dq_dashboard_start(&run->dashboard, &o));
    app_note("dashboard: http://127.0.0.1:%d/", dq_dashboard_port(run->dashboard));
    return DQ_OK;
}

/* Training */

static dq_status on_checkpoint(void *ctx, const dq_progress *p)
{
    (void)p;
    return dq_run_store_checkpoint(((train_run *)ctx)->store);
}

static dq_status on_act(void *ctx, const dq_train_act *a)
{
    train_run *run = ctx;
    train_output_act(&run->out, a);
    if (run->live)
        dq_live_game_act(run->live, a);
    return dq_run_store_act(run->store, a);
}

static dq_status on_game(void *ctx, const dq_progress *p)
{
    train_run *run = ctx;
    train_output_game(&run->out, p);
    return dq_run_store_game(run->store, p);
}

static dq_status on_best(void *ctx, const dq_progress *p, bool first)
{
    train_run *run = ctx;
    const char *path;
    DQ_TRY(dq_run_store_best(run->store, p, &path));
    train_output_best(&run->out, p, first, path);
    return DQ_OK;
}

static dq_status on_solved(void *ctx, const dq_progress *p)
{
    train_run *run = ctx;
    train_output_solved(&run->out, p);
    return DQ_OK;
}

static dq_status on_step(void *ctx, const dq_progress *p)
{
    train_run *run = ctx;
    train_output_step(&run->out, p, dq_run_store_disk_bytes(run->store));
    if (run->live)
        dq_live_game_step(run->live, p);
    if (run->out.broken)
        return dq_fail(DQ_ERR_IO,
                       "standard output cannot be written: training stopped at frame %lld",
                       (long long)p->step);
    return dq_run_store_step(run->store);
}

/** A run that has nothing left to do says so. */
static bool is_finished(train_run *run)
{
    dq_progress p;
    const char *dir = dq_run_store_path(run->store);
    const dq_train_config *cfg = &run->settings.cfg;
    dq_trainer_progress(run->trainer, &p);
    if (!p.solved && (cfg->max_steps == 0 || p.step < cfg->max_steps))
        return false;
    if (run->out.json)
        train_output_end(&run->out, &p, "finished", dir);
    else if (p.solved)
        printf("%s is finished: solved in %lld frames\n", app_plain(dir), (long long)p.step);
    else
        printf("%s is finished: it has had its %lld frames; --frames N continues it to N\n",
               app_plain(dir), (long long)p.step);
    return true;
}

/** What the run can be continued from, in words. */
static void describe_checkpoint(const train_run *run, char *text, size_t cap)
{
    int64_t step = dq_run_store_saved_step(run->store);
    if (step < 0)
        snprintf(text, cap, "there is no checkpoint yet: begin again with deepq train --resume %s",
                 dq_run_store_path(run->store));
    else
        snprintf(
            text, cap,
            "the checkpoint of frame %lld is whole: continue from there with deepq train --resume "
            "%s",
            (long long)step, dq_run_store_path(run->store));
}

/** The end could not be saved, or something failed that trying again does not help. */
static int end_by_failure(train_run *run, dq_status st, const char *reason)
{
    char left[2 * DQ_SETTING_PATH_BYTES];
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    train_output_end(&run->out, &p, reason, dq_run_store_path(run->store));
    describe_checkpoint(run, left, sizeof(left));
    return app_fail(app_exit_status(st), "%s; %s", dq_errmsg(), left);
}

/** Not saved: the same run would diverge again. */
static int end_by_divergence(train_run *run)
{
    int64_t good = dq_run_store_saved_step(run->store);
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    train_output_end(&run->out, &p, "diverged", dq_run_store_path(run->store));
    if (good < 0)
        return app_report(DQ_ERR_DIVERGED);
    return app_fail(APP_FAILED, "%s (the last good checkpoint is that of frame %lld)", dq_errmsg(),
                    (long long)good);
}

/** The run ended in between two steps: save it, then say how it ended. */
static int end_at_a_step(train_run *run, dq_status st, bool solved)
{
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    char why[1024];
    snprintf(why, sizeof(why), "%s", dq_errmsg());
    const char *reason = solved ? "solved" : st == DQ_OK ? "frames" : "interrupted";
    dq_status saved = dq_run_store_finish(run->store);
    if (saved != DQ_OK)
        return end_by_failure(run, saved, reason);
    train_output_end(&run->out, &p, reason, dq_run_store_path(run->store));
    if (st == DQ_OK)
        return APP_DONE;
    return app_fail(app_exit_status(st), "%s; saved: continue with deepq train --resume %s", why,
                    dq_run_store_path(run->store));
}

static int end(train_run *run, dq_status st, bool solved)
{
    if (st == DQ_ERR_DIVERGED)
        return end_by_divergence(run);
    if (st == DQ_OK || st == DQ_ERR_INTERRUPTED || run->out.broken)
        return end_at_a_step(run, st, solved);
    return end_by_failure(run, st, "failed");
}

void train_run_watch(train_run *run)
{
    run->watched = true;
}

/** Say so where the run ends before the replay buffer has enough to learn from. */
static void note_if_nothing_is_learned(const dq_train_config *cfg)
{
    if (cfg->rollout == 0 && cfg->max_steps > 0 && cfg->max_steps < cfg->replay_start)
        app_note("nothing will be learned: training ends at frame %lld, and learning begins at "
                 "frame %lld (--frames, replay_start)",
                 (long long)cfg->max_steps, (long long)cfg->replay_start);
}

int train_run_go(train_run *run, bool json, bool plain, const volatile int *stop)
{
    dq_train_events events = {run, on_game, on_best, on_solved, on_step, on_checkpoint, on_act};
    bool solved = false;
    int64_t saved_step = dq_run_store_saved_step(run->store),
            first_step = saved_step < 0 ? 0 : saved_step;
    train_output_init(&run->out, json, plain, &run->settings, first_step);
    if (is_finished(run))
        return APP_DONE;
    train_output_start(&run->out, &run->settings, &run->subject, dq_run_store_path(run->store),
                       first_step);
    if (first_step == 0)
        note_if_nothing_is_learned(&run->settings.cfg);
    dq_status st =
        run->watched ? train_output_watch(&run->out, dq_trainer_env(run->trainer, 0)) : DQ_OK;
    if (st == DQ_OK)
        st = dq_run_store_begin(run->store, stop);
    if (st == DQ_OK)
        st = dq_trainer_run(run->trainer, &events, stop, &solved);
    return end(run, st, solved);
}
