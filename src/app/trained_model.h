/** A trained model as commands take it: a model file, or a run folder; with the game and the
 * dialect that it is to play. */
#ifndef DEEPQ_APP_TRAINED_MODEL_H
#define DEEPQ_APP_TRAINED_MODEL_H

#include <stdbool.h>

#include "deepq/env.h"
#include "deepq/model.h"
#include "run/evaluation.h"
#include "run/train_settings.h"

/** What the command line says; NULL, or not chosen: nothing. */
typedef struct model_choice {
    const char *path, *env_id, *dialect;  // without a path: the model that comes with deepq
    dq_environment_options options;
    bool last;  // of a run folder: the weights of its checkpoint, not its best model
} model_choice;

typedef struct trained_model {
    dq_model *weights;
    char path[DQ_SETTING_PATH_BYTES];  // of the file that they are in
    char env_id[DQ_SETTING_BYTES], dialect[DQ_SETTING_BYTES];
    char preset[DQ_SETTING_BYTES];            // "": not known
    dq_environment_options options;           // of the game
    bool has_seed;                            // the run beside it says `seed`
    uint64_t seed;                            // of that run
    bool env_is_assumed, dialect_is_assumed;  // nobody said so
    bool untrained_best;  // the best model was saved before learning began: these are the newest
} trained_model;

/** The command line counts most, then the file, then the run beside it; else it is the book's Pong.
 *  DQ_ERR_INPUT for a file that cannot be used. */
DQ_NODISCARD dq_status trained_model_load(trained_model *m, const model_choice *choice);
/** Whether it can be known what it plays. DQ_ERR_INPUT: it is of another program, and nobody says:
 *  that it is the book's Pong cannot be assumed. */
DQ_NODISCARD dq_status trained_model_check_game(const trained_model *m);
void trained_model_free(trained_model *m);

/** Make this model what is evaluated. The command line counts most, then the model's preset;
 * without one, the book's. */
DQ_NODISCARD dq_status trained_model_evaluate(const trained_model *m, const model_choice *choice,
                                              dq_evaluation *e);

/** One line on standard error when the weights are not those of the run's best model. */
void trained_model_warn_of_choice(const trained_model *m);
/** The same, and a line when something had to be assumed about what the model plays. */
void trained_model_warn(const trained_model *m);

/** The model of a run folder with the highest mean. DQ_ERR_NOT_FOUND: it has none yet.
 *  @param[out] path DQ_SETTING_PATH_BYTES */
DQ_NODISCARD dq_status trained_model_best(const char *dir, char *path);

#endif
