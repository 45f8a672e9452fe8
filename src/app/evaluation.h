/** A model's score over whole games, by a stated protocol: what `eval` prints and a card shows. */
#ifndef DEEPQ_APP_EVALUATION_H
#define DEEPQ_APP_EVALUATION_H

#include "app/trained_model.h"

/** The protocol, and what is played. */
typedef struct evaluation {
    const char *model, *env_id, *dialect;  // the model's file, for messages; what it plays
    const char *rom_dir;                   // looked into first for ROMs, or NULL
    const dq_model *weights;
    int64_t episodes;  // games to play
    int64_t noops;     // no-op starts, at most; -1: none to tell of
    int64_t cap;       // console frames that a game may last; 0: the environment's own limit
    double epsilon;    // probability of a random action; below 0: the preset's
    uint64_t seed;     // of no-ops, epsilon and sticky actions
    dq_environment_options options;
    /** Called at the beginning and after each step of the first game; NULL: nobody watches. */
    dq_status (*watch)(void *ctx, dq_env *env);
    void *watcher;  // the first argument of `watch`
} evaluation;

typedef struct evaluation_scores {
    double *rewards;            // [n] malloc'd, the caller's to free()
    int64_t n, n_steps;         // games played, and their agent steps
    double mean, sd, min, max;  // of the rewards
} evaluation_scores;

/** Take over what a model says. The command line counts most, then the model's preset; without one,
 *  the book's. */
void evaluation_begin(evaluation *e, const trained_model *m, const model_choice *choice);
/** Play. DQ_ERR_INTERRUPTED: the scores are of the games until then.
 *  @param[out] s its rewards also after a failure */
DQ_NODISCARD dq_status evaluation_run(const evaluation *e, evaluation_scores *s);

enum { EVALUATION_SKIP = 4 };    // console frames of an agent step, where nothing else is said
enum { EVALUATION_TEXT = 512 };  // bytes of a protocol in words
/** "preprocessing book, no-op starts up to 30, epsilon 0.05, ..." */
void evaluation_describe(const evaluation *e, char text[EVALUATION_TEXT]);
/** The probability of sticky actions. */
double evaluation_sticky(const evaluation *e);

#endif
