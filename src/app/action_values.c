#include "app/action_values.h"

#include <stdio.h>
#include <string.h>

const char *action_values_name(const action_values *v, int action, char text[16])
{
    if (v->spec->action_names)
        return v->spec->action_names[action];
    snprintf(text, 16, "%d", action);
    return text;
}

void action_values_init(action_values *v, const dq_env_spec *spec)
{
    char text[16];
    *v = (action_values){.spec = spec, .n = spec->n_actions, .action = -1};
    if (v->n > DQ_MAX_ACTIONS)
        v->n = DQ_MAX_ACTIONS;
    for (int a = 0; a < v->n; a++) {
        int n = (int)strlen(action_values_name(v, a, text));
        v->name_width = n > v->name_width ? n : v->name_width;
    }
}

void action_values_take(action_values *v, int action, const float *values)
{
    v->action = action;
    v->is_greedy = values != NULL;
    v->has_values = v->has_values || v->is_greedy;
    if (values)
        memcpy(v->values, values, (size_t)v->n * sizeof(*values));
}

double action_values_part(const action_values *v, int action)
{
    float least = v->values[0], most = v->values[0];
    if (!v->has_values)
        return 0;
    for (int a = 1; a < v->n; a++) {
        least = v->values[a] < least ? v->values[a] : least;
        most = v->values[a] > most ? v->values[a] : most;
    }
    if (most <= least)
        return 1;
    double part = ((double)v->values[action] - (double)least) / ((double)most - (double)least);
    return part >= 0 && part <= 1 ? part : 0;  // of what is no number, too
}
