/** All that makes a training run what it is, and the run folder's `config` file that records it:
 *  lines of `key = value`, comments from `#`. */
#ifndef DEEPQ_APP_TRAIN_SETTINGS_H
#define DEEPQ_APP_TRAIN_SETTINGS_H

#include <stdbool.h>

#include "app/environments.h"
#include "deepq/train.h"

enum { SETTING_BYTES = 64, SETTING_NAME_BYTES = 256, SETTING_PATH_BYTES = 4096 };

typedef struct train_settings {
    dq_train_config
        cfg;  // `isa`, `device` and `precision` are the texts below: see train_settings_config()
    char env_id[SETTING_BYTES];
    char preset[SETTING_BYTES];
    char dialect[SETTING_BYTES];  // preprocessing, a name of deepq/atari_env.h
    environment_options options;  // what is otherwise than it and the id have it
    char device[SETTING_BYTES];
    char precision[SETTING_BYTES];     // of products
    char isa[SETTING_BYTES];           // "": the best there is
    char rom_md5[SETTING_BYTES];       // of the run's ROM; "" before it is known
    char rom_dir[SETTING_PATH_BYTES];  // searched first; "": only the usual places
    char logdir[SETTING_PATH_BYTES];   // TensorBoard events; "": the run folder
    char events[SETTING_NAME_BYTES];   // their file in it; "": none yet
} train_settings;

/** What a preset says: hyperparameters, dialect and options of the environment. */
DQ_NODISCARD dq_status train_settings_init(train_settings *s, const char *preset);
/** One setting by name: a hyperparameter, an option of the environment, or env, preset, dialect,
 * device, precision, isa, threads, rom_md5, rom_dir, logdir, events. */
DQ_NODISCARD dq_status train_settings_set(train_settings *s, const char *key, const char *value);
/** "key=value" of a --set option; the message names it. */
DQ_NODISCARD dq_status train_settings_set_pair(train_settings *s, const char *pair);

/** Read a file on top of what is set. Of another run's file (`as_template`) what belongs to that
 *  run alone (rom_md5, rom_dir, logdir, events, threads) is left out. */
DQ_NODISCARD dq_status train_settings_read(train_settings *s, const char *path, bool as_template);
/** Those of the run in `dir`; DQ_ERR_INPUT when there is none. */
DQ_NODISCARD dq_status train_settings_of_run(train_settings *s, const char *dir);

/** The settings that bind a run to what it began with, as lines of `key = value`: without those
 * that may change when it is resumed (its end, threads, folders, the device). */
DQ_NODISCARD dq_status train_settings_tied(const train_settings *s, char *text, size_t cap);
/** DQ_ERR_CONFIG with the first of such lines that says something else than `s`, and both values.
 */
DQ_NODISCARD dq_status train_settings_fit(const train_settings *s, const char *tied);
/** Write all settings atomically. */
DQ_NODISCARD dq_status train_settings_write(const train_settings *s, const char *path);

/** Call fn for every setting in the order of the file. */
void train_settings_each(const train_settings *s,
                         void (*fn)(void *ctx, const char *key, const char *value), void *ctx);

/** Whether what is learned from is told beside the games and their points: in the book's preset
 * they are the same. */
bool train_settings_tells_episodes(const train_settings *s);
/** The environment that is learned in; its texts point into `s`. */
environment_choice train_settings_environment(const train_settings *s);

/** Whether a setting is a text; the others are numbers, true or false, or one of some words. */
bool train_settings_is_text(const char *key);

/** The trainer's configuration, its texts pointing into `s`. */
dq_train_config train_settings_config(const train_settings *s);

#endif
