/* `World`: any environment of the library by its id (deepq/env.h): toy texts, classic control,
 * games. deepq.worlds.World is Python around it. */
#include "py_module.h"

#include <string.h>

#include "py_making.h"
#include "py_toys.h"

typedef struct world {
    PyObject_HEAD
    dq_env *env;
    dq_py_guard guard;
} world;

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"id", "seed", "dialect", "options", "rom_dir", "toy", NULL};
    dq_py_making m = {0};
    PyObject *toy = NULL;
    unsigned long long seed;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sK|zOzO!", names, &m.id, &seed, &m.dialect,
                                     &m.options, &m.rom_dir, &PyDict_Type, &toy))
        return NULL;
    m.seed = seed;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    world *self = (world *)alloc(type, 0);
    if (!self)
        return NULL;
    dq_py_guard_init(&self->guard, false);
    self->env = toy && PyDict_Size(toy) > 0 ? dq_py_make_toy(m.id, seed, toy) : dq_py_make(&m);
    if (self->env)
        return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void destroy(PyObject *object)
{
    world *self = (world *)object;
    PyTypeObject *type = Py_TYPE(object);
    dq_env_destroy(self->env);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static bool enter(world *self)
{
    return dq_py_enter(&self->guard, dq_env_get_spec(self->env)->id);
}

/** Leave with None, or with the exception of a status. */
static PyObject *done(world *self, dq_status st)
{
    dq_py_leave(&self->guard);
    if (st != DQ_OK)
        return dq_py_fail(st);
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- what it is */

PyObject *dq_py_names(const char *const *names, int n)
{
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < n; i++) {
        PyObject *name = PyUnicode_FromString(names[i]);
        if (!name || PyList_Append(list, name))
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

/** {"dtype": "B", "f" or "i", "shape": tuple, "low", "high", "n_actions", "n_states", "max_steps",
 *  "action_names"} */
static PyObject *spec(PyObject *object, PyObject *unused)
{
    (void)unused;
    const dq_env_spec *s = dq_env_get_spec(((world *)object)->env);
    const char *dtype = s->obs.dtype == DQ_U8 ? "B" : s->obs.dtype == DQ_F32 ? "f" : "i";
    PyObject *shape = PyTuple_New(s->obs.n_dims);
    for (int i = 0; shape && i < s->obs.n_dims; i++)
        PyTuple_SetItem(shape, i, PyLong_FromLong(s->obs.shape[i]));
    PyObject *names = dq_py_names(s->action_names, s->action_names ? s->n_actions : 0);
    return Py_BuildValue("{s:s,s:N,s:f,s:f,s:i,s:i,s:i,s:N}", "dtype", dtype, "shape", shape, "low",
                         (double)s->obs.low, "high", (double)s->obs.high, "n_actions", s->n_actions,
                         "n_states", s->n_states, "max_steps", s->max_episode_steps, "action_names",
                         names);
}

/* ---------------------------------------------------------------- playing */

static bool borrow_obs(const world *self, PyObject *array, Py_buffer *view)
{
    const dq_space *obs = &dq_env_get_spec(self->env)->obs;
    const char *format = obs->dtype == DQ_U8 ? "B" : obs->dtype == DQ_F32 ? "f" : "i";
    return dq_py_borrow(array, view, "observation", format, dq_space_bytes(obs), true);
}

static PyObject *reset(PyObject *object, PyObject *array)
{
    world *self = (world *)object;
    Py_buffer obs;
    dq_status st;
    if (!enter(self))
        return NULL;
    if (!borrow_obs(self, array, &obs)) {
        dq_py_leave(&self->guard);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    st = dq_env_reset(self->env, obs.buf);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&obs);
    return done(self, st);
}

static PyObject *step(PyObject *object, PyObject *args)
{
    world *self = (world *)object;
    int action;
    PyObject *array;
    Py_buffer obs;
    dq_step result;
    dq_status st;
    if (!PyArg_ParseTuple(args, "iO", &action, &array) || !enter(self))
        return NULL;
    if (!borrow_obs(self, array, &obs)) {
        dq_py_leave(&self->guard);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    st = dq_env_step(self->env, action, obs.buf, &result);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&obs);
    dq_py_leave(&self->guard);
    if (st != DQ_OK)
        return dq_py_fail(st);
    return Py_BuildValue("(fOOi)", (double)result.reward, result.terminated ? Py_True : Py_False,
                         result.truncated ? Py_True : Py_False, result.lives);
}

static PyObject *seed(PyObject *object, PyObject *value)
{
    world *self = (world *)object;
    unsigned long long number = PyLong_AsUnsignedLongLongMask(value);
    if (PyErr_Occurred() || !enter(self))
        return NULL;
    return done(self, dq_env_seed(self->env, number));
}

static PyObject *text(PyObject *object, PyObject *unused)
{
    (void)unused;
    world *self = (world *)object;
    const char *lines = "";
    if (!enter(self))
        return NULL;
    dq_status st = dq_env_render_text(self->env, &lines);
    PyObject *result = st == DQ_OK ? PyUnicode_FromString(lines) : dq_py_fail(st);
    dq_py_leave(&self->guard);
    return result;
}

static PyObject *picture_of(const dq_image *image)
{
    size_t n_bytes = 3 * (size_t)image->width * (size_t)image->height;
    return Py_BuildValue("(y#ii)", (const char *)image->pixels, (Py_ssize_t)n_bytes, image->height,
                         image->width);
}

static PyObject *picture(PyObject *object, PyObject *unused)
{
    (void)unused;
    world *self = (world *)object;
    dq_image image;
    if (!enter(self))
        return NULL;
    dq_status st = dq_env_render(self->env, &image);
    PyObject *result = st == DQ_OK ? picture_of(&image) : dq_py_fail(st);
    dq_py_leave(&self->guard);
    return result;
}

/* ---------------------------------------------------------------- model and state */

static PyObject *outcomes_of(const dq_outcome *outcomes, int n)
{
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < n; i++) {
        const dq_outcome *o = &outcomes[i];
        PyObject *row = Py_BuildValue("(difO)", o->probability, (int)o->next_state,
                                      (double)o->reward, o->terminated ? Py_True : Py_False);
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyObject *model(PyObject *object, PyObject *args)
{
    world *self = (world *)object;
    int state, action, n = 0;
    const dq_outcome *outcomes = NULL;
    if (!PyArg_ParseTuple(args, "ii", &state, &action) || !enter(self))
        return NULL;
    dq_status st = dq_env_model(self->env, state, action, &outcomes, &n);
    PyObject *result = st == DQ_OK ? outcomes_of(outcomes, n) : dq_py_fail(st);
    dq_py_leave(&self->guard);
    return result;
}

static PyObject *save(PyObject *object, PyObject *unused)
{
    (void)unused;
    world *self = (world *)object;
    dq_writer *w;
    if (!enter(self))
        return NULL;
    dq_status st = dq_writer_create(&w);
    if (st == DQ_OK)
        st = dq_env_save(self->env, w);
    size_t n = 0;
    const void *bytes = w ? dq_writer_bytes(w, &n) : NULL;
    PyObject *result =
        st == DQ_OK ? PyBytes_FromStringAndSize(bytes, (Py_ssize_t)n) : dq_py_fail(st);
    dq_writer_destroy(w);
    dq_py_leave(&self->guard);
    return result;
}

static PyObject *load(PyObject *object, PyObject *state)
{
    world *self = (world *)object;
    char *bytes;
    Py_ssize_t n;
    dq_reader *r;
    if (PyBytes_AsStringAndSize(state, &bytes, &n) || !enter(self))
        return NULL;
    dq_status st = dq_reader_create(&r, bytes, (size_t)n);
    if (st == DQ_OK)
        st = dq_env_load(self->env, r);
    dq_reader_destroy(r);
    return done(self, st);
}

static PyMethodDef methods[] = {
    {"spec", spec, METH_NOARGS, "spec() -> what is constant about it"},
    {"reset", reset, METH_O, "reset(observation): start an episode"},
    {"step", step, METH_VARARGS,
     "step(action, observation) -> (reward, terminated, truncated, lives)"},
    {"seed", seed, METH_O, "seed(number): restart the random numbers; reset() must follow"},
    {"text", text, METH_NOARGS, "text() -> the world as lines of text"},
    {"picture", picture, METH_NOARGS, "picture() -> (RGB bytes, height, width)"},
    {"model", model, METH_VARARGS,
     "model(state, action) -> [(probability, next state, reward, terminated)]"},
    {"save", save, METH_NOARGS, "save() -> bytes"},
    {"load", load, METH_O, "load(bytes)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "An environment of the library: deepq.worlds.World is made of it."},
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec type_spec = {
    .name = "deepq._core.World",
    .basicsize = sizeof(world),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

int dq_py_add_world(PyObject *module)
{
    return dq_py_add_type(module, &type_spec);
}
