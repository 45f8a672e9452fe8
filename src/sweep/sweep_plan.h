/** The plan of a sweep: which games, seeds and variants of settings are trained, and how each run
 * is scored at its end. A text file of `key = value` lines (record/config_file.h):
 *
 *      env = PongNoFrameskip-v4, BreakoutNoFrameskip-v4
 *      seeds = 1..5
 *      preset = dopamine-dqn
 *      frames = 2e6
 *      [plain]
 *      [dueling]
 *      dueling = output
 *      [eval]
 *      episodes = 100
 *
 *  Before the first section: settings of all runs, under their names in a run's config; `env` and
 *  `seeds` are lists, and `frames` is max_steps. Each further section is a variant with settings of
 *  its own, which may be none; without variants there is one, named as the preset. [eval] has
 * options of `deepq eval`, and is no variant. A run is a game with a seed and a variant. */
#ifndef DEEPQ_SWEEP_SWEEP_PLAN_H
#define DEEPQ_SWEEP_SWEEP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/train_settings.h"

enum { DQ_SWEEP_MAX_RUNS = 100000, DQ_SWEEP_MAX_PAIRS = 32 };

typedef struct dq_plan_pair {
    char *key, *value;
} dq_plan_pair;

typedef struct dq_plan_section {
    char *name;  // "" of the settings of all runs
    dq_plan_pair *pairs;
    size_t n;
} dq_plan_section;

typedef struct dq_sweep_run {
    char *name;            // of its folder: GAME-VARIANT-sSEED
    size_t game, variant;  // indices
    uint64_t seed;
    int64_t frames;   // it ends at, at least 1
    uint64_t memory;  // bytes that it needs, an estimate
} dq_sweep_run;

typedef struct dq_sweep_plan {
    char *file;  // its name, for messages
    char **games;
    size_t n_games;  // at least 1
    uint64_t *seeds;
    size_t n_seeds;  // at least 1
    dq_plan_section common, eval, *variants;
    size_t n_variants;   // at least 1
    dq_sweep_run *runs;  // game by game, of each variant by variant
    size_t n_runs;
} dq_sweep_plan;

/** Read a plan and check it: all of its runs could begin.
 *  @param[out] out to be freed by dq_sweep_plan_free(); NULL on failure
 *  @return DQ_ERR_INPUT, DQ_ERR_CONFIG: the message has the line, the key and the nearest spelling;
 *          DQ_ERR_NOT_FOUND: there is no such file; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_sweep_plan_read(dq_sweep_plan **out, const char *path);
/** The same for n bytes in memory; `name` stands for the file in messages. */
DQ_NODISCARD dq_status dq_sweep_plan_parse(dq_sweep_plan **out, const char *bytes, size_t n,
                                           const char *name);
/** Accepts NULL. */
void dq_sweep_plan_free(dq_sweep_plan *p);

/** How many runs, the largest of the plan, fit into so much memory side by side; at least 1. */
int dq_sweep_plan_fitting(const dq_sweep_plan *p, uint64_t memory);

/** The last value that a plan gives a setting in a variant; NULL: none. */
const char *dq_sweep_plan_value(const dq_sweep_plan *p, size_t variant, const char *key);
/** All settings of a run, as `deepq train` makes them of its arguments. */
DQ_NODISCARD dq_status dq_sweep_plan_settings(const dq_sweep_plan *p, const dq_sweep_run *run,
                                              dq_train_settings *s);

#endif
