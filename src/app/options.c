#include "app/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/spelling.h"
#include "base/whole_number.h"

enum { MAX_OPTIONS = 64, MAX_WORD = 64, HELP_COLUMN = 28 };

static size_t n_all(const option_syntax *s)
{
    return s->n_options + s->n_more;
}

static const option *option_at(const option_syntax *s, size_t i)
{
    return i < s->n_options ? &s->options[i] : &s->more[i - s->n_options];
}

static void print_option(const option *o)
{
    char left[80];
    int n = o->letter ? snprintf(left, sizeof(left), "  -%c, ", o->letter)
                      : snprintf(left, sizeof(left), "      ");
    n += snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", o->name, o->value ? " " : "",
                  o->value ? o->value : "");
    if (n >= HELP_COLUMN - 1)
        printf("%s\n%*s", left, HELP_COLUMN, "");
    else
        printf("%-*s", HELP_COLUMN, left);
    printf("%s\n", o->help);
}

static void print_help(const option_syntax *s)
{
    static const option help = {"help", 'h', OPTION_FLAG, NULL, NULL, "show this and exit", 0, 0};
    printf("Usage: deepq %s [OPTIONS]%s%s\n\n%s\n\nOptions:\n", s->command, *s->operands ? " " : "",
           s->operands, s->about);
    for (size_t i = 0; i < s->n_options; i++)
        print_option(&s->options[i]);
    print_option(&help);
    if (s->n_more > 0)
        printf("\n%s:\n", s->more_title);
    for (size_t i = 0; i < s->n_more; i++)
        print_option(&s->more[i]);
    printf("\nExamples:\n%s", s->examples);
}

static bool fail_unknown(const option_syntax *s, const char *dashed, const char *name)
{
    const char *names[MAX_OPTIONS];
    size_t n = 0;
    for (; n < n_all(s) && n < MAX_OPTIONS - 1; n++)
        names[n] = option_at(s, n)->name;
    names[n++] = "help";
    const char *near = *name ? dq_nearest_word(name, names, n) : NULL;
    if (near)
        app_fail(APP_MISUSED, "%s: no option '%s': did you mean --%s?", s->command, dashed, near);
    else
        app_fail(APP_MISUSED, "%s: no option '%s': see deepq %s --help", s->command, dashed,
                 s->command);
    return false;
}

/** The option of that name, or the only one that begins so, of the second group only where none of
 *  the first does; NULL after saying why not. */
static const option *find_long(const option_syntax *s, const char *name, size_t len)
{
    const option *found = NULL;
    int n_found = 0;
    bool first_has = false;
    for (size_t i = 0; i < n_all(s); i++) {
        const option *o = option_at(s, i);
        if (strncmp(o->name, name, len) != 0)
            continue;
        if (o->name[len] == '\0')
            return o;
        if (i >= s->n_options && first_has)
            continue;
        first_has |= i < s->n_options;
        if (!found || found->to != o->to)  // two spellings of one option are no doubt
            n_found++;
        found = o;
    }
    if (n_found == 1)
        return found;
    char word[MAX_WORD], dashed[MAX_WORD + 2];
    snprintf(word, sizeof(word), "%.*s", (int)len, name);
    snprintf(dashed, sizeof(dashed), "--%s", word);
    if (n_found > 1)
        app_fail(APP_MISUSED, "%s: '%s' could be more than one option: write it out", s->command,
                 dashed);
    else
        fail_unknown(s, dashed, word);
    return NULL;
}

static const option *find_letter(const option_syntax *s, char letter)
{
    for (size_t i = 0; i < s->n_options; i++)
        if (s->options[i].letter == letter)
            return &s->options[i];
    char dashed[3] = {'-', letter, '\0'};
    fail_unknown(s, dashed, "");
    return NULL;
}

static bool store_int(const char *command, const option *o, const char *text)
{
    int64_t v;
    if (!dq_whole_number(text, &v) || (double)v < o->low || (double)v > o->high) {
        app_fail(APP_MISUSED, "%s: --%s '%s': choose a whole number from %.0f to %.0f", command,
                 o->name, text, o->low, o->high);
        return false;
    }
    *(int64_t *)o->to = v;
    return true;
}

static bool store_uint(const char *command, const option *o, const char *text)
{
    char *end;
    errno = 0;
    uint64_t v = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno == ERANGE) {
        app_fail(APP_MISUSED, "%s: --%s '%s': choose a whole number from 0 to %" PRIu64, command,
                 o->name, text, UINT64_MAX);
        return false;
    }
    *(uint64_t *)o->to = v;
    return true;
}

static bool store_number(const char *command, const option *o, const char *text)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= o->low && v <= o->high)) {
        app_fail(APP_MISUSED, "%s: --%s '%s': choose a number from %g to %g", command, o->name,
                 text, o->low, o->high);
        return false;
    }
    *(double *)o->to = v;
    return true;
}

static bool store_word(const char *command, const option *o, const char *text)
{
    char words[MAX_WORD];
    int index = 0;
    snprintf(words, sizeof(words), "%s", o->value);
    for (char *left = words, *word; (word = strtok_r(left, "|", &left)); index++)
        if (strcmp(word, text) == 0) {
            *(int *)o->to = index;
            return true;
        }
    app_fail(APP_MISUSED, "%s: --%s '%s': choose one of %s", command, o->name, text, o->value);
    return false;
}

/** Options that take no value. */
static bool is_alone(const option *o)
{
    return o->kind == OPTION_FLAG || o->kind == OPTION_ON || o->kind == OPTION_OFF;
}

static bool store(const char *command, const option *o, const char *text)
{
    option_list *list = o->to;
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)o->to = true;
        return true;
    case OPTION_ON:
    case OPTION_OFF:
        *(int *)o->to = o->kind == OPTION_ON;
        return true;
    case OPTION_WORD:
        return store_word(command, o, text);
    case OPTION_TEXT:
        *(const char **)o->to = text;
        return true;
    case OPTION_LIST:
        if (list->n == OPTION_LIST_MAX) {
            app_fail(APP_MISUSED, "%s: --%s is given more than %d times: use fewer", command,
                     o->name, OPTION_LIST_MAX);
            return false;
        }
        list->values[list->n++] = text;
        return true;
    case OPTION_INT:
        return store_int(command, o, text);
    case OPTION_UINT:
        return store_uint(command, o, text);
    case OPTION_NUMBER:
        return store_number(command, o, text);
    }
    return false;
}

/** One option with its value, at argv[*at]; *at moves to its last word. */
static bool take_option(const option_syntax *s, int argc, char **argv, int *at)
{
    const char *word = argv[*at], *value = NULL;
    const option *o;
    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");
        o = find_long(s, word + 2, len);
        value = word[2 + len] == '=' ? word + 3 + len : NULL;
    } else {
        o = find_letter(s, word[1]);
        value = word[2] ? word + 2 : NULL;
    }
    if (!o)
        return false;
    if (is_alone(o) && value) {
        app_fail(APP_MISUSED, "%s: --%s takes no value: leave '%s' out", s->command, o->name,
                 value);
        return false;
    }
    if (!is_alone(o) && !value) {
        if (*at + 1 >= argc) {
            app_fail(APP_MISUSED, "%s: --%s needs a value: --%s %s", s->command, o->name, o->name,
                     o->value);
            return false;
        }
        value = argv[++*at];
    }
    return store(s->command, o, value);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool check_operands(const option_syntax *s, char **argv, int n)
{
    if (n < s->min_operands)
        app_fail(APP_MISUSED, "%s: %s is missing: see deepq %s --help", s->command, s->operands,
                 s->command);
    else if (n > s->max_operands)
        app_fail(APP_MISUSED, "%s: '%s' is one too many: see deepq %s --help", s->command,
                 argv[s->max_operands], s->command);
    else
        return true;
    return false;
}

bool options_parse(const option_syntax *s, int argc, char **argv, int *n_operands, int *exit_status)
{
    int n = 0;
    bool only_operands = false;
    *exit_status = APP_MISUSED;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (only_operands || word[0] != '-' || word[1] == '\0') {
            argv[n++] = argv[i];
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (is_help(word)) {
            print_help(s);
            *exit_status = APP_DONE;
            return false;
        } else if (!take_option(s, argc, argv, &i)) {
            return false;
        }
    }
    *n_operands = n;
    return check_operands(s, argv, n);
}
