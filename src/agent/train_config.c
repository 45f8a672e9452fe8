#include "deepq/train.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "base/error.h"
#include "base/schedule.h"
#include "base/whole_number.h"
#include "deepq/vector.h"
#include "env/env_ids.h"
#include "nn/networks.h"

typedef enum field_type {
    FIELD_INT,
    FIELD_INT64,
    FIELD_UINT64,
    FIELD_DOUBLE,
    FIELD_BOOL,
    FIELD_LOSS,
    FIELD_NETWORK,
    FIELD_BOUND  // a number, "none" or "game"
} field_type;

typedef struct field {
    const char *key;
    field_type type;
    size_t offset;
    double low, high;  // inclusive; of numbers but FIELD_UINT64
} field;

#define FIELD(name, type, low, high)                                                               \
    {                                                                                              \
#name, type, offsetof(dq_train_config, name), low, high                                    \
    }

static const char *const losses[] = {[DQ_LOSS_MSE] = "mse", [DQ_LOSS_HUBER] = "huber"};

static const double HUGE_STEPS = 1e15;

static const field fields[] = {
    FIELD(gamma, FIELD_DOUBLE, 0, 1),
    FIELD(batch, FIELD_INT, 1, 65536),
    FIELD(replay_size, FIELD_INT, 1, 100000000),
    FIELD(replay_start, FIELD_INT, 1, 100000000),
    FIELD(learning_rate, FIELD_DOUBLE, 0, 1e3),
    FIELD(learning_rate_final, FIELD_DOUBLE, 0, 1e3),
    FIELD(learning_rate_decay, FIELD_INT64, 0, HUGE_STEPS),
    FIELD(adam_beta1, FIELD_DOUBLE, 0, 0.999999999),
    FIELD(adam_beta2, FIELD_DOUBLE, 0, 0.999999999),
    FIELD(adam_epsilon, FIELD_DOUBLE, 0, 1),
    FIELD(network, FIELD_NETWORK, 0, 0),
    FIELD(loss, FIELD_LOSS, 0, 0),
    FIELD(n_step, FIELD_INT, 1, 1000),
    FIELD(double_dqn, FIELD_BOOL, 0, 0),
    FIELD(priority_alpha, FIELD_DOUBLE, 0, 1),
    FIELD(priority_beta, FIELD_DOUBLE, 0, 1),
    FIELD(priority_beta_rise, FIELD_INT64, 0, HUGE_STEPS),
    FIELD(n_envs, FIELD_INT, 1, DQ_VECTOR_MAX),
    FIELD(train_every, FIELD_INT, 1, 1000000),
    FIELD(target_sync, FIELD_INT64, 1, HUGE_STEPS),
    FIELD(epsilon_decay, FIELD_INT64, 1, HUGE_STEPS),
    FIELD(epsilon_start, FIELD_DOUBLE, 0, 1),
    FIELD(epsilon_final, FIELD_DOUBLE, 0, 1),
    FIELD(epsilon_last, FIELD_DOUBLE, 0, 1),
    FIELD(epsilon_last_decay, FIELD_INT64, 0, HUGE_STEPS),
    FIELD(reward_bound, FIELD_BOUND, -1e12, 1e12),
    FIELD(max_steps, FIELD_INT64, 0, HUGE_STEPS),
    FIELD(checkpoint_every, FIELD_INT64, 1, HUGE_STEPS),
    FIELD(seed, FIELD_UINT64, 0, 0),
};

static dq_train_config book(void)
{
    return (dq_train_config){
        .gamma = 0.99,
        .batch = 32,
        .replay_size = 10000,
        .replay_start = 10000,
        .learning_rate = 1e-4,
        .adam_beta1 = 0.9,
        .adam_beta2 = 0.999,
        .adam_epsilon = 1e-8,
        .n_step = 1,
        .n_envs = 1,
        .train_every = 1,
        .target_sync = 1000,
        .epsilon_decay = 150000,
        .epsilon_start = 1.0,
        .epsilon_final = 0.01,
        .reward_bound = NAN,
        .checkpoint_every = 10000,
    };
}

/** Less work for a frame, more learned from each step: docs/fast.md has how it was found. */
static dq_train_config fast(void)
{
    dq_train_config cfg = book();
    cfg.network = "small";
    cfg.gamma = 0.98;
    cfg.n_step = 10;
    cfg.loss = DQ_LOSS_HUBER;
    cfg.learning_rate = 2.5e-4;
    cfg.learning_rate_final = 5e-5;
    cfg.learning_rate_decay = 1000000;
    cfg.adam_epsilon = 1.5e-4;
    cfg.replay_size = 100000;
    cfg.replay_start = 5000;
    cfg.priority_alpha = 0.6;
    cfg.priority_beta = 0.4;
    cfg.priority_beta_rise = 600000;
    cfg.n_envs = 8;
    cfg.train_every = 8;
    cfg.target_sync = 4000;
    cfg.epsilon_decay = 100000;
    cfg.epsilon_final = 0.05;
    cfg.epsilon_last = 0.005;
    cfg.epsilon_last_decay = 500000;
    cfg.checkpoint_every = 100000;
    return cfg;
}

dq_status dq_train_preset(dq_train_config *cfg, const char *name)
{
    if (strcmp(name, "book") == 0)
        *cfg = book();
    else if (strcmp(name, "fast") == 0)
        *cfg = fast();
    else
        return dq_fail(DQ_ERR_NOT_FOUND, "no preset '%s': there are book and fast", name);
    return DQ_OK;
}

double dq_train_reward_bound(const char *env_id)
{
    static const struct {
        const char *game;
        double bound;
    } published[] = {{"pong", 19.0}};  // Lapan 2020, chapter 6, 02_dqn_pong.py
    dq_atari_id id;
    if (dq_atari_id_parse(env_id, &id))
        for (size_t i = 0; i < DQ_COUNT(published); i++)
            if (strcmp(id.game->id, published[i].game) == 0)
                return published[i].bound;
    return INFINITY;
}

static dq_status fail_value(const field *f, const char *value)
{
    if (f->type == FIELD_UINT64)
        return dq_fail(DQ_ERR_CONFIG, "%s = '%s': choose a whole number from 0 to 2^64 - 1", f->key,
                       value);
    if (f->type == FIELD_BOOL)
        return dq_fail(DQ_ERR_CONFIG, "%s = '%s': choose true or false", f->key, value);
    if (f->type == FIELD_BOUND)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s = '%s': choose a number from %.10g to %.10g, none, or game (its own)",
                       f->key, value, f->low, f->high);
    if (f->type == FIELD_LOSS)
        return dq_fail(DQ_ERR_CONFIG, "%s = '%s': choose mse or huber", f->key, value);
    return dq_fail(DQ_ERR_CONFIG, "%s = '%s': choose a %s from %.10g to %.10g", f->key, value,
                   f->type == FIELD_DOUBLE ? "number" : "whole number", f->low, f->high);
}

static dq_status set_double(const field *f, void *to, const char *text)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= f->low && v <= f->high))
        return fail_value(f, text);
    memcpy(to, &v, sizeof(v));
    return DQ_OK;
}

static dq_status set_bound(const field *f, void *to, const char *text)
{
    bool none = strcmp(text, "none") == 0;
    double v = none ? INFINITY : (double)NAN;
    if (!none && strcmp(text, "game") != 0)
        return set_double(f, to, text);
    memcpy(to, &v, sizeof(v));
    return DQ_OK;
}

static dq_status set_uint64(const field *f, void *to, const char *text)
{
    char *end;
    errno = 0;
    uint64_t v = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno == ERANGE)
        return fail_value(f, text);
    memcpy(to, &v, sizeof(v));
    return DQ_OK;
}

static dq_status set_int(const field *f, void *to, const char *text)
{
    int64_t v;
    if (!dq_whole_number(text, &v) || (double)v < f->low || (double)v > f->high)
        return fail_value(f, text);
    int narrow = (int)v;
    memcpy(to, f->type == FIELD_INT ? (void *)&narrow : (void *)&v,
           f->type == FIELD_INT ? sizeof(narrow) : sizeof(v));
    return DQ_OK;
}

static dq_status set_bool(const field *f, void *to, const char *text)
{
    bool v = strcmp(text, "true") == 0;
    if (!v && strcmp(text, "false") != 0)
        return fail_value(f, text);
    memcpy(to, &v, sizeof(v));
    return DQ_OK;
}

static dq_status set_loss(const field *f, void *to, const char *text)
{
    for (size_t i = 0; i < DQ_COUNT(losses); i++)
        if (strcmp(text, losses[i]) == 0) {
            dq_loss v = (dq_loss)i;
            memcpy(to, &v, sizeof(v));
            return DQ_OK;
        }
    return fail_value(f, text);
}

/** The name is kept as the library's own: `text` need not live on. */
static dq_status set_network(const field *f, void *to, const char *text)
{
    const dq_network *network;
    (void)f;
    DQ_TRY(dq_network_find(text, &network));
    memcpy(to, &network->name, sizeof(network->name));
    return DQ_OK;
}

static dq_status set_field(const field *f, void *to, const char *text)
{
    switch (f->type) {
    case FIELD_DOUBLE:
        return set_double(f, to, text);
    case FIELD_UINT64:
        return set_uint64(f, to, text);
    case FIELD_BOOL:
        return set_bool(f, to, text);
    case FIELD_LOSS:
        return set_loss(f, to, text);
    case FIELD_NETWORK:
        return set_network(f, to, text);
    case FIELD_BOUND:
        return set_bound(f, to, text);
    default:
        return set_int(f, to, text);
    }
}

dq_status dq_train_config_set(dq_train_config *cfg, const char *key, const char *value)
{
    for (size_t i = 0; i < DQ_COUNT(fields); i++) {
        const field *f = &fields[i];
        if (strcmp(f->key, key) == 0)
            return set_field(f, (char *)cfg + f->offset, value);
    }
    char known[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < DQ_COUNT(fields) && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
                                 fields[i].key);
    return dq_fail(DQ_ERR_CONFIG, "no hyperparameter '%s': choose one of %s", key, known);
}

/** A program may have set another number: then what dq_train_config_check() will refuse. */
static const char *loss_name(dq_loss loss)
{
    return (size_t)loss < DQ_COUNT(losses) ? losses[loss] : "unknown";
}

static const char *network_name(const char *name)
{
    return name ? name : dq_net_network_name(0);
}

/** The shortest text that reads back as the same number. */
static void print_double(double v, char *text, size_t cap)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, cap, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            return;
    }
}

static void print_bound(double v, char *text, size_t cap)
{
    if (isnan(v) || v == (double)INFINITY)
        snprintf(text, cap, "%s", isnan(v) ? "game" : "none");
    else
        print_double(v, text, cap);
}

bool dq_train_config_get(const dq_train_config *cfg, size_t index, const char **key, char *value,
                         size_t cap)
{
    if (index >= DQ_COUNT(fields))
        return false;
    const field *f = &fields[index];
    const void *from = (const char *)cfg + f->offset;
    *key = f->key;
    if (f->type == FIELD_DOUBLE)
        print_double(*(const double *)from, value, cap);
    else if (f->type == FIELD_BOUND)
        print_bound(*(const double *)from, value, cap);
    else if (f->type == FIELD_BOOL)
        snprintf(value, cap, "%s", *(const bool *)from ? "true" : "false");
    else if (f->type == FIELD_LOSS)
        snprintf(value, cap, "%s", loss_name(*(const dq_loss *)from));
    else if (f->type == FIELD_NETWORK)
        snprintf(value, cap, "%s", network_name(*(const char *const *)from));
    else if (f->type == FIELD_UINT64)
        snprintf(value, cap, "%llu", (unsigned long long)*(const uint64_t *)from);
    else
        snprintf(value, cap, "%lld",
                 f->type == FIELD_INT ? (long long)*(const int *)from
                                      : (long long)*(const int64_t *)from);
    return true;
}

/** The step at which the first leg of epsilon meets epsilon_final; it need not be a whole one. */
static double first_leg_end(const dq_train_config *cfg)
{
    return (cfg->epsilon_start - cfg->epsilon_final) * (double)cfg->epsilon_decay;
}

dq_status dq_train_config_check(const dq_train_config *cfg)
{
    for (size_t i = 0; i < DQ_COUNT(fields); i++) {  // a program may have set fields by hand
        const char *key;
        char value[32];
        dq_train_config copy = *cfg;
        dq_train_config_get(cfg, i, &key, value, sizeof(value));
        DQ_TRY(dq_train_config_set(&copy, key, value));
    }
    if (cfg->replay_start > cfg->replay_size)
        return dq_fail(DQ_ERR_CONFIG,
                       "replay_start %d is more than replay_size %d: learning would never start",
                       cfg->replay_start, cfg->replay_size);
    int64_t unfinished = (int64_t)(cfg->n_step - 1) * cfg->n_envs;  // returns still to be summed
    if (cfg->batch > cfg->replay_start - unfinished)
        return dq_fail(DQ_ERR_CONFIG,
                       "batch %d with n_step %d and n_envs %d is more than replay_start %d: choose "
                       "them smaller",
                       cfg->batch, cfg->n_step, cfg->n_envs, cfg->replay_start);
    if (cfg->epsilon_final > cfg->epsilon_start)
        return dq_fail(DQ_ERR_CONFIG, "epsilon_final %g is more than epsilon_start %g",
                       cfg->epsilon_final, cfg->epsilon_start);
    double first = first_leg_end(cfg);
    if (cfg->epsilon_last_decay > 0 && (double)cfg->epsilon_last_decay <= first)
        return dq_fail(DQ_ERR_CONFIG,
                       "epsilon_last_decay %lld is before epsilon_final is reached, at %.0f",
                       (long long)cfg->epsilon_last_decay, first);
    return DQ_OK;
}

double dq_config_epsilon(const dq_train_config *cfg, int64_t step)
{
    const dq_schedule first = {cfg->epsilon_start, cfg->epsilon_start - 1, 0,
                               (double)cfg->epsilon_decay};
    const dq_schedule last = {cfg->epsilon_final, cfg->epsilon_last, first_leg_end(cfg),
                              (double)cfg->epsilon_last_decay};
    double epsilon = dq_schedule_at(&first, step);
    return epsilon > cfg->epsilon_final ? epsilon : dq_schedule_at(&last, step);
}

double dq_config_learning_rate(const dq_train_config *cfg, int64_t step)
{
    const dq_schedule s = {cfg->learning_rate, cfg->learning_rate_final, 0,
                           (double)cfg->learning_rate_decay};
    return dq_schedule_at(&s, step);
}

double dq_config_priority_beta(const dq_train_config *cfg, int64_t step)
{
    const dq_schedule s = {cfg->priority_beta, 1, 0, (double)cfg->priority_beta_rise};
    return dq_schedule_at(&s, step);
}
