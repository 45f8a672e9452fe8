/** The hyperparameters of deepq train, listed. */
#ifndef DEEPQ_APP_HYPERPARAMETERS_H
#define DEEPQ_APP_HYPERPARAMETERS_H

#include <stdbool.h>

#include "run/train_settings.h"

/** Print every hyperparameter with its range, its unit and the value that the settings have.
 *  @param json one object a line, first one for each preset, with all presets' values in the rest
 *  @return an exit status */
int hyperparameters_print(const dq_train_settings *s, bool json);

/** Examples, and behind them the presets, a line or two each. */
void hyperparameters_presets(char *text, size_t cap, const char *examples);

#endif
