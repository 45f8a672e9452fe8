/* The dialects' names and defaults. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deepq/atari_env.h"

static const char *const names[DQ_DIALECTS] = {
    [DQ_DIALECT_BOOK] = "book",
    [DQ_DIALECT_BOOK_3E] = "book-3e",
    [DQ_DIALECT_BASELINES] = "baselines",
    [DQ_DIALECT_SB3] = "sb3",
    [DQ_DIALECT_CLEANRL] = "cleanrl",
    [DQ_DIALECT_DOPAMINE] = "dopamine",
    [DQ_DIALECT_GYMNASIUM] = "gymnasium",
    [DQ_DIALECT_ENVPOOL] = "envpool",
    [DQ_DIALECT_ALE_VECTOR] = "ale-vector",
};

/* skip, no-ops, FIRE, life, clip, INTER_LINEAR, stack */
static const dq_preprocessing defaults[DQ_DIALECTS] = {
    {DQ_DIALECT_BOOK, 4, 0, true, false, false, false, 4},
    {DQ_DIALECT_BOOK_3E, 4, 0, true, true, false, false, 4},
    {DQ_DIALECT_BASELINES, 4, 30, true, true, true, false, 4},
    {DQ_DIALECT_SB3, 4, 30, true, true, true, false, 4},
    {DQ_DIALECT_CLEANRL, 4, 30, true, true, true, false, 4},
    {DQ_DIALECT_DOPAMINE, 4, 0, false, false, true, false, 4},
    {DQ_DIALECT_GYMNASIUM, 4, 30, false, false, false, false, 4},
    {DQ_DIALECT_ENVPOOL, 4, 30, true, false, false, false, 4},
    {DQ_DIALECT_ALE_VECTOR, 4, 30, true, false, true, false, 4},
};

const char *const *dq_dialect_names(size_t *n)
{
    *n = DQ_DIALECTS;
    return names;
}

dq_status dq_preprocessing_init(dq_preprocessing *p, const char *dialect)
{
    char known[256] = "";
    size_t used = 0;
    for (int i = 0; i < DQ_DIALECTS; i++) {
        if (strcmp(dialect, names[i]) == 0) {
            *p = defaults[i];
            return DQ_OK;
        }
        used +=
            (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", names[i]);
    }
    return dq_fail(DQ_ERR_NOT_FOUND, "no dialect '%.40s': choose one of %s", dialect, known);
}
