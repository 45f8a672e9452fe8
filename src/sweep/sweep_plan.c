#include "sweep/sweep_plan.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/network_choice.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/spelling.h"
#include "record/config_file.h"
#include "record/file_names.h"
#include "run/protocols.h"
#include "sweep/sweep_keys.h"

enum { MAX_FILE_BYTES = 1 << 20, NAME_BYTES = 256 };

/** What is known while the lines are read. */
typedef struct reading {
    dq_sweep_plan *plan;
    dq_plan_section *section;
    dq_train_settings scratch;  // values are tried on it
} reading;

static dq_status no_memory(void)
{
    return dq_fail(DQ_ERR_NOMEM, "no memory for a plan");
}

/* ---------------------------------------------------------------- lists */

/** One more of `size` bytes at the end of an array; NULL for want of memory. */
static void *grow(void *array_at, size_t *n, size_t size)
{
    void *array;
    memcpy(&array, array_at, sizeof(array));
    array = realloc(array, (*n + 1) * size);
    if (!array)
        return NULL;
    memcpy(array_at, &array, sizeof(array));
    return memset((char *)array + (*n)++ * size, 0, size);
}

static dq_status add_game(dq_sweep_plan *p, const char *id)
{
    DQ_TRY(dq_environments_check(id));
    for (size_t i = 0; i < p->n_games; i++)
        if (strcmp(p->games[i], id) == 0)
            return dq_fail(DQ_ERR_CONFIG, "env has %s twice", id);
    char **game = grow(&p->games, &p->n_games, sizeof(*p->games));
    return game && (*game = strdup(id)) ? DQ_OK : no_memory();
}

static dq_status add_seed(dq_sweep_plan *p, uint64_t seed)
{
    for (size_t i = 0; i < p->n_seeds; i++)
        if (p->seeds[i] == seed)
            return dq_fail(DQ_ERR_CONFIG, "seeds has %llu twice", (unsigned long long)seed);
    uint64_t *at = grow(&p->seeds, &p->n_seeds, sizeof(*p->seeds));
    if (!at)
        return no_memory();
    *at = seed;
    return DQ_OK;
}

/** "7" or "1..5". */
static dq_status add_seeds(dq_sweep_plan *p, const char *text)
{
    uint64_t first, last;
    const char *dots = strstr(text, "..");
    char before[32];
    snprintf(before, sizeof(before), "%.*s", dots ? (int)(dots - text) : 31, text);
    bool is_good = dq_sweep_read_uint(before, &first);
    last = first;
    if (is_good && dots)
        is_good = dq_sweep_read_uint(dots + 2, &last) && last >= first;
    if (!is_good || last - first >= DQ_SWEEP_MAX_RUNS)
        return dq_fail(DQ_ERR_CONFIG,
                       "seeds = '%.40s': choose whole numbers, as in 1, 2, 3 or 1..3", text);
    for (uint64_t seed = first;; seed++) {
        DQ_TRY(add_seed(p, seed));
        if (seed == last)
            return DQ_OK;
    }
}

/** Call `add` for each part of a list with commas. */
static dq_status each_part(dq_sweep_plan *p, const char *key, const char *list,
                           dq_status (*add)(dq_sweep_plan *p, const char *text))
{
    for (const char *at = list;;) {
        char part[NAME_BYTES];
        at += strspn(at, " \t");
        size_t n = strcspn(at, ","), length = n;
        while (length > 0 && strchr(" \t", at[length - 1]))
            length--;
        if (length == 0 || length >= sizeof(part))
            return dq_fail(DQ_ERR_CONFIG, "%s = '%.40s': write a list, as in a, b", key, list);
        memcpy(part, at, length);
        part[length] = '\0';
        DQ_TRY(add(p, part));
        if (!at[n])
            return DQ_OK;
        at += n + 1;
    }
}

/* ---------------------------------------------------------------- lines */

static const char *find_value(const dq_plan_section *s, const char *key)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->pairs[i].key, key) == 0)
            return s->pairs[i].value;
    return NULL;
}

const char *dq_sweep_plan_value(const dq_sweep_plan *p, size_t variant, const char *key)
{
    const char *own = find_value(&p->variants[variant], key);
    return own ? own : find_value(&p->common, key);
}

static dq_status add_pair(dq_plan_section *s, const char *key, const char *value)
{
    if (find_value(s, key))
        return dq_fail(DQ_ERR_CONFIG, "%s is there twice: leave one out", key);
    if (s->n == DQ_SWEEP_MAX_PAIRS)
        return dq_fail(DQ_ERR_CONFIG, "more than %d settings: use a preset", DQ_SWEEP_MAX_PAIRS);
    dq_plan_pair *pair = grow(&s->pairs, &s->n, sizeof(*s->pairs));
    if (!pair)
        return no_memory();
    pair->key = strdup(key);
    pair->value = strdup(value);
    return pair->key && pair->value ? DQ_OK : no_memory();
}

/** Whether a value can be one of that setting, alone. */
static dq_status try_value(reading *r, const char *key, const char *value)
{
    if (strcmp(key, "preset") != 0)
        return dq_train_settings_set(&r->scratch, key, value);
    dq_train_settings other;
    dq_status st = dq_train_settings_init(&other, value);
    return st == DQ_ERR_NOT_FOUND ? DQ_ERR_CONFIG : st;
}

static dq_status take_pair(void *ctx, const char *key, const char *value)
{
    reading *r = ctx;
    dq_sweep_plan *p = r->plan;
    bool is_common = r->section == &p->common;
    if (r->section == &p->eval) {
        DQ_TRY(dq_sweep_check_eval(key, value));
        return add_pair(r->section, key, value);
    }
    const char *name = dq_sweep_setting_name(key);
    if (!name)
        return dq_sweep_fail_setting(key);
    bool is_list = strcmp(name, "env") == 0 || strcmp(name, "seeds") == 0;
    if (is_list && !is_common)
        return dq_fail(DQ_ERR_CONFIG, "%s is the same for all variants: write it before the first",
                       name);
    if (!is_list)
        DQ_TRY(try_value(r, name, value));
    DQ_TRY(add_pair(r->section, name, value));
    if (strcmp(name, "env") == 0)
        return each_part(p, name, value, add_game);
    return is_list ? each_part(p, name, value, add_seeds) : DQ_OK;
}

/** It becomes a part of a folder's name. */
static bool is_plain_name(const char *name)
{
    char part[NAME_BYTES];
    return strlen(name) <= 64 && name[0] != '.' &&
           strcmp(dq_file_name_part(part, sizeof(part), name), name) == 0;
}

static dq_status take_section(void *ctx, const char *name)
{
    reading *r = ctx;
    dq_sweep_plan *p = r->plan;
    if (strcmp(name, "eval") == 0) {
        if (p->eval.name)
            return dq_fail(DQ_ERR_CONFIG, "[eval] is there twice: leave one out");
        r->section = &p->eval;
        return (p->eval.name = strdup(name)) ? DQ_OK : no_memory();
    }
    if (!is_plain_name(name))
        return dq_fail(DQ_ERR_CONFIG,
                       "[%.80s]: name a variant with at most 64 letters, digits, - . or _", name);
    for (size_t i = 0; i < p->n_variants; i++)
        if (strcmp(p->variants[i].name, name) == 0)
            return dq_fail(DQ_ERR_CONFIG, "[%s] is there twice: leave one out", name);
    r->section = grow(&p->variants, &p->n_variants, sizeof(*p->variants));
    return r->section && (r->section->name = strdup(name)) ? DQ_OK : no_memory();
}

/* ---------------------------------------------------------------- runs */

dq_status dq_sweep_plan_settings(const dq_sweep_plan *p, const dq_sweep_run *run,
                                 dq_train_settings *s)
{
    const char *preset = dq_sweep_plan_value(p, run->variant, "preset");
    char seed[32];
    const dq_plan_section *const sections[] = {&p->common, &p->variants[run->variant]};
    DQ_TRY(dq_train_settings_init(s, preset ? preset : dq_train_preset_at(0)->name));
    DQ_TRY(dq_train_settings_choose_env(s, p->games[run->game]));
    DQ_TRY(dq_train_settings_set(s, "threads", "1"));
    for (size_t i = 0; i < DQ_COUNT(sections); i++)
        for (size_t k = 0; k < sections[i]->n; k++) {
            const dq_plan_pair *pair = &sections[i]->pairs[k];
            if (!dq_sweep_is_choice(pair->key))
                DQ_TRY(dq_train_settings_set(s, pair->key, pair->value));
        }
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)run->seed);
    DQ_TRY(dq_train_settings_set(s, "seed", seed));
    dq_train_settings_complete(s);
    return dq_train_config_check(&s->cfg);
}

/** A network of pictures cannot learn from vectors, nor the other way round. */
static dq_status check_network(const dq_train_settings *s, uint64_t *memory)
{
    char name[DQ_NETWORK_NAME];
    dq_env_spec spec = {.id = s->env_id};
    DQ_TRY(dq_environments_observations(s->env_id, &spec.obs));
    DQ_TRY(dq_network_choose(&s->cfg, &spec, name));
    *memory = dq_train_needs(&s->cfg, &spec.obs).memory;
    return DQ_OK;
}

/** Settings that exclude each other, and runs that would never end, are found before any begins. */
static dq_status check_run(const dq_sweep_plan *p, dq_sweep_run *run)
{
    dq_train_settings s;
    if (dq_sweep_plan_settings(p, run, &s) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "%s: run %s", p->file, run->name);
    if (s.cfg.max_steps <= 0)
        return dq_fail(DQ_ERR_CONFIG, "%s: run %s has no end: write a line frames = N", p->file,
                       run->name);
    run->frames = s.cfg.max_steps;
    if (check_network(&s, &run->memory) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "%s: run %s", p->file, run->name);
    return DQ_OK;
}

static dq_status name_run(dq_sweep_plan *p, dq_sweep_run *run)
{
    char game[NAME_BYTES], name[2 * NAME_BYTES];
    snprintf(name, sizeof(name), "%s-%s-s%llu",
             dq_file_name_part(game, sizeof(game), p->games[run->game]),
             p->variants[run->variant].name, (unsigned long long)run->seed);
    run->name = strdup(name);
    return run->name ? DQ_OK : no_memory();
}

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/** Two ids may give one folder: ALE/Pong-v5 and ALE-Pong-v5. */
static dq_status check_names(const dq_sweep_plan *p)
{
    const char **sorted = malloc(p->n_runs * sizeof(char *));
    if (!sorted)
        return no_memory();
    for (size_t i = 0; i < p->n_runs; i++)
        sorted[i] = p->runs[i].name;
    qsort(sorted, p->n_runs, sizeof(char *), compare_names);
    dq_status st = DQ_OK;
    for (size_t i = 1; i < p->n_runs && st == DQ_OK; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            st = dq_fail(DQ_ERR_CONFIG, "%s: two runs would be named %s: rename a variant", p->file,
                         sorted[i]);
    free(sorted);
    return st;
}

static dq_status make_runs(dq_sweep_plan *p)
{
    double n = (double)p->n_games * (double)p->n_variants * (double)p->n_seeds;
    if (n > DQ_SWEEP_MAX_RUNS)
        return dq_fail(DQ_ERR_CONFIG, "%s: %.0f runs: at most %d", p->file, n, DQ_SWEEP_MAX_RUNS);
    p->runs = calloc((size_t)n, sizeof(*p->runs));
    if (!p->runs)
        return no_memory();
    for (size_t game = 0; game < p->n_games; game++)
        for (size_t variant = 0; variant < p->n_variants; variant++)
            for (size_t seed = 0; seed < p->n_seeds; seed++) {
                dq_sweep_run *run = &p->runs[p->n_runs++];
                *run = (dq_sweep_run){NULL, game, variant, p->seeds[seed], 0, 0};
                DQ_TRY(name_run(p, run));
                if (seed == 0) {
                    DQ_TRY(check_run(p, run));
                } else {  // it differs in the seed alone
                    run->frames = run[-1].frames;
                    run->memory = run[-1].memory;
                }
            }
    return check_names(p);
}

/** Whether all games can be evaluated by the plan's protocol, if it has one. */
static dq_status check_protocol(const dq_sweep_plan *p)
{
    const char *name = find_value(&p->eval, "protocol");
    const dq_protocol *protocol;
    for (size_t i = 0; name && i < p->n_games; i++)
        if (dq_protocol_find(&protocol, name, p->games[i]) != DQ_OK)
            return dq_fail_within(DQ_ERR_CONFIG, "%s: [eval]", p->file);
    return DQ_OK;
}

/** What a plan leaves out. */
static dq_status complete(dq_sweep_plan *p)
{
    const char *preset = find_value(&p->common, "preset");
    if (p->n_games == 0)
        return dq_fail(DQ_ERR_CONFIG, "%s: no game: write a line env = ID, ID", p->file);
    if (p->n_seeds == 0)
        return dq_fail(DQ_ERR_CONFIG, "%s: no seeds: write a line seeds = 1..5", p->file);
    DQ_TRY(check_protocol(p));
    if (p->n_variants > 0)
        return DQ_OK;
    dq_plan_section *only = grow(&p->variants, &p->n_variants, sizeof(*p->variants));
    if (!only)
        return no_memory();
    only->name = strdup(preset ? preset : dq_train_preset_at(0)->name);
    return only->name ? DQ_OK : no_memory();
}

/* ---------------------------------------------------------------- the whole */

dq_status dq_sweep_plan_parse(dq_sweep_plan **out, const char *bytes, size_t n, const char *name)
{
    dq_sweep_plan *p = calloc(1, sizeof(*p));
    reading *r = calloc(1, sizeof(*r));
    *out = NULL;
    dq_status st = p && r && (p->file = strdup(name)) ? DQ_OK : no_memory();
    if (st == DQ_OK)
        st = dq_train_settings_init(&r->scratch, dq_train_preset_at(0)->name);
    if (st == DQ_OK) {
        r->plan = p;
        r->section = &p->common;
        st = dq_config_parse_sections(bytes, n, name, take_pair, take_section, r);
    }
    if (st == DQ_OK)
        st = complete(p);
    if (st == DQ_OK)
        st = make_runs(p);
    free(r);
    if (st == DQ_OK)
        *out = p;
    else
        dq_sweep_plan_free(p);
    return st;
}

dq_status dq_sweep_plan_read(dq_sweep_plan **out, const char *path)
{
    void *bytes;
    size_t n;
    *out = NULL;
    DQ_TRY(dq_file_read(path, MAX_FILE_BYTES, &bytes, &n));
    dq_status st = dq_sweep_plan_parse(out, bytes, n, path);
    free(bytes);
    return st;
}

int dq_sweep_plan_fitting(const dq_sweep_plan *p, uint64_t memory)
{
    uint64_t most = 1;
    for (size_t i = 0; i < p->n_runs; i++)
        if (p->runs[i].memory > most)
            most = p->runs[i].memory;
    uint64_t n = memory / most;
    return n < 1 ? 1 : n < INT_MAX ? (int)n : INT_MAX;
}

static void free_section(dq_plan_section *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->pairs[i].key);
        free(s->pairs[i].value);
    }
    free(s->pairs);
    free(s->name);
}

void dq_sweep_plan_free(dq_sweep_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_games; i++)
        free(p->games[i]);
    for (size_t i = 0; i < p->n_variants; i++)
        free_section(&p->variants[i]);
    for (size_t i = 0; i < p->n_runs; i++)
        free(p->runs[i].name);
    free_section(&p->common);
    free_section(&p->eval);
    free(p->file);
    free(p->games);
    free(p->seeds);
    free(p->variants);
    free(p->runs);
    free(p);
}
