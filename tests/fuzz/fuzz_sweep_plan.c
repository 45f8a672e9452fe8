/** Any bytes as a plan of many runs: refused with a message, or runs that could begin. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "deepq/status.h"
#include "sweep/sweep_keys.h"
#include "sweep/sweep_plan.h"

enum { MAX_LOOKED_AT = 4 };

const char *const fuzz_depths[] = {"a plan has runs", "a plan has variants", "a plan is refused",
                                   NULL};

static void look_at(const dq_sweep_plan *p, const dq_sweep_run *run)
{
    dq_train_settings s;
    dq_arguments a;
    if (strchr(run->name, '/') || run->name[0] == '.' || run->frames < 1)
        abort();
    if (dq_sweep_plan_settings(p, run, &s) != DQ_OK || s.cfg.seed != run->seed)
        abort();
    if (dq_arguments_train(&a, p, run, "folder") != DQ_OK || strcmp(a.words[0], "deepq") != 0 ||
        a.words[a.n])
        abort();
    dq_arguments_free(&a);
    if (dq_arguments_eval(&a, p, run, "folder") != DQ_OK)
        abort();
    free(dq_arguments_text(&a));
    dq_arguments_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    dq_sweep_plan *p;
    dq_status st = dq_sweep_plan_parse(&p, (const char *)bytes, n, "fuzzed");
    if (st != DQ_OK) {
        if ((st != DQ_ERR_INPUT && st != DQ_ERR_CONFIG) || p || !*dq_errmsg())
            abort();
        fuzz_reached(2);
        return 0;
    }
    for (size_t i = 0; i < p->n_runs && i < MAX_LOOKED_AT; i++)
        look_at(p, &p->runs[i]);
    fuzz_reached(0);
    if (p->n_variants > 1)
        fuzz_reached(1);
    dq_sweep_plan_free(p);
    return 0;
}
