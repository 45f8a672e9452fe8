#include "app/train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "app/app.h"
#include "app/checkpoint_file.h"
#include "app/environments.h"
#include "app/train_log.h"
#include "app/train_output.h"
#include "base/error.h"
#include "deepq/model.h"
#include "deepq/version.h"
#include "record/run_folder.h"
#include "record/tensorboard.h"

struct train_run {
    train_settings settings;
    dq_run_folder folder;
    bool folder_is_open;
    dq_trainer *trainer;
    train_log *log;
    train_output out;
    int64_t saved_step;  // of the last checkpoint
    int n_actions;
    dq_tensor params[DQ_NET_MAX_TENSORS];  // where a model is collected to be saved
    int n_params;
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
    const environment_choice choice = {.id = s->env_id,
                                       .dialect = s->dialect,
                                       .rom_dir = *s->rom_dir ? s->rom_dir : NULL,
                                       .seed = s->cfg.seed,
                                       .noop_max = -1};
    for (int i = 0; i < s->cfg.n_envs; i++) {
        dq_status st = environments_make(&envs[i], &choice);
        if (st != DQ_OK) {
            destroy_envs(envs, i);
            return st;
        }
    }
    return DQ_OK;
}

/** A trainer with its environments. @param envs [n_envs] room for them while they are nobody's */
static dq_status make_trainer(train_run *run, dq_env **envs)
{
    const train_settings *s = &run->settings;
    DQ_TRY(make_envs(envs, s));
    run->n_actions = dq_env_get_spec(envs[0])->n_actions;
    dq_train_config cfg = train_settings_config(s);
    dq_status st = dq_trainer_create_many(&run->trainer, &cfg, envs);
    if (st != DQ_OK)
        destroy_envs(envs, s->cfg.n_envs);
    return st;
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
    const dq_net *net = dq_trainer_net(run->trainer);
    s->cfg.n_threads = dq_net_threads(net);
    DQ_TRY(train_settings_set(s, "isa", dq_net_isa(net)));
    return note_rom(s);
}

static dq_status create_params(train_run *run)
{
    run->n_params = dq_net_param_shapes(run->settings.cfg.network, run->n_actions, run->params);
    for (int i = 0; i < run->n_params; i++) {
        run->params[i].data = calloc(dq_tensor_elements(&run->params[i]), sizeof(float));
        if (!run->params[i].data)
            return dq_fail(DQ_ERR_NOMEM, "no memory for a copy of the model");
    }
    return DQ_OK;
}

static dq_status begin(train_run **out, const train_settings *s)
{
    train_run *run = *out = calloc(1, sizeof(*run));
    if (!run)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a run");
    run->settings = *s;
    DQ_TRY(create_trainer(run));
    return create_params(run);
}

static const char *log_folder(const train_run *run)
{
    return *run->settings.logdir ? run->settings.logdir : run->folder.path;
}

/** A run has one event file, which its settings name. */
static dq_status name_events(train_run *run)
{
    train_settings *s = &run->settings;
    if (strchr(s->events, '/'))
        return dq_fail(DQ_ERR_CONFIG, "events = '%s': choose a name without slashes", s->events);
    if (*s->events)
        return DQ_OK;
    return dq_tb_new_name(s->events, sizeof(s->events), log_folder(run), NULL);
}

/** Nothing is lost without a word. */
static void tell_damage(const train_run *run, const char *log)
{
    size_t n_lines, n_events;
    train_log_damaged(run->log, &n_lines, &n_events);
    if (n_lines > 0)
        fprintf(stderr, "deepq: %s: lines damaged: %zu, set aside in %s.damaged\n", log, n_lines,
                log);
    if (n_events > 0)
        fprintf(stderr, "deepq: %s/%s: records damaged: %zu, set aside in %s/" DQ_TB_ASIDE "\n",
                log_folder(run), run->settings.events, n_events, log_folder(run));
}

/** Write the settings as they are now, and open the records for what comes after `step`. */
static dq_status open_files(train_run *run, int64_t step, bool resumed)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(name_events(run));
    DQ_TRY(dq_run_file(&run->folder, DQ_RUN_CONFIG, path));
    DQ_TRY(train_settings_write(&run->settings, path));
    DQ_TRY(dq_run_file(&run->folder, DQ_RUN_LOG, path));
    const train_log_place place = {.path = path,
                                   .logdir = log_folder(run),
                                   .events = run->settings.events,
                                   .step = step,
                                   .resumed = resumed};
    DQ_TRY(train_log_open(&run->log, &place));
    tell_damage(run, path);
    return DQ_OK;
}

static dq_status save_checkpoint(train_run *run)
{
    char path[DQ_PATH_CAP];
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    checkpoint_info info = {
        .step = p.step,
        .n_updates = p.n_updates,
        .n_games = p.n_games,
        .mean_reward = p.mean_reward,
        .best_mean = p.best_mean,
    };
    snprintf(info.version, sizeof(info.version), "%s", dq_version());
    snprintf(info.env_id, sizeof(info.env_id), "%s", run->settings.env_id);
    const dq_net *net = dq_trainer_net(run->trainer);
    snprintf(info.kernels, sizeof(info.kernels), "%s %s", dq_net_isa(net), dq_net_precision(net));
    DQ_TRY(dq_run_file(&run->folder, DQ_RUN_CHECKPOINT, path));
    DQ_TRY(checkpoint_write(path, &info, run->trainer));
    run->saved_step = p.step;
    return DQ_OK;
}

static dq_status load_checkpoint(train_run *run)
{
    char path[DQ_PATH_CAP];
    checkpoint_info info;
    dq_reader *r;
    DQ_TRY(dq_run_file(&run->folder, DQ_RUN_CHECKPOINT, path));
    DQ_TRY(checkpoint_open(&r, &info, path));
    dq_status st = dq_trainer_load(run->trainer, r);
    dq_reader_destroy(r);
    if (st != DQ_OK)
        return dq_fail_within(st, "%s", path);
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    if (info.step != p.step || info.n_updates != p.n_updates || info.n_games != p.n_games)
        return dq_fail(DQ_ERR_INPUT,
                       "%s is damaged: its head tells of frame %lld, its state of %lld", path,
                       (long long)info.step, (long long)p.step);
    run->saved_step = p.step;
    return DQ_OK;
}

/** A new run has a checkpoint from the start: it can be resumed whenever it is stopped, and a
 *  folder that cannot be written is known before hours of work. */
static dq_status finish_create(train_run *run, const char *dir)
{
    const dq_run_name name = {
        .out = dir,
        .env = run->settings.env_id,
        .preset = run->settings.preset,
        .seed = run->settings.cfg.seed,
        .now = time(NULL),
    };
    DQ_TRY(dq_run_folder_create(&run->folder, &name));
    run->folder_is_open = true;
    DQ_TRY(open_files(run, 0, false));
    return save_checkpoint(run);
}

/** A run's config may be somebody else's: no folder is made where it says. */
static dq_status check_logdir(const train_run *run)
{
    struct stat info;
    const char *logdir = run->settings.logdir;
    if (!*logdir || (stat(logdir, &info) == 0 && S_ISDIR(info.st_mode)))
        return DQ_OK;
    return dq_fail(
        DQ_ERR_INPUT,
        "%s: the folder for events that its config names, %s, is missing: make it, or take "
        "the line `logdir` out",
        run->folder.path, logdir);
}

static dq_status finish_resume(train_run *run, const char *dir)
{
    dq_status st = dq_run_folder_open(&run->folder, dir);
    if (st != DQ_OK)
        return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
    run->folder_is_open = true;
    DQ_TRY(check_logdir(run));
    DQ_TRY(load_checkpoint(run));
    return open_files(run, run->saved_step, true);
}

static dq_status open_run(train_run **out, const train_settings *s, const char *dir,
                          dq_status (*finish)(train_run *, const char *))
{
    dq_status st = begin(out, s);
    if (st == DQ_OK)
        st = finish(*out, dir);
    if (st != DQ_OK) {
        train_run_destroy(*out);
        *out = NULL;
    }
    return st;
}

dq_status train_run_create(train_run **out, const train_settings *s, const char *dir)
{
    return open_run(out, s, dir, finish_create);
}

dq_status train_run_resume(train_run **out, const train_settings *s, const char *dir)
{
    return open_run(out, s, dir, finish_resume);
}

dq_status train_run_settings(train_settings *s, const char *dir)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/" DQ_RUN_CONFIG, dir));
    DQ_TRY(train_settings_init(s, "book"));
    return train_settings_read(s, path, false);
}

void train_run_destroy(train_run *run)
{
    if (!run)
        return;
    train_log_close(run->log);
    dq_trainer_destroy(run->trainer);
    for (int i = 0; i < run->n_params; i++)
        free(run->params[i].data);
    if (run->folder_is_open)
        dq_run_folder_close(&run->folder);
    free(run);
}

/* Training */

static dq_status on_checkpoint(void *ctx, const dq_progress *p)
{
    (void)p;
    return save_checkpoint(ctx);
}

static dq_status on_game(void *ctx, const dq_progress *p)
{
    train_run *run = ctx;
    train_output_game(&run->out, p);
    return train_log_game(run->log, p);
}

static dq_model_info describe_model(const train_run *run, const dq_progress *p)
{
    const train_settings *s = &run->settings;
    dq_model_info info = dq_model_info_default();
    snprintf(info.env_id, sizeof(info.env_id), "%s", s->env_id);
    snprintf(info.dialect, sizeof(info.dialect), "%s", s->dialect);
    snprintf(info.network, sizeof(info.network), "%s",
             dq_net_network(dq_trainer_net(run->trainer)));
    snprintf(info.preset, sizeof(info.preset), "%s", s->preset);
    info.step = p->step;
    info.score = p->mean_reward;
    return info;
}

static dq_status on_best(void *ctx, const dq_progress *p, bool first)
{
    train_run *run = ctx;
    char path[DQ_PATH_CAP];
    DQ_TRY(dq_run_model_file(&run->folder, run->settings.env_id, p->best_mean, path));
    dq_net_get_params(dq_trainer_net(run->trainer), run->params);
    DQ_TRY(dq_net_status(dq_trainer_net(run->trainer)));
    dq_model_info info = describe_model(run, p);
    DQ_TRY(dq_model_save_with(path, run->params, (size_t)run->n_params, &info));
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
    train_output_step(&run->out, p);
    if (run->out.broken)
        return dq_fail(DQ_ERR_IO,
                       "standard output cannot be written: training stopped at frame %lld",
                       (long long)p->step);
    return DQ_OK;
}

/** A run that has nothing left to do says so. */
static bool is_finished(train_run *run)
{
    dq_progress p;
    const char *dir = run->folder.path;
    const dq_train_config *cfg = &run->settings.cfg;
    dq_trainer_progress(run->trainer, &p);
    if (!p.solved && (cfg->max_steps == 0 || p.step < cfg->max_steps))
        return false;
    if (run->out.json)
        train_output_end(&run->out, &p, "finished", dir);
    else if (p.solved)
        printf("%s is finished: solved in %lld frames\n", app_plain(dir), (long long)p.step);
    else
        printf("%s is finished: it has had its %lld frames; --frames N lets it go on to N\n",
               app_plain(dir), (long long)p.step);
    return true;
}

/** The run ended in between two steps: save it, then say how it ended. */
static int end_at_a_step(train_run *run, dq_status st, bool solved)
{
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    char why[1024];
    snprintf(why, sizeof(why), "%s", dq_errmsg());
    const char *reason = solved ? "solved" : st == DQ_OK ? "frames" : "interrupted";
    dq_status saved = save_checkpoint(run);
    train_output_end(&run->out, &p, reason, run->folder.path);
    if (saved != DQ_OK)
        return app_report(saved);
    if (st == DQ_OK)
        return APP_DONE;
    return app_fail(app_exit_status(st), "%s; saved: go on with deepq train --resume %s", why,
                    run->folder.path);
}

/** A file of the run could not be written, or learning diverged; the last checkpoint is whole and
 *  older than that. */
static int end_by_failure(train_run *run, dq_status st)
{
    bool diverged = st == DQ_ERR_DIVERGED;
    dq_progress p;
    dq_trainer_progress(run->trainer, &p);
    train_output_end(&run->out, &p, diverged ? "diverged" : "failed", run->folder.path);
    if (diverged)  // the same again would come to the same
        return app_fail(APP_FAILED, "%s (the last good checkpoint is that of frame %lld)",
                        dq_errmsg(), (long long)run->saved_step);
    return app_fail(app_exit_status(st),
                    "%s; the checkpoint of frame %lld is whole: go on from there with deepq train "
                    "--resume %s",
                    dq_errmsg(), (long long)run->saved_step, run->folder.path);
}

int train_run_go(train_run *run, bool json, bool plain, const volatile int *stop)
{
    dq_train_events events = {run, on_game, on_best, on_solved, on_step, on_checkpoint};
    bool solved = false;
    train_output_init(&run->out, json, plain, &run->settings, run->saved_step);
    if (is_finished(run))
        return APP_DONE;
    train_output_start(&run->out, &run->settings, run->n_actions, run->folder.path,
                       run->saved_step);
    dq_status st = dq_trainer_run(run->trainer, &events, stop, &solved);
    bool between_steps = st == DQ_OK || st == DQ_ERR_INTERRUPTED || run->out.broken;
    return between_steps ? end_at_a_step(run, st, solved) : end_by_failure(run, st);
}
