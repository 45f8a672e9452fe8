/** What a user chooses about an environment: what its dialect or its id leave open. One table has
 *  the options of `train`, `play` and `eval`, the keys of a run's `config` and a model's record. */
#ifndef DEEPQ_APP_ENVIRONMENT_OPTIONS_H
#define DEEPQ_APP_ENVIRONMENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/options.h"
#include "deepq/atari_env.h"

enum { ENVIRONMENT_OPTIONS_TEXT = 256, ENVIRONMENT_OPTIONS_MAX = 20 };

/** -1: not chosen, it is as the dialect, or the id, has it. */
typedef struct environment_options {
    int64_t noops, frame_skip, stack;
    int fire, life_loss, clip_rewards;
    int pool;  // 0: the last two frames of a skip, 1: all
    double sticky;
    int64_t mode, difficulty;
    int full_actions;
} environment_options;

/** Nothing is chosen. */
environment_options environment_options_none(void);
/** Those of `more` replace what `o` chose. */
void environment_options_merge(environment_options *o, const environment_options *more);
/** What decides how a game is played, without what only a learner sees: ends at lost lives, clipped
 *  rewards. */
environment_options environment_options_of_game(const environment_options *o);

/** The command line's options, which go into `o`; returns how many of ENVIRONMENT_OPTIONS_MAX. */
size_t environment_options_table(environment_options *o, option *table);

/** @return whether there is a choice of that name */
bool environment_options_has(const char *key);
/** DQ_ERR_CONFIG says which values there are, or that there is no such choice. */
DQ_NODISCARD dq_status environment_options_set(environment_options *o, const char *key,
                                               const char *value);
/** The choices as texts that environment_options_set() reads back, "" where nothing is chosen.
 *  @return false past the last one */
bool environment_options_get(const environment_options *o, size_t index, const char **key,
                             char *value, size_t cap);

/** What is chosen, in one line: "frame_skip=3 sticky=0.25". */
void environment_options_print(const environment_options *o, char text[ENVIRONMENT_OPTIONS_TEXT]);
/** Such a line. */
DQ_NODISCARD dq_status environment_options_parse(environment_options *o, const char *text);

/** Choose. */
void environment_options_apply(const environment_options *o, dq_preprocessing *how,
                               dq_atari_options *atari);

#endif
