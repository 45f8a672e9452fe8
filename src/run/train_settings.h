/** All that makes a training run what it is, and the run folder's `config` file that records it:
 *  lines of `key = value`, comments from `#`. */
#ifndef DEEPQ_RUN_TRAIN_SETTINGS_H
#define DEEPQ_RUN_TRAIN_SETTINGS_H

#include <stdbool.h>

#include "deepq/train.h"
#include "run/environments.h"

enum { DQ_SETTING_BYTES = 64, DQ_SETTING_NAME_BYTES = 256, DQ_SETTING_PATH_BYTES = 4096 };

typedef struct dq_train_settings {
    dq_train_config
        cfg;  // `isa`, `device` and `precision` are the texts below: see dq_train_settings_config()
    char env_id[DQ_SETTING_BYTES];
    char preset[DQ_SETTING_BYTES];
    char dialect[DQ_SETTING_BYTES];  // preprocessing, a name of deepq/atari_env.h
    dq_environment_options options;  // what is otherwise than it and the id have it
    char device[DQ_SETTING_BYTES];
    char precision[DQ_SETTING_BYTES];     // of products
    char isa[DQ_SETTING_BYTES];           // "": the best there is
    char rom_md5[DQ_SETTING_BYTES];       // of the run's ROM; "" before it is known
    char rom_dir[DQ_SETTING_PATH_BYTES];  // searched first; "": only the usual places
    char logdir[DQ_SETTING_PATH_BYTES];   // TensorBoard events; "": the run folder
    char events[DQ_SETTING_NAME_BYTES];   // their file in it; "": none yet
} dq_train_settings;

/** What a preset says: hyperparameters, dialect and options of the environment. */
DQ_NODISCARD dq_status dq_train_settings_init(dq_train_settings *s, const char *preset);
/** One setting by name: a hyperparameter, an option of the environment, or env, preset, dialect,
 * device, precision, isa, threads, rom_md5, rom_dir, logdir, events. */
DQ_NODISCARD dq_status dq_train_settings_set(dq_train_settings *s, const char *key,
                                             const char *value);
/** Drop what a preset says of preprocessing, for an environment that has none. */
DQ_NODISCARD dq_status dq_train_settings_without_pictures(dq_train_settings *s);
/** The environment of a run, chosen after its preset: of a preset's preprocessing nothing is left
 *  where there are no pictures. */
DQ_NODISCARD dq_status dq_train_settings_choose_env(dq_train_settings *s, const char *id);
/** The end of choosing: the reward bound is that of the environment unless one was chosen. */
void dq_train_settings_complete(dq_train_settings *s);

/** Read a file on top of what is set. Of another run's file (`as_template`) what belongs to that
 *  run alone (rom_md5, rom_dir, logdir, events, threads) is left out.
 *  @param old_name called for each name that has a successor; NULL: nobody is told */
typedef void dq_old_name_fn(const char *old_name, const char *name);
DQ_NODISCARD dq_status dq_train_settings_read(dq_train_settings *s, const char *path,
                                              bool as_template, dq_old_name_fn *old_name);
/** Those of the run in `dir`; DQ_ERR_INPUT when there is none. */
DQ_NODISCARD dq_status dq_train_settings_of_run(dq_train_settings *s, const char *dir);

/** The settings that bind a run to what it began with, as lines of `key = value`: without those
 * that may change when it is resumed (its end, threads, folders, the device). */
DQ_NODISCARD dq_status dq_train_settings_tied(const dq_train_settings *s, char *text, size_t cap);
/** DQ_ERR_CONFIG with the first of such lines that says something else than `s`, and both values.
 */
DQ_NODISCARD dq_status dq_train_settings_fit(const dq_train_settings *s, const char *tied);
/** Write all settings atomically. */
DQ_NODISCARD dq_status dq_train_settings_write(const dq_train_settings *s, const char *path);

/** Call fn for every setting in the order of the file. */
void dq_train_settings_each(const dq_train_settings *s,
                            void (*fn)(void *ctx, const char *key, const char *value), void *ctx);

/** Whether what is learned from is told beside the games and their points: in the book's preset
 * they are the same. */
bool dq_train_settings_tells_episodes(const dq_train_settings *s);
/** The environment that is learned in; its texts point into `s`. */
dq_environment_choice dq_train_settings_environment(const dq_train_settings *s);

/** Whether a setting is a text; the others are numbers, true or false, or one of some words. */
bool dq_train_settings_is_text(const char *key);

/** The trainer's configuration, its texts pointing into `s`. */
dq_train_config dq_train_settings_config(const dq_train_settings *s);

#endif
