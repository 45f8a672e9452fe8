#include "app/run_groups.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/app.h"
#include "base/error.h"
#include "env/env_ids.h"
#include "record/config_file.h"
#include "record/run_folder.h"
#include "run/evaluation.h"

enum { SETTINGS_BYTES = 1 << 13 };

/* ---------------------------------------------------------------- one run */

static dq_status check_folder(const char *dir)
{
    char path[DQ_PATH_CAP];
    struct stat s;
    if (stat(dir, &s) != 0)
        return dq_fail(DQ_ERR_INPUT, "%s: no such folder: name the folder of a run", dir);
    if (!S_ISDIR(s.st_mode))
        return dq_fail(DQ_ERR_INPUT, "%s is no folder: name the folder of a run", dir);
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/" DQ_RUN_CONFIG, dir));
    if (stat(path, &s) != 0)
        return dq_fail(DQ_ERR_INPUT, "%s: there is no run in this folder (no " DQ_RUN_CONFIG ")",
                       dir);
    return DQ_OK;
}

/** An environment's id with a star in the place of its game. */
static void without_game(const char *id, const char *game, char text[DQ_SETTING_BYTES])
{
    const char *at = strstr(id, game);
    if (at)
        snprintf(text, DQ_SETTING_BYTES, "%.*s*%s", (int)(at - id), id, at + strlen(game));
    else
        snprintf(text, DQ_SETTING_BYTES, "%s", id);
}

/** The lines of settings that tell groups apart. */
typedef struct lines {
    char *text;  // [SETTINGS_BYTES]
    const char *env;
} lines;

static dq_status add_line(void *ctx, const char *key, const char *value)
{
    const lines *l = ctx;
    size_t n = strlen(l->text);
    if (strcmp(key, "seed") == 0 || strcmp(key, "isa") == 0)
        return DQ_OK;
    snprintf(l->text + n, SETTINGS_BYTES - n, "%s = %s\n", key,
             strcmp(key, "env") == 0 ? l->env : value);
    return DQ_OK;
}

static dq_status take_settings(grouped_run *r, const dq_train_settings *s)
{
    char tied[SETTINGS_BYTES], env[DQ_SETTING_BYTES];
    dq_atari_id id;
    snprintf(r->env_id, sizeof(r->env_id), "%s", s->env_id);
    snprintf(r->preset, sizeof(r->preset), "%s", s->preset);
    r->seed = s->cfg.seed;
    r->game = r->env_id;
    snprintf(env, sizeof(env), "*");
    if (dq_atari_id_parse(r->env_id, &id)) {
        r->skip = s->options.frame_skip > 0 ? s->options.frame_skip : DQ_EVALUATION_SKIP;
        if (!id.homebrew) {
            r->game = id.game->gym_name;
            r->atari_id = id.game->id;
            without_game(r->env_id, r->game, env);
        }
    }
    r->settings = calloc(1, SETTINGS_BYTES);
    if (!r->settings)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the settings of a run");
    lines l = {r->settings, env};
    DQ_TRY(dq_train_settings_tied(s, tied, sizeof(tied)));
    return dq_config_parse(tied, strlen(tied), r->dir, add_line, &l);
}

static dq_status read_run(grouped_run *r, const char *dir)
{
    dq_train_settings s;
    *r = (grouped_run){.dir = dir};
    DQ_TRY(check_folder(dir));
    DQ_TRY(dq_train_settings_of_run(&s, dir));
    return take_settings(r, &s);
}

/* ---------------------------------------------------------------- groups */

static bool is_same_folder(const char *a, const char *b)
{
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

/** Give a run its variant and its panel, which are new where no run before it has them. */
static void sort_in(run_groups *g, size_t i)
{
    grouped_run *r = &g->runs[i];
    r->variant = g->n_variants;
    r->panel = g->n_games;
    for (size_t k = i; k-- > 0;) {
        if (strcmp(g->runs[k].settings, r->settings) == 0)
            r->variant = g->runs[k].variant;
        if (strcmp(g->runs[k].game, r->game) == 0)
            r->panel = g->runs[k].panel;
    }
    g->n_variants += r->variant == g->n_variants;
    if (r->panel == g->n_games)
        g->games[g->n_games++] = i;
}

/* ---------------------------------------------------------------- twins */

static bool are_twins(const grouped_run *a, const grouped_run *b)
{
    return a->variant == b->variant && a->panel == b->panel && a->seed == b->seed;
}

void run_groups_tell_twins(const run_groups *g)
{
    for (size_t i = 1; i < g->n_runs; i++)
        for (size_t k = 0; k < i; k++)
            if (are_twins(&g->runs[i], &g->runs[k])) {
                app_note("%s has the settings and the seed of %s: it counts twice", g->runs[i].dir,
                         g->runs[k].dir);
                break;
            }
}

/* ---------------------------------------------------------------- labels */

const grouped_run *run_groups_first(const run_groups *g, size_t variant)
{
    size_t i = 0;
    while (g->runs[i].variant != variant)
        i++;
    return &g->runs[i];
}

/** Whether a run's settings have this line. @param line n bytes, its newline included */
static bool has_line(const grouped_run *r, const char *line, size_t n)
{
    for (const char *l = r->settings; *l; l = strchr(l, '\n') + 1)
        if (strncmp(l, line, n) == 0)
            return true;
    return false;
}

/** Whether some variant of the same preset has another value, or none. */
static bool differs(const run_groups *g, const grouped_run *r, const char *line, size_t n)
{
    for (size_t v = 0; v < g->n_variants; v++) {
        const grouped_run *other = run_groups_first(g, v);
        if (strcmp(other->preset, r->preset) == 0 && !has_line(other, line, n))
            return true;
    }
    return false;
}

/** "dueling=output n_step=3", after the preset where not all have the same. */
static void make_label(const run_groups *g, size_t variant, bool presets_differ)
{
    const grouped_run *r = run_groups_first(g, variant);
    char *text = g->labels[variant];
    size_t n = 0;
    if (presets_differ)
        n = (size_t)snprintf(text, RUN_LABEL_BYTES, "%s", r->preset);
    for (const char *line = r->settings, *end; *line && n < RUN_LABEL_BYTES; line = end + 1) {
        end = strchr(line, '\n');
        size_t n_key = strcspn(line, " ");
        if (differs(g, r, line, (size_t)(end - line) + 1))
            n += (size_t)snprintf(text + n, RUN_LABEL_BYTES - n, "%s%.*s=%.*s", n ? " " : "",
                                  (int)n_key, line, (int)(end - line - (ptrdiff_t)n_key - 3),
                                  line + n_key + 3);
    }
    if (n == 0)  // the only one, or one without what others have
        snprintf(text, RUN_LABEL_BYTES, "%s", r->preset);
    if (n >= RUN_LABEL_BYTES)
        memcpy(text + RUN_LABEL_BYTES - 4, "...", 4);
}

static dq_status make_labels(run_groups *g)
{
    bool presets_differ = false;
    g->labels = calloc(g->n_variants, sizeof(*g->labels));
    if (!g->labels)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a legend");
    for (size_t i = 1; i < g->n_runs; i++)
        presets_differ |= strcmp(g->runs[i].preset, g->runs[0].preset) != 0;
    for (size_t v = 0; v < g->n_variants; v++)
        make_label(g, v, presets_differ);
    return DQ_OK;
}

dq_status run_groups_read(run_groups *g, char *const *dirs, size_t n)
{
    *g = (run_groups){.runs = calloc(n, sizeof(*g->runs))};
    g->games = calloc(n, sizeof(*g->games));
    if (!g->runs || !g->games)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu runs", n);
    for (size_t i = 0; i < n; i++) {
        g->n_runs = i + 1;
        DQ_TRY(read_run(&g->runs[i], dirs[i]));
        for (size_t k = 0; k < i; k++)
            if (is_same_folder(dirs[k], dirs[i]))
                return dq_fail(DQ_ERR_INPUT, "%s is given twice: a run counts once", dirs[i]);
        sort_in(g, i);
    }
    return make_labels(g);
}

void run_groups_free(run_groups *g)
{
    for (size_t i = 0; i < g->n_runs; i++)
        free(g->runs[i].settings);
    free(g->runs);
    free(g->labels);
    free(g->games);
    *g = (run_groups){.runs = NULL};
}
