/** Tensors with names and shapes by any bytes: a number of actions, then for each tensor its name,
 *  its dimensions and as many sizes. What is renamed must be what a policy can be made of or
 * refuse.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "deepq/policy.h"
#include "record/model_names.h"

const char *const fuzz_depths[] = {"a network of deepq's",
                                   "with quantiles",
                                   "names of CleanRL",
                                   "names of Stable-Baselines3",
                                   "a network is refused",
                                   "names that stay",
                                   NULL};

enum { MOST = 24 };

static const char *const parts[] = {"network.0",
                                    "network.2",
                                    "network.4",
                                    "network.7",
                                    "network.1",
                                    "q_net.q_net.0",
                                    "q_net.q_net.2",
                                    "q_net_target.q_net.0",
                                    "quantile_net.quantile_net.0",
                                    "quantile_net.quantile_net.2",
                                    "q_net.features_extractor.cnn.0",
                                    "quantile_net.features_extractor.cnn.0",
                                    "quantile_net_target.x",
                                    "0",
                                    "2",
                                    "module.network.0",
                                    "value_head.0",
                                    "value_head.2",
                                    "advantage_head.0",
                                    "advantage_head.2"};

static const char *const endings[8] = {".weight",         ".bias",    ".weight_mu",
                                       ".weight_sigma",   ".bias_mu", ".bias_sigma",
                                       ".weight_epsilon", ".x"};

static char *name_of(uint8_t b)
{
    char *name = malloc(64);
    if (!name)
        abort();
    if (b == 255)
        return strcpy(name, "atoms");
    if (b == 254)
        return strcpy(name, "actor.weight");
    strcpy(name, parts[b / 8 % (sizeof(parts) / sizeof(*parts))]);
    return strcat(name, endings[b % 8]);
}

/** @return how many bytes it takes, 0 at the end */
static size_t add(dq_model *m, const uint8_t *bytes, size_t n)
{
    if (n < 2 || m->n == MOST)
        return 0;
    dq_tensor *t = &m->tensors[m->n];
    int n_dims = 1 + bytes[1] % 4;
    if (n < 2 + (size_t)n_dims)
        return 0;
    *t = (dq_tensor){.name = name_of(bytes[0]), .n_dims = n_dims};
    for (int i = 0; i < n_dims; i++)
        t->shape[i] = 1 + bytes[2 + i] % 16;
    t->data = calloc(dq_tensor_elements(t), sizeof(float));
    if (!t->data)
        abort();
    m->n++;
    return 2 + (size_t)n_dims;
}

/** Of one that no network has, a policy would be made of the largest, to say what is missing. */
static void make_policy(const dq_model *m)
{
    dq_policy *policy;
    dq_status st = dq_policy_create(&policy, m, NULL);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    if (st == DQ_OK)
        fuzz_reached(strcmp(m->tensors[m->n - 1].name, "quantiles") == 0 ? 1 : 0);
    dq_policy_destroy(policy);
}

static void note(const dq_model *m)
{
    if (dq_net_recognise(m->tensors, m->n))
        make_policy(m);
    fuzz_reached(!m->origin ? 5 : strcmp(m->origin, "CleanRL") == 0 ? 2 : 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 4)
        return 0;
    dq_model *m = calloc(1, sizeof(*m));
    size_t at = 1, taken;
    if (!m || !(m->tensors = calloc(MOST + 1, sizeof(*m->tensors))))
        abort();
    while ((taken = add(m, bytes + at, n - at)) > 0)
        at += taken;
    dq_status st = m->n ? dq_model_take_names(m, bytes[0]) : DQ_ERR_INPUT;
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    if (st == DQ_OK)
        note(m);
    else
        fuzz_reached(4);
    dq_model_destroy(m);
    return 0;
}
