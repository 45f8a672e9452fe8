#include "app/tabular_world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/toy_text.h"
#include "env/env_ids.h"
#include "run/environments.h"

enum { MAX_MAP_BYTES = 1 << 20 };
enum { CLIFF_ROWS = 4, CLIFF_COLUMNS = 12 };

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_lake(const char *id)
{
    return begins(id, "FrozenLake");
}

static dq_status copy_map(tabular_world *w, const char *rows)
{
    w->map = strdup(rows);
    return w->map ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for a map");
}

static dq_status make_random_map(tabular_world *w)
{
    size_t side = (size_t)w->options.random_map;
    w->map = malloc(side * (side + 1));
    if (!w->map)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a map");
    return dq_frozen_lake_random_map(w->map, (int)side, w->options.frozen, w->options.map_seed);
}

/** A map by name, from a file, or row by row on the command line. */
static dq_status read_map(tabular_world *w)
{
    const char *text = w->options.map;
    size_t n;
    if (w->options.random_map)
        return make_random_map(w);
    if (!text)
        text = begins(w->options.env_id, "FrozenLake8x8") ? "8x8" : "4x4";
    if (dq_frozen_lake_map(text))
        return copy_map(w, dq_frozen_lake_map(text));
    // One row of cells is a map unless a file is called so.
    bool is_row = text[strspn(text, "SFHG")] == '\0' && access(text, F_OK) != 0;
    if (is_row || strchr(text, ','))
        return copy_map(w, text);
    DQ_TRY(dq_file_read(text, MAX_MAP_BYTES, (void **)&w->map, &n));
    if (strlen(w->map) != n)
        return dq_fail(DQ_ERR_INPUT, "%s is not a text file: write the map's rows, one a line",
                       text);
    return DQ_OK;
}

/** Options of a world that the chosen one does not have. */
static int check_options(const tabular_world_options *o)
{
    if ((o->map || o->random_map || o->success_rate >= 0 || o->is_firm) && !is_lake(o->env_id))
        return app_fail(APP_MISUSED,
                        "%s has no map, success rate or slippery ice: these are "
                        "options of FrozenLake",
                        o->env_id);
    if (o->is_rainy && !begins(o->env_id, "Taxi"))
        return app_fail(APP_MISUSED, "%s has no rain: --rainy is an option of Taxi", o->env_id);
    if (o->map && o->random_map)
        return app_fail(APP_MISUSED, "--map and --random-map: choose one of them");
    if (o->is_firm && o->success_rate >= 0)
        return app_fail(APP_MISUSED, "--success-rate needs slippery ice: leave --no-slippery out");
    return APP_DONE;
}

static bool has_states(const char *id)
{
    dq_atari_id atari;
    dq_env *env;
    if (dq_atari_id_parse(id, &atari))
        return false;
    if (dq_env_make(&env, id, NULL) != DQ_OK)
        return true;  // whoever makes it to use it says what is wrong
    bool is_discrete = dq_env_get_spec(env)->n_states > 0;
    dq_env_destroy(env);
    return is_discrete;
}

static int check_id(const char *id)
{
    int exit_status = environments_check_id(id);
    if (exit_status == APP_DONE && !has_states(id))
        return app_fail(APP_MISUSED,
                        "%s is not a discrete environment: choose one with states, FrozenLake-v1 "
                        "for one",
                        id);
    return exit_status;
}

int tabular_world_open(tabular_world *w, const tabular_world_options *options)
{
    const char *id = options->env_id;
    *w = (tabular_world){.options = *options};
    int exit_status = check_id(id);
    if (exit_status == APP_DONE)
        exit_status = check_options(options);
    if (exit_status != APP_DONE)
        return exit_status;
    // Gymnasium's reward thresholds, and for the cliff one step more than the shortest way.
    w->reward_bound = begins(id, "Taxi") ? 8 : begins(id, "CliffWalking") ? -14 : 0.80;
    if (begins(id, "CliffWalking")) {
        w->n_rows = CLIFF_ROWS;
        w->n_columns = CLIFF_COLUMNS;
    }
    if (!is_lake(id))
        return APP_DONE;
    dq_status st = read_map(w);
    if (st == DQ_OK)
        st = dq_frozen_lake_map_check(w->map, &w->n_rows, &w->n_columns);
    if (st == DQ_OK)
        return APP_DONE;
    tabular_world_close(w);
    return app_report(st);
}

void tabular_world_close(tabular_world *w)
{
    free(w->map);
    *w = (tabular_world){0};
}

dq_status tabular_world_make(const tabular_world *w, dq_env **out)
{
    const tabular_world_options *o = &w->options;
    if (o->is_rainy)
        return dq_taxi_create(out, 0.8, 0);
    if (!is_lake(o->env_id))
        return dq_env_make(out, o->env_id, NULL);
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    cfg.id = o->env_id;
    cfg.map = w->map;
    cfg.is_slippery = !o->is_firm;
    if (o->success_rate >= 0)
        cfg.success_rate = o->success_rate;
    cfg.max_steps = begins(o->env_id, "FrozenLake8x8") ? 200 : 100;
    return dq_frozen_lake_create(out, &cfg);
}
