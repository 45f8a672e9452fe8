#include "run/run_store.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "deepq/model.h"
#include "deepq/version.h"
#include "nn/graph.h"
#include "record/run_folder.h"
#include "record/tensorboard.h"
#include "run/checkpoints.h"
#include "run/run_actions.h"
#include "run/run_evaluations.h"
#include "run/run_trainer.h"
#include "run/train_log.h"

static_assert((int)DQ_NETWORK_NAME == (int)DQ_MODEL_NETWORK_BYTES,
              "a model says which network it is");

static const double RETRY_S = 5;
enum { SETTINGS_BYTES = 1 << 15 };  // of a table with all of them

typedef enum record_kind {
    RECORD_LOG,
    RECORD_ACTIONS,
    RECORD_MODEL,
    RECORD_CHECKPOINT,
    N_RECORD_KINDS
} record_kind;

struct dq_run_store {
    dq_run_parts parts;
    dq_run_folder folder;
    bool folder_is_open;
    dq_checkpoints *checkpoints;
    dq_train_log *log;
    dq_action_log *actions;
    int64_t saved_step;          // of the last checkpoint, -1: none
    int64_t evaluated_step;      // of the last evaluation, 0: none
    const volatile int *stop;    // ends an evaluation; NULL: nothing does
    bool fails[N_RECORD_KINDS];  // since the last time that it was told
    double failed_s;             // when the checkpoint did, wall clock
    dq_tensor *params;           // [n_params] the best model's
    int n_params;
    dq_model_info model_info;
    char model_path[DQ_PATH_CAP];
    bool model_waits;  // it could not be written
};

/* ---------------------------------------------------------------- what fails */

__attribute__((format(printf, 2, 3))) static void note(const dq_run_store *s, const char *format,
                                                       ...)
{
    char text[2 * DQ_PATH_CAP];
    va_list values;
    if (!s->parts.teller.note)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    s->parts.teller.note(s->parts.teller.ctx, text);
}

static void tell_saving(const dq_run_store *s, bool begins)
{
    if (s->parts.teller.saving)
        s->parts.teller.saving(s->parts.teller.ctx, begins);
}

static bool may_pass(dq_status st)
{
    return st == DQ_ERR_IO || st == DQ_ERR_NOT_FOUND || st == DQ_ERR_NOMEM;
}

/** Tell a failure that may pass, once until it has. @return one that will not */
static dq_status tell(dq_run_store *s, record_kind kind, dq_status st)
{
    if (st != DQ_OK && !may_pass(st))
        return st;
    bool fails = st != DQ_OK;
    if (fails && !s->fails[kind])
        note(s, "%s: training continues, and this is tried again", dq_errmsg());
    else if (!fails && s->fails[kind])
        note(s, "%s: it can be written again", dq_run_store_path(s));
    s->fails[kind] = fails;
    return DQ_OK;
}

/* ---------------------------------------------------------------- dq_checkpoints */

static dq_status describe(const dq_run_store *s, dq_checkpoint_info *info)
{
    dq_progress p;
    dq_backend backend = dq_trainer_backend(s->parts.trainer);
    dq_trainer_progress(s->parts.trainer, &p);
    *info = (dq_checkpoint_info){
        .step = p.step,
        .n_updates = p.n_updates,
        .n_games = p.n_games,
        .mean_reward = p.mean_reward,
        .best_mean = p.best_mean,
    };
    snprintf(info->version, sizeof(info->version), "%s", dq_version());
    snprintf(info->env_id, sizeof(info->env_id), "%s", s->parts.settings->env_id);
    snprintf(info->kernels, sizeof(info->kernels), "%s %s", backend.isa, backend.precision);
    return dq_train_settings_tied(s->parts.settings, info->config, sizeof(info->config));
}

static const char *log_folder(const dq_run_store *s)
{
    return *s->parts.settings->logdir ? s->parts.settings->logdir : s->folder.path;
}

/** What became of a checkpoint that was begun. @return what trying again does not help */
static dq_status note_ended(dq_run_store *s, bool wait)
{
    int64_t step;
    dq_status st;
    if (!dq_checkpoints_ended(s->checkpoints, wait, &step, &st))
        return DQ_OK;
    if (st == DQ_OK)
        s->saved_step = step;
    s->failed_s = dq_clock_s();
    return tell(s, RECORD_CHECKPOINT, st);
}

static dq_status hand_on_actions(dq_run_store *s)
{
    return dq_run_actions_checkpoint(s->actions, &s->parts.settings->cfg, s->parts.trainer);
}

static dq_status begin_checkpoint(dq_run_store *s)
{
    char log[DQ_PATH_CAP], events[DQ_PATH_CAP], actions[DQ_PATH_CAP], evaluations[DQ_PATH_CAP];
    const char *const synced[DQ_QUEUE_SYNCED] = {log, events, actions, evaluations};
    dq_checkpoint_info info;
    DQ_TRY(describe(s, &info));
    DQ_TRY(dq_run_file(&s->folder, DQ_RUN_LOG, log));
    DQ_TRY(dq_run_file(&s->folder, DQ_RUN_ACTIONS, actions));
    DQ_TRY(dq_run_file(&s->folder, DQ_RUN_EVALUATIONS, evaluations));
    DQ_TRY(
        dq_path_format(events, sizeof(events), "%s/%s", log_folder(s), s->parts.settings->events));
    return dq_checkpoints_begin(s->checkpoints, &info, s->parts.trainer, synced);
}

/** What the first environment shows now. */
static void draw_observation(const dq_run_store *s)
{
    const dq_trainer *t = s->parts.trainer;
    dq_progress p;
    dq_trainer_progress(t, &p);
    const void *obs = dq_trainer_observation(t, 0);
    if (obs)
        dq_train_log_observation(s->log, p.step, &dq_env_get_spec(dq_trainer_env(t, 0))->obs, obs);
}

/** The records of what it counts are handed on first, and are on the disk before it: a log that
 *  lacks games then would lack them for good. One that cannot be written keeps no checkpoint from
 *  being so. */
dq_status dq_run_store_checkpoint(dq_run_store *s)
{
    DQ_TRY(note_ended(s, true));
    draw_observation(s);
    DQ_TRY(tell(s, RECORD_LOG, dq_train_log_flush(s->log)));
    DQ_TRY(tell(s, RECORD_ACTIONS, hand_on_actions(s)));
    dq_status st = begin_checkpoint(s);
    if (st == DQ_OK)
        return DQ_OK;
    s->failed_s = dq_clock_s();
    return tell(s, RECORD_CHECKPOINT, st);
}

/** Write one now, and wait for it. */
static dq_status write_checkpoint(dq_run_store *s)
{
    int64_t step;
    tell_saving(s, true);
    dq_status st = begin_checkpoint(s);
    if (st == DQ_OK)
        (void)dq_checkpoints_ended(s->checkpoints, true, &step, &st);
    tell_saving(s, false);
    if (st == DQ_OK)
        s->saved_step = step;
    return st;
}

static dq_status fits_settings(void *filed, const dq_checkpoint_info *info)
{
    return dq_train_settings_fit(filed, info->config);
}

/** @param[out] info what the head of the file says */
static dq_status load_checkpoint(dq_run_store *s, dq_checkpoint_info *info)
{
    char damage[DQ_PATH_CAP + 256];
    dq_train_settings filed;
    DQ_TRY(dq_train_settings_of_run(&filed, s->folder.path));
    DQ_TRY(dq_checkpoints_load(s->checkpoints, s->parts.trainer, fits_settings, &filed, info,
                               damage, sizeof(damage)));
    if (*damage)
        note(s, "%s: the run continues from the checkpoint before, at frame %lld", damage,
             (long long)info->step);
    s->saved_step = info->step;
    return DQ_OK;
}

/* ---------------------------------------------------------------- opening */

/** A run has one event file, which its settings name. */
static dq_status name_events(dq_run_store *s)
{
    dq_train_settings *settings = s->parts.settings;
    if (strchr(settings->events, '/'))
        return dq_fail(DQ_ERR_CONFIG, "events = '%s': choose a name without slashes",
                       settings->events);
    if (*settings->events)
        return DQ_OK;
    return dq_tb_new_name(settings->events, sizeof(settings->events), log_folder(s), NULL);
}

/** Nothing is lost without a word. */
static void tell_damage(const dq_run_store *s, const char *log)
{
    size_t n_lines, n_events;
    dq_train_log_damaged(s->log, &n_lines, &n_events);
    if (n_lines > 0)
        note(s, "%s: lines damaged: %zu, set aside in %s.damaged", log, n_lines, log);
    if (n_events > 0)
        note(s, "%s/%s: records damaged: %zu, set aside in %s/" DQ_TB_ASIDE, log_folder(s),
             s->parts.settings->events, n_events, log_folder(s));
}

/** A text that grows. */
typedef struct table {
    char *text;
    size_t n;
} table;

static void add_row(void *ctx, const char *key, const char *value)
{
    table *t = ctx;
    int n = snprintf(t->text + t->n, SETTINGS_BYTES - t->n, "| %s | %s |\n", key, value);
    if (n > 0 && (size_t)n < SETTINGS_BYTES - t->n)
        t->n += (size_t)n;
    t->text[t->n] = '\0';
}

static void describe_settings(const dq_train_settings *s, char text[SETTINGS_BYTES])
{
    table t = {text, 0};
    add_row(&t, "setting", "value");
    add_row(&t, "---", "---");
    dq_train_settings_each(s, add_row, &t);
}

static dq_status open_actions(dq_run_store *s)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(dq_run_file(&s->folder, DQ_RUN_ACTIONS, path));
    DQ_TRY(dq_run_actions_open(&s->actions, path, &s->parts.settings->cfg, s->parts.trainer));
    size_t n_damaged = dq_action_log_damaged(s->actions);
    if (n_damaged > 0)
        note(s, "%s: records damaged: %zu, set aside in %s.damaged", path, n_damaged, path);
    return DQ_OK;
}

/** Write the settings as they are now, and open the records for what comes after the checkpoint. */
static dq_status open_files(dq_run_store *s, bool resumed)
{
    char path[DQ_PATH_CAP], evaluations[DQ_PATH_CAP];
    DQ_TRY(name_events(s));
    DQ_TRY(dq_run_file(&s->folder, DQ_RUN_CONFIG, path));
    DQ_TRY(dq_train_settings_write(s->parts.settings, path));
    DQ_TRY(dq_run_file(&s->folder, DQ_RUN_LOG, path));
    DQ_TRY(dq_run_file(&s->folder, DQ_RUN_EVALUATIONS, evaluations));
    bool evaluates = s->parts.settings->cfg.eval_every > 0 || access(evaluations, F_OK) == 0;
    char settings[SETTINGS_BYTES];
    describe_settings(s->parts.settings, settings);
    const dq_train_log_place place = {.path = path,
                                      .evaluations = evaluates ? evaluations : NULL,
                                      .settings = settings,
                                      .logdir = log_folder(s),
                                      .events = s->parts.settings->events,
                                      .step = s->saved_step < 0 ? 0 : s->saved_step,
                                      .resumed = resumed,
                                      .tells_episodes =
                                          dq_train_settings_tells_episodes(s->parts.settings)};
    DQ_TRY(dq_train_log_open(&s->log, &place));
    tell_damage(s, path);
    if (evaluates)
        DQ_TRY(dq_run_last_evaluation(evaluations, &s->evaluated_step));
    return open_actions(s);
}

/** A run's config may be somebody else's: no folder is made where it says. */
static dq_status check_logdir(const dq_run_store *s)
{
    struct stat info;
    const char *logdir = s->parts.settings->logdir;
    if (!*logdir || (stat(logdir, &info) == 0 && S_ISDIR(info.st_mode)))
        return DQ_OK;
    return dq_fail(
        DQ_ERR_INPUT,
        "%s: the folder for events that its config names, %s, is missing: make it, or take "
        "the line `logdir` out",
        s->folder.path, logdir);
}

static dq_status create_files(dq_run_store *s, const char *dir)
{
    const dq_train_settings *settings = s->parts.settings;
    const dq_run_name name = {
        .out = dir,
        .env = settings->env_id,
        .preset = settings->preset,
        .seed = settings->cfg.seed,
        .now = time(NULL),
    };
    DQ_TRY(dq_run_folder_create(&s->folder, &name));
    s->folder_is_open = true;
    DQ_TRY(dq_checkpoints_create(&s->checkpoints, s->folder.path));
    return open_files(s, false);
}

/** Where a setting that binds a run has changed, as the precision on another device, the checkpoint
 * is replaced by one that says so. */
static dq_status keep_in_step(dq_run_store *s, const dq_checkpoint_info *info)
{
    return *info->config && dq_train_settings_fit(s->parts.settings, info->config) != DQ_OK
               ? write_checkpoint(s)
               : DQ_OK;
}

static dq_status resume_files(dq_run_store *s, const char *dir)
{
    dq_checkpoint_info info = {.step = 0};
    bool has_checkpoint;
    dq_status st = dq_run_folder_open(&s->folder, dir, &has_checkpoint);
    if (st != DQ_OK)
        return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
    s->folder_is_open = true;
    DQ_TRY(dq_checkpoints_create(&s->checkpoints, s->folder.path));
    DQ_TRY(check_logdir(s));
    if (has_checkpoint)
        DQ_TRY(load_checkpoint(s, &info));
    DQ_TRY(open_files(s, true));
    return keep_in_step(s, &info);
}

static dq_status create_params(dq_run_store *s)
{
    const dq_net *net = dq_trainer_net(s->parts.trainer);
    s->params = calloc((size_t)dq_net_n_tensors(dq_net_network(net)), sizeof(*s->params));
    if (!s->params)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a copy of the model");
    s->n_params = dq_net_param_shapes(dq_net_network(net), dq_net_actions(net), s->params);
    for (int i = 0; i < s->n_params; i++) {
        s->params[i].data = calloc(dq_tensor_elements(&s->params[i]), sizeof(float));
        if (!s->params[i].data)
            return dq_fail(DQ_ERR_NOMEM, "no memory for a copy of the model");
    }
    return DQ_OK;
}

static dq_status open_store(dq_run_store **out, const dq_run_parts *parts, const char *dir,
                            dq_status (*open)(dq_run_store *, const char *))
{
    dq_run_store *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a run");
    s->parts = *parts;
    s->saved_step = -1;
    dq_status st = create_params(s);
    if (st == DQ_OK)
        st = open(s, dir);
    if (st != DQ_OK) {
        dq_run_store_destroy(s);
        *out = NULL;
    }
    return st;
}

dq_status dq_run_store_create(dq_run_store **out, const dq_run_parts *parts, const char *dir)
{
    return open_store(out, parts, dir, create_files);
}

dq_status dq_run_store_resume(dq_run_store **out, const dq_run_parts *parts, const char *dir)
{
    return open_store(out, parts, dir, resume_files);
}

void dq_run_store_destroy(dq_run_store *s)
{
    if (!s)
        return;
    dq_checkpoints_destroy(s->checkpoints);
    dq_train_log_close(s->log);
    (void)dq_action_log_close(s->actions);  // failures were told when its games ended
    for (int i = 0; i < s->n_params; i++)
        free(s->params[i].data);
    free(s->params);
    if (s->folder_is_open)
        dq_run_folder_close(&s->folder);
    free(s);
}

const char *dq_run_store_path(const dq_run_store *s)
{
    return s->folder.path;
}

int64_t dq_run_store_saved_step(dq_run_store *s)
{
    if (s->checkpoints)
        (void)note_ended(s, true);
    return s->saved_step;
}

uint64_t dq_run_store_disk_bytes(const dq_run_store *s)
{
    return dq_checkpoints_bytes(s->checkpoints);
}

/* ---------------------------------------------------------------- while it trains */

static dq_status write_model(dq_run_store *s)
{
    if (!s->model_waits)
        return DQ_OK;
    dq_status st =
        dq_model_save_with(s->model_path, s->params, (size_t)s->n_params, &s->model_info);
    s->model_waits = st != DQ_OK;
    return st;
}

dq_status dq_run_store_game(dq_run_store *s, const dq_progress *p)
{
    DQ_TRY(tell(s, RECORD_LOG, dq_train_log_game(s->log, p)));
    DQ_TRY(tell(s, RECORD_ACTIONS, dq_run_actions_game(s->actions, p)));
    return tell(s, RECORD_MODEL, write_model(s));
}

dq_status dq_run_store_best(dq_run_store *s, const dq_progress *p, const char **path)
{
    const dq_net *net = dq_trainer_net(s->parts.trainer);
    DQ_TRY(dq_run_model_file(&s->folder, s->parts.settings->env_id, p->best_mean, s->model_path));
    dq_net_get_params(net, s->params);
    DQ_TRY(dq_trainer_status(s->parts.trainer));
    dq_run_describe_model(&s->model_info, s->parts.settings, net, p);
    s->model_waits = true;
    *path = s->model_path;
    return tell(s, RECORD_MODEL, write_model(s));
}

dq_status dq_run_store_act(dq_run_store *s, const dq_train_act *a)
{
    dq_status st = dq_run_actions_act(s->actions, a);
    return st == DQ_OK ? DQ_OK : tell(s, RECORD_ACTIONS, st);
}

static bool is_evaluation_due(const dq_run_store *s, int64_t step)
{
    int64_t every = s->parts.settings->cfg.eval_every;
    return every > 0 && step > 0 && step % every == 0 && step != s->evaluated_step;
}

/** What is interrupted is made up for when the run is resumed. */
static dq_status evaluate(dq_run_store *s, int64_t step)
{
    dq_evaluation_scores scores;
    const dq_run_teller *teller = &s->parts.teller;
    if (teller->evaluated)
        teller->evaluated(teller->ctx, step, NULL);
    dq_status st = dq_run_evaluate(s->parts.settings, s->parts.trainer, s->stop, &scores);
    if (st == DQ_OK) {
        s->evaluated_step = step;
        st = tell(s, RECORD_LOG, dq_train_log_evaluation(s->log, step, &scores));
        if (teller->evaluated)
            teller->evaluated(teller->ctx, step, &scores);
    }
    dq_evaluation_scores_free(&scores);
    return st == DQ_ERR_INTERRUPTED ? DQ_OK : st;
}

static dq_status evaluate_if_due(dq_run_store *s)
{
    dq_progress p;
    dq_trainer_progress(s->parts.trainer, &p);
    return is_evaluation_due(s, p.step) ? evaluate(s, p.step) : DQ_OK;
}

dq_status dq_run_store_begin(dq_run_store *s, const volatile int *stop)
{
    s->stop = stop;
    return evaluate_if_due(s);
}

dq_status dq_run_store_step(dq_run_store *s)
{
    if (s->parts.settings->cfg.eval_every > 0)
        DQ_TRY(evaluate_if_due(s));
    DQ_TRY(note_ended(s, false));
    dq_checkpoints_follow(s->checkpoints, s->parts.trainer);
    if (!s->fails[RECORD_CHECKPOINT] || dq_clock_s() - s->failed_s < RETRY_S)
        return DQ_OK;
    return dq_run_store_checkpoint(s);
}

/** The checkpoint matters most, and the records come first. */
dq_status dq_run_store_finish(dq_run_store *s)
{
    dq_progress p;
    dq_trainer_progress(s->parts.trainer, &p);
    dq_status logged = dq_train_log_sync(s->log);
    dq_status kept = hand_on_actions(s);
    if (kept == DQ_OK)
        kept = dq_action_log_sync(s->actions);
    DQ_TRY(note_ended(s, true));
    if (p.step != s->saved_step)
        DQ_TRY(write_checkpoint(s));
    DQ_TRY(write_model(s));
    if (kept != DQ_OK)
        DQ_TRY(dq_action_log_sync(s->actions));
    return logged == DQ_OK ? DQ_OK : dq_train_log_sync(s->log);
}
