/** Any text as a map of a frozen lake: refused with a message, or a world that can be walked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "deepq/tabular.h"
#include "deepq/toy_text.h"

enum { MAX_CELLS = 4096, N_STEPS = 50 };

const char *const fuzz_depths[] = {"a lake is walked on", "a map is refused", NULL};

static void walk(dq_env *env, uint8_t chance)
{
    int32_t state;
    dq_step step = {0};
    const char *text;
    if (dq_env_reset(env, &state) != DQ_OK)
        abort();
    for (int i = 0; i < N_STEPS && !step.terminated && !step.truncated; i++) {
        if (dq_env_step(env, (chance + i) % 4, &state, &step) != DQ_OK ||
            dq_env_render_text(env, &text) != DQ_OK || !strstr(text, "\x1b[41m"))
            abort();
        if (state < 0 || state >= dq_env_get_spec(env)->n_states)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);
    int rows, columns;
    dq_env *env;
    if (!text)
        return 0;
    memcpy(text, bytes, n);
    text[n] = '\0';
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    cfg.map = text;
    dq_status checked = dq_frozen_lake_map_check(text, &rows, &columns);
    dq_status st = dq_frozen_lake_create(&env, &cfg);
    if (st != checked || (st != DQ_OK && st != DQ_ERR_INPUT) || (st == DQ_OK) != (env != NULL))
        abort();
    fuzz_reached(env ? 0 : 1);
    if (env) {
        if (rows * columns != dq_env_get_spec(env)->n_states)
            abort();
        if (rows * columns <= MAX_CELLS)
            walk(env, n ? bytes[0] : 0);
    }
    dq_env_destroy(env);
    free(text);
    return 0;
}
