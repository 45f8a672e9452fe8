#include "sweep/sweep_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spelling.h"
#include "base/text_of.h"
#include "base/whole_number.h"
#include "run/protocols.h"

/** Settings that are options of `deepq train`, and their names there. All others go with --set. */
static const struct {
    const char *key, *option;
} train_options[] = {
    {"dialect", "--dialect"},     {"device", "--device"},
    {"precision", "--precision"}, {"isa", "--isa"},
    {"threads", "--threads"},     {"rom_dir", "--rom-dir"},
    {"max_steps", "--frames"},    {"env", "--env"},
    {"preset", "--preset"},       {"reward_bound", "--reward-bound"},
};

/** Options of `deepq eval` beside those of the environment. */
static const struct {
    const char *key;
    bool is_whole;
    double low, high;
    const char *range;
} eval_options[] = {
    {"episodes", true, 1, 1e6, "a whole number from 1 to 1000000"},
    {"epsilon", false, 0, 1, "a number from 0 to 1"},
    {"cap", true, 4, 1e9, "a whole number from 4 to 1000000000"},
    {"seed", true, 0, 9e15, "a whole number from 0 to 9e15"},
};

enum { MAX_KEYS = 256 };

/* ---------------------------------------------------------------- names */

bool dq_sweep_is_choice(const char *key)
{
    return strcmp(key, "env") == 0 || strcmp(key, "seeds") == 0 || strcmp(key, "preset") == 0;
}

static size_t setting_names(const char *names[MAX_KEYS])
{
    size_t n = 0;
    dq_hyperparameter h;
    const dq_choice *c;
    names[n++] = "seeds";
    names[n++] = "frames";
    for (size_t i = 0; i < DQ_COUNT(train_options); i++)
        if (strcmp(train_options[i].key, "reward_bound") != 0 &&
            strcmp(train_options[i].key, "max_steps") != 0)  // hyperparameters
            names[n++] = train_options[i].key;
    for (size_t i = 0; (c = dq_environment_option_at(i)) && n < MAX_KEYS; i++)
        names[n++] = c->key;
    for (size_t i = 0; dq_train_config_describe(i, &h) && n < MAX_KEYS; i++)
        if (strcmp(h.key, "seed") != 0)
            names[n++] = h.key;
    return n;
}

const char *dq_sweep_setting_name(const char *key)
{
    const char *names[MAX_KEYS], *now = dq_train_config_new_name(key);
    size_t n = setting_names(names);
    if (strcmp(key, "frames") == 0)
        return "max_steps";
    if (now)
        key = now;
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], key) == 0)
            return names[i];
    return NULL;
}

dq_status dq_sweep_fail_setting(const char *key)
{
    const char *names[MAX_KEYS];
    const char *near = dq_nearest_word(key, names, setting_names(names));
    if (near)
        return dq_fail(DQ_ERR_CONFIG, "no setting '%.80s': did you mean %s?", key, near);
    return dq_fail(DQ_ERR_CONFIG, "no setting '%.80s': deepq train --help-set lists most", key);
}

static dq_status fail_eval(const char *key)
{
    const char *names[1 + DQ_COUNT(eval_options) + DQ_ENVIRONMENT_OPTIONS_MAX] = {"protocol"};
    const dq_choice *c;
    size_t n = 1;
    for (size_t i = 0; i < DQ_COUNT(eval_options); i++)
        names[n++] = eval_options[i].key;
    for (size_t i = 0; n < DQ_COUNT(names) && (c = dq_environment_option_at(i)); i++)
        names[n++] = c->key;
    const char *near = dq_nearest_word(key, names, n);
    if (near)
        return dq_fail(DQ_ERR_CONFIG, "[eval] has no '%.80s': did you mean %s?", key, near);
    return dq_fail(DQ_ERR_CONFIG, "[eval] has no '%.80s': deepq eval --help lists what it has",
                   key);
}

static bool is_in_range(size_t option, const char *text)
{
    int64_t whole;
    char *end;
    double value = strtod(text, &end);
    if (eval_options[option].is_whole) {
        if (!dq_whole_number(text, &whole))
            return false;
        value = (double)whole;
    } else if (end == text || *end) {
        return false;
    }
    return value >= eval_options[option].low && value <= eval_options[option].high;
}

dq_status dq_sweep_check_eval(const char *key, const char *value)
{
    dq_environment_options scratch = dq_environment_options_none();
    const dq_protocol *protocol;
    if (strcmp(key, "protocol") == 0)
        return dq_protocol_find(&protocol, value, NULL);
    if (dq_environment_options_has(key))
        return dq_environment_options_set(&scratch, key, value);
    for (size_t i = 0; i < DQ_COUNT(eval_options); i++)
        if (strcmp(eval_options[i].key, key) == 0)
            return is_in_range(i, value) ? DQ_OK
                                         : dq_fail(DQ_ERR_CONFIG, "%s = '%.40s': choose %s", key,
                                                   value, eval_options[i].range);
    return fail_eval(key);
}

bool dq_sweep_read_uint(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

/* ---------------------------------------------------------------- command lines */

static dq_status add(dq_arguments *a, const char *word)
{
    char **words = realloc(a->words, (a->n + 2) * sizeof(*words));
    if (words) {
        a->words = words;
        words[a->n + 1] = NULL;
        words[a->n] = strdup(word);
        if (words[a->n]) {
            a->n++;
            return DQ_OK;
        }
    }
    return dq_fail(DQ_ERR_NOMEM, "no memory for a command line");
}

static dq_status add_two(dq_arguments *a, const char *option, const char *value)
{
    DQ_TRY(add(a, option));
    return add(a, value);
}

static const dq_choice *find_choice(const char *key)
{
    const dq_choice *c;
    for (size_t i = 0; (c = dq_environment_option_at(i)); i++)
        if (strcmp(c->key, key) == 0)
            return c;
    return NULL;
}

/** --frame-skip 4, or of a switch --fire or --no-fire. */
static dq_status add_choice(dq_arguments *a, const dq_choice *c, const char *value)
{
    char option[64];
    bool is_no = c->type == DQ_CHOICE_SWITCH && strcmp(value, "false") == 0;
    snprintf(option, sizeof(option), "--%s", is_no ? c->no_name : c->name);
    return c->type == DQ_CHOICE_SWITCH ? add(a, option) : add_two(a, option, value);
}

static dq_status add_setting(dq_arguments *a, const char *key, const char *value)
{
    const dq_choice *c = find_choice(key);
    char pair[512];
    if (c)
        return add_choice(a, c, value);
    for (size_t i = 0; i < DQ_COUNT(train_options); i++)
        if (strcmp(train_options[i].key, key) == 0)
            return add_two(a, train_options[i].option, value);
    snprintf(pair, sizeof(pair), "%s=%s", key, value);
    return add_two(a, "--set", pair);
}

/** The settings of all runs that a variant has not otherwise, then its own. */
static dq_status add_settings(dq_arguments *a, const dq_sweep_plan *p, const dq_sweep_run *run)
{
    const dq_plan_section *own = &p->variants[run->variant];
    for (size_t i = 0; i < p->common.n; i++) {
        const dq_plan_pair *pair = &p->common.pairs[i];
        if (!dq_sweep_is_choice(pair->key) &&
            dq_sweep_plan_value(p, run->variant, pair->key) == pair->value)
            DQ_TRY(add_setting(a, pair->key, pair->value));
    }
    for (size_t i = 0; i < own->n; i++)
        if (!dq_sweep_is_choice(own->pairs[i].key))
            DQ_TRY(add_setting(a, own->pairs[i].key, own->pairs[i].value));
    return DQ_OK;
}

static dq_status begin(dq_arguments *a, const char *command)
{
    *a = (dq_arguments){NULL, 0};
    return add_two(a, "deepq", command);
}

dq_status dq_arguments_train(dq_arguments *a, const dq_sweep_plan *p, const dq_sweep_run *run,
                             const char *folder)
{
    char seed[32];
    const char *preset = dq_sweep_plan_value(p, run->variant, "preset");
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)run->seed);
    DQ_TRY(begin(a, "train"));
    if (preset)
        DQ_TRY(add_two(a, "--preset", preset));
    DQ_TRY(add_two(a, "--env", p->games[run->game]));
    DQ_TRY(add_settings(a, p, run));
    DQ_TRY(add_two(a, "--seed", seed));
    if (!dq_sweep_plan_value(p, run->variant, "threads"))
        DQ_TRY(add_two(a, "--threads", "1"));
    DQ_TRY(add_two(a, "--out", folder));
    return add(a, "--plain");
}

dq_status dq_arguments_resume(dq_arguments *a, const dq_sweep_plan *p, const dq_sweep_run *run,
                              const char *folder)
{
    const char *threads = dq_sweep_plan_value(p, run->variant, "threads");
    DQ_TRY(begin(a, "train"));
    DQ_TRY(add_two(a, "--resume", folder));
    DQ_TRY(add_two(a, "--threads", threads ? threads : "1"));
    return add(a, "--plain");
}

dq_status dq_arguments_eval(dq_arguments *a, const dq_sweep_plan *p, const dq_sweep_run *run,
                            const char *folder)
{
    const char *rom_dir = dq_sweep_plan_value(p, run->variant, "rom_dir");
    DQ_TRY(begin(a, "eval"));
    DQ_TRY(add_two(a, "--model", folder));
    DQ_TRY(add(a, "--last"));
    DQ_TRY(add_two(a, "--envs", "1"));  // the other cores have runs of their own
    if (rom_dir)
        DQ_TRY(add_two(a, "--rom-dir", rom_dir));
    for (size_t i = 0; i < p->eval.n; i++) {
        const dq_plan_pair *pair = &p->eval.pairs[i];
        const dq_choice *c = find_choice(pair->key);
        char option[64];
        snprintf(option, sizeof(option), "--%s", pair->key);
        DQ_TRY(c ? add_choice(a, c, pair->value) : add_two(a, option, pair->value));
    }
    return add(a, "--json");
}

/** A word as a shell reads it back. */
static void write_word(FILE *to, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-=./:,+@%";
    if (*word && !word[strspn(word, plain)]) {
        fputs(word, to);
        return;
    }
    fputc('\'', to);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", to);
        else
            fputc(*word, to);
    fputc('\'', to);
}

static void write_words(FILE *to, const void *ctx)
{
    const dq_arguments *a = ctx;
    for (size_t i = 0; i < a->n; i++) {
        if (i > 0)
            fputc(' ', to);
        write_word(to, a->words[i]);
    }
}

char *dq_arguments_text(const dq_arguments *a)
{
    return dq_text_of(write_words, a);
}

void dq_arguments_free(dq_arguments *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->words[i]);
    free(a->words);
    *a = (dq_arguments){NULL, 0};
}
