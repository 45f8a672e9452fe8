/** What a user chooses about an environment: what its dialect or its id leave open. One table has
 *  the options of `train`, `play` and `eval`, the keys of a run's `config` and a model's record. */
#ifndef DEEPQ_RUN_ENVIRONMENT_OPTIONS_H
#define DEEPQ_RUN_ENVIRONMENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/atari_env.h"

enum { DQ_ENVIRONMENT_OPTIONS_TEXT = 256, DQ_ENVIRONMENT_OPTIONS_MAX = 20 };

/** -1: not chosen, it is as the dialect, or the id, has it. */
typedef struct dq_environment_options {
    int64_t noops, frame_skip, stack;
    int fire, life_loss, clip_rewards;
    int pool;  // 0: the last two frames of a skip, 1: all
    double sticky;
    int64_t mode, difficulty;
    int full_actions;
} dq_environment_options;

/** Nothing is chosen. */
dq_environment_options dq_environment_options_none(void);
/** Those of `more` replace what `o` chose. */
void dq_environment_options_merge(dq_environment_options *o, const dq_environment_options *more);
/** What decides how a game is played, without what only a learner sees: ends at lost lives, clipped
 *  rewards. */
dq_environment_options dq_environment_options_of_game(const dq_environment_options *o);

typedef enum dq_choice_type {
    DQ_CHOICE_COUNT,
    DQ_CHOICE_SWITCH,
    DQ_CHOICE_SHARE,
    DQ_CHOICE_POOL
} dq_choice_type;

/** What can be chosen. A switch has a second name on the command line, --no-... */
typedef struct dq_choice {
    const char *key;
    size_t offset;     // of its field in dq_environment_options
    double low, high;  // of a count
    const char *name, *value, *help;
    const char *no_name, *no_help;
    dq_choice_type type;
    bool of_game;  // it decides how a game is played, not only what is learned from
} dq_choice;

/** NULL past the last one. */
const dq_choice *dq_environment_option_at(size_t index);
/** @return whether there is a choice of that name */
bool dq_environment_options_has(const char *key);
/** DQ_ERR_CONFIG says which values there are, or that there is no such choice. */
DQ_NODISCARD dq_status dq_environment_options_set(dq_environment_options *o, const char *key,
                                                  const char *value);
/** The choices as texts that dq_environment_options_set() reads back, "" where nothing is chosen.
 *  @return false past the last one */
bool dq_environment_options_get(const dq_environment_options *o, size_t index, const char **key,
                                char *value, size_t cap);

/** What is chosen, in one line: "frame_skip=3 sticky=0.25". */
void dq_environment_options_print(const dq_environment_options *o,
                                  char text[DQ_ENVIRONMENT_OPTIONS_TEXT]);
/** Such a line. */
DQ_NODISCARD dq_status dq_environment_options_parse(dq_environment_options *o, const char *text);

/** Choose. */
void dq_environment_options_apply(const dq_environment_options *o, dq_preprocessing *how,
                                  dq_atari_options *atari);

#endif
