/* `Trainer`: the training loop (deepq/train.h). deepq.train() is Python around it. */
#include "py_module.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "py_run.h"

typedef struct trainer {
    PyObject_HEAD
    dq_py_run run;
    dq_py_guard guard;
    dq_py_raised raised;  // by a Python environment, or by the callback
    PyObject *callback;   // during a run; NULL: none
    double next_tick;     // when the callback is told of a step again
    bool in_event;        // a callback is running, which may read the network
    bool is_closed;       // it had a folder, and has left it
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

/** (object, "f" or "B", shape, n_actions) */
static dq_env *make_entry(trainer *self, PyObject *entry)
{
    const char *dtype;
    PyObject *object, *shape;
    int n_actions;
    if (!PyTuple_Check(entry)) {
        PyErr_Format(PyExc_TypeError, "envs: an environment is a tuple, not %R", entry);
        return NULL;
    }
    if (!PyArg_ParseTuple(entry, "OsO!i", &object, &dtype, &PyTuple_Type, &shape, &n_actions))
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

/** Open the run on environments of its own. */
static bool open_on(trainer *self, PyObject *entries, const dq_py_start *start)
{
    int n = (int)PyList_Size(entries), made = 0;
    if (self->run.settings.cfg.n_envs != n)
        return PyErr_Format(PyExc_ValueError, "n_envs=%d, and %d environments",
                            self->run.settings.cfg.n_envs, n);
    dq_env **envs = calloc((size_t)n + 1, sizeof(dq_env *));
    if (!envs)
        return PyErr_NoMemory();
    while (made < n && (envs[made] = make_entry(self, PyList_GetItem(entries, made))))
        made++;
    bool ok = made == n;
    for (int i = 0; !ok && i < made; i++)
        dq_env_destroy(envs[i]);
    ok = ok && dq_py_run_open(&self->run, envs, start);
    free(envs);
    return ok;
}

/* ---------------------------------------------------------------- create and destroy */

static bool open_run(trainer *self, PyObject *envs, const dq_py_start *start)
{
    if (!dq_py_run_configure(&self->run, start))
        return false;
    return envs == Py_None ? dq_py_run_open(&self->run, NULL, start) : open_on(self, envs, start);
}

/** Trainer(preset, env, settings, envs, out, resume): envs None: they are made as env says. */
static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"preset", "env", "settings", "envs", "out", "resume", NULL};
    dq_py_start start;
    PyObject *envs;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ssO!Ozz", names, &start.preset, &start.env,
                                     &PyList_Type, &start.settings, &envs, &start.out,
                                     &start.resume))
        return NULL;
    if (envs != Py_None && !PyList_Check(envs))
        return PyErr_Format(PyExc_TypeError, "envs: a list, not %R", envs);
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    trainer *self = (trainer *)alloc(type, 0);
    if (!self)
        return NULL;
    dq_py_guard_init(&self->guard, true);
    self->run.raised = &self->raised;
    if (open_run(self, envs, &start))
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
        dq_py_run_close(&self->run);
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

static dq_status on_act(void *ctx, const dq_train_act *a)
{
    trainer *self = ctx;
    return self->run.store ? dq_run_store_act(self->run.store, a) : DQ_OK;
}

static dq_status on_game(void *ctx, const dq_progress *p)
{
    trainer *self = ctx;
    dq_status st = self->run.store ? dq_run_store_game(self->run.store, p) : DQ_OK;
    return st == DQ_OK ? tell(self, "game", p) : st;
}

static dq_status on_best(void *ctx, const dq_progress *p, bool first)
{
    (void)first;
    trainer *self = ctx;
    const char *path;
    dq_status st = self->run.store ? dq_run_store_best(self->run.store, p, &path) : DQ_OK;
    return st == DQ_OK ? tell(self, "best", p) : st;
}

static dq_status on_checkpoint(void *ctx, const dq_progress *p)
{
    (void)p;
    trainer *self = ctx;
    return self->run.store ? dq_run_store_checkpoint(self->run.store) : DQ_OK;
}

static dq_status on_solved(void *ctx, const dq_progress *p)
{
    return tell(ctx, "solved", p);
}

static dq_status on_step(void *ctx, const dq_progress *p)
{
    trainer *self = ctx;
    dq_status st = self->run.store ? dq_run_store_step(self->run.store) : DQ_OK;
    double now = now_s();
    if (st != DQ_OK || now < self->next_tick)
        return st;
    self->next_tick = now + TICK_S;
    return tell(self, "step", p);
}

/* ---------------------------------------------------------------- methods */

static PyObject *run_with(trainer *self, PyObject *callback)
{
    const dq_train_events events = {.ctx = self,
                                    .game_over = on_game,
                                    .best = on_best,
                                    .solved = on_solved,
                                    .step = on_step,
                                    .checkpoint = on_checkpoint,
                                    .acted = on_act};
    bool solved = false;
    dq_status st;
    self->callback = callback == Py_None ? NULL : callback;
    self->stop = 0;
    self->next_tick = 0;
    Py_BEGIN_ALLOW_THREADS
    st = self->run.store ? dq_run_store_begin(self->run.store, &self->stop) : DQ_OK;
    if (st == DQ_OK)
        st = dq_trainer_run(self->run.trainer, &events, &self->stop, &solved);
    st = dq_py_run_finish(&self->run, st);
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
    if (self->is_closed)
        return PyErr_Format(PyExc_RuntimeError, "Trainer: its folder is closed: resume it");
    if (!dq_py_enter(&self->guard, what))
        return NULL;
    PyObject *result = run_with(self, callback);
    dq_py_leave(&self->guard);
    return result;
}

/** Leave the run folder to others. */
static PyObject *close_folder(PyObject *object, PyObject *unused)
{
    (void)unused;
    trainer *self = (trainer *)object;
    if (!dq_py_enter(&self->guard, what))
        return NULL;
    self->is_closed = self->is_closed || self->run.store;
    Py_BEGIN_ALLOW_THREADS
    dq_run_store_destroy(self->run.store);
    Py_END_ALLOW_THREADS
    self->run.store = NULL;
    dq_py_leave(&self->guard);
    Py_RETURN_NONE;
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
    return dq_trainer_net(self->run.trainer);
}

static PyObject *progress(PyObject *object, PyObject *unused)
{
    (void)unused;
    dq_progress p;
    trainer *self = (trainer *)object;
    if (!net_of(self))
        return NULL;
    dq_trainer_progress(self->run.trainer, &p);
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
    dq_backend b = dq_trainer_backend(self->run.trainer);
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

static PyObject *save(PyObject *object, PyObject *args)
{
    trainer *self = (trainer *)object;
    const char *path;
    dq_progress p;
    dq_model_info info;
    dq_net *net = net_of(self);
    if (!net || !PyArg_ParseTuple(args, "s", &path))
        return NULL;
    dq_trainer_progress(self->run.trainer, &p);
    dq_run_describe_model(&info, &self->run.settings, net, &p);
    dq_status st = save_params(path, net, &info);
    if (st != DQ_OK)
        return dq_py_fail(st);
    Py_RETURN_NONE;
}

static PyObject *settings(PyObject *object, PyObject *unused)
{
    (void)unused;
    return dq_py_run_settings(&((trainer *)object)->run);
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
    {"save", save, METH_VARARGS, "save(path): the newest network"},
    {"close", close_folder, METH_NOARGS, "close(): leave the run folder; training is over"},
    {"settings", settings, METH_NOARGS, "settings() -> {name: text}, of the whole run"},
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
