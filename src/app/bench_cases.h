/** What `deepq bench` can measure: each case does a portion of work and says how many items of its
 *  unit that was. */
#ifndef DEEPQ_APP_BENCH_CASES_H
#define DEEPQ_APP_BENCH_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "env/env_ids.h"

typedef struct bench_settings {
    const char *env_id, *rom_dir;
    const char *isa;                 // NULL: the best there is
    const char *device, *precision;  // NULL: cpu, fp32
    const char *network;             // NULL: nature
    int n_threads;                   // 0: the case's own default
    const char *dialect;             // of env and vector; NULL: the book's
    int n_envs;                      // in a vector, 0: 8
} bench_settings;

typedef struct bench_case {
    char name[96];          // "emulator/pong/screen"
    const char *unit;       // "frames/s"
    const char *isa;        // in use; "generic" where there is only portable code
    const char *device;     // in use, lives as long as `self`; NULL: "cpu"
    const char *precision;  // of the network's products, NULL where there is none
    int n_threads;          // in use
    double scale;           // units in an item; 0: 1
    const char *detail;     // name of another figure, "bytes_per_frame"; or NULL
    double detail_value;
    void *self;
    dq_status (*work)(void *self, int64_t *n_items);  // NULL: nothing to measure here
    void (*destroy)(void *self);
    void (*print_stages)(const void *self, double rate);  // more lines, after the rate; or NULL
} bench_case;

typedef struct bench_maker {
    const char *what;  // "emulator"
    dq_status (*make)(bench_case *c, const bench_settings *s, int variant);
    int n_variants;
    bool per_game;
    bool has_layers;  // a table of the network's layers follows
} bench_maker;

const bench_maker *bench_makers(size_t *n);

/** GFLOP/s of multiply-adds on n_threads, the best of some short runs; 0 where it cannot be said.
 */
double bench_peak_gflops(const char *isa, const char *precision, int n_threads);

/** In a figure's name: ALE's name of the game, or the id of one that ALE does not have. */
const char *bench_game_name(const dq_atari_id *id);
dq_status bench_make_emulator(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_env(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_vector(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_act(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_learn(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_peak(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_replay(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_tabular(bench_case *c, const bench_settings *s, int variant);
dq_status bench_make_train(bench_case *c, const bench_settings *s, int variant);

#endif
