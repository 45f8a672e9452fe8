#include "record/model_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spelling.h"
#include "record/model_parts.h"

/** Names that begin with `from` begin with `to` instead; NULL: such tensors are left out. */
typedef struct renaming {
    const char *from, *to;
} renaming;

enum { RENAMINGS = 8 };

/** A kind of network, known by a tensor that no other kind has. */
typedef struct kind {
    const char *sign;     // name of that tensor
    const char *dialect;  // the preprocessing of pictures; "": its states are vectors
    const char *origin;   // the program
    const char *deeper;   // of pictures: a tensor that one with more layers would have, or NULL
    int sign_dims;        // number of the dimensions of `sign`
    bool is_qr;           // the outputs are quantiles, those of all actions for one level together
    bool is_noisy;        // parameters are mu and sigma, and epsilon, which was drawn last
    renaming renamings[RENAMINGS];
} kind;

/* Sources: CleanRL, cleanrl/dqn_atari.py, c51_atari.py, dqn.py, c51.py (QNetwork),
 * rainbow_atari.py (NoisyDuelingDistributionalNetwork);
 * Stable-Baselines3, dqn/policies.py and common/torch_layers.py (NatureCNN, create_mlp);
 * SB3-Contrib, qrdqn/policies.py. */
static const kind kinds[] = {
    {.sign = "value_head.0.weight_mu",
     .sign_dims = 2,
     .dialect = "cleanrl",
     .origin = "CleanRL",
     .is_noisy = true,
     .renamings = {{"network.", "conv."},
                   {"value_head.", "fc_val."},
                   {"advantage_head.", "fc_adv."},
                   {"support", "supports"}}},
    {.sign = "network.0.weight",
     .sign_dims = 4,
     .dialect = "cleanrl",
     .origin = "CleanRL",
     .renamings = {{"network.0.", "conv.0."},
                   {"network.2.", "conv.2."},
                   {"network.4.", "conv.4."},
                   {"network.7.", "fc.0."},
                   {"network.9.", "fc.2."},
                   {"atoms", "supports"}}},
    {.sign = "network.0.weight",
     .sign_dims = 2,
     .dialect = "",
     .origin = "CleanRL",
     .renamings = {{"network.", ""}, {"atoms", "supports"}}},
    {.sign = "q_net.features_extractor.cnn.0.weight",
     .sign_dims = 4,
     .dialect = "sb3",
     .origin = "Stable-Baselines3",
     .deeper = "q_net.q_net.2.weight",
     .renamings = {{"q_net.features_extractor.cnn.", "conv."},
                   {"q_net.features_extractor.linear.", "fc."},
                   {"q_net.q_net.0.", "fc.2."},
                   {"q_net_target.", NULL}}},
    {.sign = "q_net.q_net.0.weight",
     .sign_dims = 2,
     .dialect = "",
     .origin = "Stable-Baselines3",
     .renamings = {{"q_net.q_net.", ""}, {"q_net_target.", NULL}}},
    {.sign = "quantile_net.features_extractor.cnn.0.weight",
     .sign_dims = 4,
     .dialect = "sb3",
     .origin = "SB3-Contrib",
     .deeper = "quantile_net.quantile_net.2.weight",
     .is_qr = true,
     .renamings = {{"quantile_net.features_extractor.cnn.", "conv."},
                   {"quantile_net.features_extractor.linear.", "fc."},
                   {"quantile_net.quantile_net.0.", "fc.2."},
                   {"quantile_net_target.", NULL}}},
    {.sign = "quantile_net.quantile_net.0.weight",
     .sign_dims = 2,
     .dialect = "",
     .origin = "SB3-Contrib",
     .is_qr = true,
     .renamings = {{"quantile_net.quantile_net.", ""}, {"quantile_net_target.", NULL}}},
};

/** Networks that people will try, and that deepq does not have. */
static const struct stranger {
    const char *sign;
    int sign_dims;  // 0: any number
    const char *what;
} strangers[] = {
    {"network.1.weight", 1, "CleanRL's PQN, which normalises layers"},
    {"network.1.weight", 3, "CleanRL's PQN, which normalises layers"},
    {"actor.weight", 0, "an actor and a critic, not a network of action values"},
    {"actor.0.weight", 0, "an actor and a critic, not a network of action values"},
    {"actor.mu.weight", 0, "an actor and a critic, not a network of action values"},
    {"action_net.weight", 0, "an actor and a critic, not a network of action values"},
};

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static dq_tensor *find(const dq_model *m, const char *name, int n_dims)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->tensors[i].name, name) == 0 && (!n_dims || m->tensors[i].n_dims == n_dims))
            return &m->tensors[i];
    return NULL;
}

/** A model's names are its own, const only for callers. */
static char *own_name(dq_tensor *t)
{
    return (char *)t->name;
}

static void strip(dq_model *m, const char *prefix)
{
    for (size_t i = 0; i < m->n; i++)
        if (!begins_with(m->tensors[i].name, prefix))
            return;
    for (size_t i = 0; i < m->n; i++) {
        char *name = own_name(&m->tensors[i]);
        memmove(name, name + strlen(prefix), strlen(name + strlen(prefix)) + 1);
    }
}

/** The renaming that a tensor's name is for, or NULL. */
static const renaming *renaming_of(const kind *k, const char *name)
{
    for (size_t i = 0; i < RENAMINGS && k->renamings[i].from; i++)
        if (begins_with(name, k->renamings[i].from))
            return &k->renamings[i];
    return NULL;
}

static void leave_out(dq_model *m, const kind *k)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        dq_tensor *t = &m->tensors[i];
        const renaming *by = renaming_of(k, t->name);
        if ((by && !by->to) || (k->is_noisy && dq_ends_with(t->name, "_epsilon"))) {
            free(own_name(t));
            free(t->data);
        } else {
            m->tensors[n++] = *t;
        }
    }
    m->n = n;
}

/** "weight_mu" is "weight", "weight_sigma" is "sigma_weight". */
static void rename_noisy(char *name)
{
    static const renaming endings[] = {{".weight_mu", ".weight"},
                                       {".weight_sigma", ".sigma_weight"},
                                       {".bias_mu", ".bias"},
                                       {".bias_sigma", ".sigma_bias"}};
    for (size_t i = 0; i < DQ_COUNT(endings); i++)
        if (dq_ends_with(name, endings[i].from)) {
            char *ending = name + strlen(name) - strlen(endings[i].from);
            memcpy(ending, endings[i].to, strlen(endings[i].to) + 1);  // which is not longer
            return;
        }
}

static dq_status rename_tensor(dq_tensor *t, const kind *k, const renaming *by)
{
    const char *rest = t->name + strlen(by->from);
    size_t n = strlen(by->to) + strlen(rest) + 1;
    char *name = malloc(n);
    if (!name)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a name");
    snprintf(name, n, "%s%s", by->to, rest);
    if (k->is_noisy)
        rename_noisy(name);
    free(own_name(t));
    t->name = name;
    return DQ_OK;
}

static dq_status rename_all(dq_model *m, const kind *k)
{
    for (size_t i = 0; i < m->n; i++) {
        const renaming *by = renaming_of(k, m->tensors[i].name);
        if (by)
            DQ_TRY(rename_tensor(&m->tensors[i], k, by));
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- QR-DQN */

/** Rows from [n_atoms][n_actions] to [n_actions][n_atoms]. */
static dq_status order_by_action(dq_tensor *t, size_t n_actions)
{
    size_t rows = (size_t)t->shape[0], n_atoms = rows / n_actions;
    size_t row = dq_tensor_elements(t) / rows;
    float *data = malloc(rows * row * sizeof(*data));
    if (!data)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a layer");
    for (size_t i = 0; i < n_atoms; i++)
        for (size_t a = 0; a < n_actions; a++)
            memcpy(data + (a * n_atoms + i) * row, t->data + (i * n_actions + a) * row,
                   row * sizeof(*data));
    free(t->data);
    t->data = data;
    return DQ_OK;
}

/** The levels of n quantiles, which SB3-Contrib computes and does not save (docs/family.md). */
static dq_status add_levels(dq_model *m, int n)
{
    dq_tensor *t = &m->tensors[m->n++];
    *t = (dq_tensor){.name = strdup("quantiles"), .n_dims = 1, .shape = {n}};
    t->data = malloc((size_t)n * sizeof(*t->data));
    if (!t->name || !t->data)
        return dq_fail(DQ_ERR_NOMEM, "no memory for quantiles");
    for (int i = 0; i < n; i++)
        t->data[i] = ((float)i + 0.5f) / (float)n;
    return DQ_OK;
}

/** The output layer's parameter: the last of those with this ending. */
static dq_tensor *find_output(const dq_model *m, bool is_picture, const char *ending)
{
    char name[32];
    dq_tensor *last = NULL;
    snprintf(name, sizeof(name), "fc.2.%s", ending);
    if (is_picture)
        return find(m, name, 0);
    for (int i = 0;; i += 2) {
        snprintf(name, sizeof(name), "%d.%s", i, ending);
        dq_tensor *t = find(m, name, 0);
        if (!t)
            return last;
        last = t;
    }
}

static dq_status take_quantiles(dq_model *m, bool is_picture, int n_actions)
{
    dq_tensor *weight = find_output(m, is_picture, "weight");
    dq_tensor *bias = find_output(m, is_picture, "bias");
    if (!weight || !bias || weight->shape[0] != bias->shape[0])
        return DQ_OK;  // which is no network, and will be refused as such
    if (n_actions < 1)
        return dq_fail(DQ_ERR_INPUT,
                       "it has %d quantiles of all its actions, and does not say how "
                       "many actions: give the zip archive of SB3-Contrib",
                       weight->shape[0]);
    if (weight->shape[0] % n_actions != 0)
        return dq_fail(DQ_ERR_INPUT, "its %d outputs are no quantiles of %d actions",
                       weight->shape[0], n_actions);
    DQ_TRY(order_by_action(weight, (size_t)n_actions));
    DQ_TRY(order_by_action(bias, (size_t)n_actions));
    return add_levels(m, weight->shape[0] / n_actions);
}

/* ---------------------------------------------------------------- */

static dq_status refuse_strangers(const dq_model *m)
{
    for (size_t i = 0; i < DQ_COUNT(strangers); i++)
        if (find(m, strangers[i].sign, strangers[i].sign_dims))
            return dq_fail(DQ_ERR_INPUT, "it is %s: deepq has no such network", strangers[i].what);
    return DQ_OK;
}

static dq_status take_kind(dq_model *m, const kind *k, int n_actions)
{
    bool is_picture = *k->dialect != '\0';
    m->origin = k->origin;
    if (is_picture && k->deeper && find(m, k->deeper, 0))
        return dq_fail(DQ_ERR_INPUT, "it has several linear layers behind its convolutions "
                                     "(net_arch), and deepq's networks one besides the output: "
                                     "train with net_arch=[]");
    leave_out(m, k);
    DQ_TRY(rename_all(m, k));
    if (k->is_qr)
        DQ_TRY(take_quantiles(m, is_picture, n_actions));
    if (!is_picture)
        return DQ_OK;
    DQ_TRY(dq_model_info_need(&m->info));
    if (!*m->info->dialect)
        snprintf(m->info->dialect, sizeof(m->info->dialect), "%s", k->dialect);
    return DQ_OK;
}

dq_status dq_model_take_names(dq_model *m, int n_actions)
{
    strip(m, "module.");     // torch.nn.DataParallel
    strip(m, "_orig_mod.");  // torch.compile()
    DQ_TRY(refuse_strangers(m));
    for (size_t i = 0; i < DQ_COUNT(kinds); i++)
        if (find(m, kinds[i].sign, kinds[i].sign_dims))
            return take_kind(m, &kinds[i], n_actions);
    return DQ_OK;
}
