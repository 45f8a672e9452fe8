/** What an agent thinks of its actions, for people: the values of a state, as bars with names. */
#ifndef DEEPQ_APP_ACTION_VALUES_H
#define DEEPQ_APP_ACTION_VALUES_H

#include <stdbool.h>

#include "deepq/env.h"
#include "deepq/net.h"

typedef struct action_values {
    const dq_env_spec *spec;
    int n;                         // actions
    int name_width;                // letters of the longest name
    int action;                    // the last one; -1: none was taken yet
    bool is_greedy;                // it was chosen by its values
    bool has_values;               // since an action was
    float values[DQ_MAX_ACTIONS];  // that the last such action was chosen by
} action_values;

/** @param spec must live as long */
void action_values_init(action_values *v, const dq_env_spec *spec);
/** An action was taken. @param values float [n] that it was chosen by; NULL: a random action */
void action_values_take(action_values *v, int action, const float *values);
/** An action's name, or its number where it has none. @param text where a number is written */
const char *action_values_name(const action_values *v, int action, char text[16]);
/** How much of an action's bar is full, 0 to 1: nothing for the least value of the state, all for
 *  the largest; 0 while no values are known, and of what is no number. */
double action_values_part(const action_values *v, int action);

#endif
