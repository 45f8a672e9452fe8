#include "run/protocols.h"

#include <string.h>

#include "base/error.h"
#include "base/spelling.h"
#include "run/environments.h"

static const dq_protocol protocols[] = {
    {"book", "as it learned, with the last epsilon of training", "Lapan 2020, chapter 6", 0, 0, 0,
     0.01, 100},
    {"nature", "five minutes a game after up to 30 no-ops",
     "Mnih et al. 2015, Extended Data Table 2", 30, 0, 18000, 0.05, 30},
    {"noop", "half an hour a game after up to 30 no-ops",
     "van Hasselt, Guez, Silver 2016; Hessel et al. 2018", 30, 0, 108000, 0.001, 200},
    {"machado", "sticky actions instead of no-ops, as Dopamine evaluates",
     "Machado et al. 2018; Castro et al. 2018", 0, 0.25, 108000, 0.001, 100},
    {"dqn_zoo", "as noop with epsilon 0.05; 100 games, where DQN Zoo plays 500,000 frames",
     "DQN Zoo, dqn/run_atari.py", 30, 0, 108000, 0.05, 100},
    {"atari100k", "as noop, after 100,000 steps of training",
     "Kaiser et al. 2020; Agarwal et al. 2021", 30, 0, 108000, 0.001, 100},
};

const dq_protocol *dq_protocol_at(size_t index)
{
    return index < sizeof(protocols) / sizeof(protocols[0]) ? &protocols[index] : NULL;
}

static dq_status no_protocol(const char *name)
{
    const char *words[sizeof(protocols) / sizeof(protocols[0])];
    char known[256];
    const size_t n = sizeof(words) / sizeof(words[0]);
    for (size_t i = 0; i < n; i++)
        words[i] = protocols[i].name;
    dq_list_words(known, sizeof(known), words, n, "and");
    return dq_fail(DQ_ERR_CONFIG, "no protocol '%s': there are %s", name, known);
}

dq_status dq_protocol_find(const dq_protocol **out, const char *name, const char *env_id)
{
    *out = NULL;
    for (size_t i = 0; dq_protocol_at(i); i++)
        if (strcmp(dq_protocol_at(i)->name, name) == 0)
            *out = dq_protocol_at(i);
    if (!*out)
        return no_protocol(name);
    if (env_id && !dq_environments_is_atari(env_id))
        return dq_fail(DQ_ERR_CONFIG,
                       "protocol %s is of Atari games, and %s is none: leave the protocol out",
                       name, env_id);
    return DQ_OK;
}

dq_status dq_protocol_follow(dq_evaluation *e, const char *name)
{
    const dq_protocol *p;
    DQ_TRY(dq_protocol_find(&p, name, e->env_id));
    if (e->noops < 0)
        e->noops = p->noops;
    if (e->options.sticky < 0)
        e->options.sticky = p->sticky;
    if (e->cap < 0)
        e->cap = p->cap;
    if (e->epsilon < 0)
        e->epsilon = p->epsilon;
    if (e->episodes <= 0)
        e->episodes = p->episodes;
    e->protocol = p->name;
    return DQ_OK;
}
