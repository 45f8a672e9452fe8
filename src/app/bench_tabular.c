/* Benchmark of the book's Q-learning: whole runs on FrozenLake-v1, seed after seed until solved. */
#include <stdio.h>
#include <stdlib.h>

#include "app/bench_cases.h"
#include "base/error.h"
#include "deepq/tabular.h"

typedef struct lake_runs {
    dq_env *env;
    uint64_t seed;  // of the next run
} lake_runs;

static void destroy(void *self)
{
    lake_runs *l = self;
    if (l)
        dq_env_destroy(l->env);
    free(l);
}

static dq_status work(void *self, int64_t *n_items)
{
    lake_runs *l = self;
    dq_tabular_config cfg = dq_tabular_book(DQ_Q_LEARNING);
    dq_tabular *t;
    dq_tabular_progress p;
    bool solved;
    cfg.seed = ++l->seed;
    DQ_TRY(dq_tabular_create(&t, &cfg, l->env, NULL));
    dq_status st = dq_tabular_run(t, NULL, NULL, &solved);
    dq_tabular_get_progress(t, &p);
    dq_tabular_destroy(t);
    *n_items = p.iteration;
    return st;
}

dq_status bench_make_tabular(bench_case *c, const bench_settings *s, int variant)
{
    (void)s, (void)variant;
    lake_runs *l = calloc(1, sizeof(*l));
    if (!l)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    dq_status st = dq_env_make(&l->env, "FrozenLake-v1", NULL);
    if (st != DQ_OK) {
        free(l);
        return st;
    }
    snprintf(c->name, sizeof(c->name), "tabular/q-learning");
    c->unit = "iterations/s";
    c->isa = "generic";
    c->n_threads = 1;
    c->self = l;
    c->work = work;
    c->destroy = destroy;
    return DQ_OK;
}
