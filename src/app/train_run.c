#include "app/train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/environments.h"
#include "app/run_store.h"
#include "app/train_output.h"
#include "base/error.h"
#include "nn/graph.h"

struct train_run {
    train_settings settings;
    dq_trainer *trainer;
    run_store *store;
    train_output out;
    train_subject subject;
};

/* Setting up */

/** Which cartridge is played; a run that is resumed must find the same. */
static dq_status note_rom(train_settings *s)
{
    char md5[33];
    DQ_TRY(environments_rom_md5(s->env_id, *s->rom_dir ? s->rom_dir : NULL, md5));
    if (*s->rom_md5 && strcmp(s->rom_md5, md5) != 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "the run was made with the ROM %s, and the one found is %s: name the folder "
                       "of the first with --rom-dir",
                       s->rom_md5, md5);
    return train_settings_set(s, "rom_md5", md5);
}

static void destroy_envs(dq_env **envs, int n)
{
    for (int i = 0; i < n; i++)
        dq_env_destroy(envs[i]);
}

static dq_status make_envs(dq_env **envs, const train_settings *s)
{
    const environment_choice choice = train_settings_environment(s);
    for (int i = 0; i < s->cfg.n_envs; i++) {
        dq_status st = environments_make(&envs[i], &choice);
        if (st != DQ_OK) {
            destroy_envs(envs, i);
            return st;
        }
    }
    return DQ_OK;
}

/** The hyperparameter `network` of a full name: without sizes and words. */
static const char *network_key(const char *network, char key[DQ_NETWORK_NAME])
{
    snprintf(key, DQ_NETWORK_NAME, "%.*s", (int)strcspn(network, " "), network);
    return key;
}

/** A trainer with its environments. @param envs [n_envs] room for them while they are nobody's */
static dq_status make_trainer(train_run *run, dq_env **envs)
{
    const train_settings *s = &run->settings;
    char key[DQ_NETWORK_NAME];
    DQ_TRY(make_envs(envs, s));
    const dq_env_spec *spec = dq_env_get_spec(envs[0]);
    run->subject = (train_subject){.n_actions = spec->n_actions, .obs = spec->obs};
    dq_train_config cfg = train_settings_config(s);
    dq_status st = dq_trainer_create_many(&run->trainer, &cfg, envs);
    if (st != DQ_OK) {
        destroy_envs(envs, s->cfg.n_envs);
        return st;
    }
    run->subject.network = dq_trainer_backend(run->trainer).network;
    if (cfg.network)
        return DQ_OK;
    return train_settings_set(&run->settings, "network", network_key(run->subject.network, key));
}

static dq_status create_trainer(train_run *run)
{
    train_settings *s = &run->settings;
    dq_env **envs = calloc((size_t)s->cfg.n_envs, sizeof(dq_env *));
    if (!envs)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d environments", s->cfg.n_envs);
    dq_status st = make_trainer(run, envs);
    free(envs);
    DQ_TRY(st);
    if (!environments_is_atari(s->env_id))
        *s->dialect = '\0';  // nothing is preprocessed: neither the run nor its models name one
    dq_backend backend = dq_trainer_backend(run->trainer);
    s->cfg.n_threads = backend.n_threads;
    DQ_TRY(train_settings_set(s, "isa", backend.isa));
    return note_rom(s);
}

static dq_status open_run(train_run **out, const train_settings *s, const char *dir,
                          dq_status (*open)(run_store **, const run_parts *, const char *))
{
    train_run *run = *out = calloc(1, sizeof(*run));
    if (!run)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a run");
    run->settings = *s;
    dq_status st = create_trainer(run);
    if (st == DQ_OK) {
        const run_parts parts = {&run->settings, run->trainer, &run->out};
        st = open(&run->store, &parts, dir);
    }
    if (st != DQ_OK) {
        train_run_destroy(run);
        *out = NULL;
    }
    return st;
}

dq_status train_run_create(train_run **out, const train_settings *s, const char *dir)
{
    return open_run(out, s, dir, run_store_create);
}

dq_status train_run_resume(train_run **out, const train_settings *s, const char *dir)
{
    return open_run(out, s, dir, run_store_resume);
}

void train_run_destroy(train_run *run)
{
    if (!run)
        return;
    run_store_destroy(run->store);
    dq_trainer_destroy(run->trainer);
    free(run);
}

/* Training */

static dq_status on_checkpoint(void *ctx, const dq_progress *p)
{
    (void)p;
    return run_store_checkpoint(((train_run *)ctx)->store);
}

static dq_status on_game(void *ctx, const dq_progress *p)
{
    train_run *run = ctx;
    train_output_game(&run->out, p);
    return run_store_game(run->store, p);
}

static dq_status on_best(void *ctx, const dq_progress *p, bool first)
{
    train_run *run = ctx;
    const char *path;
    DQ_TRY(run_store_best(run->store, p, &path));
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
    train_output_step(&run->out, p, run_store_disk_bytes(run->store));
    if (run->out.broken)
        return dq_fail(DQ_ERR_IO,
                       "standard output cannot be written: training stopped at frame %lld",
                       (long long)p->step);
    return run_store_step(run->store);
}

/** A run that has nothing left to do says so. */
static bool is_finished(train_run *run)
{
    dq_progress p;
    const char *dir = run_store_path(run->store);
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
    int64_t step = run_store_saved_step(run->store);
    if (step < 0)
        snprintf(text, cap, "there is no checkpoint yet: begin again with deepq train --resume %s",
                 run_store_path(run->store));
    else
        snprintf(
            text, cap,
            "the checkpoint of frame %lld is whole: continue from there with deepq train --resume "
            "%s",
            (long long)step, run_store_path(run->store));
}

/** The end could not be saved, or something failed that trying again does not help. */
static int end_by_failure(train_run *run, dq_status st, const char *reason)
{
    char left[2 * SETTING_PATH_BYTES];
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    train_output_end(&run->out, &p, reason, run_store_path(run->store));
    describe_checkpoint(run, left, sizeof(left));
    return app_fail(app_exit_status(st), "%s; %s", dq_errmsg(), left);
}

/** Not saved: the same run would diverge again. */
static int end_by_divergence(train_run *run)
{
    int64_t good = run_store_saved_step(run->store);
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    train_output_end(&run->out, &p, "diverged", run_store_path(run->store));
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
    dq_status saved = run_store_finish(run->store);
    if (saved != DQ_OK)
        return end_by_failure(run, saved, reason);
    train_output_end(&run->out, &p, reason, run_store_path(run->store));
    if (st == DQ_OK)
        return APP_DONE;
    return app_fail(app_exit_status(st), "%s; saved: continue with deepq train --resume %s", why,
                    run_store_path(run->store));
}

static int end(train_run *run, dq_status st, bool solved)
{
    if (st == DQ_ERR_DIVERGED)
        return end_by_divergence(run);
    if (st == DQ_OK || st == DQ_ERR_INTERRUPTED || run->out.broken)
        return end_at_a_step(run, st, solved);
    return end_by_failure(run, st, "failed");
}

int train_run_go(train_run *run, bool json, bool plain, const volatile int *stop)
{
    dq_train_events events = {run, on_game, on_best, on_solved, on_step, on_checkpoint};
    bool solved = false;
    int64_t saved_step = run_store_saved_step(run->store),
            first_step = saved_step < 0 ? 0 : saved_step;
    train_output_init(&run->out, json, plain, &run->settings, first_step);
    if (is_finished(run))
        return APP_DONE;
    train_output_start(&run->out, &run->settings, &run->subject, run_store_path(run->store),
                       first_step);
    dq_status st = dq_trainer_run(run->trainer, &events, stop, &solved);
    return end(run, st, solved);
}
