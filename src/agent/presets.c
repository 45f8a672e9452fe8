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
    {"gamma", 0.99, NULL},
    {"batch", 32, NULL},
    {"replay_size", 10000, NULL},
    {"replay_start", 10000, NULL},
    {"learning_rate", 1e-4, NULL},
    {"adam_beta1", 0.9, NULL},
    {"adam_beta2", 0.999, NULL},
    {"adam_epsilon", 1e-8, NULL},
    {"n_step", 1, NULL},
    {"truncation_ends", 0, "true"},
    {"n_envs", 1, NULL},
    {"train_every", 1, NULL},
    {"target_sync", 1000, NULL},
    {"epsilon_decay", 150000, NULL},
    {"epsilon_start", 1, NULL},
    {"epsilon_final", 0.01, NULL},
    {"reward_bound", 0, "game"},
    {"checkpoint_every", 10000, NULL},
    {"eval_every", 0, NULL},
    {"eval_games", 10, NULL},
    {"hidden", 0, "128,128"},
    {"convolutions", 0, "16k3s1"},
    {"target_rate", 1, NULL},
    {"rmsprop_decay", 0.95, NULL},
    {"rmsprop_epsilon", 0.01 / (32 * 32), NULL},
    {"updates", 1, NULL},
    {"return_lambda", 0.65, NULL},
    {"epochs", 1, NULL},
    {"munchausen_alpha", 0.9, NULL},
    {"munchausen_least", -1, NULL},
    {"atoms", 51, NULL},
    {"value_levels", 32, NULL},
    {"value_min", -10, NULL},
    {"value_max", 10, NULL},
};

/* For two cores: a small network, an update for eight steps of eight environments. */
#define FAST                                                                                       \
    {"network", 0, "small"}, {"gamma", 0.98, NULL}, {"n_step", 10, NULL},                          \
        {"truncation_ends", 0, "false"}, {"loss", 0, "huber"}, {"learning_rate", 2.5e-4, NULL},    \
        {"learning_rate_final", 5e-5, NULL}, {"learning_rate_decay", 1000000, NULL},               \
        {"adam_epsilon", 1.5e-4, NULL}, {"replay_size", 100000, NULL},                             \
        {"replay_start", 5000, NULL}, {"priority_alpha", 0.6, NULL}, {"priority_beta", 0.4, NULL}, \
        {"priority_beta_steps", 600000, NULL}, {"n_envs", 8, NULL}, {"train_every", 8, NULL},      \
        {"target_sync", 4000, NULL}, {"epsilon_decay", 100000, NULL},                              \
        {"epsilon_final", 0.05, NULL}, {"epsilon_last", 0.005, NULL},                              \
        {"epsilon_last_decay", 500000, NULL},                                                      \
    {                                                                                              \
        "checkpoint_every", 100000, NULL                                                           \
    }

static const setting fast[] = {FAST, {"layer_norm", 0, "true"}};

static const setting laptop[] = {FAST,
                                 {"gamma", 0.99, NULL},
                                 {"n_step", 3, NULL},
                                 {"head", 0, "qr"},
                                 {"loss", 0, "mse"},
                                 {"double_dqn", 0, "true"}};

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

/* DQN Zoo's program of Mnih et al. 2015. Its epsilon begins to fall when learning starts. */
static const setting nature[] = {
    {"optimiser", 0, "rmsprop"},        {"learning_rate", 2.5e-4, NULL},
    {"rmsprop_decay", 0.95, NULL},      {"rmsprop_epsilon", 0.01 / (32 * 32), NULL},
    {"initialisation", 0, "torch7"},    {"loss", 0, "huber"},
    {"truncation_ends", 0, "false"},    {"replay_size", 1000000, NULL},
    {"replay_start", 50000, NULL},      {"train_every", 4, NULL},
    {"target_sync", 10000, NULL},       {"epsilon_begin", 50000, NULL},
    {"epsilon_decay", 1111111, NULL},   {"epsilon_final", 0.1, NULL},
    {"checkpoint_every", 100000, NULL},
};

/* What the paper leaves out is as in deep_q_rl's run_nips.py, whose RMSProp is not centred. */
static const setting nips2013[] = {
    {"network", 0, "nips"},         {"gamma", 0.95, NULL},
    {"optimiser", 0, "rmsprop"},    {"learning_rate", 2e-4, NULL},
    {"rmsprop_decay", 0.99, NULL},  {"rmsprop_epsilon", 1e-6, NULL},
    {"replay_size", 1000000, NULL}, {"replay_start", 100, NULL},
    {"target_sync", 1, NULL},       {"epsilon_decay", 1111111, NULL},
    {"epsilon_final", 0.1, NULL},   {"checkpoint_every", 100000, NULL},
};

/* Both let epsilon fall in a tenth of 10M steps. SB3 acts at random until learning starts. */
static const setting sb3[] = {
    {"loss", 0, "huber"},
    {"gradient_norm", 10, NULL},
    {"truncation_ends", 0, "false"},
    {"replay_size", 100000, NULL},
    {"replay_start", 100000, NULL},
    {"train_every", 4, NULL},
    {"epsilon_decay", 1010101, NULL},
    {"checkpoint_every", 100000, NULL},
};

static const setting cleanrl[] = {
    {"truncation_ends", 0, "false"},  {"replay_size", 1000000, NULL},
    {"replay_start", 80000, NULL},    {"train_every", 4, NULL},
    {"epsilon_decay", 1010101, NULL}, {"checkpoint_every", 100000, NULL},
};

/* What Dopamine's agents for games have in common. */
#define DOPAMINE                                                                                   \
    {"network", 0, "nature_same"}, {"initialisation", 0, "xavier"},                                \
        {"truncation_ends", 0, "false"}, {"replay_size", 1000000, NULL},                           \
        {"replay_start", 20000, NULL}, {"train_every", 4, NULL}, {"target_sync", 8000, NULL},      \
        {"epsilon_begin", 20000, NULL}, {"epsilon_decay", 252525, NULL},                           \
        {"epsilon_final", 0.01, NULL},                                                             \
    {                                                                                              \
        "checkpoint_every", 100000, NULL                                                           \
    }

static const setting dopamine_dqn[] = {
    DOPAMINE, {"learning_rate", 6.25e-5, NULL}, {"adam_epsilon", 1.5e-4, NULL}};

static const setting dopamine_c51[] = {DOPAMINE,
                                       {"head", 0, "c51"},
                                       {"initialisation", 0, "dopamine"},
                                       {"learning_rate", 2.5e-4, NULL},
                                       {"adam_epsilon", 0.01 / 32, NULL}};

static const setting m_dqn[] = {DOPAMINE,
                                {"munchausen_tau", 0.03, NULL},
                                {"learning_rate", 5e-5, NULL},
                                {"adam_epsilon", 0.01 / 32, NULL}};

/* Its priorities change what is drawn, but its weights only the loss that it prints: beta is 0. */
static const setting dopamine_qr[] = {DOPAMINE,
                                      {"head", 0, "qr"},
                                      {"initialisation", 0, "dopamine"},
                                      {"atoms", 200, NULL},
                                      {"n_step", 3, NULL},
                                      {"priority_alpha", 0.5, NULL},
                                      {"priority_rule", 0, "dopamine"},
                                      {"learning_rate", 5e-5, NULL},
                                      {"adam_epsilon", 0.01 / 32, NULL}};

static const setting dopamine_iqn[] = {DOPAMINE,
                                       {"head", 0, "iqn"},
                                       {"initialisation", 0, "dopamine"},
                                       {"atoms", 64, NULL},
                                       {"n_step", 3, NULL},
                                       {"learning_rate", 5e-5, NULL},
                                       {"adam_epsilon", 0.01 / 32, NULL}};

static const setting m_iqn[] = {DOPAMINE,
                                {"head", 0, "iqn"},
                                {"initialisation", 0, "dopamine"},
                                {"atoms", 64, NULL},
                                {"munchausen_tau", 0.03, NULL},
                                {"learning_rate", 5e-5, NULL},
                                {"adam_epsilon", 0.01 / 32, NULL}};

static const setting dopamine_rainbow[] = {DOPAMINE,
                                           {"head", 0, "c51"},
                                           {"initialisation", 0, "dopamine"},
                                           {"n_step", 3, NULL},
                                           {"priority_alpha", 0.5, NULL},
                                           {"priority_beta", 0.5, NULL},
                                           {"priority_rule", 0, "dopamine"},
                                           {"learning_rate", 6.25e-5, NULL},
                                           {"adam_epsilon", 1.5e-4, NULL}};

/* A run has 100,000 steps, so this replay buffer holds as much of it as the original's. */
static const setting drq_eps[] = {
    {"network", 0, "nature_same"},
    {"initialisation", 0, "xavier"},
    {"dueling", 0, "output"},
    {"double_dqn", 0, "true"},
    {"n_step", 10, NULL},
    {"loss", 0, "huber"},
    {"learning_rate", 1e-4, NULL},
    {"adam_epsilon", 1.5e-4, NULL},
    {"augment_shift", 4, NULL},
    {"augment_intensity", 0.05, NULL},
    {"truncation_ends", 0, "false"},
    {"replay_size", 100000, NULL},
    {"replay_start", 1600, NULL},
    {"target_sync", 1, NULL},
    {"epsilon_begin", 1600, NULL},
    {"epsilon_decay", 5051, NULL},
    {"epsilon_final", 0.01, NULL},
    {"max_steps", 100000, NULL},
    {"checkpoint_every", 100000, NULL},
};

/* DQN Zoo draws a thousandth of its transitions uniformly; here all follow their priorities. */
static const setting rainbow[] = {
    {"head", 0, "c51"},
    {"dueling", 0, "streams"},
    {"noisy", 0, "factorised"},
    {"noisy_sigma", 0.1, NULL},
    {"double_dqn", 0, "true"},
    {"n_step", 3, NULL},
    {"priority_alpha", 0.5, NULL},
    {"priority_beta", 0.4, NULL},
    {"priority_beta_steps", 50000000, NULL},
    {"learning_rate", 6.25e-5, NULL},
    {"adam_epsilon", 0.005 / 32, NULL},
    {"gradient_norm", 10, NULL},
    {"truncation_ends", 0, "false"},
    {"replay_size", 1000000, NULL},
    {"replay_start", 20000, NULL},
    {"train_every", 4, NULL},
    {"target_sync", 8000, NULL},
    {"epsilon_start", 0, NULL},
    {"epsilon_final", 0, NULL},
    {"checkpoint_every", 100000, NULL},
};

/* As with drq-eps, the replay buffer holds the whole run. Dopamine's epsilon is 0 where layers are
 * noisy, whatever its configuration says. */
static const setting der[] = {
    {"network", 0, "nature_same"},
    {"initialisation", 0, "xavier"},
    {"head", 0, "c51"},
    {"dueling", 0, "output"},
    {"noisy", 0, "factorised"},
    {"noisy_sigma", 0.1, NULL},
    {"double_dqn", 0, "true"},
    {"n_step", 10, NULL},
    {"priority_alpha", 0.5, NULL},
    {"priority_beta", 0.5, NULL},
    {"priority_rule", 0, "dopamine"},
    {"learning_rate", 1e-4, NULL},
    {"adam_epsilon", 1.5e-4, NULL},
    {"truncation_ends", 0, "false"},
    {"replay_size", 100000, NULL},
    {"replay_start", 1600, NULL},
    {"target_sync", 2000, NULL},
    {"epsilon_start", 0, NULL},
    {"epsilon_final", 0, NULL},
    {"max_steps", 100000, NULL},
    {"checkpoint_every", 100000, NULL},
};

/* Their code normalises the channels of each pixel apart, and begins the output layer with a
 * smaller deviation. Its epsilon falls in a tenth of 50M steps; one that is cut off counts as
 * terminated. */
static const setting pqn[] = {
    {"n_envs", 128, NULL},
    {"rollout", 32, NULL},
    {"batch", 128, NULL},
    {"epochs", 2, NULL},
    {"return_lambda", 0.65, NULL},
    {"layer_norm", 0, "true"},
    {"initialisation", 0, "he_normal"},
    {"optimiser", 0, "radam"},
    {"learning_rate", 2.5e-4, NULL},
    {"gradient_norm", 10, NULL},
    {"loss", 0, "half_mse"},
    {"epsilon_decay", 5005005, NULL},
    {"epsilon_final", 0.001, NULL},
    {"checkpoint_every", 100000, NULL},
};

/* Chapter 8 with its values for Pong; each is ch8-basic and one thing more. */
#define CHAPTER_8                                                                                  \
    {"replay_size", 100000, NULL}, {"epsilon_decay", 100000, NULL}, {"epsilon_final", 0.02, NULL}, \
        {"reward_bound", 18, NULL},                                                                \
    {                                                                                              \
        "checkpoint_every", 100000, NULL                                                           \
    }

static const setting ch8_basic[] = {CHAPTER_8};
static const setting ch8_nstep[] = {CHAPTER_8, {"n_step", 4, NULL}};
static const setting ch8_double[] = {CHAPTER_8, {"double_dqn", 0, "true"}};
static const setting ch8_prio[] = {CHAPTER_8,
                                   {"priority_alpha", 0.6, NULL},
                                   {"priority_beta", 0.4, NULL},
                                   {"priority_beta_steps", 100000, NULL}};
static const setting ch8_dueling[] = {
    CHAPTER_8, {"dueling", 0, "streams"}, {"stream_width", 256, NULL}};
static const setting ch8_noisy[] = {
    CHAPTER_8, {"noisy", 0, "independent"}, {"epsilon_start", 0, NULL}, {"epsilon_final", 0, NULL}};
/* In the book the stream of the value is not noisy. */
static const setting ch8_rainbow[] = {CHAPTER_8,
                                      {"n_step", 4, NULL},
                                      {"dueling", 0, "streams"},
                                      {"stream_width", 256, NULL},
                                      {"noisy", 0, "independent"},
                                      {"priority_alpha", 0.6, NULL},
                                      {"priority_beta", 0.4, NULL},
                                      {"priority_beta_steps", 100000, NULL},
                                      {"epsilon_start", 0, NULL},
                                      {"epsilon_final", 0, NULL}};
static const setting ch8_distrib[] = {CHAPTER_8, {"head", 0, "c51"}};

/** What most evaluate by: Mnih et al. 2015. */
#define USUAL_EVALUATION .eval_epsilon = 0.05, .eval_noops = 30
#define OF_DOPAMINE                                                                                \
    .dialect = "dopamine", .options = "sticky=0.25", .eval_epsilon = 0.001, .eval_noops = 0
#define OF_CHAPTER_8                                                                               \
    .dialect = "book", .options = "noops=30 life_loss=true clip_rewards=true", USUAL_EVALUATION
#define SETTINGS(list) list, DQ_COUNT(list)

static const struct {
    dq_preset about;
    const setting *settings;
    size_t n;
} presets[] = {
    {{.name = "book",
      .help = "DQN as the book has it",
      .source = "Lapan 2020, chapter 6, 02_dqn_pong.py",
      .dialect = "book",
      .options = "",
      USUAL_EVALUATION},
     SETTINGS(book)},
    {{.name = "fast",
      .help = "less work for a frame, more learned from each step: Pong in minutes on two cores",
      .source = "docs/fast.md",
      .dialect = "book",
      .options = "noops=30",
      .eval_epsilon = 0.01,
      .eval_noops = 30},
     SETTINGS(fast)},
    {{.name = "laptop",
      .help = "any game on two cores: quantiles, three-step returns, priorities, a small network",
      .source = "docs/results/laptop.md",
      .dialect = "sb3",
      .options = "",
      .eval_epsilon = 0.01,
      .eval_noops = 30},
     SETTINGS(laptop)},
    {{.name = "ch7-cartpole",
      .help = "the book's CartPole; its epsilon *= 0.99 is a linear decline within 198 steps here",
      .source = "Lapan 2020, chapter 7",
      .dialect = "book",
      .options = "",
      USUAL_EVALUATION},
     SETTINGS(ch7_cartpole)},
    {{.name = "cartpole",
      .help = "CartPole-v1 in seconds on one core",
      .source = "docs/cartpole.md",
      .dialect = "book",
      .options = "",
      USUAL_EVALUATION},
     SETTINGS(cartpole)},
    {{.name = "nature",
      .help = "DQN of Nature; pictures are resized as by sb3, where DQN Zoo's are bilinear",
      .source = "Mnih et al. 2015; DQN Zoo, dqn/run_atari.py",
      .dialect = "sb3",
      .options = "fire=false",
      USUAL_EVALUATION},
     SETTINGS(nature)},
    {{.name = "nips2013",
      .help = "the first DQN, without a target network; RMSProp is centred here",
      .source = "Mnih et al. 2013; deep_q_rl, run_nips.py",
      .dialect = "book",
      .options = "fire=false clip_rewards=true",
      .eval_epsilon = 0.05,
      .eval_noops = 0},
     SETTINGS(nips2013)},
    {{.name = "sb3",
      .help = "DQN of Stable-Baselines3 with its zoo's values for Atari",
      .source = "RL Baselines3 Zoo, hyperparams/dqn.yml",
      .dialect = "sb3",
      .options = "",
      .eval_epsilon = 0,
      .eval_noops = 30},
     SETTINGS(sb3)},
    {{.name = "cleanrl",
      .help = "DQN of CleanRL",
      .source = "CleanRL, dqn_atari.py",
      .dialect = "cleanrl",
      .options = "",
      .eval_epsilon = 0.01,
      .eval_noops = 30},
     SETTINGS(cleanrl)},
    {{.name = "dopamine-dqn",
      .help = "Dopamine's DQN with Adam and the squared error, under sticky actions",
      .source = "Castro et al. 2018; Dopamine, DQNAgent with Adam",
      OF_DOPAMINE},
     SETTINGS(dopamine_dqn)},
    {{.name = "dopamine-c51",
      .help = "Dopamine's C51, under sticky actions",
      .source = "Bellemare et al. 2017; Dopamine, c51.gin",
      OF_DOPAMINE},
     SETTINGS(dopamine_c51)},
    {{.name = "dopamine-qr",
      .help = "Dopamine's QR-DQN: 200 quantiles, three-step returns, prioritized replay",
      .source = "Dabney et al. 2018; Dopamine, quantile.gin",
      OF_DOPAMINE},
     SETTINGS(dopamine_qr)},
    {{.name = "dopamine-iqn",
      .help = "Dopamine's IQN: 64 levels of quantiles a state, three-step returns",
      .source = "Dabney, Ostrovski, Silver, Munos 2018; Dopamine, implicit_quantile.gin",
      OF_DOPAMINE},
     SETTINGS(dopamine_iqn)},
    {{.name = "dopamine-rainbow",
      .help = "Dopamine's Rainbow: C51, three-step returns, prioritized replay",
      .source = "Castro et al. 2018; Dopamine, rainbow.gin",
      OF_DOPAMINE},
     SETTINGS(dopamine_rainbow)},
    {{.name = "rainbow",
      .help = "all of Rainbow: C51, dueling, noisy, double, three-step returns, priorities",
      .source = "Hessel et al. 2018; DQN Zoo, rainbow/run_atari.py",
      .dialect = "sb3",
      .options = "fire=false",
      .eval_epsilon = 0,
      .eval_noops = 30},
     SETTINGS(rainbow)},
    {{.name = "m-dqn",
      .help = "Munchausen DQN: the scaled log-policy is added to the reward",
      .source = "Vieillard, Pietquin, Geist 2020",
      OF_DOPAMINE},
     SETTINGS(m_dqn)},
    {{.name = "m-iqn",
      .help = "Munchausen IQN: the scaled log-policy is added to the reward",
      .source = "Vieillard, Pietquin, Geist 2020",
      OF_DOPAMINE},
     SETTINGS(m_iqn)},
    {{.name = "drq-eps",
      .help = "DrQ(eps) of Atari 100k: augmented pictures, an update at every step",
      .source = "Kostrikov et al. 2020; Agarwal et al. 2021; Dopamine, DrQ_eps.gin",
      .dialect = "dopamine",
      .options = "noops=29 life_loss=true sticky=0",
      .eval_epsilon = 0.001,
      .eval_noops = 29},
     SETTINGS(drq_eps)},
    {{.name = "der",
      .help = "data-efficient Rainbow of Atari 100k: an update at every step",
      .source = "van Hasselt, Hessel, Aslanides 2019; Dopamine, DER.gin",
      .dialect = "dopamine",
      .options = "noops=29 life_loss=true sticky=0",
      .eval_epsilon = 0.001,
      .eval_noops = 29},
     SETTINGS(der)},
    {{.name = "pqn",
      .help = "no replay buffer, no target network: lambda returns of 128 games, LayerNorm",
      .source = "Gallici et al. 2024; purejaxql, pqn_atari.yaml",
      .dialect = "cleanrl",
      .options = "",
      .eval_epsilon = 0,
      .eval_noops = 30},
     SETTINGS(pqn)},
    {{.name = "ch8-basic",
      .help = "the book's basic DQN of chapter 8, with its values for Pong",
      .source = "Lapan 2020, chapter 8, 01_dqn_basic.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_basic)},
    {{.name = "ch8-nstep",
      .help = "ch8-basic with four-step returns",
      .source = "Lapan 2020, chapter 8, 02_dqn_n_steps.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_nstep)},
    {{.name = "ch8-double",
      .help = "ch8-basic with Double DQN",
      .source = "Lapan 2020, chapter 8, 03_dqn_double.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_double)},
    {{.name = "ch8-noisy",
      .help = "ch8-basic with noisy layers instead of epsilon",
      .source = "Lapan 2020, chapter 8, 04_dqn_noisy_net.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_noisy)},
    {{.name = "ch8-prio",
      .help = "ch8-basic with prioritized replay",
      .source = "Lapan 2020, chapter 8, 05_dqn_prio_replay.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_prio)},
    {{.name = "ch8-dueling",
      .help = "ch8-basic with advantages and a value in two streams",
      .source = "Lapan 2020, chapter 8, 06_dqn_dueling.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_dueling)},
    {{.name = "ch8-distrib",
      .help = "ch8-basic with the distribution of C51",
      .source = "Lapan 2020, chapter 8, 07_dqn_distrib.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_distrib)},
    {{.name = "ch8-rainbow",
      .help = "ch8-basic with four-step returns, priorities, dueling and noisy layers",
      .source = "Lapan 2020, chapter 8, 08_dqn_rainbow.py",
      OF_CHAPTER_8},
     SETTINGS(ch8_rainbow)},
};

static int find_preset(const char *name)
{
    for (int i = 0; i < (int)DQ_COUNT(presets); i++)
        if (strcmp(presets[i].about.name, name) == 0)
            return i;
    return -1;
}

const dq_preset *dq_train_preset_find(const char *name)
{
    int i = find_preset(name);
    return i >= 0 ? &presets[i].about : NULL;
}

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
    char known[512];
    for (size_t i = 0; i < DQ_COUNT(presets); i++)
        names[i] = presets[i].about.name;
    dq_list_words(known, sizeof(known), names, DQ_COUNT(presets), "and");
    return dq_fail(DQ_ERR_NOT_FOUND, "no preset '%s': there are %s", name, known);
}

dq_status dq_train_preset(dq_train_config *cfg, const char *name)
{
    int i = find_preset(name);
    if (i < 0)
        return fail_unknown(name);
    *cfg = (dq_train_config){0};
    DQ_TRY(apply(cfg, book, DQ_COUNT(book)));
    return apply(cfg, presets[i].settings, presets[i].n);
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
