/* The benchmark of many environments: one vector, all of them stepped together. */
#include <stdio.h>
#include <stdlib.h>

#include "app/bench_cases.h"
#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/rng.h"
#include "deepq/vector.h"
#include "env/env_ids.h"

enum { STEPS_A_TURN = 20 };

typedef struct crowd {
    dq_vector *vector;
    dq_rng rng;
    uint32_t n_actions;
    int n;
    int *actions;
    uint8_t *obs;
    dq_vector_result *results;
} crowd;

static void destroy_crowd(void *self)
{
    crowd *c = self;
    if (!c)
        return;
    dq_vector_destroy(c->vector);
    free(c->actions);
    free(c->obs);
    free(c->results);
    free(c);
}

static dq_status work(void *self, int64_t *n_items)
{
    crowd *c = self;
    for (int step = 0; step < STEPS_A_TURN; step++) {
        for (int i = 0; i < c->n; i++)
            c->actions[i] = (int)dq_rng_below(&c->rng, c->n_actions);
        DQ_TRY(dq_vector_step(c->vector, c->actions, c->obs, NULL, c->results));
    }
    *n_items = (int64_t)STEPS_A_TURN * c->n;
    return DQ_OK;
}

static dq_status make_env(dq_env **out, const bench_settings *s, int index)
{
    dq_preprocessing p;
    dq_atari_options o;
    DQ_TRY(dq_preprocessing_init(&p, s->dialect ? s->dialect : "book"));
    DQ_TRY(dq_atari_options_init(&o, s->env_id));
    o.rom_dir = s->rom_dir;
    o.seed = (uint64_t)index;
    return dq_env_make_preprocessed(out, s->env_id, &p, &o);
}

static dq_status make_vector(dq_vector **out, const bench_settings *s, int n)
{
    dq_env **envs = calloc((size_t)n, sizeof(dq_env *));
    if (!envs)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d environments", n);
    dq_status st = DQ_OK;
    int made = 0;
    for (; made < n && st == DQ_OK; made++)
        st = make_env(&envs[made], s, made);
    dq_vector_config cfg = {.n_threads = s->n_threads ? s->n_threads : 1,
                            .autoreset = DQ_AUTORESET_SAME_STEP};
    if (st == DQ_OK)
        st = dq_vector_create(out, envs, n, &cfg);
    for (int i = 0; i < made && st != DQ_OK; i++)
        dq_env_destroy(envs[i]);
    free(envs);
    return st;
}

static dq_status prepare(crowd *c, const bench_settings *s)
{
    c->n = s->n_envs ? s->n_envs : 8;
    DQ_TRY(make_vector(&c->vector, s, c->n));
    const dq_env_spec *spec = dq_env_get_spec(dq_vector_env(c->vector, 0));
    c->n_actions = (uint32_t)spec->n_actions;
    c->rng = dq_rng_stream(0, "benchmark");
    c->actions = calloc((size_t)c->n, sizeof(*c->actions));
    c->obs = calloc((size_t)c->n, dq_space_bytes(&spec->obs));
    c->results = calloc((size_t)c->n, sizeof(*c->results));
    if (!c->actions || !c->obs || !c->results)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the steps of %d environments", c->n);
    return dq_vector_reset(c->vector, c->obs);
}

dq_status bench_make_vector(bench_case *out, const bench_settings *s, int variant)
{
    (void)variant;
    dq_atari_id id;
    if (!dq_atari_id_parse(s->env_id, &id))
        return dq_fail(DQ_ERR_CONFIG, "%s is not an Atari game: choose one with --env", s->env_id);
    crowd *c = calloc(1, sizeof(*c));
    dq_status st = c ? prepare(c, s) : dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    if (st != DQ_OK) {
        destroy_crowd(c);
        return st;
    }
    snprintf(out->name, sizeof(out->name), "vector/%s%s%s/%d", id.homebrew ? id.name : id.game->id,
             s->dialect ? "/" : "", s->dialect ? s->dialect : "", c->n);
    out->unit = "steps/s";
    out->isa = "generic";
    out->n_threads = dq_vector_threads(c->vector);
    out->self = c;
    out->work = work;
    out->destroy = destroy_crowd;
    return DQ_OK;
}
