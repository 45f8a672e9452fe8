/* Presets: lists of hyperparameters over the book's. */
#include <math.h>
#include <string.h>

#include "agent/config.h"
#include "base/error.h"
#include "base/spelling.h"
#include "env/env_ids.h"

/** A hyperparameter's value: a number, or where `word` is given a word. */
typedef struct setting {
    const char *key;
    double number;
    const char *word;
} setting;

/* What is not listed is 0, false or the first word. */
static const setting book[] = {
    {"gamma", 0.99, NULL},         {"batch", 32, NULL},
    {"replay_size", 10000, NULL},  {"replay_start", 10000, NULL},
    {"learning_rate", 1e-4, NULL}, {"adam_beta1", 0.9, NULL},
    {"adam_beta2", 0.999, NULL},   {"adam_epsilon", 1e-8, NULL},
    {"n_step", 1, NULL},           {"truncation_ends", 0, "true"},
    {"n_envs", 1, NULL},           {"train_every", 1, NULL},
    {"target_sync", 1000, NULL},   {"epsilon_decay", 150000, NULL},
    {"epsilon_start", 1, NULL},    {"epsilon_final", 0.01, NULL},
    {"reward_bound", 0, "game"},   {"checkpoint_every", 10000, NULL},
    {"hidden", 0, "128,128"},      {"target_rate", 1, NULL},
    {"rmsprop_decay", 0.95, NULL}, {"rmsprop_epsilon", 0.01 / (32 * 32), NULL},
    {"updates", 1, NULL},
};

static const setting fast[] = {
    {"network", 0, "small"},
    {"gamma", 0.98, NULL},
    {"n_step", 10, NULL},
    {"truncation_ends", 0, "false"},
    {"loss", 0, "huber"},
    {"learning_rate", 2.5e-4, NULL},
    {"learning_rate_final", 5e-5, NULL},
    {"learning_rate_decay", 1000000, NULL},
    {"adam_epsilon", 1.5e-4, NULL},
    {"replay_size", 100000, NULL},
    {"replay_start", 5000, NULL},
    {"priority_alpha", 0.6, NULL},
    {"priority_beta", 0.4, NULL},
    {"priority_beta_steps", 600000, NULL},
    {"n_envs", 8, NULL},
    {"train_every", 8, NULL},
    {"target_sync", 4000, NULL},
    {"epsilon_decay", 100000, NULL},
    {"epsilon_final", 0.05, NULL},
    {"epsilon_last", 0.005, NULL},
    {"epsilon_last_decay", 500000, NULL},
    {"checkpoint_every", 100000, NULL},
};

/* The book multiplies epsilon by 0.99 at every step: the sum of all is 99, as that of a decline
 * within 198 steps. It stops after one episode of more than 150. */
static const setting ch7_cartpole[] = {
    {"network", 0, "mlp"},         {"hidden", 0, "128"},        {"gamma", 0.9, NULL},
    {"batch", 16, NULL},           {"replay_size", 1000, NULL}, {"replay_start", 32, NULL},
    {"learning_rate", 1e-3, NULL}, {"target_sync", 10, NULL},   {"epsilon_decay", 198, NULL},
    {"epsilon_final", 0, NULL},    {"reward_bound", 150, NULL},
};

/* docs/cartpole.md says how they were found. */
static const setting cartpole[] = {
    {"network", 0, "mlp"},
    {"hidden", 0, "64,64"},
    {"n_step", 5, NULL},
    {"double_dqn", 0, "true"},
    {"truncation_ends", 0, "false"},
    {"loss", 0, "huber"},
    {"batch", 64, NULL},
    {"learning_rate", 1e-3, NULL},
    {"learning_rate_final", 1e-5, NULL},
    {"learning_rate_decay", 100000, NULL},
    {"replay_size", 50000, NULL},
    {"replay_start", 1000, NULL},
    {"target_sync", 500, NULL},
    {"epsilon_decay", 5000, NULL},
    {"checkpoint_every", 100000, NULL},
};

static const struct {
    dq_preset about;
    const setting *settings;
    size_t n;
} presets[] = {
    {{"book", "DQN as the book has it", "Lapan 2020, chapter 6, 02_dqn_pong.py"},
     book,
     DQ_COUNT(book)},
    {{"fast", "less work for a frame, more learned from each step: Pong in minutes on two cores",
      "docs/fast.md"},
     fast,
     DQ_COUNT(fast)},
    {{"ch7-cartpole",
      "the book's CartPole; its epsilon *= 0.99 is a linear decline within 198 steps here",
      "Lapan 2020, chapter 7"},
     ch7_cartpole,
     DQ_COUNT(ch7_cartpole)},
    {{"cartpole", "CartPole-v1 in seconds on one core", "docs/cartpole.md"},
     cartpole,
     DQ_COUNT(cartpole)},
};

const dq_preset *dq_train_preset_at(size_t index)
{
    return index < DQ_COUNT(presets) ? &presets[index].about : NULL;
}

static dq_status apply(dq_train_config *cfg, const setting *settings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const setting *s = &settings[i];
        DQ_TRY(s->word ? dq_train_config_set(cfg, s->key, s->word)
                       : dq_config_set_number(cfg, s->key, s->number));
    }
    return DQ_OK;
}

static dq_status fail_unknown(const char *name)
{
    const char *names[DQ_COUNT(presets)];
    char known[256];
    for (size_t i = 0; i < DQ_COUNT(presets); i++)
        names[i] = presets[i].about.name;
    dq_list_words(known, sizeof(known), names, DQ_COUNT(presets), "and");
    return dq_fail(DQ_ERR_NOT_FOUND, "no preset '%s': there are %s", name, known);
}

dq_status dq_train_preset(dq_train_config *cfg, const char *name)
{
    for (size_t i = 0; i < DQ_COUNT(presets); i++)
        if (strcmp(presets[i].about.name, name) == 0) {
            *cfg = (dq_train_config){0};
            DQ_TRY(apply(cfg, book, DQ_COUNT(book)));
            return apply(cfg, presets[i].settings, presets[i].n);
        }
    return fail_unknown(name);
}

bool dq_config_is_pong(const char *env_id)
{
    dq_atari_id id;
    return dq_atari_id_parse(env_id, &id) && strcmp(id.game->id, "pong") == 0;
}

double dq_train_reward_bound(const char *env_id)
{
    static const struct {
        const char *id;
        double bound;
    } gymnasiums[] = {
        {"CartPole-v0", 195}, {"CartPole-v1", 475}, {"MountainCar-v0", -110}, {"Acrobot-v1", -100}};
    if (dq_config_is_pong(env_id))
        return 19;  // Lapan 2020, chapter 6, 02_dqn_pong.py
    for (size_t i = 0; i < DQ_COUNT(gymnasiums); i++)
        if (strcmp(gymnasiums[i].id, env_id) == 0)
            return gymnasiums[i].bound;
    return INFINITY;
}
