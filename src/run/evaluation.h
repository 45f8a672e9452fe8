/** A model's score over whole games, by a stated protocol: what `eval` prints, a card shows,
 *  and a training run is told of now and then.
 *
 *  Each game has a seed of its own, drawn from the evaluation's: so the scores are the same however
 *  many games are played at a time. */
#ifndef DEEPQ_RUN_EVALUATION_H
#define DEEPQ_RUN_EVALUATION_H

#include "deepq/env.h"
#include "deepq/model.h"
#include "deepq/status.h"
#include "run/environment_options.h"

/** The protocol, and what is played. */
typedef struct dq_evaluation {
    const char *model, *env_id, *dialect;  // the model's file, for messages; what it plays
    const char *rom_dir;                   // looked into first for ROMs, or NULL
    const char *protocol;                  // its name, or NULL
    const dq_model *weights;
    int64_t episodes;  // games to play; 0: the preset's, 30
    int64_t envs;      // of them at a time, each on a thread of its own; 0: as many as cores
    int64_t noops;     // no-op starts, at most; below 0: the preset's, or none
    int64_t cap;       // console frames that a game may last; 0: the environment's own limit; below
                       // 0: the preset's, half an hour
    double epsilon;    // probability of a random action; below 0: the preset's
    uint64_t seed;     // of no-ops, epsilon and sticky actions
    dq_environment_options options;
    const volatile int *stop;  // set: end after the games at hand; may be NULL
    /** Called at the beginning and after each step of the first game, on any thread; NULL: nobody
     *  watches. */
    dq_status (*watch)(void *ctx, dq_env *env);
    void *watcher;  // the first argument of `watch`
} dq_evaluation;

typedef struct dq_evaluation_scores {
    double *rewards;            // [n] of each game
    int64_t *steps;             // [n] agent steps of each game
    int64_t n, n_steps;         // games played, and their agent steps
    double mean, sd, min, max;  // of the rewards
} dq_evaluation_scores;

/** Complete what is not chosen by a preset's protocol, whose no-ops and epsilon are those of Atari
 *  games.
 *  @param preset NULL or unknown: the book's */
void dq_evaluation_follow(dq_evaluation *e, const char *preset);
/** Play. DQ_ERR_INTERRUPTED: the scores are of the games until then.
 *  @param[out] s to be freed by dq_evaluation_scores_free(), also after a failure */
DQ_NODISCARD dq_status dq_evaluation_run(const dq_evaluation *e, dq_evaluation_scores *s);
void dq_evaluation_scores_free(dq_evaluation_scores *s);

enum { DQ_EVALUATION_SKIP = 4 };    // console frames of an agent step, where nothing else is said
enum { DQ_EVALUATION_TEXT = 512 };  // bytes of a protocol in words
/** "preprocessing book, no-op starts up to 30, epsilon 0.05, ..." */
void dq_evaluation_describe(const dq_evaluation *e, char text[DQ_EVALUATION_TEXT]);
/** The probability of sticky actions. */
double dq_evaluation_sticky(const dq_evaluation *e);

#endif
