/* Advantages and a value: Wang et al. 2016, equation 9, for each atom of a distribution. */
#include <string.h>

#include "nn/graph.h"

static bool is_parted(const dq_net_shape *s)
{
    return s->network->last.dueling != DQ_DUELING_NONE;
}

void dq_net_merge(const dq_net_shape *s, const float *raw, float *y)
{
    size_t atoms = (size_t)s->network->last.n_atoms, n = (size_t)s->n_outputs;
    const float *value = raw + n;
    memcpy(y, raw, n * sizeof(*y));
    for (size_t i = 0; is_parted(s) && i < atoms; i++) {
        float sum = 0.0f;
        for (size_t a = i; a < n; a += atoms)
            sum += raw[a];
        float base = value[i] - sum / (float)s->n_actions;
        for (size_t a = i; a < n; a += atoms)
            y[a] = raw[a] + base;
    }
}

void dq_net_spread(const dq_net_shape *s, int action, const float *dy, float *raw)
{
    size_t atoms = (size_t)s->network->last.n_atoms, n = (size_t)s->n_outputs;
    float *of_action = raw + (size_t)action * atoms;
    memset(raw, 0, s->out_pad * sizeof(*raw));
    for (size_t i = 0; is_parted(s) && i < atoms; i++) {
        for (size_t a = i; a < n; a += atoms)
            raw[a] = -dy[i] / (float)s->n_actions;
        raw[n + i] = dy[i];
    }
    for (size_t i = 0; i < atoms; i++)
        of_action[i] += dy[i];
}

void dq_net_part_streams(const dq_net_shape *s, const dq_dense_shape *out, float *w)
{
    size_t row = (size_t)out->out_row, half = (size_t)s->network->last.stream;
    size_t n = (size_t)s->n_outputs, atoms = (size_t)s->network->last.n_atoms;
    for (size_t k = 0; k < 2 * half; k++)
        if (k < half)
            memset(w + k * row + n, 0, atoms * sizeof(*w));
        else
            memset(w + k * row, 0, n * sizeof(*w));
}
