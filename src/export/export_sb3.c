/* Stable-Baselines3's zip, of its DQN or of SB3-Contrib's QRDQN: `data`, JSON in which Python
 * objects are pickles as base64; policy.pth, the parameters of the online and the target network;
 * policy.optimizer.pth, Adam that has not made a step. Source: stable_baselines3 2.9,
 * common/save_util.py and base_class.py. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "export/base64.h"
#include "export/formats.h"
#include "record/model_parts.h"
#include "record/pickle_write.h"
#include "record/torch_write.h"
#include "record/zip_write.h"

/* What SB3 is to go on learning with. */
static const double LEARNING_RATE = 1e-4, EPSILON_START = 0.05, EPSILON_END = 0.01;
enum { BUFFER_SIZE = 10000 };  // SB3 allocates it when it loads the file

bool dq_export_sb3_holds(const dq_export_model *m)
{
    dq_head head = m->network.last.head;
    return !m->network.last.norm && (head == DQ_HEAD_VALUE || head == DQ_HEAD_QR) &&
           (dq_export_is_nature(m) || dq_export_is_mlp(m));
}

static bool is_qr(const dq_export_model *m)
{
    return m->network.last.head == DQ_HEAD_QR;
}

/* ---------------------------------------------------------------- objects of Python */

static void put_policy_class(dq_writer *w, const dq_export_model *m)
{
    dq_pickle_put_global(w,
                         is_qr(m) ? "sb3_contrib.qrdqn.policies" : "stable_baselines3.dqn.policies",
                         dq_export_is_nature(m) ? "CnnPolicy" : "MlpPolicy");
}

static void put_action_space(dq_writer *w, const dq_export_model *m)
{
    dq_pickle_put_global(w, "gymnasium.spaces.discrete", "Discrete");
    dq_pickle_put(w, DQ_PICKLE_MARK);
    dq_pickle_put_int(w, m->n_actions);
    dq_pickle_put(w, DQ_PICKLE_TUPLE DQ_PICKLE_CALL);
}

enum { BOUNDS_MAX = 6 };

/** Largest values of observations; the smallest are the same below 0, or `low`. */
typedef struct bounds {
    const char *env;  // how its ids begin
    int n;
    double high[BOUNDS_MAX], low[BOUNDS_MAX];
    bool has_low;
} bounds;

#define PI 3.14159265358979323846

/* SB3 compares them with those of the environment that it is to go on learning in. */
static const bounds known_bounds[] = {
    {"CartPole-", 4, {4.8, INFINITY, 24 * PI / 180, INFINITY}, {0}, false},
    {"MountainCar-", 2, {0.6, 0.07}, {-1.2, -0.07}, true},
    {"Acrobot-", 6, {1, 1, 1, 1, 4 * PI, 9 * PI}, {0}, false},
};

static const bounds *bounds_of(const dq_export_model *m)
{
    for (size_t i = 0; i < DQ_COUNT(known_bounds); i++) {
        const bounds *b = &known_bounds[i];
        if (strncmp(m->info.env_id, b->env, strlen(b->env)) == 0 && b->n == m->network.layers[0].in)
            return b;
    }
    return NULL;
}

/** numpy.array([...], numpy.float32), or a number for all. */
static void put_bound(dq_writer *w, const bounds *b, bool is_low)
{
    if (!b) {
        dq_pickle_put_float(w, is_low ? -INFINITY : INFINITY);
        return;
    }
    dq_pickle_put_global(w, "numpy", "array");
    dq_pickle_put(w, DQ_PICKLE_MARK DQ_PICKLE_LIST DQ_PICKLE_MARK);
    for (int i = 0; i < b->n; i++)
        dq_pickle_put_float(w, !is_low ? b->high[i] : b->has_low ? b->low[i] : -b->high[i]);
    dq_pickle_put(w, DQ_PICKLE_APPENDS);
    dq_pickle_put_global(w, "numpy", "float32");
    dq_pickle_put(w, DQ_PICKLE_TUPLE DQ_PICKLE_CALL);
}

/** Box(low, high, shape, dtype). */
static void put_observation_space(dq_writer *w, const dq_export_model *m)
{
    const dq_layer *first = &m->network.layers[0];
    const bounds *b = bounds_of(m);
    bool is_picture = first->kind == DQ_LAYER_CONV;
    dq_pickle_put_global(w, "gymnasium.spaces.box", "Box");
    dq_pickle_put(w, DQ_PICKLE_MARK);
    if (is_picture) {
        dq_pickle_put_int(w, 0);
        dq_pickle_put_int(w, 255);
    } else {
        put_bound(w, b, true);
        put_bound(w, b, false);
    }
    dq_pickle_put(w, DQ_PICKLE_MARK);
    dq_pickle_put_int(w, first->in);
    if (is_picture) {
        dq_pickle_put_int(w, first->side);
        dq_pickle_put_int(w, first->side);
    }
    dq_pickle_put(w, DQ_PICKLE_TUPLE);
    dq_pickle_put_global(w, "numpy", is_picture ? "uint8" : "float32");
    dq_pickle_put(w, DQ_PICKLE_TUPLE DQ_PICKLE_CALL);
}

/** An object as `data` has it. @return NULL for want of memory */
static json_t *serialized(const dq_export_model *m, const char *type,
                          void (*put)(dq_writer *w, const dq_export_model *m))
{
    dq_writer *w;
    size_t n;
    if (dq_writer_create(&w) != DQ_OK)
        return NULL;
    dq_pickle_put(w, DQ_PICKLE_BEGIN);
    put(w, m);
    dq_pickle_put(w, DQ_PICKLE_END);
    const void *bytes = dq_writer_bytes(w, &n);
    char *text = dq_write(w, NULL, 0) == DQ_OK ? dq_base64(bytes, n) : NULL;
    json_t *object = text ? json_pack("{s:s, s:s}", ":type:", type, ":serialized:", text) : NULL;
    free(text);
    dq_writer_destroy(w);
    return object;
}

/* ---------------------------------------------------------------- the members */

static bool add_hidden_layers(json_t *kwargs, const dq_export_model *m)
{
    json_t *hidden = json_array();
    bool failed = false;
    for (int i = 0; i + 1 < m->network.n_layers; i++)
        failed |= json_array_append_new(hidden, json_integer(m->network.layers[i].out)) != 0;
    return json_object_set_new(kwargs, "net_arch", hidden) == 0 && !failed;
}

/** @return NULL for want of memory */
static json_t *policy_kwargs(const dq_export_model *m)
{
    json_t *kwargs = json_object(), *n_quantiles = json_integer(m->network.last.n_atoms);
    bool failed = is_qr(m) && json_object_set(kwargs, "n_quantiles", n_quantiles) != 0;
    json_decref(n_quantiles);
    if (!failed && (dq_export_is_nature(m) || add_hidden_layers(kwargs, m)))
        return kwargs;
    json_decref(kwargs);
    return NULL;
}

/** With the number of actions in plain text, as SB3 has it, for readers that run no pickle. */
static json_t *action_space(const dq_export_model *m)
{
    json_t *space = serialized(m, "<class 'gymnasium.spaces.discrete.Discrete'>", put_action_space);
    char n_actions[12];
    snprintf(n_actions, sizeof(n_actions), "%d", m->n_actions);
    if (json_object_set_new(space, "n", json_string(n_actions)) == 0)
        return space;
    json_decref(space);
    return NULL;
}

/** The member `data`, malloc'd; NULL for want of memory. */
static char *make_data(const dq_export_model *m)
{
    json_int_t n_steps = m->info.step < 0 ? 0 : m->info.step;
    json_t *data =
        json_pack("{s:o, s:i, s:o, s:o, s:o, s:i, s:I, s:i, s:f, s:n, s:f, s:f, s:f, s:f}",
                  "policy_class", serialized(m, "<class 'abc.ABCMeta'>", put_policy_class),
                  "verbose", 0, "policy_kwargs", policy_kwargs(m), "observation_space",
                  serialized(m, "<class 'gymnasium.spaces.box.Box'>", put_observation_space),
                  "action_space", action_space(m), "n_envs", 1, "num_timesteps", n_steps,
                  "buffer_size", BUFFER_SIZE, "learning_rate", LEARNING_RATE, "seed",
                  "exploration_rate", EPSILON_START, "exploration_initial_eps", EPSILON_START,
                  "exploration_final_eps", EPSILON_END, "exploration_fraction", 0.1);
    char *text = data ? json_dumps(data, JSON_INDENT(4) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(data);
    return text;
}

/** The output layer's parameter as SB3-Contrib has it: the quantiles of one level together, those
 * of all actions. @param[out] data its numbers, the caller's to free() */
static dq_status order_by_level(dq_tensor *t, size_t n_actions, float **data)
{
    size_t n_atoms = (size_t)t->shape[0] / n_actions,
           row = dq_tensor_elements(t) / (size_t)t->shape[0];
    *data = malloc(dq_tensor_elements(t) * sizeof(**data));
    if (!*data)
        return dq_fail(DQ_ERR_NOMEM, "no memory for quantiles");
    for (size_t a = 0; a < n_actions; a++)
        for (size_t i = 0; i < n_atoms; i++)
            memcpy(*data + (i * n_actions + a) * row, t->data + (a * n_atoms + i) * row,
                   row * sizeof(**data));
    t->data = *data;
    return DQ_OK;
}

/** The online network's parameters, then the target network's.
 *  @param[out] tensors [4 n_layers]
 *  @param[out] names [4 n_layers] */
static void list_tensors(const dq_export_model *m, dq_tensor *tensors,
                         char (*names)[DQ_EXPORT_NAME])
{
    static const char *const of_pictures[][5] = {
        {"features_extractor.cnn.0", "features_extractor.cnn.2", "features_extractor.cnn.4",
         "features_extractor.linear.0", "q_net.0"},
        {"features_extractor.cnn.0", "features_extractor.cnn.2", "features_extractor.cnn.4",
         "features_extractor.linear.0", "quantile_net.0"}};
    static const char *const of_vectors[][5] = {
        {"q_net.0", "q_net.2", "q_net.4", "q_net.6", "q_net.8"},
        {"quantile_net.0", "quantile_net.2", "quantile_net.4", "quantile_net.6", "quantile_net.8"}};
    const char *const *layers = (dq_export_is_nature(m) ? of_pictures : of_vectors)[is_qr(m)];
    size_t n = 2 * (size_t)m->network.n_layers;
    dq_export_rename(m, is_qr(m) ? "quantile_net." : "q_net.", layers, tensors, names);
    dq_export_rename(m, is_qr(m) ? "quantile_net_target." : "q_net_target.", layers, tensors + n,
                     names + n);
}

/** policy.pth. */
static dq_status write_policy(dq_writer *w, dq_writer *pickle, const dq_export_model *m)
{
    size_t n = 2 * (size_t)m->network.n_layers;
    char names[2 * DQ_TENSORS_MAX][DQ_EXPORT_NAME];
    dq_tensor tensors[2 * DQ_TENSORS_MAX];
    float *quantiles[2] = {NULL, NULL};
    dq_status st = DQ_OK;
    list_tensors(m, tensors, names);
    for (size_t i = 0; i < 2 && is_qr(m) && st == DQ_OK; i++) {  // the weight, the bias
        st = order_by_level(&tensors[n - 2 + i], (size_t)m->n_actions, &quantiles[i]);
        tensors[2 * n - 2 + i].data = quantiles[i];
    }
    dq_pickle_put(pickle, DQ_PICKLE_BEGIN);
    dq_pickle_put_state_dict(pickle, "", tensors, 2 * n, 0);
    dq_pickle_put(pickle, DQ_PICKLE_END);
    if (st == DQ_OK)
        st = dq_torch_write(w, pickle, tensors, 2 * n, NULL);
    free(quantiles[0]);
    free(quantiles[1]);
    return st;
}

static void put_number(dq_writer *w, const char *key, double value)
{
    dq_pickle_put_text(w, key);
    dq_pickle_put_float(w, value);
}

/** policy.optimizer.pth: no moments yet. */
static dq_status write_optimiser(dq_writer *w, dq_writer *pickle, const dq_export_model *m)
{
    dq_pickle_put(pickle, DQ_PICKLE_BEGIN DQ_PICKLE_DICT DQ_PICKLE_MARK);
    dq_pickle_put_text(pickle, "state");
    dq_pickle_put(pickle, DQ_PICKLE_DICT);
    dq_pickle_put_text(pickle, "param_groups");
    dq_pickle_put(pickle, DQ_PICKLE_LIST DQ_PICKLE_MARK DQ_PICKLE_DICT DQ_PICKLE_MARK);
    put_number(pickle, "lr", LEARNING_RATE);
    dq_pickle_put_text(pickle, "betas");
    dq_pickle_put(pickle, DQ_PICKLE_MARK);
    dq_pickle_put_float(pickle, 0.9);
    dq_pickle_put_float(pickle, 0.999);
    dq_pickle_put(pickle, DQ_PICKLE_TUPLE);
    put_number(pickle, "eps", 1e-8);
    put_number(pickle, "weight_decay", 0);
    dq_pickle_put_text(pickle, "amsgrad");
    dq_pickle_put(pickle, DQ_PICKLE_FALSE);
    dq_pickle_put_text(pickle, "params");
    dq_pickle_put(pickle, DQ_PICKLE_LIST DQ_PICKLE_MARK);
    for (int i = 0; i < 2 * m->network.n_layers; i++)
        dq_pickle_put_int(pickle, i);
    dq_pickle_put(
        pickle,
        DQ_PICKLE_APPENDS DQ_PICKLE_SET_ITEMS DQ_PICKLE_APPENDS DQ_PICKLE_SET_ITEMS DQ_PICKLE_END);
    return dq_torch_write(w, pickle, NULL, 0, NULL);
}

/** The parts of the zip, each in memory. */
typedef struct parts {
    char *data, *info;
    dq_writer *pickles[2], *policy, *optimiser;
} parts;

static dq_status make_parts(parts *p, const dq_export_model *m)
{
    p->data = make_data(m);
    if (!p->data)
        return dq_fail(DQ_ERR_NOMEM, "no memory for what Stable-Baselines3 needs to know");
    DQ_TRY(dq_model_info_write(&m->info, &p->info));
    DQ_TRY(dq_writer_create(&p->pickles[0]));
    DQ_TRY(dq_writer_create(&p->pickles[1]));
    DQ_TRY(dq_writer_create(&p->policy));
    DQ_TRY(dq_writer_create(&p->optimiser));
    DQ_TRY(write_policy(p->policy, p->pickles[0], m));
    return write_optimiser(p->optimiser, p->pickles[1], m);
}

static dq_zip_member member(const char *name, const dq_writer *w)
{
    dq_zip_member m = {.name = name};
    m.bytes = dq_writer_bytes(w, &m.n);
    return m;
}

static dq_zip_member text_member(const char *name, const char *text)
{
    return (dq_zip_member){name, text, strlen(text)};
}

dq_status dq_export_sb3(dq_writer *w, const dq_export_model *m)
{
    parts p = {0};
    dq_status st = make_parts(&p, m);
    if (st == DQ_OK) {
        const dq_zip_member members[] = {
            text_member("data", p.data),
            member("policy.pth", p.policy),
            member("policy.optimizer.pth", p.optimiser),
            text_member("_stable_baselines3_version", "2.9.2"),
            text_member("system_info.txt", "written by deepq\n"),
            text_member(DQ_MODEL_INFO_MEMBER, p.info),  // which Stable-Baselines3 passes over
        };
        st = dq_zip_write(w, members, DQ_COUNT(members), 1);
    }
    free(p.data);
    free(p.info);
    dq_writer_destroy(p.pickles[0]);
    dq_writer_destroy(p.pickles[1]);
    dq_writer_destroy(p.policy);
    dq_writer_destroy(p.optimiser);
    return st;
}
