/* `Trainer`: the training loop (deepq/train.h). deepq.train() is Python around it. */
#include "py_module.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "py_callback.h"
#include "py_making.h"

typedef struct trainer {
    PyObject_HEAD
    dq_trainer *trainer;
    dq_py_guard guard;
    dq_py_raised raised;  // by a Python environment, or by the callback
    PyObject *callback;   // during a run; NULL: none
    double next_tick;     // when the callback is told of a step again
    bool in_event;        // a callback is running, which may read the network
    volatile int stop;
} trainer;

static const char what[] = "Trainer";
static const double TICK_S = 0.1;  // from one `step` event to the next

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---------------------------------------------------------------- settings */

/** Fill in a preset and what is otherwise. @param settings a dict of texts */
static bool configure(dq_train_config *cfg, const char *preset, PyObject *settings)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    if (dq_train_preset(cfg, preset) != DQ_OK) {
        PyErr_SetString(PyExc_ValueError, dq_errmsg());
        return false;
    }
    while (PyDict_Next(settings, &at, &key, &value)) {
        const char *name = PyUnicode_AsUTF8AndSize(key, NULL);
        const char *text = name ? PyUnicode_AsUTF8AndSize(value, NULL) : NULL;
        if (!text)
            return false;
        dq_status st = dq_train_config_set(cfg, name, text);
        if (st != DQ_OK)
            return dq_py_fail(st);
    }
    return true;
}

/** hyperparameters(preset, settings) -> {name: text} */
static PyObject *hyperparameters(PyObject *type, PyObject *args)
{
    (void)type;
    const char *preset, *key;
    char value[512];
    PyObject *settings, *all;
    dq_train_config cfg;
    if (!PyArg_ParseTuple(args, "sO!", &preset, &PyDict_Type, &settings) ||
        !configure(&cfg, preset, settings))
        return NULL;
    all = PyDict_New();
    for (size_t i = 0; all && dq_train_config_get(&cfg, i, &key, value, sizeof(value)); i++) {
        PyObject *text = PyUnicode_FromString(value);
        if (!text || PyDict_SetItemString(all, key, text))
            Py_CLEAR(all);
        Py_XDECREF(text);
    }
    return all;
}

/** presets() -> [(name, help, dialect, options)] */
static PyObject *presets(PyObject *type, PyObject *unused)
{
    (void)type;
    (void)unused;
    PyObject *list = PyList_New(0);
    const dq_preset *p;
    for (size_t i = 0; list && (p = dq_train_preset_at(i)); i++) {
        PyObject *row =
            Py_BuildValue("(ssss)", p->name, p->help, p->dialect, p->options ? p->options : "");
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

/* ---------------------------------------------------------------- environments */

/** ("object", object, "f" or "B", shape, n_actions) */
static dq_env *make_of_object(trainer *self, PyObject *entry)
{
    const char *tag, *dtype;
    PyObject *object, *shape;
    int n_actions;
    if (!PyArg_ParseTuple(entry, "sOsO!i", &tag, &object, &dtype, &PyTuple_Type, &shape,
                          &n_actions))
        return NULL;
    dq_space obs = {.dtype = *dtype == 'B' ? DQ_U8 : DQ_F32, .low = -INFINITY, .high = INFINITY};
    obs.n_dims = (int)PyTuple_Size(shape);
    if (*dtype == 'B') {
        obs.low = 0;
        obs.high = 255;
    }
    for (int i = 0; i < obs.n_dims && i < DQ_MAX_DIMS; i++)
        obs.shape[i] = (int)PyLong_AsLong(PyTuple_GetItem(shape, i));
    return PyErr_Occurred() ? NULL : dq_py_callback_env(object, &obs, n_actions, &self->raised);
}

/** ("id", id, dialect or None, rom_dir or None, options or None) */
static dq_env *make_of_id(PyObject *entry)
{
    const char *tag;
    dq_py_making m = {0};
    if (!PyArg_ParseTuple(entry, "sszzO", &tag, &m.id, &m.dialect, &m.rom_dir, &m.options))
        return NULL;
    return dq_py_make(&m);
}

static dq_env *make_entry(trainer *self, PyObject *entry)
{
    PyObject *tag =
        PyTuple_Check(entry) && PyTuple_Size(entry) > 0 ? PyTuple_GetItem(entry, 0) : Py_None;
    if (!PyUnicode_Check(tag)) {
        PyErr_Format(PyExc_TypeError, "envs: an environment is a tuple, not %R", entry);
        return NULL;
    }
    return PyUnicode_CompareWithASCIIString(tag, "object") == 0 ? make_of_object(self, entry)
                                                                : make_of_id(entry);
}

static bool train_on(trainer *self, const dq_train_config *cfg, dq_env **envs, int n)
{
    dq_status st;
    if (cfg->n_envs != n) {
        PyErr_Format(PyExc_ValueError, "n_envs=%d, and %d environments", cfg->n_envs, n);
        return false;
    }
    Py_BEGIN_ALLOW_THREADS
    st = dq_trainer_create_many(&self->trainer, cfg, envs);
    Py_END_ALLOW_THREADS
    return st == DQ_OK || dq_py_fail(st);
}

static bool make_all(trainer *self, const dq_train_config *cfg, PyObject *entries)
{
    int n = (int)PyList_Size(entries), made = 0;
    dq_env **envs = calloc((size_t)n + 1, sizeof(dq_env *));
    if (!envs)
        return PyErr_NoMemory();
    while (made < n && (envs[made] = make_entry(self, PyList_GetItem(entries, made))))
        made++;
    bool ok = made == n && train_on(self, cfg, envs, n);
    for (int i = 0; !ok && i < made; i++)
        dq_env_destroy(envs[i]);
    free(envs);
    return ok;
}

/* ---------------------------------------------------------------- create and destroy */

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"preset",       "settings",  "seed",   "max_steps",
                            "reward_bound", "n_threads", "device", "isa",
                            "precision",    "envs",      NULL};
    const char *preset, *device, *isa, *precision;
    PyObject *settings, *envs;
    dq_train_config cfg;
    unsigned long long seed;
    long long max_steps;
    int n_threads;
    double reward_bound;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sO!KLdizzzO!", names, &preset, &PyDict_Type,
                                     &settings, &seed, &max_steps, &reward_bound, &n_threads,
                                     &device, &isa, &precision, &PyList_Type, &envs) ||
        !configure(&cfg, preset, settings))
        return NULL;
    cfg.seed = seed;
    cfg.max_steps = max_steps;
    if (!isnan(reward_bound))
        cfg.reward_bound = reward_bound;
    cfg.n_threads = n_threads;
    cfg.device = device;
    cfg.isa = isa;
    cfg.precision = precision ? precision : cfg.precision;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    trainer *self = (trainer *)alloc(type, 0);
    if (!self)
        return NULL;
    dq_py_guard_init(&self->guard, true);
    if (make_all(self, &cfg, envs))
        return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void destroy(PyObject *object)
{
    trainer *self = (trainer *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (dq_py_guard_is_ours(&self->guard)) {
        Py_BEGIN_ALLOW_THREADS
        dq_trainer_destroy(self->trainer);
        Py_END_ALLOW_THREADS
    }
    Py_XDECREF(self->raised.type);
    Py_XDECREF(self->raised.value);
    Py_XDECREF(self->raised.traceback);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* ---------------------------------------------------------------- progress, and whom it is told */

static PyObject *progress_of(const dq_progress *p)
{
    return Py_BuildValue("{s:L,s:L,s:L,s:L,s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:N}", "step",
                         (long long)p->step, "n_updates", (long long)p->n_updates, "n_games",
                         (long long)p->n_games, "n_episodes", (long long)p->n_episodes, "reward",
                         p->reward, "episode_reward", p->episode_reward, "mean_reward",
                         p->mean_reward, "best_mean", p->best_mean, "previous_best",
                         p->previous_best, "epsilon", p->epsilon, "speed", p->speed, "loss",
                         p->loss, "solved", PyBool_FromLong(p->solved));
}

/** Call callback(name, progress); with the GIL held. */
static bool call(trainer *self, const char *name, const dq_progress *p)
{
    PyObject *told = progress_of(p);
    PyObject *answer = told ? PyObject_CallFunction(self->callback, "sO", name, told) : NULL;
    int stops = answer ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(told);
    Py_XDECREF(answer);
    if (stops > 0)
        self->stop = 1;
    return stops >= 0;
}

static dq_status tell(trainer *self, const char *name, const dq_progress *p)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    self->in_event = true;
    bool ok = PyErr_CheckSignals() == 0 && (!self->callback || call(self, name, p));
    self->in_event = false;
    dq_status st = ok ? DQ_OK : dq_py_keep(&self->raised);
    PyGILState_Release(gil);
    return st;
}

static dq_status on_game(void *ctx, const dq_progress *p)
{
    return tell(ctx, "game", p);
}

static dq_status on_best(void *ctx, const dq_progress *p, bool first)
{
    (void)first;
    return tell(ctx, "best", p);
}

static dq_status on_solved(void *ctx, const dq_progress *p)
{
    return tell(ctx, "solved", p);
}

static dq_status on_step(void *ctx, const dq_progress *p)
{
    trainer *self = ctx;
    double now = now_s();
    if (now < self->next_tick)
        return DQ_OK;
    self->next_tick = now + TICK_S;
    return tell(self, "step", p);
}

/* ---------------------------------------------------------------- methods */

static PyObject *run_with(trainer *self, PyObject *callback)
{
    const dq_train_events events = {
        .ctx = self, .game_over = on_game, .best = on_best, .solved = on_solved, .step = on_step};
    bool solved = false;
    dq_status st;
    self->callback = callback == Py_None ? NULL : callback;
    self->stop = 0;
    self->next_tick = 0;
    Py_BEGIN_ALLOW_THREADS
    st = dq_trainer_run(self->trainer, &events, &self->stop, &solved);
    Py_END_ALLOW_THREADS
    self->callback = NULL;
    if (dq_py_raise_kept(&self->raised))
        return NULL;
    if (st != DQ_OK && st != DQ_ERR_INTERRUPTED)
        return dq_py_fail(st);
    return PyBool_FromLong(solved);
}

static PyObject *run(PyObject *object, PyObject *callback)
{
    trainer *self = (trainer *)object;
    if (!dq_py_enter(&self->guard, what))
        return NULL;
    PyObject *result = run_with(self, callback);
    dq_py_leave(&self->guard);
    return result;
}

/** The network, which is there between runs and in a callback. The GIL is held while it is used, so
 *  nobody else does. */
static dq_net *net_of(trainer *self)
{
    if ((self->guard.busy && !self->in_event) || !dq_py_guard_is_ours(&self->guard)) {
        PyErr_SetString(PyExc_RuntimeError,
                        "Trainer: it is training: read it in the callback, or when it is done");
        return NULL;
    }
    return dq_trainer_net(self->trainer);
}

static PyObject *progress(PyObject *object, PyObject *unused)
{
    (void)unused;
    dq_progress p;
    trainer *self = (trainer *)object;
    if (!net_of(self))
        return NULL;
    dq_trainer_progress(self->trainer, &p);
    return progress_of(&p);
}

/** (actions, bytes of an observation, network, device, instruction set, precision, threads) */
static PyObject *about(PyObject *object, PyObject *unused)
{
    (void)unused;
    trainer *self = (trainer *)object;
    dq_net *net = net_of(self);
    if (!net)
        return NULL;
    dq_backend b = dq_trainer_backend(self->trainer);
    return Py_BuildValue("(inssssi)", dq_net_actions(net), (Py_ssize_t)dq_net_obs_bytes(net),
                         b.network, b.device, b.isa, b.precision, b.n_threads);
}

static PyObject *values(PyObject *object, PyObject *args)
{
    trainer *self = (trainer *)object;
    PyObject *array, *out;
    Py_buffer obs, q;
    int n;
    dq_net *net = net_of(self);
    if (!net || !PyArg_ParseTuple(args, "OiO", &array, &n, &out))
        return NULL;
    size_t n_out = (size_t)n * (size_t)dq_net_actions(net);
    if (!dq_py_borrow(array, &obs, "observation", "Bf", (size_t)n * dq_net_obs_bytes(net), false))
        return NULL;
    if (dq_py_borrow(out, &q, "out", "f", n_out * sizeof(float), true)) {
        dq_net_q(net, obs.buf, n, q.buf);
        PyBuffer_Release(&q);
    }
    PyBuffer_Release(&obs);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static dq_status save_params(const char *path, const dq_net *net, const dq_model_info *info)
{
    int n = dq_net_n_tensors(dq_net_network(net));
    dq_tensor *params = calloc((size_t)n, sizeof(*params));
    dq_status st = params ? DQ_OK : DQ_ERR_NOMEM;
    if (params)
        (void)dq_net_param_shapes(dq_net_network(net), dq_net_actions(net), params);
    for (int i = 0; st == DQ_OK && i < n; i++) {
        params[i].data = calloc(dq_tensor_elements(&params[i]), sizeof(float));
        st = params[i].data ? DQ_OK : DQ_ERR_NOMEM;
    }
    if (st == DQ_OK) {
        dq_net_get_params(net, params);
        st = dq_model_save_with(path, params, (size_t)n, info);
    }
    for (int i = 0; params && i < n; i++)
        free(params[i].data);
    free(params);
    return st;
}

/** save(path, env_id, dialect, preset, options) */
static PyObject *save(PyObject *object, PyObject *args)
{
    trainer *self = (trainer *)object;
    const char *path, *texts[4];
    dq_model_info info = dq_model_info_default();
    dq_progress p;
    dq_net *net = net_of(self);
    if (!net || !PyArg_ParseTuple(args, "sssss", &path, &texts[0], &texts[1], &texts[2], &texts[3]))
        return NULL;
    char *const to[] = {info.env_id, info.dialect, info.preset, info.options};
    const size_t caps[] = {sizeof(info.env_id), sizeof(info.dialect), sizeof(info.preset),
                           sizeof(info.options)};
    for (int i = 0; i < 4; i++)
        strncpy(to[i], texts[i], caps[i] - 1);
    strncpy(info.network, dq_net_network(net), sizeof(info.network) - 1);
    dq_trainer_progress(self->trainer, &p);
    info.step = p.step;
    info.score = p.n_games > 0 ? p.mean_reward : NAN;
    dq_status st = save_params(path, net, &info);
    if (st != DQ_OK)
        return dq_py_fail(st);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"hyperparameters", hyperparameters, METH_VARARGS | METH_STATIC,
     "hyperparameters(preset, settings) -> {name: text}"},
    {"presets", presets, METH_NOARGS | METH_STATIC,
     "presets() -> [(name, help, dialect, options)]"},
    {"run", run, METH_O, "run(callback(name, progress) -> stop, or None) -> solved"},
    {"progress", progress, METH_NOARGS, "progress() -> dict"},
    {"about", about, METH_NOARGS,
     "about() -> (actions, bytes of an observation, network, device, isa, precision, threads)"},
    {"values", values, METH_VARARGS, "values(observations, n, values float32 [n][actions])"},
    {"save", save, METH_VARARGS, "save(path, env_id, dialect, preset, options)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A training run: deepq.train() is made of it."},
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "deepq._core.Trainer",
    .basicsize = sizeof(trainer),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

int dq_py_add_trainer(PyObject *module)
{
    return dq_py_add_type(module, &spec);
}
