#include "deepq/train.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "base/error.h"
#include "base/schedule.h"
#include "base/spelling.h"
#include "base/whole_number.h"
#include "deepq/vector.h"
#include "nn/graph.h"
#include "replay/store_choice.h"

typedef enum field_type {
    FIELD_INT,
    FIELD_INT64,
    FIELD_UINT64,
    FIELD_DOUBLE,
    FIELD_BOOL,
    FIELD_WORD,  // an enum, of which each value has a word
    FIELD_NETWORK,
    FIELD_WIDTHS,
    FIELD_INITIALISATION,
    FIELD_STORE,
    FIELD_CONVOLUTIONS,
    FIELD_BOUND  // a number, "none" or "game"
} field_type;

/** A hyperparameter. */
typedef struct field {
    const char *key;
    field_type type;
    size_t offset;
    const char *unit;          // "" for a number without one
    double low, high;          // inclusive; of numbers but FIELD_UINT64
    const char *help;          // one line
    const char *const *words;  // of FIELD_WORD: the word of each value, then NULL
} field;

#define FIELD(name, type, unit, low, high, help)                                                   \
    {                                                                                              \
#name, type, offsetof(dq_train_config, name), unit, low, high, help, NULL                  \
    }

#define WORD_FIELD(name, words, help)                                                              \
    {                                                                                              \
#name, FIELD_WORD, offsetof(dq_train_config, name), "", 0, 0, help, words                  \
    }

static const char *const losses[] = {
    [DQ_LOSS_MSE] = "mse", [DQ_LOSS_HUBER] = "huber", [DQ_LOSS_HALF_MSE] = "half_mse", NULL};

const char *dq_config_loss_name(dq_loss loss)
{
    return losses[loss];
}

static const char *const duelings[] = {[DQ_DUELING_NONE] = "none",
                                       [DQ_DUELING_OUTPUT] = "output",
                                       [DQ_DUELING_STREAMS] = "streams",
                                       NULL};

static const char *const priority_rules[] = {
    [DQ_PRIORITY_SCHAUL] = "schaul", [DQ_PRIORITY_DOPAMINE] = "dopamine", NULL};

static_assert(sizeof(dq_loss) == sizeof(unsigned) && sizeof(dq_head) == sizeof(unsigned) &&
                  sizeof(dq_dueling) == sizeof(unsigned) && sizeof(dq_noise) == sizeof(unsigned) &&
                  sizeof(dq_optimiser) == sizeof(unsigned) &&
                  sizeof(dq_priority_rule) == sizeof(unsigned),
              "set_word() writes an unsigned");

static const double HUGE_STEPS = 1e15;

static const field fields[] = {
    FIELD(gamma, FIELD_DOUBLE, "", 0, 1, "discount factor"),
    FIELD(batch, FIELD_INT, "transitions", 1, 65536, "transitions in a batch"),
    FIELD(replay_size, FIELD_INT, "transitions", 1, 100000000, "capacity of the replay buffer"),
    FIELD(replay_start, FIELD_INT, "transitions", 1, 100000000,
          "transitions in the replay buffer when learning starts"),
    FIELD(replay_store, FIELD_STORE, "", 0, 0,
          "how frames are kept; auto: plain if it takes at most half of the free memory"),
    WORD_FIELD(optimiser, dq_optimiser_names,
               "adam: Kingma, Ba 2015, rmsprop: centred, Mnih et al. 2015, radam: rectified"),
    FIELD(learning_rate, FIELD_DOUBLE, "", 0, 1e3, "learning rate at step 0"),
    FIELD(learning_rate_final, FIELD_DOUBLE, "", 0, 1e3,
          "learning rate from step learning_rate_decay on; linear in between"),
    FIELD(learning_rate_decay, FIELD_INT64, "steps", 0, HUGE_STEPS,
          "step at which it reaches learning_rate_final; 0: it is constant"),
    FIELD(adam_beta1, FIELD_DOUBLE, "", 0, 0.999999999, "Adam's decay rate of the mean gradient"),
    FIELD(adam_beta2, FIELD_DOUBLE, "", 0, 0.999999999,
          "Adam's decay rate of the mean squared gradient"),
    FIELD(adam_epsilon, FIELD_DOUBLE, "", 1e-12, 1, "Adam's constant in the denominator"),
    FIELD(rmsprop_decay, FIELD_DOUBLE, "", 0, 0.999999999,
          "RMSProp's decay rate of the mean gradient and the mean squared gradient"),
    FIELD(rmsprop_epsilon, FIELD_DOUBLE, "", 1e-12, 1, "RMSProp's constant in the root"),
    FIELD(gradient_norm, FIELD_DOUBLE, "", 0, 1e6,
          "L2 norm that a longer gradient is scaled down to; 0: any length"),
    FIELD(network, FIELD_NETWORK, "", 0, 0,
          "nature, nips: Mnih et al.; nature_same: Dopamine; cnn: any picture; mlp: vector"),
    FIELD(hidden, FIELD_WIDTHS, "", 1, DQ_MLP_HIDDEN_MAX,
          "outputs of the hidden layers of an mlp or cnn"),
    FIELD(convolutions, FIELD_CONVOLUTIONS, "", 0, 0,
          "those of a cnn: outputs, side of the kernel, stride"),
    FIELD(initialisation, FIELD_INITIALISATION, "", 0, 0,
          "initialisation of the parameters; xavier, dopamine: as Dopamine does"),
    WORD_FIELD(head, dq_head_names,
               "outputs of an action: value, c51: probabilities of atoms, qr, iqn: quantiles"),
    FIELD(atoms, FIELD_INT, "", 1, DQ_ATOMS_MAX,
          "atoms of c51, quantiles of qr, levels that iqn draws for a state in an update"),
    FIELD(value_levels, FIELD_INT, "", 1, DQ_ATOMS_MAX,
          "quantiles of iqn whose mean is the value of an action"),
    FIELD(value_min, FIELD_DOUBLE, "", -1e6, 1e6, "first atom of c51"),
    FIELD(value_max, FIELD_DOUBLE, "", -1e6, 1e6, "last atom of c51"),
    WORD_FIELD(dueling, duelings,
               "advantages and a value: by two output layers, or by two streams"),
    FIELD(stream_width, FIELD_INT, "", 0, DQ_MLP_HIDDEN_MAX,
          "outputs of each stream's hidden layer; 0: as many as the hidden layer has"),
    WORD_FIELD(noisy, dq_noise_names,
               "noise in the linear layers: of each input and output, or of each weight"),
    FIELD(noisy_sigma, FIELD_DOUBLE, "", 0, 10,
          "factor of the noise at step 0; 0: as in the paper, 0.5 or 0.017"),
    FIELD(layer_norm, FIELD_BOOL, "", 0, 0,
          "layer normalisation behind each layer but the last, in front of its ReLU"),
    WORD_FIELD(loss, losses,
               "mse: square of the error, huber: linear beyond an error of 1, half_mse: half"),
    FIELD(n_step, FIELD_INT, "steps", 1, 1000,
          "rewards summed before the next state's value is added (n-step returns)"),
    FIELD(double_dqn, FIELD_BOOL, "", 0, 0,
          "the online network chooses the next action, the target network evaluates it"),
    FIELD(augment_shift, FIELD_INT, "pixels", 0, 42,
          "padding from which pictures are cropped at random in an update; 0: none (DrQ)"),
    FIELD(augment_intensity, FIELD_DOUBLE, "", 0, 0.5,
          "standard deviation of their brightness in an update; 0: none (DrQ)"),
    FIELD(munchausen_tau, FIELD_DOUBLE, "", 0, 1000,
          "Munchausen DQN: temperature of its softmax policy; 0: it is off"),
    FIELD(munchausen_alpha, FIELD_DOUBLE, "", 0, 1,
          "factor of the log-policy that is added to the reward"),
    FIELD(munchausen_least, FIELD_DOUBLE, "", -1e6, 0, "bound of the scaled log-policy from below"),
    FIELD(truncation_ends, FIELD_BOOL, "", 0, 0,
          "an episode cut off by a limit is learned as terminated, as in the book"),
    FIELD(priority_alpha, FIELD_DOUBLE, "", 0, 1,
          "exponent of priorities; 0: transitions are drawn uniformly"),
    WORD_FIELD(priority_rule, priority_rules,
               "priorities follow from errors, or as in Dopamine from losses (priorities.h)"),
    FIELD(priority_beta, FIELD_DOUBLE, "", 0, 1,
          "exponent of importance-sampling weights at step 0; 1: full correction"),
    FIELD(priority_beta_steps, FIELD_INT64, "steps", 0, HUGE_STEPS,
          "step at which priority_beta reaches 1, linearly; 0: it is constant"),
    FIELD(n_envs, FIELD_INT, "", 1, DQ_VECTOR_MAX,
          "environments side by side; a step is one step of one of them"),
    FIELD(train_every, FIELD_INT, "steps", 1, 1000000, "steps from one update to the next"),
    FIELD(updates, FIELD_INT, "", 1, 1000, "updates one after another whenever one is due"),
    FIELD(rollout, FIELD_INT, "steps", 0, 100000,
          "steps of each environment learned together (PQN); 0: there is a replay buffer"),
    FIELD(return_lambda, FIELD_DOUBLE, "", 0, 1, "lambda of the returns of a rollout"),
    FIELD(epochs, FIELD_INT, "", 1, 1000, "how often each step of a rollout is learned"),
    FIELD(target_sync, FIELD_INT64, "steps", 1, HUGE_STEPS,
          "steps from one update of the target network to the next"),
    FIELD(target_rate, FIELD_DOUBLE, "", 0, 1,
          "part of the way to the online network that it then goes; 1: it is copied"),
    FIELD(epsilon_begin, FIELD_INT64, "steps", 0, HUGE_STEPS,
          "step until which epsilon is epsilon_start"),
    FIELD(epsilon_decay, FIELD_INT64, "steps", 1, HUGE_STEPS,
          "steps in which epsilon would fall linearly by 1; it stops at epsilon_final"),
    FIELD(epsilon_start, FIELD_DOUBLE, "", 0, 1, "probability of a random action at step 0"),
    FIELD(epsilon_final, FIELD_DOUBLE, "", 0, 1,
          "probability of a random action after the first decline"),
    FIELD(epsilon_last, FIELD_DOUBLE, "", 0, 1,
          "probability of a random action from step epsilon_last_decay on; linear before"),
    FIELD(epsilon_last_decay, FIELD_INT64, "steps", 0, HUGE_STEPS,
          "step at which epsilon reaches epsilon_last; 0: it remains epsilon_final"),
    FIELD(reward_bound, FIELD_BOUND, "points", -1e12, 1e12,
          "reward threshold for the mean of the last 100 games; game: the game's own"),
    FIELD(max_steps, FIELD_INT64, "steps", 0, HUGE_STEPS,
          "steps after which the run ends; 0: no limit"),
    FIELD(checkpoint_every, FIELD_INT64, "steps", 1, HUGE_STEPS,
          "steps from one checkpoint to the next"),
    FIELD(eval_every, FIELD_INT64, "steps", 0, HUGE_STEPS,
          "steps from one evaluation of the network to the next; 0: none"),
    FIELD(eval_games, FIELD_INT, "games", 1, 10000, "games of an evaluation"),
    FIELD(seed, FIELD_UINT64, "", 0, 0, "of all random streams: the same seed, the same run"),
};

/** Names that hyperparameters had. */
static const struct {
    const char *old, *key;
} old_names[] = {{"priority_beta_rise", "priority_beta_steps"}};

const char *dq_train_config_new_name(const char *key)
{
    for (size_t i = 0; i < DQ_COUNT(old_names); i++)
        if (strcmp(old_names[i].old, key) == 0)
            return old_names[i].key;
    return NULL;
}

static void print_names(const char *(*name_at)(size_t), char *text, size_t cap)
{
    const char *names[16];
    size_t n = 0;
    for (; n < DQ_COUNT(names) && name_at(n); n++)
        names[n] = name_at(n);
    dq_list_words(text, cap, names, n, "or");
}

/** Those of fixed sizes, then those of any. */
static const char *network_at(size_t index)
{
    static const char *const of_any[] = {DQ_MLP, DQ_CNN};
    size_t n = 0;
    while (n < index && dq_net_network_name(n))
        n++;
    if (dq_net_network_name(n))
        return dq_net_network_name(n);
    return index - n < DQ_COUNT(of_any) ? of_any[index - n] : NULL;
}

static size_t count_words(const field *f)
{
    size_t n = 0;
    while (f->words[n])
        n++;
    return n;
}

/** What values there are, in words. */
static void print_range(const field *f, char *text, size_t cap)
{
    switch (f->type) {
    case FIELD_UINT64:
        snprintf(text, cap, "a whole number from 0 to 2^64 - 1");
        break;
    case FIELD_BOOL:
        snprintf(text, cap, "true or false");
        break;
    case FIELD_WORD:
        dq_list_words(text, cap, f->words, count_words(f), "or");
        break;
    case FIELD_NETWORK:
        print_names(network_at, text, cap);
        break;
    case FIELD_WIDTHS:
        snprintf(text, cap, "1 to %d numbers from %.10g to %.10g, with commas between them",
                 DQ_MLP_LAYERS_MAX, f->low, f->high);
        break;
    case FIELD_INITIALISATION:
        print_names(dq_net_initialisation_name, text, cap);
        break;
    case FIELD_STORE:
        snprintf(text, cap, "auto, plain, packed, or file:DIR, in at most %d bytes",
                 DQ_REPLAY_STORE_TEXT - 1);
        break;
    case FIELD_CONVOLUTIONS:
        snprintf(text, cap, "16k3s1, or 2 or 3 of the kind with commas between them");
        break;
    case FIELD_BOUND:
        snprintf(text, cap, "a number from %.10g to %.10g, none, or game", f->low, f->high);
        break;
    default:
        snprintf(text, cap, "a %s from %.10g to %.10g",
                 f->type == FIELD_DOUBLE ? "number" : "whole number", f->low, f->high);
    }
}

bool dq_train_config_describe(size_t index, dq_hyperparameter *h)
{
    if (index >= DQ_COUNT(fields))
        return false;
    const field *f = &fields[index];
    *h = (dq_hyperparameter){.key = f->key, .unit = f->unit, .help = f->help};
    print_range(f, h->range, sizeof(h->range));
    return true;
}

static dq_status fail_value(const field *f, const char *value)
{
    char range[DQ_RANGE_TEXT];
    print_range(f, range, sizeof(range));
    return dq_fail(DQ_ERR_CONFIG, "%s = '%s': choose %s", f->key, value, range);
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

static dq_status set_word(const field *f, void *to, const char *text)
{
    for (unsigned i = 0; f->words[i]; i++)
        if (strcmp(text, f->words[i]) == 0) {
            memcpy(to, &i, sizeof(i));  // an enum's size
            return DQ_OK;
        }
    return fail_value(f, text);
}

/** The name is kept as the library's own: `text` need not live on. */
static dq_status set_name(const field *f, void *to, const char *text,
                          const char *(*name_at)(size_t))
{
    const char *name;
    for (size_t i = 0; (name = name_at(i)); i++)
        if (strcmp(name, text) == 0) {
            memcpy(to, &name, sizeof(name));
            return DQ_OK;
        }
    return fail_value(f, text);
}

/** "128,64": what is behind the last one is 0. */
static dq_status set_widths(const field *f, void *to, const char *text)
{
    int widths[DQ_MLP_LAYERS_MAX] = {0};
    char number[16];
    const char *at = text;
    for (int i = 0; i < DQ_MLP_LAYERS_MAX; i++) {
        int64_t width;
        size_t n = strcspn(at, ",");
        snprintf(number, sizeof(number), "%.*s", n < sizeof(number) ? (int)n : 0, at);
        if (!dq_whole_number(number, &width) || (double)width < f->low || (double)width > f->high)
            return fail_value(f, text);
        widths[i] = (int)width;
        at += n;
        if (*at == '\0') {
            memcpy(to, widths, sizeof(widths));
            return DQ_OK;
        }
        at++;
    }
    return fail_value(f, text);
}

/** A folder's name may have any characters but those that end a line of a configuration file. */
static dq_status set_store(const field *f, void *to, const char *text)
{
    dq_replay_config replay = dq_replay_config_default();
    if (strlen(text) >= DQ_REPLAY_STORE_TEXT || strpbrk(text, "\r\n") ||
        dq_replay_choose_store(&replay, text, false) != DQ_OK)
        return fail_value(f, text);
    memmove(to, text, strlen(text) + 1);
    return DQ_OK;
}

static dq_status set_convolutions(const field *f, void *to, const char *text)
{
    if (strlen(text) >= DQ_CONVOLUTIONS_TEXT || !dq_is_convolutions(text))
        return fail_value(f, text);
    memmove(to, text, strlen(text) + 1);
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
    case FIELD_WORD:
        return set_word(f, to, text);
    case FIELD_NETWORK:
        return set_name(f, to, text, network_at);
    case FIELD_WIDTHS:
        return set_widths(f, to, text);
    case FIELD_INITIALISATION:
        return set_name(f, to, text, dq_net_initialisation_name);
    case FIELD_STORE:
        return set_store(f, to, text);
    case FIELD_CONVOLUTIONS:
        return set_convolutions(f, to, text);
    case FIELD_BOUND:
        return set_bound(f, to, text);
    default:
        return set_int(f, to, text);
    }
}

static dq_status fail_unknown(const char *key)
{
    const char *keys[DQ_COUNT(fields)];
    char known[2048];
    for (size_t i = 0; i < DQ_COUNT(fields); i++)
        keys[i] = fields[i].key;
    dq_list_words(known, sizeof(known), keys, DQ_COUNT(keys), "or");
    return dq_fail(DQ_ERR_CONFIG, "no hyperparameter '%s': choose one of %s", key, known);
}

static const field *find_field(const char *key)
{
    const char *name = dq_train_config_new_name(key);
    for (size_t i = 0; i < DQ_COUNT(fields); i++)
        if (strcmp(fields[i].key, name ? name : key) == 0)
            return &fields[i];
    return NULL;
}

dq_status dq_train_config_set(dq_train_config *cfg, const char *key, const char *value)
{
    const field *f = find_field(key);
    return f ? set_field(f, (char *)cfg + f->offset, value) : fail_unknown(key);
}

dq_status dq_config_set_number(dq_train_config *cfg, const char *key, double value)
{
    const field *f = find_field(key);
    assert(f && value >= f->low && value <= f->high);
    void *to = (char *)cfg + f->offset;
    if (f->type == FIELD_DOUBLE || f->type == FIELD_BOUND)
        *(double *)to = value;
    else if (f->type == FIELD_INT)
        *(int *)to = (int)value;
    else if (f->type == FIELD_INT64)
        *(int64_t *)to = (int64_t)value;
    else
        return fail_unknown(key);  // its values are words
    return DQ_OK;
}

/** A program may have set another number: then what dq_train_config_check() will refuse. */
static const char *word_of(const field *f, const void *from)
{
    unsigned value;
    memcpy(&value, from, sizeof(value));
    return value < count_words(f) ? f->words[value] : "unknown";
}

static const char *network_name(const char *name)
{
    return name ? name : dq_net_network_name(0);
}

/** Up to the first 0; a program may have set a number that dq_train_config_check() will refuse. */
static void print_widths(const int *widths, char *text, size_t cap)
{
    size_t used = 0;
    snprintf(text, cap, "none");
    for (int i = 0; i < DQ_MLP_LAYERS_MAX && widths[i] != 0 && used < cap; i++)
        used += (size_t)snprintf(text + used, cap - used, "%s%d", i ? "," : "", widths[i]);
}

static const char *initialisation_name(const char *name)
{
    return name ? name : dq_net_initialisation_name(0);
}

/** The shortest text that reads back as the same number, for small integers without exponent. */
static void print_double(double v, char *text, size_t cap)
{
    if (v == floor(v) && fabs(v) < 1e5) {
        snprintf(text, cap, "%.0f", v);
        return;
    }
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
    else if (f->type == FIELD_WORD)
        snprintf(value, cap, "%s", word_of(f, from));
    else if (f->type == FIELD_NETWORK)
        snprintf(value, cap, "%s", network_name(*(const char *const *)from));
    else if (f->type == FIELD_WIDTHS)
        print_widths(from, value, cap);
    else if (f->type == FIELD_INITIALISATION)
        snprintf(value, cap, "%s", initialisation_name(*(const char *const *)from));
    else if (f->type == FIELD_CONVOLUTIONS)
        snprintf(value, cap, "%s", (const char *)from);
    else if (f->type == FIELD_STORE)
        snprintf(value, cap, "%s", *(const char *)from ? (const char *)from : "auto");
    else if (f->type == FIELD_UINT64)
        snprintf(value, cap, "%llu", (unsigned long long)*(const uint64_t *)from);
    else
        snprintf(value, cap, "%lld",
                 f->type == FIELD_INT ? (long long)*(const int *)from
                                      : (long long)*(const int64_t *)from);
    return true;
}

double dq_config_first_leg_end(const dq_train_config *cfg)
{
    return (double)cfg->epsilon_begin +
           (cfg->epsilon_start - cfg->epsilon_final) * (double)cfg->epsilon_decay;
}

dq_status dq_train_config_check(const dq_train_config *cfg)
{
    for (size_t i = 0; i < DQ_COUNT(fields); i++) {  // a program may have set fields by hand
        const char *key;
        char value[DQ_REPLAY_STORE_TEXT];
        dq_train_config copy = *cfg;
        dq_train_config_get(cfg, i, &key, value, sizeof(value));
        DQ_TRY(dq_train_config_set(&copy, key, value));
    }
    return dq_config_check_together(cfg);
}

double dq_config_epsilon(const dq_train_config *cfg, int64_t step)
{
    const dq_schedule first = {cfg->epsilon_start, cfg->epsilon_start - 1,
                               (double)cfg->epsilon_begin,
                               (double)(cfg->epsilon_begin + cfg->epsilon_decay)};
    const dq_schedule last = {cfg->epsilon_final, cfg->epsilon_last, dq_config_first_leg_end(cfg),
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

int dq_config_capacity(const dq_train_config *cfg)
{
    return cfg->rollout > 0 ? cfg->n_envs * cfg->rollout : cfg->replay_size;
}

int dq_config_learn_every(const dq_train_config *cfg)
{
    return cfg->rollout > 0 ? cfg->n_envs * cfg->rollout : cfg->train_every;
}

int dq_config_updates(const dq_train_config *cfg)
{
    return cfg->rollout > 0 ? cfg->n_envs * cfg->rollout / cfg->batch * cfg->epochs : cfg->updates;
}

double dq_config_priority_beta(const dq_train_config *cfg, int64_t step)
{
    const dq_schedule s = {cfg->priority_beta, 1, 0, (double)cfg->priority_beta_steps};
    return dq_schedule_at(&s, step);
}
