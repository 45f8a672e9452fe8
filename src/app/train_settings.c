#include "app/train_settings.h"

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
        key, offsetof(train_settings, name), sizeof(((train_settings *)0)->name), own              \
    }

static const text_setting texts[] = {
    TEXT_SETTING(env_id, "env", false),          TEXT_SETTING(preset, "preset", false),
    TEXT_SETTING(dialect, "dialect", false),     TEXT_SETTING(device, "device", false),
    TEXT_SETTING(precision, "precision", false), TEXT_SETTING(isa, "isa", false),
    TEXT_SETTING(rom_md5, "rom_md5", true),      TEXT_SETTING(rom_dir, "rom_dir", true),
    TEXT_SETTING(logdir, "logdir", true),        TEXT_SETTING(events, "events", true),
};

dq_status train_settings_init(train_settings *s, const char *preset)
{
    *s = (train_settings){
        .env_id = "PongNoFrameskip-v4", .dialect = "book", .device = "cpu", .precision = "fp32"};
    DQ_TRY(dq_train_preset(&s->cfg, preset));
    return train_settings_set(s, "preset", preset);
}

static const text_setting *find_text(const char *key)
{
    for (size_t i = 0; i < DQ_COUNT(texts); i++)
        if (strcmp(texts[i].key, key) == 0)
            return &texts[i];
    return NULL;
}

bool train_settings_is_text(const char *key)
{
    return find_text(key) || strcmp(key, "version") == 0;
}

static dq_status set_threads(train_settings *s, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);
    if (end == value || *end != '\0' || n < 0 || n > 1024)
        return dq_fail(DQ_ERR_CONFIG, "threads = '%s': choose a whole number from 0 to 1024",
                       value);
    s->cfg.n_threads = (int)n;
    return DQ_OK;
}

dq_status train_settings_set(train_settings *s, const char *key, const char *value)
{
    const text_setting *text = find_text(key);
    if (strcmp(key, "threads") == 0)
        return set_threads(s, value);
    if (!text)
        return dq_train_config_set(&s->cfg, key, value);
    if (strlen(value) >= text->cap)
        return dq_fail(DQ_ERR_CONFIG, "%s = '%.40s...': longer than %zu characters", key, value,
                       text->cap - 1);
    memcpy((char *)s + text->offset, value, strlen(value) + 1);
    return DQ_OK;
}

dq_status train_settings_set_pair(train_settings *s, const char *pair)
{
    char key[SETTING_BYTES];
    const char *equals = strchr(pair, '=');
    if (!equals || (size_t)(equals - pair) >= sizeof(key))
        return dq_fail(DQ_ERR_CONFIG, "--set '%.80s': write it as --set key=value", pair);
    snprintf(key, sizeof(key), "%.*s", (int)(equals - pair), pair);
    if (dq_train_config_set(&s->cfg, key, equals + 1) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "--set");
    return DQ_OK;
}

typedef struct reading {
    train_settings *settings;
    bool as_template;
} reading;

static dq_status take_pair(void *ctx, const char *key, const char *value)
{
    const reading *r = ctx;
    const text_setting *text = find_text(key);
    bool own = (text && text->own) || strcmp(key, "threads") == 0;
    if (strcmp(key, "version") == 0 || (r->as_template && own))
        return DQ_OK;
    return train_settings_set(r->settings, key, value);
}

dq_status train_settings_read(train_settings *s, const char *path, bool as_template)
{
    reading r = {s, as_template};
    dq_status st = dq_config_read(path, take_pair, &r);
    return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
}

void train_settings_each(const train_settings *s,
                         void (*fn)(void *ctx, const char *key, const char *value), void *ctx)
{
    char value[SETTING_BYTES];
    const char *key;
    fn(ctx, "version", dq_version());
    for (size_t i = 0; i < DQ_COUNT(texts); i++) {
        const char *text = (const char *)s + texts[i].offset;
        if (*text)
            fn(ctx, texts[i].key, text);
    }
    snprintf(value, sizeof(value), "%d", s->cfg.n_threads);
    fn(ctx, "threads", value);
    for (size_t i = 0; dq_train_config_get(&s->cfg, i, &key, value, sizeof(value)); i++)
        fn(ctx, key, value);
}

static void write_setting(void *ctx, const char *key, const char *value)
{
    (void)dq_config_write_pair(ctx, key, value);  // the writer remembers a failure
}

dq_status train_settings_write(const train_settings *s, const char *path)
{
    dq_writer *w;
    DQ_TRY(dq_file_writer_create(&w, path));
    dq_config_write_comment(w, "A deepq training run. Another one like it: "
                               "deepq train --config THIS_FILE");
    train_settings_each(s, write_setting, w);
    return dq_file_commit(w, false);
}

dq_train_config train_settings_config(const train_settings *s)
{
    dq_train_config cfg = s->cfg;
    cfg.isa = *s->isa ? s->isa : NULL;
    cfg.device = s->device;
    cfg.precision = s->precision;
    return cfg;
}
