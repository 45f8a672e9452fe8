/* Parameters as PyTorch sees them: initial values, in and out. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/normal.h"
#include "base/spelling.h"
#include "nn/net_internal.h"

static int shapes_of(const dq_net *net, dq_tensor *shapes)
{
    return dq_net_param_shapes(dq_net_network(net), net->cfg.n_actions, shapes);
}

static const struct initialisation {
    const char *name;
    double gain;        // weights are within gain / sqrt(fan)
    bool both_fans;     // fan is fan_in + fan_out, else fan_in
    bool draws_biases;  // within the same bounds; else they are 0
    bool is_normal;     // that is the standard deviation of a normal distribution
} initialisations[] = {
    {"pytorch", 1, false, true, false},
    {"torch7", 1, false, true, false},
    {"xavier", 2.449489742783178, true, false, false},  // sqrt(6)
    {"he", 2.449489742783178, false, false, false},
    {"he_normal", 1.4142135623730951, false, false, true},  // sqrt(2)
    {"dopamine", 1.3160740129524924, false, false, false},  // 3^(1/4)
};

const char *dq_net_initialisation_name(size_t index)
{
    return index < DQ_COUNT(initialisations) ? initialisations[index].name : NULL;
}

dq_status dq_initialisation_find(const char *name, int *index)
{
    const char *names[DQ_COUNT(initialisations)];
    char known[128];
    *index = -1;
    for (int i = 0; i < (int)DQ_COUNT(initialisations); i++) {
        names[i] = initialisations[i].name;
        if (strcmp(names[i], name ? name : names[0]) == 0)
            *index = i;
    }
    if (*index >= 0)
        return DQ_OK;
    dq_list_words(known, sizeof(known), names, DQ_COUNT(initialisations), "or");
    return dq_fail(DQ_ERR_CONFIG, "no initialisation '%s': choose %s", name, known);
}

/** The distributions of noisy layers: Fortunato et al. 2018, section 3.2. */
static double noisy_bound(const dq_net *net, const dq_layer *l)
{
    return sqrt((net->network.last.noise == DQ_NOISE_INDEPENDENT ? 3.0 : 1.0) / l->in);
}

static float first_sigma(const dq_net *net, const dq_layer *l)
{
    bool is_independent = net->network.last.noise == DQ_NOISE_INDEPENDENT;
    double usual = is_independent ? 0.017 : 0.5;
    double sigma = net->cfg.noisy_sigma > 0 ? net->cfg.noisy_sigma : usual;
    return (float)(is_independent ? sigma : sigma / sqrt((double)l->in));
}

static double bound_of(const struct initialisation *init, const dq_layer *l, int n_outputs)
{
    int kernel = l->kind == DQ_LAYER_CONV ? l->k * l->k : 1;
    int fan = kernel * l->in, out = l->out ? l->out : n_outputs;
    if (init->both_fans)
        fan += kernel * out;
    return init->gain / sqrt((double)fan);
}

/** Draw a parameter. */
static float draw(bool is_normal, double bound, dq_rng *rng)
{
    return (float)((is_normal ? dq_rng_normal(rng) : 2.0 * dq_rng_unit(rng) - 1.0) * bound);
}

/** The parameters that are not drawn: sigmas, scales of normalisations, and shifts and biases. */
static float constant_of(const dq_net *net, const dq_param *p)
{
    if (p->is_sigma)
        return first_sigma(net, p->layer);
    return p->is_norm && !p->is_bias ? 1.0f : 0.0f;
}

void dq_net_init(dq_net *net, dq_rng *rng)
{
    const struct initialisation *init = &initialisations[net->initialisation];
    dq_tensor shapes[DQ_TENSORS_MAX];
    int n_tensors = shapes_of(net, shapes);
    for (int t = 0; t < n_tensors; t++) {
        const dq_param *p = &net->shape.tensors[t];
        if (!p->layer)
            continue;
        bool is_noisy = net->n_noisy > 0 && p->layer->kind == DQ_LAYER_LINEAR;
        double bound =
            is_noisy ? noisy_bound(net, p->layer) : bound_of(init, p->layer, net->shape.n_outputs);
        bool is_drawn =
            !p->is_sigma && !p->is_norm && (!p->is_bias || init->draws_biases || is_noisy);
        float constant = constant_of(net, p);
        for (size_t i = 0; i < dq_tensor_elements(&shapes[t]); i++)
            net->online.params[dq_param_place(&net->shape, p, i)] =
                is_drawn ? draw(init->is_normal && !is_noisy, bound, rng) : constant;
    }
    dq_net_params_changed(net);
    dq_net_sync_target(net);
}

void dq_net_copy_tensors(const dq_net *net, const float *params, dq_tensor *out)
{
    for (int t = 0; t < net->shape.n_tensors; t++)
        for (size_t i = 0; i < dq_tensor_elements(&out[t]); i++)
            out[t].data[i] = params[dq_param_place(&net->shape, &net->shape.tensors[t], i)];
}

void dq_net_get_params(const dq_net *net, dq_tensor *out)
{
    dq_net_copy_tensors(net, net->online.params, out);
}

bool dq_net_is_finite(const dq_net *net)
{
    static const uint32_t exponent = 0x7F800000;  // all ones in infinities and NaNs alone
    uint32_t n_bad = 0;
    for (size_t i = 0; i < net->shape.n_params; i++) {
        uint32_t bits;
        memcpy(&bits, &net->online.params[i], sizeof(bits));
        n_bad += (bits & exponent) == exponent;
    }
    return n_bad == 0;
}

static bool same_shape(const dq_tensor *a, const dq_tensor *b)
{
    return a->n_dims == b->n_dims &&
           memcmp(a->shape, b->shape, (size_t)a->n_dims * sizeof(a->shape[0])) == 0;
}

static void print_shape(const dq_tensor *t, char *text, size_t cap)
{
    size_t used = (size_t)snprintf(text, cap, "[");
    for (int d = 0; d < t->n_dims && used < cap; d++)
        used += (size_t)snprintf(text + used, cap - used, "%s%d", d ? ", " : "", t->shape[d]);
    if (used < cap)
        snprintf(text + used, cap - used, "]");
}

static dq_status find_param(const dq_tensor *want, const dq_tensor *given, size_t n,
                            const dq_tensor **found)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(given[i].name, want->name) != 0)
            continue;
        char have[64], need[64];
        print_shape(&given[i], have, sizeof(have));
        print_shape(want, need, sizeof(need));
        if (!same_shape(want, &given[i]))
            return dq_fail(DQ_ERR_INPUT, "model: %s has shape %s, %s needed", want->name, have,
                           need);
        *found = &given[i];
        return DQ_OK;
    }
    char first[64];
    if (n == 0)
        return dq_fail(DQ_ERR_INPUT, "model: %s is missing", want->name);
    print_shape(&given[0], first, sizeof(first));
    return dq_fail(DQ_ERR_INPUT, "model: %s is missing, its first tensor is %s %s", want->name,
                   given[0].name, first);
}

/** The model of another network is refused as such, not by its first tensor. */
static dq_status check_network(const dq_net *net, const dq_tensor *given, size_t n)
{
    const char *theirs = dq_net_recognise(given, n), *ours = dq_net_network(net);
    if (!theirs || dq_network_fits(&net->network, given, n))
        return DQ_OK;
    return dq_fail(DQ_ERR_INPUT, "model: it is a %s network, %s needed", theirs, ours);
}

dq_status dq_net_set_params(dq_net *net, const dq_tensor *given, size_t n)
{
    const dq_net_shape *s = &net->shape;
    dq_tensor shapes[DQ_TENSORS_MAX];
    const dq_tensor *found[DQ_TENSORS_MAX];
    int n_tensors = shapes_of(net, shapes);
    DQ_TRY(check_network(net, given, n));
    for (int t = 0; t < n_tensors; t++)
        DQ_TRY(find_param(&shapes[t], given, n, &found[t]));
    if (n != (size_t)n_tensors)
        return dq_fail(DQ_ERR_INPUT, "model: %zu tensors, a %s network has %d", n,
                       dq_net_network(net), n_tensors);
    for (int t = 0; t < n_tensors; t++)
        for (size_t i = 0; i < dq_tensor_elements(&shapes[t]); i++)
            net->online.params[dq_param_place(s, &s->tensors[t], i)] = found[t]->data[i];
    memset(net->m, 0, s->n_params * sizeof(*net->m));
    memset(net->v, 0, s->n_params * sizeof(*net->v));
    net->n_updates = 0;
    dq_net_params_changed(net);
    dq_net_sync_target(net);
    return DQ_OK;
}
