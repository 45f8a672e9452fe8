/* deepq train: DQN as in the book's chapter 6, in a run folder that outlives whoever started it. */
#define _XOPEN_SOURCE 700  // realpath()

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "app/environment_table.h"
#include "app/hyperparameters.h"
#include "app/interrupt.h"
#include "app/machine_limits.h"
#include "app/machine_room.h"
#include "app/options.h"
#include "app/train_run.h"
#include "base/error.h"
#include "deepq/vector.h"
#include "env/env_ids.h"
#include "learn/gpu.h"
#include "run/train_settings.h"
#include "web/dashboard.h"

/** The command line; what was not given is NULL, -1 or false. */
typedef struct train_options {
    const char *env_id, *dialect, *preset, *device, *precision, *isa, *config, *seed;
    const char *out, *logdir, *resume, *rom_dir, *reward_bound;
    int64_t frames, threads, envs, dashboard;
    option_list set;
    bool cuda, plain, json, help_set, watch;
    dq_environment_options environment;
} train_options;

/** Is there what was asked for? Looked at before anything else takes time. */
static dq_status check_device(const train_options *o)
{
    char name[DQ_DEVICE_TEXT];
    return dq_gpu_check(o->cuda ? "cuda" : o->device, name);
}

/** Without the option a run is on the device that its settings say. */
static dq_status set_device(dq_train_settings *s, const train_options *o)
{
    const char *device = o->cuda ? "cuda" : o->device;
    if (!device)
        return DQ_OK;
    return dq_train_settings_set(s, "device", dq_gpu_is_meant(device) ? "cuda" : "cpu");
}

/** What the settings ask for and this machine has not. */
static dq_status fit_to_machine(dq_train_settings *s)
{
    const char *precision = s->precision;
    DQ_TRY(machine_limits_precision(*s->isa ? s->isa : NULL, s->device, &precision));
    machine_limits_threads(s->cfg.n_threads);
    return precision == s->precision ? DQ_OK : dq_train_settings_set(s, "precision", precision);
}

static dq_status set_number(dq_train_settings *s, const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    return dq_train_settings_set(s, key, text);
}

static void tell_old_name(const char *old_name, const char *name)
{
    app_note("%s is an old name: write %s", old_name, name);
}

/** "key=value" of a --set option; the message names it. */
static dq_status set_pair(dq_train_settings *s, const char *pair)
{
    char key[DQ_SETTING_BYTES];
    const char *equals = strchr(pair, '=');
    if (!equals || (size_t)(equals - pair) >= sizeof(key))
        return dq_fail(DQ_ERR_CONFIG, "--set '%.80s': write it as --set key=value", pair);
    snprintf(key, sizeof(key), "%.*s", (int)(equals - pair), pair);
    if (dq_train_config_set(&s->cfg, key, equals + 1) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "--set");
    const char *name = dq_train_config_new_name(key);
    if (name)
        tell_old_name(key, name);
    return DQ_OK;
}

/** A path that means the same from another folder. */
static dq_status set_path(dq_train_settings *s, const char *key, const char *path)
{
    char *full = realpath(path, NULL);
    dq_status st = dq_train_settings_set(s, key, full ? full : path);
    free(full);
    return st;
}

/** Options that a run may be given again when it is resumed. */
static dq_status apply_changeable(dq_train_settings *s, const train_options *o)
{
    DQ_TRY(set_device(s, o));
    if (o->frames > 0)
        DQ_TRY(set_number(s, "max_steps", o->frames));
    if (o->threads > 0)
        DQ_TRY(set_number(s, "threads", o->threads));
    if (o->reward_bound && dq_train_settings_set(s, "reward_bound", o->reward_bound) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "--reward-bound");
    if (o->rom_dir)
        DQ_TRY(set_path(s, "rom_dir", o->rom_dir));
    return o->logdir ? set_path(s, "logdir", o->logdir) : DQ_OK;
}

static bool same_game(const char *a, const char *b)
{
    dq_atari_id x, y;
    if (dq_atari_id_parse(a, &x) && dq_atari_id_parse(b, &y))
        return x.game == y.game;
    return strcmp(a, b) == 0;
}

/** The environment of the command line; a file's bound for another game is of no use for it, nor
 *  is a preset's preprocessing where there are no pictures. */
static dq_status set_env(dq_train_settings *s, const train_options *o)
{
    if (!o->config)
        return dq_train_settings_choose_env(s, o->env_id);
    if (!same_game(s->env_id, o->env_id))
        DQ_TRY(dq_train_settings_set(s, "reward_bound", "game"));
    return dq_train_settings_set(s, "env", o->env_id);
}

static dq_status begin_settings(dq_train_settings *s, const train_options *o)
{
    DQ_TRY(dq_train_settings_init(s, o->preset ? o->preset : dq_train_preset_at(0)->name));
    if (!o->config)
        return DQ_OK;
    dq_status st = dq_train_settings_read(s, o->config, true, tell_old_name);
    return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
}

static dq_status apply_all(dq_train_settings *s, const train_options *o)
{
    DQ_TRY(begin_settings(s, o));
    if (o->env_id)
        DQ_TRY(set_env(s, o));
    for (size_t i = 0; i < o->set.n; i++)
        DQ_TRY(set_pair(s, o->set.values[i]));
    if (o->dialect)
        DQ_TRY(dq_train_settings_set(s, "dialect", o->dialect));
    dq_environment_options_merge(&s->options, &o->environment);
    if (o->envs > 0)
        DQ_TRY(set_number(s, "n_envs", o->envs));
    if (o->isa)
        DQ_TRY(dq_train_settings_set(s, "isa", o->isa));
    if (o->precision)
        DQ_TRY(dq_train_settings_set(s, "precision", o->precision));
    if (o->seed && dq_train_settings_set(s, "seed", o->seed) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "--seed");
    DQ_TRY(apply_changeable(s, o));
    dq_train_settings_complete(s);
    return DQ_OK;
}

/** --set on a resumed run: only what does not change how it learns. */
static dq_status apply_resumed_set(dq_train_settings *s, const char *pair)
{
    static const char *const free_keys[] = {"max_steps",    "reward_bound", "checkpoint_every",
                                            "replay_store", "eval_every",   "eval_games"};
    for (size_t i = 0; i < DQ_COUNT(free_keys); i++) {
        size_t len = strlen(free_keys[i]);
        if (strncmp(pair, free_keys[i], len) == 0 && pair[len] == '=')
            return set_pair(s, pair);
    }
    return dq_fail(
        DQ_ERR_CONFIG,
        "--set %s: a resumed run keeps its hyperparameters; only max_steps, "
        "reward_bound, checkpoint_every, replay_store, eval_every and eval_games may change",
        pair);
}

static dq_status check_resume_options(const train_options *o)
{
    const struct {
        const char *name;
        const void *given;
    } fixed[] = {{"env", o->env_id},
                 {"preset", o->preset},
                 {"seed", o->seed},
                 {"isa", o->isa},
                 {"precision", o->precision},
                 {"config", o->config},
                 {"out", o->out},
                 {"envs", o->envs > 0 ? o : NULL},
                 {"dialect", o->dialect}};
    for (size_t i = 0; i < DQ_COUNT(fixed); i++)
        if (fixed[i].given)
            return dq_fail(DQ_ERR_CONFIG,
                           "--%s cannot be given with --resume: the run keeps its own",
                           fixed[i].name);
    char chosen[DQ_ENVIRONMENT_OPTIONS_TEXT];
    dq_environment_options_print(&o->environment, chosen);
    if (*chosen)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s cannot be given with --resume: the run keeps its own environment",
                       chosen);
    return DQ_OK;
}

/** Train, where asked for before the eyes of browsers. @return the exit status */
static int go(train_run *run, const train_options *o, volatile int *stop)
{
    if (o->watch)
        train_run_watch(run);
    dq_status st = o->dashboard < 0 ? DQ_OK : train_run_show(run, (int)o->dashboard);
    int exit_status = st == DQ_OK ? train_run_go(run, o->json, o->plain, stop) : app_report(st);
    train_run_destroy(run);
    return exit_status;
}

static int resume(const train_options *o, volatile int *stop)
{
    dq_train_settings s;
    train_run *run;
    dq_status st = check_resume_options(o);
    if (st == DQ_OK)
        st = dq_train_settings_of_run(&s, o->resume);
    for (size_t i = 0; st == DQ_OK && i < o->set.n; i++)
        st = apply_resumed_set(&s, o->set.values[i]);
    if (st == DQ_OK)
        st = apply_changeable(&s, o);
    if (st == DQ_OK && !dq_gpu_is_meant(s.device) && strcmp(s.precision, "tf32") == 0)
        st = dq_train_settings_set(&s, "precision", "fp32");  // the processor has no tf32
    if (st == DQ_OK)
        st = fit_to_machine(&s);
    if (st == DQ_OK)
        st = machine_room_check(&s.cfg, s.env_id, o->resume);
    if (st == DQ_OK)
        st = train_run_resume(&run, &s, o->resume);
    if (st != DQ_OK)
        return app_report(st);
    return go(run, o, stop);
}

static int start(const train_options *o, volatile int *stop)
{
    dq_train_settings s;
    train_run *run;
    dq_status st = apply_all(&s, o);
    if (st == DQ_ERR_NOT_FOUND)
        st = DQ_ERR_CONFIG;  // no such preset
    if (st == DQ_OK)
        st = dq_train_config_check(&s.cfg);
    if (st == DQ_OK)
        st = fit_to_machine(&s);
    if (st == DQ_OK && environments_check_id(s.env_id) != APP_DONE)
        return APP_MISUSED;
    if (st == DQ_OK)
        st = machine_room_check(&s.cfg, s.env_id, o->out ? o->out : "runs");
    if (st == DQ_OK)
        st = train_run_create(&run, &s, o->out);
    if (st != DQ_OK)
        return app_report(st);
    return go(run, o, stop);
}

static int help_set(const train_options *o)
{
    dq_train_settings s;
    dq_status st = begin_settings(&s, o);
    for (size_t i = 0; st == DQ_OK && i < o->set.n; i++)
        st = set_pair(&s, o->set.values[i]);
    if (st != DQ_OK)
        return app_report(st == DQ_ERR_NOT_FOUND ? DQ_ERR_CONFIG : st);  // no such preset
    return hyperparameters_print(&s, o->json);
}

int cmd_train(int argc, char **argv)
{
    train_options o = {.frames = -1,
                       .threads = -1,
                       .envs = -1,
                       .environment = dq_environment_options_none(),
                       .dashboard = -1};
    option more[DQ_ENVIRONMENT_OPTIONS_MAX];
    char examples[4096];
    hyperparameters_presets(
        examples, sizeof(examples),
        "  deepq train\n"
        "  deepq train --env BreakoutNoFrameskip-v4 --seed 1 --frames 2000000\n"
        "  deepq train --set learning_rate=2.5e-4 --set batch=64 --out runs/try\n"
        "  deepq train --set network=nips\n"
        "  deepq train --preset dopamine-dqn --env BreakoutNoFrameskip-v4\n"
        "  deepq train --resume runs/try\n");
    const option options[] = {
        {"env", 'e', OPTION_TEXT, &o.env_id, "ID", "environment (PongNoFrameskip-v4)", 0, 0},
        {"dialect", 0, OPTION_TEXT, &o.dialect, "NAME",
         "preprocessing; see deepq envs --dialect NAME (the preset's)", 0, 0},
        {"preset", 0, OPTION_TEXT, &o.preset, "NAME",
         "hyperparameters, preprocessing and evaluation; listed below (book)", 0, 0},
        {"set", 0, OPTION_LIST, &o.set, "KEY=VALUE", "one hyperparameter; may be repeated", 0, 0},
        {"help-set", 0, OPTION_FLAG, &o.help_set, NULL,
         "list the hyperparameters with range, unit and value, and exit", 0, 0},
        {"config", 0, OPTION_TEXT, &o.config, "FILE",
         "lines of key = value, as the config of a run folder", 0, 0},
        {"seed", 0, OPTION_TEXT, &o.seed, "N", "seed of all random numbers (0)", 0, 0},
        {"frames", 0, OPTION_INT, &o.frames, "N", "stop after N frames (agent steps)", 1, 1e15},
        {"reward-bound", 0, OPTION_TEXT, &o.reward_bound, "R",
         "threshold of the mean score (Pong 19, classic control Gymnasium's)", 0, 0},
        {"device", 0, OPTION_TEXT, &o.device, "NAME", "cpu, cuda, or auto: cpu so far (auto)", 0,
         0},
        {"cuda", 0, OPTION_FLAG, &o.cuda, NULL, "the same as --device cuda", 0, 0},
        {"precision", 0, OPTION_TEXT, &o.precision, "NAME",
         "of matrix products: fp32, bf16, on a GPU also tf32 (fp32)", 0, 0},
        {"envs", 0, OPTION_INT, &o.envs, "N",
         "environments side by side; as many updates a frame as with one (1)", 1, DQ_VECTOR_MAX},
        {"threads", 0, OPTION_INT, &o.threads, "N", "threads (one for each core)", 1, 1024},
        {"isa", 0, OPTION_TEXT, &o.isa, "NAME", "ref, avx2 or avx512 (the best there is)", 0, 0},
        {"out", 'o', OPTION_TEXT, &o.out, "DIR", "run folder (runs/ENV-PRESET-sSEED-DATE)", 0, 0},
        {"logdir", 0, OPTION_TEXT, &o.logdir, "DIR", "TensorBoard's events (the run folder)", 0, 0},
        {"resume", 0, OPTION_TEXT, &o.resume, "DIR", "continue the run in DIR", 0, 0},
        {"rom-dir", 0, OPTION_TEXT, &o.rom_dir, "DIR", "look for the ROM here first", 0, 0},
        {"watch", 0, OPTION_FLAG, &o.watch, NULL,
         "on a terminal: show the game and the values of its actions", 0, 0},
        {"dashboard", 0, OPTION_INT, &o.dashboard, "PORT",
         "show the run in browsers on this machine, at that port; 0: a free one", 0, 65535},
        {"plain", 0, OPTION_FLAG, &o.plain, NULL, "the book's lines only, no live ones", 0, 0},
        {"json", 0, OPTION_FLAG, &o.json, NULL, "one JSON object a line instead", 0, 0},
    };
    const option_syntax syntax = {
        .command = "train",
        .operands = "",
        .about =
            "Learn a game from its pixels with DQN, as the book's chapter 6 does, until the\n"
            "mean of the last 100 games is above the reward threshold: 19 for Pong, as there,\n"
            "and Gymnasium's for classic control. Other environments have none: their runs\n"
            "continue until --frames or Ctrl-C unless --reward-bound gives one, such as a\n"
            "published score. The run folder gets the best models, a log, TensorBoard events\n"
            "and checkpoints. After Ctrl-C, or any other end, --resume continues bit for bit\n"
            "as if nothing had happened.",
        .examples = examples,
        .options = options,
        .n_options = DQ_COUNT(options),
        .more_title = "The environment, instead of what --preset and --dialect have",
        .more = more,
        .n_more = environment_options_table(&o.environment, more),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (o.help_set)
        return help_set(&o);
    if (o.watch && (o.plain || o.json))
        return app_fail(APP_MISUSED,
                        "train: --watch draws on the terminal, %s does not: leave one out",
                        o.plain ? "--plain" : "--json");
    dq_status st = check_device(&o);
    if (st == DQ_OK && o.dashboard >= 0)
        st = dq_dashboard_check((int)o.dashboard);  // before there is a folder of a run
    if (st != DQ_OK)
        return app_report(st);
    volatile int *stop = interrupt_catch();
    return o.resume ? resume(&o, stop) : start(&o, stop);
}
