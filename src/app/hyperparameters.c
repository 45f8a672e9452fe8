#include "app/hyperparameters.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "base/error.h"

void hyperparameters_presets(char *text, size_t cap, const char *examples)
{
    size_t n = (size_t)snprintf(text, cap, "%s\nPresets:\n", examples);
    const dq_preset *p;
    for (size_t i = 0; n < cap && (p = dq_train_preset_at(i)); i++)
        n += (size_t)snprintf(text + n, cap - n, "  %-14s %s\n", p->name, p->help);
}

static void print_line(const dq_hyperparameter *h, const char *value)
{
    printf("  %-20s %-10s %s\n  %-20s %-10s %s%s%s\n", h->key, value, h->help, "", "", h->range,
           *h->unit ? ", in " : "", h->unit);
}

static int print_text(const dq_train_settings *s)
{
    const char *key;
    char value[DQ_SETTING_BYTES];
    dq_hyperparameter h;
    printf("Hyperparameters for --set KEY=VALUE, with their values here (preset %s):\n\n",
           s->preset);
    for (size_t i = 0; dq_train_config_describe(i, &h); i++) {
        dq_train_config_get(&s->cfg, i, &key, value, sizeof(value));
        print_line(&h, value);
    }
    printf("\nPresets:\n");
    for (size_t i = 0; dq_train_preset_at(i); i++) {
        const dq_preset *p = dq_train_preset_at(i);
        printf("  %-20s %s (%s)\n", p->name, p->help, p->source);
    }
    return APP_DONE;
}

/** Takes the reference. */
static bool print_object(json_t *o)
{
    char *line = o ? json_dumps(o, JSON_PRESERVE_ORDER) : NULL;
    if (line)
        printf("%s\n", line);
    free(line);
    json_decref(o);
    return line != NULL;
}

/** Hyperparameter i in each preset. */
static json_t *in_presets(size_t i)
{
    json_t *values = json_object();
    for (size_t p = 0; dq_train_preset_at(p); p++) {
        dq_train_config cfg;
        const char *key, *name = dq_train_preset_at(p)->name;
        char value[DQ_SETTING_BYTES];
        if (dq_train_preset(&cfg, name) == DQ_OK &&
            dq_train_config_get(&cfg, i, &key, value, sizeof(value)))
            json_object_set_new(values, name, json_string(value));
    }
    return values;
}

static int print_json(const dq_train_settings *s)
{
    const char *key;
    char value[DQ_SETTING_BYTES];
    dq_hyperparameter h;
    bool good = true;
    for (size_t i = 0; good && dq_train_preset_at(i); i++) {
        const dq_preset *p = dq_train_preset_at(i);
        good = print_object(json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:i}", "preset", p->name,
                                      "help", p->help, "source", p->source, "dialect", p->dialect,
                                      "options", p->options, "eval_epsilon", p->eval_epsilon,
                                      "eval_noops", p->eval_noops));
    }
    for (size_t i = 0; good && dq_train_config_describe(i, &h); i++) {
        dq_train_config_get(&s->cfg, i, &key, value, sizeof(value));
        good = print_object(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "key", h.key, "value",
                                      value, "unit", h.unit, "range", h.range, "help", h.help,
                                      "presets", in_presets(i)));
    }
    return good ? APP_DONE : app_report(dq_fail(DQ_ERR_NOMEM, "no memory for a line of JSON"));
}

int hyperparameters_print(const dq_train_settings *s, bool json)
{
    return app_finish_output(json ? print_json(s) : print_text(s));
}
