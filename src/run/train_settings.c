#include "run/train_settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/version.h"
#include "record/config_file.h"
#include "record/run_folder.h"

typedef struct text_setting {
    const char *key;
    size_t offset, cap;
    bool own;  // belongs to one run: not taken over from a template
} text_setting;

#define TEXT_SETTING(name, key, own)                                                               \
    {                                                                                              \
        key, offsetof(dq_train_settings, name), sizeof(((dq_train_settings *)0)->name), own        \
    }

static const text_setting texts[] = {
    TEXT_SETTING(env_id, "env", false),          TEXT_SETTING(preset, "preset", false),
    TEXT_SETTING(dialect, "dialect", false),     TEXT_SETTING(device, "device", false),
    TEXT_SETTING(precision, "precision", false), TEXT_SETTING(isa, "isa", false),
    TEXT_SETTING(rom_md5, "rom_md5", true),      TEXT_SETTING(rom_dir, "rom_dir", true),
    TEXT_SETTING(logdir, "logdir", true),        TEXT_SETTING(events, "events", true),
};

dq_status dq_train_settings_init(dq_train_settings *s, const char *preset)
{
    *s = (dq_train_settings){
        .env_id = "PongNoFrameskip-v4",
        .options = dq_environment_options_none(),
        .device = "cpu",
        .precision = "fp32",
    };
    DQ_TRY(dq_train_preset(&s->cfg, preset));
    const dq_preset *about = dq_train_preset_find(preset);
    DQ_TRY(dq_train_settings_set(s, "dialect", about->dialect));
    DQ_TRY(dq_environment_options_parse(&s->options, about->options));
    return dq_train_settings_set(s, "preset", preset);
}

static const text_setting *find_text(const char *key)
{
    for (size_t i = 0; i < DQ_COUNT(texts); i++)
        if (strcmp(texts[i].key, key) == 0)
            return &texts[i];
    return NULL;
}

bool dq_train_settings_is_text(const char *key)
{
    return find_text(key) || strcmp(key, "version") == 0 || strcmp(key, "hidden") == 0;
}

static dq_status set_threads(dq_train_settings *s, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);
    if (end == value || *end != '\0' || n < 0 || n > 1024)
        return dq_fail(DQ_ERR_CONFIG, "threads = '%s': choose a whole number from 0 to 1024",
                       value);
    s->cfg.n_threads = (int)n;
    return DQ_OK;
}

dq_status dq_train_settings_set(dq_train_settings *s, const char *key, const char *value)
{
    const text_setting *text = find_text(key);
    if (strcmp(key, "threads") == 0)
        return set_threads(s, value);
    if (dq_environment_options_has(key))
        return dq_environment_options_set(&s->options, key, value);
    if (!text)
        return dq_train_config_set(&s->cfg, key, value);
    if (strlen(value) >= text->cap)
        return dq_fail(DQ_ERR_CONFIG, "%s = '%.40s...': longer than %zu characters", key, value,
                       text->cap - 1);
    memcpy((char *)s + text->offset, value, strlen(value) + 1);
    return DQ_OK;
}

dq_status dq_train_settings_without_pictures(dq_train_settings *s)
{
    s->options = dq_environment_options_none();
    return dq_train_settings_set(s, "dialect", "book");
}

dq_status dq_train_settings_choose_env(dq_train_settings *s, const char *id)
{
    DQ_TRY(dq_train_settings_set(s, "env", id));
    return dq_environments_is_atari(id) ? DQ_OK : dq_train_settings_without_pictures(s);
}

void dq_train_settings_complete(dq_train_settings *s)
{
    if (isnan(s->cfg.reward_bound))
        s->cfg.reward_bound = dq_train_reward_bound(s->env_id);
}

typedef struct reading {
    dq_train_settings *settings;
    bool as_template;
    dq_old_name_fn *old_name;
} reading;

static dq_status take_pair(void *ctx, const char *key, const char *value)
{
    const reading *r = ctx;
    const text_setting *text = find_text(key);
    bool own = (text && text->own) || strcmp(key, "threads") == 0;
    if (strcmp(key, "version") == 0 || (r->as_template && own))
        return DQ_OK;
    const char *name = r->old_name ? dq_train_config_new_name(key) : NULL;
    if (name)
        r->old_name(key, name);
    return dq_train_settings_set(r->settings, key, value);
}

dq_status dq_train_settings_read(dq_train_settings *s, const char *path, bool as_template,
                                 dq_old_name_fn *old_name)
{
    reading r = {s, as_template, old_name};
    dq_status st = dq_config_read(path, take_pair, &r);
    return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
}

void dq_train_settings_each(const dq_train_settings *s,
                            void (*fn)(void *ctx, const char *key, const char *value), void *ctx)
{
    char value[DQ_SETTING_BYTES];
    const char *key;
    fn(ctx, "version", dq_version());
    for (size_t i = 0; i < DQ_COUNT(texts); i++) {
        const char *text = (const char *)s + texts[i].offset;
        if (*text)
            fn(ctx, texts[i].key, text);
    }
    for (size_t i = 0; dq_environment_options_get(&s->options, i, &key, value, sizeof(value)); i++)
        if (*value)
            fn(ctx, key, value);
    snprintf(value, sizeof(value), "%d", s->cfg.n_threads);
    fn(ctx, "threads", value);
    for (size_t i = 0; dq_train_config_get(&s->cfg, i, &key, value, sizeof(value)); i++)
        fn(ctx, key, value);
}

static void write_setting(void *ctx, const char *key, const char *value)
{
    (void)dq_config_write_pair(ctx, key, value);  // the writer remembers a failure
}

dq_status dq_train_settings_write(const dq_train_settings *s, const char *path)
{
    dq_writer *w;
    DQ_TRY(dq_file_writer_create(&w, path));
    dq_config_write_comment(w, "A deepq training run. Another one like it: "
                               "deepq train --config THIS_FILE");
    dq_train_settings_each(s, write_setting, w);
    return dq_file_commit(w, false);
}

dq_train_config dq_train_settings_config(const dq_train_settings *s)
{
    dq_train_config cfg = s->cfg;
    cfg.isa = *s->isa ? s->isa : NULL;
    cfg.device = s->device;
    cfg.precision = s->precision;
    return cfg;
}

dq_status dq_train_settings_of_run(dq_train_settings *s, const char *dir)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/" DQ_RUN_CONFIG, dir));
    DQ_TRY(dq_train_settings_init(s, "book"));
    return dq_train_settings_read(s, path, false, NULL);
}

/* What a checkpoint is tied to */

static bool is_free(const char *key)
{
    static const char *const keys[] = {
        "version",          "preset",       "device",     "threads",   "rom_dir",
        "logdir",           "events",       "rom_md5",    "max_steps", "reward_bound",
        "checkpoint_every", "replay_store", "eval_every", "eval_games"};
    for (size_t i = 0; i < DQ_COUNT(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

typedef struct tied_text {
    char *text;
    size_t n, cap;
} tied_text;

static void add_tied(void *ctx, const char *key, const char *value)
{
    tied_text *t = ctx;
    if (is_free(key) || t->n >= t->cap)
        return;
    t->n += (size_t)snprintf(t->text + t->n, t->cap - t->n, "%s = %s\n", key, value);
}

dq_status dq_train_settings_tied(const dq_train_settings *s, char *text, size_t cap)
{
    tied_text t = {text, 0, cap};
    *text = '\0';
    dq_train_settings_each(s, add_tied, &t);
    return t.n < cap ? DQ_OK : dq_fail(DQ_ERR_CONFIG, "the settings are too long for a checkpoint");
}

/** The settings of a run, one of a checkpoint that is looked for among them, and the first that is
 *  another there. */
typedef struct comparison {
    const dq_train_settings *settings;
    const char *key, *value;
    bool found;
    char differs[DQ_SETTING_BYTES], now[DQ_SETTING_BYTES], was[DQ_SETTING_BYTES];
} comparison;

static void note_difference(comparison *c, const char *now)
{
    if (*c->differs)
        return;
    snprintf(c->differs, sizeof(c->differs), "%s", c->key);
    snprintf(c->now, sizeof(c->now), "%s", now);
    snprintf(c->was, sizeof(c->was), "%s", c->value);
}

static void compare(void *ctx, const char *key, const char *value)
{
    comparison *c = ctx;
    if (strcmp(key, c->key) != 0)
        return;
    c->found = true;
    if (!is_free(key) && strcmp(value, c->value) != 0)
        note_difference(c, value);
}

static dq_status fit_pair(void *ctx, const char *key, const char *value)
{
    comparison *c = ctx;
    const char *name = dq_train_config_new_name(key);
    c->key = name ? name : key;
    c->value = value;
    c->found = false;
    dq_train_settings_each(c->settings, compare, c);
    if (!c->found && dq_environment_options_has(c->key))
        note_difference(c, "not chosen");
    return DQ_OK;
}

/** Whether the text has a line that begins with "key = ". */
static bool has_key(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, n) == 0 && strncmp(line + n, " = ", 3) == 0)
            return true;
        if (!*line)
            break;
    }
    return false;
}

/** Options of the environment that the checkpoint says nothing of. */
static void compare_new_options(comparison *c, const char *tied)
{
    char value[DQ_SETTING_BYTES];
    for (size_t i = 0;
         dq_environment_options_get(&c->settings->options, i, &c->key, value, sizeof(value)); i++)
        if (*value && !has_key(tied, c->key)) {
            c->value = "not chosen";
            note_difference(c, value);
        }
}

dq_status dq_train_settings_fit(const dq_train_settings *s, const char *tied)
{
    comparison c = {.settings = s};
    DQ_TRY(dq_config_parse(tied, strlen(tied), "its settings", fit_pair, &c));
    compare_new_options(&c, tied);
    if (!*c.differs)
        return DQ_OK;
    return dq_fail(
        DQ_ERR_CONFIG,
        "%s is %s in the run's config and %s in its checkpoint: put it back, a run keeps "
        "what it began with",
        c.differs, c.now, c.was);
}

dq_environment_choice dq_train_settings_environment(const dq_train_settings *s)
{
    return (dq_environment_choice){.id = s->env_id,
                                   .dialect = s->dialect,
                                   .rom_dir = *s->rom_dir ? s->rom_dir : NULL,
                                   .seed = s->cfg.seed,
                                   .options = s->options};
}

bool dq_train_settings_tells_episodes(const dq_train_settings *s)
{
    const dq_environment_choice choice = dq_train_settings_environment(s);
    return dq_environments_learn_otherwise(&choice);
}
