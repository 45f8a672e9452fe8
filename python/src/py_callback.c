#include "py_callback.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct callback_env {
    PyObject *object;
    dq_space obs;
    dq_py_raised *raised;
    bool seeded;  // the next reset starts from `seed`
    uint64_t seed;
} callback_env;

/* ---------------------------------------------------------------- exceptions */

dq_status dq_py_keep(dq_py_raised *r)
{
    if (r->type)
        PyErr_Clear();
    else
        PyErr_Fetch(&r->type, &r->value, &r->traceback);
    return dq_fail(DQ_ERR_INPUT, "an exception in Python");
}

bool dq_py_raise_kept(dq_py_raised *r)
{
    if (!r->type)
        return false;
    PyErr_Restore(r->type, r->value, r->traceback);
    *r = (dq_py_raised){0};
    return true;
}

/* ---------------------------------------------------------------- calls, with the GIL held */

static bool take(const callback_env *e, PyObject *array, void *obs)
{
    const char *format = e->obs.dtype == DQ_U8 ? "B" : "f";
    Py_buffer view;
    if (!dq_py_borrow(array, &view, "observation", format, dq_space_bytes(&e->obs), false))
        return false;
    memcpy(obs, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return true;
}

static bool start(callback_env *e, void *obs)
{
    PyObject *array =
        e->seeded ? PyObject_CallMethod(e->object, "start", "K", (unsigned long long)e->seed)
                  : PyObject_CallMethod(e->object, "start", "O", Py_None);
    bool ok = array && take(e, array, obs);
    Py_XDECREF(array);
    e->seeded = false;
    return ok;
}

static bool step(callback_env *e, int action, void *obs, dq_step *result)
{
    PyObject *array = NULL;
    double reward;
    int terminated, truncated;
    PyObject *told = PyObject_CallMethod(e->object, "step", "i", action);
    bool ok = told && PyArg_ParseTuple(told, "Odpp", &array, &reward, &terminated, &truncated) &&
              take(e, array, obs);
    Py_XDECREF(told);
    if (!ok)
        return false;
    result->reward = (float)reward;
    result->terminated = terminated;
    result->truncated = truncated && !terminated;
    return true;
}

/* ---------------------------------------------------------------- the environment */

static dq_status callback_reset(void *self, void *obs)
{
    callback_env *e = self;
    PyGILState_STATE gil = PyGILState_Ensure();
    dq_status st = start(e, obs) ? DQ_OK : dq_py_keep(e->raised);
    PyGILState_Release(gil);
    return st;
}

static dq_status callback_step(void *self, int action, void *obs, dq_step *result)
{
    callback_env *e = self;
    PyGILState_STATE gil = PyGILState_Ensure();
    dq_status st = step(e, action, obs, result) ? DQ_OK : dq_py_keep(e->raised);
    PyGILState_Release(gil);
    return st;
}

static dq_status callback_seed(void *self, uint64_t seed)
{
    callback_env *e = self;
    e->seeded = true;
    e->seed = seed;
    return DQ_OK;
}

/* What the object says of itself: its length, then the bytes. */
static dq_status callback_save(void *self, dq_writer *w)
{
    callback_env *e = self;
    char *bytes;
    Py_ssize_t n;
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *state = PyObject_CallMethod(e->object, "save", NULL);
    dq_status st = DQ_OK;
    if (!state || PyBytes_AsStringAndSize(state, &bytes, &n)) {
        st = dq_py_keep(e->raised);
    } else {
        (void)dq_write_u64(w, (uint64_t)n);
        st = dq_write(w, bytes, (size_t)n);
    }
    Py_XDECREF(state);
    PyGILState_Release(gil);
    return st;
}

static dq_status callback_load(void *self, dq_reader *r)
{
    callback_env *e = self;
    uint64_t n;
    DQ_TRY(dq_read_u64(r, &n));
    if (n > dq_reader_left(r))
        return dq_fail(DQ_ERR_INPUT, "saved environment: it ends early");
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *state = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n);
    dq_status st = state ? dq_read(r, PyBytes_AsString(state), (size_t)n) : DQ_ERR_NOMEM;
    PyObject *told = st == DQ_OK ? PyObject_CallMethod(e->object, "load", "O", state) : NULL;
    if (st == DQ_OK && !told)
        st = dq_py_keep(e->raised);
    e->seeded = false;
    Py_XDECREF(told);
    Py_XDECREF(state);
    PyGILState_Release(gil);
    return st;
}

static void callback_destroy(void *self)
{
    callback_env *e = self;
    PyGILState_STATE gil = PyGILState_Ensure();
    Py_DECREF(e->object);
    PyGILState_Release(gil);
    free(e);
}

static const dq_env_ops ops = {
    .reset = callback_reset,
    .step = callback_step,
    .seed = callback_seed,
    .save = callback_save,
    .load = callback_load,
    .destroy = callback_destroy,
};

dq_env *dq_py_callback_env(PyObject *object, const dq_space *obs, int n_actions,
                           dq_py_raised *raised)
{
    dq_env *env;
    callback_env *e = calloc(1, sizeof(*e));
    if (!e) {
        (void)PyErr_NoMemory();
        return NULL;
    }
    *e = (callback_env){.object = object, .obs = *obs, .raised = raised};
    const dq_env_spec spec = {.id = "a Python environment", .obs = *obs, .n_actions = n_actions};
    dq_status st = dq_env_create(&env, &ops, &spec, e);
    if (st != DQ_OK) {
        free(e);
        (void)dq_py_fail(st);
        return NULL;
    }
    Py_INCREF(object);
    return env;
}
