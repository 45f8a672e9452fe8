#include "run/environment_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/whole_number.h"

#define CHOICE(field) #field, .offset = offsetof(dq_environment_options, field)

static const dq_choice choices[] = {
    {CHOICE(noops), .type = DQ_CHOICE_COUNT, .low = 0, .high = 10000, .of_game = true,
     .name = "noops", .value = "N", .help = "most no-ops at the start of a game; 0: none"},
    {CHOICE(fire), .type = DQ_CHOICE_SWITCH, .of_game = true, .name = "fire",
     .help = "press FIRE after a reset, in games that have it", .no_name = "no-fire",
     .no_help = "press nothing"},
    {CHOICE(life_loss), .type = DQ_CHOICE_SWITCH, .name = "life-loss",
     .help = "a lost life ends an episode", .no_name = "no-life-loss",
     .no_help = "it ends with the game"},
    {CHOICE(clip_rewards), .type = DQ_CHOICE_SWITCH, .name = "clip-rewards",
     .help = "rewards are -1, 0 or 1", .no_name = "no-clip-rewards",
     .no_help = "they are the game's points"},
    {CHOICE(frame_skip), .type = DQ_CHOICE_COUNT, .low = 1, .high = 1000, .of_game = true,
     .name = "frame-skip", .value = "N", .help = "console frames that an action is repeated for"},
    {CHOICE(stack), .type = DQ_CHOICE_COUNT, .low = 1, .high = 64, .of_game = true, .name = "stack",
     .value = "N", .help = "frames in an observation; the networks take 4"},
    {CHOICE(pool), .type = DQ_CHOICE_POOL, .of_game = true, .name = "pool", .value = "two|all",
     .help = "a frame is the maximum of the last two frames of a skip, or of all"},
    {CHOICE(sticky), .type = DQ_CHOICE_SHARE, .of_game = true, .name = "sticky", .value = "P",
     .help = "probability that a frame repeats the previous action"},
    {CHOICE(mode), .type = DQ_CHOICE_COUNT, .low = 0, .high = 1e6, .of_game = true, .name = "mode",
     .value = "N", .help = "of the game; deepq envs ID lists them"},
    {CHOICE(difficulty), .type = DQ_CHOICE_COUNT, .low = 0, .high = 1e6, .of_game = true,
     .name = "difficulty", .value = "N", .help = "of the game; deepq envs ID lists them"},
    {CHOICE(full_actions), .type = DQ_CHOICE_SWITCH, .of_game = true, .name = "full-actions",
     .help = "all 18 actions", .no_name = "no-full-actions", .no_help = "the game's minimal set"},
};

static const char *const pools[] = {"two", "all"};

dq_environment_options dq_environment_options_none(void)
{
    return (dq_environment_options){-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
}

/* ---------------------------------------------------------------- a choice's value */

static const void *place_of(const dq_environment_options *o, const dq_choice *c)
{
    return (const char *)o + c->offset;
}

static double value_of(const dq_environment_options *o, const dq_choice *c)
{
    const void *at = place_of(o, c);
    if (c->type == DQ_CHOICE_COUNT)
        return (double)*(const int64_t *)at;
    return c->type == DQ_CHOICE_SHARE ? *(const double *)at : *(const int *)at;
}

static bool is_chosen(const dq_environment_options *o, const dq_choice *c)
{
    return value_of(o, c) >= 0;
}

static void put(dq_environment_options *o, const dq_choice *c, double value)
{
    void *at = (char *)o + c->offset;
    if (c->type == DQ_CHOICE_COUNT)
        *(int64_t *)at = (int64_t)value;
    else if (c->type == DQ_CHOICE_SHARE)
        *(double *)at = value;
    else
        *(int *)at = (int)value;
}

void dq_environment_options_merge(dq_environment_options *o, const dq_environment_options *more)
{
    for (size_t i = 0; i < DQ_COUNT(choices); i++)
        if (is_chosen(more, &choices[i]))
            put(o, &choices[i], value_of(more, &choices[i]));
}

dq_environment_options dq_environment_options_of_game(const dq_environment_options *o)
{
    dq_environment_options game = *o;
    for (size_t i = 0; i < DQ_COUNT(choices); i++)
        if (!choices[i].of_game)
            put(&game, &choices[i], -1);
    return game;
}

/* ---------------------------------------------------------------- texts */

static const dq_choice *find(const char *key)
{
    for (size_t i = 0; i < DQ_COUNT(choices); i++)
        if (strcmp(choices[i].key, key) == 0)
            return &choices[i];
    return NULL;
}

const dq_choice *dq_environment_option_at(size_t index)
{
    return index < DQ_COUNT(choices) ? &choices[index] : NULL;
}

bool dq_environment_options_has(const char *key)
{
    return find(key) != NULL;
}

/** -1 where it is none. */
static double word_number(const char *text, const char *zero, const char *one)
{
    return strcmp(text, one) == 0 ? 1 : strcmp(text, zero) == 0 ? 0 : -1;
}

static double read_value(const dq_choice *c, const char *text)
{
    int64_t count;
    char *end;
    switch (c->type) {
    case DQ_CHOICE_COUNT:
        return dq_whole_number(text, &count) && (double)count >= c->low && (double)count <= c->high
                   ? (double)count
                   : -1;
    case DQ_CHOICE_SHARE: {
        double share = strtod(text, &end);
        return end != text && *end == '\0' && share >= 0 && share <= 1 ? share : -1;
    }
    case DQ_CHOICE_POOL:
        return word_number(text, pools[0], pools[1]);
    default:
        return word_number(text, "false", "true");
    }
}

static dq_status fail_value(const dq_choice *c, const char *text)
{
    switch (c->type) {
    case DQ_CHOICE_COUNT:
        return dq_fail(DQ_ERR_CONFIG, "%s = '%.40s': choose a whole number from %.0f to %.0f",
                       c->key, text, c->low, c->high);
    case DQ_CHOICE_SHARE:
        return dq_fail(DQ_ERR_CONFIG, "%s = '%.40s': choose a number from 0 to 1", c->key, text);
    case DQ_CHOICE_POOL:
        return dq_fail(DQ_ERR_CONFIG, "%s = '%.40s': choose two or all", c->key, text);
    default:
        return dq_fail(DQ_ERR_CONFIG, "%s = '%.40s': choose true or false", c->key, text);
    }
}

dq_status dq_environment_options_set(dq_environment_options *o, const char *key, const char *value)
{
    const dq_choice *c = find(key);
    if (!c)
        return dq_fail(DQ_ERR_CONFIG, "an environment has no option '%.40s'", key);
    double number = read_value(c, value);
    if (!(number >= 0))
        return fail_value(c, value);
    put(o, c, number);
    return DQ_OK;
}

bool dq_environment_options_get(const dq_environment_options *o, size_t index, const char **key,
                                char *value, size_t cap)
{
    if (index >= DQ_COUNT(choices))
        return false;
    const dq_choice *c = &choices[index];
    double number = value_of(o, c);
    *key = c->key;
    if (!is_chosen(o, c))
        snprintf(value, cap, "%s", "");
    else if (c->type == DQ_CHOICE_SWITCH)
        snprintf(value, cap, "%s", number > 0 ? "true" : "false");
    else if (c->type == DQ_CHOICE_POOL)
        snprintf(value, cap, "%s", pools[number > 0]);
    else
        snprintf(value, cap, "%.9g", number);
    return true;
}

void dq_environment_options_print(const dq_environment_options *o,
                                  char text[DQ_ENVIRONMENT_OPTIONS_TEXT])
{
    const char *key;
    char value[32];
    size_t n = 0;
    *text = '\0';
    for (size_t i = 0; dq_environment_options_get(o, i, &key, value, sizeof(value)); i++)
        if (*value && n < DQ_ENVIRONMENT_OPTIONS_TEXT)
            n += (size_t)snprintf(text + n, DQ_ENVIRONMENT_OPTIONS_TEXT - n, "%s%s=%s",
                                  n ? " " : "", key, value);
}

dq_status dq_environment_options_parse(dq_environment_options *o, const char *text)
{
    *o = dq_environment_options_none();
    while (*text) {
        char pair[64];
        size_t n = strcspn(text, " ");
        char *equals;
        if (n >= sizeof(pair))
            return dq_fail(DQ_ERR_INPUT, "'%.40s...' is not an option of an environment", text);
        memcpy(pair, text, n);
        pair[n] = '\0';
        if (!(equals = strchr(pair, '=')))
            return dq_fail(DQ_ERR_INPUT, "'%s' is not an option of an environment", pair);
        *equals = '\0';
        DQ_TRY(dq_environment_options_set(o, pair, equals + 1));
        text += n + (text[n] == ' ');
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- choosing */

static void choose_switch(int chosen, bool *to)
{
    if (chosen >= 0)
        *to = chosen > 0;
}

static void choose_count(int64_t chosen, int *to)
{
    if (chosen >= 0)
        *to = (int)chosen;
}

void dq_environment_options_apply(const dq_environment_options *o, dq_preprocessing *how,
                                  dq_atari_options *atari)
{
    choose_count(o->noops, &how->noop_max);
    choose_count(o->frame_skip, &how->skip);
    choose_count(o->stack, &how->stack);
    choose_switch(o->fire, &how->fire_reset);
    choose_switch(o->life_loss, &how->episodic_life);
    choose_switch(o->clip_rewards, &how->clip_reward);
    choose_switch(o->pool, &how->pool_all);
    choose_count(o->mode, &atari->mode);
    choose_count(o->difficulty, &atari->difficulty);
    choose_switch(o->full_actions, &atari->full_action_set);
    if (o->sticky >= 0)
        atari->repeat_action_probability = (float)o->sticky;
}
