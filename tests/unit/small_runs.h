/** Training runs that are small and made of our own cartridges, one for each way of keeping a
 * state: what a checkpoint of them holds is tried out by test_trainer_state and by
 * fuzz_trainer_state. */
#ifndef DEEPQ_TESTS_SMALL_RUNS_H
#define DEEPQ_TESTS_SMALL_RUNS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/train.h"

enum { RUN_MAX_ENVS = 3, RUN_MOST_STEPS = 8 };

typedef struct small_run {
    const char *id;
    const char *dialect;  // NULL: the book's wrappers one around the other; "": no pictures
    int n_envs, n_step;
    double priority_alpha;
    bool double_dqn;
} small_run;

static const small_run small_runs[] = {
    {"deepq/Pong-v0", "book", 1, 1, 0, false}, {"deepq/Bricks-v0", "sb3", 2, 2, 0.6, false},
    {"deepq/Pong-v0", NULL, 1, 1, 0, true},    {"deepq/Bricks-v0", "envpool", 3, 1, 0, false},
    {"CartPole-v1", "", 2, 2, 0.6, true},
};
enum { N_SMALL_RUNS = sizeof(small_runs) / sizeof(small_runs[0]) };

static inline void must(dq_status st)
{
    if (st == DQ_OK)
        return;
    fprintf(stderr, "%s\n", dq_errmsg());
    abort();
}

static inline dq_env *wrap_as_book(const char *id)
{
    dq_env *env;
    must(dq_env_make(&env, id, NULL));
    must(dq_wrap_noop_reset(&env, env, 5));
    must(dq_wrap_episodic_life(&env, env));
    must(dq_wrap_max_and_skip(&env, env, 4));
    must(dq_wrap_fire_reset(&env, env));
    must(dq_wrap_process_frame84(&env, env));
    must(dq_wrap_image_to_pytorch(&env, env));
    must(dq_wrap_buffer(&env, env, 4));
    return env;
}

static inline dq_env *small_run_env(const small_run *run)
{
    dq_env *env;
    dq_preprocessing how;
    if (!run->dialect)
        return wrap_as_book(run->id);
    if (*run->dialect == '\0') {
        must(dq_env_make(&env, run->id, NULL));
        return env;
    }
    if (strcmp(run->dialect, "book") == 0) {
        must(dq_env_make_book(&env, run->id, NULL));
        return env;
    }
    must(dq_preprocessing_init(&how, run->dialect));
    how.noop_max = 3;  // no-ops are frames that take time here and show nothing
    must(dq_env_make_preprocessed(&env, run->id, &how, NULL));
    return env;
}

/** Learns from step 12 on; the ring is full after 24. */
static inline dq_trainer *small_run_create(const small_run *run)
{
    dq_train_config cfg;
    dq_env *envs[RUN_MAX_ENVS];
    dq_trainer *t;
    must(dq_train_preset(&cfg, "book"));
    cfg.batch = 2;
    cfg.replay_size = 24;
    cfg.replay_start = 12;
    cfg.train_every = 6;
    cfg.target_sync = 10;
    cfg.network = run->dialect && *run->dialect == '\0' ? "mlp" : "small";
    cfg.hidden[0] = 8;
    cfg.n_threads = 1;
    cfg.n_envs = run->n_envs;
    cfg.n_step = run->n_step;
    cfg.priority_alpha = run->priority_alpha;
    cfg.double_dqn = run->double_dqn;
    for (int i = 0; i < run->n_envs; i++)
        envs[i] = small_run_env(run);
    must(dq_trainer_create_many(&t, &cfg, envs));
    return t;
}

static inline dq_status small_run_step(void *steps_left, const dq_progress *p)
{
    (void)p;
    return --*(int *)steps_left > 0 ? DQ_OK : DQ_ERR_INTERRUPTED;
}

/** Run n_steps more steps, or until it is solved. */
static inline dq_status small_run_play(dq_trainer *t, int n_steps)
{
    bool solved;
    dq_train_events events = {.ctx = &n_steps, .step = small_run_step};
    dq_status st = dq_trainer_run(t, &events, NULL, &solved);
    return st == DQ_ERR_INTERRUPTED ? DQ_OK : st;
}

static inline dq_status small_run_load(dq_trainer *t, const void *state, size_t n)
{
    dq_reader *r;
    must(dq_reader_create(&r, state, n));
    dq_status st = dq_trainer_load(t, r);
    dq_reader_destroy(r);
    return st;
}

/** @return its state; the caller's to free() */
static inline uint8_t *small_run_save(dq_trainer *t, size_t *n)
{
    dq_writer *w;
    must(dq_writer_create(&w));
    must(dq_trainer_save(t, w));
    const void *bytes = dq_writer_bytes(w, n);
    uint8_t *state = malloc(*n);
    if (!state)
        abort();
    memcpy(state, bytes, *n);
    dq_writer_destroy(w);
    return state;
}

/** Where a section of a state begins: its tag and version. The k-th of that name, from 0. */
static inline size_t small_run_section(const uint8_t *state, size_t n, const char *tag, int k)
{
    for (size_t at = 0; at + 8 <= n; at++)
        if (memcmp(state + at, tag, 4) == 0 && state[at + 4] < 32 && !state[at + 5] &&
            !state[at + 6] && !state[at + 7] && k-- == 0)
            return at;
    return n;
}

#endif
