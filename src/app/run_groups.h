/** Runs sorted into groups: those of one game with the same settings but the seed. Groups of
 *  different games that have the same settings are one variant. */
#ifndef DEEPQ_APP_RUN_GROUPS_H
#define DEEPQ_APP_RUN_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "run/train_settings.h"

enum { RUN_LABEL_BYTES = 200 };

typedef struct grouped_run {
    const char *dir;
    char env_id[DQ_SETTING_BYTES], preset[DQ_SETTING_BYTES];
    char *settings;  // lines "key = value" that bind it, without seed, game and instruction set
    uint64_t seed;
    int64_t skip;           // console frames of an agent step; 0: no Atari game
    const char *atari_id;   // ALE's ROM id; NULL: no Atari game, or one that comes with deepq
    const char *game;       // what people call it: "Pong", or the environment's id
    size_t variant, panel;  // of run_groups.labels, of run_groups.games
} grouped_run;

typedef struct run_groups {
    grouped_run *runs;  // [n_runs] in the order that they were given in
    size_t n_runs;
    char (*labels)[RUN_LABEL_BYTES];  // [n_variants] what differs: "dueling=output", or the preset
    size_t n_variants;
    size_t *games;  // [n_games] the first run of each game
    size_t n_games;
} run_groups;

/** Read the settings of runs.
 *  @param dirs [n] run folders, which must outlive the groups
 *  @param[out] g to be freed by run_groups_free(), also after a failure
 *  @return DQ_ERR_INPUT: one is no run folder, or was given twice */
DQ_NODISCARD dq_status run_groups_read(run_groups *g, char *const *dirs, size_t n);
void run_groups_free(run_groups *g);
/** Say of each run that has settings, game and seed of an earlier one, which is no second sample.
 */
void run_groups_tell_twins(const run_groups *g);
/** The first run of a variant. */
const grouped_run *run_groups_first(const run_groups *g, size_t variant);

#endif
