/** A model plays while it is exported: states for the self-check of a C file, and how much its
 *  int8 network agrees. */
#ifndef DEEPQ_APP_EXPORT_PLAY_H
#define DEEPQ_APP_EXPORT_PLAY_H

#include "app/trained_model.h"
#include "env/atari_session.h"
#include "export/c_file.h"

/** What is recorded, and how. */
typedef struct export_play {
    const char *rom_dir;  // where ROMs are looked for first, or NULL
    int64_t n_states;     // states that int8 is measured on
    uint64_t seed;        // of the game and of the actions
    dq_c_file file;       // of which `int8` and `prefix` are the caller's; points into what follows
    const char *action_names[DQ_ATARI_ACTIONS];  // of an Atari game
    uint8_t *pairs;                              // screens of the recorded states
    float *vectors, *values;
    char env_id[DQ_SETTING_BYTES];  // what was played
    bool is_other;                  // instead of the model's own game, which cannot be played here
    int64_t n_seen, n_same;         // of int8: states, those of which the greedy action is the same
    double largest;                 // the largest difference of their values
} export_play;

/** Play, and fill in what a C file needs besides the network. */
DQ_NODISCARD dq_status export_play_run(export_play *p, const dq_export_model *m,
                                       const trained_model *model);
void export_play_free(export_play *p);

#endif
